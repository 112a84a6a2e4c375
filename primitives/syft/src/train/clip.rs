//! Lengths of derivatives.

/// Sums that run beside each other, so that they fit vectors of any processor.
const SUMS: usize = 16;

/// The norm of a derivative, in the order that [`TrainOptions::clip_norm`](crate::TrainOptions::clip_norm) defines.
pub(crate) fn norm(values: &[f32]) -> f64 {
    let mut sums = [0.0; SUMS];
    let (blocks, rest) = values.as_chunks::<SUMS>();
    for block in blocks {
        for (sum, &value) in sums.iter_mut().zip(block) {
            *sum += f64::from(value) * f64::from(value);
        }
    }
    for (sum, &value) in sums.iter_mut().zip(rest) {
        *sum += f64::from(value) * f64::from(value);
    }
    sums.iter().fold(0.0, |all, sum| all + sum).sqrt()
}

/// What a vector of norm `norm` is multiplied by to have at most norm `most`: 1 or below.
pub(crate) fn factor(norm: f64, most: f32) -> f64 {
    let most = f64::from(most);
    // A norm that is not a number makes the factor one too, and the run fails by it.
    match norm <= most {
        true => 1.0,
        false => most / norm,
    }
}

/// Shortens a derivative to norm `most`, as [`TrainOptions::clip_norm`](crate::TrainOptions::clip_norm) defines.
pub(super) fn clip(values: &mut [f32], most: f32) {
    let factor = factor(norm(values), most) as f32;
    if factor != 1.0 {
        values.iter_mut().for_each(|value| *value *= factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_are_summed_in_the_defined_order() {
        assert_eq!(norm(&[]), 0.0);
        assert_eq!(norm(&[3.0, -4.0]), 5.0);
        assert_eq!(norm(&[1.0; 100]), 10.0);
        // 2^54 swallows a 1 that follows it in its own sum, but not the 1 + 1 of another.
        let big = 134_217_728.0; // 2^27
        let mut values = [0.0; 32];
        (values[0], values[16]) = (big, 1.0);
        assert_eq!(norm(&values), f64::from(big));
        (values[1], values[17]) = (2.0, 2.0);
        assert_eq!(
            norm(&values),
            (f64::from(big) * f64::from(big) + 8.0).sqrt()
        );
        // No overflow.
        assert!(norm(&[f32::MAX; 64]).is_finite());
    }

    #[test]
    fn only_long_derivatives_are_shortened() {
        let clipped = |values: [f32; 2], most| {
            let mut values = values;
            clip(&mut values, most);
            values
        };
        assert_eq!(clipped([3.0, -4.0], 2.5), [1.5, -2.0]);
        assert_eq!(clipped([3.0, -4.0], 5.0), [3.0, -4.0]);
        assert_eq!(clipped([0.0, -0.0], 1.0), [0.0, -0.0]);
        assert!(clipped([f32::INFINITY, 1.0], 1.0)[0].is_nan());
        assert!(clipped([f32::NAN, 1.0], 1.0)[1].is_nan());
    }
}
