//! What people do, drawn at random.

use proptest::prelude::*;

/// Something that somebody does. Numbers choose among what there is at that moment.
#[derive(Clone, Debug)]
pub enum Step {
    Create {
        who: usize,
        bounty: u64,
        blocks: u32,
        expertise: u32,
        target: u64,
    },
    /// Commits to a proposal and, in the next block, reveals it.
    Propose {
        who: usize,
        campaign: usize,
    },
    /// The owner takes, or refuses, a proposal.
    Answer {
        which: usize,
        accept: bool,
    },
    Fund {
        who: usize,
        campaign: usize,
        amount: u64,
    },
    Commit {
        who: usize,
        model: usize,
    },
    /// Reveals a commitment, or lets somebody else try.
    Reveal {
        which: usize,
        by: Option<usize>,
    },
    Verdict {
        which: usize,
        kind: u8,
        share: u32,
    },
    StoreModel {
        who: usize,
        which: usize,
    },
    Cancel {
        campaign: usize,
    },
    Settle {
        campaign: usize,
    },
    Claim {
        campaign: usize,
        who: usize,
        by: usize,
    },
    Advance {
        blocks: u32,
    },
}

/// A story that begins with an open campaign.
pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..6usize, 0..u64::MAX, 31..200u32, 0..60u32, 0..800_000_000u64).prop_map(
            |(who, bounty, blocks, expertise, target)| Step::Create { who, bounty, blocks, expertise, target }),
        2 => (0..6usize, any::<usize>()).prop_map(|(who, campaign)| Step::Propose { who, campaign }),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(which, accept)| Step::Answer { which, accept }),
        2 => (0..6usize, any::<usize>(), any::<u64>()).prop_map(|(who, campaign, amount)| Step::Fund { who, campaign, amount }),
        12 => (0..6usize, any::<usize>()).prop_map(|(who, model)| Step::Commit { who, model }),
        12 => (any::<usize>(), prop::option::weighted(0.1, 0..6usize)).prop_map(|(which, by)| Step::Reveal { which, by }),
        8 => (any::<usize>(), 0..10u8, 1..1_000u32).prop_map(|(which, kind, share)| Step::Verdict { which, kind, share }),
        1 => (0..6usize, any::<usize>()).prop_map(|(who, which)| Step::StoreModel { who, which }),
        1 => any::<usize>().prop_map(|campaign| Step::Cancel { campaign }),
        1 => any::<usize>().prop_map(|campaign| Step::Settle { campaign }),
        2 => (any::<usize>(), 0..6usize, 0..6usize).prop_map(|(campaign, who, by)| Step::Claim { campaign, who, by }),
        6 => (1..20u32).prop_map(|blocks| Step::Advance { blocks }),
    ];
    // Most of a campaign's life needs it to be open.
    let opened = [
        Step::Create {
            who: 0,
            bounty: 100,
            blocks: 199,
            expertise: 20,
            target: 50_000_000,
        },
        Step::Verdict {
            which: 0,
            kind: 5,
            share: 7,
        },
    ];
    prop::collection::vec(step, 10..100)
        .prop_map(move |steps| opened.iter().cloned().chain(steps).collect())
}
