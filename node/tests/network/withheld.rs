//! A round with gradients that are malformed, of no use, or never revealed: they cost who made them, and nobody else.

use crate::{
    books::{Books, ENDOWMENT},
    campaign::{round, signer, state, Campaign, Mine},
    in_time,
    node::Node,
    task::{self, FIRST_ERROR, FIRST_STEP, GRADIENT, START, TENSORS},
    until,
};
use futures::future::join_all;
use sonar_primitives::{round::RoundState, submission::SubmissionState};
use sonar_runtime::configs::sonar::LostDeposits;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_malformed_or_withheld_spoils_nobody_elses_gradient() {
    in_time(async {
        let node = Node::dev();
        let client = node.client().await;
        let campaign = Campaign::open(&client, &signer("//Alice")).await;
        let root = campaign.root;

        let unchecked = |first| task::unchecked_gradient([first, 0.0, 0.0, 0.0, 0.0, 0.0]);
        // Two tensors share their values, and some values belong to none.
        let overlapping = TENSORS.replace("[16,24]", "[8,16]");
        let broken = task::safetensors(&task::header(GRADIENT, &overlapping), &START);
        let cases = [
            ("//Bob", task::gradient(FIRST_STEP)),
            ("//Charlie", unchecked(f32::NAN)),
            ("//Dave", unchecked(f32::INFINITY)),
            // Finite, but its products are not.
            ("//Eve", unchecked(f32::MAX)),
            ("//Ferdie", broken),
            ("//Bob//stash", task::gradient(FIRST_STEP)),
        ];
        let submissions = join_all(cases.iter().map(|(who, gradient)| async {
            let mine = Mine::new(&client, who);
            let submission = mine.commit(campaign, root, gradient).await;
            (mine, submission)
        }))
        .await;
        let id = submissions[0].1.round;
        assert!(submissions.iter().all(|(_, one)| one.round == id));

        // One commitment for each account and round.
        let (bob, first) = &submissions[0];
        let again = bob.commitment(campaign.id, root, b"another");
        let refused = bob.commit_to(campaign, root, b"another", again).await;
        assert!(refused.unwrap_err().is("Gradients", "AlreadyCommitted"));

        // All but the last reveal. What has no gradient's header is refused, and another's commitment too.
        crate::campaign::closed(&client, id).await;
        let revealed = join_all(
            submissions[..5]
                .iter()
                .map(|(mine, submission)| mine.reveal_now(submission)),
        )
        .await;
        for (outcome, (who, _)) in revealed.iter().zip(&cases) {
            match outcome {
                Ok(_) => assert_ne!(*who, "//Ferdie"),
                Err(error) => {
                    assert_eq!(*who, "//Ferdie", "{error}");
                    assert!(error.is("Gradients", "MalformedGradient"), "{error}");
                }
            }
        }
        let (thief, _) = &submissions[1];
        assert!(thief.reveal_now(first).await.is_err());
        assert_eq!(round(&client, id).await.state, RoundState::Pending);

        // At the end of the window what was not revealed is lost, and the rest is measured.
        let decided = until("verdict", || async {
            let round = round(&client, id).await;
            round.state.is_decided().then_some(round)
        })
        .await;
        assert_eq!(decided.state, RoundState::Accepted);
        assert_eq!((decided.commitments, decided.reveals), (6, 4));
        let mut states = Vec::new();
        for (_, submission) in &submissions {
            states.push(state(&client, submission.id).await);
        }
        assert!(matches!(
            states[0],
            SubmissionState::Contributed { model, .. } if model == id
        ));
        assert_eq!(
            states[1..],
            [
                SubmissionState::Malformed,
                SubmissionState::Malformed,
                SubmissionState::NotContributed,
                SubmissionState::NotRevealed,
                SubmissionState::NotRevealed,
            ]
        );

        let books = Books::of(&node);
        books.check_judged_once([root, id]);
        let part = campaign.part(4);
        let blob = bob.held_for(&first.gradient);
        for (index, (mine, submission)) in submissions.iter().enumerate() {
            // Whoever revealed pays an equal part; whoever did not loses everything. A gradient that the model is made
            // of stays stored.
            let (lost, held) = match index {
                0 => (part, blob),
                1..=3 => (part, 0),
                _ => (submission.hold, 0),
            };
            books.check(&client, mine.account(), lost, held).await;
        }
        // The assayer was paid for the root by its author, and for the round by those who revealed.
        let total = |account| {
            let client = &client;
            async move { client.balance(&account).await.unwrap().total() }
        };
        let assayer = signer("//Alice//stash").account().clone();
        assert_eq!(total(assayer).await, ENDOWMENT + campaign.price + 4 * part);
        let withheld = submissions[4].1.hold + submissions[5].1.hold;
        assert_eq!(total(LostDeposits::get()).await, withheld);

        let model = client.fetch_model(id).await.unwrap();
        assert_eq!(model.recipe.error, FIRST_ERROR);
        assert_eq!(model.parameters.values(), FIRST_STEP);
        assert_eq!(node.metric("sonar_verdicts_total", ""), 2);
    })
    .await;
}
