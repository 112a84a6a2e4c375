//! The chain's states and reasons in words.

use sonar_client::{format, Client, ReadError};
use sonar_primitives::{
    api::RoundInfo,
    assay::Malformed,
    campaign::{BountySplit, Closed, Members, ProposalState, Rejected, RoundTerms, State},
    payout::mul_div,
    round::{RoundPhase, RoundState},
    BlockNumber,
};
use std::time::Duration;
use syft::Metric;

/// Where blocks are now and how fast they come: to say what is left of a time.
#[derive(Clone, Copy)]
pub struct Clock {
    /// The best block.
    pub now: BlockNumber,
    /// Time from one block to the next.
    pub block_time: Duration,
}

impl Clock {
    /// The node's.
    pub async fn of(client: &Client) -> Result<Self, ReadError> {
        Ok(Self {
            now: client.best_block().await?.number,
            block_time: client.constants().block_time,
        })
    }

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

    /// So many blocks, and how long they take.
    pub fn blocks(self, blocks: BlockNumber) -> String {
        format!(
            "{} ({})",
            count(blocks, "block"),
            format::duration(blocks, self.block_time)
        )
    }

    /// How many blocks are left until this one, and how long they take.
    pub fn left(self, block: BlockNumber) -> String {
        self.blocks(block.saturating_sub(self.now))
    }
}

/// A number of things: `1 block`, `2 blocks`.
pub fn count(number: impl Into<u64>, thing: &str) -> String {
    match number.into() {
        1 => format!("1 {thing}"),
        number => format!("{number} {thing}s"),
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
                "closing: {}; settled once its rounds are decided, by {} at the latest; each decided round \
                 moves that",
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
        Rejected::AtTarget { measured } => format!(
            "the initial model's error is {}: the target is reached already, or less than the minimum \
             step away",
            metric.show(measured)
        ),
        Rejected::BelowRecord { measured } => format!(
            "the model's error is {}, better than the best so far, for which a proposal earns nothing: \
             propose initial parameters that are not better, then commit the difference to their \
             branch as a gradient",
            metric.show(measured)
        ),
        Rejected::Malformed(what) => malformed(what).into(),
        Rejected::NoQuorum => "the assayers did not judge the model in time".into(),
        Rejected::Cancelled => "refused by the campaign's owner, or the campaign was closed".into(),
    }
}

/// Why a model cannot be measured.
pub fn malformed(what: Malformed) -> &'static str {
    match what {
        Malformed::Parameters => "the parameters are not those of the architecture",
        Malformed::ValidationSet => "the validation set cannot be used",
        Malformed::NotFinite => "the model holds or gives a number that is not finite",
    }
}

/// How far a proposal has come.
pub fn proposal(state: ProposalState, metric: Metric) -> String {
    match state {
        ProposalState::Offered => "waits for the campaign's owner to accept it".into(),
        ProposalState::Pending => "waits for its assay".into(),
        ProposalState::Accepted { error } => {
            format!(
                "is the root of a branch, with an error of {}",
                metric.show(error)
            )
        }
        ProposalState::Rejected(reason) => format!("was rejected: {}", rejected(reason, metric)),
    }
}

/// How far a round has come: `3 commitments, closes in 14 blocks (about 28 s)`.
pub fn round(info: &RoundInfo, clock: Clock) -> String {
    let round = &info.round;
    let commitments = count(round.commitments, "commitment");
    let revealed = match (round.reveals == round.commitments, round.commitments) {
        (true, 1) => format!("{commitments}, revealed"),
        (true, _) => format!("{commitments}, all revealed"),
        (false, _) => format!("{commitments}, {} revealed", round.reveals),
    };
    match round.phase(clock.now) {
        RoundPhase::Committing => {
            format!("{commitments}, closes in {}", clock.left(round.closes))
        }
        RoundPhase::Revealing => format!(
            "{revealed}; closed, reveals end in {}",
            clock.left(round.reveals_end)
        ),
        RoundPhase::Waiting if round.reveals < round.commitments => {
            format!("{revealed} in time; waits for the rounds before it")
        }
        RoundPhase::Waiting => format!("{revealed}; waits for the rounds before it"),
        RoundPhase::Assaying => format!("{revealed}; the assayers measure it"),
        RoundPhase::Accepted => format!("{revealed}; accepted as model {}", info.id),
        RoundPhase::NotImproved | RoundPhase::NoQuorum | RoundPhase::Dissolved => {
            format!("{revealed}; {}", ended(round.state))
        }
        RoundPhase::Empty => format!("{commitments}; {}", ended(round.state)),
    }
}

/// A round with its name: `round 12 on branch 0: 3 commitments, ...`.
pub fn named_round(info: &RoundInfo, clock: Clock) -> String {
    format!(
        "round {} on branch {}: {}",
        info.id,
        info.round.root,
        round(info, clock)
    )
}

/// The one word for a round's phase, for tables and programs.
pub fn round_phase(info: &RoundInfo, now: BlockNumber) -> &'static str {
    match info.round.phase(now) {
        RoundPhase::Committing => "open",
        RoundPhase::Revealing => "revealing",
        RoundPhase::Waiting => "waiting",
        RoundPhase::Assaying => "assaying",
        RoundPhase::Accepted => "accepted",
        RoundPhase::NotImproved => "not improved",
        RoundPhase::Empty => "empty",
        RoundPhase::NoQuorum => "no quorum",
        RoundPhase::Dissolved => "dissolved",
    }
}

/// Why a round brought no model.
pub fn ended(state: RoundState) -> &'static str {
    match state {
        RoundState::NotImproved => "no improvement by the minimum step; deposits go back",
        RoundState::Empty => "nobody revealed a gradient in time",
        RoundState::NoQuorum => "the assayers did not agree in time; everything goes back",
        RoundState::Dissolved => {
            "the campaign was over before it was measured; everything goes back"
        }
        RoundState::Pending | RoundState::Assaying | RoundState::Accepted => "it goes on",
    }
}

/// Who may commit to gradients.
pub fn members(members: Members) -> String {
    match members {
        Members::Everybody => "everybody".into(),
        Members::Reputation { contributions } => format!(
            "accounts with at least {} in any campaign",
            count(contributions, "paid contribution")
        ),
        Members::Admitted => "accounts that the owner admits".into(),
    }
}

/// How rounds are held and paid.
pub fn rounds(terms: RoundTerms, clock: Clock) -> String {
    let steepness = match terms.steepness {
        1 => "every part of the way to the target earns the same",
        2 => "the last part of the way to the target earns more than the first (steepness 2)",
        _ => "the last part of the way to the target earns much more than the first (steepness 3)",
    };
    format!(
        "take gradients for {}, then reveals for at most {}; up to {} are paid; {steepness}",
        clock.blocks(terms.round_blocks),
        clock.blocks(terms.reveal_window),
        count(terms.seats, "gradient"),
    )
}

/// How a bounty is shared: `90 % to data, 10 % to expertise`.
pub fn split(split: &BountySplit) -> String {
    let parts = [
        ("data", split.data),
        ("expertise", split.expertise),
        ("compute", split.compute),
    ];
    let parts = parts.iter().filter(|(_, share)| !share.is_zero());
    let parts = parts
        .map(|(name, share)| format!("{} % to {name}", f64::from(share.deconstruct()) / 10_000.0));
    parts.collect::<Vec<_>>().join(", ")
}

/// A part of a whole, in per cent with two digits: `41.20 %`. Nothing has no parts.
pub fn share(part: u128, whole: u128) -> String {
    let hundredths = mul_div(10_000, part, whole).unwrap_or(0);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
