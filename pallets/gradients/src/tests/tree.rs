//! What campaigns ask of the model tree.

use crate::{mock::*, Branch, Branches, Contributors, Record, Trees};
use sonar_primitives::{
    traits::ModelTree,
    tree::{ModelOrigin, RecordStep},
    CampaignId,
};

fn steps(campaign: CampaignId, from: u32, limit: u32) -> Vec<RecordStep<AccountId>> {
    <Gradients as ModelTree<_>>::record_steps(campaign, from, limit)
}

#[test]
fn the_first_root_starts_the_record() {
    build_and_execute(|| {
        let tree = Trees::<Test>::get(CAMPAIGN).unwrap();
        let record = Record {
            error: START,
            model: ROOT,
        };
        assert_eq!(tree.record, record);
        assert_eq!((tree.accepted, tree.pending, tree.steps), (0, 0, 0));
        assert_eq!(tree.contributors, Contributors::Nobody);
        assert_eq!(<Gradients as ModelTree<_>>::record(CAMPAIGN), Some(START));
        assert_eq!(<Gradients as ModelTree<_>>::record(9), None);
        assert!(steps(CAMPAIGN, 0, 9).is_empty());
        let root = model(ROOT);
        assert!(root.stored && root.root == ROOT && root.former_record.is_none());
        assert_eq!(root.origin, ModelOrigin::Proposed { author: OWNER });
        let branch = Branch {
            best: SECOND_ROOT,
            models: 1,
        };
        assert_eq!(Branches::<Test>::get(CAMPAIGN, SECOND_ROOT), Some(branch));
    });
}

#[test]
fn numbers_are_given_out_once() {
    build_and_execute(|| {
        let allocate = <Gradients as ModelTree<AccountId>>::allocate;
        assert_eq!((allocate(), allocate()), (FIRST, FIRST + 1));
        commit(ALICE, 1);
        assert_eq!(round(FIRST + 2).commitments, 1);
    });
}

#[test]
fn steps_of_the_record_come_in_pages() {
    build_and_execute(|| {
        let models: Vec<_> = (1..=5)
            .map(|step| accepted(ROOT, ALICE, START - 100 * step))
            .collect();
        let all = steps(CAMPAIGN, 0, 9);
        assert_eq!(
            all.iter().map(|step| step.model).collect::<Vec<_>>(),
            models
        );
        assert_eq!((all[0].from, all[4].to), (START, START - 500));
        assert!(all.iter().all(|step| step.proposer == OWNER));
        assert_eq!(steps(CAMPAIGN, 0, 2), all[..2]);
        assert_eq!(steps(CAMPAIGN, 2, 2), all[2..4]);
        assert_eq!(steps(CAMPAIGN, 4, 2), all[4..]);
        assert!(steps(CAMPAIGN, 5, 2).is_empty());
        assert!(steps(CAMPAIGN, 0, 0).is_empty());
        assert_eq!(<Gradients as ModelTree<_>>::accepted(CAMPAIGN), 5);
    });
}

#[test]
fn it_is_known_whether_others_contributed() {
    build_and_execute(|| {
        let others = |who| <Gradients as ModelTree<_>>::others_contributed(CAMPAIGN, &who);
        assert!(!others(ALICE));
        accepted(ROOT, ALICE, 900);
        accepted(ROOT, ALICE, 800);
        assert_eq!((others(ALICE), others(BOB)), (false, true));
        accepted(ROOT, BOB, 700);
        assert_eq!(
            (others(ALICE), others(BOB), others(CAROL)),
            (true, true, true)
        );
        assert!(!<Gradients as ModelTree<_>>::others_contributed(9, &ALICE));
    });
}
