//! The life of a submission, as a pure function of what the journal knows and what the chain says.
//!
//! ```text
//! Prepared --commit--> Committed --round closes, reveal--> Revealed --verdict--> Decided
//!     |
//!     +--campaign closed, or nothing to gain any more--> Dropped
//! ```
//!
//! A gradient is prepared for a branch, not for a round: its commitment goes to whichever round takes it, and what is
//! too late for one is good for the next, as long as it still improves on the branch's best model.
//!
//! The chain's word always counts more than the journal's: a stage only says what has been seen so
//! far. A submission is recognised by its commitment, which nobody else can have made, so it does not
//! matter whether the program was stopped before or after a transaction went out. Sending one again
//! does no harm either: the chain refuses a commitment or a reveal that it already has.
//!
//! What the chain, or a node, refuses is sent again as long as there is time: whether it can still succeed is read from the
//! chain's state ([`View`]), not from the refusal.

use crate::training::Gain;
use codec::{Decode, Encode};
use serde::Serialize;
use sonar_primitives::{
    campaign::State,
    round::{Round, RoundPhase},
    submission::{commitment, Salt, Submission, SubmissionState},
    AccountId, Balance, BlobHash, BlockNumber, CampaignId, Hash, ModelId, RoundId, SubmissionId,
};

/// Blocks after which a commitment that was in a block, but is not on the chain any more, is sent
/// again: a fork took it, and the node did not include it anew.
pub const PATIENCE: BlockNumber = 32;

/// A gradient that this mine wants to be paid for; written down before anything is sent.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Entry {
    /// Who submits it.
    pub account: AccountId,
    /// The campaign.
    pub campaign: CampaignId,
    /// The root of the branch that it improves.
    pub root: ModelId,
    /// The model that it was trained on.
    pub base: ModelId,
    /// blake2b-256 of the gradient's blob.
    pub gradient: BlobHash,
    /// Size of the gradient's blob in bytes.
    pub size: u64,
    /// Hides the commitment until it is revealed.
    pub salt: Salt,
    /// The data set that it was trained on.
    pub data: String,
    /// The branch's best model when it was last measured on the held-out rows.
    pub measured_beside: ModelId,
    /// The error of that model on these rows, in the metric's unit.
    pub held_out_before: u64,
    /// The error of the gradient, as a round that it is alone in measures it.
    pub held_out_after: u64,
    /// How far it has come.
    pub stage: Stage,
}

impl Entry {
    /// What is committed to.
    pub fn commitment(&self) -> Hash {
        commitment(
            &self.account,
            self.campaign,
            Some(self.base),
            self.gradient,
            &self.salt,
        )
    }

    /// What it does on the held-out rows.
    pub fn gain(&self) -> Gain {
        Gain {
            before: self.held_out_before,
            after: self.held_out_after,
        }
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
        submission: SubmissionId,
        /// The round that took it.
        round: RoundId,
        /// The block of the commitment.
        at: BlockNumber,
    },
    /// It is revealed and waits for the verdict.
    Revealed {
        /// The submission's number.
        submission: SubmissionId,
        /// Its round.
        round: RoundId,
    },
    /// The chain has decided.
    Decided {
        /// The submission's number.
        submission: SubmissionId,
        /// Its round.
        round: RoundId,
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
    /// Its round was accepted, and it has a part in the model.
    Contributed {
        /// The model.
        model: ModelId,
        /// Its share, to be seen beside the other contributors' shares.
        #[serde(with = "sonar_primitives::amount")]
        share: u128,
    },
    /// Its round is decided, and it brought nothing.
    NotContributed,
    /// It cannot be measured.
    Malformed,
    /// It was not revealed in time.
    NotRevealed,
    /// Its round was never judged; everything went back.
    Returned,
    /// The chain has forgotten it, with its campaign.
    Forgotten,
}

/// What the chain says that matters to one submission.
#[derive(Clone, Debug)]
pub struct View {
    /// The best block.
    pub now: BlockNumber,
    /// What the chain knows of the submission.
    pub submission: Known,
}

/// What the chain knows of a submission.
#[derive(Clone, Debug)]
pub enum Known {
    /// It has the entry's commitment.
    Found {
        /// The submission's number.
        id: SubmissionId,
        /// The submission.
        submission: Submission<AccountId, Balance, BlockNumber>,
        /// The number of its round.
        round: RoundId,
        /// That round; `None` if it is forgotten.
        in_round: Option<Round<Balance, BlockNumber>>,
    },
    /// It does not have it: not yet, not any more, or on another fork.
    Missing {
        /// The campaign's state; `None` once it is forgotten.
        campaign: Option<State<BlockNumber>>,
        /// Whether the next block can take the commitment.
        admission: Admission,
    },
}

/// Whether the next block can take a commitment, as far as it can be told from the chain's state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Admission {
    /// It can.
    Open {
        /// The most that may be held for it.
        max_hold: Balance,
    },
    /// Only if the gradient still improves on this model, the branch's best one by now.
    Measure {
        /// The model.
        best: ModelId,
    },
    /// Only after this model's parameters are stored: it, or what is built on it, takes too many rounds to rebuild.
    StoreModel {
        /// The model.
        model: ModelId,
    },
    /// Not now; look again.
    Later {
        /// What it waits for.
        reason: String,
    },
    /// No more.
    Never {
        /// Why.
        reason: String,
    },
}

/// What to do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Write down that the submission has come this far, then ask again.
    Record(Stage),
    /// Measure the gradient again on the held-out rows, beside this model; write down what it does, or drop it.
    Measure {
        /// The branch's best model.
        best: ModelId,
    },
    /// Store a model's parameters; without them the chain takes no commitment.
    StoreModel {
        /// The model.
        model: ModelId,
    },
    /// Send the commitment.
    Commit {
        /// The most that may be held for it.
        max_hold: Balance,
    },
    /// Reveal the gradient.
    Reveal {
        /// The submission's number.
        submission: SubmissionId,
    },
    /// Look again at a later block.
    Wait {
        /// What for, if it is worth telling.
        reason: Option<String>,
    },
    /// Nothing more will happen.
    Finished,
}

impl Action {
    /// Whether it can be done as well when something else is revealed.
    pub fn can_wait(&self) -> bool {
        matches!(
            self,
            Self::Measure { .. } | Self::StoreModel { .. } | Self::Commit { .. }
        )
    }
}

/// What to do next for `entry`, given what the chain says. Following it, one gradient is committed
/// once and revealed once, wherever the program is interrupted and however often.
pub fn next(entry: &Entry, view: &View) -> Action {
    match &view.submission {
        Known::Found {
            id,
            submission,
            round,
            in_round,
        } => next_on_chain(entry, view.now, *id, submission, *round, in_round.as_ref()),
        Known::Missing {
            campaign,
            admission,
        } => next_off_chain(entry, view.now, campaign.as_ref(), admission),
    }
}

/// The chain knows the submission.
fn next_on_chain(
    entry: &Entry,
    now: BlockNumber,
    id: SubmissionId,
    found: &Submission<AccountId, Balance, BlockNumber>,
    round: RoundId,
    in_round: Option<&Round<Balance, BlockNumber>>,
) -> Action {
    let outcome = match found.state {
        SubmissionState::Committed => {
            let committed = Stage::Committed {
                submission: id,
                round,
                at: found.committed_at,
            };
            return if entry.stage != committed {
                Action::Record(committed)
            } else if in_round.is_some_and(|round| takes_reveals(round, now)) {
                Action::Reveal { submission: id }
            } else {
                Action::Wait { reason: None }
            };
        }
        SubmissionState::Revealed { .. } => {
            let revealed = Stage::Revealed {
                submission: id,
                round,
            };
            return if entry.stage == revealed {
                Action::Wait { reason: None }
            } else {
                Action::Record(revealed)
            };
        }
        // Of proposals only; a mine makes none.
        SubmissionState::Proposed { .. } => return Action::Wait { reason: None },
        SubmissionState::Contributed { model, share } => Outcome::Contributed { model, share },
        SubmissionState::NotContributed => Outcome::NotContributed,
        SubmissionState::Malformed => Outcome::Malformed,
        SubmissionState::NotRevealed => Outcome::NotRevealed,
        SubmissionState::Returned => Outcome::Returned,
    };
    let decided = Stage::Decided {
        submission: id,
        round,
        outcome,
    };
    if entry.stage == decided {
        Action::Finished
    } else {
        Action::Record(decided)
    }
}

/// Whether a reveal that is sent now, and is in the next block at the earliest, is in time.
pub fn takes_reveals(round: &Round<Balance, BlockNumber>, now: BlockNumber) -> bool {
    round.phase(now.saturating_add(1)) == RoundPhase::Revealing
}

/// The chain does not know the submission.
fn next_off_chain(
    entry: &Entry,
    now: BlockNumber,
    campaign: Option<&State<BlockNumber>>,
    admission: &Admission,
) -> Action {
    let over = campaign.is_none_or(State::is_over);
    match entry.stage {
        Stage::Decided { .. } | Stage::Dropped { .. } => Action::Finished,
        // Perhaps sent and still on its way. The chain refuses it the second time, so that sending
        // it again is safe.
        Stage::Prepared => commit(admission),
        Stage::Committed {
            submission, round, ..
        }
        | Stage::Revealed { submission, round }
            if over =>
        {
            Action::Record(Stage::Decided {
                submission,
                round,
                outcome: Outcome::Forgotten,
            })
        }
        Stage::Committed { at, .. } if now > at.saturating_add(PATIENCE) => commit(admission),
        Stage::Committed { .. } | Stage::Revealed { .. } => Action::Wait { reason: None },
    }
}

fn commit(admission: &Admission) -> Action {
    match admission.clone() {
        Admission::Open { max_hold } => Action::Commit { max_hold },
        Admission::Measure { best } => Action::Measure { best },
        Admission::StoreModel { model } => Action::StoreModel { model },
        Admission::Later { reason } => Action::Wait {
            reason: Some(reason),
        },
        Admission::Never { reason } => Action::Record(Stage::Dropped { reason }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sonar_primitives::{round::RoundState, submission::SubmissionKind};

    const CLOSES: BlockNumber = 30;
    const REVEALS_END: BlockNumber = 60;
    const COMMITTED: Stage = Stage::Committed {
        submission: 4,
        round: 12,
        at: 18,
    };
    const REVEALED: Stage = Stage::Revealed {
        submission: 4,
        round: 12,
    };
    const WAIT: Action = Action::Wait { reason: None };

    fn decided(outcome: Outcome) -> Stage {
        Stage::Decided {
            submission: 4,
            round: 12,
            outcome,
        }
    }

    fn entry(stage: Stage) -> Entry {
        Entry {
            account: AccountId::new([1; 32]),
            campaign: 7,
            root: 0,
            base: 3,
            gradient: Hash::repeat_byte(9),
            size: 100,
            salt: [5; 32],
            data: "digits".into(),
            measured_beside: 3,
            held_out_before: 200,
            held_out_after: 100,
            stage,
        }
    }

    /// The chain has the submission, in this state.
    fn found(now: BlockNumber, state: SubmissionState) -> View {
        let entry = entry(Stage::Prepared);
        let submission = Submission {
            campaign: 7,
            account: entry.account.clone(),
            commitment: entry.commitment(),
            committed_at: 18,
            kind: SubmissionKind::Gradient {
                round: 12,
                place: 0,
                base: 3,
            },
            deposit: 10,
            part: 1,
            state,
        };
        let in_round = Round {
            campaign: 7,
            root: 0,
            opened_at: 18,
            closes: CLOSES,
            reveals_end: REVEALS_END,
            price: 1,
            seats: 4,
            commitments: 1,
            reveals: 0,
            state: RoundState::Pending,
        };
        View {
            now,
            submission: Known::Found {
                id: 4,
                submission,
                round: 12,
                in_round: Some(in_round),
            },
        }
    }

    /// The chain does not have it.
    fn missing(
        now: BlockNumber,
        campaign: Option<State<BlockNumber>>,
        admission: Admission,
    ) -> View {
        View {
            now,
            submission: Known::Missing {
                campaign,
                admission,
            },
        }
    }

    fn open(now: BlockNumber) -> View {
        missing(now, Some(State::Open), Admission::Open { max_hold: 12 })
    }

    #[test]
    fn the_straight_way() {
        let commit = Action::Commit { max_hold: 12 };
        assert_eq!(next(&entry(Stage::Prepared), &open(17)), commit);
        let seen = found(18, SubmissionState::Committed);
        assert_eq!(
            next(&entry(Stage::Prepared), &seen),
            Action::Record(COMMITTED)
        );
        assert_eq!(next(&entry(COMMITTED), &seen), WAIT);
        let seen = found(CLOSES, SubmissionState::Committed);
        assert_eq!(
            next(&entry(COMMITTED), &seen),
            Action::Reveal { submission: 4 }
        );
        let gradient = Hash::repeat_byte(9);
        let seen = found(31, SubmissionState::Revealed { gradient });
        assert_eq!(next(&entry(COMMITTED), &seen), Action::Record(REVEALED));
        assert_eq!(next(&entry(REVEALED), &seen), WAIT);
        let (model, share) = (12, 60);
        let seen = found(40, SubmissionState::Contributed { model, share });
        let decided = decided(Outcome::Contributed { model, share });
        assert_eq!(
            next(&entry(REVEALED), &seen),
            Action::Record(decided.clone())
        );
        assert_eq!(next(&entry(decided), &seen), Action::Finished);
    }

    #[test]
    fn it_is_revealed_in_the_window_and_in_no_other_block() {
        for now in CLOSES - 3..REVEALS_END + 3 {
            let action = next(&entry(COMMITTED), &found(now, SubmissionState::Committed));
            let in_time = (CLOSES..REVEALS_END).contains(&(now + 1));
            let reveal = Action::Reveal { submission: 4 };
            assert_eq!(action, if in_time { reveal } else { WAIT }, "{now}");
        }
    }

    #[test]
    fn a_commitment_found_on_the_chain_is_revealed_even_if_it_was_given_up() {
        let dropped = Stage::Dropped {
            reason: String::new(),
        };
        let seen = found(20, SubmissionState::Committed);
        assert_eq!(next(&entry(dropped), &seen), Action::Record(COMMITTED));
    }

    #[test]
    fn another_number_after_a_fork_is_taken_over() {
        let elsewhere = Stage::Committed {
            submission: 3,
            round: 11,
            at: 17,
        };
        let seen = found(20, SubmissionState::Committed);
        assert_eq!(next(&entry(elsewhere), &seen), Action::Record(COMMITTED));
    }

    #[test]
    fn a_commitment_goes_out_as_the_branch_admits_it() {
        let reason = || String::from("why");
        for (admission, action) in [
            (Admission::Measure { best: 9 }, Action::Measure { best: 9 }),
            (
                Admission::StoreModel { model: 9 },
                Action::StoreModel { model: 9 },
            ),
            (
                Admission::Later { reason: reason() },
                Action::Wait {
                    reason: Some(reason()),
                },
            ),
            (
                Admission::Never { reason: reason() },
                Action::Record(Stage::Dropped { reason: reason() }),
            ),
        ] {
            let seen = missing(20, Some(State::Open), admission);
            assert_eq!(next(&entry(Stage::Prepared), &seen), action);
        }
    }

    #[test]
    fn a_commitment_lost_in_a_fork_is_sent_again_after_a_while() {
        assert_eq!(next(&entry(COMMITTED), &open(20)), WAIT);
        assert_eq!(next(&entry(COMMITTED), &open(18 + PATIENCE)), WAIT);
        let commit = Action::Commit { max_hold: 12 };
        assert_eq!(next(&entry(COMMITTED), &open(19 + PATIENCE)), commit);
        assert_eq!(next(&entry(REVEALED), &open(19 + PATIENCE)), WAIT);
    }

    #[test]
    fn what_the_chain_forgot_is_over() {
        let reason = "it is over".into();
        let seen = missing(90, None, Admission::Never { reason });
        for stage in [COMMITTED, REVEALED] {
            let forgotten = Action::Record(decided(Outcome::Forgotten));
            assert_eq!(next(&entry(stage), &seen), forgotten);
        }
    }

    fn any_stage() -> impl Strategy<Value = Stage> {
        prop_oneof![
            Just(Stage::Prepared),
            Just(COMMITTED),
            Just(REVEALED),
            Just(Stage::Dropped { reason: "x".into() }),
        ]
    }

    fn any_state() -> impl Strategy<Value = SubmissionState> {
        prop_oneof![
            Just(SubmissionState::Committed),
            Just(SubmissionState::Revealed {
                gradient: Hash::repeat_byte(9)
            }),
            Just(SubmissionState::Contributed {
                model: 12,
                share: 3
            }),
            Just(SubmissionState::NotContributed),
            Just(SubmissionState::Malformed),
            Just(SubmissionState::NotRevealed),
            Just(SubmissionState::Returned),
        ]
    }

    fn any_view() -> impl Strategy<Value = View> {
        let on_chain = (0..90u32, any_state()).prop_map(|(now, state)| found(now, state));
        let off_chain = (0..90u32, any::<bool>()).prop_map(|(now, is_open)| match is_open {
            true => open(now),
            false => {
                let reason = "it is over".into();
                missing(now, None, Admission::Never { reason })
            }
        });
        prop_oneof![on_chain, off_chain]
    }

    proptest! {
        /// Whatever the journal says, it agrees with the chain after a few records, and what is then
        /// sent is what the chain waits for.
        #[test]
        fn records_lead_to_an_answer(stage in any_stage(), seen in any_view()) {
            let on_chain = matches!(seen.submission, Known::Found { .. });
            let mut entry = entry(stage);
            for _ in 0..4 {
                match next(&entry, &seen) {
                    Action::Record(stage) => {
                        prop_assert_ne!(&stage, &entry.stage);
                        entry.stage = stage;
                    }
                    Action::Reveal { submission } => {
                        prop_assert!(on_chain);
                        prop_assert_eq!(submission, 4);
                        return Ok(());
                    }
                    Action::Wait { .. } | Action::Finished => return Ok(()),
                    _ => {
                        prop_assert!(!on_chain);
                        return Ok(());
                    }
                }
            }
            prop_assert!(false, "no answer");
        }
    }
}
