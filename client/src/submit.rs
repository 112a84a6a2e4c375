//! Sending a transaction and waiting for its block.

use crate::{
    call::Call,
    connection::{At, BlockRef, ChainConfig, Client, Inclusion},
    error::{ChainError, ReadError, SubmitError},
    keys::Signer,
};
use serde::Serialize;
use sonar_primitives::{AccountId, Balance, BlockNumber};
use sp_core::H256;
use std::time::Duration;
use subxt::{
    client::OnlineClientAtBlockImpl,
    config::DefaultExtrinsicParamsBuilder,
    error::{BackendError, ExtrinsicError, RpcError, TransactionEventsError},
    events::DecodeAsEvent,
    extrinsics::ExtrinsicEvents,
    rpcs::UserError,
    transactions::{
        SubmittableTransaction, TransactionInBlock, TransactionProgress, TransactionStatus,
    },
    utils::AccountId32,
};
use subxt_signer::sr25519::dev;
use tokio::time::timeout;

type Transaction = SubmittableTransaction<ChainConfig, OnlineClientAtBlockImpl<ChainConfig>>;
type Progress = TransactionProgress<ChainConfig, OnlineClientAtBlockImpl<ChainConfig>>;
type InBlock = TransactionInBlock<ChainConfig, OnlineClientAtBlockImpl<ChainConfig>>;

/// For how many blocks a transaction is valid; a power of two. While it waits for room in a block, the account's later ones wait
/// for it, and a reveal among them must still be in time: the shortest window for reveals has 30 blocks.
const MORTALITY: u32 = 16;
/// Blocks after that in which the node may still tell what became of it.
const LATE: u32 = 4;
/// How often a transaction is made anew when another program used the account's nonce first.
const NONCE_RACES: u32 = 5;
/// How long to wait before that.
const NONCE_PAUSE: Duration = Duration::from_millis(300);

/// How long a transaction that is in a block may wait for the block to be finalised.
const FINALITY_LIMIT: Duration = Duration::from_secs(120);

/// What a transaction that succeeded left behind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Receipt {
    /// The block that it is in.
    pub block: BlockRef,
    /// Its hash.
    pub transaction: H256,
    /// What it cost, in the smallest unit of SNR.
    #[serde(with = "sonar_primitives::amount")]
    pub fee: Balance,
}

/// A receipt, and what the transaction came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Included<T> {
    /// Where and for how much it was done.
    pub receipt: Receipt,
    /// What it came to.
    pub value: T,
}

/// A transaction that the node has taken.
struct Sent {
    progress: Progress,
    account: AccountId,
    nonce: u64,
    /// The block that it was made for.
    made_at: BlockNumber,
}

/// The events of a transaction that succeeded.
pub(crate) struct Done {
    pub(crate) receipt: Receipt,
    events: ExtrinsicEvents<ChainConfig>,
}

impl Done {
    /// The event of a type; `name` is its name for the error.
    pub(crate) fn event<E: DecodeAsEvent>(&self, name: &'static str) -> Result<E, SubmitError> {
        match self.events.find_first::<E>() {
            Some(Ok(event)) => Ok(event),
            _ => Err(SubmitError::NoEvent(name)),
        }
    }
}

impl Client {
    /// What the call would cost now, in the smallest unit of SNR, deposits not included.
    pub async fn estimate_fee(&self, call: &Call) -> Result<Balance, SubmitError> {
        let at = self.at_best().await?;
        // Whoever signs, it has the same length and weight.
        let transaction = self.sign(&at, &Signer::new(dev::alice()), call, 0).await?;
        Ok(self.ask(transaction.partial_fee_estimate()).await?)
    }

    /// Sends the call and waits until it is in a block ([`Self::wait_for`] says in which).
    pub(crate) async fn submit(&self, signer: &Signer, call: &Call) -> Result<Done, SubmitError> {
        let sent = self.send(signer, call).await?;
        let block = self.included(sent).await?;
        self.receive(block).await
    }

    /// Has the node take the transaction. Sends one at a time, as the next nonce is known only then.
    async fn send(&self, signer: &Signer, call: &Call) -> Result<Sent, SubmitError> {
        let _sending = self.sending().lock().await;
        let account = signer.account().clone();
        let of_account = AccountId32(account.clone().into());
        let mut races = 0;
        loop {
            // The node counts the transactions in its pool, too.
            let nonce = self
                .ask(self.methods().system_account_next_index(&of_account))
                .await?;
            let best = self.best_block().await?;
            let at = self.at(best).await?;
            let transaction = self.sign(&at, signer, call, nonce).await?;
            let refused = match transaction.submit_and_watch().await {
                Ok(progress) => {
                    return Ok(Sent {
                        progress,
                        account,
                        nonce,
                        made_at: best.number,
                    })
                }
                Err(error) => error,
            };
            match pool_refusal(&refused) {
                Some(reason) if reason.is_nonce_race() && races < NONCE_RACES => {
                    races += 1;
                    tokio::time::sleep(NONCE_PAUSE).await;
                }
                Some(reason) => return Err(reason.into()),
                // It was sent, and there was no answer: it may have arrived.
                None if self.is_lost().await => return Err(SubmitError::Unknown),
                None => return Err(self.failed(refused.into()).await.into()),
            }
        }
    }

    async fn sign(
        &self,
        at: &At,
        signer: &Signer,
        call: &Call,
        nonce: u64,
    ) -> Result<Transaction, SubmitError> {
        let parameters = DefaultExtrinsicParamsBuilder::new()
            .mortal_from_unchecked(MORTALITY.into(), at.block_number(), at.block_hash())
            .nonce(nonce)
            .build();
        let signed = call.encode(at).and_then(|call| {
            at.transactions()
                .create_signable_offline(&call, parameters)?
                .sign(signer)
        });
        match signed {
            Ok(signed) => Ok(signed),
            Err(error) => Err(self.failed(error.into()).await.into()),
        }
    }

    /// Waits for the block.
    async fn included(&self, mut sent: Sent) -> Result<InBlock, SubmitError> {
        let time_to_live = self.constants().block_time * (MORTALITY + LATE);
        let (mut is_in_block, mut best) = (false, sent.made_at);
        loop {
            let limit = match is_in_block {
                true => FINALITY_LIMIT,
                false => time_to_live,
            };
            let Ok(status) = timeout(limit, sent.progress.next()).await else {
                let reason = match is_in_block {
                    true => "its block is not finalised",
                    false => {
                        let now = self.best_block().await.map_err(unreadable)?.number;
                        if now >= sent.made_at.saturating_add(MORTALITY) {
                            return Err(self.expired(&sent).await);
                        }
                        if now > best {
                            best = now;
                            continue;
                        }
                        "the chain makes no blocks"
                    }
                };
                return Err(SubmitError::GivenUp(format!(
                    "nothing has happened for {} s, {reason}",
                    limit.as_secs()
                )));
            };
            let Some(status) = status else { break };
            is_in_block = match status {
                Ok(TransactionStatus::InBestBlock(_)) => true,
                Ok(TransactionStatus::NoLongerInBestBlock) => false,
                _ => is_in_block,
            };
            match status {
                Ok(TransactionStatus::InBestBlock(block))
                    if self.inclusion() == Inclusion::BestBlock =>
                {
                    return Ok(block)
                }
                Ok(TransactionStatus::InFinalizedBlock(block)) => return Ok(block),
                Ok(
                    TransactionStatus::Error { message }
                    | TransactionStatus::Invalid { message }
                    | TransactionStatus::Dropped { message },
                ) => return Err(SubmitError::GivenUp(message)),
                Ok(_) => continue,
                Err(_) => break,
            }
        }
        Err(SubmitError::Unknown)
    }

    /// What became of a transaction that is not valid any more, and of which the node has not said that it is in a block.
    async fn expired(&self, sent: &Sent) -> SubmitError {
        match self.nonce(&sent.account).await {
            // Neither it nor another one in its place.
            Ok(nonce) if nonce <= sent.nonce => SubmitError::Expired { blocks: MORTALITY },
            Ok(_) => SubmitError::Unknown,
            Err(error) => unreadable(error),
        }
    }

    /// Reads what the transaction did.
    async fn receive(&self, block: InBlock) -> Result<Done, SubmitError> {
        let events = match block.wait_for_success().await {
            Ok(events) => events,
            Err(TransactionEventsError::ExtrinsicFailed(error)) => {
                return Err(SubmitError::Refused(ChainError::new(&error)))
            }
            Err(error) => return Err(unreadable(self.failed(error.into()).await)),
        };
        let header = self
            .header(Some(block.block_hash()))
            .await
            .map_err(unreadable)?;
        let fee = match events
            .find_first::<crate::api::chain::transaction_payment::events::TransactionFeePaid>()
        {
            Some(Ok(paid)) => paid.actual_fee,
            // Some calls are free.
            _ => 0,
        };
        let receipt = Receipt {
            block: BlockRef::of(&header),
            transaction: block.extrinsic_hash(),
            fee,
        };
        Ok(Done { receipt, events })
    }
}

/// The transaction is in a block, but its outcome cannot be read: as unknown as if the connection had been lost.
fn unreadable(error: ReadError) -> SubmitError {
    tracing::debug!(%error, "cannot read a transaction's outcome");
    SubmitError::Unknown
}

/// Why a node's pool did not take a transaction.
#[derive(Debug, PartialEq, Eq)]
struct PoolRefusal {
    code: i32,
    reason: String,
}

impl PoolRefusal {
    /// Invalid: among other things, with a nonce that was used.
    const INVALID: i32 = 1010;
    /// One with this nonce is in the pool and pays as much.
    const PRIORITY_TOO_LOW: i32 = 1014;

    fn is_nonce_race(&self) -> bool {
        self.code == Self::PRIORITY_TOO_LOW
            || (self.code == Self::INVALID && self.reason.contains("outdated"))
    }
}

impl From<PoolRefusal> for SubmitError {
    fn from(refusal: PoolRefusal) -> Self {
        if refusal.code == PoolRefusal::INVALID && refusal.reason.contains("Inability to pay") {
            return Self::CannotPayFee;
        }
        Self::NotTaken(refusal.reason)
    }
}

/// The pool's reason, if the node answered at all.
fn pool_refusal(error: &ExtrinsicError) -> Option<PoolRefusal> {
    let ExtrinsicError::ErrorSubmittingTransaction(BackendError::Rpc(RpcError::ClientError(
        subxt::rpcs::Error::User(UserError {
            code,
            message,
            data,
        }),
    ))) = error
    else {
        return None;
    };
    let details = data
        .as_ref()
        .and_then(|data| serde_json::from_str::<String>(data.get()).ok());
    let reason = match details {
        Some(details) => format!("{message}: {details}"),
        None => message.clone(),
    };
    Some(PoolRefusal {
        code: *code,
        reason,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> PoolRefusal {
        let error = subxt::rpcs::Error::User(serde_json::from_str(json).unwrap());
        pool_refusal(&ExtrinsicError::ErrorSubmittingTransaction(error.into())).unwrap()
    }

    #[test]
    fn the_pools_reasons_are_understood() {
        let stale =
            r#"{"code":1010,"message":"Invalid Transaction","data":"Transaction is outdated"}"#;
        assert!(refusal(stale).is_nonce_race());
        let taken = r#"{"code":1014,"message":"Priority is too low: (1 vs 1)","data":"The transaction has too low priority"}"#;
        assert!(refusal(taken).is_nonce_race());
        let poor = r#"{"code":1010,"message":"Invalid Transaction","data":"Inability to pay some fees (e.g. account balance too low)"}"#;
        assert!(!refusal(poor).is_nonce_race());
        assert!(matches!(refusal(poor).into(), SubmitError::CannotPayFee));
        let other: SubmitError =
            refusal(r#"{"code":1016,"message":"Immediately dropped","data":{"pool":"full"}}"#)
                .into();
        assert_eq!(
            other.to_string(),
            "the node does not take the transaction: Immediately dropped"
        );
        assert_eq!(pool_refusal(&ExtrinsicError::UnsupportedVersion), None);
    }
}
