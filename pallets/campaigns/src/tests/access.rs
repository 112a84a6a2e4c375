//! What the gradients ask of campaigns, and what runtime APIs read.

use crate::{mock::*, Error};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    assay::Verdict,
    campaign::{Closed, Members, RoundTerms},
    traits::{AssayBase, Campaigns as _, CommitTerms, Phase},
    CampaignId, ModelId,
};
use sp_runtime::DispatchError;
use syft::Metric;

/// Whether an account can commit; the error says why not.
fn may_commit(id: CampaignId, root: ModelId, account: AccountId) -> Result<(), DispatchError> {
    Campaigns::commit_terms(id, root, &account).map(|_| ())
}

#[test]
fn commit_terms_work() {
    build_and_execute(|| {
        let mut asked = terms();
        asked.rounds = RoundTerms {
            round_blocks: 50,
            reveal_window: 40,
            seats: 4,
            steepness: 2,
        };
        let rounds = asked.rounds;
        let id = create_with(asked);
        decide(root_of(id), Verdict::Measured { error: START });
        let expected = CommitTerms {
            rounds,
            deadline: DEADLINE,
            price: PRICE,
            // A thousandth of the bounty.
            base_deposit: 10,
            // One set takes 3,200 multiply-adds, 98 commitments 782 sets, of 2,520,000 in all.
            max_commitments: 98,
            // 8 + 512 + 320 for each of two tensors, and 10 values.
            max_gradient_size: 1_200,
        };
        let terms = |id| Campaigns::commit_terms(id, root_of(id), &MINER);
        assert_eq!(terms(id), Ok(expected.clone()));
        // Sponsors raise what a commitment is worth, and costs.
        assert_ok!(Campaigns::fund(RuntimeOrigin::signed(SPONSOR), id, 2_000));
        let expected = CommitTerms {
            base_deposit: 12,
            ..expected
        };
        assert_eq!(terms(id), Ok(expected));
    });
}

#[test]
fn the_base_deposit_is_no_less_than_the_minimum() {
    build_and_execute(|| {
        let mut small = terms();
        small.bounty = 5_000;
        let id = create_with(small);
        decide(root_of(id), Verdict::Measured { error: START });
        let terms = Campaigns::commit_terms(id, root_of(id), &MINER).unwrap();
        assert_eq!(terms.base_deposit, 8);
        assert_eq!(Campaigns::proposal_terms(id, &AUTHOR), Ok(8));
    });
}

#[test]
fn commit_terms_fail_when_nothing_can_be_committed() {
    build_and_execute(|| {
        assert_noop!(may_commit(7, 100, MINER), Error::<Test>::UnknownCampaign);
        let id = create();
        let root = root_of(id);
        assert_noop!(may_commit(id, root, MINER), Error::<Test>::NotOpen);
        decide(root, Verdict::Measured { error: START });
        assert_noop!(may_commit(id, 99, MINER), Error::<Test>::UnknownProposal);
        // Another campaign's proposal, one that was not accepted, and one that was not judged yet.
        let other = open();
        assert_noop!(
            may_commit(other, root, MINER),
            Error::<Test>::UnknownProposal
        );
        let offered = propose(AUTHOR, id, 1).unwrap();
        assert_noop!(
            may_commit(id, offered, MINER),
            Error::<Test>::UnknownProposal
        );
        assert_ok!(Campaigns::accept_proposal(
            RuntimeOrigin::signed(OWNER),
            offered
        ));
        assert_noop!(
            may_commit(id, offered, MINER),
            Error::<Test>::UnknownProposal
        );
        decide(offered, Verdict::Measured { error: START });
        assert_ok!(may_commit(id, offered, MINER));

        skip_to(DEADLINE);
        assert_ok!(may_commit(id, root, MINER));
        skip_to(DEADLINE + 1);
        assert_noop!(may_commit(id, root, MINER), Error::<Test>::DeadlinePassed);
        assert_ok!(Campaigns::close(RuntimeOrigin::signed(MINER), id));
        assert_noop!(may_commit(id, root, MINER), Error::<Test>::NotOpen);
    });
}

#[test]
fn commit_terms_fail_without_the_reputation() {
    build_and_execute(|| {
        let mut asked = terms();
        asked.members = Members::Reputation { contributions: 3 };
        let id = create_with(asked);
        decide(root_of(id), Verdict::Measured { error: START });
        for (contributions, enough) in [(0, false), (2, false), (3, true), (4, true)] {
            Contributions::mutate(|all| all.insert(MINER, contributions));
            let outcome = may_commit(id, root_of(id), MINER);
            if enough {
                assert_ok!(outcome);
            } else {
                assert_noop!(outcome, Error::<Test>::ReputationTooLow);
            }
        }
        // Proposals are not gradients.
        assert_ok!(Campaigns::proposal_terms(id, &AUTHOR));
    });
}

#[test]
fn commit_terms_fail_without_admission() {
    build_and_execute(|| {
        let mut asked = terms();
        asked.members = Members::Admitted;
        let id = create_with(asked);
        let owner = || RuntimeOrigin::signed(OWNER);
        assert_ok!(Campaigns::admit(owner(), id, SPONSOR));
        decide(root_of(id), Verdict::Measured { error: START });
        assert_ok!(may_commit(id, root_of(id), SPONSOR));
        assert_noop!(
            may_commit(id, root_of(id), MINER),
            Error::<Test>::NotAdmitted
        );
        // Not even the owner.
        assert_noop!(
            may_commit(id, root_of(id), OWNER),
            Error::<Test>::NotAdmitted
        );
        assert_ok!(Campaigns::admit(owner(), id, MINER));
        assert_ok!(may_commit(id, root_of(id), MINER));
    });
}

#[test]
fn proposal_terms_fail_when_nothing_can_be_proposed() {
    build_and_execute(|| {
        let terms_for = |id, account| Campaigns::proposal_terms(id, &account);
        assert_noop!(terms_for(7, AUTHOR), Error::<Test>::UnknownCampaign);
        let id = create();
        assert_noop!(terms_for(id, AUTHOR), Error::<Test>::NotOpen);
        decide(root_of(id), Verdict::Measured { error: START });
        assert_eq!(terms_for(id, AUTHOR), Ok(10));
        // The list is full, and nothing of it was rejected.
        assert_ok!(propose(AUTHOR, id, 1));
        let second = propose(AUTHOR, id, 2).unwrap();
        assert_noop!(terms_for(id, AUTHOR), Error::<Test>::TooManyProposals);
        assert_ok!(Campaigns::reject_proposal(
            RuntimeOrigin::signed(OWNER),
            second
        ));
        assert_ok!(terms_for(id, AUTHOR));
        skip_to(DEADLINE + 1);
        assert_noop!(terms_for(id, AUTHOR), Error::<Test>::DeadlinePassed);

        let mut closed = terms();
        closed.deadline += 100;
        closed.open_proposals = false;
        let id = create_with(closed);
        decide(root_of(id), Verdict::Measured { error: START });
        assert_noop!(terms_for(id, AUTHOR), Error::<Test>::ProposalsClosed);
        assert_ok!(terms_for(id, OWNER));
    });
}

#[test]
fn assay_base_works() {
    build_and_execute(|| {
        let id = open();
        assert_eq!(
            Campaigns::assay_base(id, root_of(id)),
            Some(AssayBase {
                architecture: model(0).architecture,
                metric: Metric::ErrorRate,
                validation: validation(),
                rows: 100,
                target: TARGET,
                minimum_step: 1_000_000,
            })
        );
        assert_eq!(Campaigns::assay_base(id + 1, root_of(id)), None);
        assert_eq!(Campaigns::assay_base(id, 99), None);
    });
}

#[test]
fn phases_follow_each_other() {
    build_and_execute(|| {
        assert_eq!(Campaigns::phase(7), None);
        let id = create();
        assert_eq!(Campaigns::phase(id), None);
        decide(root_of(id), Verdict::Measured { error: START });
        assert_eq!(Campaigns::phase(id), Some(Phase::Open));
        assert_ok!(commit(id));
        assert_ok!(commit(id));
        skip_to(DEADLINE);
        assert_eq!(Campaigns::phase(id), Some(Phase::Open));
        // Whether anybody has closed it or not.
        skip_to(DEADLINE + 1);
        assert_eq!(Campaigns::phase(id), Some(Phase::Judging));
        assert_ok!(Campaigns::close(RuntimeOrigin::signed(777), id));
        assert_eq!(Campaigns::phase(id), Some(Phase::Judging));
        // Grace is 20 blocks, and starts again with each decided round.
        skip_to(DEADLINE + 20);
        assert_eq!(Campaigns::phase(id), Some(Phase::Judging));
        conclude(id, None);
        skip_to(DEADLINE + 39);
        assert_eq!(Campaigns::phase(id), Some(Phase::Judging));
        skip_to(DEADLINE + 40);
        assert_eq!(Campaigns::phase(id), Some(Phase::Dissolving));
        // That rounds dissolve does not bring it back.
        dissolve(id);
        assert_eq!(Campaigns::phase(id), Some(Phase::Dissolving));
        assert_ok!(Campaigns::settle(RuntimeOrigin::signed(777), id));
        assert_eq!(Campaigns::phase(id), None);
    });
}

#[test]
fn at_the_target_nothing_is_judged_any_more() {
    build_and_execute(|| {
        let id = open();
        assert_ok!(commit(id));
        assert_ok!(commit(id));
        conclude(id, Some(TARGET));
        assert_eq!(Campaigns::phase(id), Some(Phase::Dissolving));
        assert_eq!(Stopped::get(), [(id, Closed::TargetReached)]);
    });
}

#[test]
fn campaigns_are_paged_in_order() {
    build_and_execute(|| {
        for _ in 0..5 {
            create();
        }
        crate::Campaigns::<Test>::remove(2);
        let page = |from, limit| -> Vec<_> {
            Campaigns::campaigns(from, limit)
                .into_iter()
                .map(|(id, _)| id)
                .collect()
        };
        let all = page(0, 100);
        let second = page(1, 2);
        let none = page(5, 100);
        // Put it back for the check of the state.
        crate::Campaigns::<Test>::insert(2, campaign(1));
        crate::Campaigns::<Test>::mutate(2, |campaign| campaign.as_mut().unwrap().root = 102);
        assert_eq!(all, [0, 1, 3, 4]);
        assert_eq!(second, [1, 3]);
        assert!(none.is_empty());
        assert!(page(0, 0).is_empty());
    });
}

#[test]
fn a_quote_is_what_a_record_would_earn_now() {
    build_and_execute(|| {
        let id = create();
        assert_eq!(Campaigns::quote(id, TARGET), None);
        decide(root_of(id), Verdict::Measured { error: START });
        // Half of the way from 900 to 50 millions, then the rest and more.
        let half = 475_000_000;
        assert_eq!(Campaigns::quote(id, half), Some(5_000));
        assert_eq!(Campaigns::quote(id, 0), Some(10_000));
        assert_eq!(Campaigns::quote(id, START), Some(0));
        assert_ok!(commit(id));
        conclude(id, Some(half));
        assert_eq!(Campaigns::quote(id, 0), Some(5_000));
        assert_eq!(Campaigns::quote(id, half), Some(0));
        assert_eq!(Campaigns::quote(id, half + 1), Some(0));
        // A contribution is earned too.
        assert_ok!(Campaigns::fund(RuntimeOrigin::signed(SPONSOR), id, 1_000));
        assert_eq!(Campaigns::quote(id, TARGET), Some(5_500));
        assert_eq!(Campaigns::quote(7, half), None);
    });
}

#[test]
fn a_quote_follows_the_steepness() {
    build_and_execute(|| {
        let mut steep = terms();
        steep.rounds.steepness = 2;
        let id = create_with(steep);
        decide(root_of(id), Verdict::Measured { error: START });
        assert_eq!(Campaigns::quote(id, 475_000_000), Some(2_500));
        assert_eq!(Campaigns::quote(id, TARGET), Some(10_000));
    });
}
