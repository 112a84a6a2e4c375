use crate::mock::*;
use sonar_primitives::{api::MAX_PAGE, NodeId};
use sp_core::H256;

fn ids<Item>(page: Vec<(NodeId, Item)>) -> Vec<NodeId> {
    page.into_iter().map(|(id, _)| id).collect()
}

#[test]
fn nodes_are_in_the_order_of_numbers() {
    build_and_execute(|| {
        let early = commit(ALICE, ROOT, gradient(1)).unwrap();
        let late = accepted(BOB, ROOT, gradient(2), 900);
        reveal(ALICE, early, gradient(1)).unwrap();
        improve(early, 800, model(early));
        // A number of more than one byte.
        crate::NextNode::<Test>::put(300);
        let far = accepted(BOB, ROOT, gradient(3), 700);

        let page = |from, limit| ids(Gradients::nodes_of(CAMPAIGN, from, limit));
        assert_eq!(page(0, 10), [ROOT, early, late, far]);
        assert_eq!(page(early, 10), [early, late, far]);
        assert_eq!(page(early + 1, 1), [late]);
        assert_eq!(page(late + 1, 10), [far]);
        assert!(page(far + 1, 10).is_empty());
        assert!(page(NodeId::MAX, 10).is_empty());
        assert!(page(0, 0).is_empty());
        assert_eq!(
            ids(Gradients::nodes_of(OTHER_CAMPAIGN, 0, 10)),
            [OTHER_ROOT]
        );
        assert!(Gradients::nodes_of(99, 0, 10).is_empty());
    });
}

#[test]
fn pages_are_bounded() {
    build_and_execute(|| {
        for _ in 0..MAX_PAGE {
            let root = allocate();
            plant(CAMPAIGN, root, OWNER, START);
        }
        let page = Gradients::nodes_of(CAMPAIGN, 0, u32::MAX);
        assert_eq!(page.len(), MAX_PAGE as usize);
        let (last, _) = page.last().unwrap();
        assert_eq!(Gradients::nodes_of(CAMPAIGN, last + 1, u32::MAX).len(), 1);
    });
}

#[test]
fn submissions_can_be_listed_by_campaign_and_account() {
    build_and_execute(|| {
        let node = accepted(ALICE, ROOT, gradient(1), 900);
        let revealed = submit(ALICE, node, gradient(2));
        let committed = commit(ALICE, node, gradient(3)).unwrap();
        let bobs = commit(BOB, node, gradient(3)).unwrap();
        let hash = H256::repeat_byte(1);
        let alice = RuntimeOrigin::signed(ALICE);
        Gradients::commit(alice, OTHER_CAMPAIGN, OTHER_ROOT, hash).unwrap();
        let other = bobs + 1;

        let pending = |from, limit| ids(Gradients::pending_of(CAMPAIGN, from, limit));
        assert_eq!(pending(0, 10), [revealed, committed, bobs]);
        assert_eq!(pending(committed, 1), [committed]);
        assert!(pending(bobs + 1, 10).is_empty());
        let of = |account, from, limit| ids(Gradients::submissions_of(&account, from, limit));
        assert_eq!(of(ALICE, 0, 10), [node, revealed, committed, other]);
        assert_eq!(of(ALICE, revealed, 2), [revealed, committed]);
        assert_eq!(of(BOB, 0, 10), [bobs]);
        assert!(of(CAROL, 0, 10).is_empty());
        let (_, first) = Gradients::submissions_of(&BOB, 0, 1).remove(0);
        assert_eq!(first.account, BOB);
    });
}

#[test]
fn lineage_goes_down_from_the_root() {
    build_and_execute(|| {
        let first = accepted(ALICE, ROOT, gradient(1), 900);
        let second = accepted(BOB, first, gradient(2), 800);
        assert_eq!(
            Gradients::lineage(second),
            Some((ROOT, vec![gradient(1), gradient(2)]))
        );
        assert_eq!(Gradients::lineage(ROOT), Some((ROOT, vec![])));
        assert_eq!(Gradients::lineage(99), None);
    });
}
