//! Data sets from folders of images.

use crate::error::{LoadError, Problem};
use crate::gather::Gather;
use image::{ColorType, ImageDecoder, ImageError, ImageFormat, ImageReader};
use std::fs::{self, File};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use syft::{Dataset, DatasetError, FieldKind, Schema, MAX_ROWS};

const FORMAT: &str = "a folder of images";
/// Bytes of one image's file, at most.
const MAX_FILE: u64 = 16 << 20;
/// Bytes that a decoder may take besides the picture, which has at most 65,536 values.
const MAX_DECODER: u64 = 16 << 20;

/// Reads a data set from a folder that holds one folder per class, called like the class, with PNG and JPEG files.
///
/// The schema has one input field, an image of 1 (grey) or 3 (red, green, blue) channels, and the output is a category.
/// Every picture must have the field's size and channels, with 8 bits each and no transparency; its values are 0 to 255,
/// channel after channel. Rows come in the order of the folders' names, within one in that of the files' names, both by
/// their bytes. Names that begin with a dot are left out. PNG pictures give the same values on every machine; how a JPEG
/// is rounded is its decoder's choice, so import one once and pass on the data set.
///
/// Safe on untrusted files: sizes are checked before anything is decoded.
///
/// # Errors
///
/// The first mistake, with the file or folder.
pub fn load_image_folder(folder: &Path, schema: &Schema) -> Result<Dataset, LoadError> {
    let mut gather = Gather::new(schema)?;
    let shape = shape(schema)?;
    for class in list(folder)? {
        let name = class.file_name().unwrap_or_default().to_string_lossy();
        if !class.is_dir() {
            let problem = Problem::WrongKind {
                expected: "a folder per class",
                found: "a file".into(),
            };
            return Err(LoadError::from(problem).in_file(&class));
        }
        for file in list(&class)? {
            let loaded = gather.add_rows(1).map_err(LoadError::from).and_then(|()| {
                read_image(&file, shape, &mut gather)?;
                Ok(gather.cell(1, &name)?)
            });
            loaded.map_err(|error| error.in_file(&file))?;
        }
    }
    gather
        .finish()
        .map_err(|problem| LoadError::from(problem).in_file(folder))
}

/// A picture's channels, height and width.
#[derive(Clone, Copy)]
struct Shape {
    channels: u32,
    height: u32,
    width: u32,
}

fn shape(schema: &Schema) -> Result<Shape, Problem> {
    let unsuitable = Problem::Schema {
        format: FORMAT,
        holds: "one image of 1 or 3 channels as the input and a category as the output",
    };
    match (schema.inputs.as_slice(), &schema.output.kind) {
        ([input], FieldKind::Category { .. }) => match input.kind {
            FieldKind::Image {
                channels: channels @ (1 | 3),
                height,
                width,
                ..
            } => Ok(Shape {
                channels,
                height,
                width,
            }),
            _ => Err(unsuitable),
        },
        _ => Err(unsuitable),
    }
}

/// What is in a folder, sorted, hidden files left out.
fn list(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let failed = |error: std::io::Error| LoadError::from(error).in_file(folder);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if paths.len() as u64 >= MAX_ROWS {
            let error = DatasetError::TooManyRows { most: MAX_ROWS };
            return Err(LoadError::from(error).in_file(folder));
        }
        paths.push(entry.path());
    }
    paths.sort_by(|a, b| {
        a.as_os_str()
            .as_encoded_bytes()
            .cmp(b.as_os_str().as_encoded_bytes())
    });
    Ok(paths)
}

fn read_image(path: &Path, shape: Shape, gather: &mut Gather) -> Result<(), LoadError> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_FILE + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        let reason = format!("the file is larger than {MAX_FILE} bytes");
        return Err(Problem::malformed("image", reason).into());
    }
    let format = image::guess_format(&bytes).map_err(malformed)?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg) {
        let what = format!("an image that is neither PNG nor JPEG ({format:?})");
        return Err(Problem::Unsupported { what }.into());
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(malformed)?;
    check(&decoder, shape)?;
    // As many as the field has values, a byte each.
    let mut pixels = vec![0; (shape.channels * shape.height * shape.width) as usize];
    decoder.read_image(&mut pixels).map_err(malformed)?;
    let channels = shape.channels as usize;
    for channel in 0..channels {
        for value in pixels.iter().skip(channel).step_by(channels) {
            gather.number(0, f32::from(*value))?;
        }
    }
    Ok(())
}

/// Whether the picture is what the field asks for, from its header alone.
fn check(decoder: &impl ImageDecoder, shape: Shape) -> Result<(), Problem> {
    let (width, height) = decoder.dimensions();
    let colours = match shape.channels {
        1 => ColorType::L8,
        _ => ColorType::Rgb8,
    };
    if (height, width, decoder.color_type()) == (shape.height, shape.width, colours) {
        return Ok(());
    }
    Err(Problem::Dimensions {
        expected: format!("{} x {} ({colours:?})", shape.height, shape.width),
        found: format!(
            "a picture of {height} x {width} ({:?})",
            decoder.color_type()
        ),
    })
}

fn malformed(error: ImageError) -> Problem {
    Problem::malformed("image", error)
}
