//! What happens to a campaign, in words.

use crate::words;
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
        Event::Proposed { root, author, .. } => {
            format!("proposal {root} by {}", short_address(author))
        }
        Event::Opened { start, .. } => {
            format!("open: the initial model's error is {}", error(start))
        }
        Event::ProposalAccepted {
            root,
            error: measured,
            ..
        } => {
            format!(
                "proposal {root} accepted with an error of {}",
                error(measured)
            )
        }
        Event::ProposalRejected { root, reason, .. } => {
            format!(
                "proposal {root} rejected: {}",
                words::rejected(*reason, metric)
            )
        }
        Event::Rejected { reason, .. } => format!("rejected: {}", words::rejected(*reason, metric)),
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
        Event::ReserveToppedUp { amount: paid, .. } => {
            format!("{} added to the reserve", amount(*paid))
        }
        Event::Closed { reason, .. } => format!("closing: {}", words::closed(*reason)),
        Event::Settled { .. } => "settled: everybody can claim".into(),
        Event::Removed { .. } => "removed".into(),
        Event::Committed {
            submission,
            parent,
            account,
            deposit,
            ..
        } => format!(
            "{} committed to gradient {submission} on node {parent} (deposit {})",
            short_address(account),
            amount(*deposit)
        ),
        Event::Revealed { submission, .. } => format!("gradient {submission} revealed"),
        Event::Accepted {
            submission,
            account,
            parent,
            error: measured,
            ..
        } => format!(
            "gradient {submission} of {} accepted: {} on node {parent}",
            short_address(account),
            error(measured)
        ),
        Event::NotImproved { submission, .. } => format!("gradient {submission} is no improvement"),
        Event::Malformed {
            submission, reason, ..
        } => {
            format!(
                "gradient {submission} is malformed: {}",
                words::malformed(*reason)
            )
        }
        Event::Duplicate { submission, of, .. } => {
            format!("gradient {submission} is the same as node {of}")
        }
        Event::TakenOver {
            submission,
            node,
            account,
            ..
        } => format!(
            "node {node} goes to {}, who committed to it earlier with gradient {submission}",
            short_address(account)
        ),
        Event::DepositLost { submission, .. } => {
            format!("gradient {submission} was not revealed in time: its deposit is lost")
        }
        Event::Undecided { submission, .. } => {
            format!("gradient {submission} was not decided in time: its deposit went back")
        }
        Event::Entitled {
            account,
            earned,
            expertise,
            refund,
            ..
        } => format!(
            "{} gets {} earned, {} expertise, {} back",
            short_address(account),
            amount(*earned),
            amount(*expertise),
            amount(*refund)
        ),
        Event::Claimed {
            account,
            amount: paid,
            ..
        } => {
            format!("{} paid to {}", amount(*paid), short_address(account))
        }
        Event::AssayPaid { amount: paid, .. } => format!("{} paid for an assay", amount(*paid)),
    }
}
