//! The measurement of a round: its models, the points that its gradients lead to, their sets.

use super::{models::NodeMaterials, Failure};
use crate::assayer::{workers::WorkerPool, BlobSource, LOG};
use sonar_primitives::{
    assay::{AcceptedRound, AssayRequest, Places, RoundVerdict, RoundWork, SeatShare},
    recipe::{add, build, BuildError, Materials, Point},
    round::MAX_COMMITMENTS,
    BlobHash,
};
use sp_core::H256;
use std::sync::Arc;
use syft::{
    round::{measure_round, Decision, RoundRules},
    Architecture, Parameters, ValidationSet,
};

/// The points of a round.
struct Points {
    /// Those that can be measured, with their places among the revealed gradients.
    valid: Vec<(u8, Parameters)>,
    /// The places of the gradients that lead nowhere.
    malformed: Places<MAX_COMMITMENTS>,
}

/// Measures a round on the threads of the current `rayon` pool; `workers` build its points. An
/// accepted model is kept: the next round builds on it.
pub fn measure<Blobs: BlobSource>(
    materials: &NodeMaterials<'_, Blobs>,
    workers: &WorkerPool,
    request: &AssayRequest,
    work: &RoundWork,
    set: &ValidationSet,
) -> Result<RoundVerdict, Failure> {
    let architecture = &request.architecture;
    // The recipe's other models go when the points are there.
    let (best, points) = {
        let models = build(architecture, &work.recipe, materials).map_err(recipe_failed)?;
        let best = at(&models, work.best)?.clone();
        let points = points(architecture, &models, &work.gradients, materials, workers)?;
        (best, points)
    };
    let accepted = if points.valid.is_empty() {
        None
    } else {
        let rules = RoundRules {
            best_error: work.best_error,
            target: work.target,
            minimum_step: work.minimum_step,
            seats: work.seats,
        };
        let members: Vec<_> = points.valid.iter().map(|(_, point)| point).collect();
        measure_round(set, architecture, request.metric, &best, &members, &rules).map_err(
            |error| {
                log::error!(target: LOG, "a round cannot be measured: {error}");
                Failure::Failed
            },
        )?
    };
    let accepted = accepted
        .map(|(decision, model)| {
            let parameters = H256(model.hash());
            materials.keep(architecture, parameters, &Arc::new(model));
            accepted_round(&decision, parameters, &points.valid)
        })
        .transpose()?;
    Ok(RoundVerdict {
        malformed: points.malformed,
        accepted,
    })
}

/// Every gradient added to its base.
fn points<Blobs: BlobSource>(
    architecture: &Architecture,
    models: &[Arc<Parameters>],
    gradients: &[Point],
    materials: &NodeMaterials<'_, Blobs>,
    workers: &WorkerPool,
) -> Result<Points, Failure> {
    let built = workers.each(gradients, |point| {
        let base = at(models, point.base)?;
        match add(architecture, base, point.gradient, materials) {
            Ok(point) => Ok(Some(point)),
            Err(BuildError::Malformed { blob, reason }) => {
                log::debug!(target: LOG, "gradient {blob:?}: {reason}");
                Ok(None)
            }
            Err(BuildError::NotFinite { gradient }) => {
                log::debug!(target: LOG, "gradient {gradient:?}: a sum is not finite");
                Ok(None)
            }
            Err(error) => Err(recipe_failed(error)),
        }
    });
    let mut points = Points {
        valid: Vec::with_capacity(gradients.len()),
        malformed: Default::default(),
    };
    for (place, point) in built.into_iter().enumerate() {
        // The chain takes no more commitments than there are places.
        let place = u8::try_from(place).map_err(|_| Failure::Failed)?;
        match point.ok_or(Failure::Failed)?? {
            Some(point) => points.valid.push((place, point)),
            None => points
                .malformed
                .try_push(place)
                .map_err(|_| Failure::Failed)?,
        }
    }
    Ok(points)
}

/// The decision in the words of a verdict: members are places among all revealed gradients there.
fn accepted_round(
    decision: &Decision,
    parameters: H256,
    valid: &[(u8, Parameters)],
) -> Result<AcceptedRound, Failure> {
    let place = |member: u32| valid.get(member as usize).map(|(place, _)| *place);
    let best_set: Option<Vec<_>> = decision.best_set.iter().copied().map(place).collect();
    let seats: Option<Vec<_>> = decision
        .seats
        .iter()
        .map(|seat| {
            Some(SeatShare {
                place: place(seat.member)?,
                share: seat.share,
            })
        })
        .collect();
    let (Some(best_set), Some(seats)) = (best_set, seats) else {
        log::error!(target: LOG, "a decision names a member that is not there");
        return Err(Failure::Failed);
    };
    Ok(AcceptedRound {
        error: decision.error,
        parameters,
        best_set: best_set.try_into().map_err(|_| Failure::Failed)?,
        with_previous: decision.with_best,
        seats: seats.try_into().map_err(|_| Failure::Failed)?,
    })
}

fn at(models: &[Arc<Parameters>], place: u32) -> Result<&Arc<Parameters>, Failure> {
    models.get(place as usize).ok_or_else(|| {
        log::error!(target: LOG, "a round names a model that its recipe does not have");
        Failure::Failed
    })
}

/// All that a recipe is made of was measured before, so it can only be missing here.
fn recipe_failed(error: BuildError<BlobHash>) -> Failure {
    if let BuildError::Missing(blob) = error {
        return Failure::Unavailable(blob);
    }
    log::error!(target: LOG, "a model cannot be built again: {error:?}");
    Failure::Failed
}
