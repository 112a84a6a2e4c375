//! The JSON form of a receipt.

use super::{checkpoint_epochs, Receipt};
use crate::TrainOptions;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const VERSION: &str = "syft-receipt-1";

/// A receipt as it is written, in this order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    version: String,
    data: Hash,
    architecture: Hash,
    start: Hash,
    result: Hash,
    options: TrainOptions,
    epochs: u32,
    checkpoints: Vec<Hash>,
}

/// 32 bytes, written as 64 lower-case hexadecimal digits.
struct Hash([u8; 32]);

impl From<Receipt> for Form {
    fn from(receipt: Receipt) -> Self {
        Self {
            version: VERSION.into(),
            data: Hash(receipt.data),
            architecture: Hash(receipt.architecture),
            start: Hash(receipt.start),
            result: Hash(receipt.result),
            options: receipt.options,
            epochs: receipt.epochs,
            checkpoints: receipt.checkpoints.into_iter().map(Hash).collect(),
        }
    }
}

impl TryFrom<Form> for Receipt {
    type Error = String;

    fn try_from(form: Form) -> Result<Self, String> {
        let ensure = |holds: bool, wrong: &str| match holds {
            true => Ok(()),
            false => Err(wrong.to_owned()),
        };
        ensure(form.version == VERSION, "its version is not syft-receipt-1")?;
        let options = form.options;
        options.check().map_err(|error| error.to_string())?;
        ensure(options.privacy.is_none(), "a private run has no receipt")?;
        ensure(
            (1..=options.epochs).contains(&form.epochs),
            "epochs is not from 1 to the options' epochs",
        )?;
        let expected = checkpoint_epochs(options.epochs)
            .filter(|&epoch| epoch <= form.epochs)
            .count();
        ensure(
            form.checkpoints.len() == expected,
            "there are not as many checkpoints as its epochs have",
        )?;
        Ok(Self {
            data: form.data.0,
            architecture: form.architecture.0,
            start: form.start.0,
            result: form.result.0,
            options,
            epochs: form.epochs,
            checkpoints: form.checkpoints.into_iter().map(|hash| hash.0).collect(),
        })
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        serializer.serialize_str(&digits)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| D::Error::custom("a hash is not 64 lower-case hex digits"))
    }
}

fn parse(text: &str) -> Option<Hash> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let pairs: &[_; 32] = pairs.try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(Hash(bytes))
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}
