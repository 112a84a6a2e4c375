//! Reports and what they decide.

use crate::{
    Assayer, Assayers, Config, Error, Event, Pallet, ReportOf, Reports, SignatureOf, TaskOf, Tasks,
    WeightInfo,
};
use alloc::vec::Vec;
use frame_support::{
    ensure,
    pallet_prelude::{
        DispatchResult, InvalidTransaction, TransactionValidityError, ValidTransaction,
    },
    traits::Get,
    weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    assay::{quorum, AssayKind, Verdict},
    reputation::ReputationChange,
    traits::{AssaySubjects, Reputations},
};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{traits::Zero, transaction_validity::TransactionValidityWithRefund};

/// A task and the assayer that reports on it.
type Checked<T> = (
    TaskOf<T>,
    Assayer<<T as frame_system::Config>::AccountId, <T as Config>::AssayerId>,
);

impl<T: Config> Pallet<T> {
    /// The bytes that the assayer of this report signs.
    pub(crate) fn payload(report: &ReportOf<T>) -> Vec<u8> {
        report.payload(&frame_system::Pallet::<T>::block_hash(
            BlockNumberFor::<T>::zero(),
        ))
    }

    /// Whether a report counts, its signature apart.
    fn check(report: &ReportOf<T>) -> Result<Checked<T>, Error<T>> {
        let task = Tasks::<T>::get(report.id).ok_or(Error::<T>::NothingToMeasure)?;
        ensure!(
            frame_system::Pallet::<T>::block_number() <= task.deadline,
            Error::<T>::WindowOver
        );
        ensure!(task.subject == report.subject, Error::<T>::OtherSubject);
        ensure!(report.verdict.kind() == task.kind, Error::<T>::WrongVerdict);
        let assayer = Assayers::<T>::get()
            .into_iter()
            .find(|assayer| assayer.key == report.assayer)
            .ok_or(Error::<T>::NotAnAssayer)?;
        ensure!(
            !Self::has_reported(&task, &assayer.account),
            Error::<T>::AlreadyReported
        );
        Ok((task, assayer))
    }

    pub(crate) fn has_reported(task: &TaskOf<T>, account: &T::AccountId) -> bool {
        Reports::<T>::get(task.id)
            .iter()
            .any(|(reporter, _)| reporter == account)
    }

    /// Whether a report may enter the pool, or a block, without a fee. The signature, which is the
    /// expensive part, is checked last.
    pub(crate) fn authorize_report(
        report: &ReportOf<T>,
        signature: &SignatureOf<T>,
    ) -> TransactionValidityWithRefund {
        let (task, assayer) = Self::check(report).map_err(|error| match error {
            Error::NothingToMeasure | Error::WindowOver | Error::AlreadyReported => {
                TransactionValidityError::from(InvalidTransaction::Stale)
            }
            Error::NotAnAssayer => InvalidTransaction::BadSigner.into(),
            _ => InvalidTransaction::Call.into(),
        })?;
        ensure!(
            report.assayer.verify(&Self::payload(report), signature),
            TransactionValidityError::from(InvalidTransaction::BadProof)
        );
        ValidTransaction::with_tag_prefix("SonarAssay")
            .priority(T::UnsignedPriority::get())
            .and_provides((task.id, assayer.account))
            .longevity(T::ReportLongevity::get())
            .propagate(true)
            .build()
            .map(|valid| (valid, Weight::zero()))
    }

    /// The most that a report weighs on an assay of this kind: it may decide.
    pub(crate) fn weight_of_report(kind: AssayKind) -> Weight {
        T::WeightInfo::report()
            .saturating_add(T::Subjects::weight_of_decision(kind, T::MaxAssayers::get()))
    }

    /// Counts an authorized report, and decides if it makes a quorum.
    pub(crate) fn count(report: ReportOf<T>) -> DispatchResult {
        let (task, assayer) = Self::check(&report)?;
        let reports = Reports::<T>::try_mutate(task.id, |reports| {
            reports
                .try_push((assayer.account.clone(), report.verdict.clone()))
                .map(|()| reports.clone())
                .map_err(|_| Error::<T>::SetFull)
        })?;
        Self::deposit_event(Event::Reported {
            id: task.id,
            assayer: assayer.account,
        });
        let agreeing = reports
            .iter()
            .filter(|(_, verdict)| *verdict == report.verdict)
            .count();
        if agreeing >= quorum(Assayers::<T>::decode_len().unwrap_or_default() as u32) as usize {
            Self::decide(task, &report.verdict, &reports);
        }
        Ok(())
    }

    fn decide(task: TaskOf<T>, verdict: &Verdict, reports: &[(T::AccountId, Verdict)]) {
        // Before anybody else gets to act on it.
        Self::take(task.id);
        let mut payees = Vec::new();
        for Assayer { account, .. } in Assayers::<T>::get() {
            if let Some((_, given)) = reports.iter().find(|(reporter, _)| *reporter == account) {
                let agrees = given == verdict;
                let change = if agrees {
                    ReputationChange::WithQuorum
                } else {
                    ReputationChange::AgainstQuorum
                };
                T::Reputations::note(&account, change);
                if agrees {
                    payees.push(account);
                }
            }
        }
        T::Subjects::decided(&task, verdict, &payees);
        Self::deposit_event(Event::Decided {
            id: task.id,
            campaign: task.campaign,
            kind: task.kind,
        });
    }
}
