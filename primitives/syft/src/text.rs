//! Text of bounded size.

use alloc::string::String;
use alloc::vec::Vec;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, Input, MaxEncodedLen};
use core::fmt;
use scale_info::{Type, TypeInfo};
use serde::{de, Deserialize, Deserializer, Serialize, Serializer};

/// UTF-8 text of at most `N` bytes.
///
/// SCALE encodes it as a string (compact length, then bytes) and describes it as `str` in metadata, so wallets show
/// text rather than bytes. Decoding refuses bytes that are too long or not UTF-8.
#[derive(
    Clone, PartialEq, Eq, PartialOrd, Ord, Default, Encode, DecodeWithMemTracking, MaxEncodedLen,
)]
pub struct Text<const N: u32>(BoundedVec<u8, ConstU32<N>>);

/// The text has more than `limit` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("text of {bytes} bytes: at most {limit} are allowed")]
pub struct TextTooLong {
    /// Bytes given.
    pub bytes: usize,
    /// Bytes allowed.
    pub limit: u32,
}

impl<const N: u32> Text<N> {
    /// The text.
    pub fn as_str(&self) -> &str {
        // Every constructor checks, so the fallback is never taken.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Length in bytes, at most `N`.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<const N: u32> TryFrom<&str> for Text<N> {
    type Error = TextTooLong;

    fn try_from(text: &str) -> Result<Self, TextTooLong> {
        // Measured before it is copied.
        if text.len() > N as usize {
            return Err(TextTooLong {
                bytes: text.len(),
                limit: N,
            });
        }
        Ok(Self(BoundedVec::truncate_from(Vec::from(text.as_bytes()))))
    }
}

impl<const N: u32> Decode for Text<N> {
    fn decode<I: Input>(input: &mut I) -> Result<Self, codec::Error> {
        let bytes = BoundedVec::<u8, ConstU32<N>>::decode(input)?;
        match core::str::from_utf8(&bytes) {
            Ok(_) => Ok(Self(bytes)),
            Err(_) => Err("text is not valid UTF-8".into()),
        }
    }
}

impl<const N: u32> TypeInfo for Text<N> {
    type Identity = str;

    fn type_info() -> Type {
        str::type_info()
    }
}

impl<const N: u32> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: u32> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const N: u32> Serialize for Text<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, const N: u32> Deserialize<'de> for Text<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::try_from(text.as_str()).map_err(de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn scale_and_json_round_trip() {
        let text = Text::<8>::try_from("naïve").unwrap();
        assert_eq!(text.encode(), "naïve".encode());
        assert_eq!(Text::<8>::decode(&mut &text.encode()[..]).unwrap(), text);
        let json = serde_json::to_string(&text).unwrap();
        assert_eq!(json, "\"naïve\"");
        assert_eq!(serde_json::from_str::<Text<8>>(&json).unwrap(), text);
        assert_eq!(
            (text.to_string(), text.len(), text.is_empty()),
            ("naïve".into(), 6, false)
        );
    }

    #[test]
    fn too_long_is_refused_everywhere() {
        assert_eq!(
            Text::<4>::try_from("abcde"),
            Err(TextTooLong { bytes: 5, limit: 4 })
        );
        assert!(Text::<4>::decode(&mut &"abcde".encode()[..]).is_err());
        assert!(serde_json::from_str::<Text<4>>("\"abcde\"").is_err());
        assert_eq!(Text::<4>::max_encoded_len(), 5);
    }

    #[test]
    fn invalid_utf8_is_refused() {
        let bytes = alloc::vec![0xc3u8, 0x28];
        assert!(Text::<4>::decode(&mut &bytes.encode()[..]).is_err());
    }
}
