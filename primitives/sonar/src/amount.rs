//! Amounts in JSON: decimal strings of the smallest unit, because JSON's numbers lose digits above
//! 2^53 in most programs that read them. For `#[serde(with = "sonar_primitives::amount")]`.

use alloc::string::{String, ToString};
use core::{fmt::Display, str::FromStr};
use serde::{de::Error, Deserialize, Deserializer, Serializer};

/// Writes an amount as a decimal string.
pub fn serialize<T: Display, S: Serializer>(amount: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&amount.to_string())
}

/// Reads an amount from a decimal string.
pub fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let digits = String::deserialize(deserializer)?;
    digits
        .parse()
        .map_err(|_| D::Error::custom("an amount is a string of decimal digits"))
}
