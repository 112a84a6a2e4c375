//! Everybody's reputation.

use crate::{Config, Pallet, ReputationOf};
use sonar_primitives::{
    reputation::{Reputation, ReputationChange},
    traits::Reputations,
};

impl<T: Config> Reputations<T::AccountId> for Pallet<T> {
    fn note(account: &T::AccountId, change: ReputationChange) {
        ReputationOf::<T>::mutate(account, |reputation| reputation.note(change));
    }

    fn of(account: &T::AccountId) -> Reputation {
        ReputationOf::<T>::get(account)
    }
}
