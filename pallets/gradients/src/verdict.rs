//! What an assay's end does to a round.

use crate::{
    judged::{Judged, RevealedGradient, TaskOf},
    Config, Event, ModelOf, Pallet, RoundFor, WeightInfo, LOG_TARGET,
};
use alloc::vec::Vec;
use frame_support::weights::Weight;
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    assay::{AcceptedRound, AssayKind, AssayRequest, RoundVerdict, Verdict},
    round::{RoundState, MAX_COMMITMENTS},
    submission::SubmissionState,
    traits::{AssaySubjects, Blobs, Campaigns},
    tree::{Contributor, ModelOrigin},
    ModelId, RoundId,
};

impl<T: Config> AssaySubjects<T::AccountId, BlockNumberFor<T>> for Pallet<T> {
    fn work(task: &TaskOf<T>) -> Option<AssayRequest> {
        Self::awaited(task)?.request()
    }

    fn decided(task: &TaskOf<T>, verdict: &Verdict, payees: &[T::AccountId]) {
        let Some(judged) = Self::awaited(task) else {
            return;
        };
        let id = task.id;
        if !Self::is_judged(task.campaign) {
            Self::end_without_model(id, judged.round, RoundState::Dissolved);
            return;
        }
        let keeps_rules = |verdict: &RoundVerdict| {
            verdict.keeps_rules(
                judged.round.reveals,
                judged.round.seats,
                judged.best.1.error,
                judged.base.minimum_step,
            )
        };
        match verdict {
            Verdict::Round(verdict) if keeps_rules(verdict) => {
                Self::judge(id, judged, verdict, payees)
            }
            _ => {
                log::error!(target: LOG_TARGET, "the verdict on round {id} breaks the rules");
                Self::end_without_model(id, judged.round, RoundState::NoQuorum);
            }
        }
    }

    fn undecided(task: &TaskOf<T>) {
        if let Some(judged) = Self::awaited(task) {
            Self::end_without_model(task.id, judged.round, RoundState::NoQuorum);
        }
    }

    fn weight_of_decision(_: AssayKind, payees: u32) -> Weight {
        T::WeightInfo::decided(MAX_COMMITMENTS, payees)
            .saturating_add(T::Campaigns::weight_of_round_decided())
    }
}

impl<T: Config> Pallet<T> {
    /// Does what a verdict that keeps the rules says.
    fn judge(id: RoundId, judged: Judged<T>, verdict: &RoundVerdict, payees: &[T::AccountId]) {
        let Judged {
            round,
            best,
            revealed,
            ..
        } = judged;
        let campaign = round.campaign;
        Self::pay_assay(&round, &revealed, payees);
        let model = verdict
            .accepted
            .as_ref()
            .map(|accepted| merged::<T>(&round, best.0, accepted, &revealed));
        for (place, revealed) in revealed.into_iter().enumerate() {
            let malformed = verdict.malformed.iter().any(|of| usize::from(*of) == place);
            let contributor = model
                .as_ref()
                .and_then(|model| model.contributor(revealed.id));
            Self::conclude_judged(id, revealed, malformed, contributor);
        }

        let accepted = model.as_ref().map(|model| model.error);
        let state = match accepted {
            Some(_) => RoundState::Accepted,
            None => RoundState::NotImproved,
        };
        Self::close_books(id, round, state);
        match model {
            Some(model) => Self::grow(id, model),
            None => Self::deposit_event(Event::RoundEnded {
                campaign,
                round: id,
                state,
            }),
        }
        // Before the next round is seen to: the campaign may be over.
        T::Campaigns::round_decided(campaign, accepted);
        Self::see_to_next(campaign);
    }

    /// Ends a submission that was judged, and paid for. Its gradient stays pinned if the model is made
    /// of it.
    fn conclude_judged(
        round: RoundId,
        revealed: RevealedGradient<T>,
        malformed: bool,
        contributor: Option<&Contributor<T::AccountId>>,
    ) {
        let RevealedGradient {
            id,
            submission,
            gradient,
            ..
        } = revealed;
        let state = match contributor {
            Some(contributor) => SubmissionState::Contributed {
                model: round,
                share: contributor.share,
            },
            None if malformed => {
                Self::deposit_event(Event::Malformed {
                    campaign: submission.campaign,
                    submission: id,
                });
                SubmissionState::Malformed
            }
            None => SubmissionState::NotContributed,
        };
        if !contributor.is_some_and(|contributor| contributor.in_best_set) {
            T::Blobs::unpin(gradient);
        }
        Self::conclude(id, submission, state);
    }
}

/// The model that a verdict accepts.
fn merged<T: Config>(
    round: &RoundFor<T>,
    previous: ModelId,
    accepted: &AcceptedRound,
    revealed: &[RevealedGradient<T>],
) -> ModelOf<T> {
    let contributors = accepted
        .seats
        .iter()
        .filter_map(|seat| {
            let revealed = revealed.get(usize::from(seat.place))?;
            let in_best_set = accepted.best_set.contains(&seat.place);
            (seat.share > 0 || in_best_set).then(|| Contributor {
                submission: revealed.id,
                account: revealed.submission.account.clone(),
                base: revealed.base,
                gradient: revealed.gradient,
                share: seat.share,
                in_best_set,
            })
        })
        .collect::<Vec<_>>();
    ModelOf::<T> {
        campaign: round.campaign,
        root: round.root,
        parameters: accepted.parameters,
        stored: false,
        error: accepted.error,
        former_record: None,
        origin: ModelOrigin::Merged {
            previous,
            with_previous: accepted.with_previous,
            // There are no more seats in a verdict.
            contributors: contributors.try_into().unwrap_or_default(),
        },
    }
}
