//! Models to start from: adding one to a campaign, and what becomes of it.

use crate::{
    schedule, CampaignOf, Campaigns, Config, Error, Event, HoldReason, Pallet, ProposalFor,
    Proposals, ProposalsOf, TermsFor, TermsOf,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult},
    traits::{fungible::MutateHold, tokens::Precision},
    BoundedVec,
};
use frame_system::Pallet as System;
use sonar_primitives::{
    assay::AssayKind,
    campaign::{InitialModel, Proposal, ProposalState, Rejected, State},
    submission::proposal_hash,
    traits::{AssayQueue, Blobs, ModelTree, Payouts},
    Balance, CampaignId, Hash, MeasuredError, ModelId,
};
use sp_runtime::traits::{One, Saturating};

/// The proposals of a campaign.
type ListOf<T> = BoundedVec<ModelId, <T as Config>::MaxProposals>;

/// What an assay of a model is bound to.
pub(crate) fn subject(model: &InitialModel) -> Hash {
    proposal_hash(&model.architecture, model.parameters)
}

impl<T: Config> Pallet<T> {
    /// Adds a revealed model, whose parameters are stored and pinned, to an open campaign.
    pub(crate) fn do_propose(
        id: CampaignId,
        author: &T::AccountId,
        model: InitialModel,
    ) -> Result<ModelId, DispatchError> {
        let campaign = Self::open_campaign(id)?;
        let terms = TermsOf::<T>::get(id).ok_or(Error::<T>::UnknownCampaign)?;
        Self::may_propose(&campaign, &terms, author)?;
        let price = Self::assay_price(&terms, &model)?;
        let mut proposals = ProposalsOf::<T>::get(id);
        Self::check_new(&proposals, &model)?;
        if let Some(rejected) = Self::room_among(&proposals)? {
            Proposals::<T>::remove(proposals.remove(rejected));
            ProposalsOf::<T>::insert(id, proposals);
        }

        let needs_acceptance = *author != campaign.owner;
        let root = Self::add(id, author.clone(), model, price)?;
        if !needs_acceptance {
            Self::request_assay(root)?;
        }
        Self::deposit_event(Event::Proposed {
            campaign: id,
            root,
            author: author.clone(),
            needs_acceptance,
        });
        Ok(root)
    }

    /// Has a proposal measured that its owner did not make.
    pub(crate) fn do_accept_proposal(owner: T::AccountId, root: ModelId) -> DispatchResult {
        let campaign = Self::offered(&owner, root)?.campaign;
        Self::open_campaign(campaign)?;
        Self::request_assay(root)?;
        Self::deposit_event(Event::ProposalTaken { campaign, root });
        Ok(())
    }

    /// Refuses a proposal that its owner did not make.
    pub(crate) fn do_reject_proposal(owner: T::AccountId, root: ModelId) -> DispatchResult {
        let proposal = Self::offered(&owner, root)?;
        Self::reject(root, proposal, Rejected::Cancelled)
    }

    /// A proposal that waits for the acceptance of `owner`.
    fn offered(owner: &T::AccountId, root: ModelId) -> Result<ProposalFor<T>, DispatchError> {
        let proposal = Proposals::<T>::get(root).ok_or(Error::<T>::UnknownProposal)?;
        Self::owned(proposal.campaign, owner)?;
        ensure!(
            proposal.state == ProposalState::Offered,
            Error::<T>::NotOffered
        );
        Ok(proposal)
    }

    /// Checks that an account may add proposals to a campaign.
    pub(crate) fn may_propose(
        campaign: &CampaignOf<T>,
        terms: &TermsFor<T>,
        author: &T::AccountId,
    ) -> Result<(), Error<T>> {
        ensure!(
            *author == campaign.owner || terms.open_proposals,
            Error::<T>::ProposalsClosed
        );
        Ok(())
    }

    /// Checks that no other proposal has this architecture: who has better parameters for it commits
    /// to a gradient.
    fn check_new(proposals: &ListOf<T>, model: &InitialModel) -> Result<(), Error<T>> {
        let is_there = proposals
            .iter()
            .filter_map(Proposals::<T>::get)
            .any(|other| {
                !matches!(other.state, ProposalState::Rejected(_))
                    && other.model.architecture == model.architecture
            });
        ensure!(!is_there, Error::<T>::AlreadyProposed);
        Ok(())
    }

    /// Checks that there is room for one more proposal. If the list is full, says where the oldest
    /// one is that was rejected, and can be forgotten: nobody can fill a campaign up with proposals
    /// that fail.
    pub(crate) fn room_among(proposals: &ListOf<T>) -> Result<Option<usize>, Error<T>> {
        if !proposals.is_full() {
            return Ok(None);
        }
        let rejected = |root| {
            Proposals::<T>::get(root)
                .is_none_or(|proposal| matches!(proposal.state, ProposalState::Rejected(_)))
        };
        let oldest = proposals.iter().position(rejected);
        Ok(Some(oldest.ok_or(Error::<T>::TooManyProposals)?))
    }

    /// Enters a proposal, and holds the price of its assay from its author.
    pub(crate) fn add(
        id: CampaignId,
        author: T::AccountId,
        model: InitialModel,
        price: Balance,
    ) -> Result<ModelId, DispatchError> {
        T::Currency::hold(&HoldReason::Proposal.into(), &author, price)?;
        let root = T::Tree::allocate();
        ProposalsOf::<T>::try_append(id, root).map_err(|()| Error::<T>::TooManyProposals)?;
        Proposals::<T>::insert(
            root,
            Proposal {
                campaign: id,
                author,
                model,
                assay_price: price,
                deposit: price,
                state: ProposalState::Offered,
            },
        );
        Ok(root)
    }

    /// Asks the assayers to measure a proposal.
    pub(crate) fn request_assay(root: ModelId) -> DispatchResult {
        let mut proposal = Proposals::<T>::get(root).ok_or(Error::<T>::UnknownProposal)?;
        T::Assays::request(
            root,
            proposal.campaign,
            AssayKind::Root,
            subject(&proposal.model),
        )?;
        proposal.state = ProposalState::Pending;
        Proposals::<T>::insert(root, proposal);
        Ok(())
    }

    /// A measured proposal becomes a root of the model tree, and the first one opens its campaign.
    pub(crate) fn accept(
        root: ModelId,
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
        if campaign.root != root {
            Self::deposit_event(Event::ProposalAccepted {
                campaign: id,
                root,
                error,
            });
            return Ok(());
        }
        campaign.state = State::Open;
        campaign.start = Some(error);
        // The assay may have outlived the deadline; the past is never due.
        let tomorrow = System::<T>::block_number().saturating_add(One::one());
        let due = campaign.rules.deadline.saturating_add(One::one());
        schedule::<T>(due.max(tomorrow), id);
        Campaigns::<T>::insert(id, campaign);
        Self::deposit_event(Event::Opened {
            campaign: id,
            start: error,
        });
        Ok(())
    }

    /// A proposal fails: what is still held for it goes back to its author, its parameters are no
    /// longer needed, and if it is the first one, so does its campaign.
    pub(crate) fn reject(
        root: ModelId,
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
        if campaign.root != root {
            Self::deposit_event(Event::ProposalRejected {
                campaign: id,
                root,
                reason,
            });
            return Ok(());
        }
        campaign.state = State::Rejected {
            reason,
            at: System::<T>::block_number(),
        };
        // There is no record: everything is refunded.
        T::Payouts::settle(&Self::settlement(id, &campaign), &[], true)?;
        Campaigns::<T>::insert(id, campaign);
        Self::deposit_event(Event::Rejected {
            campaign: id,
            reason,
        });
        Ok(())
    }

    /// Withdraws the proposals that still wait, for acceptance or for their assay: what is planted in a
    /// campaign that closes could never be built on.
    pub(crate) fn withdraw_proposals(id: CampaignId) -> DispatchResult {
        for root in ProposalsOf::<T>::get(id) {
            let Some(proposal) = Proposals::<T>::get(root) else {
                continue;
            };
            match proposal.state {
                ProposalState::Offered => Self::reject(root, proposal, Rejected::Cancelled)?,
                ProposalState::Pending => Self::withdraw(root, proposal)?,
                ProposalState::Accepted { .. } | ProposalState::Rejected(_) => {}
            }
        }
        Ok(())
    }
}
