//! What the off-chain worker does.

use crate::{Assayer, Assayers, Call, Config, Pallet, Report, Tasks, LOG};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::traits::Get;
use frame_system::{offchain::SubmitTransaction, pallet_prelude::BlockNumberFor};
use sonar_primitives::{
    assay::{AssayKind, AssayOutcome, AssayRequest, AssayTask, Baseline, Verdict},
    traits::AssaySubjects,
    BlobHash, NodeId,
};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{offchain::storage::StorageValueRef, traits::Saturating};

/// Blocks after which a report that was not included is sent again.
pub const RESEND_AFTER: u32 = 4;

/// Where the off-chain database keeps what an assayer is busy with, followed by its key.
const BUSY_WITH: &[u8] = b"sonar/assays/busy-with/";

/// A task.
type TaskOf<T> = AssayTask<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;

/// A task that this worker has taken on.
struct Job<T: Config> {
    task: TaskOf<T>,
    request: AssayRequest,
    baseline: Option<Baseline>,
}

/// Why no report was sent.
enum Skipped {
    /// A blob has not reached this node yet.
    Unavailable(BlobHash),
    /// The node failed to measure.
    Failed,
    /// There is nothing to compare a candidate with.
    NoBaseline,
    /// The keystore does not sign.
    NotSigned,
    /// The transaction pool does not take it.
    NotTaken,
}

impl<T: Config> Pallet<T> {
    /// Measures, for every assayer whose key this node holds, the oldest models on which it has not
    /// reported yet.
    pub(crate) fn measure(now: BlockNumberFor<T>) {
        sonar_host::assay::note_pending(Tasks::<T>::count());
        let keys = T::AssayerId::all();
        for assayer in Assayers::<T>::get() {
            if keys.contains(&assayer.key) {
                Self::measure_as(&assayer, now);
            }
        }
    }

    fn measure_as(assayer: &Assayer<T::AccountId, T::AssayerId>, now: BlockNumberFor<T>) {
        let busy = Busy::of(&assayer.key);
        let mut tasks = Self::tasks_for(&assayer.account, now).into_iter();
        let mut left = T::MaxAssaysPerBlock::get() as usize;
        while left > 0 {
            // All at once: the node measures as many side by side as it has cores.
            let jobs: Vec<_> = tasks
                .by_ref()
                .filter_map(|task| Self::take_on(task, &busy, now))
                .take(left)
                .collect();
            if jobs.is_empty() {
                return;
            }
            let requests = jobs.iter().map(|job| job.request.clone()).collect();
            let Some(outcomes) = sonar_host::assay::evaluate_all(requests) else {
                log::warn!(target: LOG, "this node holds an assayer's key but measures nothing");
                jobs.iter()
                    .for_each(|job| busy.end::<BlockNumberFor<T>>(job.task.node));
                return;
            };
            let Some(done) = Self::report_all(assayer, &jobs, outcomes, &busy) else {
                return;
            };
            left = left.saturating_sub(done);
        }
    }

    /// What an assayer is to measure, the oldest first.
    fn tasks_for(account: &T::AccountId, now: BlockNumberFor<T>) -> Vec<TaskOf<T>> {
        let window = T::AssayWindow::get();
        let mut tasks: Vec<TaskOf<T>> = Tasks::<T>::iter_values()
            // What was requested in this very block must wait for the next one: the transaction
            // pool may still check reports against this block's parent, where there is no such
            // task, and would drop them without saying so.
            .filter(|task| task.deadline.saturating_sub(window) < now)
            .filter(|task| now < task.deadline && !Self::has_reported(task, account))
            .collect();
        tasks.sort_by_key(|task| (task.deadline, task.node));
        tasks
    }

    /// Makes a job of a task, unless another worker has it or it is not wanted any more.
    fn take_on(task: TaskOf<T>, busy: &Busy, now: BlockNumberFor<T>) -> Option<Job<T>> {
        if !busy.begin(task.node, now) {
            return None;
        }
        let Some((request, baseline)) = T::Subjects::work(&task) else {
            log::debug!(target: LOG, "node {} is not wanted any more", task.node);
            busy.end::<BlockNumberFor<T>>(task.node);
            return None;
        };
        Some(Job {
            task,
            request,
            baseline,
        })
    }

    /// Sends the verdict on each job. Returns how many of them count against the limit; `None` if
    /// the keystore signs nothing.
    fn report_all(
        assayer: &Assayer<T::AccountId, T::AssayerId>,
        jobs: &[Job<T>],
        outcomes: Vec<AssayOutcome>,
        busy: &Busy,
    ) -> Option<usize> {
        let (mut done, mut signs) = (0, true);
        for (job, outcome) in jobs.iter().zip(outcomes) {
            let node = job.task.node;
            let skipped = match Self::report_on(assayer, job, outcome) {
                Ok(verdict) => {
                    log::info!(target: LOG, "node {node}: {verdict:?}");
                    sonar_host::assay::note_verdict(verdict);
                    done += 1;
                    continue;
                }
                Err(skipped) => skipped,
            };
            match skipped {
                // Does not count against the limit: a blob that never comes must not keep other
                // models waiting.
                Skipped::Unavailable(blob) => {
                    log::debug!(target: LOG, "node {node} waits for blob {blob:?}");
                }
                Skipped::Failed => {
                    log::error!(target: LOG, "node {node} cannot be measured here; see this node's log");
                    done += 1;
                    // Not at the next block, like the others, but when this worker's note is old.
                    continue;
                }
                Skipped::NoBaseline => {
                    log::error!(target: LOG, "node {node} has no parent to be compared with");
                }
                Skipped::NotSigned => {
                    log::error!(target: LOG, "the keystore does not sign a verdict");
                    signs = false;
                }
                Skipped::NotTaken => {
                    log::debug!(target: LOG, "the pool does not take a verdict on node {node}");
                    done += 1;
                }
            }
            // To be tried again at the next block.
            busy.end::<BlockNumberFor<T>>(node);
        }
        signs.then_some(done)
    }

    /// Sends the verdict on one model.
    fn report_on(
        assayer: &Assayer<T::AccountId, T::AssayerId>,
        job: &Job<T>,
        outcome: AssayOutcome,
    ) -> Result<Verdict, Skipped> {
        let verdict = judge(job.task.kind, job.baseline, outcome)?;
        let report = Report {
            node: job.task.node,
            account: job.task.account.clone(),
            subject: job.task.subject,
            verdict,
            assayer: assayer.key.clone(),
        };
        let signature = assayer
            .key
            .sign(&Self::payload(&report))
            .ok_or(Skipped::NotSigned)?;
        let call = Call::<T>::report { report, signature };
        SubmitTransaction::<T, Call<T>>::submit_transaction(T::create_authorized_transaction(
            call.into(),
        ))
        .map_err(|()| Skipped::NotTaken)?;
        Ok(verdict)
    }
}

/// Turns what was measured into what is said of it.
fn judge(
    kind: AssayKind,
    baseline: Option<Baseline>,
    outcome: AssayOutcome,
) -> Result<Verdict, Skipped> {
    match (outcome, kind) {
        (AssayOutcome::Unavailable(blob), _) => Err(Skipped::Unavailable(blob)),
        (AssayOutcome::Failed, _) => Err(Skipped::Failed),
        (AssayOutcome::Malformed(reason), _) => Ok(Verdict::Malformed(reason)),
        (AssayOutcome::Measured { error, .. }, AssayKind::Root) => Ok(Verdict::Measured { error }),
        (AssayOutcome::Measured { error, candidate }, AssayKind::Candidate) => {
            let baseline = baseline.ok_or(Skipped::NoBaseline)?;
            Ok(if baseline.is_beaten_by(error) {
                Verdict::Improved { error, candidate }
            } else {
                Verdict::NotImproved
            })
        }
    }
}

/// What an assayer's workers are busy with, or have sent a short while ago: workers of successive
/// blocks, and of forks, run side by side. One entry of the node's off-chain database, so that it
/// cleans up after itself.
struct Busy(Vec<u8>);

impl Busy {
    fn of(key: &impl Encode) -> Self {
        Self((BUSY_WITH, key).encode())
    }

    /// Whether this worker may take the node on; then no other does for [`RESEND_AFTER`] blocks.
    fn begin<BlockNumber>(&self, node: NodeId, now: BlockNumber) -> bool
    where
        BlockNumber: sp_runtime::traits::AtLeast32BitUnsigned + Copy + codec::Codec,
    {
        // Blocks on a fork may be older than what was noted, so the distance counts both ways.
        let recent = |at: BlockNumber| {
            let distance = if at < now { now - at } else { at - now };
            distance < RESEND_AFTER.into()
        };
        StorageValueRef::persistent(&self.0)
            .mutate::<Vec<(NodeId, BlockNumber)>, (), _>(|stored| {
                // What cannot be read is as good as nothing.
                let mut busy = stored.ok().flatten().unwrap_or_default();
                busy.retain(|(_, at)| recent(*at));
                if busy.iter().any(|(other, _)| *other == node) {
                    return Err(());
                }
                busy.push((node, now));
                Ok(busy)
            })
            .is_ok()
    }

    /// Another worker may take the node on at once.
    fn end<BlockNumber: codec::Codec>(&self, node: NodeId) {
        let ended = StorageValueRef::persistent(&self.0)
            .mutate::<Vec<(NodeId, BlockNumber)>, (), _>(|stored| {
                let mut busy = stored.ok().flatten().unwrap_or_default();
                busy.retain(|(other, _)| *other != node);
                Ok(busy)
            });
        if ended.is_err() {
            log::debug!(target: LOG, "node {node} is tried again in {RESEND_AFTER} blocks");
        }
    }
}
