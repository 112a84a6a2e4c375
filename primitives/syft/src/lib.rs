//! Learning that gives the same result on every machine, to the last bit.
//!
//! Syft *defines* the order of every floating-point operation: a matrix product is one chain of fused multiply-adds per
//! element ([`kernel::product`]), sums go in index order, `exp` and `ln` are one implementation, random numbers are one
//! stream ([`Random`]). So two strangers who evaluate one model on one data set get the same number, and a training run
//! can be repeated from its seed.
//!
//! ```
//! use std::ops::ControlFlow;
//! use syft::*;
//!
//! // What the data look like, and what the model does.
//! let schema: Schema = serde_json::from_str(r#"{
//!     "inputs": [{"name": "x", "kind": {"number": {}}}],
//!     "output": {"name": "y", "kind": {"number": {}}}
//! }"#)?;
//! let architecture: Architecture = serde_json::from_str(r#"{
//!     "input": [1],
//!     "layers": [{"dense": {"units": 1}}],
//!     "head": "squared_error"
//! }"#)?;
//! schema.fits(&architecture, Metric::MeanSquaredError)?;
//!
//! // y = 2 x - 1
//! let data = syft_data::load_csv("x,y\n0,-1\n1,1\n2,3\n3,5\n".as_bytes(), &schema)?;
//! let before = Model::new(architecture.clone(), Parameters::initialise(&architecture, 7)?)?;
//! let optimiser = Optimiser::Sgd { learning_rate: 0.1, momentum: 0.5 };
//! let options = TrainOptions::new(optimiser, 4, 200, 7);
//! let after = train(&before, &data, &options, |_| ControlFlow::Continue(()))?.model;
//! assert_eq!(evaluate(&after, &data, Metric::MeanSquaredError)?, 0);
//!
//! // What changed travels as a gradient; whoever applies it gets the model that is measured.
//! let blob = Gradient::between(before.parameters(), after.parameters())?.encode(Encoding::DenseF32);
//! let applied = Gradient::decode(&architecture, &blob)?.apply(before.parameters())?;
//! let model = Model::new(architecture, applied)?;
//! assert_eq!(evaluate(&model, &data, Metric::MeanSquaredError)?, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything that is read from outside is bounded before memory is reserved, and every mistake in it is an error that
//! names the place.
//!
//! # Without `std`
//!
//! What a chain needs remains: [`Architecture`], [`Schema`], [`Metric`], [`Text`], the sizes of stored parameters and
//! gradients, whether such files are in order but for their values ([`check_parameters`], [`check_gradient`]), and how a
//! [`round`] is decided. They hold no floating-point numbers; the types have SCALE encodings with known limits.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod architecture;
mod blob;
mod fit;
mod metric;
pub mod round;
mod schema;
mod shorten;
mod text;
mod tokens;

#[cfg(feature = "std")]
mod canonical;
#[cfg(feature = "std")]
mod dataset;
#[cfg(feature = "std")]
mod evaluate;
#[cfg(feature = "std")]
mod finite;
#[cfg(feature = "std")]
mod gradient;
#[cfg(feature = "std")]
mod hash;
#[cfg(feature = "std")]
pub mod kernel;
#[cfg(feature = "std")]
mod model;
#[cfg(feature = "std")]
mod parameters;
#[cfg(feature = "std")]
mod privacy;
#[cfg(feature = "std")]
mod random;
#[cfg(feature = "std")]
mod receipt;
#[cfg(feature = "std")]
mod tensors;
#[cfg(feature = "std")]
mod train;
#[cfg(feature = "std")]
mod workspace;

pub use architecture::{
    Architecture, ArchitectureError, Head, Layer, LayerPlan, Plan, Shape, TensorPlan, DROPOUT_UNIT,
    MAX_DIMENSIONS, MAX_INPUTS, MAX_LAYERS, MAX_LAYER_VALUES, MAX_MULTIPLY_ADDS, MAX_OUTPUTS,
    MAX_PARAMETERS,
};
pub use blob::{
    check_gradient, check_parameters, max_blob_size, max_gradient_header_size, max_gradient_size,
    max_header_size, min_blob_size, min_gradient_size, BlobError, Encoding,
};
pub use fit::FitError;
pub use metric::{error_rate, Metric, ShownError, SQUARED_ERROR_UNIT, WORST_ERROR_RATE};
pub use schema::{
    Field, FieldKind, Name, Range, Schema, SchemaError, SchemaPlan, MAX_BUCKETS, MAX_CLASSES,
    MAX_CLASSES_IN_ALL, MAX_FIELDS, MAX_NAME, MAX_RANGE,
};
pub use shorten::shorten;
pub use text::{Text, TextTooLong};
pub use tokens::token_numbers;

#[cfg(feature = "std")]
pub use self::{
    canonical::DecodeError,
    dataset::{
        Column, Dataset, DatasetError, Limits, Targets, Texts, MAX_ALL_TEXT, MAX_ROWS, MAX_TEXT,
        MAX_VALUES,
    },
    evaluate::{evaluate, EvaluateError, ValidationSet},
    gradient::{Gradient, GradientError},
    hash::content_hash,
    model::{Model, ModelError},
    parameters::Parameters,
    privacy::{
        privatise, Budget, Ledger, NoiseKey, Privacy, PrivacyError, PrivatiseError,
        SampledGaussian, Spending, MAX_ORDER, MAX_SPENDINGS,
    },
    random::Random,
    receipt::{
        train_with_receipt, Divergence, Receipt, ReceiptError, MAX_CHECKPOINTS, MAX_RECEIPT,
    },
    train::{
        train, train_privately, Decay, EarlyStopping, HeldOut, Optimiser, Progress, Schedule,
        TrainError, TrainOptions, Trained, MAX_EPOCHS,
    },
};
