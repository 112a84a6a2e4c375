//! The JSON-RPC methods that Sonar adds to Substrate's own.

mod events;
mod sonar;

use crate::service::FullClient;
pub use events::EventFeed;
use jsonrpsee::RpcModule;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_transaction_pool_api::TransactionPool;
use sonar::{Sonar, SonarServer};
use sp_core::traits::SpawnNamed;
use std::sync::Arc;
use substrate_frame_rpc_system::{System, SystemApiServer};

/// All methods: `system_*` for nonces, `payment_*` for fees, `sonar_*` for campaigns.
pub fn create<Pool: TransactionPool + 'static>(
    client: Arc<FullClient>,
    pool: Arc<Pool>,
    feed: EventFeed,
    executor: Arc<dyn SpawnNamed>,
) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>> {
    let mut module = RpcModule::new(());
    module.merge(System::new(client.clone(), pool).into_rpc())?;
    module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
    module.merge(Sonar::new(client, feed, executor).into_rpc())?;
    Ok(module)
}
