//! What must hold after every game, and who ends with what.

use crate::{
    game::Outcome, honest::MAX_SURCHARGE, ledger::burned, person::ENDOWMENT, splitting::share,
};
use sonar_primitives::{
    campaign::{Closed, State},
    payout::{divide_by_shares, PayoutRule},
    round::{part, surcharge},
    submission::{SubmissionKind, SubmissionState},
    CampaignId, RoundId,
};
use sonar_runtime::{AccountId, Balance, Balances, Runtime, RuntimeEvent, System, SNR};
use std::collections::BTreeMap;

type Amounts = BTreeMap<AccountId, Balance>;

/// Who ends with what, in the smallest unit.
#[derive(Clone, Copy, Default)]
pub struct Figures {
    pub games: u32,
    /// What the adversary has more (or, negative, less) than at the beginning, all accounts together.
    pub profit: i128,
    /// What he earned with gradients.
    pub earned: Balance,
    /// What all earned with gradients, and what they could have.
    pub paid: Balance,
    pub bounty: Balance,
    /// The same of the honest miners, and what they have lost in rounds that did not earn their part.
    pub honest_profit: i128,
    pub honest_earned: Balance,
    pub lost_parts: Balance,
    /// How many games reached the target, and in how many blocks the games were over.
    pub at_target: u32,
    pub blocks: u32,
    /// The greatest part of a round that was the adversary's, in per cent.
    pub most: f64,
}

impl Figures {
    pub fn add(&mut self, other: Self) {
        self.games += other.games;
        self.profit += other.profit;
        self.earned += other.earned;
        self.paid += other.paid;
        self.bounty += other.bounty;
        self.honest_profit += other.honest_profit;
        self.honest_earned += other.honest_earned;
        self.lost_parts += other.lost_parts;
        self.at_target += other.at_target;
        self.blocks += other.blocks;
        self.most = self.most.max(other.most);
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let snr = |amount: i128| amount as f64 / SNR as f64;
        write!(
            f,
            "{} games, {} at target, {} blocks; bounty {:.3}, earned {:.3}; adversary: profit {:.6}, earned {:.3}, at most {:.1} % of a round; \
             honest: profit {:.3}, earned {:.3}, parts lost {:.3}",
            self.games,
            self.at_target,
            self.blocks,
            snr(self.bounty as i128),
            snr(self.paid as i128),
            snr(self.profit),
            snr(self.earned as i128),
            self.most,
            snr(self.honest_profit),
            snr(self.honest_earned as i128),
            snr(self.lost_parts as i128),
        )
    }
}

impl Outcome {
    /// Checks what must hold whatever the adversary does.
    pub fn check(&self) -> Figures {
        let burned = burned(&self.events);
        let all: Balance = burned.values().sum();
        assert_eq!(
            Balances::total_issuance() + all,
            self.issued,
            "only fees are burned"
        );
        let taken = self.taken();
        self.accounts_follow_from_events(&burned, &taken);
        let mut worth = Amounts::new();
        let mut by_round = BTreeMap::new();
        for campaign in 0..pallet_campaigns::NextCampaign::<Runtime>::get() {
            steps_are_paid(campaign, &mut worth, &mut by_round);
        }
        self.errors_are_true();
        let closed = self.ends_as_it_should();
        let lost_parts = self.honest_lose_no_more_than_they_must(&burned, &taken, &by_round);

        let earned = |of: &[AccountId]| -> Balance {
            of.iter()
                .flat_map(|who| {
                    (0..pallet_campaigns::NextCampaign::<Runtime>::get()).map(move |campaign| {
                        pallet_payouts::Entitlements::<Runtime>::get(campaign, who)
                            .map_or(0, |given| given.earned)
                    })
                })
                .sum()
        };
        let rule = rule(self.game.campaign);
        Figures {
            games: 1,
            profit: self.profit(&self.adversary),
            earned: earned(&self.adversary),
            paid: earned(&self.adversary) + earned(&self.honest),
            bounty: rule.map_or(0, |rule| rule.bounty),
            honest_profit: self.profit(&self.honest),
            honest_earned: earned(&self.honest),
            lost_parts,
            at_target: u32::from(closed == Some(Closed::TargetReached)),
            blocks: self.game.chain.now(),
            most: self.most_of_a_round(),
        }
    }

    /// The greatest part of a round of the campaign that was the adversary's, in per cent.
    fn most_of_a_round(&self) -> f64 {
        let measured = self.game.assayer.measured.iter();
        let rounds = measured.filter(|round| self.is_of_the_campaign(round.round));
        let parts = rounds.filter_map(|round| {
            let own = |at: usize| self.adversary.contains(&round.points[at].0);
            Some(100.0 * share(round.decision.as_ref()?, own))
        });
        parts.fold(0.0, f64::max)
    }

    /// Whether a round is one of the campaign that is played.
    pub fn is_of_the_campaign(&self, round: RoundId) -> bool {
        pallet_gradients::Rounds::<Runtime>::get(round)
            .is_some_and(|round| round.campaign == self.game.campaign)
    }

    /// What accounts have more than at the beginning, with the deposits of their campaigns.
    fn profit(&self, of: &[AccountId]) -> i128 {
        let deposits: Balance = pallet_campaigns::Campaigns::<Runtime>::iter_values()
            .filter(|campaign| of.contains(&campaign.owner))
            .map(|campaign| campaign.deposit)
            .sum();
        let end: Balance = of.iter().map(total).sum();
        (end + deposits) as i128 - (of.len() as u128 * ENDOWMENT) as i128
    }

    /// What was taken of what is held: parts, prices and lost deposits.
    fn taken(&self) -> Amounts {
        let mut taken = Amounts::new();
        for event in &self.events {
            if let RuntimeEvent::Balances(pallet_balances::Event::TransferOnHold {
                source,
                amount,
                ..
            }) = event
            {
                *taken.entry(source.clone()).or_default() += amount;
            }
        }
        taken
    }

    /// Everybody has what he had, less fees and what was taken of holds, and what he was sent.
    fn accounts_follow_from_events(&self, burned: &Amounts, taken: &Amounts) {
        let (mut sent, mut got) = (Amounts::new(), Amounts::new());
        for event in &self.events {
            if let RuntimeEvent::Balances(pallet_balances::Event::Transfer { from, to, amount }) =
                event
            {
                *sent.entry(from.clone()).or_default() += amount;
                *got.entry(to.clone()).or_default() += amount;
            }
        }
        let of = |amounts: &Amounts, who| amounts.get(who).copied().unwrap_or_default();
        let everybody = self.honest.iter().chain(&self.adversary);
        for who in everybody.chain([&self.game.owner.id]) {
            assert_eq!(
                total(who) + of(burned, who) + of(taken, who) + of(&sent, who),
                ENDOWMENT + of(&got, who),
                "{who:?}"
            );
        }
    }

    /// Every error on the branch is that of the model, measured by itself.
    fn errors_are_true(&self) {
        for (id, model) in pallet_gradients::Models::<Runtime>::iter() {
            if model.root == self.game.root {
                let parameters = self.game.assayer.model(model.parameters).unwrap();
                assert_eq!(self.game.task.error(&parameters), model.error, "model {id}");
            }
        }
    }

    /// The campaign goes on to its target or its deadline, unless its owner ends it.
    fn ends_as_it_should(&self) -> Option<Closed> {
        let closed = self.events.iter().find_map(|event| match event {
            RuntimeEvent::Campaigns(pallet_campaigns::Event::Closed { campaign, reason })
                if *campaign == self.game.campaign =>
            {
                Some(*reason)
            }
            _ => None,
        });
        let record = pallet_gradients::Models::<Runtime>::iter_values()
            .filter(|model| model.campaign == self.game.campaign)
            .map(|model| model.error)
            .min();
        let reached = record.is_some_and(|record| record <= self.game.terms.target_error);
        match (closed, self.game.state()) {
            (Some(Closed::TargetReached), State::Settled { .. }) => assert!(reached),
            (Some(Closed::DeadlinePassed), State::Settled { .. }) => {
                assert!(self.game.chain.now() > self.game.terms.deadline);
            }
            (Some(Closed::Cancelled), State::Settled { .. }) => {}
            (None, State::Rejected { .. }) => assert_eq!(record, None),
            (closed, state) => panic!("closed {closed:?}, but {state:?}"),
        }
        closed
    }

    /// An honest miner has paid fees, and in each round that was measured exactly an equal part; what he earned is his.
    /// Returns what the parts were more than what their rounds earned.
    fn honest_lose_no_more_than_they_must(
        &self,
        burned: &Amounts,
        taken: &Amounts,
        by_round: &BTreeMap<(RoundId, AccountId), Balance>,
    ) -> Balance {
        let mut all_lost = 0;
        for who in &self.honest {
            let (mut parts, mut lost) = (0, 0);
            for submission in pallet_gradients::Submissions::<Runtime>::iter_values() {
                let SubmissionKind::Gradient {
                    round: id, place, ..
                } = submission.kind
                else {
                    continue;
                };
                if submission.account != *who {
                    continue;
                }
                let round = pallet_gradients::Rounds::<Runtime>::get(id).unwrap();
                let surcharge = surcharge(place.into());
                let due = part(round.price, round.reveals, round.seats) * surcharge;
                match submission.state {
                    SubmissionState::Contributed { .. } | SubmissionState::NotContributed => {
                        assert!(surcharge <= MAX_SURCHARGE);
                        parts += due;
                        let earned = by_round.get(&(id, who.clone())).copied().unwrap_or(0);
                        lost += due.saturating_sub(earned);
                    }
                    SubmissionState::Returned => {}
                    state => panic!("an honest miner's gradient is {state:?}"),
                }
            }
            assert_eq!(taken.get(who).copied().unwrap_or(0), parts);
            let earned: Balance = by_round
                .iter()
                .filter(|((_, of), _)| of == who)
                .map(|(_, earned)| earned)
                .sum();
            let fees = burned.get(who).copied().unwrap_or(0);
            assert_eq!(total(who) + fees + parts, ENDOWMENT + earned);
            assert!(total(who) + fees + lost >= ENDOWMENT);
            // Fees, those for booking included, are small change.
            assert!(fees < SNR, "fees of {fees}");
            all_lost += lost;
        }
        all_lost
    }
}

fn total(who: &AccountId) -> Balance {
    let data = System::account(who).data;
    data.free + data.reserved
}

/// What the data part of a campaign is paid out by; `None` if it never opened.
pub fn rule(campaign: CampaignId) -> Option<PayoutRule> {
    let known = pallet_campaigns::Campaigns::<Runtime>::get(campaign)?;
    Some(PayoutRule {
        bounty: known.rules.split.parts(known.bounty).data,
        start: known.start?,
        target: known.rules.target,
        steepness: known.rules.rounds.steepness,
    })
}

/// Nobody has earned more, or less, than his shares of the steps of the record.
fn steps_are_paid(
    campaign: CampaignId,
    worth: &mut Amounts,
    by_round: &mut BTreeMap<(RoundId, AccountId), Balance>,
) {
    let mut earned = Amounts::new();
    if let Some(rule) = rule(campaign) {
        for (id, model) in pallet_gradients::Models::<Runtime>::iter() {
            let Some(former) = model.former_record.filter(|_| model.campaign == campaign) else {
                continue;
            };
            let pays = rule.step_pays(former, model.error);
            let shares: Vec<u128> = model.contributors().iter().map(|one| one.share).collect();
            let parts = divide_by_shares(pays, &shares);
            for (one, part) in model.contributors().iter().zip(parts) {
                let account = one.account.clone();
                *earned.entry(account.clone()).or_default() += part;
                *by_round.entry((id, account.clone())).or_default() += part;
                if one.share > 0 {
                    *worth.entry(account).or_default() += pays;
                }
            }
        }
    }
    let mut sum = 0;
    for (account, given) in sonar_runtime::Payouts::entitlements(campaign) {
        assert_eq!(given.earned, earned.remove(&account).unwrap_or(0));
        assert!(given.earned <= worth.get(&account).copied().unwrap_or(0));
        sum += given.total();
    }
    assert!(earned.values().all(|left| *left == 0), "{earned:?}");
    let bounty = pallet_campaigns::Campaigns::<Runtime>::get(campaign)
        .unwrap()
        .bounty;
    assert_eq!(sum, bounty, "the bounty is split, all of it");
}
