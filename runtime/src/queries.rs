//! Answers to clients: what the pallets know, put together. Reads only, and never scans from the
//! beginning: every list is read from an index, a page at a time.

use crate::*;
use alloc::vec::Vec;
use sonar_primitives::{
    api::{
        BlobInfo, CampaignInfo, CampaignSummary, EntitlementInfo, Lineage, NodeInfo, ProposalInfo,
        Quote, QuoteRefused, SponsorInfo, SubmissionInfo, MAX_PAGE,
    },
    assay::AssayTask,
    events::CampaignEvent,
    reputation::Reputation,
    traits::{ModelTree, Reputations},
    BlobHash, CampaignId, MeasuredError, NodeId,
};

fn page(limit: u32) -> u32 {
    limit.min(MAX_PAGE)
}

fn summary(
    id: CampaignId,
    campaign: pallet_campaigns::Campaign<AccountId, BlockNumber>,
) -> Option<CampaignSummary> {
    let terms = pallet_campaigns::TermsOf::<Runtime>::get(id)?;
    let start = campaign.start.unwrap_or(terms.starting_error);
    Some(CampaignSummary {
        id,
        title: terms.title,
        owner: campaign.owner,
        state: campaign.state,
        bounty: campaign.bounty,
        metric: terms.metric,
        start,
        best: campaign.best.unwrap_or(start),
        target: terms.target_error,
        deadline: terms.deadline,
        accepted: <Gradients as ModelTree<AccountId>>::accepted(id),
        pending: <Gradients as ModelTree<AccountId>>::pending(id),
    })
}

/// See `SonarApi::campaigns`.
pub fn campaigns(from: CampaignId, limit: u32) -> Vec<CampaignSummary> {
    Campaigns::campaigns(from, page(limit))
        .into_iter()
        .filter_map(|(id, campaign)| summary(id, campaign))
        .collect()
}

/// See `SonarApi::campaign`.
pub fn campaign(id: CampaignId) -> Option<CampaignInfo> {
    let campaign = pallet_campaigns::Campaigns::<Runtime>::get(id)?;
    let terms = pallet_campaigns::TermsOf::<Runtime>::get(id)?;
    let proposals = pallet_campaigns::ProposalsOf::<Runtime>::get(id)
        .into_iter()
        .filter_map(|node| {
            let proposal = pallet_campaigns::Proposals::<Runtime>::get(node)?;
            Some(ProposalInfo {
                node,
                author: proposal.author,
                model: proposal.model,
                assay_price: proposal.assay_price,
                state: proposal.state,
            })
        })
        .collect();
    let sponsors = pallet_campaigns::Sponsors::<Runtime>::get(id)
        .into_iter()
        .map(|(account, contribution)| SponsorInfo {
            account,
            contribution,
        })
        .collect();
    Some(CampaignInfo {
        reserve: campaign.reserve.total(),
        escrow: Campaigns::escrow(id),
        best: best(id),
        summary: summary(id, campaign)?,
        terms,
        proposals,
        sponsors,
    })
}

/// See `SonarApi::tree`.
pub fn tree(id: CampaignId, from: NodeId, limit: u32) -> Vec<NodeInfo> {
    Gradients::nodes_of(id, from, page(limit))
        .into_iter()
        .map(|(id, node)| NodeInfo { id, node })
        .collect()
}

/// See `SonarApi::lineage`.
pub fn lineage(node: NodeId) -> Option<Lineage> {
    let leaf = pallet_gradients::Nodes::<Runtime>::get(node)?;
    let (root, gradients) = Gradients::lineage(node)?;
    let model = pallet_campaigns::Proposals::<Runtime>::get(root)?.model;
    Some(Lineage {
        architecture: model.architecture,
        root: model.parameters,
        gradients,
        candidate: leaf.candidate,
        error: leaf.error,
    })
}

/// See `SonarApi::pending_submissions`.
pub fn pending_submissions(id: CampaignId, from: NodeId, limit: u32) -> Vec<SubmissionInfo> {
    Gradients::pending_of(id, from, page(limit))
        .into_iter()
        .map(|(id, submission)| SubmissionInfo { id, submission })
        .collect()
}

/// See `SonarApi::submission`.
pub fn submission(id: NodeId) -> Option<SubmissionInfo> {
    let submission = pallet_gradients::Submissions::<Runtime>::get(id)?;
    Some(SubmissionInfo { id, submission })
}

/// See `SonarApi::submissions_of`.
pub fn submissions_of(account: AccountId, from: NodeId, limit: u32) -> Vec<SubmissionInfo> {
    Gradients::submissions_of(&account, from, page(limit))
        .into_iter()
        .map(|(id, submission)| SubmissionInfo { id, submission })
        .collect()
}

/// See `SonarApi::quote`.
pub fn quote(
    account: AccountId,
    parent: NodeId,
    error: MeasuredError,
) -> Result<Quote, QuoteRefused> {
    use sonar_primitives::traits::Campaigns as _;

    let node = pallet_gradients::Nodes::<Runtime>::get(parent).ok_or(QuoteRefused::UnknownNode)?;
    let root =
        pallet_gradients::Nodes::<Runtime>::get(node.root).ok_or(QuoteRefused::UnknownNode)?;
    let terms =
        Campaigns::commit_terms(node.campaign, node.root).map_err(|_| QuoteRefused::NotOpen)?;
    let pays = Campaigns::quote(node.campaign, root.error, node.error, error)
        .ok_or(QuoteRefused::UnknownCampaign)?;
    let base = <Payouts as Reputations<AccountId>>::of(&account)
        .base_deposit(configs::sonar::BaseDeposit::get());
    Ok(Quote {
        pays,
        deposit: base.saturating_add(terms.assay_price),
        assay_price: terms.assay_price,
        accepted_up_to: node.error.checked_sub(terms.minimum_step),
    })
}

/// See `SonarApi::blob`.
pub fn blob(hash: BlobHash) -> Option<BlobInfo> {
    let blob = pallet_model_repository::Blobs::<Runtime>::get(hash)?;
    Some(BlobInfo {
        size: blob.size,
        depositor: blob.depositor,
        deposit: blob.deposit,
        pins: blob.pins,
        stored_at: blob.stored_at,
    })
}

fn entitlement(
    campaign: CampaignId,
    account: AccountId,
    entitlement: pallet_payouts::Entitlement,
) -> EntitlementInfo {
    EntitlementInfo {
        campaign,
        account,
        earned: entitlement.earned,
        expertise: entitlement.expertise,
        refund: entitlement.refund,
        claimed: entitlement.claimed,
    }
}

/// See `SonarApi::entitlements`.
pub fn entitlements(id: CampaignId) -> Vec<EntitlementInfo> {
    Payouts::entitlements(id)
        .into_iter()
        .map(|(account, given)| entitlement(id, account, given))
        .collect()
}

/// See `SonarApi::claimable`.
pub fn claimable(account: AccountId, from: CampaignId, limit: u32) -> Vec<EntitlementInfo> {
    Payouts::claimable(&account, from, page(limit))
        .into_iter()
        .map(|(id, given)| entitlement(id, account.clone(), given))
        .collect()
}

/// See `SonarApi::reputation`.
pub fn reputation(account: AccountId) -> Reputation {
    <Payouts as Reputations<AccountId>>::of(&account)
}

/// See `SonarApi::pending_assays`.
pub fn pending_assays(from: NodeId, limit: u32) -> Vec<AssayTask<AccountId, BlockNumber>> {
    let mut tasks: Vec<_> = pallet_assays::Tasks::<Runtime>::iter_values()
        .filter(|task| task.node >= from)
        .collect();
    tasks.sort_unstable_by_key(|task| task.node);
    tasks.truncate(page(limit) as usize);
    tasks
}

/// The node with the least error, roots included; the earliest commitment on ties.
fn best(id: CampaignId) -> Option<NodeId> {
    let roots = pallet_campaigns::ProposalsOf::<Runtime>::get(id);
    let gradient = pallet_gradients::Trees::<Runtime>::get(id)?
        .best
        .map(|best| best.node);
    roots
        .into_iter()
        .chain(gradient)
        .filter_map(|node| Some((node, pallet_gradients::Nodes::<Runtime>::get(node)?)))
        .min_by_key(|(_, node)| (node.error, node.committed))
        .map(|(id, _)| id)
}

/// See `SonarApi::events`. Reads the events of the block at whose end this is asked.
pub fn events() -> Vec<CampaignEvent> {
    System::read_events_no_consensus()
        .filter_map(|record| match record.event {
            RuntimeEvent::Campaigns(event) => campaign_event(event),
            RuntimeEvent::Gradients(event) => gradient_event(event),
            RuntimeEvent::Payouts(event) => payout_event(event),
            _ => None,
        })
        .collect()
}

fn campaign_event(event: pallet_campaigns::Event<Runtime>) -> Option<CampaignEvent> {
    use pallet_campaigns::Event as E;
    Some(match event {
        E::Created {
            campaign,
            owner,
            bounty,
            root,
        } => CampaignEvent::Created {
            campaign,
            owner,
            bounty,
            root,
        },
        E::Opened { campaign, start } => CampaignEvent::Opened { campaign, start },
        E::Rejected { campaign, reason } => CampaignEvent::Rejected { campaign, reason },
        E::Proposed {
            campaign,
            root,
            author,
        } => CampaignEvent::Proposed {
            campaign,
            root,
            author,
        },
        E::ProposalAccepted {
            campaign,
            root,
            error,
        } => CampaignEvent::ProposalAccepted {
            campaign,
            root,
            error,
        },
        E::ProposalRejected {
            campaign,
            root,
            reason,
        } => CampaignEvent::ProposalRejected {
            campaign,
            root,
            reason,
        },
        E::Funded {
            campaign,
            sponsor,
            amount,
        } => CampaignEvent::Funded {
            campaign,
            sponsor,
            amount,
        },
        E::ReserveToppedUp { campaign, amount } => {
            CampaignEvent::ReserveToppedUp { campaign, amount }
        }
        E::AssayPaid { campaign, amount } => CampaignEvent::AssayPaid { campaign, amount },
        E::Closed { campaign, reason } => CampaignEvent::Closed { campaign, reason },
        E::Settled { campaign } => CampaignEvent::Settled { campaign },
        E::Removed { campaign } => CampaignEvent::Removed { campaign },
        _ => return None,
    })
}

fn gradient_event(event: pallet_gradients::Event<Runtime>) -> Option<CampaignEvent> {
    use pallet_gradients::Event as E;
    Some(match event {
        E::Committed {
            campaign,
            submission,
            parent,
            account,
            deposit,
            reveal_by,
        } => CampaignEvent::Committed {
            campaign,
            submission,
            parent,
            account,
            deposit,
            reveal_by,
        },
        E::Revealed {
            campaign,
            submission,
            gradient,
        } => CampaignEvent::Revealed {
            campaign,
            submission,
            gradient,
        },
        E::Accepted {
            campaign,
            submission,
            account,
            parent,
            error,
        } => CampaignEvent::Accepted {
            campaign,
            submission,
            account,
            parent,
            error,
        },
        E::NotImproved {
            campaign,
            submission,
        } => CampaignEvent::NotImproved {
            campaign,
            submission,
        },
        E::Malformed {
            campaign,
            submission,
            reason,
        } => CampaignEvent::Malformed {
            campaign,
            submission,
            reason,
        },
        E::Duplicate {
            campaign,
            submission,
            of,
        } => CampaignEvent::Duplicate {
            campaign,
            submission,
            of,
        },
        E::TakenOver {
            campaign,
            submission,
            node,
            account,
        } => CampaignEvent::TakenOver {
            campaign,
            submission,
            node,
            account,
        },
        E::DepositLost {
            campaign,
            submission,
        } => CampaignEvent::DepositLost {
            campaign,
            submission,
        },
        E::Undecided {
            campaign,
            submission,
        } => CampaignEvent::Undecided {
            campaign,
            submission,
        },
        _ => return None,
    })
}

fn payout_event(event: pallet_payouts::Event<Runtime>) -> Option<CampaignEvent> {
    use pallet_payouts::Event as E;
    Some(match event {
        E::Entitled {
            campaign,
            account,
            earned,
            expertise,
            refund,
        } => CampaignEvent::Entitled {
            campaign,
            account,
            earned,
            expertise,
            refund,
        },
        E::Claimed {
            campaign,
            account,
            amount,
        } => CampaignEvent::Claimed {
            campaign,
            account,
            amount,
        },
        _ => return None,
    })
}
