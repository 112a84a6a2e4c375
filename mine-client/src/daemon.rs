//! Block after block, over restarts of the node, until there is a reason to end.

use crate::{
    chain::{Chain, ChainError},
    event::Event,
    miner::{MineError, Miner, Tick},
};
use sonar_primitives::CampaignId;
use std::time::Duration;

/// When to end; what is committed to is revealed first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// Never: the program is stopped from outside.
    Stopped,
    /// Nothing is pending, and nothing can be done.
    Idle,
    /// One more submission is decided, or there is nothing to submit.
    Decided,
    /// This campaign is over and has paid.
    Settled(CampaignId),
}

/// Waiting before the second attempt to connect; doubles with every further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The longest waiting between two attempts: a few blocks, for a round may take reveals.
const LONGEST_RETRY: Duration = Duration::from_secs(8);

/// Works until `until`, and until nothing is left to reveal. `connect` is called at the start and whenever the chain gives no answer;
/// with `Until::Decided` a chain that cannot be reached at the start is an error instead.
///
/// The future may be dropped at any point, see [`Miner::tick`].
///
/// # Errors
///
/// If the node is not one of this chain's version, or the journal fails or belongs to another chain:
/// nothing more is sent then.
pub async fn run<C: Chain>(
    miner: &mut Miner<'_>,
    mut connect: impl AsyncFnMut() -> Result<C, ChainError>,
    until: Until,
) -> Result<(), MineError> {
    let mut retry = FIRST_RETRY;
    let mut must_connect = until == Until::Decided;
    if until == Until::Decided {
        miner.work_one_at_a_time();
    }
    loop {
        let failed = match connect().await {
            Ok(chain) => {
                must_connect = false;
                match serve(miner, &chain, until, &mut retry).await {
                    Err(MineError::Chain(error)) => error,
                    ended => return ended,
                }
            }
            // Not a node that is away, but one that cannot be worked with.
            Err(error @ ChainError::Failed(_)) => return Err(error.into()),
            Err(error) => error,
        };
        if must_connect {
            return Err(failed.into());
        }
        miner.say(Event::Retrying {
            reason: failed.to_string(),
            retry_in: retry.as_secs(),
        });
        tokio::time::sleep(retry).await;
        retry = (retry * 2).min(LONGEST_RETRY);
    }
}

/// Works until `until`, or until the chain fails. A tick that succeeds sets `retry` back.
async fn serve<C: Chain>(
    miner: &mut Miner<'_>,
    chain: &C,
    until: Until,
    retry: &mut Duration,
) -> Result<(), MineError> {
    miner.bind(chain)?;
    let mut block = chain.now().await?;
    miner.say(Event::Connected { block });
    loop {
        let tick = miner.tick(chain).await?;
        *retry = FIRST_RETRY;
        let end = match until {
            Until::Stopped => false,
            Until::Idle => tick == Tick::Idle,
            Until::Decided => tick == Tick::Idle || miner.decided() > 0,
            Until::Settled(campaign) => miner.is_done_with(chain, campaign).await?,
        };
        if end && miner.wind_down(chain).await? == 0 {
            if let Until::Settled(campaign) = until {
                let is_known = chain.campaign(campaign).await?.is_some();
                miner.say(Event::Over { campaign, is_known });
            }
            return Ok(());
        }
        if tick != Tick::Busy {
            tokio::select! {
                next = chain.next_block(block) => block = next?,
                () = miner.training_ended() => {}
            }
        }
    }
}
