use crate::{
    mock::*, Due, NextNode, OrderedId, PendingIn, PendingOf, Submissions, SubmissionsIn,
    SubmissionsOf, Trees,
};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    reputation::Deed,
    traits::{Campaigns as _, Reputations as _},
    tree::SubmissionState,
};
use sp_core::H256;
use sp_runtime::{traits::BadOrigin, ArithmeticError, TokenError};

#[test]
fn commit_works() {
    build_and_execute(|| {
        let hash = H256::repeat_byte(9);
        assert_ok!(Gradients::commit(
            RuntimeOrigin::signed(ALICE),
            CAMPAIGN,
            ROOT,
            hash
        ));

        let reveal_by = 1 + REVEAL_WINDOW;
        assert_eq!(
            events(),
            [Event::Committed {
                campaign: CAMPAIGN,
                submission: FIRST,
                parent: ROOT,
                account: ALICE,
                deposit: DEPOSIT,
                reveal_by
            }]
        );
        assert_eq!(
            Submissions::<Test>::get(FIRST),
            Some(Submission {
                campaign: CAMPAIGN,
                parent: ROOT,
                account: ALICE,
                commitment: hash,
                deposit: DEPOSIT,
                assay_price: ASSAY_PRICE,
                committed_at: 1,
                state: SubmissionState::Committed { reveal_by },
            })
        );
        let key = OrderedId::from(FIRST);
        assert!(SubmissionsIn::<Test>::contains_key(CAMPAIGN, key));
        assert!(SubmissionsOf::<Test>::contains_key(ALICE, key));
        assert!(PendingIn::<Test>::contains_key(CAMPAIGN, key));
        assert_eq!(PendingOf::<Test>::get(CAMPAIGN, ALICE).to_vec(), [FIRST]);
        assert_eq!(Trees::<Test>::get(CAMPAIGN).unwrap().pending, 1);
        assert_eq!(Due::<Test>::get(reveal_by + 1).to_vec(), [FIRST]);
        assert_eq!(NextNode::<Test>::get(), FIRST + 1);
        assert_eq!((free(ALICE), held(ALICE)), (BALANCE - DEPOSIT, DEPOSIT));
        assert_eq!(Reserves::get(CAMPAIGN).unwrap().set_aside, ASSAY_PRICE);
    });
}

#[test]
fn commit_builds_on_accepted_gradients() {
    build_and_execute(|| {
        let node = accepted(ALICE, ROOT, gradient(1), 900);
        assert_ok!(commit(BOB, node, gradient(2)));
    });
}

#[test]
fn commit_fails_when_not_signed() {
    build_and_execute(|| {
        let hash = H256::repeat_byte(9);
        assert_noop!(
            Gradients::commit(RuntimeOrigin::root(), CAMPAIGN, ROOT, hash),
            BadOrigin
        );
    });
}

#[test]
fn commit_fails_when_the_parent_is_unknown() {
    build_and_execute(|| {
        assert_noop!(commit(ALICE, 99, gradient(1)), Error::UnknownParent);
        // A submission is no node before it is accepted.
        let pending = submit(ALICE, ROOT, gradient(1));
        assert_noop!(commit(BOB, pending, gradient(2)), Error::UnknownParent);
    });
}

#[test]
fn commit_fails_when_the_parent_is_of_another_campaign() {
    build_and_execute(|| {
        assert_noop!(
            commit(ALICE, OTHER_ROOT, gradient(1)),
            Error::ParentOfOtherCampaign
        );
    });
}

#[test]
fn commit_fails_when_the_path_is_too_long() {
    build_and_execute(|| {
        let mut parent = ROOT;
        for step in 1..=MAX_DEPTH as u8 {
            parent = accepted(ALICE, parent, gradient(step), START - 10 * u64::from(step));
        }
        assert_noop!(commit(ALICE, parent, gradient(9)), Error::TooDeep);
    });
}

#[test]
fn commit_fails_when_the_campaign_takes_none() {
    build_and_execute(|| {
        Closing::insert(CAMPAIGN, ());
        let closed = sp_runtime::DispatchError::from("closed");
        assert_noop!(commit(ALICE, ROOT, gradient(1)), closed);
    });
}

#[test]
fn commit_fails_when_the_reputation_is_too_low() {
    build_and_execute(|| {
        MinimumReputation::set(1);
        assert_noop!(commit(ALICE, ROOT, gradient(1)), Error::ReputationTooLow);
        FakeReputations::note(&ALICE, Deed::Accepted(1));
        assert_ok!(commit(ALICE, ROOT, gradient(1)));
    });
}

#[test]
fn commit_fails_when_the_account_has_too_many_pending() {
    build_and_execute(|| {
        for seed in 0..MAX_PENDING_PER_ACCOUNT as u8 {
            assert_ok!(commit(ALICE, ROOT, gradient(seed)));
        }
        assert_noop!(commit(ALICE, ROOT, gradient(9)), Error::TooManyPending);
        assert_ok!(commit(BOB, ROOT, gradient(9)));
        // The limit is one for each campaign.
        let hash = H256::repeat_byte(9);
        let alice = RuntimeOrigin::signed(ALICE);
        MaxDuePerBlock::set(8);
        assert_ok!(Gradients::commit(alice, OTHER_CAMPAIGN, OTHER_ROOT, hash));
    });
}

#[test]
fn commit_fails_when_the_campaign_is_busy() {
    build_and_execute(|| {
        MaxDuePerBlock::set(8);
        for seed in 0..MAX_PENDING_PER_CAMPAIGN as u8 {
            let who = [ALICE, BOB, CAROL][usize::from(seed) % 3];
            assert_ok!(commit(who, ROOT, gradient(seed)));
        }
        assert_noop!(commit(ALICE, ROOT, gradient(9)), Error::CampaignBusy);
        // There is room again as soon as one is decided.
        next_block();
        reveal(ALICE, FIRST, gradient(0)).unwrap();
        improve(FIRST, 900, model(1));
        assert_ok!(commit(ALICE, ROOT, gradient(9)));
    });
}

#[test]
fn commit_fails_when_the_commitment_is_pending() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        assert_noop!(commit(ALICE, ROOT, gradient(1)), Error::CommitmentReused);
        run_to(10);
        assert_eq!(state(id), SubmissionState::NotRevealed);
        assert_ok!(commit(ALICE, ROOT, gradient(1)));
    });
}

#[test]
fn commit_fails_when_the_deposit_cannot_be_paid() {
    build_and_execute(|| {
        assert_noop!(
            commit(POOR, ROOT, gradient(1)),
            TokenError::FundsUnavailable
        );
        BaseDeposit::set(u128::MAX);
        assert_noop!(commit(ALICE, ROOT, gradient(1)), ArithmeticError::Overflow);
    });
}

#[test]
fn commit_fails_when_the_reserve_is_exhausted() {
    build_and_execute(|| {
        let reserve = Reserves::get(CAMPAIGN).unwrap();
        FakeCampaigns::set_assay_aside(CAMPAIGN, reserve.free).unwrap();
        let exhausted = sp_runtime::DispatchError::from("reserve exhausted");
        assert_noop!(commit(ALICE, ROOT, gradient(1)), exhausted);
        FakeCampaigns::put_assay_back(CAMPAIGN, reserve.free);
    });
}

#[test]
fn commit_fails_when_the_agenda_is_full() {
    build_and_execute(|| {
        MaxDuePerBlock::set(0);
        assert_noop!(commit(ALICE, ROOT, gradient(1)), Error::AgendaFull);
    });
}

#[test]
fn commit_costs_a_proven_account_less() {
    build_and_execute(|| {
        for _ in 0..8 {
            FakeReputations::note(&ALICE, Deed::Accepted(1));
        }
        commit(ALICE, ROOT, gradient(1)).unwrap();
        assert_eq!(held(ALICE), BASE / 2 + ASSAY_PRICE);
    });
}
