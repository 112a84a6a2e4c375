//! The chain's states and reasons in words.

use sonar_client::format;
use sonar_primitives::{
    assay::Malformed,
    campaign::{Closed, Rejected, State},
    BlockNumber,
};
use std::time::Duration;
use syft::Metric;

/// Where blocks are now and how fast they come: to say what is left of a deadline.
#[derive(Clone, Copy)]
pub struct Clock {
    /// The best block.
    pub now: BlockNumber,
    /// Time from one block to the next.
    pub block_time: Duration,
}

impl Clock {
    /// A block as a number and as the time until it.
    pub fn until(self, block: BlockNumber) -> String {
        match block.checked_sub(self.now) {
            Some(left) => format!(
                "block {block} ({} left)",
                format::duration(left, self.block_time)
            ),
            None => format!("block {block} (passed)"),
        }
    }
}

/// How far a campaign has come.
pub fn state(
    state: &State<BlockNumber>,
    metric: Metric,
    deadline: BlockNumber,
    clock: Clock,
) -> String {
    match state {
        State::Proposed => "proposed: the initial model waits for its assay".into(),
        State::Open => format!("open until {}", clock.until(deadline)),
        State::Closing { reason, grace_ends } => {
            format!(
                "closing: {}; settled by {}",
                closed(*reason),
                clock.until(*grace_ends)
            )
        }
        State::Settled { at } => format!("settled in block {at}"),
        State::Rejected { reason, at } => {
            format!("rejected in block {at}: {}", rejected(*reason, metric))
        }
    }
}

/// Why no more gradients are taken.
pub fn closed(reason: Closed) -> &'static str {
    match reason {
        Closed::TargetReached => "the target is reached",
        Closed::DeadlinePassed => "the deadline has passed",
        Closed::Cancelled => "cancelled by the owner",
    }
}

/// Why a campaign or a proposal was rejected.
pub fn rejected(reason: Rejected, metric: Metric) -> String {
    match reason {
        Rejected::FalseClaim { measured } => format!(
            "the initial model's error is {}, above the claim and its tolerance",
            metric.show(measured)
        ),
        Rejected::AtTarget { measured } => {
            format!(
                "the initial model's error is {}: the target is reached already, or less than the minimum step away",
                metric.show(measured)
            )
        }
        Rejected::Malformed(what) => malformed(what).into(),
        Rejected::NoQuorum => "the assayers did not judge the initial model in time".into(),
        Rejected::Cancelled => "cancelled by the owner".into(),
    }
}

/// Why a model cannot be measured.
pub fn malformed(what: Malformed) -> &'static str {
    match what {
        Malformed::Parameters => "the parameters are not those of the architecture",
        Malformed::Gradient => "the gradient is not one of the architecture",
        Malformed::ValidationSet => "the validation set cannot be used",
        Malformed::NotFinite => "the model holds or gives a number that is not finite",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_say_what_comes_next() {
        let clock = Clock {
            now: 100,
            block_time: Duration::from_secs(2),
        };
        let say = |of: State<BlockNumber>| state(&of, Metric::ErrorRate, 400, clock);
        assert_eq!(say(State::Open), "open until block 400 (about 10 min left)");
        assert_eq!(
            say(State::Closing {
                reason: Closed::TargetReached,
                grace_ends: 90
            }),
            "closing: the target is reached; settled by block 90 (passed)"
        );
        assert_eq!(
            say(State::Rejected { reason: Rejected::FalseClaim { measured: 930_000_000 }, at: 7 }),
            "rejected in block 7: the initial model's error is 93.00 %, above the claim and its tolerance"
        );
    }
}
