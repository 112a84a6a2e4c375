//! Storing a model's parameters.

use crate::{Config, Error, Event, Models, Pallet};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use sonar_primitives::ModelId;
use sp_core::H256;
use sp_crypto_hashing::blake2_256;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_store_model(
        who: T::AccountId,
        id: ModelId,
        parameters: &[u8],
    ) -> DispatchResult {
        Models::<T>::try_mutate(id, |model| {
            let model = model.as_mut().ok_or(Error::<T>::UnknownModel)?;
            ensure!(!model.stored, Error::<T>::AlreadyStored);
            ensure!(
                model.parameters == H256(blake2_256(parameters)),
                Error::<T>::WrongParameters
            );
            Self::store_unbooked(&who, parameters)?;
            model.stored = true;
            Self::deposit_event(Event::ModelStored {
                campaign: model.campaign,
                model: id,
            });
            Ok(())
        })
    }
}
