use crate::{mock::*, Due, DueItem, PlaceOf, Submissions};
use frame_support::{assert_noop, assert_ok};
use sonar_primitives::{
    campaign::InitialModel,
    submission::{SubmissionKind, SubmissionState},
    traits::Phase,
};
use sp_core::H256;
use sp_runtime::{traits::BadOrigin, TokenError};

#[test]
fn a_proposal_is_committed_and_then_revealed() {
    build_and_execute(|| {
        let id = commit_proposal(ALICE, 1).unwrap();
        let reveal_by = 1 + PROPOSAL_WINDOW;
        assert_eq!(
            events(),
            [Event::ProposalCommitted {
                campaign: CAMPAIGN,
                submission: id,
                account: ALICE,
                hold: BASE,
                reveal_by,
            }]
        );
        let submission = Submissions::<Test>::get(id).unwrap();
        assert_eq!(submission.kind, SubmissionKind::Proposal { reveal_by });
        assert_eq!((submission.deposit, submission.part), (BASE, 0));
        assert_eq!(held(ALICE), BASE);
        assert!(PlaceOf::<Test>::contains_key(id));
        let due = Due::<Test>::get(reveal_by + 1);
        assert_eq!(due.to_vec(), [DueItem::Proposal(id)]);

        next_block();
        // The deposit is needed, too, to pay for the assay.
        assert!(free(ALICE) < PROPOSAL_PRICE);
        assert_ok!(reveal_proposal(ALICE, id, 1));
        let root = FIRST;
        assert_eq!(state(id), SubmissionState::Proposed { root });
        let model = InitialModel {
            architecture: architecture(),
            parameters: hash(&parameters(1)),
        };
        assert_eq!(Proposed::get(root), Some(model));
        assert_eq!((free(ALICE), held(ALICE)), (BALANCE, 0));
        assert_eq!(Pins::get(hash(&parameters(1))), Some(1));
        assert_noop!(reveal_proposal(ALICE, id, 1), Error::AlreadyRevealed);
        run_to(reveal_by + 1);
        assert_eq!(state(id), SubmissionState::Proposed { root });
    });
}

/// Whoever sees a proposal in a block cannot commit to it and reveal it in the same block.
#[test]
fn a_proposal_is_not_revealed_in_the_block_of_its_commitment() {
    build_and_execute(|| {
        let id = commit_proposal(ALICE, 1).unwrap();
        assert_noop!(reveal_proposal(ALICE, id, 1), Error::TooEarly);
    });
}

#[test]
fn only_what_was_committed_to_can_be_proposed() {
    build_and_execute(|| {
        let id = commit_proposal(ALICE, 1).unwrap();
        let gradient = commit(ALICE, 1);
        next_block();
        assert_noop!(reveal_proposal(ALICE, id, 2), Error::CommitmentMismatch);
        assert_noop!(reveal_proposal(BOB, id, 1), Error::NotSubmitter);
        assert_noop!(reveal_proposal(ALICE, gradient, 1), Error::IsGradient);
        assert_noop!(reveal_proposal(ALICE, 99, 1), Error::UnknownSubmission);
        let mut other = architecture();
        other.input = vec![3].try_into().unwrap();
        let origin = RuntimeOrigin::signed(ALICE);
        assert_noop!(
            Gradients::reveal_proposal(origin, id, SALT, other, parameters(1)),
            Error::CommitmentMismatch
        );
        let unsigned = RuntimeOrigin::none();
        assert_noop!(
            Gradients::reveal_proposal(unsigned, id, SALT, architecture(), parameters(1)),
            BadOrigin
        );
    });
}

#[test]
fn the_campaign_can_refuse() {
    build_and_execute(|| {
        assert_noop!(commit_proposal(STRANGER, 1), "no member");
        let id = commit_proposal(ALICE, 1).unwrap();
        // Has too little for the assay once another deposit is held.
        let poor = commit_proposal(BOB, 2).unwrap();
        commit(BOB, 1);
        next_block();
        assert_noop!(reveal_proposal(BOB, poor, 2), "no money for the assay");
        set_phase(CAMPAIGN, Some(Phase::Judging));
        assert_noop!(reveal_proposal(ALICE, id, 1), "closed");
        assert_eq!(held(ALICE), BASE);
    });
}

#[test]
fn a_commitment_needs_money_a_place_and_an_agenda() {
    build_and_execute(|| {
        assert_noop!(commit_proposal(POOR, 1), TokenError::FundsUnavailable);
        PlacesForBlobs::set(0);
        assert_noop!(commit_proposal(ALICE, 1), "no place");
        PlacesForBlobs::set(1);
        MaxDuePerBlock::set(0);
        assert_noop!(commit_proposal(ALICE, 1), Error::AgendaFull);
        MaxDuePerBlock::set(4);
        let origin = RuntimeOrigin::signed(ALICE);
        assert_noop!(
            Gradients::commit_proposal(origin, CAMPAIGN, H256::zero(), BASE - 1),
            Error::HoldAboveMaximum
        );
        contributed(ALICE, 8);
        commit_proposal(ALICE, 1).unwrap();
        assert_eq!(held(ALICE), BASE / 2);
    });
}

#[test]
fn an_unrevealed_proposal_is_lost_in_time() {
    build_and_execute(|| {
        let id = commit_proposal(ALICE, 1).unwrap();
        run_to(1 + PROPOSAL_WINDOW);
        let expire = |who| Gradients::expire(RuntimeOrigin::signed(who), id);
        assert_noop!(expire(BOB), Error::RevealWindowOpen);
        events();
        next_block();
        assert_eq!(
            events(),
            [Event::DepositLost {
                campaign: CAMPAIGN,
                submission: id,
                account: ALICE,
                amount: BASE,
            }]
        );
        assert_eq!(state(id), SubmissionState::NotRevealed);
        assert_eq!((free(ALICE), held(ALICE)), (BALANCE - BASE, 0));
        assert_eq!(free(TREASURY), BALANCE + BASE);
        assert_eq!(reputation(ALICE).deposits_lost, 1);
        assert_noop!(expire(BOB), Error::AlreadyDecided);
        assert_noop!(reveal_proposal(ALICE, id, 1), Error::AlreadyDecided);
    });
}

#[test]
fn anyone_can_end_an_unrevealed_proposal() {
    build_and_execute(|| {
        let id = commit_proposal(ALICE, 1).unwrap();
        let gradient = commit(BOB, 1);
        System::set_block_number(2 + PROPOSAL_WINDOW);
        Due::<Test>::remove(2 + PROPOSAL_WINDOW);
        assert_noop!(reveal_proposal(ALICE, id, 1), Error::RevealWindowOver);
        let expire = |id| Gradients::expire(RuntimeOrigin::signed(CAROL), id);
        assert_noop!(expire(gradient), Error::IsGradient);
        assert_noop!(expire(99), Error::UnknownSubmission);
        assert_noop!(Gradients::expire(RuntimeOrigin::none(), id), BadOrigin);
        assert_ok!(expire(id));
        assert_eq!(state(id), SubmissionState::NotRevealed);
    });
}

/// If the campaign closes before the author could reveal, the deposit goes back.
#[test]
fn a_proposal_to_a_closed_campaign_goes_back() {
    for phase in [Some(Phase::Judging), Some(Phase::Dissolving), None] {
        build_and_execute(|| {
            let id = commit_proposal(ALICE, 1).unwrap();
            set_phase(CAMPAIGN, phase);
            run_to(2 + PROPOSAL_WINDOW);
            assert_eq!(state(id), SubmissionState::Returned);
            assert_eq!((free(ALICE), held(ALICE)), (BALANCE, 0));
            assert_eq!(reputation(ALICE).deposits_lost, 0);
        });
    }
}
