//! The connection to a node.

use crate::{
    api::chain,
    constants::Constants,
    error::{ConnectError, ReadError},
};
use codec::Encode;
use futures::lock::Mutex;
use serde::Serialize;
use sonar_primitives::BlockNumber;
use sp_core::H256;
use sp_crypto_hashing::blake2_256;
use std::{future::Future, sync::Arc, time::Duration};
use subxt::{
    backend::LegacyBackend,
    config::{substrate::SubstrateHeader, RpcConfigFor},
    rpcs::{
        client::{jsonrpsee_client, JsonrpseeRpcClient, RpcClient},
        LegacyRpcMethods,
    },
    OnlineClient, OnlineClientAtBlock, SubstrateConfig,
};
use tokio::time::timeout;

/// How accounts, addresses and hashes look to subxt.
pub(crate) type ChainConfig = SubstrateConfig;
/// The chain's state at one block.
pub(crate) type At = OnlineClientAtBlock<ChainConfig>;
/// A block's header.
pub(crate) type Header = SubstrateHeader<H256>;

/// The runtime's name, by which another chain is recognised.
const SPEC_NAME: &str = "sonar";
/// How long connecting may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);
/// How long a connection that just failed may take to notice that it is lost.
const LOST_LIMIT: Duration = Duration::from_millis(100);

/// A block by height and hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct BlockRef {
    /// Its height.
    pub number: BlockNumber,
    /// Its hash.
    pub hash: H256,
}

impl BlockRef {
    /// The block with this header.
    pub(crate) fn of(header: &Header) -> Self {
        Self {
            // The chain counts blocks in 32 bits.
            number: BlockNumber::try_from(header.number).unwrap_or(BlockNumber::MAX),
            hash: header.using_encoded(blake2_256).into(),
        }
    }
}

/// Which blocks count: for transactions, which block to wait for; for streams, which blocks to report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Inclusion {
    /// Those of the best chain; in rare cases one is replaced by another.
    #[default]
    BestBlock,
    /// Only those that cannot be replaced any more.
    Finalized,
}

/// A connection to a Sonar node. Clones share it.
///
/// A connection that is lost is not repaired: every error then says so by `is_disconnected()`, and
/// [`Client::connect`] makes a new one.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    inclusion: Inclusion,
}

struct Shared {
    url: String,
    connection: Arc<JsonrpseeRpcClient>,
    rpc: RpcClient,
    methods: LegacyRpcMethods<RpcConfigFor<ChainConfig>>,
    chain: OnlineClient<ChainConfig>,
    constants: Constants,
    /// Held from reading an account's next nonce until the pool has the transaction with it.
    sending: Mutex<()>,
}

impl Client {
    /// Connects to the node at a WebSocket URL such as `ws://127.0.0.1:9944`; gives up after 20 seconds.
    ///
    /// Fails if no node answers there, if its chain is not Sonar, or if its runtime is not the one that this client
    /// was built for.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        if !(url.starts_with("ws://") || url.starts_with("wss://")) {
            return Err(ConnectError::BadUrl { url: url.into() });
        }
        timeout(CONNECT_LIMIT, Self::connect_slowly(url))
            .await
            .unwrap_or_else(|_| Err(ConnectError::NoAnswer { url: url.into() }))
    }

    async fn connect_slowly(url: &str) -> Result<Self, ConnectError> {
        let unreachable = |error: &dyn std::fmt::Display| ConnectError::Unreachable {
            url: url.into(),
            reason: error.to_string(),
        };
        let connection = Arc::new(
            jsonrpsee_client(url)
                .await
                .map_err(|error| unreachable(&error))?,
        );
        let rpc = RpcClient::new(connection.clone());
        let methods = LegacyRpcMethods::new(rpc.clone());

        let version = methods
            .state_get_runtime_version(None)
            .await
            .map_err(|error| unreachable(&error))?;
        let name = version
            .other
            .get("specName")
            .and_then(|name| name.as_str())
            .unwrap_or("unknown");
        if name != SPEC_NAME {
            return Err(ConnectError::OtherChain {
                url: url.into(),
                found: name.chars().take(64).collect(),
            });
        }

        // Of subxt's backends this one answers for any recent block, not only for finalised ones.
        let backend = LegacyBackend::builder().build(rpc.clone());
        let chain = OnlineClient::from_backend(Arc::new(backend))
            .await
            .map_err(|error| unreachable(&error))?;
        let at = chain
            .at_current_block()
            .await
            .map_err(|error| unreachable(&error))?;
        let other_runtime = || ConnectError::OtherRuntime {
            url: url.into(),
            spec_version: at.spec_version(),
        };
        if !chain::is_codegen_valid_for(at.metadata_ref()) {
            return Err(other_runtime());
        }
        let constants = Constants::read(&at).map_err(|_| other_runtime())?;
        let shared = Shared {
            url: url.into(),
            connection,
            rpc,
            methods,
            chain,
            constants,
            sending: Mutex::new(()),
        };
        Ok(Self {
            shared: Arc::new(shared),
            inclusion: Inclusion::default(),
        })
    }

    /// The same connection, with transactions waiting for, and streams reporting, such blocks.
    pub fn wait_for(self, inclusion: Inclusion) -> Self {
        Self { inclusion, ..self }
    }

    /// Which blocks count.
    pub fn inclusion(&self) -> Inclusion {
        self.inclusion
    }

    /// Where the node is.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// The hash of the chain's first block: no two chains have the same.
    pub fn genesis_hash(&self) -> H256 {
        self.shared.chain.genesis_hash()
    }

    /// What the runtime has fixed.
    pub fn constants(&self) -> &Constants {
        &self.shared.constants
    }

    /// The best block.
    pub async fn best_block(&self) -> Result<BlockRef, ReadError> {
        self.header(None).await.map(|header| BlockRef::of(&header))
    }

    pub(crate) fn rpc(&self) -> &RpcClient {
        &self.shared.rpc
    }

    pub(crate) fn methods(&self) -> &LegacyRpcMethods<RpcConfigFor<ChainConfig>> {
        &self.shared.methods
    }

    pub(crate) fn sending(&self) -> &Mutex<()> {
        &self.shared.sending
    }

    /// The header of a block, or of the best one.
    pub(crate) async fn header(&self, block: Option<H256>) -> Result<Header, ReadError> {
        let header = self.ask(self.methods().chain_get_header(block)).await?;
        header.ok_or_else(|| ReadError::UnknownBlock {
            url: self.url().into(),
        })
    }

    /// The chain's state at the best block.
    pub(crate) async fn at_best(&self) -> Result<At, ReadError> {
        self.at(self.best_block().await?).await
    }

    /// The chain's state at a block.
    pub(crate) async fn at(&self, block: BlockRef) -> Result<At, ReadError> {
        let reference = subxt::backend::BlockRef::from_hash(block.hash);
        self.ask(
            self.shared
                .chain
                .at_block_hash_and_number(reference, block.number.into()),
        )
        .await
    }

    /// Waits for the node's answer, and tells a lost connection from other errors.
    pub(crate) async fn ask<T, E: Into<subxt::Error>>(
        &self,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, ReadError> {
        match answer.await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.failed(error.into()).await),
        }
    }

    pub(crate) async fn failed(&self, error: subxt::Error) -> ReadError {
        if self.is_lost().await {
            return ReadError::Disconnected {
                url: self.url().into(),
            };
        }
        ReadError::Node {
            url: self.url().into(),
            error: Box::new(error),
        }
    }

    /// Whether the connection is lost; to be asked when something failed.
    pub(crate) async fn is_lost(&self) -> bool {
        // A request can fail shortly before the connection as a whole does.
        !self.shared.connection.is_connected()
            || timeout(LOST_LIMIT, self.shared.connection.on_disconnect())
                .await
                .is_ok()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("url", &self.shared.url)
            .field("inclusion", &self.inclusion)
            .finish()
    }
}
