//! The encoding `int8-blocks`: whole numbers from -127 to 127, and a scale for each block of a tensor.

use crate::blob::{scale_name, BLOCK};
use crate::tensors::Tensors;
use crate::{BlobError, Plan};

/// The largest magnitude of a whole number.
const LARGEST: f32 = 127.0;

/// Appends all scales in the order of the plan, then all whole numbers.
pub(super) fn write(tensors: &Tensors, file: &mut Vec<u8>) {
    let blocks = || {
        tensors
            .parts()
            .flat_map(|(_, values)| values.chunks(BLOCK))
            .map(|block| (block, scale(block)))
    };
    file.extend(blocks().flat_map(|(_, scale)| scale.to_le_bytes()));
    for (block, scale) in blocks() {
        file.extend(block.iter().map(|&value| quantise(value, scale) as u8));
    }
}

/// The values in the order of the plan, from the tensors of the file's layout.
pub(super) fn read(tensors: &[&[u8]], plan: &Plan) -> Result<Vec<f32>, BlobError> {
    let (scales, numbers) = tensors.split_at(plan.tensors.len());
    let mut values = Vec::with_capacity(plan.parameters as usize);
    for ((tensor, scales), numbers) in plan.tensors.iter().zip(scales).zip(numbers) {
        if numbers.contains(&(i8::MIN as u8)) {
            return Err(BlobError::Quantised {
                tensor: tensor.name.clone(),
            });
        }
        for (&scale, block) in scales.as_chunks().0.iter().zip(numbers.chunks(BLOCK)) {
            let scale = f32::from_le_bytes(scale);
            if scale.is_sign_negative() || !scale.is_finite() {
                return Err(BlobError::Scale {
                    tensor: scale_name(tensor),
                });
            }
            values.extend(block.iter().map(|&q| scale * f32::from(q as i8)));
        }
    }
    Ok(values)
}

/// The scale of a block of finite values.
fn scale(block: &[f32]) -> f32 {
    let largest = block.iter().fold(0.0, |m: f32, value| m.max(value.abs()));
    let scale = largest / LARGEST;
    match (scale * LARGEST).is_finite() {
        true => scale,
        false => scale.next_down(),
    }
}

/// The whole number that stands for a value, -127 to 127.
fn quantise(value: f32, scale: f32) -> i8 {
    if scale == 0.0 {
        return 0;
    }
    (value / scale).round_ties_even().clamp(-LARGEST, LARGEST) as i8
}

#[cfg(test)]
mod tests {
    use super::{quantise, scale};

    #[test]
    fn ties_go_to_even_and_the_largest_to_127() {
        assert_eq!(scale(&[0.5, -127.0, 3.0]), 1.0);
        for (value, expected) in [
            (0.5, 0),
            (1.5, 2),
            (-2.5, -2),
            (-127.0, -127),
            (126.5, 126),
            (-0.0, 0),
        ] {
            assert_eq!(quantise(value, 1.0), expected, "{value}");
        }
    }

    #[test]
    fn extreme_blocks_stay_in_range() {
        let huge = scale(&[f32::MIN]);
        assert!((huge * 127.0).is_finite());
        assert_eq!(quantise(f32::MIN, huge), -127);
        assert_eq!((scale(&[-0.0]).to_bits(), quantise(-0.0, 0.0)), (0, 0));
        // The smallest numbers there are: a scale that rounds to 0, and one that rounds far down.
        let smallest = |count: u32| f32::from_bits(count);
        assert_eq!(scale(&[smallest(63)]), 0.0);
        assert_eq!(quantise(smallest(63), 0.0), 0);
        assert_eq!(scale(&[smallest(190)]), smallest(1));
        assert_eq!(quantise(smallest(190), smallest(1)), 127);
    }
}
