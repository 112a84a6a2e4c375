//! The chains that the node knows by name.

use sc_service::ChainType;
use sonar_runtime::WASM_BINARY;

/// A chain's genesis and how to reach it.
pub type ChainSpec = sc_service::GenericChainSpec;

fn built_in(
    name: &str,
    id: &str,
    kind: ChainType,
    preset: &str,
) -> Result<Box<dyn sc_service::ChainSpec>, String> {
    let wasm = WASM_BINARY.ok_or("this node was built without a runtime (SKIP_WASM_BUILD)")?;
    let mut properties = sc_service::Properties::new();
    properties.insert("tokenSymbol".into(), sonar_primitives::TOKEN_SYMBOL.into());
    properties.insert(
        "tokenDecimals".into(),
        sonar_primitives::TOKEN_DECIMALS.into(),
    );
    properties.insert("ss58Format".into(), sonar_primitives::SS58_PREFIX.into());
    Ok(Box::new(
        ChainSpec::builder(wasm, None)
            .with_name(name)
            .with_id(id)
            .with_protocol_id("sonar")
            .with_chain_type(kind)
            .with_properties(properties)
            .with_genesis_config_preset_name(preset)
            .build(),
    ))
}

/// `dev`: one authority (Alice), who is also the assayer. `local`: two authorities. Anything else is
/// the path of a chain specification.
pub fn load(id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
    match id {
        "dev" => built_in(
            "Sonar Development",
            "sonar_dev",
            ChainType::Development,
            sp_genesis_builder::DEV_RUNTIME_PRESET,
        ),
        "" | "local" => built_in(
            "Sonar Local Testnet",
            "sonar_local",
            ChainType::Local,
            sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET,
        ),
        path => Ok(Box::new(ChainSpec::from_json_file(path.into()).map_err(
            |error| format!("'{path}' is neither 'dev', 'local' nor a readable chain specification: {error}"),
        )?)),
    }
}
