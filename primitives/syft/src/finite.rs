//! Whether numbers are numbers.

/// Whether no value is an infinity or something that is not a number.
///
/// Without a branch per value, so that the compiler looks at many at a time.
pub(crate) fn all_finite(values: &[f32]) -> bool {
    const EXPONENT: u32 = 0x7f80_0000;
    const LOWEST_EXPONENT_BIT: u32 = 0x0080_0000;
    // Only an exponent of all ones, which is what marks these values, carries into the highest bit.
    let carries = values.iter().fold(0, |carries, value| {
        carries | (value.to_bits() & EXPONENT).wrapping_add(LOWEST_EXPONENT_BIT)
    });
    carries >> 31 == 0
}

#[cfg(test)]
mod tests {
    use super::all_finite;

    #[test]
    fn only_infinities_and_what_is_no_number_are_found() {
        let finite = [
            0.0,
            -0.0,
            1e-45,
            -1e-40,
            f32::MAX,
            f32::MIN,
            1.0,
            -1.0,
            3e38,
        ];
        assert!(all_finite(&finite));
        assert!(all_finite(&[]));
        let strange = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN];
        for strange in strange.into_iter().chain([f32::from_bits(0x7f80_0001)]) {
            for place in 0..100 {
                let mut values = finite.repeat(12);
                values[place] = strange;
                assert!(!all_finite(&values), "{strange} at {place}");
            }
        }
    }
}
