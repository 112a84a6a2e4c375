//! Accounts, and what their holders have committed to.

use crate::{
    chain::Signer,
    door::{Aim, Secret},
    game::Game,
};
use sonar_primitives::{submission::SubmissionKind, submission::SubmissionState, RoundId};
use sonar_runtime::{AccountId, Balance, Runtime, SNR};
use sp_core::{crypto::Pair, sr25519};
use sp_runtime::{DispatchError, MultiSignature};

/// What every account has at the beginning.
pub const ENDOWMENT: Balance = 100_000 * SNR;
/// Accounts that there are.
pub const ACCOUNTS: u8 = 48;

/// An account with its key.
#[derive(Clone)]
pub struct Account {
    pair: sr25519::Pair,
    pub id: AccountId,
}

impl Account {
    /// The account of this number.
    pub fn new(number: u8) -> Self {
        let pair = sr25519::Pair::from_seed(&[number + 1; 32]);
        let id = pair.public().into();
        Self { pair, id }
    }
}

impl Signer for &Account {
    fn account(&self) -> AccountId {
        self.id.clone()
    }

    fn signature(&self, bytes: &[u8]) -> MultiSignature {
        self.pair.sign(bytes).into()
    }
}

/// An account with what it has still to reveal.
pub struct Hand {
    pub account: Account,
    pub secrets: Vec<Secret>,
}

impl Hand {
    pub fn new(account: Account) -> Self {
        Self {
            account,
            secrets: Vec::new(),
        }
    }

    /// Commits to a gradient.
    pub fn commit(
        &mut self,
        game: &mut Game,
        aim: Aim,
        gradient: Vec<u8>,
        max_hold: Balance,
    ) -> Result<(), DispatchError> {
        let salt = game.salt();
        let secret = game
            .chain
            .commit(&self.account, aim, gradient, salt, max_hold)?;
        self.secrets.push(secret);
        Ok(())
    }

    /// Commits with the best model as the base, whatever it takes.
    pub fn commit_on_best(&mut self, game: &mut Game, gradient: Vec<u8>) -> bool {
        let aim = game.aim();
        self.commit(game, aim, gradient, Balance::MAX).is_ok()
    }

    /// Whether something waits for its reveal.
    pub fn waits(&mut self) -> bool {
        self.secrets.retain(|secret| window(secret).is_some());
        !self.secrets.is_empty()
    }

    /// Reveals all of which the chain takes reveals, if `when` says so of first block, block after the last and
    /// this block.
    pub fn reveal(&mut self, game: &mut Game, when: impl Fn(u32, u32, u32) -> bool) {
        let secrets = std::mem::take(&mut self.secrets);
        for secret in secrets {
            let Some((_, from, to)) = window(&secret) else {
                continue;
            };
            let now = game.chain.now();
            if now < from
                || !when(from, to, now)
                || game.chain.reveal(&self.account, &secret).is_err()
            {
                self.secrets.push(secret);
            }
        }
    }
}

/// The round of a commitment that waits for its reveal, the first block that takes it, and the first that does not any
/// more.
pub fn window(secret: &Secret) -> Option<(RoundId, u32, u32)> {
    let submission = pallet_gradients::Submissions::<Runtime>::get(secret.submission)?;
    let SubmissionKind::Gradient { round, .. } = submission.kind else {
        return None;
    };
    let known = pallet_gradients::Rounds::<Runtime>::get(round)?;
    (submission.state == SubmissionState::Committed).then_some((
        round,
        known.closes,
        known.reveals_end,
    ))
}
