//! Connecting, reading, blobs and blocks, against a node that is played by this test: it answers the calls that the
//! client makes, from the checked-in metadata.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use codec::{Compact, Encode};
use futures::StreamExt;
use jsonrpsee::{
    server::{ServerBuilder, ServerHandle},
    types::ErrorObjectOwned,
    RpcModule, SubscriptionMessage,
};
use serde_json::{json, Value};
use sonar_client::{blob_hash, cid::cid_of, BlobError, Client, ConnectError, ReadError};
use sp_core::H256;
use sp_crypto_hashing::blake2_256;

const METADATA: &[u8] = include_bytes!("../metadata.scale");

/// A header of the played chain: blocks differ by their number and branch only.
fn header(number: u32, branch: u8) -> (Value, H256) {
    let parent = if number == 0 {
        H256::zero()
    } else {
        header(number - 1, if number == 8 { 0 } else { branch }).1
    };
    let state = H256::repeat_byte(branch);
    let encoded = (
        parent,
        Compact(number),
        state,
        H256::zero(),
        Vec::<u8>::new(),
    )
        .encode();
    let json = json!({
        "parentHash": parent,
        "number": format!("{number:#x}"),
        "stateRoot": state,
        "extrinsicsRoot": H256::zero(),
        "digest": { "logs": [] },
    });
    (json, blake2_256(&encoded).into())
}

/// All headers that the node knows: ten of one branch, and two that replace the last ones.
fn headers() -> Vec<(Value, H256)> {
    (0..10)
        .map(|number| header(number, 0))
        .chain((8..10).map(|number| header(number, 1)))
        .collect()
}

fn find(hash: &Value) -> Option<Value> {
    let headers = headers();
    if hash.is_null() {
        return headers.get(9).map(|(json, _)| json.clone());
    }
    headers
        .into_iter()
        .find(|(_, known)| json!(known) == *hash)
        .map(|(json, _)| json)
}

fn hex_of(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn state_call(method: &str, metadata: &[u8]) -> String {
    let version = (
        "sonar",
        "sonar",
        1u32,
        1u32,
        1u32,
        Vec::<([u8; 8], u32)>::new(),
        1u32,
        1u8,
    );
    match method {
        "Core_version" => hex_of(version.encode()),
        "Metadata_metadata_versions" => hex_of(vec![16u32].encode()),
        "Metadata_metadata_at_version" => hex_of(Some(metadata).encode()),
        // A reputation of nothing but zeros, an empty list, nothing: all the same, zero bytes.
        _ => hex_of([0u8; 64]),
    }
}

fn bitswap(cid: &str) -> Result<String, ErrorObjectOwned> {
    if cid == cid_of(blob_hash(b"hello")) {
        return Ok(hex_of(b"hello"));
    }
    if cid == cid_of(blob_hash(b"promised")) {
        return Ok(hex_of(b"something else"));
    }
    Err(ErrorObjectOwned::owned(
        -32810,
        "Transaction not found",
        None::<()>,
    ))
}

/// Plays a node whose runtime has this name and this metadata.
async fn play_with(name: &'static str, metadata: Vec<u8>) -> (String, ServerHandle) {
    let server = ServerBuilder::default().build("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", server.local_addr().unwrap());
    let mut module = RpcModule::new(());
    let version = json!({ "specName": name, "specVersion": 1, "transactionVersion": 1 });
    module
        .register_method("state_getRuntimeVersion", move |_, _, _| version.clone())
        .unwrap();
    module
        .register_method("chain_getBlockHash", |_, _, _| json!(header(0, 0).1))
        .unwrap();
    module
        .register_method("chain_getFinalizedHead", |_, _, _| json!(header(5, 0).1))
        .unwrap();
    module
        .register_method("chain_getHeader", |params, _, _| {
            find(&params.sequence().next::<Value>().unwrap_or_default())
        })
        .unwrap();
    module
        .register_method("state_call", move |params, _, _| {
            state_call(&params.sequence().next::<String>().unwrap(), &metadata)
        })
        .unwrap();
    module
        .register_method("bitswap_v1_get", |params, _, _| {
            bitswap(&params.one::<String>().unwrap())
        })
        .unwrap();
    module
        .register_subscription(
            "chain_subscribeNewHeads",
            "chain_newHead",
            "chain_unsubscribeNewHeads",
            |_, pending, _, _| async {
                let sink = pending.accept().await?;
                // Skips 6 and 7, then replaces 8 and 9 and says so only at 9.
                for (number, branch) in [(5, 0), (8, 0), (9, 0), (9, 1)] {
                    sink.send(SubscriptionMessage::from_json(&header(number, branch).0)?)
                        .await?;
                }
                sink.closed().await;
                Ok(())
            },
        )
        .unwrap();
    (url, server.start(module))
}

async fn play(name: &'static str) -> (String, ServerHandle) {
    play_with(name, METADATA.to_vec()).await
}

#[tokio::test]
async fn a_url_that_is_none_is_refused() {
    let error = Client::connect("http://127.0.0.1:9944").await.unwrap_err();
    assert!(matches!(error, ConnectError::BadUrl { .. }));
}

#[tokio::test]
async fn a_node_that_is_down_is_named() {
    // A port that was just free.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("ws://127.0.0.1:{port}");
    let error = Client::connect(&url).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }));
    assert!(
        error
            .to_string()
            .starts_with(&format!("no node answers at {url}")),
        "{error}"
    );
}

#[tokio::test]
async fn another_chain_is_recognised() {
    let (url, _node) = play("polkadot").await;
    let error = Client::connect(&url).await.unwrap_err();
    let expected = format!(
        "the node at {url} runs another chain (polkadot, not sonar): name the URL of a Sonar node"
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn another_runtime_is_recognised() {
    let (call, other) = (b"reject_proposal", b"reject_proposaL");
    let at = METADATA
        .windows(call.len())
        .position(|window| window == call)
        .unwrap();
    let mut metadata = METADATA.to_vec();
    metadata[at..at + other.len()].copy_from_slice(other);
    let (url, _node) = play_with("sonar", metadata).await;
    assert!(matches!(
        Client::connect(&url).await,
        Err(ConnectError::OtherRuntime {
            spec_version: 1,
            ..
        })
    ));
}

#[tokio::test]
async fn the_chain_is_read() {
    let (url, _node) = play("sonar").await;
    let client = Client::connect(&url).await.unwrap();
    assert_eq!(client.genesis_hash(), header(0, 0).1);
    let best = client.best_block().await.unwrap();
    assert_eq!((best.number, best.hash), (9, header(9, 0).1));
    assert_eq!(client.constants().max_blob_size, 4 * 1024 * 1024);
    assert_eq!(client.constants().block_time.as_secs(), 2);
    assert!(client.all_campaigns().await.unwrap().is_empty());
    assert!(client.campaign(3).await.unwrap().is_none());
    assert_eq!(
        client.reputation(&[1; 32].into()).await.unwrap(),
        Default::default()
    );
}

#[tokio::test]
async fn blobs_are_verified() {
    let (url, _node) = play("sonar").await;
    let client = Client::connect(&url).await.unwrap();
    assert_eq!(
        client.fetch_blob(blob_hash(b"hello")).await.unwrap(),
        b"hello"
    );
    let wrong = client.fetch_blob(blob_hash(b"promised")).await;
    assert!(matches!(wrong, Err(BlobError::WrongBytes { .. })));
    let missing = client.fetch_blob(blob_hash(b"missing")).await;
    assert!(matches!(missing, Err(BlobError::NotFound { .. })));
}

#[tokio::test]
async fn no_block_is_left_out() {
    let (url, _node) = play("sonar").await;
    let client = Client::connect(&url).await.unwrap();
    let blocks = client.blocks().await.unwrap().take(7);
    let seen: Vec<_> = blocks
        .map(|block| block.unwrap())
        .map(|block| (block.number, block.hash))
        .collect()
        .await;
    let expected = [(5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (8, 1), (9, 1)];
    assert_eq!(
        seen,
        expected.map(|(number, branch)| (number, header(number, branch).1))
    );
}

#[tokio::test]
async fn a_lost_connection_is_recognised() {
    let (url, node) = play("sonar").await;
    let client = Client::connect(&url).await.unwrap();
    let mut blocks = client.blocks().await.unwrap();
    node.stop().unwrap();
    node.stopped().await;
    let error = client.best_block().await.unwrap_err();
    assert!(error.is_disconnected(), "{error}");
    assert!(matches!(client.fetch_blob(H256::zero()).await, Err(error) if error.is_disconnected()));
    // The stream says so once, and ends.
    let mut last = None;
    while let Some(block) = blocks.next().await {
        last = Some(block);
    }
    assert!(matches!(last, Some(Err(ReadError::Disconnected { .. }))));
}
