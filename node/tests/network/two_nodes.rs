//! A network of two authorities, of which one is the assayer.

use crate::{
    campaign::{signer, Blobs, Campaign, Mine},
    in_time,
    node::Node,
    task::{self, FIRST_ERROR, FIRST_STEP},
    until,
};
use serde_json::json;
use sonar_client::{blob_hash, Client, Inclusion};
use sonar_primitives::{submission::SubmissionState, BlobHash};

/// What an authority's network identity is made of: an authority makes none by itself.
pub const NODE_KEYS: [&str; 2] = [
    "0000000000000000000000000000000000000000000000000000000000000001",
    "0000000000000000000000000000000000000000000000000000000000000002",
];

/// Where another node finds this one.
fn address(node: &Node) -> String {
    let addresses = node.ask("system_localListenAddresses", json!([]));
    let address = addresses
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|address| address.as_str())
        .find(|address| address.starts_with("/ip4/127.0.0.1/"));
    address.unwrap().to_owned()
}

/// Waits until both nodes have finalised what is the best block now, and checks that it is the same one.
async fn both_finalise(nodes: [&Node; 2]) {
    let height = nodes.map(Node::best).into_iter().max().unwrap();
    until("finality", || async {
        let finalised = nodes.iter().all(|node| node.finalised() >= height);
        finalised.then_some(())
    })
    .await;
    let [one, other] = nodes.map(|node| node.ask("chain_getBlockHash", json!([height])));
    assert!(one.is_string());
    assert_eq!(one, other);
}

/// Fetches a blob, whose hash the client checks, as soon as the node has it.
async fn fetch(client: &Client, blob: BlobHash) -> Vec<u8> {
    until("blob", || async { client.fetch_blob(blob).await.ok() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_blocks_blobs_and_verdicts() {
    in_time(async {
        // Forced, because an authority without peers waits for them.
        let local = ["--chain", "local", "--validator", "--node-key"];
        let alice =
            Node::start(&[&local[..], &[NODE_KEYS[0], "--alice", "--force-authoring"]].concat());
        let bootnode = address(&alice);
        let arguments = [NODE_KEYS[1], "--bob", "--bootnodes", &bootnode];
        let mut bob = Node::start(&[&local[..], &arguments].concat());
        both_finalise([&alice, &bob]).await;

        // With two authorities a best block may be replaced by another.
        let at_alice = alice.client().await.wait_for(Inclusion::Finalized);
        let at_bob = bob.client().await.wait_for(Inclusion::Finalized);
        let owner = signer("//Alice");
        let blobs = Blobs::store(&at_alice, &owner).await;
        let parameters = task::parameters(task::START);
        assert_eq!(fetch(&at_bob, blobs.parameters).await, parameters);
        assert_eq!(
            fetch(&at_bob, blobs.validation).await,
            task::validation().encode()
        );

        // All that is sent, Bob gets; all that is measured, Alice measures.
        let campaign = Campaign::create(&at_bob, &owner, &blobs).await;
        let mine = Mine::new(&at_bob, "//Charlie");
        let gradient = task::gradient(FIRST_STEP);
        let submission = mine.commit(campaign, campaign.root, &gradient).await;
        mine.reveal(&submission).await.unwrap();
        assert!(matches!(
            mine.decision(&submission).await,
            SubmissionState::Contributed { model, .. } if model == submission.round
        ));
        assert_eq!(fetch(&at_alice, blob_hash(&gradient)).await, gradient);
        both_finalise([&alice, &bob]).await;
        for (node, measured) in [(&alice, 2), (&bob, 0)] {
            assert_eq!(node.metric("sonar_assays_done_total", ""), measured);
            assert_eq!(node.metric("sonar_verdicts_total", ""), measured);
        }

        // Without Bob nothing becomes final, but Alice goes on.
        bob.kill();
        let at_alice = at_alice.wait_for(Inclusion::BestBlock);
        let news = b"stored while Bob was away".to_vec();
        at_alice.store_blob(&owner, news.clone()).await.unwrap();
        bob.restart(&[]);
        both_finalise([&alice, &bob]).await;

        let at_bob = bob.client().await;
        assert_eq!(fetch(&at_bob, blobs.parameters).await, parameters);
        assert_eq!(fetch(&at_bob, blob_hash(&gradient)).await, gradient);
        assert_eq!(fetch(&at_bob, blob_hash(&news)).await, news);
        // What was never stored is not served.
        assert!(at_bob.fetch_blob(blob_hash(b"never stored")).await.is_err());
        let model = at_bob.fetch_model(submission.round).await.unwrap();
        assert_eq!(model.recipe.error, FIRST_ERROR);
        assert_eq!(model.parameters.values(), FIRST_STEP);
        assert_eq!(
            at_bob.campaign(campaign.id).await.unwrap(),
            at_alice.campaign(campaign.id).await.unwrap()
        );
    })
    .await;
}
