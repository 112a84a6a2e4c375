//! Addresses of accounts.

use sonar_primitives::{AccountId, SS58_PREFIX};
use sp_core::crypto::{Ss58AddressFormat, Ss58Codec};

/// Text that is not an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an address: expected an SS58 address such as 5Grw…, or 0x and 64 hexadecimal digits")]
pub struct AddressError;

/// The account's address (SS58, the network's prefix).
pub fn address(account: &AccountId) -> String {
    account.to_ss58check_with_version(Ss58AddressFormat::custom(SS58_PREFIX))
}

/// The address's beginning and end, for tables: `5Grwva…GKutQY`.
pub fn short_address(account: &AccountId) -> String {
    let address = address(account);
    // Base58 is ASCII, and an address is always longer than this.
    match (
        address.get(..6),
        address.get(address.len().saturating_sub(6)..),
    ) {
        (Some(start), Some(end)) => format!("{start}…{end}"),
        _ => address,
    }
}

/// Reads an SS58 address with any network's prefix, or a public key as `0x` and hexadecimal digits.
pub fn parse_address(text: &str) -> Result<AccountId, AddressError> {
    if let Some(digits) = text.strip_prefix("0x") {
        let mut bytes = [0u8; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| AddressError)?;
        return Ok(AccountId::new(bytes));
    }
    AccountId::from_ss58check(text).map_err(|_| AddressError)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    #[test]
    fn addresses_round_trip() {
        let alice = parse_address(ALICE).unwrap();
        assert_eq!(address(&alice), ALICE);
        assert_eq!(short_address(&alice), "5Grwva…GKutQY");
        assert_eq!(
            parse_address(&format!("0x{}", hex::encode(&alice))),
            Ok(alice)
        );
    }

    #[test]
    fn wrong_addresses_are_refused() {
        for wrong in [
            "",
            "alice",
            "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ",
            "0x00",
            "0xzz",
        ] {
            assert_eq!(parse_address(wrong), Err(AddressError), "{wrong:?}");
        }
    }
}
