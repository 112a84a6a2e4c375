use crate::{
    crypto::{AssayerId, KEY_TYPE},
    mock::*,
    Report, RESEND_AFTER,
};
use codec::Decode;
use frame_support::{
    assert_ok,
    traits::{Authorize, Hooks, UnfilteredDispatchable},
};
use sonar_host::{AssayExt, Assayer};
use sonar_primitives::{
    assay::{AssayKind, AssayOutcome, AssayRequest, AssayWork, Malformed, RoundWork, Verdict},
    traits::AssayQueue,
    BlobHash, ModelId,
};
use sp_core::{
    offchain::{testing::TestOffchainExt, OffchainDbExt, TransactionPool, TransactionPoolExt},
    H256,
};
use sp_io::TestExternalities;
use sp_keystore::{testing::MemoryKeystore, Keystore, KeystoreExt};
use sp_runtime::transaction_validity::TransactionSource;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use syft::{Architecture, Head, Metric};

/// A node that has measured everything already.
#[derive(Default)]
struct Fake {
    outcomes: Mutex<BTreeMap<BlobHash, AssayOutcome>>,
    asked: Mutex<Vec<BlobHash>>,
    /// How many it was asked for at a time.
    batches: Mutex<Vec<usize>>,
    verdicts: Mutex<Vec<Verdict>>,
    pending: Mutex<Vec<u32>>,
}

impl Assayer for Fake {
    fn evaluate_all(&self, requests: &[AssayRequest]) -> Vec<AssayOutcome> {
        let subjects = requests.iter().map(|request| request.validation);
        self.asked.lock().unwrap().extend(subjects.clone());
        self.batches.lock().unwrap().push(requests.len());
        let outcomes = self.outcomes.lock().unwrap();
        subjects
            .map(|subject| {
                let unavailable = AssayOutcome::Unavailable(subject);
                outcomes.get(&subject).cloned().unwrap_or(unavailable)
            })
            .collect()
    }

    fn note_verdict(&self, verdict: &Verdict) {
        self.verdicts.lock().unwrap().push(verdict.clone());
    }

    fn note_pending(&self, count: u32) {
        self.pending.lock().unwrap().push(count);
    }
}

/// A transaction pool that can be made to refuse.
#[derive(Clone, Default)]
struct Pool {
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
    refuses: Arc<Mutex<bool>>,
}

impl TransactionPool for Pool {
    fn submit_transaction(&mut self, extrinsic: Vec<u8>) -> Result<(), ()> {
        if *self.refuses.lock().unwrap() {
            return Err(());
        }
        self.sent.lock().unwrap().push(extrinsic);
        Ok(())
    }
}

/// A node with a chain, a keystore, a pool and what measures.
struct Node {
    externalities: TestExternalities,
    pool: Pool,
    fake: Arc<Fake>,
}

impl Node {
    /// On a chain with so many assayers; has the keys of these accounts.
    fn new(assayers: u64, keys: &[AccountId]) -> Self {
        let mut externalities = new_test_ext_with(assayers);
        let (pool, fake) = (Pool::default(), Arc::new(Fake::default()));
        let keystore = MemoryKeystore::new();
        for account in keys {
            let uri = format!("//Assayer//{account}");
            keystore.sr25519_generate_new(KEY_TYPE, Some(&uri)).unwrap();
        }
        let (offchain, _) = TestOffchainExt::new();
        externalities.register_extension(OffchainDbExt::new(offchain));
        externalities.register_extension(TransactionPoolExt::new(pool.clone()));
        externalities.register_extension(KeystoreExt::new(keystore));
        externalities.register_extension(AssayExt::new(fake.clone()));
        Self {
            externalities,
            pool,
            fake,
        }
    }

    fn run<R>(&mut self, test: impl FnOnce() -> R) -> R {
        self.externalities.execute_with(|| {
            let result = test();
            Assays::do_try_state().unwrap();
            result
        })
    }

    /// Has a root or a round measured.
    fn request(&mut self, id: ModelId, kind: AssayKind) {
        self.run(|| {
            assert_ok!(request(id, kind));
        });
        Work::mutate(|work| work.insert(id, work_for(id, kind)));
    }

    /// What the node's measurement will come to.
    fn comes_to(&self, id: ModelId, outcome: AssayOutcome) {
        self.fake
            .outcomes
            .lock()
            .unwrap()
            .insert(subject(id), outcome);
    }

    /// Runs the off-chain worker at this block, without executing the block.
    fn works_at(&mut self, block: u64) {
        self.run(|| {
            System::set_block_number(block);
            Assays::offchain_worker(block);
        });
    }

    /// The reports sent since the last time.
    fn sent(&self) -> Vec<Report<AssayerId>> {
        std::mem::take(&mut *self.pool.sent.lock().unwrap())
            .into_iter()
            .map(|bytes| {
                let extrinsic = Extrinsic::decode(&mut &bytes[..]).unwrap();
                match extrinsic.function {
                    RuntimeCall::Assays(crate::Call::report { report, .. }) => report,
                    other => panic!("not a report: {other:?}"),
                }
            })
            .collect()
    }

    /// Has a block execute what was sent, as far as it is valid. Returns how many were.
    fn includes_sent(&mut self) -> usize {
        let sent = std::mem::take(&mut *self.pool.sent.lock().unwrap());
        self.run(|| {
            sent.into_iter()
                .map(|bytes| Extrinsic::decode(&mut &bytes[..]).unwrap().function)
                .filter(|call| {
                    let valid = call.authorize(TransactionSource::External).unwrap().is_ok();
                    if valid {
                        let origin = frame_system::RawOrigin::Authorized.into();
                        assert_ok!(call.clone().dispatch_bypass_filter(origin));
                    }
                    valid
                })
                .count()
        })
    }
}

/// What is judged is named in the place of the validation set.
fn work_for(id: ModelId, kind: AssayKind) -> AssayRequest {
    AssayRequest {
        architecture: Architecture {
            input: vec![1].try_into().unwrap(),
            layers: Default::default(),
            head: Head::SquaredError,
        },
        metric: Metric::MeanSquaredError,
        validation: subject(id),
        rows: 1,
        work: match kind {
            AssayKind::Root => AssayWork::Root {
                parameters: H256::zero(),
            },
            AssayKind::Round => AssayWork::Round(RoundWork {
                recipe: vec![],
                best: 0,
                best_error: 100,
                target: 0,
                minimum_step: 10,
                seats: 4,
                gradients: vec![],
            }),
        },
    }
}

fn measured(error: u64) -> AssayOutcome {
    AssayOutcome::Verdict(Verdict::Measured { error })
}

#[test]
fn what_was_measured_is_reported() {
    let cases = [
        (AssayKind::Root, Verdict::Measured { error: 42 }),
        (AssayKind::Root, Verdict::Malformed(Malformed::Parameters)),
        (AssayKind::Round, accepted(90)),
        (AssayKind::Round, not_improved()),
    ];
    for (kind, verdict) in cases {
        let mut node = Node::new(1, &[ASSAYER]);
        node.request(5, kind);
        node.comes_to(5, AssayOutcome::Verdict(verdict.clone()));
        node.works_at(2);
        assert_eq!(
            *node.fake.verdicts.lock().unwrap(),
            std::slice::from_ref(&verdict)
        );
        assert_eq!(node.includes_sent(), 1);
        assert_eq!(Decisions::take(), [(5, verdict, vec![ASSAYER])]);
    }
}

/// A node whose version is not that of the runtime, perhaps.
#[test]
fn a_verdict_of_another_kind_is_not_reported() {
    for (kind, verdict) in [
        (AssayKind::Root, not_improved()),
        (AssayKind::Round, Verdict::Measured { error: 42 }),
    ] {
        let mut node = Node::new(1, &[ASSAYER]);
        node.request(5, kind);
        node.comes_to(5, AssayOutcome::Verdict(verdict));
        node.works_at(2);
        assert!(node.sent().is_empty());
    }
}

/// The pool may not know a block's tasks yet when the block's worker runs.
#[test]
fn what_was_requested_in_this_block_waits_for_the_next() {
    let mut node = Node::new(1, &[ASSAYER]);
    node.request(5, AssayKind::Root);
    node.comes_to(5, measured(42));
    node.works_at(1);
    assert!(node.sent().is_empty());
    node.works_at(2);
    assert_eq!(node.sent().len(), 1);
}

#[test]
fn a_verdict_is_sent_once() {
    let mut node = Node::new(1, &[ASSAYER]);
    node.request(5, AssayKind::Root);
    node.comes_to(5, measured(42));
    node.works_at(2);
    assert_eq!(
        node.sent(),
        [report_by(ASSAYER, 5, Verdict::Measured { error: 42 })]
    );
    // Again at the same block (a fork), and while it is waiting for inclusion.
    for block in 2..=1 + u64::from(RESEND_AFTER) {
        node.works_at(block);
        assert!(node.sent().is_empty(), "block {block}");
    }
    assert_eq!(node.fake.asked.lock().unwrap().len(), 1);
}

#[test]
fn a_lost_verdict_is_sent_again() {
    let mut node = Node::new(1, &[ASSAYER]);
    node.request(5, AssayKind::Root);
    node.comes_to(5, measured(42));
    node.works_at(2);
    let first = node.sent();
    node.works_at(2 + u64::from(RESEND_AFTER));
    assert_eq!(node.sent(), first);
    // And it is not, again.
    node.works_at(3 + u64::from(RESEND_AFTER));
    assert!(node.sent().is_empty());
}

#[test]
fn a_verdict_sent_twice_counts_once() {
    let mut node = Node::new(1, &[ASSAYER]);
    node.request(5, AssayKind::Root);
    node.comes_to(5, measured(42));
    node.works_at(2);
    node.works_at(2 + u64::from(RESEND_AFTER));
    assert_eq!(node.includes_sent(), 1);
    assert_eq!(Decisions::get().len(), 1);
}

#[test]
fn a_node_whose_chain_was_taken_back_far_sends_again() {
    let mut node = Node::new(1, &[ASSAYER]);
    node.request(5, AssayKind::Root);
    node.comes_to(5, measured(42));
    node.works_at(15);
    assert_eq!(node.sent().len(), 1);
    node.works_at(14);
    assert!(node.sent().is_empty());
    node.works_at(15 - u64::from(RESEND_AFTER));
    assert_eq!(node.sent().len(), 1);
}

#[test]
fn what_is_decided_is_not_measured() {
    let mut node = Node::new(1, &[ASSAYER]);
    node.request(5, AssayKind::Root);
    node.request(6, AssayKind::Root);
    node.comes_to(5, measured(42));
    node.comes_to(6, measured(42));
    node.run(|| {
        assert_ok!(report(ASSAYER, 5, Verdict::Measured { error: 42 }));
        Assays::withdraw(6);
    });
    node.works_at(2);
    assert!(node.sent().is_empty());
    assert!(node.fake.asked.lock().unwrap().is_empty());
}

#[test]
fn what_is_reported_is_not_measured_again() {
    let mut node = Node::new(4, &[ASSAYER]);
    node.request(5, AssayKind::Root);
    node.comes_to(5, measured(42));
    node.works_at(2);
    assert_eq!(node.includes_sent(), 1);
    node.works_at(2 + u64::from(RESEND_AFTER));
    assert!(node.sent().is_empty());
    assert_eq!(node.fake.asked.lock().unwrap().len(), 1);
}

#[test]
fn what_is_too_late_is_not_measured() {
    let mut node = Node::new(1, &[ASSAYER]);
    node.request(5, AssayKind::Root);
    node.comes_to(5, measured(42));
    // The next block is the first after the deadline.
    node.works_at(1 + WINDOW);
    assert!(node.sent().is_empty());
    node.works_at(WINDOW);
    assert_eq!(node.sent().len(), 1);
}

#[test]
fn what_is_not_wanted_is_left_alone() {
    let mut node = Node::new(1, &[ASSAYER]);
    node.request(5, AssayKind::Root);
    Work::set(BTreeMap::new());
    node.works_at(2);
    assert!(node.sent().is_empty());
    assert!(node.fake.asked.lock().unwrap().is_empty());
}

#[test]
fn what_is_unavailable_is_tried_at_the_next_block() {
    let mut node = Node::new(1, &[ASSAYER]);
    node.request(5, AssayKind::Root);
    node.works_at(2);
    node.works_at(3);
    assert!(node.sent().is_empty());
    assert_eq!(node.fake.asked.lock().unwrap().len(), 2);
    node.comes_to(5, measured(42));
    node.works_at(4);
    assert_eq!(node.sent().len(), 1);
}

#[test]
fn what_the_pool_refuses_is_tried_at_the_next_block() {
    let mut node = Node::new(1, &[ASSAYER]);
    node.request(5, AssayKind::Root);
    node.comes_to(5, measured(42));
    *node.pool.refuses.lock().unwrap() = true;
    node.works_at(2);
    assert!(node.fake.verdicts.lock().unwrap().is_empty());
    *node.pool.refuses.lock().unwrap() = false;
    node.works_at(3);
    assert_eq!(node.sent().len(), 1);
}

#[test]
fn the_oldest_are_measured_first() {
    let mut node = Node::new(1, &[ASSAYER]);
    // Requested in another order than their numbers.
    for (block, number) in [(1, 9), (2, 1), (2, 4), (2, 3), (3, 2), (3, 5)] {
        node.run(|| System::set_block_number(block));
        node.request(number, AssayKind::Root);
        node.comes_to(number, measured(42));
    }
    let nodes = |node: &Node| -> Vec<_> { node.sent().iter().map(|sent| sent.id).collect() };
    node.works_at(3);
    assert_eq!(nodes(&node), [9, 1, 3]);
    node.works_at(4);
    assert_eq!(nodes(&node), [4, 2, 5]);
    node.works_at(5);
    assert!(nodes(&node).is_empty());
}

#[test]
fn what_is_unavailable_keeps_nothing_waiting() {
    let mut node = Node::new(1, &[ASSAYER]);
    for number in 0..6 {
        node.request(number, AssayKind::Root);
    }
    node.comes_to(5, measured(42));
    node.works_at(2);
    assert_eq!(node.sent().len(), 1);
}

#[test]
fn what_waits_is_handed_over_at_once() {
    let mut node = Node::new(1, &[ASSAYER]);
    for number in 0..7 {
        node.request(number, AssayKind::Root);
    }
    // Three per block; those that are unavailable do not count, so others follow.
    for number in [1, 3, 6] {
        node.comes_to(number, measured(42));
    }
    node.works_at(2);
    assert_eq!(*node.fake.batches.lock().unwrap(), [3, 2, 1, 1]);
    let nodes: Vec<_> = node.sent().iter().map(|sent| sent.id).collect();
    assert_eq!(nodes, [1, 3, 6]);
}

/// A round takes all cores of the node, and its verdict waits for no other.
#[test]
fn rounds_are_handed_over_alone() {
    let mut node = Node::new(1, &[ASSAYER]);
    let kinds = [
        (0, AssayKind::Root),
        (1, AssayKind::Root),
        (2, AssayKind::Round),
        (3, AssayKind::Round),
        (4, AssayKind::Root),
    ];
    for (id, kind) in kinds {
        node.request(id, kind);
    }
    node.works_at(2);
    assert_eq!(*node.fake.batches.lock().unwrap(), [2, 1, 1, 1]);
    let all: Vec<_> = (0..5).map(subject).collect();
    assert_eq!(*node.fake.asked.lock().unwrap(), all);
}

#[test]
fn one_that_cannot_be_reported_keeps_no_other_of_its_batch_waiting() {
    let mut node = Node::new(1, &[ASSAYER]);
    for number in 0..3 {
        node.request(number, AssayKind::Root);
    }
    node.comes_to(1, AssayOutcome::Failed);
    node.comes_to(2, measured(42));
    node.works_at(2);
    assert_eq!(node.sent().len(), 1);
    // What is unavailable is asked for at the next block, what failed later.
    node.fake.asked.lock().unwrap().clear();
    node.works_at(3);
    assert_eq!(*node.fake.asked.lock().unwrap(), [subject(0)]);
    node.comes_to(1, measured(42));
    node.works_at(2 + u64::from(RESEND_AFTER));
    let nodes: Vec<_> = node.sent().iter().map(|sent| sent.id).collect();
    assert_eq!(nodes, [1, 2]);
}

#[test]
fn only_assayers_keys_report() {
    // Keys of somebody who is none, and of two who are.
    let mut node = Node::new(3, &[50, 3, 2]);
    node.request(5, AssayKind::Root);
    node.comes_to(5, measured(42));
    node.works_at(2);
    let assayers: Vec<_> = node.sent().into_iter().map(|sent| sent.assayer).collect();
    assert_eq!(assayers, [key(2), key(3)]);
}

#[test]
fn without_an_assayers_key_only_metrics_are_kept() {
    for keys in [&[][..], &[50]] {
        let mut node = Node::new(1, keys);
        node.request(5, AssayKind::Root);
        node.comes_to(5, measured(42));
        node.works_at(2);
        assert!(node.sent().is_empty());
        assert!(node.fake.asked.lock().unwrap().is_empty());
        assert_eq!(*node.fake.pending.lock().unwrap(), [1]);
    }
}

#[test]
fn a_node_that_cannot_measure_sends_nothing() {
    let mut externalities = new_test_ext_with(1);
    let (offchain, _) = TestOffchainExt::new();
    let pool = Pool::default();
    let keystore = MemoryKeystore::new();
    keystore
        .sr25519_generate_new(KEY_TYPE, Some("//Assayer//1"))
        .unwrap();
    externalities.register_extension(OffchainDbExt::new(offchain));
    externalities.register_extension(TransactionPoolExt::new(pool.clone()));
    externalities.register_extension(KeystoreExt::new(keystore));
    externalities.execute_with(|| {
        assert_ok!(request(5, AssayKind::Root));
        Work::mutate(|work| work.insert(5, work_for(5, AssayKind::Root)));
        Assays::offchain_worker(2);
    });
    assert!(pool.sent.lock().unwrap().is_empty());
}
