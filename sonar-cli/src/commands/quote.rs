//! `sonar quote`.

use crate::{
    context::{self, Context},
    output::facts,
    units::ErrorLevel,
    words::{self, Clock},
};
use anyhow::{bail, Context as _, Result};
use clap::Args;
use serde_json::json;
use sonar_client::{
    format::{self, Amount},
    keys::AccountRef,
};
use sonar_primitives::{
    api::{Quote as Answer, QuoteRefused},
    campaign::Members,
    AccountId, CampaignId, MeasuredError, ModelId,
};
use syft::Metric;

/// What to quote.
#[derive(Args, Debug)]
pub struct Quote {
    /// The campaign's number.
    campaign: CampaignId,
    /// The error that a round would reach, such as 5 %.
    #[arg(long, value_name = "ERROR")]
    error: ErrorLevel,
    /// The root of the branch that it would be on [default: that of the best model].
    #[arg(long, value_name = "MODEL")]
    root: Option<ModelId>,
    /// Who would commit to a gradient: a name, a development URI or an address. Reputation lowers the
    /// deposit, and may be needed to take part [default: somebody new].
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<AccountRef>,
}

/// Asks the chain and shows the answer.
pub async fn run(context: &Context, quote: Quote) -> Result<()> {
    let id = quote.campaign;
    let account = match &quote.account {
        Some(account) => context.account(account)?,
        // Nobody has this account's key, so it has no reputation.
        None => AccountId::new([0; 32]),
    };
    let client = context.connect().await?;
    let info = context::campaign(&client, id).await?;
    let metric = info.terms.metric;
    let error = quote.error.measured(metric)?;
    let best = info.best.with_context(|| {
        format!("campaign {id} has no measured model yet: wait until it is open")
    })?;
    let tree = client.tree(id).await?;
    let wanted = quote.root.unwrap_or(best);
    let root = tree
        .iter()
        .find(|model| model.id == wanted)
        .with_context(|| {
            format!("model {wanted} is not one of campaign {id}: see sonar campaign tree {id}")
        })?
        .model
        .root;
    let answer = match client.quote(&account, root, error).await? {
        Ok(answer) => answer,
        Err(QuoteRefused::NotOpen)
            if quote.account.is_none() && info.terms.members != Members::Everybody =>
        {
            bail!(
                "campaign {id} takes gradients only of {}: say whose with --account",
                words::members(info.terms.members)
            )
        }
        Err(refused) => bail!(refusal(refused, id, root)),
    };
    let clock = Clock::of(&client).await?;
    let value = json!({
        "campaign": id,
        "root": root,
        "best": answer.best,
        "round": answer.round,
        "closes": answer.closes,
        "error": error,
        "pays": Amount(answer.pays),
        "accepted_up_to": answer.accepted_up_to,
        "hold": Amount(answer.hold),
        "deposit": Amount(answer.deposit),
        "part": Amount(answer.part),
        "fee": Amount(answer.fee),
    });
    context
        .output
        .result(&value, || tell(&answer, root, error, metric, clock))
}

fn refusal(refused: QuoteRefused, id: CampaignId, root: ModelId) -> String {
    match refused {
        QuoteRefused::NotOpen => format!(
            "campaign {id} takes no gradients of this account (any more): see sonar campaign show {id}"
        ),
        QuoteRefused::RoundFull => format!(
            "the open round of branch {root} has as many commitments as it can hold: wait for the next \
             one, see sonar campaign show {id}"
        ),
        QuoteRefused::RevealsBookedUp => format!(
            "the blocks in which a gradient of branch {root} would have to be revealed are booked up: wait for the next \
             round"
        ),
        QuoteRefused::UnknownCampaign | QuoteRefused::UnknownRoot => {
            format!("branch {root} of campaign {id} is gone: run the command again")
        }
    }
}

/// The answer for people: what a round earns is divided, so it is not what one gradient earns.
fn tell(
    answer: &Answer,
    root: ModelId,
    error: MeasuredError,
    metric: Metric,
    clock: Clock,
) -> String {
    let closes = clock.left(answer.closes);
    facts(&[
        ("branch", format!("{root}, best model {}", answer.best)),
        (
            "round",
            match answer.round {
                Some(round) => format!("{round}, takes gradients for {closes}"),
                None => format!("none is open: a commitment opens one for {closes}"),
            },
        ),
        ("error", format::error(metric, error)),
        (
            "pays",
            format!(
                "{} to the round, divided by what each gradient adds",
                format::amount(answer.pays)
            ),
        ),
        (
            "accepted",
            match answer.accepted_up_to {
                Some(limit) if error > limit => format!(
                    "no: a model of this branch must have an error of at most {}",
                    format::error(metric, limit)
                ),
                Some(limit) => format!("up to {}", format::error(metric, limit)),
                None => {
                    "nothing: this branch cannot be improved by the minimum step any more".into()
                }
            },
        ),
        (
            "held",
            format!(
                "{} from commitment to verdict; all of it is lost if the gradient is not revealed",
                format::amount(answer.deposit.saturating_add(answer.part))
            ),
        ),
        (
            "  deposit",
            format!(
                "{}, comes back with the verdict",
                format::amount(answer.deposit)
            ),
        ),
        (
            "  for the assay",
            format!(
                "{} at most, your part of what measuring the round costs, whatever it brings",
                format::amount(answer.part)
            ),
        ),
        (
            "booking fee",
            format!(
                "{}, burned with the commitment: for the room that blocks keep for the gradient",
                format::amount(answer.fee)
            ),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use sonar_primitives::SNR;
    use std::time::Duration;

    #[test]
    fn a_quote_is_told_in_words() {
        let clock = Clock {
            now: 100,
            block_time: Duration::from_secs(2),
        };
        let answer = Answer {
            pays: 25 * SNR,
            hold: SNR * 3,
            deposit: SNR,
            part: SNR * 2,
            fee: SNR / 500,
            accepted_up_to: Some(100_000_000),
            best: 9,
            round: Some(12),
            closes: 114,
        };
        let text = tell(&answer, 0, 50_000_000, Metric::ErrorRate, clock);
        assert_eq!(
            text,
            "branch           0, best model 9\n\
             round            12, takes gradients for 14 blocks (about 28 s)\n\
             error            5.00 %\n\
             pays             25 SNR to the round, divided by what each gradient adds\n\
             accepted         up to 10.00 %\n\
             held             3 SNR from commitment to verdict; all of it is lost if the gradient is not revealed\n  \
             deposit        1 SNR, comes back with the verdict\n  \
             for the assay  2 SNR at most, your part of what measuring the round costs, whatever it brings\n\
             booking fee      0.002 SNR, burned with the commitment: for the room that blocks keep for the gradient\n"
        );
        let text = tell(&answer, 0, 100_000_001, Metric::ErrorRate, clock);
        assert!(
            text.contains(
                "accepted         no: a model of this branch must have an error of at most 10.00 %"
            ),
            "{text}"
        );
        let none = Answer {
            round: None,
            accepted_up_to: None,
            ..answer
        };
        let text = tell(&none, 0, 50_000_000, Metric::ErrorRate, clock);
        assert!(
            text.contains("none is open: a commitment opens one for 14 blocks"),
            "{text}"
        );
        assert!(text.contains("cannot be improved"), "{text}");
    }
}
