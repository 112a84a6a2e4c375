//! Data sets from folders of images.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use image::codecs::{jpeg::JpegEncoder, png::PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use proptest::prelude::*;
use std::fs;
use std::path::Path;
use syft::{Column, Dataset, Schema};
use syft_data::{load_image_folder, LoadError};
use tempfile::TempDir;

fn schema(channels: u32, height: u32, width: u32) -> Schema {
    let image =
        format!(r#"{{"image":{{"channels":{channels},"height":{height},"width":{width}}}}}"#);
    let json = format!(
        r#"{{"inputs":[{{"name":"p","kind":{image}}}],
            "output":{{"name":"y","kind":{{"category":{{"classes":["dog","cat"]}}}}}}}}"#
    );
    serde_json::from_str(&json).unwrap()
}

fn png(pixels: &[u8], width: u32, height: u32, colours: ExtendedColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new(&mut bytes);
    encoder.write_image(pixels, width, height, colours).unwrap();
    bytes
}

fn grey(pixels: &[u8]) -> Vec<u8> {
    png(pixels, 2, 1, ExtendedColorType::L8)
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn load(files: &[(&str, &[u8])], schema: &Schema) -> Result<Dataset, LoadError> {
    load_image_folder(folder(files).path(), schema)
}

/// The message without the path of the folder.
fn message(files: &[(&str, &[u8])], schema: &Schema) -> String {
    let folder = folder(files);
    let error = load_image_folder(folder.path(), schema).unwrap_err();
    let text = error.to_string();
    let file = error.place().file.clone().unwrap_or_default();
    assert!(file.as_os_str().is_empty() || file.starts_with(folder.path()));
    text.replace(folder.path().to_str().unwrap(), "")
}

#[test]
fn rows_come_in_the_order_of_names() {
    let data = load(
        &[
            ("dog/a.png", &grey(&[5, 6])),
            ("cat/b.png", &grey(&[3, 4])),
            ("cat/B.PNG", &grey(&[1, 2])),
            ("cat/.hidden", b"x"),
            (".hidden/x.txt", b"x"),
        ],
        &schema(1, 1, 2),
    )
    .unwrap();
    let numbers = ndarray::array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    assert_eq!(data.columns()[0], Column::Numbers(numbers));
    assert_eq!(data.columns()[1], Column::Classes(vec![1, 1, 0]));
}

#[test]
fn channels_come_one_after_the_other() {
    let rgb = png(&[1, 2, 3, 4, 5, 6], 1, 2, ExtendedColorType::Rgb8);
    let data = load(&[("dog/a.png", &rgb)], &schema(3, 2, 1)).unwrap();
    let numbers = ndarray::array![[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]];
    assert_eq!(data.columns()[0], Column::Numbers(numbers));
}

#[test]
fn jpeg_is_read_too() {
    let (mut grey, mut rgb) = (Vec::new(), Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut grey, 100);
    encoder
        .write_image(&[100; 64], 8, 8, ExtendedColorType::L8)
        .unwrap();
    let encoder = JpegEncoder::new_with_quality(&mut rgb, 100);
    encoder
        .write_image(&[100; 192], 8, 8, ExtendedColorType::Rgb8)
        .unwrap();
    for (bytes, channels) in [(grey, 1), (rgb, 3)] {
        let data = load(&[("cat/a.jpeg", &bytes)], &schema(channels, 8, 8)).unwrap();
        let close = data
            .features()
            .iter()
            .all(|value| (value - 100.0).abs() < 3.0);
        assert!(close && data.features().len() == 64 * channels as usize);
    }
}

#[test]
fn mistakes_name_the_file() {
    let ok = grey(&[1, 2]);
    let schema = schema(1, 1, 2);
    assert_eq!(
        message(
            &[("cat/a.png", &png(&[1, 2, 3], 3, 1, ExtendedColorType::L8))],
            &schema
        ),
        "/cat/a.png: a picture of 1 x 3 (L8) where there should be 1 x 2 (L8)"
    );
    assert_eq!(
        message(
            &[("cat/a.png", &png(&[0; 6], 2, 1, ExtendedColorType::Rgb8))],
            &schema
        ),
        "/cat/a.png: a picture of 1 x 2 (Rgb8) where there should be 1 x 2 (L8)"
    );
    for colours in [
        ExtendedColorType::La8,
        ExtendedColorType::L16,
        ExtendedColorType::Rgba8,
    ] {
        let bytes = vec![0; 2 * usize::from(colours.bits_per_pixel()) / 8];
        let text = message(&[("cat/a.png", &png(&bytes, 2, 1, colours))], &schema);
        assert!(text.contains("where there should be 1 x 2 (L8)"), "{text}");
    }
    assert_eq!(
        message(&[("cow/a.png", &ok)], &schema),
        "/cow/a.png: \"cow\" is not one of the field's classes"
    );
    assert_eq!(
        message(&[("cat/a.png", &ok), ("notes.txt", b"x")], &schema),
        "/notes.txt: a file, where there should be a folder per class"
    );
    let text = message(&[("cat/a.png", b"text")], &schema);
    assert!(
        text.starts_with("/cat/a.png: not well-formed image"),
        "{text}"
    );
    let text = message(&[("cat/a.gif", b"GIF89a............")], &schema);
    assert!(text.contains("neither PNG nor JPEG"), "{text}");
    assert!(message(&[], &schema).contains("there are no rows"));
    assert!(message(&[("cat/b/c.png", &ok)], &schema).starts_with("/cat/b: cannot read"));
    let error = load_image_folder(Path::new("/no/such/folder"), &schema).unwrap_err();
    assert!(error
        .to_string()
        .starts_with("/no/such/folder: cannot read: "));
    let four = self::schema(4, 1, 2);
    assert!(message(&[], &four).contains("1 or 3 channels"));
}

#[test]
fn sizes_are_checked_before_anything_is_decoded() {
    // A header that claims 2 gigapixels.
    let mut huge = png(&[0; 2], 2, 1, ExtendedColorType::L8);
    huge[16..24].copy_from_slice(&[0, 0, 0xb0, 0, 0, 0, 0xb0, 0]);
    let crc = crc(&huge[12..29]);
    huge[29..33].copy_from_slice(&crc.to_be_bytes());
    let text = message(&[("cat/a.png", &huge)], &schema(1, 1, 2));
    assert!(text.contains("a picture of 45056 x 45056"), "{text}");
    // Metadata that unpack to a gigabyte.
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::copy(
        &mut std::io::Read::take(std::io::repeat(0), 1 << 30),
        &mut packer,
    )
    .unwrap();
    let profile = [&b"iCCPname\0\0"[..], &packer.finish().unwrap()].concat();
    let mut bomb = grey(&[7, 8]);
    let chunk = [
        &(profile.len() as u32 - 4).to_be_bytes()[..],
        &profile,
        &self::crc(&profile).to_be_bytes(),
    ]
    .concat();
    bomb.splice(33..33, chunk);
    // Left out or refused, but not unpacked.
    let _ = load(&[("cat/a.png", &bomb)], &schema(1, 1, 2));
    assert!(peak_memory() < 600 << 20, "{}", peak_memory());
    // Files themselves are bounded.
    let large = [&grey(&[1, 2])[..], &vec![0; 17 << 20]].concat();
    let text = message(&[("cat/a.png", &large)], &schema(1, 1, 2));
    assert!(text.contains("larger than"), "{text}");
}

/// The most memory that this process has held, in bytes; 0 where that is not known.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

/// The checksum of PNG's chunks.
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

proptest! {
    #[test]
    fn changed_pictures_never_panic(
        jpeg in any::<bool>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = Vec::new();
        match jpeg {
            true => JpegEncoder::new(&mut bytes)
                .write_image(&[90; 64], 8, 8, ExtendedColorType::L8)
                .unwrap(),
            false => bytes = png(&[90; 64], 8, 8, ExtendedColorType::L8),
        }
        for (index, byte) in &changes {
            let index = index.index(bytes.len());
            bytes[index] = *byte;
        }
        let _ = load(&[("cat/a", &bytes)], &schema(1, 8, 8));
    }
}
