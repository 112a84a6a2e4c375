//! `sonar model store`.

use crate::{
    context::{check_affordable, Context, SignerArgs},
    output::{self, facts, Working},
    preparation::Blob,
    view,
};
use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use sonar_client::{format, Call};
use sonar_primitives::{recipe::RecipeStep, ModelId};

/// What to store.
#[derive(Args, Debug)]
pub struct Store {
    /// The model's number, as `campaign tree` shows it.
    model: ModelId,
    #[command(flatten)]
    signer: SignerArgs,
}

/// Builds the model from the chain and stores its parameters there.
pub async fn run(context: &Context, arguments: Store) -> Result<()> {
    let id = arguments.model;
    let signer = context.signer(&arguments.signer)?;
    let client = context.connect().await?;
    let working = Working::on(format!("fetching model {id}"));
    let fetched = client.fetch_model(id).await?;
    drop(working);
    if let Some(RecipeStep::Stored { parameters }) = fetched.recipe.recipe.last() {
        let value = view::blob(*parameters, json!({ "model": id, "stored": "already" }));
        return context
            .output
            .result(&value, || format!("model {id} is stored already"));
    }
    let parameters = Blob::new("parameters", fetched.parameters.to_safetensors());
    let size = parameters.bytes.len() as u64;
    // Whoever has stored the same bytes before keeps the deposit.
    let deposit = match client.blob(parameters.hash).await? {
        Some(_) => 0,
        None => client.constants().blob_deposit(size),
    };
    let call = Call::StoreModel {
        model: id,
        parameters: parameters.bytes.clone(),
    };
    let fee = check_affordable(&client, signer.account(), deposit, &[call]).await?;
    output::note(&facts(&[
        ("parameters", format!("{size} bytes")),
        (
            "storage deposit",
            format!(
                "{}, comes back when the campaign is removed",
                format::amount(deposit)
            ),
        ),
        ("fee, about", format::amount(fee)),
    ]));
    context
        .confirm(&format!("Store the parameters of model {id}?"))
        .await?;
    let receipt = context
        .send("storing", client.store_model(&signer, id, parameters.bytes))
        .await
        .with_context(|| format!("model {id} is not stored"))?;
    let value = view::blob(
        parameters.hash,
        json!({ "model": id, "stored": "now", "receipt": receipt }),
    );
    context.output.result(&value, || {
        format!(
            "stored the parameters of model {id} in block {} (fee {})",
            receipt.block.number,
            format::amount(receipt.fee)
        )
    })
}
