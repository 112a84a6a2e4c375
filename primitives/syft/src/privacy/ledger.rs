//! Keeping count of privacy.

use super::accountant::{epsilon, offset};
use super::{PrivacyError, SampledGaussian, MAX_ORDER};
use serde::{Deserialize, Serialize};

/// Different mechanisms that one ledger can hold.
pub const MAX_SPENDINGS: usize = 256;

/// How much may be learned about any one row: with probability 1 - `delta`, no one becomes surer of its presence by
/// more than a factor of `exp(epsilon)`.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Above 0; below 10 or so it means something, 1 is strong.
    pub epsilon: f64,
    /// Above 0 and below 1; it should be well below 1 / rows.
    pub delta: f64,
}

/// Steps of one mechanism.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spending {
    /// What each step does.
    pub mechanism: SampledGaussian,
    /// How many there are.
    pub steps: u64,
}

/// What has been spent of a budget on one set of rows. Stored as JSON, it outlives the runs that it counts.
///
/// Spend before a run and not after: what a run that fails has shown is spent too.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Form")]
pub struct Ledger {
    budget: Budget,
    spent: Vec<Spending>,
    /// The divergence of all that was spent, for the orders from 2 on.
    #[serde(skip_serializing)]
    curve: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    budget: Budget,
    spent: Vec<Spending>,
}

impl TryFrom<Form> for Ledger {
    type Error = PrivacyError;

    /// A ledger may have spent more than its budget, if it is read with a smaller one: then nothing is left.
    fn try_from(form: Form) -> Result<Self, PrivacyError> {
        if form.spent.len() > MAX_SPENDINGS {
            return Err(PrivacyError::TooManySpendings);
        }
        let mut ledger = Self::new(form.budget)?;
        for spending in form.spent {
            ledger.enter(spending)?;
        }
        Ok(ledger)
    }
}

impl Budget {
    /// Checks that both are in their ranges.
    ///
    /// # Errors
    ///
    /// [`PrivacyError::Budget`] if one is not.
    pub fn check(&self) -> Result<(), PrivacyError> {
        let fine =
            self.epsilon > 0.0 && self.epsilon.is_finite() && self.delta > 0.0 && self.delta < 1.0;
        match fine {
            true => Ok(()),
            false => Err(PrivacyError::Budget),
        }
    }
}

impl Ledger {
    /// Nothing spent yet.
    ///
    /// # Errors
    ///
    /// If the budget is out of range.
    pub fn new(budget: Budget) -> Result<Self, PrivacyError> {
        budget.check()?;
        Ok(Self {
            budget,
            spent: Vec::new(),
            curve: vec![0.0; MAX_ORDER as usize - 1],
        })
    }

    /// The budget.
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// What was spent, mechanism by mechanism.
    pub fn spent(&self) -> &[Spending] {
        &self.spent
    }

    /// The epsilon of everything that was spent, at the budget's delta.
    pub fn epsilon(&self) -> f64 {
        match self.spent.iter().all(|spending| spending.steps == 0) {
            true => 0.0,
            false => epsilon(self.curve.iter().copied(), self.budget.delta),
        }
    }

    /// How many steps of this mechanism the budget still allows.
    pub fn steps_left(&self, mechanism: &SampledGaussian) -> u64 {
        self.left(&mechanism.curve())
    }

    /// Enters steps that are about to be taken.
    ///
    /// # Errors
    ///
    /// If the budget does not allow them, or there are too many different mechanisms; the ledger stays as it was.
    pub fn spend(&mut self, spending: Spending) -> Result<(), PrivacyError> {
        let left = self.steps_left(&spending.mechanism);
        if spending.steps > left {
            return Err(PrivacyError::Exhausted { left });
        }
        self.enter(spending)
    }

    fn enter(&mut self, spending: Spending) -> Result<(), PrivacyError> {
        let same = |known: &&mut Spending| known.mechanism.is_about(&spending.mechanism);
        let full = self.spent.len() >= MAX_SPENDINGS;
        match self.spent.iter_mut().find(same) {
            Some(known) => known.steps = known.steps.saturating_add(spending.steps),
            None if full => return Err(PrivacyError::TooManySpendings),
            None => self.spent.push(spending),
        }
        for (sum, step) in self.curve.iter_mut().zip(spending.mechanism.curve()) {
            *sum += step * spending.steps as f64;
        }
        Ok(())
    }

    /// Steps of a mechanism with these divergences that are left: for every order what the budget leaves, divided by
    /// what a step takes; the order that allows most counts.
    fn left(&self, steps: &[f64]) -> u64 {
        let allowed = self
            .curve
            .iter()
            .zip(steps)
            .zip(2..)
            .map(|((spent, step), order)| {
                let left = self.budget.epsilon - offset(order, self.budget.delta) - spent;
                // Dropping the fraction; a step that takes nothing measurable can be repeated for ever.
                (left / step) as u64
            })
            .max();
        allowed.unwrap_or_default()
    }
}
