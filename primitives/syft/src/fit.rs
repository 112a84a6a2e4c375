//! Whether a model, a metric and data belong together.

use crate::tokens::check_tokens;
use crate::{Architecture, ArchitectureError, FieldKind, Head, Metric, Schema, SchemaError};

/// Why an architecture or a metric does not fit a schema.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// The schema itself is not accepted.
    #[error("schema: {0}")]
    Schema(#[from] SchemaError),
    /// The architecture itself is not accepted.
    #[error("architecture: {0}")]
    Architecture(#[from] ArchitectureError),
    /// Different numbers of inputs.
    #[error("the schema gives {schema} values per row, the architecture reads {architecture}: make them equal")]
    Inputs {
        /// Values that the schema gives.
        schema: u32,
        /// Values that the architecture reads.
        architecture: u32,
    },
    /// Texts beside inputs of other kinds, or texts whose tokens get different numbers.
    #[error("an input is a text: make all of them texts with the same buckets")]
    MixedTexts,
    /// Texts that do not go to an embedding bag of their size.
    #[error("the inputs are texts: begin with an embedding_bag of {tokens} tokens")]
    NoEmbeddingBag {
        /// Tokens that it needs: the texts' buckets and one for padding.
        tokens: u32,
    },
    /// An embedding bag without texts.
    #[error(
        "the architecture begins with an embedding_bag, which reads texts: the schema has none"
    )]
    NoTexts,
    /// Different numbers of outputs.
    #[error("the schema's output needs {schema} values, the architecture gives {architecture}: make them equal")]
    Outputs {
        /// Values that the schema's output needs.
        schema: u32,
        /// Values that the architecture gives.
        architecture: u32,
    },
    /// The head does not fit the output.
    #[error("the head does not fit the output: a category needs softmax_cross_entropy (or logistic, if it has two classes), numbers need squared_error")]
    Head,
    /// The metric does not fit the output.
    #[error("the metric does not fit the output: a category needs error_rate, numbers need mean_squared_error")]
    Metric,
}

impl Schema {
    /// Checks that a model of this architecture can be trained on rows of this schema and measured by this metric. Both
    /// the schema and the architecture are checked too.
    ///
    /// # Errors
    ///
    /// The first disagreement, see [`FitError`].
    pub fn fits(&self, architecture: &Architecture, metric: Metric) -> Result<(), FitError> {
        let schema = self.check()?;
        let plan = architecture.plan()?;
        if schema.inputs != plan.inputs {
            return Err(FitError::Inputs {
                schema: schema.inputs,
                architecture: plan.inputs,
            });
        }
        check_tokens(self, architecture)?;
        let outputs = match (self.metric(), architecture.head) {
            (Metric::ErrorRate, Head::SoftmaxCrossEntropy)
            | (Metric::MeanSquaredError, Head::SquaredError) => schema.outputs,
            // One output tells two classes apart.
            (Metric::ErrorRate, Head::Logistic) if schema.outputs == 2 => 1,
            _ => return Err(FitError::Head),
        };
        if outputs != plan.outputs {
            return Err(FitError::Outputs {
                schema: outputs,
                architecture: plan.outputs,
            });
        }
        if metric != self.metric() {
            return Err(FitError::Metric);
        }
        Ok(())
    }

    /// The metric that fits the output: the error rate for a category, the mean squared error for numbers.
    pub fn metric(&self) -> Metric {
        match self.output.kind {
            FieldKind::Category { .. } => Metric::ErrorRate,
            _ => Metric::MeanSquaredError,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn schema(output: &str) -> Schema {
        let inputs = r#"[{"name":"a","kind":{"vector":{"length":4}}}]"#;
        let output = alloc::format!(r#"{{"name":"b","kind":{output}}}"#);
        serde_json::from_str(&alloc::format!(
            r#"{{"inputs":{inputs},"output":{output}}}"#
        ))
        .unwrap()
    }

    fn architecture(input: u32, units: u32, head: Head) -> Architecture {
        Architecture {
            input: alloc::vec![input].try_into().unwrap(),
            layers: alloc::vec![crate::Layer::Dense { units }]
                .try_into()
                .unwrap(),
            head,
        }
    }

    #[test]
    fn fit_needs_equal_sizes_and_the_right_head_and_metric() {
        const SOFTMAX: Head = Head::SoftmaxCrossEntropy;
        const SQUARED: Head = Head::SquaredError;
        const RATE: Metric = Metric::ErrorRate;
        const MEAN: Metric = Metric::MeanSquaredError;
        let classes = schema(r#"{"category":{"classes":["x","y"]}}"#);
        let numbers = schema(r#"{"vector":{"length":2}}"#);
        assert_eq!(classes.fits(&architecture(4, 2, SOFTMAX), RATE), Ok(()));
        assert_eq!(numbers.fits(&architecture(4, 2, SQUARED), MEAN), Ok(()));
        assert_eq!((classes.metric(), numbers.metric()), (RATE, MEAN));
        const LOGISTIC: Head = Head::Logistic;
        assert_eq!(classes.fits(&architecture(4, 1, LOGISTIC), RATE), Ok(()));
        let three = schema(r#"{"category":{"classes":["x","y","z"]}}"#);
        for unfit in [three, schema(r#"{"number":{}}"#), numbers.clone()] {
            let fit = unfit.fits(&architecture(4, 1, LOGISTIC), unfit.metric());
            assert_eq!(fit, Err(FitError::Head));
        }

        let fit =
            |input, units, head, metric| classes.fits(&architecture(input, units, head), metric);
        let inputs = FitError::Inputs {
            schema: 4,
            architecture: 5,
        };
        assert_eq!(fit(5, 2, SOFTMAX, RATE), Err(inputs));
        let outputs = FitError::Outputs {
            schema: 2,
            architecture: 3,
        };
        assert_eq!(fit(4, 3, SOFTMAX, RATE), Err(outputs));
        assert_eq!(fit(4, 2, SQUARED, RATE), Err(FitError::Head));
        assert_eq!(fit(4, 2, SOFTMAX, MEAN), Err(FitError::Metric));
        let none = FitError::Architecture(ArchitectureError::NoUnits { layer: 0 });
        assert_eq!(fit(4, 0, SOFTMAX, RATE), Err(none));
        let mut empty = numbers;
        empty.inputs.clear();
        let bad = empty.fits(&architecture(4, 2, SQUARED), MEAN);
        assert_eq!(bad, Err(FitError::Schema(SchemaError::NoInputs)));
    }
}
