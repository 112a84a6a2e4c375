//! The assayer: measures what the chain asks for, with Syft, as a node does.

use crate::chain::{tasks, Chain};
use sonar_primitives::{
    assay::{AcceptedRound, AssayRequest, AssayWork, RoundVerdict, RoundWork, SeatShare, Verdict},
    recipe::{add, build, BuildError, Materials, RecipeStep},
    traits::AssaySubjects,
    BlobHash, RoundId,
};
use sonar_runtime::{
    configs::sonar::{AssayWindow, Subjects},
    AccountId, Runtime,
};
use sp_core::H256;
use sp_runtime::DispatchError;
use std::{cell::RefCell, collections::BTreeMap, sync::Arc};
use syft::{
    round::{measure_round, Decision, RoundRules},
    Architecture, Dataset, Limits, Metric, Model, Parameters, ValidationSet,
};

/// Assays that a worker makes in one block.
const ASSAYS_PER_BLOCK: usize = 8;

/// A round that was measured, with all that is needed to measure it again.
pub struct Measured {
    pub round: RoundId,
    pub architecture: Architecture,
    pub metric: Metric,
    pub set: Arc<ValidationSet>,
    pub best: Arc<Parameters>,
    /// Whose gradients lead where, in the order of commitments, without the malformed.
    pub points: Vec<(AccountId, Parameters)>,
    pub rules: RoundRules,
    pub decision: Option<Decision>,
}

impl Measured {
    /// What the round comes to with these of its points only.
    pub fn without(&self, keep: impl Fn(usize) -> bool) -> (Vec<usize>, Option<Decision>) {
        let kept: Vec<usize> = (0..self.points.len()).filter(|at| keep(*at)).collect();
        let points: Vec<&Parameters> = kept.iter().map(|at| &self.points[*at].1).collect();
        let decision = match points.is_empty() {
            true => None,
            false => measure_round(
                &self.set,
                &self.architecture,
                self.metric,
                &self.best,
                &points,
                &self.rules,
            )
            .unwrap(),
        };
        (kept, decision.map(|(decision, _)| decision))
    }
}

/// Models by the hashes of their parameters, and blobs.
struct Known<'a> {
    blobs: &'a BTreeMap<BlobHash, Vec<u8>>,
    models: &'a RefCell<BTreeMap<H256, Arc<Parameters>>>,
}

impl Materials for Known<'_> {
    type Error = BlobHash;

    fn blob(&self, hash: BlobHash) -> Result<Vec<u8>, BlobHash> {
        self.blobs.get(&hash).cloned().ok_or(hash)
    }

    fn known(&self, _: &Architecture, parameters: H256) -> Option<Arc<Parameters>> {
        self.models.borrow().get(&parameters).cloned()
    }

    fn keep(&self, _: &Architecture, parameters: H256, model: &Arc<Parameters>) {
        self.models.borrow_mut().insert(parameters, model.clone());
    }
}

/// The assayer's computer.
#[derive(Default)]
pub struct Assayer {
    sets: BTreeMap<BlobHash, Arc<ValidationSet>>,
    models: RefCell<BTreeMap<H256, Arc<Parameters>>>,
    /// Every round that was measured.
    pub measured: Vec<Measured>,
}

impl Assayer {
    /// Measures, and reports on, the oldest tasks of earlier blocks.
    pub fn work(&mut self, chain: &mut Chain) {
        let now = chain.now();
        let mut tasks = tasks();
        tasks.retain(|task| task.deadline - AssayWindow::get() < now);
        tasks.sort_by_key(|task| (task.deadline, task.id));
        for task in tasks.into_iter().take(ASSAYS_PER_BLOCK) {
            // A verdict may have made others unwanted.
            let Some(request) = Subjects::work(&task) else {
                continue;
            };
            let verdict = self.verdict(chain, &request, task.id);
            match chain.report(&task, verdict) {
                Ok(()) => {}
                // The rest waits for the next block, as it would in the pool.
                Err(DispatchError::Exhausted) => {
                    self.measured.retain(|measured| measured.round != task.id);
                    break;
                }
                Err(error) => panic!("a verdict on {} is refused: {error:?}", task.id),
            }
        }
    }

    /// A model that the chain knows.
    pub fn model(&self, parameters: H256) -> Option<Arc<Parameters>> {
        self.models.borrow().get(&parameters).cloned()
    }

    fn verdict(&mut self, chain: &Chain, request: &AssayRequest, id: u64) -> Verdict {
        let set = self.sets.entry(request.validation).or_insert_with(|| {
            let data = Dataset::decode(&chain.blobs[&request.validation], Limits::default());
            Arc::new(ValidationSet::new(&data.unwrap()))
        });
        let set = set.clone();
        match &request.work {
            AssayWork::Root { parameters } => {
                let recipe = [RecipeStep::Stored {
                    parameters: *parameters,
                }];
                let known = Known {
                    blobs: &chain.blobs,
                    models: &self.models,
                };
                let built = build(&request.architecture, &recipe, &known).unwrap();
                let model = Model::new(request.architecture.clone(), (*built[0]).clone()).unwrap();
                Verdict::Measured {
                    error: set.error_of(&model, request.metric).unwrap(),
                }
            }
            AssayWork::Round(work) => Verdict::Round(self.round(chain, request, work, set, id)),
        }
    }

    fn round(
        &mut self,
        chain: &Chain,
        request: &AssayRequest,
        work: &RoundWork,
        set: Arc<ValidationSet>,
        id: RoundId,
    ) -> RoundVerdict {
        let architecture = &request.architecture;
        let known = Known {
            blobs: &chain.blobs,
            models: &self.models,
        };
        let models = build(architecture, &work.recipe, &known).unwrap();
        let best = models[work.best as usize].clone();
        let accounts = revealed_by(id);
        let (mut places, mut points, mut malformed) = (Vec::new(), Vec::new(), Vec::new());
        for (place, point) in work.gradients.iter().enumerate() {
            let base = &models[point.base as usize];
            match add(architecture, base, point.gradient, &known) {
                Ok(parameters) => {
                    places.push(place as u8);
                    points.push((accounts[place].clone(), parameters));
                }
                Err(BuildError::Malformed { .. } | BuildError::NotFinite { .. }) => {
                    malformed.push(place as u8);
                }
                Err(error) => panic!("round {id} cannot be built: {error:?}"),
            }
        }
        let rules = RoundRules {
            best_error: work.best_error,
            target: work.target,
            minimum_step: work.minimum_step,
            seats: work.seats,
        };
        let members: Vec<&Parameters> = points.iter().map(|(_, point)| point).collect();
        let measured = match members.is_empty() {
            true => None,
            false => {
                measure_round(&set, architecture, request.metric, &best, &members, &rules).unwrap()
            }
        };
        let accepted = measured.as_ref().map(|(decision, model)| {
            let parameters = H256(model.hash());
            known.keep(architecture, parameters, &Arc::new(model.clone()));
            let place = |member: &u32| places[*member as usize];
            let best_set: Vec<u8> = decision.best_set.iter().map(place).collect();
            let seats = decision.seats.iter().map(|seat| SeatShare {
                place: place(&seat.member),
                share: seat.share,
            });
            AcceptedRound {
                error: decision.error,
                parameters,
                best_set: best_set.try_into().unwrap(),
                with_previous: decision.with_best,
                seats: seats.collect::<Vec<_>>().try_into().unwrap(),
            }
        });
        self.measured.push(Measured {
            round: id,
            architecture: architecture.clone(),
            metric: request.metric,
            set,
            best,
            points,
            rules,
            decision: measured.map(|(decision, _)| decision),
        });
        RoundVerdict {
            malformed: malformed.try_into().unwrap(),
            accepted,
        }
    }
}

/// Who revealed in a round, in the order of commitments.
fn revealed_by(round: RoundId) -> Vec<AccountId> {
    pallet_gradients::Commitments::<Runtime>::get(round)
        .into_iter()
        .filter_map(pallet_gradients::Submissions::<Runtime>::get)
        .filter(|submission| {
            matches!(
                submission.state,
                sonar_primitives::submission::SubmissionState::Revealed { .. }
            )
        })
        .map(|submission| submission.account)
        .collect()
}
