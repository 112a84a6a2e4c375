//! Those who want to earn with another's gradient, and what stops them.

use crate::{
    books::{Books, ENDOWMENT},
    campaign::{signer, state, Campaign, Mine, Submission},
    in_time,
    node::Node,
    task::{self, FIRST_ERROR, FIRST_STEP, NO_STEP, SECOND_STEP},
};
use futures::join;
use sonar_client::{blob_hash, Receipt, SubmitError};
use sonar_primitives::{
    tree::{commitment, SubmissionState},
    AccountId, Balance,
};
use sonar_runtime::configs::sonar::LostDeposits;

/// Checks that the gradients pallet has refused a call, for this reason.
fn check_refused(outcome: Result<Receipt, SubmitError>, reason: &str) {
    let error = outcome.unwrap_err();
    assert!(error.is("Gradients", reason), "{reason} expected: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gradient_earns_for_whoever_committed_to_it_first() {
    in_time(async {
        let node = Node::dev();
        let client = node.client().await;
        let campaign = Campaign::open(&client, &signer("//Alice")).await;
        let root = campaign.root;
        let mine = |uri| Mine::new(&client, uri);

        let gradient = task::gradient(FIRST_STEP);
        let hash = blob_hash(&gradient);
        // Other bytes, but the same model: 0 + -0 is 0.
        let mut disguised = FIRST_STEP;
        disguised[0] = -0.0;
        let disguised = task::gradient(disguised);
        let never_stored = task::gradient(NO_STEP);
        let plan = task::architecture().plan().unwrap();
        let too_small = vec![7; syft::min_gradient_size(&plan) as usize - 1];
        let too_large = vec![7; syft::max_gradient_size(&plan) as usize + 1];

        // Bob is the first.
        let bob = mine("//Bob");
        let honest = bob.commit(campaign, root, &gradient).await;
        let hidden = |account: &AccountId, campaign, parent| {
            commitment(account, campaign, parent, hash, &account.clone().into())
        };

        // Those who know his gradient, or his commitment only, come later.
        let (copier, disguiser, repeater) = (mine("//Charlie"), mine("//Dave"), mine("//Eve"));
        let (other_parent, other_campaign) = (mine("//Ferdie"), mine("//Ferdie//stash"));
        let (forgetful, wrong_size) = (mine("//Charlie//stash"), mine("//Bob//stash"));
        let (copied, camouflaged, repeated, child, foreign, missing, small, large) = join!(
            copier.commit(campaign, root, &gradient),
            disguiser.commit(campaign, root, &disguised),
            // The very same commitment from another account.
            repeater.commit_to(
                campaign,
                root,
                hash,
                hidden(bob.account(), campaign.id, root)
            ),
            // For another node, and for another campaign, than it says.
            other_parent.commit_to(
                campaign,
                root,
                hash,
                hidden(other_parent.account(), campaign.id, honest.id)
            ),
            other_campaign.commit_to(
                campaign,
                root,
                hash,
                hidden(other_campaign.account(), campaign.id + 1, root)
            ),
            forgetful.commit(campaign, root, &never_stored),
            wrong_size.commit(campaign, root, &too_small),
            wrong_size.commit(campaign, root, &too_large),
        );
        let (bobs_blob, small_blob, large_blob) = join!(
            bob.store(&gradient),
            wrong_size.store(&too_small),
            wrong_size.store(&too_large),
        );

        // What cannot be revealed is refused, and nothing has changed.
        let uncommitted = Submission {
            id: large.id + 1_000,
            ..honest
        };
        let salt_of_repeater = repeater.salt();
        let refused = join!(
            // Nobody has committed.
            copier.reveal(uncommitted),
            // It is Bob's.
            disguiser.reveal(honest),
            // With the own salt, and with Bob's.
            repeater.reveal(repeated),
            client.reveal(&repeater.signer, repeated.id, hash, bob.salt()),
            other_parent.reveal(child),
            other_campaign.reveal(foreign),
            // Another gradient than committed to, and another salt.
            client.reveal(&bob.signer, honest.id, blob_hash(&too_small), bob.salt()),
            client.reveal(&bob.signer, honest.id, hash, salt_of_repeater),
            forgetful.reveal(missing),
            wrong_size.reveal(small),
            wrong_size.reveal(large),
        );
        check_refused(refused.0, "UnknownSubmission");
        check_refused(refused.1, "NotSubmitter");
        check_refused(refused.2, "CommitmentMismatch");
        check_refused(refused.3, "CommitmentMismatch");
        check_refused(refused.4, "CommitmentMismatch");
        check_refused(refused.5, "CommitmentMismatch");
        check_refused(refused.6, "CommitmentMismatch");
        check_refused(refused.7, "CommitmentMismatch");
        check_refused(refused.8, "UnknownBlob");
        check_refused(refused.9, "WrongSize");
        check_refused(refused.10, "WrongSize");
        let committed = [
            honest,
            copied,
            camouflaged,
            repeated,
            child,
            foreign,
            missing,
            small,
            large,
        ];
        for submission in committed {
            let state = state(&client, submission.id).await;
            assert!(
                matches!(state, SubmissionState::Committed { .. }),
                "{state:?}"
            );
        }
        Books::of(&node).check_judged_once([root]);

        // Bob reveals, twice: it counts once.
        let (revealed, replayed) = join!(bob.reveal(honest), bob.reveal(honest));
        revealed.unwrap();
        let replayed = replayed.unwrap_err();
        // Decided, if a slow machine left blocks between the two.
        let refused = |reason| replayed.is("Gradients", reason);
        assert!(
            refused("AlreadyRevealed") || refused("AlreadyDecided"),
            "{replayed}"
        );
        let accepted = SubmissionState::Accepted { node: honest.id };
        assert_eq!(bob.decision(honest).await, accepted);
        check_refused(bob.reveal(honest).await, "AlreadyDecided");

        // Now everybody can see it. The copy costs an assay although nothing is measured; the disguised one is measured.
        let disguised_blob = disguiser.store(&disguised).await;
        let (first, second) = join!(copier.reveal(copied), disguiser.reveal(camouflaged));
        first.unwrap();
        second.unwrap();
        let duplicate = SubmissionState::Duplicate { of: honest.id };
        assert_eq!(copier.decision(copied).await, duplicate);
        assert_eq!(disguiser.decision(camouflaged).await, duplicate);

        // Whoever builds on what Bob has shown earns for the next step, and ends the campaign.
        let finisher = mine("//Dave//stash");
        let second_step = task::gradient(SECOND_STEP);
        let last = finisher.commit(campaign, honest.id, &second_step).await;
        let last_blob = finisher.store(&second_step).await;
        finisher.reveal(last).await.unwrap();
        let accepted = SubmissionState::Accepted { node: last.id };
        assert_eq!(finisher.decision(last).await, accepted);

        let books = Books::of(&node);
        books.check_judged_once([root, honest.id, camouflaged.id, last.id]);
        let price = campaign.price;
        let deposits = |submissions: &[Submission]| -> Balance {
            submissions
                .iter()
                .map(|submission| submission.deposit)
                .sum()
        };
        for (mine, lost, held) in [
            (&bob, 0, bobs_blob),
            (&copier, price, 0),
            (&disguiser, price, disguised_blob),
            (&repeater, 0, deposits(&[repeated])),
            (&other_parent, 0, deposits(&[child])),
            (&other_campaign, 0, deposits(&[foreign])),
            (&forgetful, 0, deposits(&[missing])),
            (
                &wrong_size,
                0,
                deposits(&[small, large]) + small_blob + large_blob,
            ),
            (&finisher, 0, last_blob),
        ] {
            books.check(&client, mine.account(), lost, held).await;
        }
        // The assayer got the prices of what it has measured, the copy's went to the lost deposits.
        let total = |account: AccountId| {
            let client = &client;
            async move { client.balance(&account).await.unwrap().total() }
        };
        let assayer = signer("//Alice//stash").account().clone();
        assert_eq!(total(assayer).await, ENDOWMENT + 4 * price);
        assert_eq!(total(LostDeposits::get()).await, price);

        assert_eq!(node.metric("sonar_assays_done_total", ""), 4);
        assert_eq!(
            node.metric("sonar_verdicts_total", "verdict=\"measured\""),
            1
        );
        assert_eq!(
            node.metric("sonar_verdicts_total", "verdict=\"improved\""),
            3
        );
        assert_eq!(node.metric("sonar_verdicts_total", ""), 4);

        let tree = client.tree(campaign.id).await.unwrap();
        let nodes: Vec<_> = tree
            .iter()
            .map(|info| (info.id, &info.node.author, info.node.error))
            .collect();
        let alice = signer("//Alice");
        assert_eq!(
            nodes,
            [
                (root, alice.account(), task::STARTING_ERROR),
                (honest.id, bob.account(), FIRST_ERROR),
                (last.id, finisher.account(), task::FINAL_ERROR),
            ]
        );
    })
    .await;
}
