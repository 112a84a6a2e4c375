//! Tensors of an architecture, in memory and as 32-bit floats in a file.

use crate::blob::file::{self, stored, Kind};
use crate::blob::parameters;
use crate::finite::all_finite;
use crate::{Architecture, BlobError, Plan, TensorPlan};

/// Values for every tensor of an architecture, all finite.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Tensors {
    plan: Vec<TensorPlan>,
    /// All values, tensor after tensor in the order of the plan.
    values: Vec<f32>,
}

impl Tensors {
    /// Values in the order of the plan; the name of the tensor that holds one which is not finite otherwise.
    ///
    /// There must be as many values as the plan says.
    pub(crate) fn new(plan: Vec<TensorPlan>, values: Vec<f32>) -> Result<Self, String> {
        let tensors = Self { plan, values };
        tensors.check()?;
        Ok(tensors)
    }

    /// Changes the values in place; afterwards as [`new`](Self::new).
    pub(crate) fn update(&mut self, change: impl FnOnce(&mut [f32])) -> Result<(), String> {
        change(&mut self.values);
        self.check()
    }

    fn check(&self) -> Result<(), String> {
        debug_assert_eq!(
            self.parts().map(|(_, values)| values.len()).sum::<usize>(),
            self.values.len()
        );
        match self.parts().find(|(_, values)| !all_finite(values)) {
            Some((tensor, _)) => Err(tensor.name.clone()),
            None => Ok(()),
        }
    }

    pub(crate) fn plan(&self) -> &[TensorPlan] {
        &self.plan
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    /// Each tensor with its values.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&TensorPlan, &[f32])> {
        let mut rest = &self.values[..];
        self.plan.iter().map(move |tensor| {
            let (own, others) = rest.split_at((tensor.values() as usize).min(rest.len()));
            rest = others;
            (tensor, own)
        })
    }

    /// The canonical file of 32-bit floats, with the given metadata and the tensors in the order of the plan.
    pub(crate) fn write(&self, metadata: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = file::begin(metadata, &stored(&self.plan, Kind::F32));
        bytes.extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    /// Reads parameters: a file that must hold exactly the tensors of the architecture as 32-bit floats, in any order.
    ///
    /// Takes 4 bytes per parameter, once the header is in order, and beyond that at most 32 for each byte that a header
    /// may have.
    pub(crate) fn read(architecture: &Architecture, bytes: &[u8]) -> Result<Self, BlobError> {
        let plan = architecture.plan()?;
        let tensors = parameters::tensors(&plan, bytes)?;
        let values = read_dense(&tensors, &plan, f32::from_le_bytes);
        Self::new(plan.tensors, values).map_err(|tensor| BlobError::NotFinite { tensor })
    }
}

/// The values, in the order of the plan, of its tensors in full; each value has `N` bytes.
pub(crate) fn read_dense<const N: usize>(
    tensors: &[&[u8]],
    plan: &Plan,
    value: impl Fn([u8; N]) -> f32,
) -> Vec<f32> {
    let mut values = Vec::with_capacity(plan.parameters as usize);
    for own in tensors {
        values.extend(own.as_chunks().0.iter().map(|&bytes| value(bytes)));
    }
    values
}
