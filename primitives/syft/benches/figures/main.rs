//! Syft's speed beside that of other libraries, on this machine and in this run.
//!
//! ```text
//! cargo bench -p syft --bench figures -- [--quick] [--output json] [--python INTERPRETER] [NAME...]
//! ```
//!
//! Only figures with one of the names in theirs are measured, if any are given. Without an interpreter only libraries in
//! Rust are; `scripts/bench` prepares one.

mod clock;
mod data;
mod evaluation;
mod figure;
mod products;
mod python;
mod report;
mod rounds;
mod training;

use figure::Bench;
use python::Python;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut bench = Bench {
        rounds: 5,
        seconds: 0.4,
        only: Vec::new(),
        python: None,
        load: load(),
        pools: [pool(1)?, pool(2)?],
        rows: Vec::new(),
    };
    let mut json = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // Cargo's own.
            "--bench" => {}
            "--quick" => (bench.rounds, bench.seconds) = (2, 0.05),
            "--output" => json = arguments.next().as_deref() == Some("json"),
            "--python" => {
                let interpreter = arguments.next().ok_or("--python needs an interpreter")?;
                bench.python = Some(Python::start(&interpreter)?);
            }
            option if option.starts_with('-') => {
                return Err(format!("unknown option {option}").into())
            }
            name => bench.only.push(name.into()),
        }
    }
    products::run(&mut bench);
    training::run(&mut bench)?;
    evaluation::run(&mut bench)?;
    rounds::run(&mut bench)?;
    match json {
        true => report::print_json(&bench),
        false => report::print(&bench),
    }
    Ok(())
}

fn pool(threads: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new().num_threads(threads).build()
}

/// The load average of the last minute and the number of processors.
fn load() -> Option<String> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    let processors = std::thread::available_parallelism().ok()?;
    Some(format!(
        "{} on {processors} processors",
        text.split(' ').next()?
    ))
}
