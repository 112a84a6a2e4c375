//! Those who want to earn with others' work, and what they get: a takeover from the root, a copy of the last model, and
//! the owner's own proposal.

use crate::{
    books::Books,
    campaign::{signer, Campaign, Mine, BOUNTY},
    in_time,
    node::Node,
    task::{self, FIRST_STEP},
    until,
};
use sonar_client::blob_hash;
use sonar_primitives::{
    campaign::{ProposalState, Rejected, State},
    submission::{commitment, proposal_hash, SubmissionState},
    Balance, ModelId,
};
use sonar_runtime::SNR;

/// `right` from 1.25 on: two of twenty points are wrong.
const BETTER: task::Values = [0.0, 0.0, 1.0, 0.0, 0.0, -1.25];
/// From there: `right` from 0 on, so no mistake is left.
const THE_REST: task::Values = [0.0, 0.0, 0.0, 0.0, 0.0, 1.25];
/// Makes no mistake.
const PERFECT: task::Values = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0];

#[tokio::test(flavor = "multi_thread")]
async fn everybody_earns_what_he_adds() {
    in_time(async {
        let node = Node::dev();
        let client = node.client().await;
        let alice = signer("//Alice");
        let campaign = Campaign::open(&client, &alice).await;
        let root = campaign.root;
        let mine = |uri| Mine::new(&client, uri);
        let contributed = |state, round: ModelId| {
            matches!(state, SubmissionState::Contributed { model, .. } if model == round)
        };

        // Bob brings the first step.
        let bob = mine("//Bob");
        let first = bob
            .commit(campaign, root, &task::gradient(FIRST_STEP))
            .await;
        bob.reveal(&first).await.unwrap();
        assert!(contributed(bob.decision(&first).await, first.round));

        // Charlie submits Bob's public model and a little more as one gradient on the root; Eve only Bob's model.
        let (charlie, eve) = (mine("//Charlie"), mine("//Eve"));
        let takeover = charlie
            .commit(campaign, root, &task::gradient(BETTER))
            .await;
        let copy = eve
            .commit(campaign, root, &task::gradient(FIRST_STEP))
            .await;
        assert_eq!(takeover.round, copy.round);
        charlie.reveal(&takeover).await.unwrap();
        eve.reveal(&copy).await.unwrap();
        assert!(contributed(charlie.decision(&takeover).await, takeover.round));
        assert_eq!(
            eve.decision(&copy).await,
            SubmissionState::NotContributed
        );

        // Dave commits to the rest. Before he reveals, the owner proposes a perfect model: better than the record, it is
        // no root, and Dave earns.
        let dave = mine("//Dave");
        let rest = dave
            .commit(campaign, takeover.round, &task::gradient(THE_REST))
            .await;
        let proposal = propose(&client, campaign, &alice).await;
        dave.reveal(&rest).await.unwrap();
        assert!(contributed(dave.decision(&rest).await, rest.round));
        let info = client.campaign(campaign.id).await.unwrap().unwrap();
        let proposed = info
            .proposals
            .iter()
            .find(|one| one.root == proposal)
            .unwrap();
        assert!(matches!(
            proposed.state,
            ProposalState::Rejected(Rejected::BelowRecord { measured: 0 })
        ));

        // From 50 % to 20, to 10, to 0: the target is reached, and the chain settles by itself.
        until("settlement", || async {
            let info = client.campaign(campaign.id).await.unwrap()?;
            matches!(info.summary.state, State::Settled { .. }).then_some(())
        })
        .await;
        let mut earned: Vec<(String, Balance)> = client
            .entitlements(campaign.id)
            .await
            .unwrap()
            .into_iter()
            .map(|part| (part.account.to_string(), part.earned))
            .collect();
        earned.sort();
        let mut expected = vec![
            (bob.account().to_string(), 60 * SNR),
            (charlie.account().to_string(), 20 * SNR),
            (dave.account().to_string(), 20 * SNR),
        ];
        expected.sort();
        assert_eq!(earned, expected);
        assert_eq!(earned.iter().map(|(_, part)| part).sum::<Balance>(), BOUNTY);

        let tree = client.tree(campaign.id).await.unwrap();
        let errors: Vec<_> = tree
            .iter()
            .map(|info| (info.id, info.model.error))
            .collect();
        assert_eq!(
            errors,
            [
                (root, task::STARTING_ERROR),
                (first.round, task::FIRST_ERROR),
                (takeover.round, 100_000_000),
                (rest.round, task::FINAL_ERROR),
            ]
        );

        let books = Books::of(&node);
        books.check_judged_once([root, first.round, takeover.round, proposal, rest.round]);
        for (mine, submission, reveals, stays) in [
            (&bob, &first, 1, true),
            (&charlie, &takeover, 2, true),
            (&eve, &copy, 2, false),
            (&dave, &rest, 1, true),
        ] {
            let held = match stays {
                true => mine.held_for(&submission.gradient),
                false => 0,
            };
            books
                .check(&client, mine.account(), campaign.part(reveals), held)
                .await;
        }
    })
    .await;
}

/// Commits to a perfect model, and reveals it in a later block. Returns its number, once it is judged.
async fn propose(
    client: &sonar_client::Client,
    campaign: Campaign,
    owner: &sonar_client::Signer,
) -> ModelId {
    // A campaign has one root of each architecture: this one computes the same, with another name for its layer.
    let json = r#"{"input":[2],"layers":["flatten",{"dense":{"units":2}}],"head":"softmax_cross_entropy"}"#;
    let architecture = serde_json::from_str(json).unwrap();
    let tensors = task::TENSORS.replace("layers.0", "layers.1");
    let header = task::header(r#""format":"pt""#, &tensors);
    let parameters = task::safetensors(&header, &PERFECT);
    let content = proposal_hash(&architecture, blob_hash(&parameters));
    let salt = [7; 32];
    let hidden = commitment(owner.account(), campaign.id, None, content, &salt);
    let committed = client
        .commit_proposal(owner, campaign.id, hidden, 10 * SNR)
        .await
        .unwrap()
        .value;
    let root = client
        .reveal_proposal(owner, committed.submission, salt, architecture, parameters)
        .await
        .unwrap()
        .value;
    until("verdict on the proposal", || async {
        let info = client.campaign(campaign.id).await.unwrap()?;
        let proposal = info.proposals.into_iter().find(|one| one.root == root)?;
        matches!(proposal.state, ProposalState::Rejected(_)).then_some(root)
    })
    .await
}
