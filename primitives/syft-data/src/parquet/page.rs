//! The pages of a column, each bounded before it is read.

use super::malformed;
use super::thrift::{Header, Kind, MAX_HEADER};
use super::unpack::unpack;
use crate::error::{LoadError, Problem};
use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Take};

/// Bytes of one unpacked page, at most.
const MAX_PAGE: usize = 256 << 20;

/// Reads the pages of a column in one group of rows. Only one such reader of a file can be in use, as all share a place in
/// it.
pub(super) struct Pages {
    rest: Take<BufReader<File>>,
    compression: Compression,
    /// Values that may still come.
    values: usize,
    /// The header of the next page, once it has been looked at.
    next: Option<Header>,
}

impl Pages {
    /// The pages of a column that has so many values.
    pub(super) fn new(
        file: &File,
        column: &ColumnChunkMetaData,
        values: usize,
    ) -> Result<Self, LoadError> {
        let start = column.dictionary_page_offset().filter(|start| *start > 0);
        let start = u64::try_from(start.unwrap_or(column.data_page_offset())).map_err(malformed)?;
        let length = u64::try_from(column.compressed_size()).map_err(malformed)?;
        if let Some(path) = column.file_path() {
            let what = format!("a column in another file ({path:?})");
            return Err(Problem::Unsupported { what }.into());
        }
        let mut file = BufReader::new(file.try_clone()?);
        file.seek(SeekFrom::Start(start))?;
        Ok(Self {
            rest: file.take(length),
            compression: column.compression(),
            values,
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
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        _ => return Err(general(format!("encoding {number} is not supported"))),
    })
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
