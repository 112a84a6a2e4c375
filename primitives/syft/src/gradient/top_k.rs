//! The encoding `top-k`: the largest values with their positions among all values.

use crate::Plan;
use std::cmp::Reverse;

/// Appends positions in the order of [`Parameters::values`](crate::Parameters::values), then the values there. `k` is
/// at least 1 and at most the number of values.
pub(super) fn write(values: &[f32], k: u32, file: &mut Vec<u8>) {
    let indices = largest(values, k as usize);
    file.extend(indices.iter().flat_map(|index| index.to_le_bytes()));
    file.extend(
        indices
            .iter()
            .flat_map(|&index| values[index as usize].to_le_bytes()),
    );
}

/// The values in the order of the plan, from the tensors of the file's layout, whose positions have been checked.
pub(super) fn read(tensors: &[&[u8]], plan: &Plan) -> Vec<f32> {
    let mut values = vec![0.0; plan.parameters as usize];
    if let [indices, stored] = tensors {
        for (&index, &value) in indices.as_chunks().0.iter().zip(stored.as_chunks().0) {
            if let Some(own) = values.get_mut(u32::from_le_bytes(index) as usize) {
                *own = f32::from_le_bytes(value);
            }
        }
    }
    values
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
