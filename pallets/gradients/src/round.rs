//! Rounds: opened by a commitment, closed by block numbers, measured one after the other.

use crate::{
    commit::TermsFor, due, Bookings, Commitments, Config, DueItem, Error, Event, OpenRound,
    OrderedId, Pallet, PendingRounds, RoundFor, Rounds, RoundsIn, SubmissionOf, Submissions,
    ToRebuild, Trees, LOG_TARGET,
};
use alloc::vec::Vec;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult},
};
use sonar_primitives::{
    assay::AssayKind,
    round::{self, RoundState},
    submission::SubmissionState,
    traits::{AssayQueue, Campaigns, Phase},
    CampaignId, ModelId, RoundId, SubmissionId,
};
use sp_runtime::traits::{One, Saturating};

impl<T: Config> Pallet<T> {
    /// The round of a root that takes commitments now.
    pub(crate) fn round_that_takes(root: ModelId) -> Option<(RoundId, RoundFor<T>)> {
        let id = OpenRound::<T>::get(root)?;
        let round = Rounds::<T>::get(id)?;
        let now = frame_system::Pallet::<T>::block_number();
        (now < round.closes).then_some((id, round))
    }

    /// A round as it is when the first commitment opens it now.
    pub(crate) fn new_round(
        campaign: CampaignId,
        root: ModelId,
        terms: &TermsFor<T>,
    ) -> RoundFor<T> {
        let now = frame_system::Pallet::<T>::block_number();
        let closes = round::closes(now, terms.rounds.round_blocks, terms.deadline);
        RoundFor::<T> {
            campaign,
            root,
            opened_at: now,
            closes,
            reveals_end: closes.saturating_add(terms.rounds.reveal_window.into()),
            price: terms.price,
            seats: terms.rounds.seats,
            commitments: 0,
            reveals: 0,
            state: RoundState::Pending,
        }
    }

    /// Opens a round.
    pub(crate) fn open_round(
        campaign: CampaignId,
        root: ModelId,
        terms: &TermsFor<T>,
    ) -> Result<(RoundId, RoundFor<T>), DispatchError> {
        let id = Self::next_model();
        let round = Self::new_round(campaign, root, terms);
        Self::schedule_end_of_reveals(id, &round)?;
        Trees::<T>::try_mutate(campaign, |tree| {
            let tree = tree.as_mut().ok_or(Error::<T>::UnknownRoot)?;
            tree.pending = tree.pending.saturating_add(1);
            Ok::<_, DispatchError>(())
        })?;
        RoundsIn::<T>::insert(campaign, OrderedId::from(id), ());
        PendingRounds::<T>::insert(campaign, OrderedId::from(id), ());
        OpenRound::<T>::insert(root, id);
        Rounds::<T>::insert(id, round.clone());
        Self::deposit_event(Event::RoundOpened {
            campaign,
            round: id,
            root,
            closes: round.closes,
            reveals_end: round.reveals_end,
        });
        Ok((id, round))
    }

    fn schedule_end_of_reveals(id: RoundId, round: &RoundFor<T>) -> DispatchResult {
        ensure!(
            due::schedule::<T>(round.reveals_end, DueItem::Round(id)),
            Error::<T>::AgendaFull
        );
        Ok(())
    }

    /// Closes a round that takes commitments with the next block, and moves its reveal window and
    /// what is booked in it. Fails, having changed storage, if there is no room.
    pub(crate) fn close_with_next_block(id: RoundId, mut round: RoundFor<T>) -> DispatchResult {
        let next = frame_system::Pallet::<T>::block_number().saturating_add(One::one());
        if round.closes <= next {
            return Ok(());
        }
        let window = round.reveals_end.saturating_sub(round.closes);
        round.closes = next;
        round.reveals_end = next.saturating_add(window);
        if let Some(booking) = Self::unbook_bytes(id) {
            let window = (round.closes, round.reveals_end);
            Self::book_bytes(id, window, booking.size, round.commitments)?;
        }
        Self::schedule_end_of_reveals(id, &round)?;
        Rounds::<T>::insert(id, round);
        Ok(())
    }

    /// Whether the rounds of a campaign are (still) judged.
    pub(crate) fn is_judged(campaign: CampaignId) -> bool {
        matches!(
            T::Campaigns::phase(campaign),
            Some(Phase::Open | Phase::Judging)
        )
    }

    /// The round of a campaign that is decided next.
    pub(crate) fn lowest_pending(campaign: CampaignId) -> Option<RoundId> {
        PendingRounds::<T>::iter_key_prefix(campaign)
            .next()
            .map(RoundId::from)
    }

    pub(crate) fn do_advance(id: RoundId) -> Result<u32, DispatchError> {
        let round = Rounds::<T>::get(id).ok_or(Error::<T>::UnknownRound)?;
        ensure!(!round.state.is_decided(), Error::<T>::RoundDecided);
        Ok(Self::proceed(id).ok_or(Error::<T>::RoundNotReady)?)
    }

    /// Does what is due for a round. Returns how many submissions were looked at, of this round and of
    /// the next one; `None` if nothing was due.
    pub(crate) fn proceed(id: RoundId) -> Option<u32> {
        let round = Rounds::<T>::get(id).filter(|round| !round.state.is_decided())?;
        // First: who may not reveal any more loses nothing by it.
        if !Self::is_judged(round.campaign) {
            return Some(Self::dissolve(id, round));
        }
        let now = frame_system::Pallet::<T>::block_number();
        let mut done = None;
        if now >= round.reveals_end && Self::unbook_bytes(id).is_some() {
            Self::conclude_unrevealed(id);
            done = Some(round.commitments);
        }
        let waits = round.state == RoundState::Assaying || Self::takes_reveals(id);
        if waits || Self::lowest_pending(round.campaign) != Some(id) {
            return done;
        }
        let commitments = round.commitments;
        let others = if round.reveals == 0 {
            Self::end_without_model(id, round, RoundState::Empty)
        } else {
            Self::request_assay(id, round);
            0
        };
        Some(commitments.saturating_add(others))
    }

    /// Whether reveals of a round are awaited, now or once it is closed.
    fn takes_reveals(id: RoundId) -> bool {
        Bookings::<T>::contains_key(id)
    }

    /// Asks the assayers to measure a round whose turn it is, or asks again in the next block.
    fn request_assay(id: RoundId, round: RoundFor<T>) {
        let Some(subject) = Self::subject(id, &round) else {
            // Its campaign is judged, but has lost the root. The round goes back when it is over.
            log::error!(target: LOG_TARGET, "round {id} has nothing to be measured on");
            return;
        };
        let (campaign, reveals) = (round.campaign, round.reveals);
        if T::Assays::request(id, campaign, AssayKind::Round, subject).is_err() {
            // As many assays are pending as can be.
            due::schedule_next::<T>(DueItem::Round(id));
            return;
        }
        Rounds::<T>::insert(
            id,
            RoundFor::<T> {
                state: RoundState::Assaying,
                ..round
            },
        );
        Self::deposit_event(Event::RoundClosed {
            campaign,
            round: id,
            reveals,
        });
    }

    /// Ends a round that is not judged any more: everything goes back. Returns how many submissions
    /// were looked at.
    fn dissolve(id: RoundId, round: RoundFor<T>) -> u32 {
        if round.state == RoundState::Assaying {
            // Everything goes back: there is nothing to pay those from who have measured in vain.
            T::Assays::withdraw(id);
        }
        Self::unbook_bytes(id);
        round
            .commitments
            .saturating_add(Self::end_without_model(id, round, RoundState::Dissolved))
    }

    /// Ends a round without a model: what is still held goes back. Returns how many submissions of
    /// the next round were looked at.
    pub(crate) fn end_without_model(id: RoundId, round: RoundFor<T>, state: RoundState) -> u32 {
        let campaign = round.campaign;
        for (submission_id, submission) in Self::pending_submissions(id) {
            Self::conclude_returned(submission_id, submission);
        }
        Self::close_books(id, round, state);
        Self::deposit_event(Event::RoundEnded {
            campaign,
            round: id,
            state,
        });
        if state != RoundState::Dissolved {
            T::Campaigns::round_decided(campaign, None);
        }
        Self::see_to_next(campaign)
    }

    /// Notes that nothing more happens to a round.
    pub(crate) fn close_books(id: RoundId, round: RoundFor<T>, state: RoundState) {
        PendingRounds::<T>::remove(round.campaign, OrderedId::from(id));
        ToRebuild::<T>::remove(id);
        if OpenRound::<T>::get(round.root) == Some(id) {
            OpenRound::<T>::remove(round.root);
        }
        Trees::<T>::mutate(round.campaign, |tree| {
            if let Some(tree) = tree {
                tree.pending = tree.pending.saturating_sub(1);
            }
        });
        Rounds::<T>::insert(id, RoundFor::<T> { state, ..round });
    }

    /// After a round was decided: it is the next one's turn. One that ends without an assay waits for
    /// the next block, so that they end one by one. Returns how many submissions were looked at.
    pub(crate) fn see_to_next(campaign: CampaignId) -> u32 {
        let Some(next) = Self::lowest_pending(campaign) else {
            T::Campaigns::nothing_pending(campaign);
            return 0;
        };
        let Some(round) = Rounds::<T>::get(next) else {
            return 0;
        };
        let judged = Self::is_judged(campaign);
        if judged && Self::takes_reveals(next) {
            // Its last reveal, or the end of its window, goes on with it.
            return 0;
        }
        if judged && round.reveals > 0 {
            let commitments = round.commitments;
            Self::request_assay(next, round);
            return commitments;
        }
        due::schedule_next::<T>(DueItem::Round(next));
        0
    }

    /// The reveal window is over: what was not revealed is lost.
    fn conclude_unrevealed(id: RoundId) {
        for (submission_id, submission) in Self::pending_submissions(id) {
            if submission.state == SubmissionState::Committed {
                Self::conclude_not_revealed(submission_id, submission);
            }
        }
    }

    /// The submissions of a round that money is held for, in the order of commitments.
    pub(crate) fn pending_submissions(id: RoundId) -> Vec<(SubmissionId, SubmissionOf<T>)> {
        Commitments::<T>::get(id)
            .into_iter()
            .filter_map(|id| Some((id, Submissions::<T>::get(id)?)))
            .filter(|(_, submission)| submission.state.is_pending())
            .collect()
    }
}
