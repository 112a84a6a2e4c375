use crate::mock::*;
use sonar_primitives::{
    reputation::{Deed, Reputation},
    traits::Reputations,
};

#[test]
fn deeds_are_counted_per_account() {
    build_and_execute(|| {
        Payouts::note(&MINER, Deed::Accepted(12));
        Payouts::note(&MINER, Deed::Accepted(30));
        Payouts::note(&MINER, Deed::Rejected);
        Payouts::note(&OWNER, Deed::Settled);
        assert_eq!(
            Payouts::of(&MINER),
            Reputation {
                accepted: 2,
                improvement: 42,
                rejected: 1,
                ..Default::default()
            }
        );
        assert_eq!(Payouts::of(&OWNER).settled, 1);
        assert_eq!(Payouts::of(&12_345), Reputation::default());
    });
}
