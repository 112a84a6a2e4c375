//! What may use the part of a block that is kept for operations.

use crate::{mock::*, CheckReveal, RevealAttempts, MAX_REVEAL_ATTEMPTS};
use codec::Encode;
use frame_support::{
    dispatch::{DispatchClass, DispatchInfo, GetDispatchInfo},
    pallet_prelude::{InvalidTransaction, TransactionSource, TransactionValidityError},
};
use sonar_primitives::{traits::Phase, SubmissionId};
use sp_runtime::traits::{DispatchTransaction, TransactionExtension};

fn reveal_call(submission: SubmissionId, bytes: Vec<u8>) -> RuntimeCall {
    RuntimeCall::Gradients(crate::Call::reveal {
        submission,
        salt: SALT,
        gradient: bytes,
    })
}

/// What the pool says of it.
fn validate(who: AccountId, call: &RuntimeCall) -> Result<(), InvalidTransaction> {
    validate_as(RuntimeOrigin::signed(who), call, &call.get_dispatch_info())
}

fn validate_as(
    origin: RuntimeOrigin,
    call: &RuntimeCall,
    info: &DispatchInfo,
) -> Result<(), InvalidTransaction> {
    CheckReveal::<Test>::new()
        .validate_only(origin, call, info, 0, TransactionSource::External, 0)
        .map(drop)
        .map_err(|error| match error {
            TransactionValidityError::Invalid(reason) => reason,
            TransactionValidityError::Unknown(_) => panic!("it is known"),
        })
}

/// Puts it into a block. Returns whether the call succeeded.
fn apply(who: AccountId, call: RuntimeCall) -> Result<bool, TransactionValidityError> {
    let info = call.get_dispatch_info();
    CheckReveal::<Test>::new()
        .dispatch_transaction(RuntimeOrigin::signed(who), call, &info, 0, 0)
        .map(|result| result.is_ok())
}

#[test]
fn a_reveal_passes_in_its_window_only() {
    build_and_execute(|| {
        let id = commit(ALICE, 1);
        let call = reveal_call(id, gradient(1));
        assert_eq!(validate(ALICE, &call), Err(InvalidTransaction::Future));
        run_to(round(FIRST).closes - 1);
        assert_eq!(validate(ALICE, &call), Err(InvalidTransaction::Future));
        next_block();
        assert_eq!(validate(ALICE, &call), Ok(()));
        run_to(round(FIRST).reveals_end - 1);
        assert_eq!(validate(ALICE, &call), Ok(()));
        next_block();
        assert_eq!(validate(ALICE, &call), Err(InvalidTransaction::Stale));
    });
}

#[test]
fn only_what_was_committed_to_passes() {
    build_and_execute(|| {
        let id = commit(ALICE, 1);
        commit(BOB, 2);
        let proposal = commit_proposal(ALICE, 1).unwrap();
        to_reveals(FIRST);
        let cases = [
            (BOB, id, gradient(1), InvalidTransaction::BadSigner),
            (ALICE, id, gradient(2), InvalidTransaction::BadProof),
            (ALICE, 99, gradient(1), InvalidTransaction::Call),
            (ALICE, proposal, gradient(1), InvalidTransaction::Call),
        ];
        for (who, id, bytes, reason) in cases {
            assert_eq!(validate(who, &reveal_call(id, bytes)), Err(reason));
        }
        let long = vec![0; max_gradient_size() as usize + 1];
        assert_eq!(
            validate(ALICE, &reveal_call(id, long)),
            Err(InvalidTransaction::Call)
        );
        let call = reveal_call(id, gradient(1));
        let info = call.get_dispatch_info();
        for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
            assert_eq!(
                validate_as(origin, &call, &info),
                Err(InvalidTransaction::BadSigner)
            );
        }
        assert_eq!(validate(ALICE, &call), Ok(()));
        reveal(ALICE, id, 1).unwrap();
        assert_eq!(validate(ALICE, &call), Err(InvalidTransaction::Stale));
    });
}

/// The hash is the last thing that is looked at, and what is too long is not hashed at all: a
/// commitment to too many bytes does not pass although they match it.
#[test]
fn more_bytes_than_are_booked_do_not_pass() {
    build_and_execute(|| {
        let long = vec![0; max_gradient_size() as usize + 1];
        let id = commit_to(ALICE, CAMPAIGN, ROOT, ROOT, &long).unwrap();
        to_reveals(FIRST);
        assert_eq!(
            validate(ALICE, &reveal_call(id, long)),
            Err(InvalidTransaction::Call)
        );
    });
}

/// A reveal that passes the cheap checks and fails then cannot be repeated for ever.
#[test]
fn a_reveal_into_a_campaign_that_is_over_costs_no_fee() {
    build_and_execute(|| {
        let id = commit(ALICE, 1);
        to_reveals(FIRST);
        let call = reveal_call(id, gradient(1));
        set_phase(CAMPAIGN, Some(Phase::Dissolving));
        assert_eq!(validate(ALICE, &call), Err(InvalidTransaction::Stale));
        set_phase(CAMPAIGN, Some(Phase::Judging));
        assert_eq!(validate(ALICE, &call), Ok(()));
    });
}

#[test]
fn a_reveal_can_be_tried_twice() {
    build_and_execute(|| {
        let junk = b"not a gradient".to_vec();
        let id = commit_to(ALICE, CAMPAIGN, ROOT, ROOT, &junk).unwrap();
        to_reveals(FIRST);
        let call = reveal_call(id, junk);
        for attempt in 1..=MAX_REVEAL_ATTEMPTS {
            assert_eq!(validate(ALICE, &call), Ok(()));
            assert_eq!(apply(ALICE, call.clone()), Ok(false));
            assert_eq!(RevealAttempts::<Test>::get(id), attempt);
        }
        assert_eq!(validate(ALICE, &call), Err(InvalidTransaction::Stale));
        let refused = TransactionValidityError::from(InvalidTransaction::Stale);
        assert_eq!(apply(ALICE, call), Err(refused));
        to_end(FIRST);
        assert!(!RevealAttempts::<Test>::contains_key(id));
    });
}

#[test]
fn a_reveal_in_a_block_is_done() {
    build_and_execute(|| {
        let id = commit(ALICE, 1);
        to_reveals(FIRST);
        assert_eq!(apply(ALICE, reveal_call(id, gradient(1))), Ok(true));
        assert_eq!(round(FIRST).reveals, 1);
        assert!(!RevealAttempts::<Test>::contains_key(id));
    });
}

#[test]
fn nothing_else_is_operational() {
    build_and_execute(|| {
        let operational = DispatchInfo {
            class: DispatchClass::Operational,
            ..Default::default()
        };
        let remark = RuntimeCall::System(frame_system::Call::remark { remark: vec![] });
        for origin in [RuntimeOrigin::signed(ALICE), RuntimeOrigin::none()] {
            assert_eq!(
                validate_as(origin, &remark, &operational),
                Err(InvalidTransaction::Call)
            );
        }
        assert_eq!(validate(ALICE, &remark), Ok(()));
        // Unless it is an operator's.
        let owner = RuntimeOrigin::signed(OWNER);
        assert_eq!(validate_as(owner, &remark, &operational), Ok(()));
    });
}

#[test]
fn the_extension_encodes_to_nothing() {
    let extension = CheckReveal::<Test>::new();
    assert!(extension.encode().is_empty());
    assert_eq!(extension.implicit(), Ok(()));
    let call = reveal_call(0, vec![0; 1_000]);
    let longer = reveal_call(0, vec![0; 2_000]);
    let weight = |call| extension.weight(call).ref_time();
    assert!(0 < weight(&call) && weight(&call) < weight(&longer));
    let remark = RuntimeCall::System(frame_system::Call::remark { remark: vec![] });
    assert_eq!(weight(&remark), 0);
}
