//! Other orders of rows.

use super::{ValidationSet, MAX_ROOMS};
use crate::model::{PackedWeights, Pass};
use crate::{Model, Targets};
use ndarray::Axis;

impl ValidationSet {
    /// The same rows, first those of which the model is least sure. Others that are like it make most of their mistakes
    /// among these; so an error that comes to stand above a limit does so soon. The model must fit.
    ///
    /// `None` if the model gives a value that is not finite, or the error depends on the order of rows: that of classes does
    /// not, as mistakes are counted.
    pub(crate) fn hardest_first(&self, model: &Model) -> Option<Self> {
        let Targets::Classes(classes) = &self.targets else {
            return None;
        };
        let weights = PackedWeights::new(model);
        let pass = Pass::new(model, &weights, self.rows());
        let mut rooms = pass.rooms(self.threads(model, 1), MAX_ROOMS);
        let mut margins = Vec::with_capacity(self.rows());
        let passed = self.pass_rows(&pass, &mut rooms, |outputs| {
            let rows = outputs.chunks_exact(pass.outputs());
            let classes = classes[margins.len()..].iter();
            margins.extend(
                rows.zip(classes)
                    .map(|(row, &class)| margin(row, class.into())),
            );
            true
        });
        passed.ok()?;
        let mut order: Vec<usize> = (0..self.rows()).collect();
        order.sort_by(|&a, &b| margins[a].total_cmp(&margins[b]));
        Some(Self {
            schema: self.schema.clone(),
            features: self.features.select(Axis(0), &order),
            greatest: self.greatest,
            targets: self.targets.select(&order),
        })
    }
}

/// How far a row's outputs are on the side of its class: below 0 if they stand for another.
fn margin(outputs: &[f32], class: usize) -> f32 {
    match outputs {
        [output] if class == 0 => -output,
        [output] => *output,
        _ => {
            let (before, after) = outputs.split_at(class);
            let others = before.iter().chain(&after[1..]);
            after[0] - others.fold(f32::NEG_INFINITY, |most, &other| most.max(other))
        }
    }
}
