//! What the off-chain worker does.

use crate::{Assayer, Assayers, Call, Config, Pallet, Report, TaskOf, Tasks, LOG};
use alloc::vec::{self, Vec};
use codec::Encode;
use core::iter::Peekable;
use frame_support::traits::Get;
use frame_system::{offchain::SubmitTransaction, pallet_prelude::BlockNumberFor};
use sonar_primitives::{
    assay::{AssayKind, AssayOutcome, AssayRequest, AssayTask, Verdict},
    traits::AssaySubjects,
    BlobHash, ModelId,
};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{offchain::storage::StorageValueRef, traits::Saturating};

/// Blocks after which a report that was not included is sent again.
pub const RESEND_AFTER: u32 = 4;

/// Where the off-chain database keeps what an assayer is busy with, followed by its key.
const BUSY_WITH: &[u8] = b"sonar/assays/busy-with/";

/// A task that this worker has taken on.
struct Job<T: Config> {
    task: TaskOf<T>,
    request: AssayRequest,
}

/// Why no report was sent.
enum Skipped {
    /// A blob has not reached this node yet.
    Unavailable(BlobHash),
    /// The node failed to measure.
    Failed,
    /// The keystore does not sign.
    NotSigned,
    /// The transaction pool does not take it.
    NotTaken,
}

impl<T: Config> Pallet<T> {
    /// Measures, for every assayer whose key this node holds, the oldest tasks on which it has not
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
        let mut tasks = Self::tasks_for(&assayer.account, now)
            .into_iter()
            .peekable();
        let mut left = T::MaxAssaysPerBlock::get() as usize;
        while left > 0 {
            let jobs = Self::next_batch(&mut tasks, left, &busy, now);
            if jobs.is_empty() {
                return;
            }
            let requests = jobs.iter().map(|job| job.request.clone()).collect();
            let Some(outcomes) = sonar_host::assay::evaluate_all(requests) else {
                log::warn!(target: LOG, "this node holds an assayer's key but measures nothing");
                jobs.iter()
                    .for_each(|job| busy.end::<BlockNumberFor<T>>(job.task.id));
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
        tasks.sort_by_key(|task| (task.deadline, task.id));
        tasks
    }

    /// What is handed to the node next: at most `left` roots, which it measures side by side, or one
    /// round, which takes all its cores and whose verdict must not wait for another's.
    fn next_batch(
        tasks: &mut Peekable<vec::IntoIter<TaskOf<T>>>,
        left: usize,
        busy: &Busy,
        now: BlockNumberFor<T>,
    ) -> Vec<Job<T>> {
        let mut jobs: Vec<Job<T>> = Vec::new();
        let fits = |jobs: &[Job<T>], task: &TaskOf<T>| {
            jobs.is_empty()
                || jobs.len() < left
                    && task.kind == AssayKind::Root
                    && jobs.iter().all(|job| job.task.kind == AssayKind::Root)
        };
        while let Some(task) = tasks.next_if(|task| fits(&jobs, task)) {
            jobs.extend(Self::take_on(task, busy, now));
        }
        jobs
    }

    /// Makes a job of a task, unless another worker has it or it is not wanted any more.
    fn take_on(task: TaskOf<T>, busy: &Busy, now: BlockNumberFor<T>) -> Option<Job<T>> {
        if !busy.begin(task.id, now) {
            return None;
        }
        let Some(request) = T::Subjects::work(&task) else {
            log::debug!(target: LOG, "assay {} is not wanted any more", task.id);
            busy.end::<BlockNumberFor<T>>(task.id);
            return None;
        };
        Some(Job { task, request })
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
            let id = job.task.id;
            let skipped = match Self::report_on(assayer, job, outcome) {
                Ok(verdict) => {
                    log::info!(target: LOG, "assay {id}: {verdict:?}");
                    sonar_host::assay::note_verdict(verdict);
                    done += 1;
                    continue;
                }
                Err(skipped) => skipped,
            };
            match skipped {
                // Does not count against the limit: a blob that never comes must not keep other
                // assays waiting.
                Skipped::Unavailable(blob) => {
                    log::debug!(target: LOG, "assay {id} waits for blob {blob:?}");
                }
                Skipped::Failed => {
                    log::error!(target: LOG, "assay {id} cannot be made here; see this node's log");
                    done += 1;
                    // Not at the next block, like the others, but when this worker's note is old.
                    continue;
                }
                Skipped::NotSigned => {
                    log::error!(target: LOG, "the keystore does not sign a verdict");
                    signs = false;
                }
                Skipped::NotTaken => {
                    log::debug!(target: LOG, "the pool does not take the verdict of assay {id}");
                    done += 1;
                }
            }
            // To be tried again at the next block.
            busy.end::<BlockNumberFor<T>>(id);
        }
        signs.then_some(done)
    }

    /// Sends the verdict of one assay.
    fn report_on(
        assayer: &Assayer<T::AccountId, T::AssayerId>,
        job: &Job<T>,
        outcome: AssayOutcome,
    ) -> Result<Verdict, Skipped> {
        let verdict = judge(&job.task, outcome)?;
        let report = Report {
            id: job.task.id,
            subject: job.task.subject,
            verdict: verdict.clone(),
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

/// The verdict that the node's measurement came to.
fn judge<BlockNumber>(
    task: &AssayTask<BlockNumber>,
    outcome: AssayOutcome,
) -> Result<Verdict, Skipped> {
    match outcome {
        AssayOutcome::Verdict(verdict) if verdict.kind() == task.kind => Ok(verdict),
        AssayOutcome::Verdict(_) | AssayOutcome::Failed => Err(Skipped::Failed),
        AssayOutcome::Unavailable(blob) => Err(Skipped::Unavailable(blob)),
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

    /// Whether this worker may take the task on; then no other does for [`RESEND_AFTER`] blocks.
    fn begin<BlockNumber>(&self, id: ModelId, now: BlockNumber) -> bool
    where
        BlockNumber: sp_runtime::traits::AtLeast32BitUnsigned + Copy + codec::Codec,
    {
        // Blocks on a fork may be older than what was noted, so the distance counts both ways.
        let recent = |at: BlockNumber| {
            let distance = if at < now { now - at } else { at - now };
            distance < RESEND_AFTER.into()
        };
        StorageValueRef::persistent(&self.0)
            .mutate::<Vec<(ModelId, BlockNumber)>, (), _>(|stored| {
                // What cannot be read is as good as nothing.
                let mut busy = stored.ok().flatten().unwrap_or_default();
                busy.retain(|(_, at)| recent(*at));
                if busy.iter().any(|(other, _)| *other == id) {
                    return Err(());
                }
                busy.push((id, now));
                Ok(busy)
            })
            .is_ok()
    }

    /// Another worker may take the task on at once.
    fn end<BlockNumber: codec::Codec>(&self, id: ModelId) {
        let ended = StorageValueRef::persistent(&self.0)
            .mutate::<Vec<(ModelId, BlockNumber)>, (), _>(|stored| {
                let mut busy = stored.ok().flatten().unwrap_or_default();
                busy.retain(|(other, _)| *other != id);
                Ok(busy)
            });
        if ended.is_err() {
            log::debug!(target: LOG, "assay {id} is tried again in {RESEND_AFTER} blocks");
        }
    }
}
