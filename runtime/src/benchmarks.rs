//! The pallets whose weights are measured (see `scripts/weights`).

frame_benchmarking::define_benchmarks!(
    [pallet_model_repository, ModelRepository]
    [pallet_campaigns, Campaigns]
    [pallet_gradients, Gradients]
    [pallet_assays, Assays]
    [pallet_payouts, Payouts]
);
