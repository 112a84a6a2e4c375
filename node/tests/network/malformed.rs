//! Gradients that nobody can use, and what they cost.

use crate::{
    books::{Books, ENDOWMENT},
    campaign::{signer, Campaign, Mine},
    in_time,
    node::Node,
    task::{self, GRADIENT, NO_STEP, START, TENSORS},
    until,
};
use futures::future::join_all;
use sonar_primitives::{assay::Malformed, tree::SubmissionState, BlockNumber};

/// A gradient of an allowed size, from an account of its own.
struct Case {
    who: &'static str,
    gradient: Vec<u8>,
    verdict: SubmissionState<BlockNumber>,
}

/// Cannot be decoded.
fn broken(who: &'static str, gradient: Vec<u8>) -> Case {
    Case {
        who,
        gradient,
        verdict: SubmissionState::Malformed(Malformed::Gradient),
    }
}

/// Can be decoded, but not computed with.
fn not_finite(who: &'static str, first: f32) -> Case {
    Case {
        who,
        gradient: task::unchecked_gradient([first, 0.0, 0.0, 0.0, 0.0, 0.0]),
        verdict: SubmissionState::Malformed(Malformed::NotFinite),
    }
}

fn with_tensors(change: impl Fn(&str) -> String) -> Vec<u8> {
    let tensors = change(TENSORS);
    assert_ne!(tensors, TENSORS);
    task::safetensors(&task::header(GRADIENT, &tensors), &START)
}

fn cases() -> Vec<Case> {
    let good = task::gradient(START);
    // Claims that the header is longer than the file.
    let mut long_header = good.clone();
    long_header[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    // The header ends in the middle of a word.
    let cut = task::safetensors(&task::header(GRADIENT, TENSORS)[..90], &START);
    vec![
        not_finite("//Bob", f32::NAN),
        not_finite("//Charlie", f32::INFINITY),
        // Finite, but its products are not.
        not_finite("//Dave", f32::MAX),
        broken("//Eve", long_header),
        broken("//Ferdie", cut),
        // Two tensors share their values, and some values belong to none.
        broken(
            "//Bob//stash",
            with_tensors(|tensors| tensors.replace("[16,24]", "[8,16]")),
        ),
        broken(
            "//Charlie//stash",
            with_tensors(|tensors| tensors.replace("[2,2]", "[4,1]")),
        ),
        // Parameters where a gradient should be.
        broken("//Dave//stash", task::parameters([1.0; 6])),
        // The same name twice.
        broken(
            "//Eve//stash",
            with_tensors(|tensors| tensors.replace("layers.0.weight", "layers.0.bias")),
        ),
        Case {
            who: "//Ferdie//stash",
            gradient: task::gradient(NO_STEP),
            verdict: SubmissionState::NotImproved,
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn gradients_that_are_of_no_use_cost_their_assay() {
    in_time(async {
        let node = Node::dev();
        let client = node.client().await;
        let campaign = Campaign::open(&client, &signer("//Alice")).await;
        let reserve = reserve(&client, campaign).await;

        let cases = cases();
        let submissions = join_all(cases.iter().map(|case| async {
            let mine = Mine::new(&client, case.who);
            let submission = mine.commit(campaign, campaign.root, &case.gradient).await;
            let held = mine.store(&case.gradient).await;
            mine.reveal(submission).await.unwrap();
            assert_eq!(
                mine.decision(submission).await,
                case.verdict,
                "{}",
                case.who
            );
            (mine, submission, held)
        }))
        .await;

        let books = Books::of(&node);
        let judged = submissions.iter().map(|(_, submission, _)| submission.id);
        books.check_judged_once(judged.chain([campaign.root]));
        for (mine, _, held) in &submissions {
            // The deposit is back but for the assay, the blob's is still held.
            books
                .check(&client, mine.account(), campaign.price, *held)
                .await;
            let reputation = client.reputation(mine.account()).await.unwrap();
            assert_eq!((reputation.accepted, reputation.rejected), (0, 1));
        }

        // Whoever caused an assay has paid for it: the assayer has got all, the campaign has paid for its own only.
        let assays = 1 + cases.len() as u64;
        let assayer = signer("//Alice//stash");
        let earned = client.balance(assayer.account()).await.unwrap().total() - ENDOWMENT;
        assert_eq!(earned, u128::from(assays) * campaign.price);
        assert_eq!(self::reserve(&client, campaign).await, reserve);

        // Nothing was measured twice, and no verdict was sent twice.
        assert_eq!(node.metric("sonar_assays_done_total", ""), assays);
        assert_eq!(
            node.metric("sonar_assay_duration_seconds_count", ""),
            assays
        );
        for (verdict, count) in [
            ("measured", 1),
            ("improved", 0),
            ("not_improved", 1),
            ("malformed", assays - 2),
        ] {
            let label = format!("verdict=\"{verdict}\"");
            assert_eq!(
                node.metric("sonar_verdicts_total", &label),
                count,
                "{verdict}"
            );
        }
        until("idle assayer", || async {
            (node.metric("sonar_submissions_pending", "") == 0).then_some(())
        })
        .await;
        let info = client.campaign(campaign.id).await.unwrap().unwrap();
        assert_eq!((info.summary.accepted, info.summary.pending), (0, 0));
    })
    .await;
}

async fn reserve(client: &sonar_client::Client, campaign: Campaign) -> u128 {
    client.campaign(campaign.id).await.unwrap().unwrap().reserve
}
