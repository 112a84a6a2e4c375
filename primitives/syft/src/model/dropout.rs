//! Dropout.

use crate::{Random, DROPOUT_UNIT};

/// The first of the streams that dropout layers read.
const STREAMS: u64 = 1 << 63;
/// Streams of one step: one per layer that an architecture can have.
const STREAMS_PER_STEP: u64 = 32;

/// Determines which values dropout layers drop in one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DropoutKey {
    /// The training run's seed.
    pub(crate) seed: u64,
    /// The step's number in the run, from 0.
    pub(crate) step: u64,
}

/// A dropout layer.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Dropout {
    /// Words below it drop their value.
    threshold: u32,
    /// What kept values are multiplied by.
    scale: f32,
    /// Position of the layer.
    layer: u64,
}

impl Dropout {
    /// The dropout layer of this rate in millionths, which is below [`DROPOUT_UNIT`], in this position.
    pub(super) fn new(rate: u32, layer: usize) -> Self {
        let kept = 1.0 - f64::from(rate) / f64::from(DROPOUT_UNIT);
        Self {
            // Below 2^32, as the rate is below the unit.
            threshold: ((u64::from(rate) << 32) / u64::from(DROPOUT_UNIT)) as u32,
            scale: (1.0 / kept) as f32,
            layer: layer as u64,
        }
    }

    /// `y` from as many `x`, the first of which is value `first` of the batch. The derivative by `x`, given that by
    /// `y`, is computed in the same way.
    pub(super) fn apply(self, key: DropoutKey, first: u64, x: &[f32], y: &mut [f32]) {
        let stream = STREAMS
            .wrapping_add(key.step.wrapping_mul(STREAMS_PER_STEP))
            .wrapping_add(self.layer);
        let mut random = Random::new(key.seed, stream);
        random.skip_to(first);
        for (y, &x) in y.iter_mut().zip(x) {
            *y = match random.bits() < self.threshold {
                true => 0.0,
                false => x * self.scale,
            };
        }
    }
}
