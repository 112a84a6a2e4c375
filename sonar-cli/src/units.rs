//! Quantities as people write them: error levels, shares and times.

use serde::{Deserialize, Deserializer};
use sonar_client::format;
use sonar_primitives::{BlockNumber, MeasuredError};
use sp_runtime::Permill;
use std::{fmt::Display, str::FromStr, time::Duration};
use syft::{Metric, SQUARED_ERROR_UNIT, WORST_ERROR_RATE};

/// Digits of a number, at most: more than any quantity here can use.
const MAX_DIGITS: usize = 30;

/// Why a quantity cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a plain decimal number.
    #[error("{0:?} is not a number such as 5 or 0.05")]
    NotANumber(String),
    /// More digits after the point than the chain can hold.
    #[error("{0} has too many digits after the point: at most {1} are kept")]
    TooPrecise(String, u32),
    /// An error rate above 1.
    #[error("an error rate is at most 100 %: write 5 % or 0.05")]
    AboveWhole,
    /// A share above 1.
    #[error("a share is at most 100 %: write 5 % or 0.05")]
    ShareAboveWhole,
    /// A percentage of a squared error.
    #[error("a mean squared error is not a percentage: write it as a number such as 2800.5")]
    NotAPercentage,
    /// Does not fit.
    #[error("{0} is too large")]
    TooLarge(String),
    /// Not a time.
    #[error("{0:?} is not a time: write 90s, 10m, 2h, 3d or a number of blocks")]
    NotATime(String),
    /// Not a split.
    #[error("{0:?} is not a split: write data=90%,expertise=10%")]
    NotASplit(String),
    /// Not a rule for who may take part.
    #[error("{0:?} does not say who may take part: write everybody, admitted or reputation=3")]
    NotMembers(String),
}

/// A non-negative decimal number, kept exactly: `digits / 10^places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decimal {
    digits: u128,
    places: u32,
}

impl Decimal {
    /// The number times `10^places`; the error says which rule it breaks.
    fn scaled(self, places: u32) -> Result<u128, UnitError> {
        let (mut digits, mut own) = (self.digits, self.places);
        while own > places {
            if !digits.is_multiple_of(10) {
                return Err(UnitError::TooPrecise(self.show(), places));
            }
            digits /= 10;
            own -= 1;
        }
        10u128
            .checked_pow(places - own)
            .and_then(|factor| digits.checked_mul(factor))
            .ok_or_else(|| UnitError::TooLarge(self.show()))
    }

    /// As it was written, but for underscores and leading zeros.
    fn show(self) -> String {
        let digits = format!("{:0width$}", self.digits, width = self.places as usize + 1);
        let (whole, rest) = digits.split_at(digits.len() - self.places as usize);
        match rest {
            "" => whole.into(),
            _ => format!("{whole}.{rest}"),
        }
    }
}

impl FromStr for Decimal {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let refused = || UnitError::NotANumber(text.into());
        let plain = text.trim().replace('_', "");
        let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
        let digits = format!("{whole}{rest}");
        let is_number = !whole.is_empty()
            && digits.len() <= MAX_DIGITS
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !plain.ends_with('.');
        if !is_number {
            return Err(refused());
        }
        Ok(Self {
            digits: digits.parse().map_err(|_| refused())?,
            places: u32::try_from(rest.len()).map_err(|_| refused())?,
        })
    }
}

/// An error of a model as people write it: `5 %`, `0.05`, `2800.5`, or, in the chain's own unit,
/// `50000000 units`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorLevel(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Percent(Decimal),
    Number(Decimal),
    Units(u64),
}

impl ErrorLevel {
    /// The chain's whole number for it.
    pub fn measured(self, metric: Metric) -> Result<MeasuredError, UnitError> {
        // 10^9 parts are a whole error rate, 10^6 parts are 1 of a squared error.
        let units = match (metric, self.0) {
            (_, Level::Units(units)) => u128::from(units),
            (Metric::ErrorRate, Level::Percent(percent)) => percent.scaled(7)?,
            (Metric::ErrorRate, Level::Number(number)) => {
                number.scaled(WORST_ERROR_RATE.ilog10())?
            }
            (Metric::MeanSquaredError, Level::Number(number)) => {
                number.scaled(SQUARED_ERROR_UNIT.ilog10())?
            }
            (Metric::MeanSquaredError, Level::Percent(_)) => return Err(UnitError::NotAPercentage),
        };
        if metric == Metric::ErrorRate && units > WORST_ERROR_RATE.into() {
            return Err(UnitError::AboveWhole);
        }
        u64::try_from(units).map_err(|_| UnitError::TooLarge(format!("{units} units")))
    }
}

impl FromStr for ErrorLevel {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let text = text.trim();
        let level = if let Some(percent) = text.strip_suffix('%') {
            Level::Percent(percent.parse()?)
        } else if let Some(units) = text.strip_suffix("units") {
            let units = units.parse::<Decimal>()?.scaled(0)?;
            Level::Units(u64::try_from(units).map_err(|_| UnitError::TooLarge(text.into()))?)
        } else {
            Level::Number(text.parse()?)
        };
        Ok(Self(level))
    }
}

/// The claimed error of an initial model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Measured here, as the assayers will.
    Measure,
    /// Claimed.
    Claim(ErrorLevel),
}

impl FromStr for Start {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        match text.trim() {
            "measure" => Ok(Self::Measure),
            level => level.parse().map(Self::Claim),
        }
    }
}

/// A part of a whole, `5 %` or `0.05`, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(pub Permill);

impl FromStr for Share {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let text = text.trim();
        let parts = match text.strip_suffix('%') {
            Some(percent) => percent.parse::<Decimal>()?.scaled(4)?,
            None => text.parse::<Decimal>()?.scaled(6)?,
        };
        match u32::try_from(parts) {
            Ok(parts) if parts <= 1_000_000 => Ok(Self(Permill::from_parts(parts))),
            _ => Err(UnitError::ShareAboveWhole),
        }
    }
}

/// How long something takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// So much time.
    Time(Duration),
    /// So many blocks.
    Blocks(BlockNumber),
}

impl Span {
    /// In blocks, rounded up; `None` if they cannot be counted.
    pub fn blocks(self, block_time: Duration) -> Option<BlockNumber> {
        match self {
            Self::Blocks(blocks) => Some(blocks),
            Self::Time(time) => format::blocks_in(time, block_time),
        }
    }
}

impl FromStr for Span {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let refused = || UnitError::NotATime(text.into());
        let plain = text.trim();
        let digits = plain
            .bytes()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (number, unit) = plain.split_at(digits);
        let seconds = match unit.trim() {
            "" | "block" | "blocks" => {
                return number.parse().map(Self::Blocks).map_err(|_| refused())
            }
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(refused()),
        };
        let number: u64 = number.parse().map_err(|_| refused())?;
        let seconds = number.checked_mul(seconds).ok_or_else(refused)?;
        Ok(Self::Time(Duration::from_secs(seconds)))
    }
}

/// Reads an optional field that may be written as text or as a number.
pub fn text_or_number<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: Display,
{
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "text or a number")]
    enum Written {
        Text(String),
        Whole(u64),
        Decimal(f64),
    }
    let text = match Written::deserialize(deserializer)? {
        Written::Text(text) => text,
        Written::Whole(number) => number.to_string(),
        // The shortest decimal that reads back as the same number: what was written.
        Written::Decimal(number) => number.to_string(),
    };
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
#[path = "units_tests.rs"]
mod tests;
