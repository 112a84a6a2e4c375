//! Rounds in words.

use sonar_primitives::{
    round::{Round, RoundState},
    Balance, BlockNumber, RoundId,
};

/// How far a round is: `round 12 on branch 0 closes in 14 blocks`.
pub fn describe(id: RoundId, round: &Round<Balance, BlockNumber>, now: BlockNumber) -> String {
    let phase = match round.state {
        RoundState::Pending if now < round.closes => {
            format!("closes in {}", blocks(round.closes.saturating_sub(now)))
        }
        RoundState::Pending if now < round.reveals_end => {
            let left = round.reveals_end.saturating_sub(now);
            format!("takes reveals for another {}", blocks(left))
        }
        RoundState::Pending => "waits for the rounds before it".into(),
        RoundState::Assaying => "waits for the assayers".into(),
        RoundState::Accepted => format!("was accepted as model {id}"),
        RoundState::NotImproved => "did not improve the branch".into(),
        RoundState::Empty => "had no reveals".into(),
        RoundState::NoQuorum => "was not judged: the assayers did not agree in time".into(),
        RoundState::Dissolved => "was not judged: the campaign was over".into(),
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

    #[test]
    fn every_phase_has_its_words() {
        let round = |state| Round {
            campaign: 5,
            root: 0,
            opened_at: 70,
            closes: 100,
            reveals_end: 130,
            price: 1,
            seats: 4,
            commitments: 1,
            reveals: 1,
            state,
        };
        let words = |state, now| describe(12, &round(state), now);
        for (now, says) in [
            (86, "round 12 on branch 0 closes in 14 blocks"),
            (99, "round 12 on branch 0 closes in 1 block"),
            (
                100,
                "round 12 on branch 0 takes reveals for another 30 blocks",
            ),
            (130, "round 12 on branch 0 waits for the rounds before it"),
        ] {
            assert_eq!(words(RoundState::Pending, now), says);
        }
        assert_eq!(
            words(RoundState::Accepted, 140),
            "round 12 on branch 0 was accepted as model 12"
        );
    }
}
