//! Amounts of SNR, exactly.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sonar_primitives::{Balance, SNR, TOKEN_DECIMALS, TOKEN_SYMBOL};
use std::{fmt, str::FromStr};

/// An amount in the smallest unit of SNR that people read and write in SNR.
///
/// Written as the exact decimal number without needless zeros and with the symbol: `1.5 SNR`. Read with or without the
/// symbol, with `_` between digits if that helps: `1_000`, `0.25 SNR`. In JSON it is the number of smallest units as a
/// string, because JavaScript's numbers cannot hold it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Amount(pub Balance);

/// Text that is not an amount.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// Not a decimal number.
    #[error("not an amount: write a number such as 1.5, with or without \"{TOKEN_SYMBOL}\"")]
    NotANumber,
    /// More digits after the point than there are.
    #[error(
        "too fine: an amount of {TOKEN_SYMBOL} has at most {TOKEN_DECIMALS} digits after the point"
    )]
    TooFine,
    /// More than a balance can hold.
    #[error("too large: there is not that much {TOKEN_SYMBOL}")]
    TooLarge,
}

/// The amount as `1.5 SNR`.
pub fn amount(amount: Balance) -> String {
    Amount(amount).to_string()
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (whole, part) = (self.0 / SNR, self.0 % SNR);
        let text = if part == 0 {
            format!("{whole} {TOKEN_SYMBOL}")
        } else {
            let digits = format!("{part:0width$}", width = usize::from(TOKEN_DECIMALS));
            format!("{whole}.{} {TOKEN_SYMBOL}", digits.trim_end_matches('0'))
        };
        f.pad(&text)
    }
}

/// A number from digits, with `_` allowed between two of them. `None` if there is anything else, or nothing.
fn digits(text: &str) -> Option<String> {
    if text.starts_with('_') || text.ends_with('_') {
        return None;
    }
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let text = text.trim();
        let number = text.strip_suffix(TOKEN_SYMBOL).unwrap_or(text).trim_end();
        let (whole, part) = match number.split_once('.') {
            Some((whole, part)) => (whole, digits(part).ok_or(AmountError::NotANumber)?),
            None => (number, String::new()),
        };
        let whole = digits(whole).ok_or(AmountError::NotANumber)?;
        let part = part.trim_end_matches('0');
        let scale = usize::from(TOKEN_DECIMALS);
        if part.len() > scale {
            return Err(AmountError::TooFine);
        }
        // Digits only, so what fails here is the size.
        let whole: Balance = whole.parse().map_err(|_| AmountError::TooLarge)?;
        let part: Balance = format!("{part:0<scale$}")
            .parse()
            .map_err(|_| AmountError::TooLarge)?;
        whole
            .checked_mul(SNR)
            .and_then(|whole| whole.checked_add(part))
            .map(Self)
            .ok_or(AmountError::TooLarge)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_written_exactly() {
        assert_eq!(amount(0), "0 SNR");
        assert_eq!(amount(SNR), "1 SNR");
        assert_eq!(amount(SNR * 3 / 2), "1.5 SNR");
        assert_eq!(amount(1), "0.000000000001 SNR");
        assert_eq!(
            amount(u128::MAX),
            "340282366920938463463374607.431768211455 SNR"
        );
        assert_eq!(format!("{:>8}", Amount(SNR)), "   1 SNR");
    }

    #[test]
    fn amounts_are_read() {
        let read = |text: &str| text.parse::<Amount>().map(|amount| amount.0);
        assert_eq!(read("1.5"), Ok(SNR * 3 / 2));
        assert_eq!(read(" 1_000 SNR "), Ok(1_000 * SNR));
        assert_eq!(read("0.000000000001SNR"), Ok(1));
        assert_eq!(read("1.0000000000000000"), Ok(SNR));
        assert_eq!(
            read("340282366920938463463374607.431768211455"),
            Ok(u128::MAX)
        );
        assert_eq!(
            read("340282366920938463463374607.431768211456"),
            Err(AmountError::TooLarge)
        );
        assert_eq!(read(&"9".repeat(60)), Err(AmountError::TooLarge));
        assert_eq!(read("0.0000000000001"), Err(AmountError::TooFine));
        for wrong in [
            "", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1.5 DOT", "1 000", "_1", "1_", "1..5",
            "SNR", "٣",
        ] {
            assert_eq!(read(wrong), Err(AmountError::NotANumber), "{wrong:?}");
        }
    }

    #[test]
    fn json_holds_smallest_units() {
        assert_eq!(
            serde_json::to_string(&Amount(SNR)).unwrap(),
            "\"1000000000000\""
        );
        assert_eq!(
            serde_json::from_str::<Amount>("\"12\"").unwrap(),
            Amount(12)
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value: u128) {
            prop_assert_eq!(amount(value).parse::<Amount>(), Ok(Amount(value)));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = text.parse::<Amount>();
        }
    }
}
