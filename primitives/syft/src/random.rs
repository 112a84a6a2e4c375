//! Random numbers that are the same everywhere.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// A stream of random numbers: the ChaCha20 key stream (64-bit counter, 64-bit stream number) under the key that is the
/// seed in little-endian order followed by zeros, read as little-endian 32-bit words.
///
/// How words become other things is part of the definition of every method, so a run can be repeated bit for bit.
pub struct Random(ChaCha20Rng);

impl Random {
    /// The given stream of a seed. Streams of one seed are independent.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self::keyed(key, stream)
    }

    /// The given stream of a key of 32 bytes.
    pub(crate) fn keyed(key: [u8; 32], stream: u64) -> Self {
        let mut generator = ChaCha20Rng::from_seed(key);
        generator.set_stream(stream);
        Self(generator)
    }

    /// Goes to this word of the stream, counted from 0.
    pub(crate) fn skip_to(&mut self, word: u64) {
        self.0.set_word_pos(word.into());
    }

    /// The next word of the stream.
    pub fn bits(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A number below `n`, all equally likely; 0 if `n` is 0.
    ///
    /// The upper half of `bits * n`; words whose lower half is below `2^32 mod n` are skipped (Lemire, *Fast Random
    /// Integer Generation in an Interval*, 2019).
    pub fn below(&mut self, n: u32) -> u32 {
        loop {
            let product = u64::from(self.bits()) * u64::from(n);
            let low = product as u32;
            if low >= n || low >= n.wrapping_neg().checked_rem(n).unwrap_or(0) {
                return (product >> 32) as u32;
            }
        }
    }

    /// A number from the standard normal distribution, by Box and Muller's method in binary64:
    /// `sqrt(-2 ln((a + 1) / 2^32)) * cos(2 pi b / 2^32)` from two words `a` and `b`, rounded to binary32.
    pub fn normal(&mut self) -> f32 {
        const SCALE: f64 = 1.0 / 4_294_967_296.0;
        let radius = (f64::from(self.bits()) + 1.0) * SCALE;
        let angle = f64::from(self.bits()) * SCALE;
        let normal = (-2.0 * libm::log(radius)).sqrt() * libm::cos(core::f64::consts::TAU * angle);
        normal as f32
    }

    /// The numbers from 0 to `n - 1` in random order (Fisher and Yates: for `i` from `n - 1` down to 1, exchange `i`
    /// with [`below`](Self::below)`(i + 1)`).
    pub fn permutation(&mut self, n: u32) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n as usize).collect();
        for i in (1..n).rev() {
            order.swap(i as usize, self.below(i + 1) as usize);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_is_chacha20() {
        // The key stream of ChaCha20 under the zero key, as in RFC 7539, appendix A.1, test vector 1: 76 b8 e0 ad ...
        let mut random = Random::new(0, 0);
        assert_eq!([random.bits(), random.bits()], [0xade0_b876, 0x903d_f1a0]);
    }

    #[test]
    fn seeds_and_streams_differ() {
        let first = |seed, stream| Random::new(seed, stream).bits();
        assert_ne!(first(0, 0), first(1, 0));
        assert_ne!(first(0, 0), first(0, 1));
        assert_eq!(first(7, 9), first(7, 9));
    }

    #[test]
    fn words_are_skipped() {
        let mut random = Random::new(3, 4);
        let words: Vec<u32> = (0..100).map(|_| random.bits()).collect();
        for word in [99, 0, 17, 16, 15, 64] {
            random.skip_to(word as u64);
            assert_eq!(random.bits(), words[word]);
        }
    }

    #[test]
    fn below_is_in_range_and_even() {
        let mut random = Random::new(1, 0);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[random.below(7) as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (9_600..10_400).contains(count)),
            "{counts:?}"
        );
        assert_eq!([random.below(0), random.below(1)], [0, 0]);
        // Half of all words are skipped here.
        assert!((0..100).all(|_| random.below((1 << 31) + 1) <= 1 << 31));
    }

    #[test]
    fn normal_has_mean_0_and_variance_1() {
        let mut random = Random::new(2, 0);
        let sample: Vec<f64> = (0..100_000).map(|_| f64::from(random.normal())).collect();
        let mean = sample.iter().sum::<f64>() / 1e5;
        let variance = sample.iter().map(|x| x * x).sum::<f64>() / 1e5;
        assert!(
            mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02,
            "{mean} {variance}"
        );
    }

    #[test]
    fn permutation_has_every_number_once() {
        for n in [0, 1, 2, 17] {
            let mut order = Random::new(3, 0).permutation(n);
            order.sort_unstable();
            assert!(order.into_iter().eq(0..n as usize));
        }
    }
}
