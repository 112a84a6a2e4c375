//! Carries out the command line.

use crate::{
    chain_spec,
    cli::{Cli, Subcommand},
    service,
};
use sc_cli::{CliConfiguration, SubstrateCli};
use sc_network::config::SyncMode;
use sc_service::{BlocksPruning, Configuration};
use sonar_runtime::Block;

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "Sonar Node".into()
    }

    fn impl_version() -> String {
        env!("SUBSTRATE_CLI_IMPL_VERSION").into()
    }

    fn description() -> String {
        "Runs Sonar's chain, serves its blobs over IPFS and measures submitted gradients.".into()
    }

    fn author() -> String {
        "The Sonar developers".into()
    }

    fn support_url() -> String {
        "see docs/ in the source".into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
        chain_spec::load(id)
    }
}

/// Blobs live in blocks, and the chain renews them once per retention period: a node that forgets
/// blocks sooner, or never downloads them, would lack models that live campaigns need.
fn keeps_blobs(config: &Configuration) -> sc_cli::Result<()> {
    if !matches!(config.network.sync_mode, SyncMode::Full) {
        return Err(
            "--sync fast and warp leave out the blocks in which blobs of live campaigns are: \
             use --sync full, the default"
                .into(),
        );
    }
    let needed = sonar_runtime::configs::sonar::BlobRetentionPeriod::get();
    match config.blocks_pruning {
        BlocksPruning::Some(blocks) if blocks <= needed => Err(format!(
            "--blocks-pruning {blocks} would lose blobs of live campaigns: \
             keep more than {needed} blocks, or all ('archive-canonical', the default)"
        )
        .into()),
        _ => Ok(()),
    }
}

/// Parses the command line and carries it out.
pub fn run() -> sc_cli::Result<()> {
    let mut cli = Cli::from_args();
    match &cli.subcommand {
        Some(Subcommand::Key(command)) => command.run(&cli),
        Some(Subcommand::ExportChainSpec(command)) => {
            let spec = cli.load_spec(&command.chain)?;
            command.run(spec)
        }
        Some(Subcommand::CheckBlock(command)) => cli.create_runner(command)?.async_run(|config| {
            let parts = service::new_partial(&config)?;
            Ok((
                command.run(parts.client, parts.import_queue),
                parts.task_manager,
            ))
        }),
        Some(Subcommand::ExportBlocks(command)) => {
            cli.create_runner(command)?.async_run(|config| {
                let parts = service::new_partial(&config)?;
                Ok((
                    command.run(parts.client, config.database),
                    parts.task_manager,
                ))
            })
        }
        Some(Subcommand::ExportState(command)) => cli.create_runner(command)?.async_run(|config| {
            let parts = service::new_partial(&config)?;
            Ok((
                command.run(parts.client, config.chain_spec),
                parts.task_manager,
            ))
        }),
        Some(Subcommand::ImportBlocks(command)) => {
            cli.create_runner(command)?.async_run(|config| {
                let parts = service::new_partial(&config)?;
                Ok((
                    command.run(parts.client, parts.import_queue),
                    parts.task_manager,
                ))
            })
        }
        Some(Subcommand::PurgeChain(command)) => cli
            .create_runner(command)?
            .sync_run(|config| command.run(config.database)),
        Some(Subcommand::Revert(command)) => cli.create_runner(command)?.async_run(|config| {
            let parts = service::new_partial(&config)?;
            let revert = Box::new(|client, _, blocks| {
                sc_consensus_grandpa::revert(client, blocks)?;
                Ok(())
            });
            Ok((
                command.run(parts.client, parts.backend, Some(revert)),
                parts.task_manager,
            ))
        }),
        Some(Subcommand::ChainInfo(command)) => cli
            .create_runner(command)?
            .sync_run(|config| command.run::<Block>(&config)),
        None => {
            if cli.run.shared_params().is_dev() {
                // A development node serves its blobs to any IPFS client without being asked to.
                cli.run.network_params.ipfs_server = true;
            }
            cli.create_runner(&cli.run)?
                .run_node_until_exit(|config| async move {
                    keeps_blobs(&config)?;
                    service::new_full(config).map_err(sc_cli::Error::Service)
                })
        }
    }
}
