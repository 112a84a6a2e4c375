//! From what an owner says to what the chain is given: reads the files, measures the model and
//! checks everything that can be checked without a node.

use crate::{
    campaign_file::CampaignFile,
    files, training_time,
    units::{Span, Start},
};
use anyhow::{bail, Context as _, Result};
use sonar_client::{blob_hash, keys::AccountRef};
use sonar_primitives::{
    campaign::{
        InitialModel, Members, Privacy, RoundTerms, Terms, ValidationSet, DEFAULT_STEPS,
        DEFAULT_TOLERANCE, REVEAL_WINDOW, ROUND_BLOCKS, SEATS, STEEPNESS,
    },
    Balance, BlobHash, BlockNumber, MeasuredError,
};
use std::{fmt::Display, ops::RangeInclusive, time::Duration};
use syft::{Architecture, FieldKind, Metric, Parameters, Schema, Text};

/// A campaign that is ready to be created, but for what only a node can count in blocks.
#[derive(Debug)]
pub struct Preparation {
    /// The terms; their deadline, `round_blocks` and `reveal_window` are not set yet.
    terms: Terms<Balance, BlockNumber>,
    /// The model to start from.
    pub model: InitialModel,
    /// The model's parameters, canonical safetensors.
    pub parameters: Blob,
    /// The canonical validation set.
    pub validation: Blob,
    /// The multiply-adds of one set of a round on this model, as the chain counts them.
    pub work: Work,
    /// The greatest possible size of a gradient, in bytes.
    pub max_gradient_size: u64,
    /// When it ends, from now.
    pub deadline: Span,
    /// How long a round takes commitments, and then reveals, if the owner says so.
    rounds: (Option<Span>, Option<Span>),
    /// Whom to admit when it is created.
    pub admit: Vec<AccountRef>,
    /// How long a training may take on this machine.
    pub training_time: Duration,
}

/// What measuring a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Multiply-adds for one row.
    pub per_row: u64,
    /// Rows.
    pub rows: u32,
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
        let start = match file.starting_error.unwrap_or(Start::Measure) {
            Start::Measure => syft::evaluate(&model, &validation, metric)
                .context("the initial model cannot be measured")?,
            Start::Claim(claim) => claim.measured(metric).context("starting_error")?,
        };
        let target = match file.target {
            Some(target) => target.measured(metric).context("target")?,
            None => 0,
        };
        check_target(metric, start, target)?;
        let minimum_step = match file.minimum_step {
            Some(step) => step.measured(metric).context("minimum_step")?,
            None => (start - target).div_ceil(DEFAULT_STEPS),
        };
        let members = file.members.map(|rule| rule.0).unwrap_or_default();
        if !file.admit.is_empty() && members != Members::Admitted {
            bail!("admit needs members = \"admitted\": otherwise nobody has to be admitted");
        }
        let default = RoundTerms::default();
        let rounds = RoundTerms {
            seats: in_range("seats", file.seats.unwrap_or(default.seats), SEATS)?,
            steepness: in_range(
                "steepness",
                file.steepness.unwrap_or(default.steepness),
                STEEPNESS,
            )?,
            ..default
        };
        let split = file.split.map(|split| split.0).unwrap_or_default();
        if !split.compute.is_zero() {
            bail!(
                "metered compute is not available yet: share the bounty between data and expertise"
            );
        }
        let validation_blob = Blob::new("validation set", validation.encode());
        let plan = architecture.plan()?;
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
            split,
            open_proposals: file.open_proposals.unwrap_or(false),
            members,
            rounds,
        };
        check_step(&terms)?;
        if terms.title.is_empty() {
            bail!("the title is empty: say what the campaign is called");
        }
        Ok(Self {
            work: Work {
                per_row: plan.multiply_adds,
                rows: terms.validation.rows,
            },
            max_gradient_size: syft::max_gradient_size(&plan),
            terms,
            training_time: training_time::estimate(&model, &validation),
            model: InitialModel {
                architecture,
                parameters: parameters_blob.hash,
            },
            parameters: parameters_blob,
            validation: validation_blob,
            deadline: file.deadline.context("say when it ends: deadline")?,
            rounds: (file.round_blocks, file.reveal_window),
            admit: file.admit,
        })
    }

    /// The terms with their deadline's block, on a chain with blocks of this time.
    pub fn terms(
        &self,
        deadline: BlockNumber,
        block_time: Duration,
    ) -> Result<Terms<Balance, BlockNumber>> {
        let rounds = self.terms.rounds;
        let (commitments, reveals) = self.rounds;
        let blocks = |name, span: Option<Span>, default: u32, range| {
            let blocks = span.map_or(Some(default), |span| span.blocks(block_time));
            in_range(name, blocks.unwrap_or(u32::MAX), range)
        };
        Ok(Terms {
            deadline,
            rounds: RoundTerms {
                round_blocks: blocks(
                    "round_blocks, in blocks,",
                    commitments,
                    rounds.round_blocks,
                    ROUND_BLOCKS,
                )?,
                reveal_window: blocks(
                    "reveal_window, in blocks,",
                    reveals,
                    rounds.reveal_window,
                    REVEAL_WINDOW,
                )?,
                ..rounds
            },
            ..self.terms.clone()
        })
    }

    /// The campaign's title.
    pub fn title(&self) -> &Text<64> {
        &self.terms.title
    }

    /// The metric of its errors.
    pub fn metric(&self) -> Metric {
        self.terms.metric
    }

    /// Both blobs.
    pub fn blobs(&self) -> [&Blob; 2] {
        [&self.validation, &self.parameters]
    }
}

/// The chain's rule for start and target, said with the numbers.
fn check_target(metric: Metric, start: MeasuredError, target: MeasuredError) -> Result<()> {
    if target >= start {
        bail!(
            "the target ({}) must be below the starting error ({}): choose a lower target",
            metric.show(target),
            metric.show(start)
        );
    }
    Ok(())
}

/// The chain's rules for the minimum step, said with the numbers.
fn check_step(terms: &Terms<Balance, BlockNumber>) -> Result<()> {
    let (start, target) = (terms.starting_error, terms.target_error);
    let (step, least) = (terms.minimum_step, terms.least_minimum_step());
    let show = |error| format!("{} ({error} units)", terms.metric.show(error));
    if step < least {
        bail!(
            "the minimum step is {}, and must be at least {}, 1/1,024 of the way from start to target",
            show(step),
            show(least)
        );
    }
    if step > start - target {
        bail!(
            "the minimum step ({}) is more than there is between start ({}) and target ({}): \
             choose a smaller one",
            terms.metric.show(step),
            terms.metric.show(start),
            terms.metric.show(target)
        );
    }
    Ok(())
}

fn in_range<T: PartialOrd + Display>(name: &str, value: T, range: RangeInclusive<T>) -> Result<T> {
    if !range.contains(&value) {
        bail!("{name} must be {} to {}", range.start(), range.end());
    }
    Ok(value)
}

fn text<const N: u32>(name: &str, text: &str) -> Result<Text<N>> {
    Text::try_from(text).with_context(|| name.to_owned())
}

#[cfg(test)]
#[path = "preparation_tests.rs"]
mod tests;
