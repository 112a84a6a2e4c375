//! Transaction fees, which follow demand: for weight and for bytes alike they rise by an eighth with
//! every full block, and fall by an eighth with every empty one, down to what is configured.

use super::{RuntimeBlockWeights, TransactionByteFee, MAX_BLOCK_LENGTH, NORMAL_DISPATCH_RATIO};
use crate::*;
use frame_support::{
    dispatch::DispatchClass,
    weights::{Weight, WeightToFee},
};
use pallet_transaction_payment::{Multiplier, MultiplierUpdate};
use sp_runtime::{
    traits::{Convert, One, Saturating},
    FixedPointNumber, Perquintill,
};

/// The fullness of blocks at which fees stay as they are.
const TARGET: Perquintill = Perquintill::from_percent(50);
/// By which part of what blocks are fuller than that fees rise: an eighth for a full one.
const SPEED: Multiplier = Multiplier::from_rational(1, 4);
/// Fees never get higher than this many times the least ones.
const MOST: u32 = 1_000_000;

/// The multiplier of the next block's fees, from that of the last one and its fullness: of what
/// ordinary transactions may fill, in weight or in bytes, whichever is fuller.
pub struct FollowDemand;

impl MultiplierUpdate for FollowDemand {
    fn min() -> Multiplier {
        Multiplier::one()
    }

    fn max() -> Multiplier {
        Multiplier::from_u32(MOST)
    }

    fn target() -> Perquintill {
        TARGET
    }

    fn variability() -> Multiplier {
        SPEED
    }
}

impl Convert<Multiplier, Multiplier> for FollowDemand {
    fn convert(previous: Multiplier) -> Multiplier {
        let fullness = weight_fullness().max(length_fullness());
        let step = |part: Perquintill| previous.saturating_mul(SPEED).saturating_mul(part.into());
        let next = match fullness >= TARGET {
            true => previous.saturating_add(step(fullness - TARGET)),
            false => previous.saturating_sub(step(TARGET - fullness)),
        };
        next.clamp(Self::min(), Self::max())
    }
}

fn weight_fullness() -> Perquintill {
    let used = *System::block_weight().get(DispatchClass::Normal);
    Perquintill::from_rational(used.ref_time(), most_weight().ref_time())
}

/// What ordinary transactions may weigh in a block.
fn most_weight() -> Weight {
    let weights = RuntimeBlockWeights::get();
    let normal = weights.get(DispatchClass::Normal).max_total;
    normal.unwrap_or(weights.max_block)
}

fn length_fullness() -> Perquintill {
    Perquintill::from_rational(
        u64::from(System::block_size()),
        u64::from(NORMAL_DISPATCH_RATIO * MAX_BLOCK_LENGTH),
    )
}

/// The fee for a transaction's bytes.
pub struct LengthToFee;

impl WeightToFee for LengthToFee {
    type Balance = Balance;

    fn weight_to_fee(length: &Weight) -> Balance {
        let fee = TransactionByteFee::get().saturating_mul(length.ref_time().into());
        TransactionPayment::next_fee_multiplier().saturating_mul_int(fee)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_io::TestExternalities;

    /// The multiplier after so many blocks of this weight and length.
    fn after(blocks: u32, from: Multiplier, weight: Weight, length: u32) -> Multiplier {
        (0..blocks).fold(from, |multiplier, _| {
            System::set_block_consumed_resources(weight, length as usize);
            FollowDemand::convert(multiplier)
        })
    }

    #[test]
    fn fees_follow_the_fullness_of_blocks() {
        TestExternalities::default().execute_with(|| {
            let one = Multiplier::one();
            let length = NORMAL_DISPATCH_RATIO * MAX_BLOCK_LENGTH;
            let weight = most_weight();
            let eighth = Multiplier::from_rational(9, 8);
            assert_eq!(after(1, one, weight, 0), eighth);
            assert_eq!(after(1, one, Weight::zero(), length), eighth);
            assert_eq!(after(1, one, weight / 2, length / 2), one);
            assert_eq!(after(5, one, Weight::zero(), 0), one);
            let ten = Multiplier::from_u32(10);
            assert_eq!(
                after(1, ten, Weight::zero(), 0),
                Multiplier::from_rational(70, 8)
            );
            // Through the shortest reveal window: 34 times the fee.
            let after_window = after(30, one, weight, length);
            assert_eq!(after_window.saturating_mul_int(10u32), 342);
            assert_eq!(after(200, one, weight, length), FollowDemand::max());
        });
    }
}
