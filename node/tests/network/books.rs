//! What happened on a chain, from its blocks, and whether all money is where it should be.

use crate::node::Node;
use codec::Decode;
use serde_json::json;
use sonar_client::Client;
use sonar_primitives::{AccountId, Balance, ModelId};
use sonar_runtime::{Hash, RuntimeEvent, SNR};
use sp_io::hashing::twox_128;
use std::collections::BTreeMap;

/// What every development account starts with.
pub const ENDOWMENT: Balance = 1_000_000 * SNR;

/// What happened from the first block to the best one.
#[derive(Default, Debug)]
pub struct Books {
    /// What each account paid in fees, those for booking included.
    fees: BTreeMap<AccountId, Balance>,
    /// How many verdicts were given on each root and round.
    pub reported: BTreeMap<ModelId, u32>,
    /// How often each root and round was decided.
    pub decided: BTreeMap<ModelId, u32>,
}

impl Books {
    /// Reads all blocks up to the best one.
    pub fn of(node: &Node) -> Self {
        let mut books = Self::default();
        for number in 1..=node.best() {
            for event in events(node, number) {
                books.note(event);
            }
        }
        books
    }

    fn note(&mut self, event: RuntimeEvent) {
        match event {
            RuntimeEvent::TransactionPayment(
                pallet_transaction_payment::Event::TransactionFeePaid {
                    who, actual_fee, ..
                },
            ) => *self.fees.entry(who).or_default() += actual_fee,
            RuntimeEvent::Gradients(pallet_gradients::Event::Committed {
                account, fee, ..
            }) => *self.fees.entry(account).or_default() += fee,
            RuntimeEvent::Assays(pallet_assays::Event::Reported { id, .. }) => {
                *self.reported.entry(id).or_default() += 1
            }
            RuntimeEvent::Assays(pallet_assays::Event::Decided { id, .. }) => {
                *self.decided.entry(id).or_default() += 1
            }
            _ => {}
        }
    }

    /// Checks that exactly these roots and rounds were judged, and once each.
    pub fn check_judged_once(&self, ids: impl IntoIterator<Item = ModelId>) {
        let once: BTreeMap<ModelId, u32> = ids.into_iter().map(|id| (id, 1)).collect();
        assert_eq!(self.reported, once, "verdicts given");
        assert_eq!(self.decided, once, "assays decided");
    }

    /// Checks that an account of the genesis has paid its fees and lost `lost`, and nothing else, and that exactly
    /// `held` of what it has is held.
    pub async fn check(&self, client: &Client, who: &AccountId, lost: Balance, held: Balance) {
        let fees = self.fees.get(who).copied().unwrap_or_default();
        let balance = client.balance(who).await.unwrap();
        assert_eq!(balance.total(), ENDOWMENT - fees - lost, "all of {who}");
        assert_eq!(balance.held, held, "held of {who}");
    }
}

fn events(node: &Node, number: u32) -> Vec<RuntimeEvent> {
    let key = [twox_128(b"System"), twox_128(b"Events")].concat();
    let key = format!("0x{}", hex::encode(key));
    let block = node.ask("chain_getBlockHash", json!([number]));
    let value = node.ask("state_getStorage", json!([key, block]));
    let bytes = hex::decode(value.as_str().unwrap().trim_start_matches("0x")).unwrap();
    let records: Vec<frame_system::EventRecord<RuntimeEvent, Hash>> =
        Decode::decode(&mut &bytes[..]).unwrap();
    records.into_iter().map(|record| record.event).collect()
}
