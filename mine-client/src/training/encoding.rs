//! How a gradient is stored: smaller is cheaper, for the deposit and the fee follow the size.

use super::{held_out::Score, Gain};
use syft::{Architecture, Encoding, Gradient};

/// Shares of the values, in percent, that are tried alone. From 14 % on the file would be larger than
/// one that has every value in a byte.
const SHARES: [u64; 3] = [1, 5, 10];

/// The part of the gain that may be lost: one in so many. Pay follows the gain and is worth far more
/// than the room that is saved.
const LOSS: u64 = 100;

/// What a candidate is held against.
pub(super) struct Goal {
    /// By how much the error must fall.
    pub(super) minimum_step: u64,
    /// The branch's best model's score.
    pub(super) start: Score,
    /// The score with every value as it is.
    pub(super) best: Score,
}

impl Goal {
    /// Whether a candidate is better by the minimum step and keeps 99 % of what error and loss have fallen by.
    fn is_met_by(&self, (error, loss): Score) -> bool {
        let most_error = self.best.0 + self.start.0.saturating_sub(self.best.0) / LOSS;
        let most_loss = self.best.1 + (self.start.1 - self.best.1).max(0.0) / LOSS as f32;
        let gain = Gain {
            before: self.start.0,
            after: error,
        };
        gain.is_enough(self.minimum_step) && error <= most_error && loss <= most_loss
    }
}

/// The smallest file of the gradient that meets the goal, and its score: that of the gradient which
/// others will decode. The one with every value as it is, if no smaller one does.
pub(super) fn smallest(
    architecture: &Architecture,
    gradient: &Gradient,
    goal: &Goal,
    score: impl Fn(&Gradient) -> Option<Score>,
) -> (Vec<u8>, Score) {
    let values = gradient.values().len() as u64;
    let sparse = SHARES.map(|share| Encoding::TopK {
        k: u32::try_from((values * share).div_ceil(100)).unwrap_or(u32::MAX),
    });
    let whole = [Encoding::Int8Blocks, Encoding::DenseBf16];
    let mut files: Vec<_> = sparse
        .into_iter()
        .chain(whole)
        .map(|encoding| gradient.encode(encoding))
        .collect();
    let dense = gradient.encode(Encoding::DenseF32);
    files.sort_by_key(Vec::len);
    for file in files.into_iter().filter(|file| file.len() < dense.len()) {
        let stored = Gradient::decode(architecture, &file).ok();
        if let Some(score) = stored.and_then(|stored| score(&stored)) {
            if goal.is_met_by(score) {
                return (file, score);
            }
        }
    }
    (dense, goal.best)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use syft::Parameters;

    fn architecture() -> Architecture {
        let json = r#"{"input":[99],"layers":[{"dense":{"units":10}}],"head":"squared_error"}"#;
        serde_json::from_str(json).unwrap()
    }

    fn gradient() -> Gradient {
        let [before, after] =
            [1, 2].map(|seed| Parameters::initialise(&architecture(), seed).unwrap());
        Gradient::between(&before, &after).unwrap()
    }

    /// An error of 1,000 has fallen to 500, and must fall by 100.
    const GOAL: Goal = Goal {
        minimum_step: 100,
        start: (1_000, 2.0),
        best: (500, 1.0),
    };

    #[test]
    fn the_first_that_meets_the_goal_is_taken() {
        let gradient = gradient();
        let smallest = |score: &dyn Fn(&Gradient) -> Option<Score>| {
            smallest(&architecture(), &gradient, &GOAL, score)
        };
        let kept = |stored: &Gradient| stored.values().iter().filter(|&&v| v != 0.0).count();
        let top = |k| gradient.encode(Encoding::TopK { k });
        assert_eq!(smallest(&|_| Some((500, 1.0))), (top(10), (500, 1.0)));
        let needs = |count| {
            move |stored: &Gradient| Some((if kept(stored) < count { 600 } else { 505 }, 1.005))
        };
        assert_eq!(smallest(&needs(11)), (top(50), (505, 1.005)));
        assert_eq!(smallest(&needs(51)), (top(100), (505, 1.005)));
        assert_eq!(
            smallest(&needs(101)).0,
            gradient.encode(Encoding::Int8Blocks)
        );
        let bf16 = gradient.encode(Encoding::DenseBf16);
        let decoded = Gradient::decode(&architecture(), &bf16).unwrap();
        let exact = |stored: &Gradient| (*stored == decoded).then_some((500, 1.0));
        assert_eq!(smallest(&exact).0, bf16);
        let whole = (gradient.encode(Encoding::DenseF32), (500, 1.0));
        assert_eq!(smallest(&|_| None), whole);
        assert_eq!(smallest(&|_| Some((506, 1.0))), whole);
    }

    #[test]
    fn goals_count_error_and_loss() {
        assert!(GOAL.is_met_by((505, 1.0)));
        assert!(!GOAL.is_met_by((506, 1.0)));
        assert!(!GOAL.is_met_by((500, 1.02)));
        assert!(GOAL.is_met_by((400, 0.5)));
        assert!(!GOAL.is_met_by((400, f32::NAN)));
        // The step counts as well: here all of the gain is needed.
        let narrow = Goal {
            minimum_step: 500,
            ..GOAL
        };
        assert!(narrow.is_met_by((500, 1.0)));
        assert!(!narrow.is_met_by((501, 1.0)));
        // A loss that has grown may not grow further.
        let grown = Goal {
            best: (500, 3.0),
            ..GOAL
        };
        assert!(grown.is_met_by((500, 3.0)));
        assert!(!grown.is_met_by((500, 3.01)));
    }
}
