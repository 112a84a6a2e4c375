//! Random sequences of everything that can happen to rounds, and where the money goes.

use crate::{mock::*, ModelsIn, Rounds, Submissions};
use proptest::{collection::vec, prelude::*};
use sonar_primitives::{
    assay::{AcceptedRound, RoundVerdict, SeatShare},
    campaign::Closed,
    round::{part, surcharge},
    submission::{SubmissionKind, SubmissionState},
    traits::Phase,
    Balance, SubmissionId,
};
use std::collections::BTreeMap;

const MINERS: std::ops::Range<AccountId> = 100..122;
const ROOTS: [u64; 3] = [ROOT, SECOND_ROOT, OTHER_ROOT];
const MONEY: Balance = 1_000_000;

/// Something that happens. Indices choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    Commit {
        who: AccountId,
        root: usize,
        base: usize,
        seed: u64,
    },
    /// So many miners commit to the same round.
    Crowd(u64),
    Reveal(usize),
    /// Most of what can be revealed is.
    RevealAll(usize),
    Accept {
        gain: u64,
        shares: Vec<u128>,
        malformed: usize,
    },
    Refuse,
    NoQuorum,
    Advance(usize),
    CommitProposal(AccountId, u64),
    RevealProposal(usize),
    Blocks(u64),
    Cancel,
    Dissolve,
}

fn step() -> impl Strategy<Value = Step> {
    let which = || 0..40_usize;
    prop_oneof![
        24 => (MINERS, 0..3_usize, which(), 0..6_u64)
            .prop_map(|(who, root, base, seed)| Step::Commit { who, root, base, seed }),
        2 => (5..22_u64).prop_map(Step::Crowd),
        16 => which().prop_map(Step::Reveal),
        8 => (2..9_usize).prop_map(Step::RevealAll),
        12 => (5..300_u64, vec(0..9_u128, 1..5), 0..6_usize)
            .prop_map(|(gain, shares, malformed)| Step::Accept { gain, shares, malformed }),
        4 => Just(Step::Refuse),
        3 => Just(Step::NoQuorum),
        4 => which().prop_map(Step::Advance),
        3 => (MINERS, 0..6_u64).prop_map(|(who, seed)| Step::CommitProposal(who, seed)),
        2 => which().prop_map(Step::RevealProposal),
        16 => (1..9_u64).prop_map(Step::Blocks),
        4 => (20..60_u64).prop_map(Step::Blocks),
        1 => Just(Step::Cancel),
        1 => Just(Step::Dissolve),
    ]
}

fn pick<Item>(list: Vec<Item>, index: usize) -> Option<Item> {
    let length = list.len();
    list.into_iter().nth(index.checked_rem(length)?)
}

/// What the test knows besides the chain's state: what each submission committed to.
#[derive(Default)]
struct Known {
    seeds: BTreeMap<SubmissionId, u64>,
}

impl Known {
    fn take(&mut self, step: Step) {
        match step {
            Step::Commit {
                who,
                root,
                base,
                seed,
            } => self.commit(who, ROOTS[root], base, seed),
            Step::Crowd(count) => {
                for who in MINERS.take(count as usize) {
                    self.commit(who, ROOT, 0, who);
                }
            }
            Step::Reveal(which) => {
                if let Some(id) = pick(unrevealed(), which) {
                    self.reveal(id);
                }
            }
            Step::RevealAll(but) => {
                for (index, id) in unrevealed().into_iter().enumerate() {
                    if index % but != 0 {
                        self.reveal(id);
                    }
                }
            }
            Step::Accept {
                gain,
                shares,
                malformed,
            } => {
                if let Some(id) = measured() {
                    decide(id, verdict(id, gain, &shares, malformed));
                }
            }
            Step::Refuse => {
                if let Some(id) = measured() {
                    decide(id, refuses(&[]));
                }
            }
            Step::NoQuorum => {
                if let Some(id) = measured() {
                    no_quorum(id);
                }
            }
            Step::Advance(which) => {
                if let Some(id) = pick(Rounds::<Test>::iter_keys().collect(), which) {
                    let _ = advance(id);
                }
            }
            Step::CommitProposal(who, seed) => {
                if let Ok(id) = commit_proposal(who, seed) {
                    self.seeds.insert(id, seed);
                }
            }
            Step::RevealProposal(which) => {
                if let Some(id) = pick(unrevealed(), which) {
                    let who = Submissions::<Test>::get(id).unwrap().account;
                    let _ = reveal_proposal(who, id, self.seeds[&id]);
                }
            }
            Step::Blocks(count) => run_to(System::block_number() + count),
            Step::Cancel => {
                let _ = cancel();
            }
            Step::Dissolve => dissolve_all(),
        }
    }

    fn commit(&mut self, who: AccountId, root: u64, base: usize, seed: u64) {
        let campaign = model(root).campaign;
        let models = ModelsIn::<Test>::iter_key_prefix(campaign).map(u64::from);
        let models = models.filter(|id| model(*id).root == root).collect();
        let base = pick(models, base).unwrap();
        if let Ok(id) = commit_on(who, root, base, seed) {
            self.seeds.insert(id, seed);
        }
    }

    fn reveal(&self, id: SubmissionId) {
        let who = Submissions::<Test>::get(id).unwrap().account;
        let _ = reveal(who, id, self.seeds[&id]);
    }
}

fn unrevealed() -> Vec<SubmissionId> {
    let mut unrevealed: Vec<_> = Submissions::<Test>::iter()
        .filter(|(_, submission)| submission.state == SubmissionState::Committed)
        .map(|(id, _)| id)
        .collect();
    unrevealed.sort();
    unrevealed
}

/// A round that is measured.
fn measured() -> Option<u64> {
    Tasks::iter_keys().min()
}

/// A verdict on a round; it may break the rules.
fn verdict(id: u64, gain: u64, shares: &[u128], malformed: usize) -> RoundVerdict {
    let round = round(id);
    let campaign = round.campaign;
    let best = crate::Branches::<Test>::get(campaign, round.root)
        .unwrap()
        .best;
    let malformed: Vec<u8> = (0..round.reveals as u8)
        .filter(|place| malformed > 0 && usize::from(*place) % 7 == malformed)
        .collect();
    let seats: Vec<SeatShare> = (0..round.reveals as u8)
        .filter(|place| !malformed.contains(place))
        .zip(shares)
        .map(|(place, share)| SeatShare {
            place,
            share: *share,
        })
        .collect();
    let best_set: Vec<u8> = seats.iter().map(|seat| seat.place).step_by(2).collect();
    RoundVerdict {
        malformed: malformed.try_into().unwrap(),
        accepted: Some(AcceptedRound {
            error: model(best).error.saturating_sub(gain),
            parameters: hash(&id.to_le_bytes()),
            best_set: best_set.try_into().unwrap(),
            with_previous: gain.is_multiple_of(2),
            seats: seats.try_into().unwrap(),
        }),
    }
}

fn dissolve_all() {
    for campaign in [CAMPAIGN, OTHER_CAMPAIGN] {
        set_phase(campaign, Some(Phase::Dissolving));
        stop(campaign, Closed::DeadlinePassed).unwrap();
    }
}

/// What a submission costs its author, by the protocol: everything without a reveal, a part of the
/// assay, times its surcharge, once it was judged, and nothing else.
fn cost(submission: &Submission) -> Balance {
    match (submission.state, submission.kind) {
        (SubmissionState::NotRevealed, _) => submission.deposit + submission.part,
        (
            SubmissionState::Contributed { .. }
            | SubmissionState::NotContributed
            | SubmissionState::Malformed,
            SubmissionKind::Gradient {
                round: id, place, ..
            },
        ) => {
            let round = round(id);
            part(PRICE, round.reveals, SEATS) * surcharge(place.into())
        }
        _ => 0,
    }
}

/// What the assayers must have got for a submission.
fn fee(submission: &Submission) -> Balance {
    match submission.kind {
        _ if submission.state == SubmissionState::NotRevealed => 0,
        SubmissionKind::Gradient { place, .. } => cost(submission) / surcharge(place.into()),
        SubmissionKind::Proposal { .. } => 0,
    }
}

fn check_money(issuance: Balance) {
    let mut costs = BTreeMap::<AccountId, Balance>::new();
    let mut fees = 0;
    for submission in Submissions::<Test>::iter_values() {
        *costs.entry(submission.account).or_default() += cost(&submission);
        fees += fee(&submission);
    }
    for who in MINERS {
        let cost = costs.get(&who).copied().unwrap_or_default();
        assert_eq!(free(who) + held(who), MONEY - cost, "account {who}");
    }
    let got: Balance = ASSAYERS.into_iter().map(|who| free(who) - BALANCE).sum();
    assert_eq!(got, fees);
    let lost: Balance = costs.values().sum::<Balance>() - fees;
    assert_eq!(free(TREASURY), BALANCE + lost);
    assert_eq!(Balances::total_issuance(), issuance);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn everybody_pays_what_the_protocol_says(steps in vec(step(), 1..120)) {
        build_and_execute(|| {
            MINERS.for_each(|who| enrich(who, MONEY));
            let issuance = Balances::total_issuance();
            let mut known = Known::default();
            for step in steps {
                known.take(step);
                check();
                check_money(issuance);
            }
            // In the end nothing is held.
            dissolve_all();
            let rounds = Rounds::<Test>::iter().count() as u64;
            run_to(System::block_number() + rounds + PROPOSAL_WINDOW + 2);
            check_money(issuance);
            assert!(Rounds::<Test>::iter_values().all(|round| round.state.is_decided()));
            assert!(MINERS.into_iter().all(|who| held(who) == 0));
        });
    }
}
