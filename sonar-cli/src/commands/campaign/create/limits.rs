//! The limit of work of a round: said with what would fit.

use crate::{preparation::Work, words::count};
use sonar_primitives::{campaign::CampaignCost, round::MIN_COMMITMENTS, Balance};

/// Whether a round has room for as many commitments as it must.
pub fn has_room(cost: &CampaignCost<Balance>) -> bool {
    cost.max_commitments >= MIN_COMMITMENTS
}

/// What to say if it has not. `fewer` is the largest number of seats with which it would have.
pub fn too_much(cost: &CampaignCost<Balance>, work: Work, seats: u8, fewer: Option<u8>) -> String {
    let most = cost.max_work_of_a_set;
    let mut choices = Vec::new();
    let rows = most / work.per_row.max(1);
    if rows > 0 {
        choices.push(format!("at most {}", count(rows, "validation row")));
    }
    let per_row = most / u64::from(work.rows).max(1);
    if per_row > 0 {
        choices.push(format!(
            "a model of at most {per_row} multiply-adds per row"
        ));
    }
    if let Some(fewer) = fewer {
        choices.push(format!("at most {}", count(fewer, "seat")));
    }
    format!(
        "with {} and {} of {} multiply-adds each, a round would have room for {} only, and must have for \
         {MIN_COMMITMENTS}: choose {}",
        count(seats, "seat"),
        count(work.rows, "validation row"),
        work.per_row,
        count(cost.max_commitments, "commitment"),
        choices.join(", or ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use sonar_primitives::round::{max_commitments, max_work_of_a_set};

    const LIMIT: u64 = 10_000_000_000;

    fn cost(work: Work, seats: u8) -> CampaignCost<Balance> {
        CampaignCost {
            bounty: 0,
            deposit: 0,
            assay_price: 0,
            max_commitments: max_commitments(work.per_row * u64::from(work.rows), seats, LIMIT),
            max_work_of_a_set: max_work_of_a_set(seats, LIMIT),
            largest_part: 0,
            base_deposit: 0,
        }
    }

    /// Everything that the message offers does fit, and hardly more does.
    #[test]
    fn what_would_fit_is_named() {
        let work = Work {
            per_row: 100_000,
            rows: 1_000,
        };
        let cost = cost(work, 4);
        assert!(!has_room(&cost));
        let message = too_much(&cost, work, 4, Some(3));
        assert_eq!(
            message,
            "with 4 seats and 1000 validation rows of 100000 multiply-adds each, a round would have room \
             for 12 commitments only, and must have for 16: choose at most 793 validation rows, or a model \
             of at most 79365 multiply-adds per row, or at most 3 seats"
        );
        for (per_row, rows, fits) in [
            (100_000, 793, true),
            (100_000, 794, false),
            (79_365, 1_000, true),
            (79_366, 1_000, false),
        ] {
            assert_eq!(
                has_room(&self::cost(Work { per_row, rows }, 4)),
                fits,
                "{per_row} {rows}"
            );
        }
        assert!(has_room(&self::cost(work, 3)));
    }

    #[test]
    fn what_cannot_be_is_not_offered() {
        let work = Work {
            per_row: 1_000_000_000,
            rows: 1_000,
        };
        // 32 measurements of 16 gradients with one seat: not even one row.
        let message = too_much(&cost(work, 1), work, 1, None);
        assert!(
            message.ends_with("choose a model of at most 312500 multiply-adds per row"),
            "{message}"
        );
    }
}
