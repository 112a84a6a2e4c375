//! # Payouts
//!
//! Splits what a campaign leaves into entitlements that can be claimed, and keeps everybody's
//! reputation.
//!
//! ## Terminology
//!
//! - **Settlement**: what a campaign that is over leaves to be split, and the rule for it.
//! - **Record step**: what one accepted round took the campaign's record down by, and whose it is.
//! - **Entitlement**: what one account gets from one campaign: *earned* for gradients that took the
//!   record down, *expertise* for proposals whose branches did, *refund* for what is returned.
//! - **Escrow**: the campaign's own account. Entitlements stay there until they are claimed.
//!
//! ## Life of an entitlement
//!
//! 1. A campaign settles ([`Payouts::settle`](sonar_primitives::traits::Payouts::settle)), in as many
//!    portions of record steps as it likes: the [rules](sonar_primitives::payout::split()) add to each
//!    account's entitlement. With the last portion what is not earned is refunded. No money moves, so no account can make a
//!    settlement fail.
//! 2. Once all is split, the account claims it ([`Pallet::claim`]), or anyone does so for it
//!    ([`Pallet::claim_for`]). The money always goes to the account itself. A transfer that fails
//!    (say, because it would create an account with less than the existential deposit) leaves the
//!    entitlement as it was, and affects nobody else's.
//! 3. Claimed entitlements stay readable until the campaign is forgotten.
//!
//! ## Assumptions
//!
//! - Only a campaign settles, and forgets, itself: there are no calls for it.
//! - The escrow holds the bounty and, on top, at least the existential deposit, which claims never
//!   touch: the last one can be paid as well as the first.
//! - One portion of a settlement names a bounded number of accounts (sponsors, and contributors of
//!   the steps), which the campaigns limit.
//!
//! There is no quote here: the rule is [`sonar_primitives::payout::PayoutRule`], and the campaigns
//! know the amounts that go into it.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod claim;
#[cfg(test)]
mod mock;
mod reputation;
mod settle;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

pub use pallet::*;
pub use types::{Entitlement, Payees, SettledCampaign, SettlingCampaign};
pub use weights::WeightInfo;

// The code that the macros write calls `expect`; ours does not.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
    use crate::{Entitlement, SettledCampaign, SettlingCampaign, WeightInfo};
    use frame_support::{pallet_prelude::*, traits::fungible};
    use frame_system::pallet_prelude::*;
    use sonar_primitives::{reputation::Reputation, Balance, CampaignId};

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// Entitlements and reputations.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the pallet needs of the runtime.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The money.
        type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>;
        /// What the calls weigh.
        type WeightInfo: WeightInfo;
    }

    /// What each account gets from each campaign. Grows while the campaign is settling.
    #[pallet::storage]
    pub type Entitlements<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        CampaignId,
        Blake2_128Concat,
        T::AccountId,
        Entitlement,
        OptionQuery,
    >;

    /// The campaigns from which each account can still claim, once they are settled.
    #[pallet::storage]
    pub type Claimable<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Twox64Concat,
        CampaignId,
        (),
        OptionQuery,
    >;

    /// How far the settlement of each campaign has come of which only a part of the record was turned
    /// into entitlements.
    #[pallet::storage]
    pub type Settling<T: Config> =
        StorageMap<_, Twox64Concat, CampaignId, SettlingCampaign<T::AccountId>, OptionQuery>;

    /// The campaigns that are settled and not forgotten.
    #[pallet::storage]
    pub type Settled<T: Config> =
        StorageMap<_, Twox64Concat, CampaignId, SettledCampaign<T::AccountId>, OptionQuery>;

    /// What each account has done.
    #[pallet::storage]
    pub type ReputationOf<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, Reputation, ValueQuery>;

    /// What happened to entitlements.
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// What an account can claim once the campaign is settled has grown by this.
        Entitled {
            /// The campaign.
            campaign: CampaignId,
            /// Who can claim.
            account: T::AccountId,
            /// For gradients that took the record down.
            earned: Balance,
            /// For proposals whose branches set the record.
            expertise: Balance,
            /// Returned: bounty that was not earned.
            refund: Balance,
        },
        /// An account was paid all it can claim from a campaign.
        Claimed {
            /// The campaign.
            campaign: CampaignId,
            /// Who was paid.
            account: T::AccountId,
            /// How much.
            amount: Balance,
        },
    }

    /// Why nothing was paid, or settled.
    #[pallet::error]
    pub enum Error<T> {
        /// The campaign is not settled yet, or removed already; when its time has come anybody can call
        /// `campaigns.settle`.
        NotSettled,
        /// The account gets nothing from this campaign; see `payouts.entitlements` for who does.
        NothingToClaim,
        /// The account was paid by this campaign already.
        AlreadyClaimed,
        /// The campaign was settled before; claim with `payouts.claim` or `payouts.claimFor`.
        AlreadySettled,
        /// The contributions do not sum to the bounty, or the steps of the record do not follow each
        /// other; nothing was settled. This is an error of the chain: report it.
        Unbalanced,
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Pays the caller what it gets from a settled campaign.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::claim())]
        pub fn claim(origin: OriginFor<T>, campaign: CampaignId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_claim(campaign, who)
        }

        /// Pays an account what it gets from a settled campaign. Anyone may call this; the money
        /// goes to the account. If that does not exist (any more) and gets less than the
        /// existential deposit, this fails with `token.BelowMinimum`: send it some first.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::claim_for())]
        pub fn claim_for(
            origin: OriginFor<T>,
            campaign: CampaignId,
            account: T::AccountId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_claim(campaign, account)
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}
