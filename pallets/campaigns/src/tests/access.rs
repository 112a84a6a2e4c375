//! What the gradients ask of campaigns, and what runtime APIs read.

use crate::{mock::*, Error};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    assay::Verdict,
    campaign::{Closed, State},
    traits::{AssayBase, Campaigns as _, CommitTerms},
};
use syft::Metric;

#[test]
fn commit_terms_work() {
    build_and_execute(|| {
        let mut asked = terms();
        asked.minimum_reputation = 3;
        let id = create_with(asked);
        decide(root_of(id), Verdict::Measured { error: START });
        let expected = CommitTerms {
            assay_price: PRICE,
            minimum_step: 1_000_000,
            minimum_reputation: 3,
            plan: model(0).architecture.plan().unwrap(),
        };
        assert_eq!(
            Campaigns::commit_terms(id, root_of(id)),
            Ok(expected.clone())
        );
        assert_eq!(Campaigns::terms(id, root_of(id)), Some(expected));
    });
}

#[test]
fn commit_terms_fail_when_nothing_can_be_committed() {
    build_and_execute(|| {
        assert_noop!(
            Campaigns::commit_terms(7, 100),
            Error::<Test>::UnknownCampaign
        );
        let id = create();
        let root = root_of(id);
        assert_noop!(Campaigns::commit_terms(id, root), Error::<Test>::NotOpen);
        decide(root, Verdict::Measured { error: START });
        assert_noop!(
            Campaigns::commit_terms(id, 99),
            Error::<Test>::UnknownProposal
        );
        // Another campaign's proposal, and one that was not judged yet.
        let other = open();
        assert_noop!(
            Campaigns::commit_terms(other, root),
            Error::<Test>::UnknownProposal
        );
        assert_ok!(Campaigns::propose(
            RuntimeOrigin::signed(AUTHOR),
            id,
            model(1)
        ));
        assert_noop!(
            Campaigns::commit_terms(id, root_of(other) + 1),
            Error::<Test>::UnknownProposal
        );

        skip_to(DEADLINE);
        assert_ok!(Campaigns::commit_terms(id, root));
        skip_to(DEADLINE + 1);
        assert_noop!(
            Campaigns::commit_terms(id, root),
            Error::<Test>::DeadlinePassed
        );
        assert_ok!(Campaigns::close(RuntimeOrigin::signed(MINER), id));
        assert_noop!(Campaigns::commit_terms(id, root), Error::<Test>::NotOpen);
        // What is pending still needs the terms.
        assert!(Campaigns::terms(id, root).is_some());
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
                root: parameters(0),
            })
        );
        assert_eq!(Campaigns::assay_base(id + 1, root_of(id)), None);
        assert_eq!(Campaigns::assay_base(id, 99), None);
    });
}

#[test]
fn the_reserve_is_set_aside_put_back_and_paid() {
    build_and_execute(|| {
        let id = open();
        let reserve = || {
            let reserve = campaign(id).reserve;
            (reserve.free, reserve.set_aside)
        };
        assert_ok!(commit(id));
        assert_ok!(commit(id));
        assert_eq!(reserve(), (500 - 2 * PRICE, 2 * PRICE));
        conclude(id, None);
        assert_eq!(reserve(), (500 - PRICE, PRICE));
        conclude(id, Some(800_000_000));
        assert_eq!(reserve(), (500 - PRICE, 0));
        // 57 and 56, for the root and for the gradient.
        assert_eq!(Balances::free_balance(ASSAYERS[0]), ENDOWMENT + 114);
        assert_eq!(Balances::free_balance(ASSAYERS[1]), ENDOWMENT + 112);
    });
}

#[test]
fn what_was_not_set_aside_is_neither_paid_nor_put_back() {
    build_and_execute(|| {
        let id = open();
        let before = campaign(id);
        Campaigns::pay_assay(id, PRICE, &ASSAYERS);
        Campaigns::put_assay_back(id, PRICE);
        assert_eq!(campaign(id), before);
        // Nor after the end, or for a campaign that is unknown.
        Campaigns::pay_assay(7, PRICE, &ASSAYERS);
        Campaigns::put_assay_back(7, PRICE);
        assert_noop!(
            Campaigns::set_assay_aside(7, PRICE),
            Error::<Test>::UnknownCampaign
        );
    });
}

#[test]
fn set_assay_aside_fails_when_the_reserve_is_exhausted() {
    build_and_execute(|| {
        let id = open();
        assert_noop!(
            Campaigns::set_assay_aside(id, 501),
            Error::<Test>::ReserveExhausted
        );
    });
}

#[test]
fn an_accepted_gradient_is_the_best_so_far() {
    build_and_execute(|| {
        let id = open();
        for (error, best) in [
            (800_000_000, 800_000_000),
            (850_000_000, 800_000_000),
            (TARGET + 1, TARGET + 1),
        ] {
            assert_ok!(commit(id));
            conclude(id, Some(error));
            assert_eq!(campaign(id).best, Some(best));
            assert_eq!(campaign(id).state, State::Open);
        }
        assert_ok!(commit(id));
        assert_ok!(Campaigns::top_up_reserve(
            RuntimeOrigin::signed(OWNER),
            id,
            1_000
        ));
        assert_ok!(commit(id));
        conclude(id, Some(TARGET));
        let closing = State::Closing {
            reason: Closed::TargetReached,
            grace_ends: 21,
        };
        assert_eq!(campaign(id).state, closing);
        // The other one may still finish, and be better; why it closed does not change.
        conclude(id, Some(TARGET - 1));
        assert_eq!(campaign(id).state, closing);
        assert_eq!(campaign(id).best, Some(TARGET - 1));
        // Nobody knows of a campaign that is not there.
        Campaigns::accepted(77, 0);
        Campaigns::nothing_pending(77);
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
fn a_quote_is_what_a_step_would_earn_now() {
    build_and_execute(|| {
        let id = open();
        // Half of the way from 900 to 50 millions, then the rest and more.
        let half = 475_000_000;
        assert_eq!(Campaigns::quote(id, START, START, half), Some(5_000));
        assert_eq!(Campaigns::quote(id, START, half, 0), Some(5_000));
        assert_eq!(Campaigns::quote(id, START, half, START), Some(0));
        // A contribution is earned too.
        assert_ok!(Campaigns::fund(RuntimeOrigin::signed(SPONSOR), id, 1_000));
        assert_eq!(Campaigns::quote(id, START, START, half), Some(5_500));
        assert_eq!(Campaigns::quote(7, START, START, half), None);
    });
}
