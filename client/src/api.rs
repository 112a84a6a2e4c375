//! What the runtime offers, generated from its metadata; the types that Sonar shares are its own, not generated twins.

#[subxt::subxt(
    runtime_metadata_path = "metadata.scale",
    substitute_type(
        path = "sp_core::crypto::AccountId32",
        with = "::subxt::utils::Static<::sonar_primitives::AccountId>"
    ),
    substitute_type(
        path = "syft::architecture::Architecture",
        with = "::subxt::utils::Static<::syft::Architecture>"
    ),
    substitute_type(
        path = "sonar_primitives::campaign::Terms<B, N>",
        with = "::subxt::utils::Static<::sonar_primitives::campaign::Terms<B, N>>"
    ),
    substitute_type(
        path = "sonar_primitives::campaign::InitialModel",
        with = "::subxt::utils::Static<::sonar_primitives::campaign::InitialModel>"
    ),
    substitute_type(
        path = "sonar_primitives::campaign::CampaignCost<B>",
        with = "::subxt::utils::Static<::sonar_primitives::campaign::CampaignCost<B>>"
    ),
    substitute_type(
        path = "sonar_primitives::events::CampaignEvent",
        with = "::subxt::utils::Static<::sonar_primitives::events::CampaignEvent>"
    ),
    substitute_type(
        path = "sonar_primitives::reputation::Reputation",
        with = "::subxt::utils::Static<::sonar_primitives::reputation::Reputation>"
    ),
    substitute_type(
        path = "sonar_primitives::api::CampaignSummary",
        with = "::subxt::utils::Static<::sonar_primitives::api::CampaignSummary>"
    ),
    substitute_type(
        path = "sonar_primitives::api::CampaignInfo",
        with = "::subxt::utils::Static<::sonar_primitives::api::CampaignInfo>"
    ),
    substitute_type(
        path = "sonar_primitives::api::ModelInfo",
        with = "::subxt::utils::Static<::sonar_primitives::api::ModelInfo>"
    ),
    substitute_type(
        path = "sonar_primitives::api::RoundInfo",
        with = "::subxt::utils::Static<::sonar_primitives::api::RoundInfo>"
    ),
    substitute_type(
        path = "sonar_primitives::api::SubmissionInfo",
        with = "::subxt::utils::Static<::sonar_primitives::api::SubmissionInfo>"
    ),
    substitute_type(
        path = "sonar_primitives::api::ModelRecipe",
        with = "::subxt::utils::Static<::sonar_primitives::api::ModelRecipe>"
    ),
    substitute_type(
        path = "sonar_primitives::api::Quote",
        with = "::subxt::utils::Static<::sonar_primitives::api::Quote>"
    ),
    substitute_type(
        path = "sonar_primitives::api::QuoteRefused",
        with = "::subxt::utils::Static<::sonar_primitives::api::QuoteRefused>"
    ),
    substitute_type(
        path = "sonar_primitives::api::BlobInfo",
        with = "::subxt::utils::Static<::sonar_primitives::api::BlobInfo>"
    ),
    substitute_type(
        path = "sonar_primitives::api::EntitlementInfo",
        with = "::subxt::utils::Static<::sonar_primitives::api::EntitlementInfo>"
    )
)]
pub(crate) mod chain {}
