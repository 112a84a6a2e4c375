//! Everybody's reputation.

use crate::{Config, Pallet, ReputationOf};
use sonar_primitives::{
    reputation::{Deed, Reputation},
    traits::Reputations,
};

impl<T: Config> Reputations<T::AccountId> for Pallet<T> {
    fn note(account: &T::AccountId, deed: Deed) {
        ReputationOf::<T>::mutate(account, |reputation| reputation.note(deed));
    }

    fn of(account: &T::AccountId) -> Reputation {
        ReputationOf::<T>::get(account)
    }
}
