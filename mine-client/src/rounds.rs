//! Rounds in words.

use sonar_primitives::{
    round::{Round, RoundPhase},
    Balance, BlockNumber, RoundId,
};

/// How far a round is: `round 12 on branch 0 closes in 14 blocks`.
pub fn describe(id: RoundId, round: &Round<Balance, BlockNumber>, now: BlockNumber) -> String {
    let phase = match round.phase(now) {
        RoundPhase::Committing => {
            format!("closes in {}", blocks(round.closes.saturating_sub(now)))
        }
        RoundPhase::Revealing => {
            let left = round.reveals_end.saturating_sub(now);
            format!("takes reveals for another {}", blocks(left))
        }
        RoundPhase::Waiting => "waits for the rounds before it".into(),
        RoundPhase::Assaying => "waits for the assayers".into(),
        RoundPhase::Accepted => format!("was accepted as model {id}"),
        RoundPhase::NotImproved => "did not improve the branch".into(),
        RoundPhase::Empty => "had no reveals".into(),
        RoundPhase::NoQuorum => "was not judged: the assayers did not agree in time".into(),
        RoundPhase::Dissolved => "was not judged: the campaign was over".into(),
    };
    format!("round {id} on branch {} {phase}", round.root)
}

/// `1 block`, `14 blocks`.
pub fn blocks(count: BlockNumber) -> String {
    match count {
        1 => "1 block".into(),
        count => format!("{count} blocks"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sonar_primitives::round::RoundState;

    #[test]
    fn every_phase_has_its_words() {
        let round = |state, reveals| Round {
            campaign: 5,
            root: 0,
            opened_at: 70,
            closes: 100,
            reveals_end: 130,
            price: 1,
            seats: 4,
            commitments: 2,
            reveals,
            state,
        };
        let words = |state, reveals, now| describe(12, &round(state, reveals), now);
        for (now, reveals, says) in [
            (86, 0, "round 12 on branch 0 closes in 14 blocks"),
            (99, 0, "round 12 on branch 0 closes in 1 block"),
            (
                100,
                1,
                "round 12 on branch 0 takes reveals for another 30 blocks",
            ),
            (
                100,
                2,
                "round 12 on branch 0 waits for the rounds before it",
            ),
            (
                130,
                1,
                "round 12 on branch 0 waits for the rounds before it",
            ),
        ] {
            assert_eq!(words(RoundState::Pending, reveals, now), says);
        }
        assert_eq!(
            words(RoundState::Accepted, 2, 140),
            "round 12 on branch 0 was accepted as model 12"
        );
    }
}
