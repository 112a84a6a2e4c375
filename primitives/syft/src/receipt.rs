//! Receipts of training runs.

mod form;
mod stored;

use crate::train::run;
use crate::{
    content_hash, Architecture, Dataset, Model, Progress, TrainError, TrainOptions, Trained,
};
use codec::Encode;
use form::Form;
use serde::{Deserialize, Serialize};
use std::io;
use std::ops::ControlFlow;

/// Checkpoints of a receipt, at most.
pub const MAX_CHECKPOINTS: u32 = 32;
/// Bytes of a receipt's JSON, at most. None that [`train_with_receipt`] makes is longer.
pub const MAX_RECEIPT: usize = 4_096;

/// The name of a receipt among the metadata of a file of parameters.
pub(crate) const NAME: &str = "receipt";

/// What a training run started from, how it went and what came out: enough for anybody with the same data to
/// [repeat](Receipt::verify) it to the last bit.
///
/// It names data, architecture and parameters by their hashes, so it betrays nothing of the data but whether somebody
/// has the same. As JSON, with hashes in hexadecimal:
///
/// ```text
/// {"version": "syft-receipt-1", "data": ..., "architecture": ..., "start": ..., "result": ...,
///  "options": {...}, "epochs": 30, "checkpoints": [...]}
/// ```
///
/// A run of `E` epochs by its options has `n = min(E, 32)` checkpoints: the hashes of the parameters after epochs
/// `floor(k * E / n)` for `k` from 1 to `n`, as far as the run came.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(into = "Form", try_from = "Form")]
pub struct Receipt {
    /// The data that were trained on: [`Dataset::hash`].
    pub data: [u8; 32],
    /// The architecture: BLAKE2b-256 of its SCALE encoding.
    pub architecture: [u8; 32],
    /// The parameters that training started with: [`Parameters::hash`](crate::Parameters::hash).
    pub start: [u8; 32],
    /// The parameters of the model that came out.
    pub result: [u8; 32],
    /// How it was trained. A private run has no receipt: its noise comes from a key that nobody may know.
    pub options: TrainOptions,
    /// Epochs that were done: fewer than the options say if the run ended early.
    pub epochs: u32,
    /// Hashes of the parameters on the way.
    checkpoints: Vec<[u8; 32]>,
}

/// Why a receipt cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// Reading failed.
    #[error("cannot read: {0}")]
    Io(#[from] io::Error),
    /// Longer than any receipt.
    #[error("the receipt has {bytes} bytes: no receipt has more than 4,096")]
    Size {
        /// Its length.
        bytes: usize,
    },
    /// Not what a receipt should be.
    #[error("the receipt is malformed: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
}

/// Where a run departs from its receipt.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Divergence {
    /// Other data.
    #[error("the data are not those of the receipt")]
    Data,
    /// Another architecture.
    #[error("the architecture is not that of the receipt")]
    Architecture,
    /// Other parameters to start with.
    #[error("the parameters to start with are not those of the receipt")]
    Start,
    /// A run with these options fails.
    #[error("a run with the receipt's options fails: {0}")]
    Run(TrainError),
    /// The run goes another way somewhere between two epochs.
    #[error("the run diverges from the receipt between epochs {agreed} and {differs}")]
    Between {
        /// The last epoch whose parameters agree; 0 is the start.
        agreed: u32,
        /// The first epoch that does not.
        differs: u32,
    },
    /// The way is the same, but not what is said to have come out.
    #[error("the run agrees with the receipt at every checkpoint, but its result is another")]
    Result,
    /// The repetition was stopped before it could tell.
    #[error("stopped after epoch {epoch}: everything up to epoch {agreed} agrees")]
    Stopped {
        /// The last epoch done.
        epoch: u32,
        /// The last epoch whose parameters agree.
        agreed: u32,
    },
}

/// [Trains](crate::train) a model and writes down how.
///
/// # Errors
///
/// As [`train`](crate::train); private options are refused.
pub fn train_with_receipt(
    model: &Model,
    data: &Dataset,
    options: &TrainOptions,
    mut progress: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<(Trained, Receipt), TrainError> {
    if options.privacy.is_some() {
        return Err(TrainError::PrivateReceipt);
    }
    let mut checkpoints = Vec::new();
    let trained = run(model, data, options, None, |now, model| {
        if is_checkpoint(now.epoch, options.epochs) {
            checkpoints.push(model.parameters().hash());
        }
        progress(now)
    })?;
    let receipt = Receipt {
        data: data.hash(),
        architecture: architecture_hash(model.architecture()),
        start: model.parameters().hash(),
        result: trained.model.parameters().hash(),
        options: options.clone(),
        epochs: trained.progress.epoch,
        checkpoints,
    };
    Ok((trained, receipt))
}

impl Receipt {
    /// Reads the JSON form.
    ///
    /// # Errors
    ///
    /// If it is too long, malformed, of another version, or its parts contradict each other.
    pub fn from_json(json: &str) -> Result<Self, ReceiptError> {
        if json.len() > MAX_RECEIPT {
            return Err(ReceiptError::Size { bytes: json.len() });
        }
        serde_json::from_str(json).map_err(|error| ReceiptError::Malformed {
            reason: error.to_string(),
        })
    }

    /// The JSON form, without white space: ASCII only.
    pub fn to_json(&self) -> String {
        match serde_json::to_string(self) {
            Ok(json) => json,
            Err(error) => unreachable!("every part of a receipt has a JSON form: {error}"),
        }
    }

    /// The epochs that checkpoints were taken after, with the hashes of the parameters.
    pub fn checkpoints(&self) -> impl Iterator<Item = (u32, [u8; 32])> + '_ {
        checkpoint_epochs(self.options.epochs).zip(self.checkpoints.iter().copied())
    }

    /// Repeats the run and compares what happens: data, architecture and start, then every checkpoint, then the result.
    /// Stops where something first disagrees, or when `progress`, which is called after every epoch, says so.
    ///
    /// Takes about as long as the run did.
    ///
    /// # Errors
    ///
    /// The first disagreement.
    pub fn verify(
        &self,
        start: &Model,
        data: &Dataset,
        mut progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), Divergence> {
        self.compare_beginnings(start, data)?;
        let mut agreed = 0;
        let mut ended = None;
        let mut expected = self.checkpoints().peekable();
        let repeated = run(start, data, &self.options, None, |now, model| {
            let epoch = now.epoch;
            if let Some((_, hash)) = expected.next_if(|&(at, _)| at == epoch) {
                if model.parameters().hash() != hash {
                    ended = Some(Divergence::Between {
                        agreed,
                        differs: epoch,
                    });
                    return ControlFlow::Break(());
                }
                agreed = epoch;
            }
            // The run that the receipt is of may have been stopped here.
            let stopped = progress(now).is_break();
            if epoch == self.epochs {
                return ControlFlow::Break(());
            }
            if stopped {
                ended = Some(Divergence::Stopped { epoch, agreed });
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })
        .map_err(|error| match error {
            // What the receipt says came after cannot have come.
            TrainError::Diverged { epoch } if epoch > 0 => Divergence::Between {
                agreed,
                differs: epoch,
            },
            other => Divergence::Run(other),
        })?;
        if let Some(divergence) = ended {
            return Err(divergence);
        }
        if repeated.progress.epoch != self.epochs {
            return Err(Divergence::Between {
                agreed,
                differs: repeated.progress.epoch + 1,
            });
        }
        match repeated.model.parameters().hash() == self.result {
            true => Ok(()),
            false => Err(Divergence::Result),
        }
    }

    fn compare_beginnings(&self, start: &Model, data: &Dataset) -> Result<(), Divergence> {
        if data.hash() != self.data {
            return Err(Divergence::Data);
        }
        if architecture_hash(start.architecture()) != self.architecture {
            return Err(Divergence::Architecture);
        }
        if start.parameters().hash() != self.start {
            return Err(Divergence::Start);
        }
        Ok(())
    }
}

fn architecture_hash(architecture: &Architecture) -> [u8; 32] {
    content_hash(&architecture.encode())
}

/// The epochs after which a run of `epochs` has checkpoints, as [`Receipt`] defines them.
fn checkpoint_epochs(epochs: u32) -> impl Iterator<Item = u32> {
    let (epochs, count) = (u64::from(epochs), u64::from(epochs.min(MAX_CHECKPOINTS)));
    // None is above `epochs`.
    (1..=count).map(move |k| (k * epochs / count) as u32)
}

fn is_checkpoint(epoch: u32, epochs: u32) -> bool {
    checkpoint_epochs(epochs).any(|checkpoint| checkpoint == epoch)
}
