//! How long something takes.

use std::time::Instant;

/// Seconds per reading of the clock, at least, so that reading it does not count.
const READING: f64 = 100e-6;

/// Seconds that one run takes at best, measured for so many seconds, three times at least.
pub fn best(seconds: f64, mut run: impl FnMut()) -> f64 {
    run();
    let start = Instant::now();
    run();
    let once = start.elapsed().as_secs_f64().max(1e-9);
    let runs = (READING / once).ceil().clamp(1.0, 10_000.0) as u32;
    let (mut best, mut readings) = (f64::INFINITY, 0);
    let start = Instant::now();
    while readings < 3 || start.elapsed().as_secs_f64() < seconds {
        let reading = Instant::now();
        (0..runs).for_each(|_| run());
        best = best.min(reading.elapsed().as_secs_f64() / f64::from(runs));
        readings += 1;
    }
    best
}
