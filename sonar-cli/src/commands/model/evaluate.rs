//! `sonar model evaluate`.

use crate::{
    campaign_file::parse_metric,
    context::{self, Context},
    files::{self, FileOr},
    output::{facts, Working},
    preparation::fitting_metric,
    run_blocking,
};
use anyhow::{bail, Context as _, Result};
use clap::Args;
use serde_json::json;
use sonar_client::{format, Client};
use sonar_primitives::CampaignId;
use std::path::{Path, PathBuf};
use syft::{Architecture, Dataset, Limits, Metric, Model, Schema};

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
    /// Layers of the model (JSON) [default: the file that `model fetch` wrote beside the parameters, or
    /// those of the branch of the campaign that the parameters fit].
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
    /// Those of its branches, that of the best model first.
    architectures: Vec<Architecture>,
    /// The validation set, if it is wanted.
    validation: Option<Vec<u8>>,
}

impl OnChain {
    async fn read(client: &Client, id: CampaignId, with_validation: bool) -> Result<Self> {
        let info = context::campaign(client, id).await?;
        let best = match info.best {
            Some(model) => client.recipe(model).await?,
            None => None,
        };
        let proposed = info.proposals.iter();
        let proposed = proposed.map(|proposal| proposal.model.architecture.clone());
        let architectures = best.map(|recipe| recipe.architecture).into_iter();
        let architectures: Vec<_> = architectures.chain(proposed).collect();
        if architectures.is_empty() {
            bail!("campaign {id} has no model (any more)");
        }
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
            architectures,
            validation,
        })
    }
}

fn measure(arguments: Evaluate, on_chain: Option<OnChain>) -> Result<(u64, Metric, usize)> {
    let mut schema = arguments.schema.map(files::schema).transpose()?;
    let architecture = arguments
        .architecture
        .map(files::architecture)
        .transpose()?;
    let mut candidates = Vec::new();
    let mut metric = arguments.metric;
    let mut validation = None;
    if let Some(on_chain) = on_chain {
        schema = Some(on_chain.schema);
        metric = Some(on_chain.metric);
        candidates = on_chain.architectures;
        validation = on_chain.validation;
    }
    let data = match (arguments.data, validation) {
        (Some(path), _) => files::dataset(&path, schema.as_ref())?,
        (None, Some(bytes)) => Dataset::decode(&bytes, Limits::default())?,
        (None, None) => bail!("say on which rows with --data"),
    };
    let metric = metric.unwrap_or_else(|| fitting_metric(data.schema()));
    let model = match architecture {
        Some(architecture) => load(&arguments.model, architecture)?,
        None => fitting(&arguments.model, candidates)?,
    };
    Ok((syft::evaluate(&model, &data, metric)?, metric, data.rows()))
}

fn load(path: &Path, architecture: Architecture) -> Result<Model> {
    let parameters = files::parameters(path, &architecture)?;
    Ok(Model::new(architecture, parameters)?)
}

/// The model of these parameters, by the architecture that lies beside them or else the first one that they fit.
fn fitting(path: &Path, candidates: Vec<Architecture>) -> Result<Model> {
    let beside = files::architecture_beside(path);
    if beside.exists() {
        return load(path, files::architecture(FileOr::File(beside))?);
    }
    let mut failed = None;
    for architecture in candidates {
        match load(path, architecture) {
            Ok(model) => return Ok(model),
            // What is said of the best model's branch is as good as of any other.
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    let failed = failed.context("say what the model looks like with --architecture")?;
    Err(failed.context("the parameters fit no branch of the campaign: name their --architecture"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use syft::Parameters;

    fn architecture(units: u32) -> Architecture {
        let json = format!(
            r#"{{"input":[3],"layers":[{{"dense":{{"units":{units}}}}},"relu",{{"dense":{{"units":2}}}}],"head":"softmax_cross_entropy"}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn the_architecture_is_that_of_the_branch_that_the_parameters_fit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let parameters = Parameters::initialise(&architecture(5), 1).unwrap();
        std::fs::write(&path, parameters.to_safetensors()).unwrap();
        let model = fitting(&path, [4, 5, 6].map(architecture).into()).unwrap();
        assert_eq!(*model.architecture(), architecture(5));
        let refused = fitting(&path, vec![architecture(4)]).unwrap_err();
        assert!(refused.to_string().contains("--architecture"), "{refused}");
        // What fetch has written beside it counts more.
        let other = serde_json::to_string(&architecture(4)).unwrap();
        std::fs::write(files::architecture_beside(&path), other).unwrap();
        assert!(fitting(&path, vec![architecture(5)]).is_err());
    }
}
