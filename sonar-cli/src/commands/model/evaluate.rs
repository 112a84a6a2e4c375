//! `sonar model evaluate`.

use crate::{
    campaign_file::parse_metric,
    context::{self, Context},
    files::{self, FileOr},
    output::{facts, Working},
    preparation::fitting_metric,
    run_blocking,
};
use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use sonar_client::{format, Client};
use sonar_primitives::CampaignId;
use std::path::PathBuf;
use syft::{Architecture, Dataset, Limits, Metric, Model, Parameters, Schema};

/// What to evaluate on what.
#[derive(Args, Debug)]
pub struct Evaluate {
    /// The model's parameters (safetensors).
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// The rows: a canonical data set, or rows as `data import` reads them [default: the campaign's validation set].
    #[arg(long, value_name = "FILE", required_unless_present = "campaign")]
    data: Option<PathBuf>,
    /// Takes schema, metric and architecture from this campaign.
    #[arg(long, value_name = "CAMPAIGN")]
    campaign: Option<CampaignId>,
    /// Layers of the model (JSON).
    #[arg(long, value_name = "FILE", required_unless_present = "campaign")]
    architecture: Option<FileOr<Architecture>>,
    /// What a row looks like; a canonical data set does not need it.
    #[arg(long, value_name = "FILE", conflicts_with = "campaign")]
    schema: Option<FileOr<Schema>>,
    /// error_rate or mean_squared_error [default: what fits the schema's output].
    #[arg(long, value_parser = parse_metric, conflicts_with = "campaign")]
    metric: Option<Metric>,
}

/// Measures and shows the error.
pub async fn run(context: &Context, arguments: Evaluate) -> Result<()> {
    let on_chain = match arguments.campaign {
        Some(id) => {
            Some(OnChain::read(&context.connect().await?, id, arguments.data.is_none()).await?)
        }
        None => None,
    };
    let _working = Working::on("evaluating");
    let (error, metric, rows) = run_blocking(move || measure(arguments, on_chain)).await??;
    let accuracy = format::accuracy(metric, error);
    let value = json!({
        "error": error,
        "metric": metric,
        "shown": format::error(metric, error),
        "accuracy": accuracy,
        "rows": rows,
    });
    context.output.result(&value, || {
        let shown = format!("{} ({error} units)", format::error(metric, error));
        let mut lines = vec![("error", shown)];
        lines.extend(accuracy.map(|accuracy| ("accuracy", accuracy)));
        lines.push(("rows", rows.to_string()));
        facts(&lines)
    })
}

/// What a campaign says about its models.
struct OnChain {
    schema: Schema,
    metric: Metric,
    architecture: Architecture,
    /// The validation set, if it is wanted.
    validation: Option<Vec<u8>>,
}

impl OnChain {
    async fn read(client: &Client, id: CampaignId, with_validation: bool) -> Result<Self> {
        let info = context::campaign(client, id).await?;
        let architecture = match info.best {
            Some(model) => client
                .recipe(model)
                .await?
                .map(|recipe| recipe.architecture),
            None => info
                .proposals
                .first()
                .map(|proposal| proposal.model.architecture.clone()),
        };
        let validation = match with_validation {
            true => {
                let _working = Working::on("fetching the validation set");
                Some(client.fetch_blob(info.terms.validation.blob).await?)
            }
            false => None,
        };
        Ok(Self {
            schema: info.terms.schema,
            metric: info.terms.metric,
            architecture: architecture
                .with_context(|| format!("campaign {id} has no model (any more)"))?,
            validation,
        })
    }
}

fn measure(arguments: Evaluate, on_chain: Option<OnChain>) -> Result<(u64, Metric, usize)> {
    let mut schema = arguments.schema.map(files::schema).transpose()?;
    let mut architecture = arguments
        .architecture
        .map(files::architecture)
        .transpose()?;
    let mut metric = arguments.metric;
    let mut validation = None;
    if let Some(on_chain) = on_chain {
        schema = Some(on_chain.schema);
        metric = Some(on_chain.metric);
        architecture = architecture.or(Some(on_chain.architecture));
        validation = on_chain.validation;
    }
    let data = match (arguments.data, validation) {
        (Some(path), _) => files::dataset(&path, schema.as_ref())?,
        (None, Some(bytes)) => Dataset::decode(&bytes, Limits::default())?,
        (None, None) => anyhow::bail!("say on which rows with --data"),
    };
    let architecture = architecture.context("say what the model looks like with --architecture")?;
    let metric = metric.unwrap_or_else(|| fitting_metric(data.schema()));
    let parameters: Parameters = files::parameters(&arguments.model, &architecture)?;
    let model = Model::new(architecture, parameters)?;
    Ok((syft::evaluate(&model, &data, metric)?, metric, data.rows()))
}
