//! The encoding `top-k`: the largest values with their positions among all values.
//!
//! One pair of tensors for the whole gradient, rather than one for each of the architecture's: it is smaller, and the
//! values compete for their place with all others.

use crate::tensors::file::{self, File, Kind, Stored};
use crate::tensors::{BlobError, Tensors};
use crate::Plan;
use std::cmp::Reverse;

/// The tensor of positions in the order of [`Parameters::values`](crate::Parameters::values), strictly increasing.
const INDICES: &str = "indices";
/// The tensor of the values at these positions.
const VALUES: &str = "values";

/// The canonical file: positions, then values.
pub(super) fn write(tensors: &Tensors, metadata: &[(&str, &str)], k: u32) -> Vec<u8> {
    let values = tensors.values();
    let k = (k as usize).clamp(1, most(values.len() as u64) as usize);
    let indices = largest(values, k);
    // At most half of MAX_PARAMETERS.
    let mut bytes = file::begin(metadata, &layout(k as u32));
    bytes.extend(indices.iter().flat_map(|index| index.to_le_bytes()));
    bytes.extend(
        indices
            .iter()
            .flat_map(|&index| values[index as usize].to_le_bytes()),
    );
    bytes
}

/// The values in the order of the plan.
pub(super) fn read(file: &File, plan: &Plan) -> Result<Vec<f32>, BlobError> {
    let most = most(plan.parameters);
    let k = match *file.shape(INDICES)? {
        [k] if (1..=most).contains(&k) => k as u32,
        _ => {
            return Err(BlobError::Count {
                tensor: INDICES.into(),
                most,
            })
        }
    };
    let parts = file.tensors(&layout(k))?;
    let mut values = vec![0.0; plan.parameters as usize];
    // One past the position before.
    let mut least = 0;
    for (index, value) in numbers(&parts, 0).zip(numbers(&parts, 1)) {
        let index = u32::from_le_bytes(index);
        match values.get_mut(index as usize) {
            Some(own) if index >= least => *own = f32::from_le_bytes(value),
            _ => {
                return Err(BlobError::Indices {
                    tensor: INDICES.into(),
                    parameters: plan.parameters,
                })
            }
        }
        least = index + 1;
    }
    Ok(values)
}

/// The numbers of 4 bytes in one of the parts.
fn numbers<'a>(parts: &[&'a [u8]], part: usize) -> impl Iterator<Item = [u8; 4]> + use<'a> {
    let bytes = parts.get(part).copied().unwrap_or_default();
    bytes.as_chunks().0.iter().copied()
}

/// The most values that are stored: with more, every value as it is would take less room.
fn most(parameters: u64) -> u64 {
    parameters.div_ceil(2)
}

/// What the file holds.
fn layout(k: u32) -> [Stored; 2] {
    [(INDICES, Kind::U32), (VALUES, Kind::F32)].map(|(name, kind)| Stored {
        name: name.into(),
        kind,
        shape: vec![k],
    })
}

/// The positions, in order, of the `k` values of largest magnitude, the first among equals. There are at least `k`
/// values, at least one, all finite.
fn largest(values: &[f32], k: usize) -> Vec<u32> {
    let mut indices: Vec<u32> = (0..values.len() as u32).collect();
    // Magnitudes of finite numbers are in the order of their bits. No two positions have the same key, so the result
    // does not depend on the way in which the first `k` are found.
    indices.select_nth_unstable_by_key(k - 1, |&index| {
        (Reverse(values[index as usize].abs().to_bits()), index)
    });
    indices.truncate(k);
    indices.sort_unstable();
    indices
}

#[cfg(test)]
mod tests {
    use super::largest;

    #[test]
    fn the_first_among_equals_is_kept() {
        let values = [1.0, -3.0, 0.0, 3.0, -1.0, 1.0];
        for (k, expected) in [
            (1, &[1][..]),
            (2, &[1, 3]),
            (3, &[0, 1, 3]),
            (4, &[0, 1, 3, 4]),
            (6, &[0, 1, 2, 3, 4, 5]),
        ] {
            assert_eq!(largest(&values, k), expected);
        }
        assert_eq!(largest(&[-0.0, 0.0], 1), [0]);
    }
}
