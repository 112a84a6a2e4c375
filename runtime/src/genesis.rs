//! Genesis presets: `development` (one authority, Alice) and `local_testnet` (Alice and Bob). In both
//! Alice's stash is the assayer, so that what it earns is not mixed up with Alice's own money.

use crate::{AssaysConfig, Balance, BalancesConfig, RuntimeGenesisConfig, SudoConfig, SNR};
use alloc::{vec, vec::Vec};
use frame_support::build_struct_json_patch;
use pallet_assays::crypto::AssayerId;
use serde_json::Value;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_grandpa::AuthorityId as GrandpaId;
use sp_genesis_builder::PresetId;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// What every development account starts with.
const ENDOWMENT: Balance = 1_000_000 * SNR;

fn testnet(authorities: Vec<(AuraId, GrandpaId)>) -> Value {
    build_struct_json_patch!(RuntimeGenesisConfig {
        balances: BalancesConfig {
            balances: Sr25519Keyring::iter()
                .take(12)
                .map(|account| (account.to_account_id(), ENDOWMENT))
                .collect::<Vec<_>>(),
        },
        aura: pallet_aura::GenesisConfig {
            authorities: authorities
                .iter()
                .map(|(aura, _)| aura.clone())
                .collect::<Vec<_>>(),
        },
        grandpa: pallet_grandpa::GenesisConfig {
            authorities: authorities
                .iter()
                .map(|(_, grandpa)| (grandpa.clone(), 1))
                .collect::<Vec<_>>(),
        },
        assays: AssaysConfig {
            assayers: vec![(
                Sr25519Keyring::AliceStash.to_account_id(),
                AssayerId::from(Sr25519Keyring::Alice.public()),
            )],
        },
        sudo: SudoConfig {
            key: Some(Sr25519Keyring::Alice.to_account_id()),
        },
    })
}

fn authority(aura: Sr25519Keyring, grandpa: Ed25519Keyring) -> (AuraId, GrandpaId) {
    (aura.public().into(), grandpa.public().into())
}

/// The preset with this name, as a JSON patch of the default genesis.
pub fn preset(id: &PresetId) -> Option<Vec<u8>> {
    let alice = authority(Sr25519Keyring::Alice, Ed25519Keyring::Alice);
    let patch = match id.as_ref() {
        sp_genesis_builder::DEV_RUNTIME_PRESET => testnet(vec![alice]),
        sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET => testnet(vec![
            alice,
            authority(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
        ]),
        _ => return None,
    };
    Some(serde_json::to_vec(&patch).unwrap_or_default())
}

/// The names of the presets.
pub fn preset_names() -> Vec<PresetId> {
    vec![
        PresetId::from(sp_genesis_builder::DEV_RUNTIME_PRESET),
        PresetId::from(sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET),
    ]
}
