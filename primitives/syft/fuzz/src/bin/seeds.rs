//! Writes the files that fuzzing starts from: `seeds FOLDER` fills one folder in it for each decoder.

use std::{env, fs, io, path::PathBuf};
use syft_fuzz::decoders::DECODERS;

fn main() -> io::Result<()> {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("name a folder"));
    };
    for decoder in &DECODERS {
        let own = folder.join(decoder.name);
        fs::create_dir_all(&own)?;
        for (number, seed) in (decoder.seeds)().iter().enumerate() {
            fs::write(own.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}
