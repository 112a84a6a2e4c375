//! Blocks that ordinary transactions fill up while reveals are due: the room that is kept for reveals is theirs.

use crate::{
    campaign::{closed, round, signer, Campaign, Mine},
    in_time,
    node::Node,
    task::{self, FIRST_STEP, NO_STEP, SECOND_STEP},
    until,
};
use futures::future::join_all;
use serde_json::json;
use sonar_client::Client;
use sonar_primitives::round::RoundState;
use std::sync::atomic::{AtomicBool, Ordering};

/// Size of an ordinary transaction: four of them fill what a block has for these.
const BLOB: usize = 3 * 512 * 1024;
/// Three quarters of a block of 8 MiB.
const FOR_ORDINARY: usize = 6 * 1024 * 1024;
/// Those who fill the blocks: many more than fit at once.
const CROWD: [&str; 8] = [
    "//Dave",
    "//Eve",
    "//Ferdie",
    "//Bob//stash",
    "//Charlie//stash",
    "//Dave//stash",
    "//Eve//stash",
    "//Ferdie//stash",
];

#[tokio::test(flavor = "multi_thread")]
async fn reveals_get_into_full_blocks() {
    in_time(async {
        let node = Node::dev();
        let client = node.client().await;
        let campaign = Campaign::open(&client, &signer("//Alice")).await;
        let gradients = [FIRST_STEP, SECOND_STEP, NO_STEP].map(task::gradient);
        let who = ["//Alice", "//Bob", "//Charlie"];
        let submissions = join_all(who.iter().zip(&gradients).map(|(who, gradient)| async {
            let mine = Mine::new(&client, who);
            let submission = mine.commit(campaign, campaign.root, gradient).await;
            (mine, submission)
        }))
        .await;
        let id = submissions[0].1.round;

        let over = AtomicBool::new(false);
        let mut crowd = Vec::new();
        for uri in CROWD {
            crowd.push((uri, node.client().await));
        }
        let crowd = join_all(
            crowd
                .iter()
                .map(|(uri, client)| fill_blocks(client, uri, &over)),
        );
        let reveals = async {
            closed(&client, id).await;
            let revealed = submissions.iter().map(|(mine, one)| mine.reveal_now(one));
            let receipts = join_all(revealed).await;
            let decided = until("verdict", || async {
                let round = round(&client, id).await;
                round.state.is_decided().then_some(round)
            })
            .await;
            over.store(true, Ordering::Relaxed);
            (receipts, decided)
        };
        let (_, (receipts, decided)) = futures::join!(crowd, reveals);

        for receipt in receipts {
            let block = receipt.unwrap().block;
            let size = ordinary(&node, block.number);
            // Not one more would have fitted.
            assert!(
                size + BLOB > FOR_ORDINARY,
                "block {} has {size} bytes of ordinary transactions",
                block.number
            );
        }
        assert_eq!((decided.state, decided.reveals), (RoundState::Accepted, 3));
    })
    .await;
}

/// Stores one blob after the other.
async fn fill_blocks(client: &Client, uri: &str, over: &AtomicBool) {
    let signer = signer(uri);
    let mut blob: Vec<u8> = uri.bytes().cycle().take(BLOB).collect();
    while !over.load(Ordering::Relaxed) {
        // Each is another one. Some may be crowded out: that is what this is about.
        blob[0] = blob[0].wrapping_add(1);
        let _ = client.store_blob(&signer, blob.clone()).await;
    }
}

/// How many bytes of a block belong to transactions of a blob's size.
fn ordinary(node: &Node, number: u32) -> usize {
    let hash = node.ask("chain_getBlockHash", json!([number]));
    let block = node.ask("chain_getBlock", json!([hash]));
    let extrinsics = block["block"]["extrinsics"].as_array().unwrap();
    let sizes = extrinsics
        .iter()
        .map(|extrinsic| extrinsic.as_str().unwrap().len() / 2);
    sizes.filter(|size| *size >= BLOB).sum()
}
