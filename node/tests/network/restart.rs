//! A node that is killed in every phase of a round.

use crate::{
    books::Books,
    campaign::{closed, round, signer, state, Campaign, Mine, Submission},
    in_time,
    node::Node,
    task::{self, FIRST_STEP, NO_STEP, SECOND_STEP},
    until,
};
use sonar_client::Client;
use sonar_primitives::submission::SubmissionState;

/// Reveals a submission as soon as it can be, on a node that was killed: blocks that were not on the disk yet are lost,
/// and with them perhaps the reveal. As a mine does, it is sent until it is there.
async fn reveal(mine: &Mine<'_>, submission: &Submission) {
    until("reveal", || async {
        closed(mine.client, submission.round).await;
        if state(mine.client, submission.id).await == SubmissionState::Committed {
            // Perhaps it is on its way.
            let _ = mine.reveal_now(submission).await;
        }
        let state = state(mine.client, submission.id).await;
        (state != SubmissionState::Committed).then_some(())
    })
    .await
}

/// Waits until the blocks up to now are on the disk.
async fn finalised(node: &Node) {
    let now = node.best();
    until("finality", || async {
        (node.finalised() >= now).then_some(())
    })
    .await
}

/// The submission's final state.
async fn decision(client: &Client, mine: &Mine<'_>, submission: &Submission) -> SubmissionState {
    reveal(mine, submission).await;
    until("decision", || async {
        let state = state(client, submission.id).await;
        (!state.is_pending()).then_some(state)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_killed_in_any_phase_of_a_round_goes_on_with_it() {
    in_time(async {
        let mut node = Node::dev();
        let client = node.client().await;
        let campaign = Campaign::open(&client, &signer("//Alice")).await;
        let root = campaign.root;

        // Killed while the round takes commitments.
        let bob = Mine::new(&client, "//Bob");
        let improving = bob
            .commit(campaign, root, &task::gradient(FIRST_STEP))
            .await;
        let charlie = Mine::new(&client, "//Charlie");
        let useless = charlie
            .commit(campaign, root, &task::gradient(NO_STEP))
            .await;
        assert_eq!(improving.round, useless.round);
        finalised(&node).await;
        node.kill();

        // Killed while the round takes reveals. It comes back without off-chain workers, so that what is revealed now is
        // certainly not decided.
        node.restart(&["--offchain-worker", "never"]);
        let client = node.client().await;
        let bob = Mine::new(&client, "//Bob");
        reveal(&bob, &improving).await;
        node.kill();

        // Killed while the round waits for its verdict.
        node.restart(&["--offchain-worker", "never"]);
        let client = node.client().await;
        let [bob, charlie] = ["//Bob", "//Charlie"].map(|uri| Mine::new(&client, uri));
        reveal(&bob, &improving).await;
        reveal(&charlie, &useless).await;
        let revealed_at = node.best();
        until("blocks without a verdict", || async {
            (node.best() >= revealed_at + 2).then_some(())
        })
        .await;
        assert!(!round(&client, improving.round).await.state.is_decided());
        node.kill();

        // Now it owes its verdict.
        node.restart(&[]);
        let client = node.client().await;
        let [bob, charlie, dave] =
            ["//Bob", "//Charlie", "//Dave"].map(|uri| Mine::new(&client, uri));
        assert!(matches!(
            decision(&client, &bob, &improving).await,
            SubmissionState::Contributed { model, .. } if model == improving.round
        ));
        assert_eq!(
            decision(&client, &charlie, &useless).await,
            SubmissionState::NotContributed
        );

        // What it knew before is what it builds on.
        let second = task::gradient(SECOND_STEP);
        let last = dave.commit(campaign, improving.round, &second).await;
        dave.reveal(&last).await.unwrap();
        assert!(matches!(
            dave.decision(&last).await,
            SubmissionState::Contributed { model, .. } if model == last.round
        ));

        let books = Books::of(&node);
        books.check_judged_once([root, improving.round, last.round]);
        let of = |mine: &Mine<'_>, submission: &Submission| mine.held_for(&submission.gradient);
        for (mine, reveals, held) in [
            (&bob, 2, of(&bob, &improving)),
            (&charlie, 2, 0),
            (&dave, 1, of(&dave, &last)),
        ] {
            books
                .check(&client, mine.account(), campaign.part(reveals), held)
                .await;
        }
        // This time it has measured at most what was not decided before, and the next round.
        let measured = node.metric("sonar_assays_done_total", "");
        assert!((1..=2).contains(&measured), "{measured}");
    })
    .await;
}
