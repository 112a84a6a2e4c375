//! From what an owner says to what the chain is given: reads the files, measures the model and
//! checks everything that can be checked without a node.

use crate::{
    campaign_file::CampaignFile,
    files,
    units::{Deadline, ErrorLevel, Start},
};
use anyhow::{bail, Context as _, Result};
use sonar_client::blob_hash;
use sonar_primitives::{
    campaign::{Model, Privacy, Terms, ValidationSet, DEFAULT_TOLERANCE},
    Balance, BlobHash, BlockNumber,
};
use syft::{Architecture, FieldKind, Metric, Parameters, Schema, Text};

/// A campaign that is ready to be created, but for its deadline's block.
#[derive(Debug)]
pub struct Preparation {
    /// The terms; their deadline is not set yet.
    terms: Terms<Balance, BlockNumber>,
    /// The model to start from.
    pub model: Model,
    /// The model's parameters, canonical safetensors.
    pub parameters: Blob,
    /// The canonical validation set.
    pub validation: Blob,
    /// When it ends, from now.
    pub deadline: Deadline,
}

/// Bytes for the model repository.
#[derive(Clone, Debug)]
pub struct Blob {
    /// What it is, for people.
    pub name: &'static str,
    /// Its name on the chain.
    pub hash: BlobHash,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Blob {
    /// Bytes under a name for people.
    pub fn new(name: &'static str, bytes: Vec<u8>) -> Self {
        Self {
            name,
            hash: blob_hash(&bytes),
            bytes,
        }
    }
}

/// The metric that fits a schema's output; no other does.
pub fn fitting_metric(schema: &Schema) -> Metric {
    match schema.output.kind {
        FieldKind::Category { .. } => Metric::ErrorRate,
        _ => Metric::MeanSquaredError,
    }
}

/// The parameters that a model starts with: from a file or from a seed.
pub fn initial_parameters(
    architecture: &Architecture,
    model: Option<&std::path::Path>,
    seed: Option<u64>,
) -> Result<Parameters> {
    match (model, seed) {
        (Some(path), _) => files::parameters(path, architecture),
        (None, Some(seed)) => Ok(Parameters::initialise(architecture, seed)?),
        (None, None) => bail!("say what the model starts with: model (a file) or seed"),
    }
}

impl Preparation {
    /// Reads and checks everything. Takes as long as reading the files and measuring the model.
    pub fn new(file: CampaignFile) -> Result<Self> {
        let schema = file.schema.map(files::schema).transpose()?;
        let validation = file
            .validation
            .context("say on which rows models are measured: validation")?;
        let validation = files::dataset(&validation, schema.as_ref())?;
        let schema = validation.schema().clone();
        let metric = file.metric.unwrap_or_else(|| fitting_metric(&schema));
        let architecture = file
            .architecture
            .context("say what the model looks like: architecture")?;
        let architecture = files::architecture(architecture)?;
        schema.fits(&architecture, metric)?;
        let parameters = initial_parameters(&architecture, file.model.as_deref(), file.seed)?;
        let parameters_blob = Blob::new("parameters", parameters.to_safetensors());
        let model = syft::Model::new(architecture.clone(), parameters)?;
        let level = |level: Option<ErrorLevel>, default| {
            level.unwrap_or(ErrorLevel::units(default)).measured(metric)
        };
        let start = match file.starting_error.unwrap_or(Start::Measure) {
            Start::Measure => syft::evaluate(&model, &validation, metric)
                .context("the initial model cannot be measured")?,
            Start::Claim(claim) => claim.measured(metric).context("starting_error")?,
        };
        let target = level(file.target, 0).context("target")?;
        let minimum_step = level(file.minimum_step, 1).context("minimum_step")?;
        check_levels(metric, start, target, minimum_step)?;
        let validation_blob = Blob::new("validation set", validation.encode());
        let terms = Terms {
            title: text(
                "title",
                &file.title.context("say what it is called: title")?,
            )?,
            description: text("description", &file.description.unwrap_or_default())?,
            schema,
            metric,
            validation: ValidationSet {
                blob: validation_blob.hash,
                rows: u32::try_from(validation.rows())?,
            },
            starting_error: start,
            target_error: target,
            tolerance: file.tolerance.map_or(DEFAULT_TOLERANCE, |share| share.0),
            minimum_step,
            deadline: 0,
            privacy: Privacy::Open,
            bounty: file.bounty.context("say what is paid at most: bounty")?.0,
            split: file.split.map(|split| split.0).unwrap_or_default(),
            open_proposals: file.open_proposals.unwrap_or(false),
            minimum_reputation: file.minimum_reputation.unwrap_or(0),
        };
        if terms.title.is_empty() {
            bail!("the title is empty: say what the campaign is called");
        }
        Ok(Self {
            terms,
            model: Model {
                architecture,
                parameters: parameters_blob.hash,
            },
            parameters: parameters_blob,
            validation: validation_blob,
            deadline: file.deadline.context("say when it ends: deadline")?,
        })
    }

    /// The terms with their deadline's block.
    pub fn terms(&self, deadline: BlockNumber) -> Terms<Balance, BlockNumber> {
        Terms {
            deadline,
            ..self.terms.clone()
        }
    }

    /// Both blobs.
    pub fn blobs(&self) -> [&Blob; 2] {
        [&self.validation, &self.parameters]
    }
}

/// The chain's rules for start, target and step, said with the numbers.
fn check_levels(metric: Metric, start: u64, target: u64, minimum_step: u64) -> Result<()> {
    let show = |error| metric.show(error);
    if target >= start {
        bail!(
            "the target ({}) must be below the starting error ({}): choose a lower target",
            show(target),
            show(start)
        );
    }
    if minimum_step == 0 {
        bail!("the minimum step must be above 0, or everything would be an improvement");
    }
    if minimum_step > start - target {
        bail!(
            "the minimum step ({}) is more than there is between start ({}) and target ({}): \
             choose a smaller one",
            show(minimum_step),
            show(start),
            show(target)
        );
    }
    Ok(())
}

fn text<const N: u32>(name: &str, text: &str) -> Result<Text<N>> {
    Text::try_from(text).with_context(|| name.to_owned())
}

#[cfg(test)]
#[path = "preparation_tests.rs"]
mod tests;
