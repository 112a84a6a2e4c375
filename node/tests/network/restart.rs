//! A node that is killed while it owes a verdict.

use crate::{
    books::Books,
    campaign::{signer, state, Campaign, Mine, Submission},
    in_time,
    node::Node,
    task::{self, FIRST_STEP, NO_STEP, SECOND_STEP},
    until,
};
use sonar_primitives::{tree::SubmissionState, Balance, BlockNumber};

/// Makes a submission that is revealed and returns without waiting; what is held for its blob.
async fn submit(
    mine: &Mine<'_>,
    campaign: Campaign,
    parent: u64,
    gradient: &[u8],
) -> (Submission, Balance) {
    let submission = mine.commit(campaign, parent, gradient).await;
    let held = mine.store(gradient).await;
    mine.reveal(submission).await.unwrap();
    (submission, held)
}

/// What a submission comes to on a node that was killed. Blocks that were not on the disk yet are lost, and with them
/// perhaps the reveal: then it is revealed again, as a mine would do.
async fn decision_after_kill(
    mine: &Mine<'_>,
    submission: Submission,
) -> SubmissionState<BlockNumber> {
    let decided = || async {
        match state(mine.client, submission.id).await {
            SubmissionState::Committed { .. } => {
                mine.reveal(submission).await.unwrap();
                None
            }
            SubmissionState::Revealed { .. } => None,
            decided => Some(decided),
        }
    };
    until("decision", decided).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_gives_every_verdict_once() {
    in_time(async {
        let mut node = Node::dev();
        let client = node.client().await;
        let campaign = Campaign::open(&client, &signer("//Alice")).await;

        // Killed as soon as there is something to measure.
        let bob = Mine::new(&client, "//Bob");
        let first = task::gradient(FIRST_STEP);
        let (improving, bobs_blob) = submit(&bob, campaign, campaign.root, &first).await;
        node.kill();

        // Comes back without off-chain workers, so that what is revealed now is certainly not decided.
        node.restart(&["--offchain-worker", "never"]);
        let client = node.client().await;
        let charlie = Mine::new(&client, "//Charlie");
        let useless = task::gradient(NO_STEP);
        let (rejected, charlies_blob) = submit(&charlie, campaign, campaign.root, &useless).await;
        let revealed_at = node.best();
        until("blocks without a verdict", || async {
            (node.best() >= revealed_at + 2).then_some(())
        })
        .await;
        assert!(state(&client, rejected.id).await.is_pending());
        node.kill();

        // All its verdicts are due now.
        node.restart(&[]);
        let client = node.client().await;
        let [bob, charlie, dave] =
            ["//Bob", "//Charlie", "//Dave"].map(|uri| Mine::new(&client, uri));
        let accepted = SubmissionState::Accepted { node: improving.id };
        assert_eq!(decision_after_kill(&bob, improving).await, accepted);
        assert_eq!(
            decision_after_kill(&charlie, rejected).await,
            SubmissionState::NotImproved
        );

        // What it knew before is what it builds on.
        let second = task::gradient(SECOND_STEP);
        let (last, daves_blob) = submit(&dave, campaign, improving.id, &second).await;
        let accepted = SubmissionState::Accepted { node: last.id };
        assert_eq!(dave.decision(last).await, accepted);

        let books = Books::of(&node);
        books.check_judged_once([campaign.root, improving.id, rejected.id, last.id]);
        books.check(&client, bob.account(), 0, bobs_blob).await;
        books
            .check(&client, charlie.account(), campaign.price, charlies_blob)
            .await;
        books.check(&client, dave.account(), 0, daves_blob).await;
        // This time it has measured at most what was not decided before, and the child.
        let measured = node.metric("sonar_assays_done_total", "");
        assert!((2..=3).contains(&measured), "{measured}");
    })
    .await;
}
