//! Answers to clients: what the pallets know, put together. Reads only, and never scans from the
//! beginning: every list is read from an index, a page at a time.

use crate::*;
use alloc::vec::Vec;
use sonar_primitives::{
    api::{
        BlobInfo, CampaignInfo, CampaignSummary, EntitlementInfo, ModelInfo, ModelRecipe,
        ProposalInfo, Quote, QuoteRefused, RoundInfo, SponsorInfo, SubmissionInfo, MAX_PAGE,
    },
    assay::AssayTask,
    events::CampaignEvent,
    reputation::Reputation,
    traits::{ModelTree, Reputations},
    BlobHash, CampaignId, MeasuredError, ModelId, RoundId, SubmissionId,
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
        best: <Gradients as ModelTree<AccountId>>::record(id).unwrap_or(start),
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
        .filter_map(|root| {
            let proposal = pallet_campaigns::Proposals::<Runtime>::get(root)?;
            Some(ProposalInfo {
                root,
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
        escrow: Campaigns::escrow(id),
        best: pallet_gradients::Trees::<Runtime>::get(id).map(|tree| tree.record.model),
        summary: summary(id, campaign)?,
        terms,
        proposals,
        sponsors,
    })
}

/// See `SonarApi::tree`.
pub fn tree(id: CampaignId, from: ModelId, limit: u32) -> Vec<ModelInfo> {
    Gradients::models_of(id, from, page(limit))
        .into_iter()
        .map(|(id, model)| ModelInfo { id, model })
        .collect()
}

/// See `SonarApi::recipe`.
pub fn recipe(model: ModelId) -> Option<ModelRecipe> {
    Gradients::recipe(model)
}

/// See `SonarApi::rounds`.
pub fn rounds(id: CampaignId, from: RoundId, limit: u32) -> Vec<RoundInfo> {
    Gradients::rounds_of(id, from, page(limit))
        .into_iter()
        .map(|(id, round)| RoundInfo { id, round })
        .collect()
}

/// See `SonarApi::round`.
pub fn round(id: RoundId) -> Option<RoundInfo> {
    let round = pallet_gradients::Rounds::<Runtime>::get(id)?;
    Some(RoundInfo { id, round })
}

fn submissions(
    list: Vec<(SubmissionId, pallet_gradients::SubmissionOf<Runtime>)>,
) -> Vec<SubmissionInfo> {
    list.into_iter()
        .map(|(id, submission)| SubmissionInfo { id, submission })
        .collect()
}

/// See `SonarApi::submissions_in`.
pub fn submissions_in(round: RoundId, from: u32, limit: u32) -> Vec<SubmissionInfo> {
    submissions(Gradients::submissions_in(round, from, page(limit)))
}

/// See `SonarApi::submission`.
pub fn submission(id: SubmissionId) -> Option<SubmissionInfo> {
    let submission = pallet_gradients::Submissions::<Runtime>::get(id)?;
    Some(SubmissionInfo { id, submission })
}

/// See `SonarApi::submissions_of`.
pub fn submissions_of(account: AccountId, from: SubmissionId, limit: u32) -> Vec<SubmissionInfo> {
    submissions(Gradients::submissions_of(&account, from, page(limit)))
}

/// See `SonarApi::quote`.
pub fn quote(
    account: AccountId,
    root: ModelId,
    error: MeasuredError,
) -> Result<Quote, QuoteRefused> {
    let campaign = pallet_gradients::Models::<Runtime>::get(root)
        .ok_or(QuoteRefused::UnknownRoot)?
        .campaign;
    let commitment = Gradients::quote(&account, root)?;
    Ok(Quote {
        pays: Campaigns::quote(campaign, error).ok_or(QuoteRefused::UnknownCampaign)?,
        hold: commitment
            .deposit
            .saturating_add(commitment.part)
            .saturating_add(commitment.fee),
        deposit: commitment.deposit,
        part: commitment.part,
        fee: commitment.fee,
        accepted_up_to: commitment.accepted_up_to,
        best: commitment.best,
        round: commitment.round,
        closes: commitment.closes,
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
pub fn pending_assays(from: ModelId, limit: u32) -> Vec<AssayTask<BlockNumber>> {
    let mut tasks: Vec<_> = pallet_assays::Tasks::<Runtime>::iter_values()
        .filter(|task| task.id >= from)
        .collect();
    tasks.sort_unstable_by_key(|task| task.id);
    tasks.truncate(page(limit) as usize);
    tasks
}

/// See `SonarApi::admitted`.
pub fn admitted(id: CampaignId, after: Option<AccountId>, limit: u32) -> Vec<AccountId> {
    Campaigns::admitted(id, after, page(limit))
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
            needs_acceptance,
        } => CampaignEvent::Proposed {
            campaign,
            root,
            author,
            needs_acceptance,
        },
        E::ProposalTaken { campaign, root } => CampaignEvent::ProposalTaken { campaign, root },
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
        E::Admitted { campaign, account } => CampaignEvent::Admitted { campaign, account },
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
        E::RoundOpened {
            campaign,
            round,
            root,
            closes,
            reveals_end,
        } => CampaignEvent::RoundOpened {
            campaign,
            round,
            root,
            closes,
            reveals_end,
        },
        E::Committed {
            campaign,
            submission,
            round,
            base,
            account,
            hold,
            fee,
        } => CampaignEvent::Committed {
            campaign,
            submission,
            round,
            base,
            account,
            hold,
            fee,
        },
        E::ProposalCommitted {
            campaign,
            submission,
            account,
            hold,
            reveal_by,
        } => CampaignEvent::ProposalCommitted {
            campaign,
            submission,
            account,
            hold,
            reveal_by,
        },
        E::Revealed {
            campaign,
            submission,
            round,
            gradient,
        } => CampaignEvent::Revealed {
            campaign,
            submission,
            round,
            gradient,
        },
        E::RoundClosed {
            campaign,
            round,
            reveals,
        } => CampaignEvent::RoundClosed {
            campaign,
            round,
            reveals,
        },
        E::RoundAccepted {
            campaign,
            round,
            root,
            error,
            former_record,
            contributors,
        } => CampaignEvent::RoundAccepted {
            campaign,
            round,
            root,
            error,
            former_record,
            contributors: contributors.into_inner(),
        },
        E::RoundEnded {
            campaign,
            round,
            state,
        } => CampaignEvent::RoundEnded {
            campaign,
            round,
            state,
        },
        E::Malformed {
            campaign,
            submission,
        } => CampaignEvent::Malformed {
            campaign,
            submission,
        },
        E::DepositLost {
            campaign,
            submission,
            account,
            amount,
        } => CampaignEvent::DepositLost {
            campaign,
            submission,
            account,
            amount,
        },
        E::Returned {
            campaign,
            submission,
        } => CampaignEvent::Returned {
            campaign,
            submission,
        },
        E::ModelStored { campaign, model } => CampaignEvent::ModelStored { campaign, model },
        E::AssayPaid { campaign, amount } => CampaignEvent::AssayPaid { campaign, amount },
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
