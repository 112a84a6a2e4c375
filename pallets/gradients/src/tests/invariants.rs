//! Random sequences of everything that can happen.

use crate::{mock::*, Submissions};
use proptest::{collection::vec, prelude::*};
use sonar_primitives::{
    assay::{Malformed, Verdict},
    traits::{AssaySubjects, ModelTree},
    tree::SubmissionState,
    Balance, NodeId,
};
use std::collections::BTreeMap;

const MINERS: [AccountId; 3] = [ALICE, BOB, CAROL];

/// Something that happens. Indices choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    /// A miner commits to one of a few gradients, so that copies are frequent.
    Commit {
        who: usize,
        parent: usize,
        seed: u8,
    },
    /// A pending submission is revealed, in whatever order: copies may come first.
    Reveal {
        which: usize,
    },
    /// Some gradients are equal in all but their bytes: their candidate depends on the seed's half.
    Improved {
        which: usize,
        gain: u64,
    },
    NotImproved {
        which: usize,
    },
    Malformed {
        which: usize,
    },
    Undecided {
        which: usize,
    },
    Expire {
        which: usize,
    },
    Blocks(u64),
    EndPending,
}

fn step() -> impl Strategy<Value = Step> {
    let which = || 0..6_usize;
    prop_oneof![
        24 => (0..3_usize, 0..3_usize, 1..5_u8)
            .prop_map(|(who, parent, seed)| Step::Commit { who, parent, seed }),
        24 => which().prop_map(|which| Step::Reveal { which }),
        20 => (which(), 0..150_u64).prop_map(|(which, gain)| Step::Improved { which, gain }),
        2 => which().prop_map(|which| Step::NotImproved { which }),
        2 => which().prop_map(|which| Step::Malformed { which }),
        2 => which().prop_map(|which| Step::Undecided { which }),
        2 => which().prop_map(|which| Step::Expire { which }),
        12 => (1..3_u64).prop_map(Step::Blocks),
        1 => Just(Step::EndPending),
    ]
}

/// What the test knows besides the chain's state.
#[derive(Default)]
struct Known {
    /// What each submission committed to.
    seeds: BTreeMap<NodeId, u8>,
}

impl Known {
    fn pick<Item>(list: Vec<Item>, index: usize) -> Option<Item> {
        let length = list.len();
        list.into_iter().nth(index.checked_rem(length)?)
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Commit { who, parent, seed } => {
                let nodes = Gradients::nodes_of(CAMPAIGN, 0, 100);
                let (parent, _) = Self::pick(nodes, parent).unwrap();
                if let Ok(id) = commit(MINERS[who], parent, gradient(seed)) {
                    self.seeds.insert(id, seed);
                }
            }
            Step::Reveal { which } => {
                let pending = Gradients::pending_of(CAMPAIGN, 0, 100);
                if let Some((id, submission)) = Self::pick(pending, which) {
                    let _ = reveal(submission.account, id, gradient(self.seeds[&id]));
                }
            }
            Step::Improved { which, gain } => self.verdict(which, |parent, seed| {
                let candidate = model(u64::from(seed / 2) + 100 * parent);
                let above = crate::Nodes::<Test>::get(parent).unwrap().error;
                // What is the same model has the same error.
                let same = crate::Candidates::<Test>::get(CAMPAIGN, candidate)
                    .map(|same| crate::Nodes::<Test>::get(same).unwrap().error);
                let error = same.unwrap_or(above.saturating_sub(gain));
                Verdict::Improved { error, candidate }
            }),
            Step::NotImproved { which } => self.verdict(which, |_, _| Verdict::NotImproved),
            Step::Malformed { which } => {
                self.verdict(which, |_, _| Verdict::Malformed(Malformed::Gradient))
            }
            Step::Undecided { which } => {
                if let Some(task) = Self::pick(Tasks::iter_values().collect(), which) {
                    Tasks::remove(task.node);
                    Gradients::undecided(&task);
                }
            }
            Step::Expire { which } => {
                let pending = Gradients::pending_of(CAMPAIGN, 0, 100);
                if let Some((id, _)) = Self::pick(pending, which) {
                    let _ = Gradients::expire(RuntimeOrigin::signed(OWNER), id);
                }
            }
            Step::Blocks(blocks) => run_to(System::block_number() + blocks),
            Step::EndPending => Gradients::end_pending(CAMPAIGN),
        }
    }

    fn verdict(&self, which: usize, verdict: impl Fn(NodeId, u8) -> Verdict) {
        if let Some(task) = Self::pick(Tasks::iter_values().collect(), which) {
            let parent = Submissions::<Test>::get(task.node).unwrap().parent;
            decide(task.node, verdict(parent, self.seeds[&task.node]));
        }
    }
}

/// What an account has in all.
fn total(account: AccountId) -> Balance {
    free(account) + held(account)
}

/// The money that must have gone from the miners to others, by the states of their submissions.
fn owed(who: AccountId) -> (Balance, bool) {
    let mut sum = 0;
    let mut exact = true;
    for submission in Submissions::<Test>::iter_values().filter(|s| s.account == who) {
        match submission.state {
            SubmissionState::NotImproved | SubmissionState::Malformed(_) => {
                sum += submission.assay_price
            }
            SubmissionState::NotRevealed => sum += submission.deposit,
            // Measured or not: only the verdict knows.
            SubmissionState::Duplicate { .. } => exact = false,
            _ => {}
        }
    }
    (sum, exact)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Nothing is lost or created, all rules hold after every step, nobody pays more than the
    /// protocol says, and in the end everything can be forgotten.
    #[test]
    fn everything_holds_after_every_step(steps in vec(step(), 1..80)) {
        new_test_ext().execute_with(|| {
            let issuance = Balances::total_issuance();
            let mut known = Known::default();
            for step in steps {
                known.take(step);
                check();
                prop_assert_eq!(Balances::total_issuance(), issuance);
                for who in MINERS {
                    let (owed, exact) = owed(who);
                    let paid = BALANCE - total(who);
                    prop_assert!(paid == owed || (paid > owed && !exact));
                }
            }
            Gradients::end_pending(CAMPAIGN);
            check();
            prop_assert_eq!(MINERS.map(held), [0; 3]);
            prop_assert_eq!(Reserves::get(CAMPAIGN).unwrap().set_aside, 0);
            while Gradients::forget(CAMPAIGN, 3) == 3 {
                check();
            }
            prop_assert_eq!(Pins::iter().count(), 0);
            prop_assert_eq!(Submissions::<Test>::iter().count(), 0);
            Ok(())
        })?;
    }

    /// Whoever committed to a gradient first has its node in the end, in whatever order it and its
    /// copies are revealed and judged, as long as it is revealed at all.
    #[test]
    fn the_first_commitment_always_wins(
        order in Just(MINERS).prop_shuffle(),
        judged in vec(any::<bool>(), 3),
        spaced in any::<bool>(),
    ) {
        new_test_ext().execute_with(|| {
            // Copies of the bytes, or of the model only.
            let blob = |who: AccountId| gradient(if spaced { who as u8 } else { 1 });
            let ids: BTreeMap<_, _> = MINERS
                .into_iter()
                .map(|who| (who, commit(who, ROOT, blob(who)).unwrap()))
                .collect();
            next_block();
            for (who, judged) in order.into_iter().zip(judged) {
                reveal(who, ids[&who], blob(who)).unwrap();
                if judged && Tasks::contains_key(ids[&who]) {
                    improve(ids[&who], 900, model(1));
                }
                check();
            }
            let rest: Vec<_> = Tasks::iter_keys().collect();
            for id in rest {
                improve(id, 900, model(1));
                check();
            }
            let path = Gradients::winning_path(CAMPAIGN).unwrap();
            prop_assert_eq!(path.steps.len(), 1);
            prop_assert_eq!(path.steps[0].author, ALICE);
            prop_assert_eq!(Gradients::accepted(CAMPAIGN), 1);
            prop_assert_eq!(free(ALICE), BALANCE);
            Ok(())
        })?;
    }
}
