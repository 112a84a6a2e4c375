//! Means of sets, one after the other.

/// Computes the means of sets of points as [`Parameters::mean`](crate::Parameters::mean) does, and keeps the sums of the
/// last set's beginnings: the next one goes on from the beginning that both have.
///
/// Takes the memory of one point less than the largest set has members.
pub(super) struct Means<'a> {
    points: &'a [&'a [f32]],
    /// Joins a set as one point more, at the end.
    best: &'a [f32],
    /// The last set.
    set: Vec<u32>,
    /// The sums of its first two members, its first three, and so on; perhaps more.
    sums: Vec<Vec<f32>>,
}

impl<'a> Means<'a> {
    pub(super) fn new(points: &'a [&'a [f32]], best: &'a [f32]) -> Self {
        Self {
            points,
            best,
            set: Vec::new(),
            sums: Vec::new(),
        }
    }

    /// Writes the mean of the points of a non-empty set.
    pub(super) fn write(&mut self, set: &[u32], with_best: bool, mean: &mut [f32]) {
        let best = self.best;
        let sum = self.sum(set);
        match (with_best, set.len()) {
            (false, 1) => mean.copy_from_slice(sum),
            (false, members) => {
                let count = members as f32;
                let values = mean.iter_mut().zip(sum);
                values.for_each(|(mean, sum)| *mean = sum / count);
            }
            (true, members) => {
                let count = (members + 1) as f32;
                let values = mean.iter_mut().zip(sum).zip(best);
                values.for_each(|((mean, sum), best)| *mean = (sum + best) / count);
            }
        }
    }

    /// The sum of the points of a non-empty set.
    fn sum(&mut self, set: &[u32]) -> &[f32] {
        let both = self.set.iter().zip(set);
        let shared = both.take_while(|(last, next)| last == next).count();
        for known in shared.max(1)..set.len() {
            if self.sums.len() < known {
                self.sums.push(vec![0.0; self.best.len()]);
            }
            let (first, point) = (self.point(set[0]), self.point(set[known]));
            let (before, after) = self.sums.split_at_mut(known - 1);
            let sum = before.last().map_or(first, Vec::as_slice);
            let values = after[0].iter_mut().zip(sum).zip(point);
            values.for_each(|((next, sum), point)| *next = sum + point);
        }
        self.set.clear();
        self.set.extend_from_slice(set);
        match set.len() {
            1 => self.point(set[0]),
            members => &self.sums[members - 2],
        }
    }

    fn point(&self, member: u32) -> &'a [f32] {
        self.points[member as usize]
    }
}
