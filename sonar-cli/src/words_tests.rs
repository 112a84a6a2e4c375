use super::*;
use sonar_primitives::round::Round;

const CLOCK: Clock = Clock {
    now: 100,
    block_time: Duration::from_secs(2),
};

#[test]
fn states_say_what_comes_next() {
    let say = |of: State<BlockNumber>| state(&of, Metric::ErrorRate, 400, CLOCK);
    assert_eq!(say(State::Open), "open until block 400 (about 10 min left)");
    assert_eq!(
        say(State::Closing {
            reason: Closed::TargetReached,
            grace_ends: 90
        }),
        "closing: the target is reached; settled once its rounds are decided, by block 90 (passed) \
         at the latest; each decided round moves that"
    );
    assert_eq!(
        say(State::Rejected {
            reason: Rejected::FalseClaim {
                measured: 930_000_000
            },
            at: 7
        }),
        "rejected in block 7: the initial model's error is 93.00 %, above the claim and its tolerance"
    );
}

fn info(state: RoundState, closes: BlockNumber, commitments: u32, reveals: u32) -> RoundInfo {
    RoundInfo {
        id: 12,
        round: Round {
            campaign: 3,
            root: 0,
            opened_at: 84,
            closes,
            reveals_end: closes + 30,
            price: 1,
            seats: 4,
            commitments,
            reveals,
            state,
        },
    }
}

/// The words for a round in each of its phases.
#[test]
fn rounds_are_told_in_words() {
    let say = |state, closes, commitments, reveals| {
        let info = info(state, closes, commitments, reveals);
        (round_phase(&info, CLOCK.now), named_round(&info, CLOCK))
    };
    let told = |word, line: &str| (word, format!("round 12 on branch 0: {line}"));
    assert_eq!(
        say(RoundState::Pending, 114, 3, 0),
        told("open", "3 commitments, closes in 14 blocks (about 28 s)")
    );
    assert_eq!(
        say(RoundState::Pending, 101, 1, 0),
        told("open", "1 commitment, closes in 1 block (about 2 s)")
    );
    assert_eq!(
        say(RoundState::Pending, 100, 3, 2),
        told(
            "revealing",
            "3 commitments, 2 revealed; closed, reveals end in 30 blocks (about 1 min)"
        )
    );
    assert_eq!(
        say(RoundState::Pending, 100, 3, 3),
        told(
            "waiting",
            "3 commitments, all revealed; waits for the rounds before it"
        )
    );
    assert_eq!(
        say(RoundState::Pending, 70, 3, 2),
        told(
            "waiting",
            "3 commitments, 2 revealed in time; waits for the rounds before it"
        )
    );
    assert_eq!(
        say(RoundState::Assaying, 90, 1, 1),
        told(
            "assaying",
            "1 commitment, revealed; the assayers measure it"
        )
    );
    assert_eq!(
        say(RoundState::Accepted, 90, 2, 2),
        told(
            "accepted",
            "2 commitments, all revealed; accepted as model 12"
        )
    );
    assert_eq!(
        say(RoundState::Empty, 60, 2, 0),
        told("empty", "2 commitments; nobody revealed a gradient in time")
    );
}

#[test]
fn terms_are_told_in_words() {
    assert_eq!(
        rounds(RoundTerms::default(), CLOCK),
        "take gradients for 30 blocks (about 1 min), then reveals for at most 30 blocks (about 1 min); \
         up to 4 gradients are paid; every part of the way to the target earns the same"
    );
    assert_eq!(
        members(Members::Reputation { contributions: 1 }),
        "accounts with at least 1 paid contribution in any campaign"
    );
}

#[test]
fn shares_are_parts_of_their_round() {
    assert_eq!(share(60, 96), "62.50 %");
    assert_eq!(share(1, 3), "33.33 %");
    assert_eq!(share(0, 0), "0.00 %");
    assert_eq!(share(u128::MAX, u128::MAX), "100.00 %");
}
