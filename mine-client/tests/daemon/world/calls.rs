//! What accounts can do.

use super::{account, World, BLOB_DEPOSIT, BOUNTY, CAMPAIGN, DEPOSIT, PRICE};
use mine_client::{branch::rounds_above_stored, chain::ChainError};
use sonar_primitives::{
    api::EntitlementInfo,
    campaign::State,
    round::{closes, Round, RoundState, MAX_ROUNDS_ABOVE_STORED},
    submission::{commitment, Salt, Submission, SubmissionKind, SubmissionState},
    AccountId, Balance, Hash, ModelId, RoundId, SubmissionId,
};
use syft::content_hash;

impl World {
    pub fn refuse<T>(&mut self, why: &str) -> Result<T, ChainError> {
        self.refused += 1;
        Err(ChainError::Refused(why.into()))
    }

    pub fn commit(
        &mut self,
        who: &AccountId,
        (root, base): (ModelId, ModelId),
        hash: Hash,
        max_hold: Balance,
    ) -> Result<(), ChainError> {
        let known = |one: &Submission<_, _, _>| one.commitment == hash && one.state.is_pending();
        if self.submissions.values().any(known) {
            return self.refuse("CommitmentReused");
        }
        if self.state != State::Open || self.now > self.terms.deadline {
            return self.refuse("NotOpen");
        }
        if self
            .models
            .get(&base)
            .is_none_or(|(model, _)| model.root != root)
        {
            return self.refuse("UnknownBase");
        }
        let tree = self.tree();
        let depth = |id| rounds_above_stored(&tree, id);
        if depth(base).max(depth(self.best_of(root).0)) > MAX_ROUNDS_ABOVE_STORED as usize {
            return self.refuse("StoreTheParametersFirst");
        }
        let hold = match self.quote(who, root, 0) {
            Ok(quote) => quote.hold,
            Err(refused) => return self.refuse(&format!("{refused:?}")),
        };
        if hold > max_hold {
            return self.refuse("HoldAboveMaximum");
        }
        let open = self.open_round(root);
        if let Some(round) = open {
            let own = self.in_round(round);
            if own.iter().any(|one| self.submissions[one].account == *who) {
                return self.refuse("AlreadyCommitted");
            }
        }
        self.take(who, hold)?;
        let id = open.unwrap_or_else(|| self.open(root));
        let round = self.rounds.get_mut(&id).unwrap();
        let place = round.commitments;
        round.commitments += 1;
        let submission = Submission {
            campaign: CAMPAIGN,
            account: who.clone(),
            commitment: hash,
            committed_at: self.now,
            kind: SubmissionKind::Gradient {
                round: id,
                place: place as u8,
                base,
            },
            deposit: DEPOSIT,
            part: hold - DEPOSIT,
            state: SubmissionState::Committed,
        };
        let number = self.new_submission();
        self.submissions.insert(number, submission);
        self.commits.push(hash);
        Ok(())
    }

    pub(super) fn open(&mut self, root: ModelId) -> RoundId {
        let terms = self.terms.rounds;
        let closes = closes(self.now, terms.round_blocks, self.terms.deadline);
        let round = Round {
            campaign: CAMPAIGN,
            root,
            opened_at: self.now,
            closes,
            reveals_end: closes + terms.reveal_window,
            price: PRICE,
            seats: terms.seats,
            commitments: 0,
            reveals: 0,
            state: RoundState::Pending,
        };
        let id = self.new_model();
        self.rounds.insert(id, round);
        id
    }

    /// Strangers commit to a branch, and will not reveal.
    pub fn strangers_commit(&mut self, root: ModelId, count: u8) {
        for number in 0..count {
            let (base, _) = self.best_of(root);
            let hash = Hash::repeat_byte(100 + number);
            let who = account(100 + number);
            self.pay(&who, BOUNTY);
            self.commit(&who, (root, base), hash, Balance::MAX).unwrap();
        }
    }

    pub fn reveal(
        &mut self,
        who: &AccountId,
        id: SubmissionId,
        salt: &Salt,
        gradient: Vec<u8>,
    ) -> Result<(), ChainError> {
        let submission = self.submissions[&id].clone();
        let SubmissionKind::Gradient { round, base, .. } = submission.kind else {
            unreachable!("there are no proposals")
        };
        let hash = content_hash(&gradient).into();
        let expected = commitment(who, CAMPAIGN, Some(base), hash, salt);
        let terms = &self.rounds[&round];
        if submission.state != SubmissionState::Committed
            || !(terms.closes..terms.reveals_end).contains(&self.now)
            || submission.account != *who
            || submission.commitment != expected
        {
            return self.refuse("reveal");
        }
        self.take(who, BLOB_DEPOSIT)?;
        self.rounds.get_mut(&round).unwrap().reveals += 1;
        let submission = self.submissions.get_mut(&id).unwrap();
        submission.state = SubmissionState::Revealed { gradient: hash };
        self.blobs.insert(hash, gradient);
        self.reveals.push(id);
        Ok(())
    }

    pub fn store_model(
        &mut self,
        who: &AccountId,
        id: ModelId,
        parameters: &[u8],
    ) -> Result<(), ChainError> {
        let model = &self.models[&id].0;
        if model.stored || model.parameters != content_hash(parameters).into() {
            return self.refuse("store_model");
        }
        self.take(who, BLOB_DEPOSIT)?;
        *self.blobs_held.entry(who.clone()).or_default() += 1;
        self.models.get_mut(&id).unwrap().0.stored = true;
        self.stored.push((who.clone(), id));
        Ok(())
    }

    pub fn claim(&mut self, who: &AccountId) -> Result<Balance, ChainError> {
        let due = |one: &&mut EntitlementInfo| one.account == *who && !one.claimed;
        let Some(entitlement) = self.entitlements.iter_mut().find(due) else {
            return self.refuse("NothingToClaim");
        };
        entitlement.claimed = true;
        let amount = entitlement.total();
        self.pay(who, amount);
        self.claims.push(who.clone());
        Ok(amount)
    }
}
