//! What can be asked.

use super::{
    account, World, BLOB_DEPOSIT, BOUNTY, CAMPAIGN, DEPOSIT, FUNDS, MAX_COMMITMENTS, PRICE, ROOT,
};
use sonar_primitives::{
    api::{
        CampaignInfo, CampaignSummary, ModelInfo, ProposalInfo, Quote, QuoteRefused, SponsorInfo,
    },
    campaign::{InitialModel, Members, ProposalState, State},
    round::{closes, largest_part, surcharge},
    AccountId, Balance, MeasuredError, ModelId, RoundId,
};
use syft::Parameters;

impl World {
    /// The record and the model that set it.
    pub fn best(&self) -> (MeasuredError, ModelId) {
        let models = self.models.iter();
        models
            .map(|(id, (model, _))| (model.error, *id))
            .min()
            .unwrap()
    }

    /// A branch's best model.
    pub fn best_of(&self, root: ModelId) -> (ModelId, Parameters) {
        let mut models = self.models.iter().rev();
        let best = models.find(|(_, (model, _))| model.root == root).unwrap();
        (*best.0, best.1 .1.clone())
    }

    /// The records, from the start on.
    pub fn records(&self) -> Vec<MeasuredError> {
        let start = self.models[&ROOT].0.error;
        let models = self.models.values();
        let records = models.filter(|(model, _)| model.former_record.is_some());
        [start]
            .into_iter()
            .chain(records.map(|(model, _)| model.error))
            .collect()
    }

    pub fn balance(&self, who: &AccountId) -> Balance {
        self.balances.get(who).copied().unwrap_or(FUNDS)
    }

    /// What an account should have, if it has received so much from the campaign.
    pub fn expected_balance(&self, who: &AccountId, received: Balance) -> Balance {
        let paid = self.paid.get(who).copied().unwrap_or(0);
        let blobs = self.blobs_held.get(who).copied().unwrap_or(0);
        FUNDS + received - paid - BLOB_DEPOSIT * Balance::from(blobs)
    }

    /// Whether something waits for a block.
    pub fn has_pending(&self) -> bool {
        let mut rounds = self.rounds.values();
        rounds.any(|round| !round.state.is_decided())
    }

    pub fn summary(&self) -> CampaignSummary {
        CampaignSummary {
            id: CAMPAIGN,
            title: self.terms.title.clone(),
            owner: account(0),
            state: self.state,
            bounty: BOUNTY,
            metric: self.terms.metric,
            start: self.models[&ROOT].0.error,
            best: self.best().0,
            target: self.terms.target_error,
            deadline: self.terms.deadline,
            accepted: (self.models.len() - self.architectures.len()) as u32,
            pending: 0,
        }
    }

    pub fn info(&self) -> CampaignInfo {
        let proposals = self.architectures.iter();
        CampaignInfo {
            summary: self.summary(),
            terms: self.terms.clone(),
            proposals: proposals
                .map(|(root, architecture)| ProposalInfo {
                    root: *root,
                    author: account(0),
                    model: InitialModel {
                        architecture: architecture.clone(),
                        parameters: self.models[root].0.parameters,
                    },
                    assay_price: PRICE,
                    state: ProposalState::Accepted {
                        error: self.models[root].0.error,
                    },
                })
                .collect(),
            sponsors: vec![SponsorInfo {
                account: account(0),
                contribution: BOUNTY,
            }],
            escrow: account(255),
            best: Some(self.best().1),
        }
    }

    pub fn tree(&self) -> Vec<ModelInfo> {
        let models = self.models.iter();
        models
            .map(|(id, (model, _))| ModelInfo {
                id: *id,
                model: model.clone(),
            })
            .collect()
    }

    /// The round of a branch that takes commitments in this block.
    pub fn open_round(&self, root: ModelId) -> Option<RoundId> {
        let mut rounds = self.rounds.iter();
        rounds
            .find(|(_, round)| round.root == root && self.now < round.closes)
            .map(|(id, _)| *id)
    }

    /// The part that is held for the next commitment of a round that has so many.
    pub fn part_after(&self, commitments: u32) -> Balance {
        largest_part(PRICE, MAX_COMMITMENTS, self.terms.rounds.seats) * surcharge(commitments)
    }

    pub fn quote(
        &self,
        who: &AccountId,
        root: ModelId,
        error: MeasuredError,
    ) -> Result<Quote, QuoteRefused> {
        let member = self.terms.members == Members::Everybody || self.admitted.contains(who);
        if self.state != State::Open || !member {
            return Err(QuoteRefused::NotOpen);
        }
        if !self.architectures.contains_key(&root) {
            return Err(QuoteRefused::UnknownRoot);
        }
        let round = self.open_round(root);
        let commitments = round.map_or(0, |id| self.rounds[&id].commitments);
        if commitments == MAX_COMMITMENTS {
            return Err(QuoteRefused::RoundFull);
        }
        let (best, _) = self.best_of(root);
        let part = self.part_after(commitments);
        let opens = closes(
            self.now + 1,
            self.terms.rounds.round_blocks,
            self.terms.deadline,
        );
        Ok(Quote {
            pays: self.payout_rule().step_pays(self.best().0, error),
            hold: DEPOSIT + part,
            deposit: DEPOSIT,
            part,
            fee: 0,
            accepted_up_to: self.models[&best]
                .0
                .error
                .checked_sub(self.terms.minimum_step),
            best,
            round,
            closes: round.map_or(opens, |id| self.rounds[&id].closes),
        })
    }
}
