use crate::{mock::*, Nodes, Revealed, Trees};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    assay::{AssayKind, AssayTask, Verdict},
    tree::SubmissionState,
};
use sp_runtime::DispatchError;

#[test]
fn reveal_works() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        next_block();
        events();
        assert_ok!(reveal(ALICE, id, gradient(1)));

        let state_now = SubmissionState::Revealed {
            gradient: gradient(1),
        };
        assert_eq!(state(id), state_now);
        assert_eq!(
            events(),
            [Event::Revealed {
                campaign: CAMPAIGN,
                submission: id,
                gradient: gradient(1)
            }]
        );
        assert_eq!(
            Tasks::get(id),
            Some(AssayTask {
                node: id,
                campaign: CAMPAIGN,
                account: ALICE,
                subject: gradient(1),
                kind: AssayKind::Candidate,
                deadline: System::block_number() + 1_000
            })
        );
        assert_eq!(Pins::get(gradient(1)), Some(1));
        assert_eq!(Revealed::<Test>::get(ROOT, gradient(1)), Some(id));
        assert_eq!(held(ALICE), DEPOSIT);
    });
}

#[test]
fn reveal_works_in_the_last_block_of_the_window_and_while_the_campaign_closes() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        Closing::insert(CAMPAIGN, ());
        run_to(1 + REVEAL_WINDOW);
        assert_ok!(reveal(ALICE, id, gradient(1)));
        // Nothing happens when the window is over.
        run_to(20);
        assert_eq!(held(ALICE), DEPOSIT);
    });
}

#[test]
fn reveal_fails_when_nothing_was_committed() {
    build_and_execute(|| {
        assert_noop!(reveal(ALICE, FIRST, gradient(1)), Error::UnknownSubmission);
        // A root is no submission.
        assert_noop!(reveal(OWNER, ROOT, gradient(1)), Error::UnknownSubmission);
    });
}

#[test]
fn reveal_fails_when_another_account_committed() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        next_block();
        assert_noop!(reveal(BOB, id, gradient(1)), Error::NotSubmitter);
    });
}

#[test]
fn reveal_fails_when_replayed() {
    build_and_execute(|| {
        let id = submit(ALICE, ROOT, gradient(1));
        assert_noop!(reveal(ALICE, id, gradient(1)), Error::AlreadyRevealed);
        improve(id, 900, model(1));
        assert_noop!(reveal(ALICE, id, gradient(1)), Error::AlreadyDecided);
    });
}

#[test]
fn reveal_fails_when_in_the_block_of_the_commitment() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        assert_noop!(reveal(ALICE, id, gradient(1)), Error::TooEarly);
    });
}

#[test]
fn reveal_fails_when_late() {
    build_and_execute(|| {
        // Room for one: the second is looked at a block later.
        MaxDuePerBlock::set(1);
        let first = commit(ALICE, ROOT, gradient(1)).unwrap();
        let second = commit(BOB, ROOT, gradient(2)).unwrap();
        run_to(2 + REVEAL_WINDOW);
        assert_noop!(reveal(ALICE, first, gradient(1)), Error::AlreadyDecided);
        assert_noop!(reveal(BOB, second, gradient(2)), Error::RevealWindowOver);
    });
}

#[test]
fn reveal_fails_when_something_else_was_committed_to() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        next_block();
        assert_noop!(reveal(ALICE, id, gradient(2)), Error::CommitmentMismatch);
        let alice = RuntimeOrigin::signed(ALICE);
        assert_noop!(
            Gradients::reveal(alice, id, gradient(1), [8; 32]),
            Error::CommitmentMismatch
        );
    });
}

/// Somebody else's commitment, copied from the chain, is of no use, and neither is an own one to
/// another campaign or parent.
#[test]
fn reveal_fails_when_the_commitment_is_to_another_account_campaign_or_parent() {
    build_and_execute(|| {
        use sonar_primitives::tree::commitment;
        let node = accepted(ALICE, ROOT, gradient(9), 900);
        for (account, campaign, parent) in [
            (ALICE, CAMPAIGN, ROOT),
            (BOB, OTHER_CAMPAIGN, ROOT),
            (BOB, CAMPAIGN, node),
        ] {
            let id = crate::NextNode::<Test>::get();
            let hash = commitment(&account, campaign, parent, gradient(1), &SALT);
            let bob = RuntimeOrigin::signed(BOB);
            assert_ok!(Gradients::commit(bob, CAMPAIGN, ROOT, hash));
            next_block();
            assert_noop!(reveal(BOB, id, gradient(1)), Error::CommitmentMismatch);
        }
    });
}

#[test]
fn reveal_fails_when_the_gradient_is_not_stored() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        next_block();
        resize(gradient(1), None);
        assert_noop!(reveal(ALICE, id, gradient(1)), Error::UnknownBlob);
    });
}

#[test]
fn reveal_fails_when_the_size_is_impossible() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        next_block();
        let plan = architecture().plan().unwrap();
        let least = syft::min_gradient_size(&plan) as u32;
        let most = syft::max_gradient_size(&plan) as u32;
        for wrong in [0, least - 1, most + 1, u32::MAX] {
            resize(gradient(1), Some(wrong));
            assert_noop!(reveal(ALICE, id, gradient(1)), Error::WrongSize);
        }
        resize(gradient(1), Some(most));
        assert_ok!(reveal(ALICE, id, gradient(1)));
    });
}

#[test]
fn reveal_fails_when_the_campaign_is_gone() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        next_block();
        let reserve = Reserves::take(CAMPAIGN).unwrap();
        assert_noop!(reveal(ALICE, id, gradient(1)), Error::CampaignOver);
        Reserves::insert(CAMPAIGN, reserve);
    });
}

#[test]
fn reveal_fails_when_too_many_assays_are_pending() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        next_block();
        AssayQueueLength::set(0);
        let full = DispatchError::from("queue full");
        assert_noop!(reveal(ALICE, id, gradient(1)), full);
        AssayQueueLength::set(1);
        assert_ok!(reveal(ALICE, id, gradient(1)));
    });
}

/// Bob copies a gradient that waits for its verdict: he earns nothing, and pays as if it had been
/// measured.
#[test]
fn reveal_of_a_copy_is_a_duplicate() {
    build_and_execute(|| {
        let id = submit(ALICE, ROOT, gradient(1));
        let copy = commit(BOB, ROOT, gradient(1)).unwrap();
        next_block();
        events();
        assert_ok!(reveal(BOB, copy, gradient(1)));

        assert_eq!(state(copy), SubmissionState::Duplicate { of: id });
        assert_eq!(
            events(),
            [Event::Duplicate {
                campaign: CAMPAIGN,
                submission: copy,
                of: id
            }]
        );
        assert_eq!((free(BOB), held(BOB)), (BALANCE - ASSAY_PRICE, 0));
        assert_eq!(free(TREASURY), BALANCE + ASSAY_PRICE);
        assert_eq!(reputation(BOB).rejected, 1);
        assert!(!Tasks::contains_key(copy));
        assert_eq!(told(), []);
        // And the original is measured as if nothing had happened.
        improve(id, 900, model(1));
        assert_eq!(state(id), SubmissionState::Accepted { node: id });
    });
}

#[test]
fn reveal_of_a_copy_of_a_node_is_a_duplicate() {
    build_and_execute(|| {
        let node = accepted(ALICE, ROOT, gradient(1), 900);
        told();
        let copy = submit(BOB, ROOT, gradient(1));
        assert_eq!(state(copy), SubmissionState::Duplicate { of: node });
        assert_eq!(told(), [Told::NothingPending(CAMPAIGN)]);
        // On another parent it is another model.
        let other = submit(BOB, node, gradient(1));
        assert!(state(other).is_pending());
    });
}

/// Bob sees the stored gradient before it is revealed, and is faster; but Alice committed first.
#[test]
fn reveal_displaces_a_front_runner_without_a_verdict() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        let copy = submit(BOB, ROOT, gradient(1));
        events();
        assert_ok!(reveal(ALICE, id, gradient(1)));

        assert_eq!(state(copy), SubmissionState::Duplicate { of: id });
        assert!(state(id).is_pending());
        assert_eq!(
            events(),
            [
                Event::Duplicate {
                    campaign: CAMPAIGN,
                    submission: copy,
                    of: id
                },
                Event::Revealed {
                    campaign: CAMPAIGN,
                    submission: id,
                    gradient: gradient(1)
                }
            ]
        );
        assert!(!Tasks::contains_key(copy));
        assert_eq!(Pins::get(gradient(1)), Some(1));
        assert_eq!(
            (free(BOB), held(BOB), held(ALICE)),
            (BALANCE - ASSAY_PRICE, 0, DEPOSIT)
        );
        assert_eq!(free(TREASURY), BALANCE + ASSAY_PRICE);
        assert_eq!(told(), []);
        improve(id, 900, model(1));
        assert_eq!(Nodes::<Test>::get(id).unwrap().author, ALICE);
    });
}

/// Otherwise whoever commits to a gradient twice could have it measured for nothing.
#[test]
fn reveal_pays_those_who_may_have_measured_the_front_runner() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        let copy = submit(BOB, ROOT, gradient(1));
        next_block();
        assert_ok!(reveal(ALICE, id, gradient(1)));

        assert_eq!(state(copy), SubmissionState::Duplicate { of: id });
        assert_eq!((free(BOB), held(BOB)), (BALANCE - ASSAY_PRICE, 0));
        assert_eq!(free(TREASURY), BALANCE);
        let earned: u128 = ASSAYERS.iter().map(|who| free(*who) - BALANCE).sum();
        assert_eq!(earned, ASSAY_PRICE);
    });
}

#[test]
fn reveal_takes_a_node_over_from_a_front_runner() {
    build_and_execute(|| {
        let id = commit(ALICE, ROOT, gradient(1)).unwrap();
        let copy = accepted(BOB, ROOT, gradient(1), 900);
        let child = commit(CAROL, copy, gradient(2)).unwrap();
        let reserve = Reserves::get(CAMPAIGN).unwrap();
        events();
        told();
        assert_ok!(reveal(ALICE, id, gradient(1)));

        assert_eq!(state(id), SubmissionState::Accepted { node: copy });
        assert_eq!(state(copy), SubmissionState::Duplicate { of: copy });
        let node = Nodes::<Test>::get(copy).unwrap();
        assert_eq!((node.author, node.committed), (ALICE, id));
        assert_eq!(
            events(),
            [
                Event::Duplicate {
                    campaign: CAMPAIGN,
                    submission: copy,
                    of: copy
                },
                Event::TakenOver {
                    campaign: CAMPAIGN,
                    submission: id,
                    node: copy,
                    account: ALICE
                }
            ]
        );
        let best = Trees::<Test>::get(CAMPAIGN).unwrap().best.unwrap();
        assert_eq!((best.node, best.committed), (copy, id));
        assert_eq!(Trees::<Test>::get(CAMPAIGN).unwrap().accepted, 1);
        assert_eq!((free(ALICE), held(ALICE)), (BALANCE, 0));
        assert_eq!(free(BOB), BALANCE);
        // One assay was made, and the reserve has paid it.
        let after = Reserves::get(CAMPAIGN).unwrap();
        assert_eq!(after.free, reserve.free + ASSAY_PRICE);
        assert_eq!(
            (reputation(ALICE).accepted, reputation(ALICE).improvement),
            (1, 100)
        );
        // Carol's is pending still, on the same parent.
        assert_eq!(told(), []);
        next_block();
        assert_ok!(reveal(CAROL, child, gradient(2)));
    });
}

/// Whoever front-runs themselves is praised once.
#[test]
fn reveal_takes_an_own_node_over_without_more_reputation() {
    build_and_execute(|| {
        let early = commit(ALICE, ROOT, gradient(1)).unwrap();
        let late = {
            let id = crate::NextNode::<Test>::get();
            let hash =
                sonar_primitives::tree::commitment(&ALICE, CAMPAIGN, ROOT, gradient(1), &[8; 32]);
            let alice = || RuntimeOrigin::signed(ALICE);
            Gradients::commit(alice(), CAMPAIGN, ROOT, hash).unwrap();
            next_block();
            Gradients::reveal(alice(), id, gradient(1), [8; 32]).unwrap();
            id
        };
        improve(late, 900, model(1));
        assert_ok!(reveal(ALICE, early, gradient(1)));
        assert_eq!(state(early), SubmissionState::Accepted { node: late });
        assert_eq!(reputation(ALICE).accepted, 1);
    });
}

#[test]
fn reveal_of_a_gradient_that_was_refused_is_measured_again() {
    build_and_execute(|| {
        let first = submit(ALICE, ROOT, gradient(1));
        decide(first, Verdict::NotImproved);
        let second = submit(BOB, ROOT, gradient(1));
        assert!(Tasks::contains_key(second));
    });
}
