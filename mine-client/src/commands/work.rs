//! `mine once` and `mine run`: training, submitting and claiming.

use super::usable::usable_data;
use crate::{
    cli::AccountArgs,
    home::Home,
    output::{note, Output},
};
use anyhow::{bail, Context as _, Result};
use clap::Args;
use mine_client::{
    chain::{ChainError, Node},
    daemon::{self, Until},
    event::Event,
    journal::Journal,
    miner::Miner,
    policy::Policy,
};
use sonar_client::{format::Amount, Client, ConnectError};
use sonar_primitives::CampaignId;

/// What a flag says counts more than what the policy says.
#[derive(Args, Debug)]
pub struct Overrides {
    #[command(flatten)]
    account: AccountArgs,
    /// Only this campaign; may be given more than once.
    #[arg(long, value_name = "NUMBER")]
    campaign: Vec<CampaignId>,
    /// Only this data set.
    #[arg(long, value_name = "NAME")]
    data: Option<String>,
    /// What a round must be expected to earn beyond this mine's part of its assay, such as "5 SNR".
    #[arg(long, value_name = "AMOUNT")]
    minimum_pay: Option<Amount>,
    /// The most to have held for one commitment and its gradient, such as "20 SNR".
    #[arg(long, value_name = "AMOUNT")]
    maximum_hold: Option<Amount>,
}

/// One gradient.
#[derive(Args, Debug)]
pub struct Once {
    #[command(flatten)]
    overrides: Overrides,
}

/// Until it is stopped.
#[derive(Args, Debug)]
pub struct Run {
    #[command(flatten)]
    overrides: Overrides,
    /// Ends when nothing is pending and nothing can be done.
    #[arg(long, conflicts_with = "until_settled")]
    exit_when_idle: bool,
    /// Ends when this campaign is settled and has paid, and what was committed to in others is revealed.
    #[arg(long, value_name = "NUMBER")]
    until_settled: Option<CampaignId>,
}

/// `mine once`.
pub async fn once(home: &Home, output: Output, command: Once) -> Result<()> {
    work(home, output, command.overrides, Until::Decided).await
}

/// `mine run`.
pub async fn run(home: &Home, output: Output, command: Run) -> Result<()> {
    let until = match (command.until_settled, command.exit_when_idle) {
        (Some(campaign), _) => Until::Settled(campaign),
        (None, true) => Until::Idle,
        (None, false) => Until::Stopped,
    };
    work(home, output, command.overrides, until).await
}

async fn work(home: &Home, output: Output, overrides: Overrides, until: Until) -> Result<()> {
    let policy = overrides.apply(home.policy()?)?;
    let data = usable_data(home, &policy)?;
    if data.is_empty() {
        bail!("there is no data set to train on: add one with `mine data add`");
    }
    let signer = home.signer(&overrides.account)?;
    let mut journal = Journal::open(&home.journal())?;
    let mut write_failed = None;
    let mut report = |event: Event| {
        if let Err(error) = output.line(&event, || event.to_string()) {
            write_failed.get_or_insert(error);
        }
    };
    let mut miner = Miner::new(&mut journal, &policy, &data, &mut report);
    let connect = async || match Client::connect(home.node()).await {
        Ok(client) => Ok(Node::new(client, signer.clone())),
        Err(error @ (ConnectError::Unreachable { .. } | ConnectError::NoAnswer { .. })) => {
            Err(ChainError::Disconnected(error.to_string()))
        }
        Err(error) => Err(ChainError::Failed(error.to_string())),
    };
    tokio::select! {
        ended = daemon::run(&mut miner, connect, until) => ended?,
        stopped = stop_signal() => {
            stopped?;
            note("stopped; everything that was promised is in the journal, run again to go on");
        }
    }
    write_failed.map_or(Ok(()), Err)
}

impl Overrides {
    fn apply(&self, mut policy: Policy) -> Result<Policy> {
        if !self.campaign.is_empty() {
            policy.campaigns = Some(self.campaign.clone());
        }
        if let Some(name) = &self.data {
            policy.data = Some(name.clone());
        }
        if let Some(amount) = self.minimum_pay {
            policy.minimum_pay = amount.0;
        }
        if let Some(amount) = self.maximum_hold {
            policy.maximum_hold = Some(amount.0);
        }
        policy.check()?;
        Ok(policy)
    }
}

/// Returns when the program is asked to stop.
async fn stop_signal() -> Result<()> {
    let listening = "cannot listen for signals";
    #[cfg(unix)]
    {
        use tokio::signal::unix::{signal, SignalKind};
        let mut terminate = signal(SignalKind::terminate()).context(listening)?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted.context(listening),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.context(listening)
}
