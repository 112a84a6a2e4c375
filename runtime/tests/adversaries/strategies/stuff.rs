use super::{hands, Adversary};
use crate::{chain::hash_of, game::Game, person::Hand};
use sonar_primitives::BlobHash;
use sonar_runtime::RuntimeCall;

/// Stores of a block.
const STORES: u32 = 64;
/// Blocks in which he stores as much as a block takes.
const BLOCKS: u32 = 8;

/// Attack: takes all places for blobs, block after block, and gives them up again; stores what honest miners are about
/// to reveal before they do, and removes it.
pub struct Stuff {
    hand: Hand,
    blobs: Vec<BlobHash>,
    stored: u32,
    heard: usize,
}

impl Stuff {
    pub fn new() -> Self {
        Self {
            hand: hands(1).remove(0),
            blobs: Vec::new(),
            stored: 0,
            heard: 0,
        }
    }

    fn store(&mut self, game: &mut Game, data: Vec<u8>) {
        let blob = hash_of(&data);
        let call = pallet_model_repository::Call::store { data };
        let stored = game
            .chain
            .submit(&self.hand.account, RuntimeCall::ModelRepository(call));
        if stored.is_ok() {
            self.blobs.push(blob);
        }
    }
}

impl Adversary for Stuff {
    fn act(&mut self, game: &mut Game) {
        // Some are pinned by now.
        for blob in std::mem::take(&mut self.blobs) {
            let call = pallet_model_repository::Call::remove { blob };
            let _ = game
                .chain
                .submit(&self.hand.account, RuntimeCall::ModelRepository(call));
        }
        while let Some(heard) = game.gossip.get(self.heard).cloned() {
            self.heard += 1;
            self.store(game, heard);
        }
        if self.stored < STORES * BLOCKS && game.is_open() {
            for _ in 0..STORES {
                self.stored += 1;
                let data = self.stored.to_le_bytes().to_vec();
                self.store(game, data);
            }
        }
    }
}
