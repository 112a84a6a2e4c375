//! A training that runs in a thread of its own.

use super::choice::Job;
use crate::training::{improve, Control, Split, Task, Trained, TrainingError};
use sonar_primitives::BlockNumber;
use std::sync::{atomic::Ordering, Arc};
use tokio::task::{spawn_blocking, JoinError, JoinHandle};

/// What came out of the thread.
type Ended = Result<Result<Trained, TrainingError>, JoinError>;

/// A training at work; ends soon after it is dropped.
pub(super) struct Running {
    /// What it is for.
    pub(super) job: Job,
    /// The block in which it began.
    pub(super) began: BlockNumber,
    /// The block in which it was told to hurry.
    pub(super) told: Option<BlockNumber>,
    control: Arc<Control>,
    thread: JoinHandle<Result<Trained, TrainingError>>,
    ended: Option<Ended>,
}

impl Running {
    /// Starts to train.
    pub(super) fn start(job: Job, task: Task, split: Arc<Split>, now: BlockNumber) -> Self {
        let control = Arc::new(Control::default());
        let shared = control.clone();
        Self {
            job,
            began: now,
            told: None,
            control,
            thread: spawn_blocking(move || improve(&task, &split, &shared)),
            ended: None,
        }
    }

    /// Returns when it has ended.
    pub(super) async fn ended(&mut self) {
        if self.ended.is_none() {
            self.ended = Some((&mut self.thread).await);
        }
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_some() || self.thread.is_finished()
    }

    /// Waits for the end, and says what came out.
    pub(super) async fn result(&mut self) -> Ended {
        match self.ended.take() {
            Some(ended) => ended,
            None => (&mut self.thread).await,
        }
    }

    /// Says whether it should end as soon as there is something to submit.
    pub(super) fn hurry(&mut self, hurry: bool, now: BlockNumber) {
        self.control.hurry.store(hurry, Ordering::Relaxed);
        self.told = match hurry {
            true => self.told.or(Some(now)),
            false => None,
        };
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.control.cancelled.store(true, Ordering::Relaxed);
    }
}
