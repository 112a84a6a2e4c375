//! The assayers' keys: sr25519, key type `assa`.

use sp_core::crypto::KeyTypeId;

/// Where the keystore keeps assayers' keys.
pub const KEY_TYPE: KeyTypeId = KeyTypeId(*b"assa");

mod app {
    use sp_application_crypto::{app_crypto, sr25519};
    app_crypto!(sr25519, super::KEY_TYPE);
}

sp_application_crypto::with_pair! {
    /// An assayer's key with its secret part.
    pub type AssayerPair = app::Pair;
}

/// An assayer's signature.
pub type AssayerSignature = app::Signature;

/// An assayer's public key.
pub type AssayerId = app::Public;
