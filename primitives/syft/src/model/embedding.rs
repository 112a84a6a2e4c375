//! Embedding bags.

use super::ModelError;
use crate::kernel::Start;

/// An embedding bag's sizes. Its parameters are the weight `[tokens, width]`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct EmbeddingBag {
    /// Token numbers in a row.
    pub(super) length: usize,
    /// One more than the greatest token number.
    pub(super) tokens: u32,
    pub(super) width: usize,
}

impl EmbeddingBag {
    /// `y` (rows x width) from `x` (rows x length), which must hold token numbers.
    pub(super) fn forward(
        self,
        weight: &[f32],
        x: &[f32],
        y: &mut [f32],
    ) -> Result<(), ModelError> {
        // Both sides are exact: there are no more tokens than parameters, far fewer than 2^24.
        let valid = |x: f32| x >= 0.0 && x < self.tokens as f32 && x.fract() == 0.0;
        if !x.iter().all(|&x| valid(x)) {
            return Err(ModelError::Token {
                tokens: self.tokens,
            });
        }
        let rows = x.chunks_exact(self.length);
        for (x, y) in rows.zip(y.chunks_exact_mut(self.width)) {
            y.fill(0.0);
            for start in self.learned(x) {
                for (y, &weight) in y.iter_mut().zip(&weight[start..start + self.width]) {
                    *y += weight;
                }
            }
            let count = self.count(x);
            y.iter_mut().for_each(|y| *y /= count);
        }
        Ok(())
    }

    /// The derivative by the weight, on top of `start`: nothing or what `derivative` holds.
    pub(super) fn backward_parameters(
        self,
        x: &[f32],
        dy: &[f32],
        start: Start,
        derivative: &mut [f32],
    ) {
        if let Start::Zero = start {
            derivative.fill(0.0);
        }
        let rows = x.chunks_exact(self.length);
        for (x, dy) in rows.zip(dy.chunks_exact(self.width)) {
            let count = self.count(x);
            for start in self.learned(x) {
                let sums = &mut derivative[start..start + self.width];
                for (sum, &dy) in sums.iter_mut().zip(dy) {
                    *sum += dy / count;
                }
            }
        }
    }

    /// Where the rows of a row's tokens start in the weight, without the padding.
    fn learned(self, x: &[f32]) -> impl Iterator<Item = usize> + '_ {
        x.iter()
            .filter(|&&x| x > 0.0)
            .map(move |&x| x as usize * self.width)
    }

    /// What the sum over a row's tokens is divided by: their number, or 1 if there are none.
    fn count(self, x: &[f32]) -> f32 {
        self.learned(x).count().max(1) as f32
    }
}
