//! What the heaviest reports of assays weigh, with the runtime's own numbers.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use frame_support::{
    dispatch::{DispatchClass, GetDispatchInfo},
    weights::Weight,
};
use pallet_assays::{Call, Report};
use sonar_primitives::assay::{RoundVerdict, Verdict};
use sonar_runtime::{configs::RuntimeBlockWeights, Runtime};
use sp_core::{
    sr25519::{Public, Signature},
    H256,
};

/// What a report of this verdict weighs.
fn report(verdict: Verdict) -> Weight {
    let report = Report {
        id: 0,
        subject: H256::zero(),
        verdict,
        assayer: Public::from_raw([0; 32]).into(),
    };
    let signature = Signature::from_raw([0; 64]).into();
    let call = Call::<Runtime>::report { report, signature };
    call.get_dispatch_info().call_weight
}

/// Whatever a report brings about, it fits into a block, and so does giving up on what was to be measured.
#[test]
fn the_end_of_an_assay_fits_into_a_block() {
    let limits = RuntimeBlockWeights::get();
    let most = limits.get(DispatchClass::Normal).max_extrinsic.unwrap();
    let round = report(Verdict::Round(RoundVerdict {
        malformed: Default::default(),
        accepted: None,
    }));
    let root = report(Verdict::Measured { error: 0 });
    let expire = Call::<Runtime>::expire { id: 0 };
    let expire = expire.get_dispatch_info().call_weight;
    for weight in [root, round, expire] {
        // Three of them do.
        assert!((weight * 3).all_lt(most), "{weight:?} of {most:?}");
    }
    assert!(root.all_lt(round));
}
