//! The life of a submission, as a pure function of what the journal knows and what the chain says.
//!
//! ```text
//! Prepared --commit--> Committed --store blob--> Stored --reveal--> Revealed --verdict--> Decided
//!     |
//!     +--campaign closed, or commitment refused--> Dropped
//! ```
//!
//! The chain's word always counts more than the journal's: a stage only says what has been seen so
//! far. A submission is recognised by its commitment, which nobody else can have made, so it does not
//! matter whether the program was stopped before or after a transaction went out. Sending one again
//! does no harm either: the chain refuses a commitment or a reveal that it already has.

use codec::{Decode, Encode};
use serde::Serialize;
use sonar_primitives::{
    campaign::State,
    tree::{self, Salt, Submission, SubmissionState},
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, Hash, NodeId,
};

/// Blocks after which a commitment that was in a block, but is not on the chain any more, is sent
/// again: a fork took it, and the node did not include it anew.
pub const PATIENCE: BlockNumber = 32;

/// Refused transactions after which nothing more is sent for a submission.
pub const MAX_REFUSALS: u32 = 3;

/// A gradient that this mine wants to be paid for; written down before anything is sent.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Entry {
    /// Who submits it.
    pub account: AccountId,
    /// The campaign.
    pub campaign: CampaignId,
    /// The node that it improves.
    pub parent: NodeId,
    /// blake2b-256 of the gradient's blob.
    pub gradient: BlobHash,
    /// Hides the commitment until it is revealed.
    pub salt: Salt,
    /// The data set that it was trained on.
    pub data: String,
    /// Error of the parent on the mine's held-out rows, in the metric's unit.
    pub held_out_before: u64,
    /// Error of the candidate on the same rows.
    pub held_out_after: u64,
    /// How far it has come.
    pub stage: Stage,
    /// Transactions for it that the chain refused since it was committed.
    pub refusals: u32,
}

impl Entry {
    /// What is committed to.
    pub fn commitment(&self) -> Hash {
        tree::commitment(
            &self.account,
            self.campaign,
            self.parent,
            self.gradient,
            &self.salt,
        )
    }
}

/// How far a submission has come, as far as this mine has seen.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case", tag = "stage")]
pub enum Stage {
    /// Written down; perhaps sent, not seen on the chain.
    Prepared,
    /// The commitment is on the chain.
    Committed {
        /// Its number there.
        submission: NodeId,
        /// The block of the commitment.
        at: BlockNumber,
    },
    /// The gradient's blob is on the chain too.
    Stored {
        /// The submission's number.
        submission: NodeId,
        /// The block of the commitment.
        at: BlockNumber,
    },
    /// It is revealed and waits for the verdict.
    Revealed {
        /// The submission's number.
        submission: NodeId,
    },
    /// The chain has decided.
    Decided {
        /// The submission's number.
        submission: NodeId,
        /// How.
        outcome: Outcome,
    },
    /// It never got onto the chain, and cannot any more.
    Dropped {
        /// Why.
        reason: String,
    },
}

impl Stage {
    /// Whether nothing more will happen to the submission.
    pub fn is_final(&self) -> bool {
        matches!(self, Stage::Decided { .. } | Stage::Dropped { .. })
    }
}

/// What became of a submission.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is a node of the tree.
    Accepted {
        /// The node.
        node: NodeId,
    },
    /// It did not improve its parent enough.
    NotImproved,
    /// It could not be measured.
    Malformed,
    /// Somebody committed to the same model earlier.
    Duplicate,
    /// It was not revealed in time.
    NotRevealed,
    /// It was not judged in time.
    Undecided,
    /// The chain has forgotten it, with its campaign.
    Forgotten,
}

/// What the chain says that matters to one submission.
#[derive(Clone, Debug)]
pub struct View {
    /// The best block.
    pub now: BlockNumber,
    /// The submission with the entry's commitment, if there is one.
    pub found: Option<(NodeId, Submission<AccountId, Balance, BlockNumber>)>,
    /// The campaign's state; `None` once it is forgotten.
    pub campaign: Option<State<BlockNumber>>,
    /// The last block for commitments to the campaign; 0 once it is forgotten.
    pub deadline: BlockNumber,
    /// Whether the gradient's blob is on the chain.
    pub blob_stored: bool,
}

/// What to do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Write down that the submission has come this far, then ask again.
    Record(Stage),
    /// Send the commitment.
    Commit,
    /// Store the gradient's blob.
    Store,
    /// Reveal the gradient.
    Reveal {
        /// The submission's number.
        submission: NodeId,
    },
    /// Look again at a later block.
    Wait,
    /// Nothing more will happen.
    Finished,
}

/// What to do next for `entry`, given what the chain says. Following it, one gradient is committed
/// once and revealed once, wherever the program is interrupted and however often.
pub fn next(entry: &Entry, view: &View) -> Action {
    match &view.found {
        Some((id, found)) => next_on_chain(entry, view, *id, found),
        None => next_off_chain(entry, view),
    }
}

/// The chain knows the submission.
fn next_on_chain(
    entry: &Entry,
    view: &View,
    id: NodeId,
    found: &Submission<AccountId, Balance, BlockNumber>,
) -> Action {
    let at = found.committed_at;
    let outcome = match found.state {
        SubmissionState::Committed { reveal_by } => {
            let committed = Stage::Committed { submission: id, at };
            let stored = Stage::Stored { submission: id, at };
            return if entry.stage != committed && entry.stage != stored {
                Action::Record(committed)
            } else if view.now >= reveal_by || entry.refusals >= MAX_REFUSALS {
                // The next block is too late, or the chain will not have it: what is left is to see
                // the deposit go.
                Action::Wait
            } else if !view.blob_stored {
                Action::Store
            } else if entry.stage != stored {
                Action::Record(stored)
            } else {
                Action::Reveal { submission: id }
            };
        }
        SubmissionState::Revealed { .. } => {
            let revealed = Stage::Revealed { submission: id };
            return if entry.stage == revealed {
                Action::Wait
            } else {
                Action::Record(revealed)
            };
        }
        SubmissionState::Accepted { node } => Outcome::Accepted { node },
        SubmissionState::NotImproved => Outcome::NotImproved,
        SubmissionState::Malformed(_) => Outcome::Malformed,
        SubmissionState::Duplicate { .. } => Outcome::Duplicate,
        SubmissionState::NotRevealed => Outcome::NotRevealed,
        SubmissionState::Undecided => Outcome::Undecided,
    };
    let decided = Stage::Decided {
        submission: id,
        outcome,
    };
    if entry.stage == decided {
        Action::Finished
    } else {
        Action::Record(decided)
    }
}

/// The chain does not know the submission: not yet, not any more, or on another fork.
fn next_off_chain(entry: &Entry, view: &View) -> Action {
    let open = matches!(view.campaign, Some(State::Open)) && view.now < view.deadline;
    let over = matches!(
        view.campaign,
        None | Some(State::Settled { .. } | State::Rejected { .. })
    );
    match entry.stage {
        Stage::Decided { .. } | Stage::Dropped { .. } => Action::Finished,
        // Perhaps sent and still on its way. The chain refuses it the second time, so that sending
        // it again is safe, and giving up while it may still arrive is not.
        Stage::Prepared if open => Action::Commit,
        Stage::Prepared => Action::Record(Stage::Dropped {
            reason: "the campaign closed before the commitment was on the chain".into(),
        }),
        Stage::Committed { submission, .. }
        | Stage::Stored { submission, .. }
        | Stage::Revealed { submission }
            if over =>
        {
            Action::Record(Stage::Decided {
                submission,
                outcome: Outcome::Forgotten,
            })
        }
        Stage::Committed { at, .. } | Stage::Stored { at, .. }
            if open && view.now > at.saturating_add(PATIENCE) =>
        {
            Action::Commit
        }
        Stage::Committed { .. } | Stage::Stored { .. } | Stage::Revealed { .. } => Action::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sonar_primitives::assay::Malformed;

    fn entry(stage: Stage) -> Entry {
        Entry {
            account: AccountId::new([1; 32]),
            campaign: 7,
            parent: 3,
            gradient: Hash::repeat_byte(9),
            salt: [5; 32],
            data: "digits".into(),
            held_out_before: 200,
            held_out_after: 100,
            stage,
            refusals: 0,
        }
    }

    fn view(state: Option<SubmissionState<BlockNumber>>) -> View {
        let entry = entry(Stage::Prepared);
        View {
            now: 20,
            found: state.map(|state| {
                let submission = Submission {
                    campaign: 7,
                    parent: 3,
                    account: entry.account.clone(),
                    commitment: entry.commitment(),
                    deposit: 10,
                    assay_price: 1,
                    committed_at: 18,
                    state,
                };
                (4, submission)
            }),
            campaign: Some(State::Open),
            deadline: 100,
            blob_stored: false,
        }
    }

    const COMMITTED: Stage = Stage::Committed {
        submission: 4,
        at: 18,
    };
    const STORED: Stage = Stage::Stored {
        submission: 4,
        at: 18,
    };
    const REVEALED: Stage = Stage::Revealed { submission: 4 };
    const PENDING: SubmissionState<BlockNumber> = SubmissionState::Committed { reveal_by: 30 };

    #[test]
    fn the_straight_way() {
        assert_eq!(next(&entry(Stage::Prepared), &view(None)), Action::Commit);
        let mut seen = view(Some(PENDING));
        assert_eq!(
            next(&entry(Stage::Prepared), &seen),
            Action::Record(COMMITTED)
        );
        assert_eq!(next(&entry(COMMITTED), &seen), Action::Store);
        seen.blob_stored = true;
        assert_eq!(next(&entry(COMMITTED), &seen), Action::Record(STORED));
        assert_eq!(
            next(&entry(STORED), &seen),
            Action::Reveal { submission: 4 }
        );
        let gradient = Hash::repeat_byte(9);
        let seen = view(Some(SubmissionState::Revealed { gradient }));
        assert_eq!(next(&entry(STORED), &seen), Action::Record(REVEALED));
        assert_eq!(next(&entry(REVEALED), &seen), Action::Wait);
        let seen = view(Some(SubmissionState::Accepted { node: 4 }));
        let decided = Stage::Decided {
            submission: 4,
            outcome: Outcome::Accepted { node: 4 },
        };
        assert_eq!(
            next(&entry(REVEALED), &seen),
            Action::Record(decided.clone())
        );
        assert_eq!(next(&entry(decided), &seen), Action::Finished);
    }

    #[test]
    fn a_commitment_found_on_the_chain_is_revealed_even_if_it_was_given_up() {
        let dropped = Stage::Dropped {
            reason: String::new(),
        };
        let seen = view(Some(PENDING));
        assert_eq!(next(&entry(dropped), &seen), Action::Record(COMMITTED));
    }

    #[test]
    fn another_number_after_a_fork_is_taken_over() {
        let elsewhere = Stage::Stored {
            submission: 3,
            at: 17,
        };
        let seen = view(Some(PENDING));
        assert_eq!(next(&entry(elsewhere), &seen), Action::Record(COMMITTED));
    }

    #[test]
    fn nothing_is_committed_to_a_campaign_that_is_not_open() {
        for campaign in [Some(State::Proposed), Some(State::Settled { at: 5 }), None] {
            let seen = View {
                campaign,
                ..view(None)
            };
            let action = next(&entry(Stage::Prepared), &seen);
            assert!(matches!(action, Action::Record(Stage::Dropped { .. })));
        }
        let seen = View {
            deadline: 20,
            ..view(None)
        };
        let action = next(&entry(Stage::Prepared), &seen);
        assert!(matches!(action, Action::Record(Stage::Dropped { .. })));
    }

    #[test]
    fn a_commitment_lost_in_a_fork_is_sent_again_after_a_while() {
        let mut seen = view(None);
        assert_eq!(next(&entry(COMMITTED), &seen), Action::Wait);
        seen.now = 18 + PATIENCE;
        assert_eq!(next(&entry(STORED), &seen), Action::Wait);
        seen.now += 1;
        assert_eq!(next(&entry(STORED), &seen), Action::Commit);
        assert_eq!(next(&entry(REVEALED), &seen), Action::Wait);
    }

    #[test]
    fn what_the_chain_forgot_is_over() {
        let seen = View {
            campaign: None,
            ..view(None)
        };
        let forgotten = Stage::Decided {
            submission: 4,
            outcome: Outcome::Forgotten,
        };
        for stage in [COMMITTED, STORED, REVEALED] {
            assert_eq!(
                next(&entry(stage), &seen),
                Action::Record(forgotten.clone())
            );
        }
    }

    #[test]
    fn nothing_is_sent_too_late_or_in_vain() {
        let late = view(Some(SubmissionState::Committed { reveal_by: 20 }));
        assert_eq!(next(&entry(COMMITTED), &late), Action::Wait);
        let refused = Entry {
            refusals: MAX_REFUSALS,
            ..entry(STORED)
        };
        assert_eq!(next(&refused, &view(Some(PENDING))), Action::Wait);
    }

    fn any_stage() -> impl Strategy<Value = Stage> {
        prop_oneof![
            Just(Stage::Prepared),
            Just(COMMITTED),
            Just(STORED),
            Just(REVEALED),
            Just(Stage::Dropped { reason: "x".into() }),
        ]
    }

    fn any_state() -> impl Strategy<Value = Option<SubmissionState<BlockNumber>>> {
        prop::option::of(prop_oneof![
            (0..60u32).prop_map(|reveal_by| SubmissionState::Committed { reveal_by }),
            Just(SubmissionState::Revealed {
                gradient: Hash::repeat_byte(9)
            }),
            Just(SubmissionState::Accepted { node: 4 }),
            Just(SubmissionState::NotImproved),
            Just(SubmissionState::Malformed(Malformed::Gradient)),
            Just(SubmissionState::Duplicate { of: 2 }),
            Just(SubmissionState::NotRevealed),
            Just(SubmissionState::Undecided),
        ])
    }

    proptest! {
        /// Whatever the journal says, it agrees with the chain after a few records, and what is then
        /// sent is what the chain waits for.
        #[test]
        fn records_lead_to_an_answer(
            stage in any_stage(),
            state in any_state(),
            now in 0..60u32,
            blob_stored: bool,
        ) {
            let seen = View { now, blob_stored, ..view(state) };
            let mut entry = entry(stage);
            for _ in 0..4 {
                match next(&entry, &seen) {
                    Action::Record(stage) => {
                        prop_assert_ne!(&stage, &entry.stage);
                        entry.stage = stage;
                    }
                    Action::Commit => {
                        prop_assert!(seen.found.is_none());
                        return Ok(());
                    }
                    Action::Store => {
                        prop_assert!(!blob_stored);
                        return Ok(());
                    }
                    Action::Reveal { submission } => {
                        prop_assert!(blob_stored && submission == 4);
                        return Ok(());
                    }
                    Action::Wait | Action::Finished => return Ok(()),
                }
            }
            prop_assert!(false, "no answer");
        }
    }
}
