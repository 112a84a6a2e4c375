//! What runtime APIs read. Lists start at `from` (included) and hold at most `limit`, and never more
//! than [`MAX_PAGE`], items; a page costs the same wherever it starts.

use crate::{
    Branches, CommitmentQuote, Commitments, Config, ModelOf, Models, ModelsIn, OrderedId, Pallet,
    RoundFor, Rounds, RoundsIn, SubmissionOf, Submissions, SubmissionsOf,
};
use alloc::vec::Vec;
use codec::FullCodec;
use frame_support::storage::IterableStorageDoubleMap;
use frame_system::pallet_prelude::BlockNumberFor;
use sonar_primitives::{
    api::{QuoteRefused, MAX_PAGE},
    traits::Campaigns,
    Balance, CampaignId, ModelId, RoundId, SubmissionId,
};

impl<T: Config> Pallet<T> {
    /// The models of a campaign, roots included, in the order of numbers.
    pub fn models_of(
        campaign: CampaignId,
        from: ModelId,
        limit: u32,
    ) -> Vec<(ModelId, ModelOf<T>)> {
        page::<ModelsIn<T>, _, _>(campaign, from, limit, Models::<T>::get)
    }

    /// The rounds of a campaign, decided ones included, in the order of numbers.
    pub fn rounds_of(
        campaign: CampaignId,
        from: RoundId,
        limit: u32,
    ) -> Vec<(RoundId, RoundFor<T>)> {
        page::<RoundsIn<T>, _, _>(campaign, from, limit, Rounds::<T>::get)
    }

    /// The submissions of a round, in the order of commitments from place `from` on.
    pub fn submissions_in(
        round: RoundId,
        from: u32,
        limit: u32,
    ) -> Vec<(SubmissionId, SubmissionOf<T>)> {
        Commitments::<T>::get(round)
            .into_iter()
            .skip(from as usize)
            .take(limit.min(MAX_PAGE) as usize)
            .filter_map(|id| Submissions::<T>::get(id).map(|submission| (id, submission)))
            .collect()
    }

    /// The submissions of an account that are not forgotten yet, in the order of numbers.
    pub fn submissions_of(
        account: &T::AccountId,
        from: SubmissionId,
        limit: u32,
    ) -> Vec<(SubmissionId, SubmissionOf<T>)> {
        page::<SubmissionsOf<T>, _, _>(account.clone(), from, limit, Submissions::<T>::get)
    }

    /// What a commitment of `account` on a root would need in this block. Fails if none would be
    /// taken.
    pub fn quote(
        account: &T::AccountId,
        root: ModelId,
    ) -> Result<CommitmentQuote<Balance, BlockNumberFor<T>>, QuoteRefused> {
        let campaign = Models::<T>::get(root)
            .ok_or(QuoteRefused::UnknownRoot)?
            .campaign;
        let branch = Branches::<T>::get(campaign, root).ok_or(QuoteRefused::UnknownRoot)?;
        let best = Models::<T>::get(branch.best).ok_or(QuoteRefused::UnknownRoot)?;
        let terms = T::Campaigns::commit_terms(campaign, root, account)
            .map_err(|_| QuoteRefused::NotOpen)?;
        let base = T::Campaigns::assay_base(campaign, root).ok_or(QuoteRefused::UnknownCampaign)?;
        let (id, round) = match Self::round_that_takes(root) {
            Some((id, round)) => (Some(id), round),
            None => (None, Self::new_round(campaign, root, &terms)),
        };
        let window = (round.closes, round.reveals_end);
        let fee = Self::booking_fee(window, terms.max_gradient_size)
            .ok_or(QuoteRefused::RevealsBookedUp)?;
        let place = Self::next_place(&round, &terms).map_err(|_| QuoteRefused::RoundFull)?;
        Ok(CommitmentQuote {
            deposit: Self::base_deposit(account, terms.base_deposit),
            part: Self::part_to_hold(&round, place, &terms),
            fee,
            accepted_up_to: best.error.checked_sub(base.minimum_step),
            best: branch.best,
            round: id,
            closes: round.closes,
        })
    }
}

/// At most `limit` items of the list that `Index` keeps under `key`, from number `from` on.
fn page<Index, Key, Item>(
    key: Key,
    from: u64,
    limit: u32,
    get: impl Fn(u64) -> Option<Item>,
) -> Vec<(u64, Item)>
where
    Index: IterableStorageDoubleMap<Key, OrderedId, ()>,
    Key: FullCodec + Clone,
{
    // A list is continued behind a key, which need not be there.
    let keys = match from.checked_sub(1) {
        None => Index::iter_key_prefix(key),
        Some(last) => {
            let last = Index::hashed_key_for(key.clone(), OrderedId::from(last));
            Index::iter_key_prefix_from(key, last)
        }
    };
    keys.take(limit.min(MAX_PAGE) as usize)
        .map(u64::from)
        .filter_map(|id| get(id).map(|item| (id, item)))
        .collect()
}
