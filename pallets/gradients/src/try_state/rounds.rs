//! Rounds, what is booked for them, and the agenda.

use super::keys;
use crate::{
    Booked, Bookings, Commitments, Config, Due, DueItem, NextModel, OpenRound, OrderedId, Pallet,
    PendingRounds, RoundFor, Rounds, RoundsIn, Submissions, ToRebuild, Trees, BUCKET_BLOCKS,
};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::ensure;
use sonar_primitives::{
    round::RoundState,
    submission::{SubmissionKind, SubmissionState},
    RoundId,
};
use sp_runtime::{
    traits::{One, Saturating},
    DispatchError, SaturatedConversion,
};

impl<T: Config> Pallet<T> {
    pub(super) fn check_rounds() -> Result<(), DispatchError> {
        let now = frame_system::Pallet::<T>::block_number();
        let mut in_campaign = BTreeSet::new();
        let mut pending = BTreeSet::new();
        for (id, round) in Rounds::<T>::iter() {
            ensure!(
                id < NextModel::<T>::get(),
                "a round has a number not given out"
            );
            let key = (round.campaign, OrderedId::from(id));
            in_campaign.insert(key);
            ensure!(
                round.opened_at < round.closes && round.closes < round.reveals_end,
                "a round's blocks are out of order"
            );
            if round.state.is_decided() {
                ensure!(
                    OpenRound::<T>::get(round.root) != Some(id),
                    "a decided round is open"
                );
            } else {
                pending.insert(key);
                ensure!(
                    now >= round.closes || OpenRound::<T>::get(round.root) == Some(id),
                    "a round that takes commitments is not the open one of its root"
                );
                ensure!(
                    round.state == RoundState::Pending
                        || Self::lowest_pending(round.campaign) == Some(id),
                    "a round is measured before its turn"
                );
            }
            if Trees::<T>::contains_key(round.campaign) {
                Self::check_round(id, &round)?;
            }
        }
        for (root, id) in OpenRound::<T>::iter() {
            let round = Rounds::<T>::get(id).ok_or("an open round is not known")?;
            ensure!(round.root == root, "an open round is on another root");
        }
        ensure!(
            ToRebuild::<T>::iter_keys()
                .map(OrderedId::from)
                .collect::<BTreeSet<_>>()
                == pending.iter().map(|(_, id)| *id).collect(),
            "what is to be rebuilt is not noted for the undecided rounds"
        );
        ensure!(
            keys(RoundsIn::<T>::iter()) == in_campaign,
            "RoundsIn is not the list of rounds"
        );
        ensure!(
            keys(PendingRounds::<T>::iter()) == pending,
            "PendingRounds is not the list of undecided rounds"
        );
        Ok(())
    }

    fn check_round(id: RoundId, round: &RoundFor<T>) -> Result<(), DispatchError> {
        let commitments = Commitments::<T>::get(id);
        ensure!(
            !commitments.is_empty() && commitments.len() == round.commitments as usize,
            "a round's count of commitments is wrong"
        );
        let mut revealed = 0u32;
        for (index, submission) in commitments.into_iter().enumerate() {
            let submission =
                Submissions::<T>::get(submission).ok_or("a round has lost a submission")?;
            let SubmissionKind::Gradient {
                round: of, place, ..
            } = submission.kind
            else {
                return Err("a round has a proposal".into());
            };
            ensure!(
                of == id && usize::from(place) == index && submission.campaign == round.campaign,
                "a round's submission is another's"
            );
            ensure!(
                submission.state.is_pending() <= !round.state.is_decided(),
                "a submission of a decided round is pending"
            );
            ensure!(
                submission.state != SubmissionState::Committed || Bookings::<T>::contains_key(id),
                "nothing is booked for a submission that waits for its reveal"
            );
            if matches!(submission.state, SubmissionState::Revealed { .. }) {
                revealed = revealed.saturating_add(1);
            }
        }
        ensure!(
            round.state.is_decided() || revealed == round.reveals,
            "a round's count of reveals is wrong"
        );
        Ok(())
    }

    pub(super) fn check_bookings() -> Result<(), DispatchError> {
        let mut booked = BTreeMap::<u32, u32>::new();
        for (id, booking) in Bookings::<T>::iter() {
            let round = Rounds::<T>::get(id).ok_or("a round that is not known has booked")?;
            ensure!(
                round.state == RoundState::Pending,
                "a round that awaits no reveals has booked"
            );
            let mut commitments = 0u32;
            for (bucket, count) in booking.buckets {
                let start = bucket.saturating_mul(BUCKET_BLOCKS);
                ensure!(
                    start >= round.closes.saturated_into()
                        && start.saturating_add(BUCKET_BLOCKS)
                            <= round.reveals_end.saturated_into(),
                    "a booking is not in its round's window"
                );
                commitments = commitments.saturating_add(count);
                let bytes = booked.entry(bucket).or_default();
                *bytes = bytes.saturating_add(count.saturating_mul(booking.size));
            }
            ensure!(
                commitments == round.commitments,
                "a round has not booked for each of its commitments"
            );
        }
        ensure!(
            booked
                .values()
                .all(|bytes| *bytes <= Self::bytes_per_bucket()),
            "more is booked than may be"
        );
        ensure!(
            Booked::<T>::iter().collect::<BTreeMap<_, _>>() == booked,
            "what is booked is not the sum of bookings"
        );
        Ok(())
    }

    pub(super) fn check_agenda() -> Result<(), DispatchError> {
        let now = frame_system::Pallet::<T>::block_number();
        let mut last = BTreeMap::new();
        for (at, due) in Due::<T>::iter() {
            ensure!(at > now, "the agenda has a block that is over");
            ensure!(!due.is_empty(), "an empty list of the agenda is kept");
            for item in due {
                let known = last.entry(item).or_insert(at);
                *known = at.max(*known);
            }
        }
        let ends_after = |item, block| last.get(&item).is_some_and(|at| *at >= block);
        for id in Bookings::<T>::iter_keys() {
            let end = Rounds::<T>::get(id).map_or(now, |round| round.reveals_end);
            ensure!(
                end <= now || ends_after(DueItem::Round(id), end),
                "the end of a round's reveals is not on the agenda"
            );
        }
        for (id, submission) in Submissions::<T>::iter() {
            if let (SubmissionKind::Proposal { reveal_by }, SubmissionState::Committed) =
                (submission.kind, submission.state)
            {
                let end = reveal_by.saturating_add(One::one());
                ensure!(
                    end <= now || ends_after(DueItem::Proposal(id), end),
                    "the end of a proposal's time is not on the agenda"
                );
            }
        }
        Ok(())
    }
}
