//! What became of the money, by the chain's own events.

use sonar_runtime::{AccountId, Balance, RuntimeEvent};
use std::collections::BTreeMap;

/// What each account paid that was burned: transaction fees and booking fees.
pub fn burned(events: &[RuntimeEvent]) -> BTreeMap<AccountId, Balance> {
    let mut burned = BTreeMap::<_, Balance>::new();
    for event in events {
        let (who, amount) = match event {
            RuntimeEvent::TransactionPayment(
                pallet_transaction_payment::Event::TransactionFeePaid {
                    who,
                    actual_fee,
                    tip,
                },
            ) => (who, actual_fee + tip),
            RuntimeEvent::Gradients(pallet_gradients::Event::Committed {
                account, fee, ..
            }) => (account, *fee),
            _ => continue,
        };
        *burned.entry(who.clone()).or_default() += amount;
    }
    burned
}
