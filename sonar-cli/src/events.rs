//! What happens to a campaign, in words.

use crate::{
    contributors,
    words::{self, count},
};
use sonar_client::{
    format::{amount, short_address},
    CampaignEvent as Event,
};
use syft::Metric;

/// One line for an event of a campaign with this metric.
pub fn describe(event: &Event, metric: Metric) -> String {
    let error = |error: &u64| metric.show(*error);
    match event {
        Event::Created {
            owner,
            bounty,
            root,
            ..
        } => {
            format!(
                "created by {} with {}; root {root}",
                short_address(owner),
                amount(*bounty)
            )
        }
        Event::Opened { start, .. } => {
            format!("open: the initial model's error is {}", error(start))
        }
        Event::Rejected { reason, .. } => format!("rejected: {}", words::rejected(*reason, metric)),
        Event::Proposed {
            root,
            author,
            needs_acceptance,
            ..
        } => {
            let next = match needs_acceptance {
                true => format!(
                    "waits for the owner: sonar campaign accept-proposal {root} or reject-proposal"
                ),
                false => "is measured".into(),
            };
            format!("proposal {root} by {}: it {next}", short_address(author))
        }
        Event::ProposalTaken { root, .. } => {
            format!("the owner accepts proposal {root}: it is measured")
        }
        Event::ProposalAccepted {
            root,
            error: measured,
            ..
        } => {
            format!(
                "proposal {root} is the root of a branch, with an error of {}",
                error(measured)
            )
        }
        Event::ProposalRejected { root, reason, .. } => {
            format!(
                "proposal {root} rejected: {}",
                words::rejected(*reason, metric)
            )
        }
        Event::Admitted { account, .. } => {
            format!("{} may commit to gradients", short_address(account))
        }
        Event::Funded {
            sponsor,
            amount: paid,
            ..
        } => {
            format!(
                "{} added {} to the bounty",
                short_address(sponsor),
                amount(*paid)
            )
        }
        Event::RoundOpened {
            round,
            root,
            closes,
            reveals_end,
            ..
        } => format!(
            "round {round} on branch {root} is open: it takes gradients before block {closes}, and \
             reveals before block {reveals_end}"
        ),
        Event::Committed {
            submission,
            round,
            base,
            account,
            hold,
            ..
        } => format!(
            "round {round}: {} committed to gradient {submission}, trained on model {base} ({} held)",
            short_address(account),
            amount(*hold)
        ),
        Event::ProposalCommitted {
            account,
            hold,
            reveal_by,
            ..
        } => format!(
            "{} committed to a proposal, to be revealed by block {reveal_by} ({} held)",
            short_address(account),
            amount(*hold)
        ),
        Event::Revealed {
            submission, round, ..
        } => format!("round {round}: gradient {submission} revealed"),
        Event::RoundClosed { round, reveals, .. } => format!(
            "round {round} is complete with {}: the assayers measure it",
            count(*reveals, "gradient")
        ),
        Event::RoundAccepted {
            round,
            root,
            error: measured,
            former_record,
            contributors,
            ..
        } => {
            let record = match former_record {
                Some(former) => format!("a new record (before: {})", error(former)),
                None => "no new record".into(),
            };
            format!(
                "round {round} accepted: model {round} on branch {root} with an error of {}, {record}; shares: {}",
                error(measured),
                contributors::in_words(contributors)
            )
        }
        Event::RoundEnded { round, state, .. } => {
            format!("round {round} brought no model: {}", words::ended(*state))
        }
        Event::Malformed { submission, .. } => format!(
            "gradient {submission} cannot be measured: it holds, or leads to, a number that is not finite"
        ),
        Event::DepositLost {
            submission,
            account,
            amount: lost,
            ..
        } => format!(
            "submission {submission} of {} was not revealed in time: {} lost",
            short_address(account),
            amount(*lost)
        ),
        Event::Returned { submission, .. } => {
            format!("submission {submission} was never judged: what was held for it went back")
        }
        Event::ModelStored { model, .. } => format!("the parameters of model {model} are stored"),
        Event::AssayPaid { amount: paid, .. } => format!("{} paid for an assay", amount(*paid)),
        Event::Closed { reason, .. } => format!("closing: {}", words::closed(*reason)),
        Event::Entitled {
            account,
            earned,
            expertise,
            refund,
            ..
        } => {
            let parts = [
                (*earned, "earned"),
                (*expertise, "for a proposal"),
                (*refund, "back"),
            ];
            let parts = parts.iter().filter(|(part, _)| *part > 0);
            let parts: Vec<_> = parts
                .map(|(part, what)| format!("{} {what}", amount(*part)))
                .collect();
            format!("{} gets {}", short_address(account), parts.join(", "))
        }
        Event::Settled { .. } => "settled: everybody can claim".into(),
        Event::Claimed {
            account,
            amount: paid,
            ..
        } => {
            format!("{} paid to {}", amount(*paid), short_address(account))
        }
        Event::Removed { .. } => "removed".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sonar_primitives::{round::RoundState, tree::Contributor, AccountId, SNR};

    const ALICE: [u8; 32] = [1; 32];
    const BOB: [u8; 32] = [2; 32];

    fn contributor(account: [u8; 32], share: u128) -> Contributor<AccountId> {
        Contributor {
            submission: 5,
            account: account.into(),
            base: 0,
            gradient: Default::default(),
            share,
            in_best_set: true,
        }
    }

    /// The events of a round, told one after the other.
    #[test]
    fn a_round_is_told_in_words() {
        let (alice, bob) = (short_address(&ALICE.into()), short_address(&BOB.into()));
        let campaign = 3;
        let told = [
            Event::RoundOpened {
                campaign,
                round: 12,
                root: 0,
                closes: 130,
                reveals_end: 160,
            },
            Event::Committed {
                campaign,
                submission: 5,
                round: 12,
                base: 9,
                account: ALICE.into(),
                hold: SNR * 3 / 2,
                fee: SNR / 500,
            },
            Event::RoundClosed {
                campaign,
                round: 12,
                reveals: 1,
            },
            Event::RoundAccepted {
                campaign,
                round: 12,
                root: 0,
                error: 50_000_000,
                former_record: Some(100_000_000),
                contributors: vec![contributor(ALICE, 60), contributor(BOB, 36)],
            },
            Event::RoundEnded {
                campaign,
                round: 13,
                state: RoundState::Empty,
            },
            Event::DepositLost {
                campaign,
                submission: 6,
                account: BOB.into(),
                amount: SNR,
            },
            Event::Entitled {
                campaign,
                account: ALICE.into(),
                earned: 2 * SNR,
                expertise: 0,
                refund: SNR,
            },
        ]
        .map(|event| describe(&event, Metric::ErrorRate));
        assert_eq!(
            told,
            [
                "round 12 on branch 0 is open: it takes gradients before block 130, and reveals before block 160".into(),
                format!("round 12: {alice} committed to gradient 5, trained on model 9 (1.5 SNR held)"),
                "round 12 is complete with 1 gradient: the assayers measure it".into(),
                format!(
                    "round 12 accepted: model 12 on branch 0 with an error of 5.00 %, a new record (before: 10.00 %); \
                     shares: {alice} 62.50 %, {bob} 37.50 %"
                ),
                "round 13 brought no model: nobody revealed a gradient in time".into(),
                format!("submission 6 of {bob} was not revealed in time: 1 SNR lost"),
                format!("{alice} gets 2 SNR earned, 1 SNR back"),
            ]
        );
    }
}
