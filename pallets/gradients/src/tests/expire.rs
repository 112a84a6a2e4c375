use crate::mock::*;
use frame_support::{
    assert_noop, assert_ok,
    traits::{fungible::Mutate, tokens::Preservation, Hooks},
    weights::Weight,
};
use sonar_primitives::tree::SubmissionState;
use sp_runtime::traits::BadOrigin;

/// The first block after the window of a commitment in block 1.
const OVER: u64 = 2 + REVEAL_WINDOW;

#[test]
fn expire_works() {
    build_and_execute(|| {
        // Room for one: the second is left to be expired by a call.
        MaxDuePerBlock::set(1);
        commit(ALICE, ROOT, gradient(1)).unwrap();
        let id = commit(BOB, ROOT, gradient(2)).unwrap();
        run_to(OVER);
        events();
        told();
        assert_ok!(Gradients::expire(RuntimeOrigin::signed(CAROL), id));

        assert_eq!(state(id), SubmissionState::NotRevealed);
        assert_eq!(
            events(),
            [Event::DepositLost {
                campaign: CAMPAIGN,
                submission: id
            }]
        );
        assert_eq!((free(BOB), held(BOB)), (BALANCE - DEPOSIT, 0));
        assert_eq!(free(TREASURY), BALANCE + 2 * DEPOSIT);
        assert_eq!(reputation(BOB).deposits_lost, 1);
        assert_eq!(told(), [Told::NothingPending(CAMPAIGN)]);
        // Its turn on the agenda comes and passes.
        run_to(OVER + 1);
        assert_eq!(free(TREASURY), BALANCE + 2 * DEPOSIT);
    });
}

#[test]
fn expire_fails_when_not_signed() {
    build_and_execute(|| {
        assert_noop!(Gradients::expire(RuntimeOrigin::none(), FIRST), BadOrigin);
    });
}

#[test]
fn expire_fails_when_the_submission_is_unknown() {
    build_and_execute(|| {
        let alice = RuntimeOrigin::signed(ALICE);
        assert_noop!(Gradients::expire(alice, FIRST), Error::UnknownSubmission);
    });
}

#[test]
fn expire_fails_when_the_window_is_open() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        run_to(OVER - 1);
        let bob = RuntimeOrigin::signed(BOB);
        assert_noop!(Gradients::expire(bob, id), Error::RevealWindowOpen);
    });
}

#[test]
fn expire_fails_when_revealed_or_decided() {
    build_and_execute(|| {
        let id = submit(ALICE, ROOT, gradient(1));
        run_to(OVER);
        let bob = || RuntimeOrigin::signed(BOB);
        assert_noop!(Gradients::expire(bob(), id), Error::AlreadyRevealed);
        improve(id, 900, model(1));
        assert_noop!(Gradients::expire(bob(), id), Error::AlreadyDecided);
    });
}

#[test]
fn the_chain_expires_by_itself() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        run_to(OVER - 1);
        assert!(state(id).is_pending());
        events();
        run_to(OVER);
        assert_eq!(state(id), SubmissionState::NotRevealed);
        assert_eq!(
            events(),
            [Event::DepositLost {
                campaign: CAMPAIGN,
                submission: id
            }]
        );
        assert_eq!(told(), [Told::NothingPending(CAMPAIGN)]);
    });
}

/// More windows end in one block than it can see to: later blocks do.
#[test]
fn a_full_agenda_delays() {
    build_and_execute(|| {
        MaxDuePerBlock::set(2);
        for seed in 0..3 {
            commit(ALICE, ROOT, gradient(seed)).unwrap();
        }
        run_to(OVER);
        assert_eq!(held(ALICE), DEPOSIT);
        run_to(OVER + 1);
        assert_eq!(held(ALICE), 0);
        assert_eq!(free(TREASURY), BALANCE + 3 * DEPOSIT);
    });
}

#[test]
fn a_block_weighs_what_was_due() {
    use crate::WeightInfo;
    build_and_execute(|| {
        commit(ALICE, ROOT, gradient(1)).unwrap();
        commit(BOB, ROOT, gradient(2)).unwrap();
        let idle: Weight = Gradients::on_initialize(OVER - 1);
        assert_eq!(idle, <() as WeightInfo>::expire_due(0));
        System::set_block_number(OVER);
        assert_eq!(
            Gradients::on_initialize(OVER),
            <() as WeightInfo>::expire_due(2)
        );
    });
}

/// A deposit below the existential deposit cannot go to an account that does not exist. It goes
/// back, and the submission ends.
#[test]
fn a_deposit_that_cannot_be_moved_goes_back() {
    build_and_execute(|| {
        Balances::transfer(&TREASURY, &OWNER, BALANCE, Preservation::Expendable).unwrap();
        commit(ALICE, ROOT, gradient(1)).unwrap();
        crate::Submissions::<Test>::mutate(FIRST, |submission| {
            // As if the base deposit had been next to nothing.
            submission.as_mut().unwrap().deposit = EXISTENTIAL_DEPOSIT - 1;
        });
        let rest = DEPOSIT - (EXISTENTIAL_DEPOSIT - 1);
        use frame_support::traits::{fungible::hold::Mutate as _, tokens::Precision};
        Balances::release(
            &crate::HoldReason::Submission.into(),
            &ALICE,
            rest,
            Precision::Exact,
        )
        .unwrap();
        run_to(OVER);
        assert_eq!(state(FIRST), SubmissionState::NotRevealed);
        assert_eq!((free(ALICE), free(TREASURY)), (BALANCE, 0));
    });
}
