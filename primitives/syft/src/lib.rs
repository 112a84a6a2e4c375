//! Bit-reproducible learning.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod architecture;
mod blob;
mod metric;
mod schema;
mod text;

pub use architecture::{
    Architecture, ArchitectureError, Head, Layer, Plan, Shape, TensorPlan, MAX_DIMENSIONS, MAX_INPUTS, MAX_LAYERS,
    MAX_OUTPUTS, MAX_PARAMETERS,
};
pub use blob::{max_blob_size, max_header_size, min_blob_size};
pub use metric::{error_rate, Metric, ShownError, SQUARED_ERROR_UNIT, WORST_ERROR_RATE};
pub use schema::{
    Field, FieldKind, FitError, Name, Range, Schema, SchemaError, SchemaPlan, MAX_CLASSES, MAX_CLASSES_IN_ALL,
    MAX_FIELDS, MAX_NAME, MAX_RANGE,
};
pub use text::{Text, TextTooLong};
