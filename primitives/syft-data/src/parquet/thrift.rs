//! Thrift's compact protocol, and the headers of pages, which are written in it.
//!
//! A struct is a list of fields, each a byte with the type in its low half and how far its number is from the previous
//! field's in its high half (0: the number follows), ended by a zero byte. Whole numbers have 7 bits per byte, lowest first,
//! signed ones in zigzag order.

use super::page::general;
use parquet::errors::{ParquetError, Result};
use std::io::{self, Read};

/// Bytes of a header, at most. Statistics of long texts may be in it.
pub(super) const MAX_HEADER: u64 = 1 << 20;
/// Structs and lists within each other, at most, in what is skipped.
const MAX_DEPTH: u32 = 16;

pub(super) const TRUE: u8 = 1;
pub(super) const FALSE: u8 = 2;
pub(super) const BYTE: u8 = 3;
const I16: u8 = 4;
pub(super) const I32: u8 = 5;
pub(super) const I64: u8 = 6;
const DOUBLE: u8 = 7;
pub(super) const BINARY: u8 = 8;
pub(super) const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
pub(super) const STRUCT: u8 = 12;

/// What a page's header says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Header {
    /// Bytes of the page once it is unpacked.
    pub(super) unpacked: usize,
    /// Bytes of the page in the file, after the header.
    pub(super) packed: usize,
    pub(super) kind: Kind,
}

/// What is in a page. Encodings are numbers of the format.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Values, with levels before them.
    Data {
        values: u32,
        encoding: i32,
        /// The encoding of the levels that tell which values are filled.
        filled: i32,
        /// The encoding of the levels that tell which values continue a list.
        repeated: i32,
    },
    /// Values, with levels before them that are not packed.
    DataV2 {
        values: u32,
        nulls: u32,
        rows: u32,
        encoding: i32,
        /// Bytes of the levels that tell which values are filled.
        filled: u32,
        /// Bytes of the levels that tell which values continue a list.
        repeated: u32,
        is_packed: bool,
    },
    /// The values that others refer to.
    Dictionary { values: u32, encoding: i32 },
    /// No data.
    Other,
}

impl Header {
    /// Reads a header and not a byte more. `reader` has an end.
    pub(super) fn read(reader: &mut impl Read) -> Result<Self> {
        let mut input = Input { reader };
        let (mut number, mut unpacked, mut packed) = (None, None, None);
        let (mut data, mut dictionary, mut data_v2) = (Fields::new(), Fields::new(), Fields::new());
        let mut id = 0;
        while let Some(kind) = input.field(&mut id)? {
            match (id, kind) {
                (1, I32) => number = Some(input.i32()?),
                (2, I32) => unpacked = Some(input.i32()?),
                (3, I32) => packed = Some(input.i32()?),
                (5, STRUCT) => data = input.fields()?,
                (7, STRUCT) => dictionary = input.fields()?,
                (8, STRUCT) => data_v2 = input.fields()?,
                _ => input.skip(kind, 0)?,
            }
        }
        let kind = match number {
            Some(0) => Kind::Data {
                values: data.size(1)?,
                encoding: data.number(2)?,
                filled: data.number(3)?,
                repeated: data.number(4)?,
            },
            Some(2) => Kind::Dictionary {
                values: dictionary.size(1)?,
                encoding: dictionary.number(2)?,
            },
            Some(3) => Kind::DataV2 {
                values: data_v2.size(1)?,
                nulls: data_v2.size(2)?,
                rows: data_v2.size(3)?,
                encoding: data_v2.number(4)?,
                filled: data_v2.size(5)?,
                repeated: data_v2.size(6)?,
                is_packed: data_v2.get(7).unwrap_or(1) == 1,
            },
            Some(_) => Kind::Other,
            None => return Err(malformed()),
        };
        let size = |size: Option<i32>| {
            usize::try_from(size.ok_or_else(malformed)?).map_err(|_| malformed())
        };
        Ok(Self {
            unpacked: size(unpacked)?,
            packed: size(packed)?,
            kind,
        })
    }
}

/// The first fields of a struct that are numbers or truth values (1 and 0).
struct Fields([Option<i32>; 8]);

impl Fields {
    fn new() -> Self {
        Self([None; 8])
    }

    fn get(&self, id: usize) -> Option<i32> {
        self.0.get(id).copied().flatten()
    }

    fn number(&self, id: usize) -> Result<i32> {
        self.get(id).ok_or_else(malformed)
    }

    fn size(&self, id: usize) -> Result<u32> {
        u32::try_from(self.number(id)?).map_err(|_| malformed())
    }
}

/// Reads values one after the other.
pub(super) struct Input<'a, R> {
    pub(super) reader: &'a mut R,
}

impl<R: Read> Input<'_, R> {
    /// The type of the next field, whose number `id` becomes; `None` at the end of the struct.
    pub(super) fn field(&mut self, id: &mut i64) -> Result<Option<u8>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        *id = match byte >> 4 {
            0 => self.zigzag()?,
            step => id.saturating_add(step.into()),
        };
        Ok(Some(byte & 15))
    }

    fn fields(&mut self) -> Result<Fields> {
        let mut fields = Fields::new();
        let mut id = 0;
        while let Some(kind) = self.field(&mut id)? {
            let value = match kind {
                I32 => self.i32()?,
                TRUE => 1,
                FALSE => 0,
                _ => {
                    self.skip(kind, 0)?;
                    continue;
                }
            };
            let place = usize::try_from(id).ok().and_then(|id| fields.0.get_mut(id));
            if let Some(place) = place {
                *place = Some(value);
            }
        }
        Ok(fields)
    }

    /// The start of a list: its items' type and their number, which is only a claim.
    pub(super) fn list(&mut self) -> Result<(u8, u64)> {
        let byte = self.byte()?;
        let length = match byte >> 4 {
            15 => self.varint()?,
            length => length.into(),
        };
        Ok((byte & 15, length))
    }

    pub(super) fn skip(&mut self, kind: u8, depth: u32) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(malformed());
        }
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.byte().map(drop),
            I16 | I32 | I64 => self.varint().map(drop),
            DOUBLE => self.skip_bytes(8),
            BINARY => {
                let length = self.varint()?;
                self.skip_bytes(length)
            }
            LIST | SET => {
                let (kind, length) = self.list()?;
                (0..length).try_for_each(|_| self.skip_item(kind, depth))
            }
            MAP => {
                let length = self.varint()?;
                let kinds = if length == 0 { 0 } else { self.byte()? };
                (0..length).try_for_each(|_| {
                    self.skip_item(kinds >> 4, depth)?;
                    self.skip_item(kinds & 15, depth)
                })
            }
            STRUCT => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip(kind, depth + 1)?;
                }
                Ok(())
            }
            _ => Err(malformed()),
        }
    }

    /// In a list, truth values take a byte too, so that every item takes one.
    fn skip_item(&mut self, kind: u8, depth: u32) -> Result<()> {
        match kind {
            TRUE | FALSE => self.byte().map(drop),
            _ => self.skip(kind, depth + 1),
        }
    }

    pub(super) fn skip_bytes(&mut self, count: u64) -> Result<()> {
        let copied = io::copy(&mut self.reader.by_ref().take(count), &mut io::sink())?;
        match copied == count {
            true => Ok(()),
            false => Err(malformed()),
        }
    }

    fn byte(&mut self) -> Result<u8> {
        let mut byte = [0];
        self.reader.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    pub(super) fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(malformed())
    }

    fn zigzag(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A number that is not below 0.
    pub(super) fn size(&mut self) -> Result<u64> {
        u64::try_from(self.zigzag()?).map_err(|_| malformed())
    }

    pub(super) fn i32(&mut self) -> Result<i32> {
        i32::try_from(self.zigzag()?).map_err(|_| malformed())
    }
}

fn malformed() -> ParquetError {
    general("a page's header or the description is malformed")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A page of 3 values, 20 bytes packed and 300 unpacked, with statistics, a checksum, and an unknown list and map.
    const HEADER: &[u8] = &[
        0x15, 0, 0x15, 0xd8, 0x04, 0x15, 40, 0x15, 2, // type 0, 300, 20, checksum 1
        0x1c, 0x15, 6, 0x15, 0, 0x15, 6, 0x15, 6, // 3 values, encodings 0, 3, 3
        0x1c, 0x18, 2, b'a', b'b', 0x16, 0, 0,
        0, // statistics: a text and a number; the ends of both structs
        0x59, 0x21, 1, 0, // field 10: two truth values
        0x1b, 1, 0x85, 0, 4, // field 11: one text "" to the number 2
        0,
    ];

    #[test]
    fn headers_are_read_to_their_end() {
        let mut rest = &[HEADER, b"page"].concat()[..];
        let header = Header::read(&mut rest).unwrap();
        let kind = Kind::Data {
            values: 3,
            encoding: 0,
            filled: 3,
            repeated: 3,
        };
        assert_eq!(
            (header.unpacked, header.packed, header.kind),
            (300, 20, kind)
        );
        assert_eq!(rest, b"page");
        for end in 0..HEADER.len() {
            assert!(Header::read(&mut &HEADER[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn other_kinds_of_pages() {
        let dictionary = [0x15, 4, 0x15, 8, 0x15, 8, 0x4c, 0x15, 4, 0x15, 4, 0, 0];
        let header = Header::read(&mut &dictionary[..]).unwrap();
        let kind = Kind::Dictionary {
            values: 2,
            encoding: 2,
        };
        assert_eq!(header.kind, kind);
        let fields = [
            0x15, 6, 0x15, 0, 0x15, 6, 0x15, 0, 0x15, 0, 0x15, 0, 0x12, 0,
        ];
        let v2 = [&[0x15, 6, 0x15, 8, 0x15, 8, 0x5c][..], &fields, &[0]].concat();
        let kind = Kind::DataV2 {
            values: 3,
            nulls: 0,
            rows: 3,
            encoding: 0,
            filled: 0,
            repeated: 0,
            is_packed: false,
        };
        assert_eq!(Header::read(&mut &v2[..]).unwrap().kind, kind);
        let index = [0x15, 2, 0x15, 8, 0x15, 8, 0];
        assert_eq!(Header::read(&mut &index[..]).unwrap().kind, Kind::Other);
    }

    #[test]
    fn hostile_headers_are_refused() {
        for header in [
            // Sizes below zero, or missing.
            &[0x15, 2, 0x15, 1, 0x15, 8, 0][..],
            &[0x15, 2, 0x15, 8, 0][..],
            // Too deep, too long a number, an unknown type.
            &[0x3c; 100],
            &[0xff; 100],
            &[0x1e, 0],
            // A text, a list and a map of 2^63 items.
            &[0x18, 255, 255, 255, 255, 255, 255, 255, 255, 127, 1],
            &[0x19, 0xf5, 255, 255, 255, 255, 255, 255, 255, 255, 127, 1],
            &[0x1b, 255, 255, 255, 255, 255, 255, 255, 255, 127, 0x55, 1],
        ] {
            assert!(Header::read(&mut &header[..]).is_err(), "{header:?}");
        }
    }
}
