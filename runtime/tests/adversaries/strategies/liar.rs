use super::Adversary;
use crate::{game::Game, game::ADVERSARY, person::Account, task::Task};
use sonar_primitives::campaign::Terms;
use sonar_runtime::{Balance, BlockNumber, Runtime, RuntimeCall};

/// What an owner lies about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Liar {
    /// Attack: claims that the initial model is better than it is, so that steps seem to be dear.
    FalseClaim,
    /// Attack: claims that it is worse: the target is reached already, and others are to pay for it.
    AtTarget,
    /// Attack: has miners commit, and cancels.
    Cancels,
}

impl Adversary for Liar {
    fn owns_the_campaign(&self) -> bool {
        true
    }

    fn terms(&mut self, task: &Task, terms: &mut Terms<Balance, BlockNumber>) {
        match self {
            Self::FalseClaim => {
                terms.starting_error = (task.start - task.start / 4).max(2);
                terms.target_error = terms.starting_error / 2;
            }
            Self::AtTarget => {
                terms.target_error = task.start;
                let worst = task.metric.worst();
                terms.starting_error = (task.start + task.start / 2 + 1_000).min(worst);
            }
            Self::Cancels => return,
        }
        terms.minimum_step = (terms.starting_error - terms.target_error) / 100 + 1;
    }

    fn act(&mut self, game: &mut Game) {
        let committed = pallet_gradients::NextSubmission::<Runtime>::get() > 0;
        if *self == Self::Cancels && committed && game.is_open() {
            let campaign = game.campaign;
            let _ = game.chain.submit(
                &Account::new(ADVERSARY),
                RuntimeCall::Campaigns(pallet_campaigns::Call::cancel { campaign }),
            );
        }
    }
}
