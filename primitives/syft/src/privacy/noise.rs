//! Secret random numbers.

use crate::Random;

/// 2^-53.
const UNIT: f64 = 1.0 / 9_007_199_254_740_992.0;
/// Steps of the grid in one standard deviation, at least; a power of two.
const GRID: f64 = 1_024.0;

/// What the noise, and the choice of rows, of one private run are made from: 32 bytes from the system's generator of
/// random numbers for secrets.
///
/// A key is used up by its run, as noise that is used twice can be subtracted. It is never shown or stored.
///
/// # Streams
///
/// Stream `n` of a key is the ChaCha20 key stream (64-bit counter, stream number `n`), read as [`Random`] reads it. Step
/// `t` (from 0) of a run chooses its rows by stream `2 t` and takes its noise from stream `2 t + 1`.
///
/// # Rows
///
/// Poisson sampling: one [word](Random::bits) per row, in order; the row takes part in the step if its word is below
/// `min(2^32, floor(batch_size * 2^32 / rows))`. So every row takes part with a probability of `batch_size / rows` (by
/// at most 2^-32 less), whatever the others do, as the accountant's theorem demands.
///
/// # Noise
///
/// Box and Muller's method in binary64. From four words `a`, `b`, `c`, `d`: `r = sqrt(-2 ln(u))` with
/// `u = (floor((a + 2^32 b) / 2^11) + 1) / 2^53`, and `w = 2 pi (floor((c + 2^32 d) / 2^11) / 2^53)`; `r cos(w)` is for
/// one value and `r sin(w)` for the next (not used if there is none), with `ln`, `cos` and `sin` of `libm`. A value `x`
/// with noise `z` of standard deviation `s` becomes the multiple of `g` next to `x + s z` (ties to even), where `g` is
/// the largest power of two up to `s / 1,024`. The grid hides the gaps between floating-point numbers, and is too fine to
/// matter for learning.
pub struct NoiseKey([u8; 32]);

impl NoiseKey {
    /// The key made of these bytes, which must be random, secret, and used for nothing else.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn stream(&self, number: u64) -> Random {
        Random::keyed(self.0, number)
    }
}

/// Rows by Poisson sampling with rate `batch / rows`, as [`NoiseKey`] defines it, in order.
pub(crate) fn sample(random: &mut Random, rows: usize, batch: u32, sampled: &mut Vec<usize>) {
    const ALL: u64 = 1 << 32;
    // A data set has at least one row.
    let below = (u64::from(batch) * ALL / rows as u64).min(ALL);
    sampled.clear();
    sampled.extend((0..rows).filter(|_| u64::from(random.bits()) < below));
}

/// Normal noise of one standard deviation.
pub(crate) struct Noise {
    random: Random,
    deviation: f64,
    grid: f64,
}

impl Noise {
    /// From a stream of the key. The deviation must be above 0 and finite.
    pub(crate) fn new(key: &NoiseKey, stream: u64, deviation: f64) -> Self {
        // deviation = m * 2^exponent with m from 0.5 to below 1, so 2^(exponent - 1) is the power of two below it.
        let (_, exponent) = libm::frexp(deviation / GRID);
        Self {
            random: key.stream(stream),
            deviation,
            grid: libm::ldexp(1.0, exponent - 1),
        }
    }

    /// Adds noise to every value.
    pub(crate) fn add_to(&mut self, values: &mut [f64]) {
        for pair in values.chunks_mut(2) {
            for (value, noise) in pair.iter_mut().zip(self.pair()) {
                let noised = *value + self.deviation * noise;
                *value = (noised / self.grid).round_ties_even() * self.grid;
            }
        }
    }

    /// Two independent numbers from the standard normal distribution.
    fn pair(&mut self) -> [f64; 2] {
        let radius = (self.bits53() as f64 + 1.0) * UNIT;
        let angle = core::f64::consts::TAU * (self.bits53() as f64 * UNIT);
        let length = (-2.0 * libm::log(radius)).sqrt();
        let (sin, cos) = libm::sincos(angle);
        [length * cos, length * sin]
    }

    fn bits53(&mut self) -> u64 {
        let low = u64::from(self.random.bits());
        (low | u64::from(self.random.bits()) << 32) >> 11
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(count: usize, deviation: f64) -> Vec<f64> {
        let mut values = vec![0.0; count];
        Noise::new(&NoiseKey::new([7; 32]), 1, deviation).add_to(&mut values);
        values
    }

    #[test]
    fn noise_is_normal() {
        let values = noise(200_001, 3.0);
        let moment =
            |power| values.iter().map(|x| (x / 3.0f64).powi(power)).sum::<f64>() / 200_001.0;
        for (power, expected, within) in [
            (1, 0.0, 0.01),
            (2, 1.0, 0.01),
            (3, 0.0, 0.03),
            (4, 3.0, 0.06),
        ] {
            let found = moment(power);
            assert!((found - expected).abs() < within, "moment {power}: {found}");
        }
        let beyond = values.iter().filter(|x| x.abs() > 6.0).count() as f64 / 200_001.0;
        assert!((beyond - 0.0455).abs() < 0.002, "{beyond}");
        // Neighbours are independent.
        let product: f64 = values.windows(2).map(|pair| pair[0] * pair[1]).sum();
        assert!((product / 9.0 / 2e5).abs() < 0.01);
    }

    #[test]
    fn noise_lies_on_the_grid_with_what_it_hides() {
        let mut values = vec![0.1; 100];
        Noise::new(&NoiseKey::new([7; 32]), 1, 3.0).add_to(&mut values);
        // The largest power of two up to 3 / 1024.
        assert!(values.iter().all(|x| (x * 512.0).fract() == 0.0));
        assert!(values.iter().any(|x| (x * 256.0).fract() != 0.0));
        assert_eq!(Noise::new(&NoiseKey::new([7; 32]), 1, 1_024.0).grid, 1.0);
    }

    /// The definition, from the stream's words.
    #[test]
    fn noise_is_what_the_definition_says() {
        let mut words = NoiseKey::new([7; 32]).stream(1);
        let mut bits = || {
            let (low, high) = (u64::from(words.bits()), u64::from(words.bits()));
            ((low + (high << 32)) / 2_048) as f64
        };
        let r = (-2.0 * libm::log((bits() + 1.0) / 2f64.powi(53))).sqrt();
        let w = core::f64::consts::TAU * (bits() / 2f64.powi(53));
        let rounded = |x: f64| (x * 1_024.0).round_ties_even() / 1_024.0;
        let expected = [rounded(r * libm::cos(w)), rounded(r * libm::sin(w))];
        assert_eq!(noise(3, 1.0)[..2], expected);
    }

    #[test]
    fn rows_are_sampled_at_the_rate() {
        let mut sampled = Vec::new();
        let mut random = NoiseKey::new([3; 32]).stream(0);
        let mut counts = vec![0; 1_000];
        for _ in 0..1_000 {
            sample(&mut random, 1_000, 64, &mut sampled);
            assert!(sampled.is_sorted());
            sampled.iter().for_each(|&row| counts[row] += 1);
        }
        let all: u32 = counts.iter().sum();
        assert!((63_000..65_000).contains(&all), "{all}");
        assert!(counts.iter().all(|count| (25..110).contains(count)));
        for batch in [10, 11, u32::MAX] {
            sample(&mut random, 10, batch, &mut sampled);
            assert_eq!(sampled.len(), 10);
        }
    }
}
