//! How the fee of an assay is shared between those who pay it and those who get it. Pure arithmetic,
//! no storage.

use alloc::vec::Vec;
use sonar_primitives::{payout::equal_parts, Balance};

/// A payment from one to another, each by the place in its list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Payment {
    pub payer: usize,
    pub payee: usize,
    pub amount: Balance,
}

/// The payments with which each of so many payers pays exactly `part`, and the payees get equal parts
/// of the sum, the first one with what rounding leaves. In the order of payers; fewer than payers and
/// payees together, and none of nothing.
pub(crate) fn payments(part: Balance, payers: usize, payees: usize) -> Vec<Payment> {
    let total = part.saturating_mul(payers as Balance);
    let mut payments = Vec::new();
    let mut payer = 0;
    let mut left = part;
    for (payee, mut due) in equal_parts(total, payees).enumerate() {
        while due > 0 && payer < payers {
            let amount = due.min(left);
            if amount > 0 {
                payments.push(Payment {
                    payer,
                    payee,
                    amount,
                });
            }
            due = due.saturating_sub(amount);
            left = left.saturating_sub(amount);
            if left == 0 {
                payer = payer.saturating_add(1);
                left = part;
            }
        }
    }
    payments
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn payers_follow_one_another() {
        let amounts: Vec<_> = payments(10, 2, 3)
            .into_iter()
            .map(|payment| (payment.payer, payment.payee, payment.amount))
            .collect();
        // 20 in three parts: 8, 6, 6.
        assert_eq!(amounts, [(0, 0, 8), (0, 1, 2), (1, 1, 4), (1, 2, 6)]);
        assert!(payments(0, 3, 3).is_empty());
        assert!(payments(7, 0, 3).is_empty());
        assert!(payments(7, 3, 0).is_empty());
    }

    proptest! {
        #[test]
        fn everybody_pays_a_part_and_gets_an_equal_one(
            part in 0..u128::MAX / 300,
            payers in 0usize..260,
            payees in 1usize..40,
        ) {
            let payments = payments(part, payers, payees);
            prop_assert!(payments.len() < payers + payees);
            let (mut paid, mut got) = (vec![0; payers], vec![0; payees]);
            for payment in payments {
                prop_assert!(payment.amount > 0);
                paid[payment.payer] += payment.amount;
                got[payment.payee] += payment.amount;
            }
            prop_assert!(paid.iter().all(|paid| *paid == part));
            let expected: Vec<_> = equal_parts(part * payers as u128, payees).collect();
            prop_assert_eq!(got, expected);
        }
    }
}
