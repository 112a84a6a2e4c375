//! How rounds and the campaign end: verdicts, what they cost, and the settlement.

use super::{account, World, BLOB_DEPOSIT, BOUNTY, CAMPAIGN, ROOT};
use sonar_primitives::{
    api::EntitlementInfo,
    campaign::State,
    payout::{divide_by_shares, PayoutRule},
    round::{part, surcharge, Round, RoundState},
    submission::{SubmissionKind, SubmissionState},
    tree::{Contributor, ModelOrigin},
    AccountId, Balance, RoundId, SubmissionId,
};
use std::collections::BTreeMap;
use syft::{
    round::{measure_round, RoundRules},
    Gradient, Parameters,
};

impl World {
    pub(super) fn advance(&mut self, id: RoundId) {
        let round = self.rounds[&id].clone();
        match round.state {
            RoundState::Assaying => self.judge(id),
            RoundState::Pending if self.now >= round.closes => {
                let ended = self.now >= round.reveals_end;
                if !ended && round.reveals < round.commitments {
                    return;
                }
                for one in self.in_round(id) {
                    if self.submissions[&one].state == SubmissionState::Committed {
                        self.decide(one, SubmissionState::NotRevealed, None);
                    }
                }
                self.rounds.get_mut(&id).unwrap().state = match round.reveals {
                    0 => RoundState::Empty,
                    _ => RoundState::Assaying,
                };
            }
            _ => {}
        }
    }

    pub(super) fn judge(&mut self, id: RoundId) {
        let Round {
            root,
            price,
            seats,
            reveals,
            ..
        } = self.rounds[&id].clone();
        let architecture = self.architectures[&root].clone();
        let charge = part(price, reveals, seats);
        let mut members = Vec::new();
        let mut points = Vec::new();
        for one in self.in_round(id) {
            let submission = &self.submissions[&one];
            let SubmissionState::Revealed { gradient } = submission.state else {
                continue;
            };
            let SubmissionKind::Gradient { base, .. } = submission.kind else {
                unreachable!("there are no proposals")
            };
            let decoded = Gradient::decode(&architecture, &self.blobs[&gradient]).unwrap();
            match decoded.apply(&self.models[&base].1) {
                Ok(point) => {
                    members.push((one, base, gradient));
                    points.push(point);
                }
                Err(_) => self.decide(one, SubmissionState::Malformed, Some(charge)),
            }
        }
        let (best, best_parameters) = self.best_of(root);
        let rules = RoundRules {
            best_error: self.models[&best].0.error,
            target: self.terms.target_error,
            minimum_step: self.terms.minimum_step,
            seats,
        };
        let set = syft::ValidationSet::new(&self.validation);
        let points: Vec<&Parameters> = points.iter().collect();
        let measured = measure_round(
            &set,
            &architecture,
            self.terms.metric,
            &best_parameters,
            &points,
            &rules,
        );
        let mut contributors = Vec::new();
        let decided = measured.unwrap();
        for (place, (one, base, gradient)) in members.into_iter().enumerate() {
            let place = place as u32;
            let decision = decided.as_ref().map(|(decision, _)| decision);
            let seat = decision.and_then(|decision| {
                let mut seats = decision.seats.iter();
                seats.find(|seat| seat.member == place)
            });
            let share = seat.map_or(0, |seat| seat.share);
            let in_best_set = decision.is_some_and(|decision| decision.best_set.contains(&place));
            if share == 0 && !in_best_set {
                self.decide(one, SubmissionState::NotContributed, Some(charge));
                continue;
            }
            let account = self.submissions[&one].account.clone();
            contributors.push(Contributor {
                submission: one,
                account: account.clone(),
                base,
                gradient,
                share,
                in_best_set,
            });
            self.decide(
                one,
                SubmissionState::Contributed { model: id, share },
                Some(charge),
            );
            if in_best_set {
                // It stays.
                *self.blobs_held.entry(account.clone()).or_default() += 1;
                self.take(&account, BLOB_DEPOSIT).unwrap();
            }
        }
        let state = match decided {
            Some((decision, parameters)) => {
                let (error, with_best) = (decision.error, decision.with_best);
                self.add_model(id, root, error, with_best, contributors, parameters);
                RoundState::Accepted
            }
            None => RoundState::NotImproved,
        };
        self.rounds.get_mut(&id).unwrap().state = state;
    }

    /// Nothing is judged any more: everything goes back.
    pub(super) fn dissolve(&mut self) {
        let open: Vec<RoundId> = self
            .rounds
            .iter()
            .filter(|(_, round)| !round.state.is_decided())
            .map(|(id, _)| *id)
            .collect();
        for id in open {
            for one in self.in_round(id) {
                if self.submissions[&one].state.is_pending() {
                    self.decide(one, SubmissionState::Returned, Some(0));
                }
            }
            self.rounds.get_mut(&id).unwrap().state = RoundState::Dissolved;
        }
    }

    /// Ends a submission that pays `charge`, times its surcharge, for the assay; `None`: it loses all that is held.
    pub(super) fn decide(
        &mut self,
        id: SubmissionId,
        state: SubmissionState,
        charge: Option<Balance>,
    ) {
        let submission = self.submissions.get_mut(&id).unwrap();
        let former = std::mem::replace(&mut submission.state, state);
        let SubmissionKind::Gradient { place, .. } = submission.kind else {
            unreachable!("there are no proposals")
        };
        let who = submission.account.clone();
        let held = submission.deposit + submission.part;
        let paid = charge.map_or(held, |charge| charge * surcharge(place.into()));
        let blob = match former {
            SubmissionState::Revealed { .. } => BLOB_DEPOSIT,
            _ => 0,
        };
        *self.paid.entry(who.clone()).or_default() += paid;
        self.pay(&who, held - paid + blob);
    }

    pub(super) fn settle(&mut self) {
        let rule = self.payout_rule();
        let mut earned: BTreeMap<AccountId, Balance> = BTreeMap::new();
        for (model, _) in self.models.values() {
            let (Some(former), ModelOrigin::Merged { contributors, .. }) =
                (model.former_record, &model.origin)
            else {
                continue;
            };
            let pays = rule.step_pays(former, model.error);
            let shares: Vec<u128> = contributors.iter().map(|one| one.share).collect();
            for (one, amount) in contributors.iter().zip(divide_by_shares(pays, &shares)) {
                *earned.entry(one.account.clone()).or_default() += amount;
            }
        }
        earned.retain(|_, amount| *amount > 0);
        let refund = BOUNTY - earned.values().sum::<Balance>();
        self.entitlements = earned
            .into_iter()
            .map(|(account, earned)| (account, earned, 0))
            .chain([(account(0), 0, refund)])
            .map(|(account, earned, refund)| EntitlementInfo {
                campaign: CAMPAIGN,
                account,
                earned,
                expertise: 0,
                refund,
                claimed: false,
            })
            .collect();
        self.state = State::Settled { at: self.now };
    }

    pub(super) fn payout_rule(&self) -> PayoutRule {
        PayoutRule {
            bounty: BOUNTY,
            start: self.models[&ROOT].0.error,
            target: self.terms.target_error,
            steepness: self.terms.rounds.steepness,
        }
    }
}
