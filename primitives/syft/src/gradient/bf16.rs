//! The encoding `dense-bf16`: the upper half of every binary32.

/// The bits of the largest finite number.
const LARGEST: u32 = 0x7f7f;

/// The nearest number, ties to even, and the largest instead of infinity. `value` is finite.
pub(super) fn encode(value: f32) -> [u8; 2] {
    let magnitude = value.abs().to_bits();
    // Half of the last place that stays, or just below where that place is even: then a tie is not carried.
    let half = 0x7fff + ((magnitude >> 16) & 1);
    let rounded = ((magnitude + half) >> 16).min(LARGEST);
    let sign = (value.to_bits() >> 16) & 0x8000;
    ((sign | rounded) as u16).to_le_bytes()
}

/// The number itself, exactly.
pub(super) fn decode(bytes: [u8; 2]) -> f32 {
    f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn rounds_to_nearest_even_and_never_to_infinity() {
        for (value, expected) in [
            (0x0000_0000, 0x0000),
            (0x8000_0000, 0x8000),
            (0x3f80_0000, 0x3f80),
            (0x3f80_7fff, 0x3f80),
            (0x3f80_8000, 0x3f80),
            (0x3f80_8001, 0x3f81),
            (0x3f81_8000, 0x3f82),
            (0xbf81_8000, 0xbf82),
            (0x3fff_ffff, 0x4000),
            (0x0000_8000, 0x0000),
            (0x0000_8001, 0x0001),
            (0x7f7f_7fff, 0x7f7f),
            (0x7f7f_8000, 0x7f7f),
            (0x7f7f_ffff, 0x7f7f),
            (0xff7f_ffff, 0xff7f),
        ] {
            let bytes = encode(f32::from_bits(value));
            assert_eq!(u16::from_le_bytes(bytes), expected, "{value:#x}");
            assert_eq!(decode(bytes).to_bits(), u32::from(expected) << 16);
        }
    }
}
