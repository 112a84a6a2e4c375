//! Unpacking of pages, to exactly the size that was announced and no further.

use super::page::general;
use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;
use parquet::errors::Result;
use std::io::Read;

/// Unpacks a page. `size`, which the caller has bounded, is what it must come to.
pub(super) fn unpack(compression: Compression, packed: Vec<u8>, size: usize) -> Result<Vec<u8>> {
    let unpacked = match compression {
        Compression::UNCOMPRESSED => packed,
        // A page without values has nothing to unpack.
        _ if size == 0 => Vec::new(),
        Compression::SNAPPY => {
            let claimed = snap::raw::decompress_len(&packed).map_err(failed)?;
            check(claimed, size)?;
            let mut unpacked = vec![0; size];
            let length = snap::raw::Decoder::new().decompress(&packed, &mut unpacked);
            unpacked.truncate(length.map_err(failed)?);
            unpacked
        }
        Compression::GZIP(_) => read(MultiGzDecoder::new(packed.as_slice()), size)?,
        Compression::ZSTD(_) => {
            let decoder = zstd::stream::read::Decoder::with_buffer(packed.as_slice());
            read(decoder.map_err(failed)?, size)?
        }
        Compression::LZ4_RAW => {
            let mut unpacked = vec![0; size];
            let length = lz4_flex::block::decompress_into(&packed, &mut unpacked);
            unpacked.truncate(length.map_err(failed)?);
            unpacked
        }
        other => return Err(general(format!("compression {other:?} is not supported"))),
    };
    check(unpacked.len(), size)?;
    Ok(unpacked)
}

/// Reads at most one byte more than there should be.
fn read(unpacking: impl Read, size: usize) -> Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    unpacking
        .take(size as u64 + 1)
        .read_to_end(&mut unpacked)
        .map_err(failed)?;
    Ok(unpacked)
}

fn check(length: usize, size: usize) -> Result<()> {
    match length == size {
        true => Ok(()),
        false => Err(general("a page does not unpack to the size that it claims")),
    }
}

fn failed(error: impl std::fmt::Display) -> parquet::errors::ParquetError {
    general(format!("a page cannot be unpacked: {error}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use flate2::{write::GzEncoder, Compression as Level};
    use std::io;

    /// Zeros, packed, which make the smallest files for what they unpack to.
    fn zeros(compression: Compression, size: usize) -> Vec<u8> {
        let mut zeros = io::repeat(0).take(size as u64);
        match compression {
            Compression::GZIP(_) => {
                let mut packer = GzEncoder::new(Vec::new(), Level::fast());
                io::copy(&mut zeros, &mut packer).unwrap();
                packer.finish().unwrap()
            }
            Compression::ZSTD(_) => zstd::stream::encode_all(zeros, 1).unwrap(),
            Compression::SNAPPY => snap::raw::Encoder::new()
                .compress_vec(&vec![0; size])
                .unwrap(),
            _ => lz4_flex::block::compress(&vec![0; size]),
        }
    }

    fn all() -> [Compression; 4] {
        [
            Compression::SNAPPY,
            Compression::LZ4_RAW,
            Compression::GZIP(Default::default()),
            Compression::ZSTD(Default::default()),
        ]
    }

    #[test]
    fn pages_unpack_to_their_size_only() {
        for compression in all() {
            let packed = zeros(compression, 100_000);
            assert!(packed.len() < 10_000);
            let unpacked = unpack(compression, packed.clone(), 100_000).unwrap();
            assert_eq!(unpacked, vec![0; 100_000], "{compression:?}");
            for size in [1, 99_999, 100_001] {
                let failure = unpack(compression, packed.clone(), size);
                assert!(failure.is_err(), "{compression:?} {size}");
            }
            assert!(unpack(compression, packed[..packed.len() / 2].to_vec(), 100_000).is_err());
            assert!(unpack(compression, vec![0xff; 50], 100_000).is_err());
            assert_eq!(unpack(compression, Vec::new(), 0).unwrap(), [0; 0]);
        }
    }

    #[test]
    fn bombs_are_left_packed() {
        for compression in &all()[2..] {
            // A gigabyte in about a megabyte or less, said to be small.
            let packed = zeros(*compression, 1 << 30);
            assert!(packed.len() < 6 << 20, "{}", packed.len());
            let failure = unpack(*compression, packed, 1_000).unwrap_err().to_string();
            assert!(failure.contains("the size that it claims"), "{failure}");
        }
    }

    #[test]
    fn other_compressions_are_refused() {
        for compression in [Compression::LZO, Compression::LZ4] {
            let failure = unpack(compression, vec![0; 9], 9).unwrap_err().to_string();
            assert!(failure.contains("not supported"), "{failure}");
        }
        assert_eq!(
            unpack(Compression::UNCOMPRESSED, vec![7; 3], 3).unwrap(),
            [7; 3]
        );
        assert!(unpack(Compression::UNCOMPRESSED, vec![7; 3], 4).is_err());
    }
}
