//! The pages of a column, each bounded before it is read.

use super::footer::Chunk;
use super::thrift::{Header, Kind, MAX_HEADER};
use super::unpack::unpack;
use crate::error::{LoadError, Problem};
use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Take};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use syft::MAX_ROWS;

/// Bytes of one unpacked page, at most.
const MAX_PAGE: usize = 256 << 20;

/// What may still be read and unpacked of one file, as many columns can claim the same few bytes of it.
#[derive(Clone)]
pub(super) struct Budget(Arc<AtomicU64>);

impl Budget {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Arc::new(bytes.into()))
    }

    /// Takes so many bytes of it.
    fn take(&self, bytes: u64) -> Result<()> {
        let order = Ordering::Relaxed;
        let taken = self
            .0
            .fetch_update(order, order, |left| left.checked_sub(bytes));
        match taken {
            Ok(_) => Ok(()),
            Err(_) => Err(general("all its pages together are too large")),
        }
    }
}

/// Reads the pages of a column in one group of rows. Only one such reader of a file can be in use, as all share a place in
/// it.
pub(super) struct Pages {
    rest: Take<BufReader<File>>,
    compression: Compression,
    /// Values that may still come.
    values: usize,
    /// Values of a dictionary, at most. Some writers keep those that no row has.
    words: usize,
    budget: Budget,
    /// The header of the next page, once it has been looked at.
    next: Option<Header>,
}

impl Pages {
    /// The pages of a column that has so many values.
    pub(super) fn new(
        file: &File,
        chunk: &Chunk,
        values: usize,
        budget: Budget,
    ) -> Result<Self, LoadError> {
        if chunk.is_elsewhere {
            let what = "a column in another file".into();
            return Err(Problem::Unsupported { what }.into());
        }
        let mut file = BufReader::new(file.try_clone()?);
        file.seek(SeekFrom::Start(chunk.start))?;
        Ok(Self {
            rest: file.take(chunk.length),
            compression: chunk.compression,
            values,
            words: values.max(MAX_ROWS as usize),
            budget,
            next: None,
        })
    }

    /// The next page's header, if there is another page.
    fn header(&mut self) -> Result<Option<Header>> {
        if let Some(header) = self.next.take() {
            return Ok(Some(header));
        }
        loop {
            if self.rest.limit() == 0 {
                return Ok(None);
            }
            let mut bounded = self.rest.by_ref().take(MAX_HEADER);
            let header = Header::read(&mut bounded)?;
            let left = bounded.limit();
            self.budget.take(MAX_HEADER - left)?;
            if !matches!(header.kind, Kind::Other) {
                return Ok(Some(header));
            }
            // An index or something newer: no data.
            self.packed(&header)?;
        }
    }

    /// The bytes of a page as they are in the file.
    fn packed(&mut self, header: &Header) -> Result<Vec<u8>> {
        if header.packed as u64 > self.rest.limit() {
            return Err(general("a page reaches beyond its column"));
        }
        if header.packed > MAX_PAGE || header.unpacked > MAX_PAGE {
            return Err(general(format!("a page is larger than {MAX_PAGE} bytes")));
        }
        self.budget
            .take(header.packed.max(header.unpacked) as u64)?;
        let mut bytes = Vec::new();
        let page = self.rest.by_ref().take(header.packed as u64);
        // Grows with what is really there.
        if { page }.read_to_end(&mut bytes)? != header.packed {
            return Err(general("the file ends within a page"));
        }
        Ok(bytes)
    }

    fn page(&mut self, header: Header) -> Result<Page> {
        let packed = self.packed(&header)?;
        let mut count = |values: u32| match self.values.checked_sub(values as usize) {
            Some(rest) => {
                self.values = rest;
                Ok(())
            }
            None => Err(general("the column has more values than the field's rows")),
        };
        Ok(match header.kind {
            Kind::Data {
                values,
                encoding,
                filled,
                repeated,
            } => {
                count(values)?;
                let buf = unpack(self.compression, packed, header.unpacked)?;
                Page::DataPage {
                    buf: buf.into(),
                    num_values: values,
                    encoding: data_encoding(encoding)?,
                    def_level_encoding: level_encoding(filled)?,
                    rep_level_encoding: level_encoding(repeated)?,
                    statistics: None,
                }
            }
            Kind::DataV2 {
                values,
                nulls,
                rows,
                encoding,
                filled,
                repeated,
                is_packed,
            } => {
                count(values)?;
                // Levels are never packed.
                let levels = filled.checked_add(repeated);
                let parts = levels.and_then(|levels| {
                    let parts = packed.split_at_checked(levels as usize)?;
                    Some((parts, header.unpacked.checked_sub(levels as usize)?))
                });
                let ((levels, data), unpacked) =
                    parts.ok_or_else(|| general("a page is shorter than its levels"))?;
                let compression = match is_packed {
                    true => self.compression,
                    false => Compression::UNCOMPRESSED,
                };
                let data = unpack(compression, data.to_vec(), unpacked)?;
                Page::DataPageV2 {
                    buf: [levels, &data].concat().into(),
                    num_values: values,
                    encoding: data_encoding(encoding)?,
                    num_nulls: nulls,
                    num_rows: rows,
                    def_levels_byte_len: filled,
                    rep_levels_byte_len: repeated,
                    is_compressed: false,
                    statistics: None,
                }
            }
            Kind::Dictionary { values, encoding } => {
                if values as usize > self.words {
                    return Err(general("a dictionary has more values than there are rows"));
                }
                let buf: Bytes = unpack(self.compression, packed, header.unpacked)?.into();
                // Every value that can be in a dictionary takes at least 4 bytes.
                if u64::from(values) * 4 > buf.len() as u64 {
                    return Err(general("a dictionary claims more values than it has"));
                }
                Page::DictionaryPage {
                    buf,
                    num_values: values,
                    encoding: data_encoding(encoding)?,
                    is_sorted: false,
                }
            }
            Kind::Other => return Err(general("there is no data in the page")),
        })
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        match self.header()? {
            Some(header) => Ok(Some(self.page(header)?)),
            None => Ok(None),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.next = self.header()?;
        Ok(self.next.as_ref().map(|header| match header.kind {
            Kind::DataV2 { values, rows, .. } => PageMetadata {
                num_rows: Some(rows as usize),
                num_levels: Some(values as usize),
                is_dict: false,
            },
            Kind::Data { values, .. } => PageMetadata {
                num_rows: None,
                num_levels: Some(values as usize),
                is_dict: false,
            },
            Kind::Dictionary { .. } | Kind::Other => PageMetadata {
                num_rows: None,
                num_levels: None,
                is_dict: true,
            },
        }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.get_next_page().map(drop)
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

/// The encoding of values, by its number in the format.
fn data_encoding(number: i32) -> Result<Encoding> {
    Ok(match number {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        5 => Encoding::DELTA_BINARY_PACKED,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        // The crate reserves memory for as many values as such a page claims within its data.
        6 => return Err(refused("DELTA_LENGTH_BYTE_ARRAY")),
        7 => return Err(refused("DELTA_BYTE_ARRAY")),
        _ => return Err(refused(&number.to_string())),
    })
}

fn refused(encoding: &str) -> ParquetError {
    general(format!(
        "encoding {encoding} is not supported: write the column with PLAIN or RLE_DICTIONARY instead"
    ))
}

/// The encoding of levels. Old writers name the second even where there are no levels.
fn level_encoding(number: i32) -> Result<Encoding> {
    Ok(match number {
        3 => Encoding::RLE,
        #[allow(deprecated)]
        4 => Encoding::BIT_PACKED,
        _ => return Err(general(format!("encoding {number} is not one of levels"))),
    })
}

pub(super) fn general(reason: impl Into<String>) -> ParquetError {
    ParquetError::General(reason.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::Write;

    fn varint(mut value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    }

    /// A page of so many zero bytes, packed, with the rest of its header.
    fn page(number: u8, size: usize, rest: &[u8]) -> Vec<u8> {
        let packed = zstd::stream::encode_all(&vec![0; size][..], 1).unwrap();
        let unpacked = varint(size as u64 * 2);
        let length = varint(packed.len() as u64 * 2);
        let start = [0x15, number * 2, 0x15];
        [&start, &unpacked[..], &[0x15], &length, rest, &[0], &packed].concat()
    }

    /// The pages in these bytes, for a column of 3 values.
    fn pages(bytes: &[u8], budget: &Budget) -> Pages {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let chunk = Chunk {
            start: 0,
            length: bytes.len() as u64,
            compression: Compression::ZSTD(Default::default()),
            is_elsewhere: false,
        };
        Pages::new(&file, &chunk, 3, budget.clone()).unwrap()
    }

    #[test]
    fn the_same_page_again_is_not_for_free() {
        let values = [0x2c, 0x15, 6, 0x15, 0, 0x15, 6, 0x15, 6, 0];
        let data = page(0, 1 << 20, &values);
        assert!(data.len() < 1_000);
        // Nor is one that is skipped.
        let index = [page(1, 1 << 20, &[]), data.clone()].concat();
        for (bytes, most) in [(&data, 9), (&index, 4)] {
            let budget = Budget::new(10 << 20);
            let count = (0..20)
                .take_while(|_| pages(bytes, &budget).get_next_page().is_ok())
                .count();
            assert_eq!(count, most);
        }
    }

    #[test]
    fn dictionaries_are_about_as_long_as_columns() {
        let read = |values: u64| {
            let number = varint(values * 2);
            let rest = [&[0x4c, 0x15], &number[..], &[0x15, 0, 0]].concat();
            let bytes = page(2, values as usize * 4, &rest);
            pages(&bytes, &Budget::new(u64::MAX)).get_next_page()
        };
        assert!(read(MAX_ROWS).is_ok());
        let error = read(MAX_ROWS + 1).unwrap_err().to_string();
        assert!(error.contains("more values than there are rows"), "{error}");
    }
}
