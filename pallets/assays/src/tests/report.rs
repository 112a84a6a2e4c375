use crate::{mock::*, Error, Event, Report, Reports, Tasks, DOMAIN};
use codec::Encode;
use frame_support::{
    assert_err, assert_noop, assert_ok, dispatch::GetDispatchInfo, traits::Authorize,
};
use proptest::prelude::*;
use sonar_primitives::{
    assay::{quorum, AssayKind, Malformed, Verdict},
    reputation::ReputationChange,
    traits::AssaySubjects,
    ModelId,
};
use sp_core::{Pair, H256};
use sp_runtime::{
    traits::BadOrigin,
    transaction_validity::{
        InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
    },
    DispatchError,
};

const MEASURED: Verdict = Verdict::Measured { error: 42 };
const MALFORMED: Verdict = Verdict::Malformed(Malformed::Parameters);

/// What the pool says of a report that this assayer signed.
fn authorize(signer: AccountId, report: Report<crate::crypto::AssayerId>) -> TransactionValidity {
    let signature = sign(signer, &report);
    let call = RuntimeCall::from(crate::Call::report { report, signature });
    call.authorize(TransactionSource::External)
        .expect("reports are authorized")
        .map(|(valid, _)| valid)
}

fn invalid(reason: InvalidTransaction) -> TransactionValidity {
    Err(TransactionValidityError::Invalid(reason))
}

/// Checks that a report is refused by the pool and, should it get into a block, there as well.
fn refused(
    report: Report<crate::crypto::AssayerId>,
    reason: InvalidTransaction,
    error: Error<Test>,
) {
    assert_eq!(authorize(ASSAYER, report.clone()), invalid(reason));
    let signature = sign(ASSAYER, &report);
    assert_noop!(
        Assays::report(
            frame_system::RawOrigin::Authorized.into(),
            report,
            signature
        ),
        error
    );
}

#[test]
fn report_decides_a_root() {
    build_and_execute(|| {
        assert_ok!(request(5, AssayKind::Root));
        take_events();
        assert!(authorize(ASSAYER, report_by(ASSAYER, 5, MEASURED)).is_ok());
        assert_ok!(report(ASSAYER, 5, MEASURED));
        assert_eq!(Decisions::get(), [(5, MEASURED, vec![ASSAYER])]);
        assert_eq!(Changes::get(), [(ASSAYER, ReputationChange::WithQuorum)]);
        assert_eq!(Tasks::<Test>::count(), 0);
        assert!(!Reports::<Test>::contains_key(5));
        assert_eq!(
            take_events(),
            [
                Event::Reported {
                    id: 5,
                    assayer: ASSAYER
                },
                Event::Decided {
                    id: 5,
                    campaign: CAMPAIGN,
                    kind: AssayKind::Root
                }
            ]
        );
    });
}

#[test]
fn report_decides_rounds_and_malformed_roots() {
    build_and_execute(|| {
        let cases = [
            (1, AssayKind::Round, accepted(41)),
            (2, AssayKind::Round, not_improved()),
            (3, AssayKind::Root, MALFORMED),
        ];
        for (id, kind, verdict) in cases.clone() {
            assert_ok!(request(id, kind));
            assert!(authorize(ASSAYER, report_by(ASSAYER, id, verdict.clone())).is_ok());
            assert_ok!(report(ASSAYER, id, verdict));
        }
        let expected = cases.map(|(id, _, verdict)| (id, verdict, vec![ASSAYER]));
        assert_eq!(Decisions::get(), expected);
    });
}

#[test]
fn report_counts_in_the_last_block() {
    build_and_execute(|| {
        assert_ok!(request(5, AssayKind::Root));
        run_to(1 + WINDOW);
        assert_ok!(report(ASSAYER, 5, MEASURED));
    });
}

#[test]
fn report_says_what_the_pool_needs() {
    build_and_execute_with(2, || {
        assert_ok!(request(5, AssayKind::Root));
        let valid = authorize(ASSAYER, report_by(ASSAYER, 5, MEASURED)).unwrap();
        assert_eq!((valid.priority, valid.longevity), (1_000, 8));
        assert!(valid.propagate && valid.requires.is_empty());
        // One place in the pool per assay and assayer, whatever the verdict and signature.
        let other = authorize(ASSAYER, report_by(ASSAYER, 5, MALFORMED)).unwrap();
        assert_eq!(valid.provides, other.provides);
        assert_eq!(valid.provides.len(), 1);
        let second = authorize(ASSAYER + 1, report_by(ASSAYER + 1, 5, MEASURED)).unwrap();
        assert_ne!(valid.provides, second.provides);

        let report = report_by(ASSAYER, 5, MEASURED);
        let signature = sign(ASSAYER, &report);
        let call = RuntimeCall::from(crate::Call::report { report, signature });
        let info = call.get_dispatch_info();
        let decision = Others::weight_of_decision(AssayKind::Root, MaxAssayers::get());
        assert_eq!(
            info.call_weight,
            <() as crate::WeightInfo>::report() + decision
        );
        assert_eq!(
            call.weight_of_authorize(),
            <() as crate::WeightInfo>::authorize_report()
        );
    });
}

#[test]
fn report_fails_when_not_authorized() {
    build_and_execute(|| {
        assert_ok!(request(5, AssayKind::Root));
        let report = report_by(ASSAYER, 5, MEASURED);
        let signature = sign(ASSAYER, &report);
        for origin in [
            RuntimeOrigin::none(),
            RuntimeOrigin::root(),
            RuntimeOrigin::signed(ASSAYER),
        ] {
            assert_noop!(
                Assays::report(origin, report.clone(), signature.clone()),
                BadOrigin
            );
        }
    });
}

#[test]
fn report_fails_when_nothing_is_pending() {
    build_and_execute(|| {
        refused(
            report_by(ASSAYER, 5, MEASURED),
            InvalidTransaction::Stale,
            Error::NothingToMeasure,
        );
        // Nor a second time, which is a replay.
        assert_ok!(request(5, AssayKind::Root));
        assert_ok!(report(ASSAYER, 5, MEASURED));
        refused(
            report_by(ASSAYER, 5, MEASURED),
            InvalidTransaction::Stale,
            Error::NothingToMeasure,
        );
        assert_eq!(Decisions::get().len(), 1);
    });
}

#[test]
fn report_fails_when_the_window_is_over() {
    build_and_execute(|| {
        assert_ok!(request(5, AssayKind::Root));
        System::set_block_number(2 + WINDOW);
        refused(
            report_by(ASSAYER, 5, MEASURED),
            InvalidTransaction::Stale,
            Error::WindowOver,
        );
        // The hook of this block was not run.
        crate::Due::<Test>::remove(2 + WINDOW);
    });
}

#[test]
fn report_fails_when_it_is_about_something_else() {
    build_and_execute(|| {
        assert_ok!(request(5, AssayKind::Root));
        let report = report_by(ASSAYER, 5, MEASURED);
        refused(
            Report {
                subject: H256::zero(),
                ..report
            },
            InvalidTransaction::Call,
            Error::OtherSubject,
        );
    });
}

#[test]
fn report_fails_when_the_verdict_does_not_fit() {
    build_and_execute(|| {
        assert_ok!(request(1, AssayKind::Root));
        assert_ok!(request(2, AssayKind::Round));
        for (id, verdict) in [
            (1, accepted(41)),
            (1, not_improved()),
            (2, MEASURED),
            (2, MALFORMED),
        ] {
            refused(
                report_by(ASSAYER, id, verdict),
                InvalidTransaction::Call,
                Error::WrongVerdict,
            );
        }
    });
}

#[test]
fn report_fails_when_not_an_assayer() {
    build_and_execute(|| {
        assert_ok!(request(5, AssayKind::Root));
        refused(
            report_by(50, 5, MEASURED),
            InvalidTransaction::BadSigner,
            Error::NotAnAssayer,
        );
    });
}

#[test]
fn report_fails_when_reported() {
    build_and_execute_with(4, || {
        assert_ok!(request(5, AssayKind::Root));
        assert_ok!(report(ASSAYER, 5, MEASURED));
        for verdict in [MEASURED, MALFORMED] {
            refused(
                report_by(ASSAYER, 5, verdict),
                InvalidTransaction::Stale,
                Error::AlreadyReported,
            );
        }
    });
}

#[test]
fn a_signature_is_bound_to_key_report_and_chain() {
    build_and_execute(|| {
        assert_ok!(request(5, AssayKind::Root));
        assert_ok!(request(6, AssayKind::Root));
        let bad_proof = invalid(InvalidTransaction::BadProof);
        let report = report_by(ASSAYER, 5, MEASURED);
        // Another's signature.
        assert_eq!(authorize(50, report.clone()), bad_proof);

        let with = |report: Report<_>, signature| {
            RuntimeCall::from(crate::Call::report { report, signature })
                .authorize(TransactionSource::External)
                .unwrap()
                .map(|(valid, _)| valid)
        };
        let signature = sign(ASSAYER, &report);
        assert!(with(report.clone(), signature.clone()).is_ok());
        // A signature on another verdict, or for another assay.
        let other = report_by(ASSAYER, 5, Verdict::Measured { error: 43 });
        assert_eq!(with(other, signature.clone()), bad_proof);
        assert_eq!(with(report_by(ASSAYER, 6, MEASURED), signature), bad_proof);
        // One for another chain, and one without the domain.
        let genesis = System::block_hash(0);
        let there = pair(ASSAYER).sign(&report.payload(&H256::repeat_byte(1)));
        assert_eq!(with(report.clone(), there), bad_proof);
        let plain = pair(ASSAYER).sign(&(genesis, &report).encode());
        assert_eq!(with(report.clone(), plain), bad_proof);
        assert_eq!(
            report.payload(&genesis),
            (DOMAIN, genesis, &report).encode()
        );
    });
}

#[test]
fn more_than_two_thirds_decide() {
    build_and_execute_with(4, || {
        assert_ok!(request(5, AssayKind::Round));
        assert_ok!(report(4, 5, accepted(41)));
        assert_ok!(report(2, 5, not_improved()));
        assert_ok!(report(1, 5, accepted(41)));
        assert!(Decisions::get().is_empty());
        assert_ok!(report(3, 5, accepted(41)));
        // Payees in the order of their registration.
        assert_eq!(Decisions::get(), [(5, accepted(41), vec![1, 3, 4])]);
        assert_eq!(
            Changes::get(),
            [
                (1, ReputationChange::WithQuorum),
                (2, ReputationChange::AgainstQuorum),
                (3, ReputationChange::WithQuorum),
                (4, ReputationChange::WithQuorum)
            ]
        );
    });
}

#[test]
fn equal_means_equal_to_the_last_unit() {
    build_and_execute_with(2, || {
        assert_ok!(request(5, AssayKind::Root));
        assert_ok!(report(1, 5, Verdict::Measured { error: 42 }));
        assert_ok!(report(2, 5, Verdict::Measured { error: 43 }));
        assert!(Decisions::get().is_empty());
        run_to(2 + WINDOW);
        assert_eq!(Undecided::get(), [5]);
        assert!(Changes::get().is_empty());
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever verdicts come in whatever order, exactly the first to reach a quorum decides, once.
    #[test]
    fn the_first_quorum_decides(
        assayers in 1..=7u64,
        reports in prop::collection::vec((1..=7u64, 1..=2u64), 0..20),
    ) {
        build_and_execute_with(assayers, || {
            let id: ModelId = 5;
            assert_ok!(request(id, AssayKind::Root));
            let mut given = std::collections::BTreeMap::new();
            let mut expected = None;
            for (account, error) in reports {
                let result = report(account, id, Verdict::Measured { error });
                let refusal = |error: Error<Test>| Err(DispatchError::from(error));
                if expected.is_some() {
                    assert_eq!(result, refusal(Error::NothingToMeasure));
                } else if account > assayers {
                    assert_eq!(result, refusal(Error::NotAnAssayer));
                } else if given.iter().any(|(reporter, _)| *reporter == account) {
                    assert_err!(result, Error::<Test>::AlreadyReported);
                } else {
                    assert_ok!(result);
                    given.insert(account, error);
                    let agreeing: Vec<_> = given
                        .iter()
                        .filter(|(_, other)| **other == error)
                        .map(|(account, _)| *account)
                        .collect();
                    if agreeing.len() as u32 >= quorum(assayers as u32) {
                        expected = Some((id, Verdict::Measured { error }, agreeing));
                    }
                }
                Assays::do_try_state().unwrap();
            }
            assert_eq!(Decisions::get(), expected.into_iter().collect::<Vec<_>>());
            assert_eq!(
                Changes::get().len(),
                if Decisions::get().is_empty() { 0 } else { given.len() }
            );
        });
    }
}
