//! Models to start from: adding one to an open campaign, and what becomes of it.

use crate::{
    schedule, Campaigns, Config, Error, Event, HoldReason, Pallet, ProposalFor, Proposals,
    ProposalsOf, TermsOf,
};
use frame_support::{
    ensure,
    pallet_prelude::DispatchResult,
    traits::{fungible::MutateHold, tokens::Precision},
    BoundedVec,
};
use frame_system::Pallet as System;
use sonar_primitives::{
    assay::AssayKind,
    campaign::{Model, Proposal, ProposalState, Rejected, State},
    reputation::Deed,
    traits::{AssayQueue, Blobs, ModelTree, Reputations},
    CampaignId, MeasuredError, NodeId,
};
use sp_runtime::traits::{One, Saturating};

impl<T: Config> Pallet<T> {
    /// Adds a model to an open campaign and asks for its assay, whose price is held from `author`.
    pub(crate) fn do_propose(author: T::AccountId, id: CampaignId, model: Model) -> DispatchResult {
        let campaign = Self::open_campaign(id)?;
        let terms = TermsOf::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        ensure!(
            author == campaign.owner || terms.open_proposals,
            Error::<T>::ProposalsClosed
        );
        let price = Self::assay_price(&terms, &model)?;
        let mut proposals = ProposalsOf::<T>::get(id);
        Self::make_room(&mut proposals, &model)?;

        T::Blobs::pin(model.parameters)?;
        T::Currency::hold(&HoldReason::Proposal.into(), &author, price)?;
        let root = T::Tree::allocate();
        T::Assays::request(root, id, author.clone(), model.parameters, AssayKind::Root)?;
        proposals
            .try_push(root)
            .map_err(|_| Error::<T>::TooManyProposals)?;
        ProposalsOf::<T>::insert(id, proposals);
        Proposals::<T>::insert(
            root,
            Proposal {
                campaign: id,
                author: author.clone(),
                model,
                assay_price: price,
                deposit: price,
                state: ProposalState::Pending,
            },
        );
        Self::deposit_event(Event::Proposed {
            campaign: id,
            root,
            author,
        });
        Ok(())
    }

    /// Refuses a model that is there already. If the list is full, forgets the oldest proposal that
    /// was rejected: nobody can fill a campaign up with proposals that fail.
    fn make_room(
        proposals: &mut BoundedVec<NodeId, T::MaxProposals>,
        model: &Model,
    ) -> DispatchResult {
        let mut rejected = None;
        for (index, root) in proposals.iter().enumerate() {
            let Some(proposal) = Proposals::<T>::get(root) else {
                continue;
            };
            if matches!(proposal.state, ProposalState::Rejected(_)) {
                rejected = rejected.or(Some(index));
            } else {
                ensure!(
                    proposal.model.parameters != model.parameters,
                    Error::<T>::AlreadyProposed
                );
            }
        }
        if proposals.is_full() {
            let index = rejected.ok_or(Error::<T>::TooManyProposals)?;
            Proposals::<T>::remove(proposals.remove(index));
        }
        Ok(())
    }

    /// A proposal's claim holds: it becomes a root of the model tree, and the first one opens its
    /// campaign.
    pub(crate) fn accept(
        root: NodeId,
        mut proposal: ProposalFor<T>,
        error: MeasuredError,
    ) -> DispatchResult {
        let id = proposal.campaign;
        let mut campaign = Campaigns::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        T::Tree::plant(
            id,
            root,
            proposal.author.clone(),
            proposal.model.parameters,
            error,
        );
        proposal.state = ProposalState::Accepted { error };
        Proposals::<T>::insert(root, proposal);
        campaign.best = Some(campaign.best.map_or(error, |best| best.min(error)));
        if campaign.root == root {
            campaign.state = State::Open;
            campaign.start = Some(error);
            // The assay may have outlived the deadline; the past is never due.
            let tomorrow = System::<T>::block_number().saturating_add(One::one());
            let due = campaign.rules.deadline.saturating_add(One::one());
            schedule::<T>(due.max(tomorrow), id);
            T::Reputations::note(&campaign.owner, Deed::Sponsored);
            Self::deposit_event(Event::Opened {
                campaign: id,
                start: error,
            });
        } else {
            Self::deposit_event(Event::ProposalAccepted {
                campaign: id,
                root,
                error,
            });
        }
        Campaigns::<T>::insert(id, campaign);
        Ok(())
    }

    /// A proposal fails: what is still held for it goes back to its author, its parameters are no
    /// longer needed, and if it is the first one, so does its campaign.
    pub(crate) fn reject(
        root: NodeId,
        mut proposal: ProposalFor<T>,
        reason: Rejected,
    ) -> DispatchResult {
        let id = proposal.campaign;
        if proposal.deposit > 0 {
            T::Currency::release(
                &HoldReason::Proposal.into(),
                &proposal.author,
                proposal.deposit,
                Precision::Exact,
            )?;
            proposal.deposit = 0;
        }
        T::Blobs::unpin(proposal.model.parameters);
        proposal.state = ProposalState::Rejected(reason);
        Proposals::<T>::insert(root, proposal);

        let mut campaign = Campaigns::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        if campaign.root == root {
            campaign.state = State::Rejected {
                reason,
                at: System::<T>::block_number(),
            };
            Self::hand_over(id, &mut campaign, None)?;
            Campaigns::<T>::insert(id, campaign);
            Self::deposit_event(Event::Rejected {
                campaign: id,
                reason,
            });
        } else {
            Self::deposit_event(Event::ProposalRejected {
                campaign: id,
                root,
                reason,
            });
        }
        Ok(())
    }

    /// Withdraws the proposals that are still pending: what is planted in a campaign that closes
    /// could never be built on.
    pub(crate) fn withdraw_proposals(id: CampaignId) -> DispatchResult {
        for root in ProposalsOf::<T>::get(id) {
            let Some(proposal) = Proposals::<T>::get(root) else {
                continue;
            };
            if proposal.state == ProposalState::Pending {
                Self::withdraw(root, proposal)?;
            }
        }
        Ok(())
    }
}
