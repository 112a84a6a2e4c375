//! Keeps the part of blocks that is meant for operations free for reveals.

use crate::{Call, Config, Error, Pallet, RevealAttempts, WeightInfo};
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::{fmt, marker::PhantomData};
use frame_support::{
    dispatch::{DispatchClass, DispatchInfo},
    pallet_prelude::{
        InvalidTransaction, TransactionSource, TransactionValidityError, ValidTransaction, Weight,
    },
    traits::{Contains, IsSubType},
    DefaultNoBound,
};
use scale_info::TypeInfo;
use sonar_primitives::SubmissionId;
use sp_runtime::traits::{
    AsSystemOriginSigner, DispatchInfoOf, Dispatchable, TransactionExtension, ValidateResult,
};

/// How often a reveal may be tried. What is booked is half of what blocks hold, so there is room for
/// two tries of everybody.
pub const MAX_REVEAL_ATTEMPTS: u8 = 2;

type CallOf<T> = <T as frame_system::Config>::RuntimeCall;

/// Lets a transaction of the operational class pass only if it is a reveal that passes all checks
/// that are cheap, or an operator's.
///
/// A reveal that comes before its round is closed is `Future`, one after its window or its
/// campaign, or after two tries, `Stale`; one of other bytes or with another salt `BadProof`, one of another account
/// `BadSigner`. Everything else of the operational class is refused with `Call`.
///
/// Encodes to nothing, and adds nothing to what is signed.
#[derive(Encode, Decode, DecodeWithMemTracking, DefaultNoBound, Clone, Eq, PartialEq, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct CheckReveal<T>(PhantomData<T>);

impl<T> fmt::Debug for CheckReveal<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("CheckReveal")
    }
}

impl<T> CheckReveal<T> {
    /// The extension; it has no parameters.
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Config + Send + Sync> TransactionExtension<CallOf<T>> for CheckReveal<T>
where
    CallOf<T>: Dispatchable<Info = DispatchInfo> + IsSubType<Call<T>>,
    T::RuntimeOrigin: AsSystemOriginSigner<T::AccountId>,
{
    const IDENTIFIER: &'static str = "CheckReveal";
    type Implicit = ();
    /// The submission that is revealed.
    type Val = Option<SubmissionId>;
    type Pre = ();

    fn weight(&self, call: &CallOf<T>) -> Weight {
        match call.is_sub_type() {
            Some(Call::reveal { gradient, .. }) => {
                T::WeightInfo::check_reveal(gradient.len() as u32)
            }
            _ => Weight::zero(),
        }
    }

    fn validate(
        &self,
        origin: T::RuntimeOrigin,
        call: &CallOf<T>,
        info: &DispatchInfoOf<CallOf<T>>,
        _len: usize,
        _self_implicit: Self::Implicit,
        _inherited_implication: &impl Encode,
        _source: TransactionSource,
    ) -> ValidateResult<Self::Val, CallOf<T>> {
        let valid = ValidTransaction::default();
        if let Some(Call::reveal {
            submission,
            salt,
            gradient,
        }) = call.is_sub_type()
        {
            let who = origin
                .as_system_origin_signer()
                .ok_or(InvalidTransaction::BadSigner)?;
            Pallet::<T>::check_attempt(who, *submission, salt, gradient)?;
            return Ok((valid, Some(*submission), origin));
        }
        let signer = origin.as_system_origin_signer();
        if info.class == DispatchClass::Operational && !signer.is_some_and(T::Operators::contains) {
            return Err(InvalidTransaction::Call.into());
        }
        Ok((valid, None, origin))
    }

    fn prepare(
        self,
        submission: Self::Val,
        _origin: &T::RuntimeOrigin,
        _call: &CallOf<T>,
        _info: &DispatchInfoOf<CallOf<T>>,
        _len: usize,
    ) -> Result<Self::Pre, TransactionValidityError> {
        // Counts even if the reveal fails then.
        if let Some(id) = submission {
            RevealAttempts::<T>::mutate(id, |attempts| *attempts = attempts.saturating_add(1));
        }
        Ok(())
    }
}

impl<T: Config> Pallet<T> {
    /// Whether a reveal may be tried now.
    fn check_attempt(
        who: &T::AccountId,
        id: SubmissionId,
        salt: &[u8; 32],
        gradient: &[u8],
    ) -> Result<(), InvalidTransaction> {
        if RevealAttempts::<T>::get(id) >= MAX_REVEAL_ATTEMPTS {
            return Err(InvalidTransaction::Stale);
        }
        match Self::check_reveal(who, id, salt, gradient) {
            Ok(_) => Ok(()),
            Err(Error::TooEarly) => Err(InvalidTransaction::Future),
            Err(
                Error::RevealWindowOver
                | Error::CampaignOver
                | Error::AlreadyRevealed
                | Error::AlreadyDecided,
            ) => Err(InvalidTransaction::Stale),
            Err(Error::NotSubmitter) => Err(InvalidTransaction::BadSigner),
            Err(Error::CommitmentMismatch) => Err(InvalidTransaction::BadProof),
            Err(_) => Err(InvalidTransaction::Call),
        }
    }
}
