//! The key that signs an account's transactions.

use crate::connection::ChainConfig;
use sonar_primitives::AccountId;
use std::fmt;
use subxt::utils::{AccountId32, MultiSignature};
use subxt_signer::sr25519::Keypair;

/// An account's secret key. Shows no more of itself than the account.
#[derive(Clone)]
pub struct Signer {
    pair: Keypair,
    account: AccountId,
}

impl Signer {
    pub(crate) fn new(pair: Keypair) -> Self {
        let account = AccountId::new(pair.public_key().0);
        Self { pair, account }
    }

    /// Who signs.
    pub fn account(&self) -> &AccountId {
        &self.account
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("Signer").field(&self.account).finish()
    }
}

impl subxt::transactions::Signer<ChainConfig> for Signer {
    fn account_id(&self) -> AccountId32 {
        AccountId32(self.pair.public_key().0)
    }

    fn sign(&self, payload: &[u8]) -> MultiSignature {
        self.pair.sign(payload).into()
    }
}
