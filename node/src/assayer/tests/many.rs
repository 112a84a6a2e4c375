//! Several assays at once.

use super::*;
use std::{collections::HashSet, mem::discriminant};

/// Requests of many kinds: paths, siblings, equal ones, malformed and unavailable ones.
fn mixture(shelf: &Shelf) -> Vec<AssayRequest> {
    let root = request(shelf);
    let mut requests = vec![root.clone()];
    let mut path = vec![];
    for step_number in 0..6 {
        let siblings: Vec<_> = (0..4)
            .map(|sibling| {
                let mut to = PERFECT;
                to[0] = 0.1 * (1 + step_number) as f32;
                to[3] = 0.3 * sibling as f32;
                shelf.put(step(CONSTANT, to).encode(Encoding::DenseF32))
            })
            .collect();
        for sibling in &siblings {
            let mut request = root.clone();
            request.gradients = [path.as_slice(), &[*sibling]].concat();
            requests.push(request);
        }
        path.push(siblings[step_number % 4]);
    }
    let garbage = shelf.put(b"garbage".to_vec());
    let odd: [&dyn Fn(&mut AssayRequest); 5] = [
        &|r| r.root = garbage,
        &|r| r.gradients = vec![garbage],
        &|r| r.validation = H256::repeat_byte(9),
        &|r| r.rows = 3,
        &|r| r.limit = Some(0),
    ];
    for change in odd {
        let mut request = root.clone();
        change(&mut request);
        requests.push(request);
    }
    // Every third one again, some of them far away.
    let again: Vec<_> = requests.iter().step_by(3).cloned().collect();
    requests.extend(again);
    requests
}

#[test]
fn many_at_once_come_to_the_same_as_one_by_one() {
    let shelf = Shelf::default();
    let requests = mixture(&shelf);
    let one_by_one: Vec<_> = requests
        .iter()
        .map(|request| evaluate(&assayer(&shelf), request))
        .collect();
    let kinds: HashSet<_> = one_by_one.iter().map(discriminant).collect();
    assert_eq!(kinds.len(), 4);
    for at_once in [1, 2, 3, 8] {
        let assayer = assayer_with(&shelf, at_once);
        assert_eq!(assayer.evaluate_all(&requests), one_by_one);
        // And with everything known.
        assert_eq!(assayer.evaluate_all(&requests), one_by_one);
        let reversed: Vec<_> = requests.iter().rev().cloned().collect();
        let mut outcomes = assayer_with(&shelf, at_once).evaluate_all(&reversed);
        outcomes.reverse();
        assert_eq!(outcomes, one_by_one);
    }
    assert!(assayer(&shelf).evaluate_all(&[]).is_empty());
}

#[test]
fn at_once_nothing_is_computed_twice() {
    let shelf = Shelf::default();
    let root = request(&shelf);
    let siblings: Vec<_> = (1..=8u8)
        .map(|n| {
            let mut to = CONSTANT;
            to[5] = f32::from(n) / 8.0;
            shelf.put(step(CONSTANT, to).encode(Encoding::DenseF32))
        })
        .collect();
    let requests: Vec<_> = siblings
        .iter()
        .chain(&siblings)
        .map(|&gradient| AssayRequest {
            gradients: vec![gradient],
            ..root.clone()
        })
        .collect();
    let assayer = assayer_with(&shelf, 4);
    // Two workers that ask for the same, too.
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assayer.evaluate_all(&requests));
        }
    });
    let mut asked = shelf.asked();
    asked.sort();
    let mut expected = [siblings.as_slice(), &[root.validation, root.root]].concat();
    expected.sort();
    assert_eq!(asked, expected);
}

/// Panics when it is asked for one blob.
struct Trap<'a>(&'a Shelf, BlobHash);

impl BlobSource for Trap<'_> {
    fn blob(&self, hash: BlobHash) -> Option<Vec<u8>> {
        assert_ne!(hash, self.1, "in a test");
        self.0.blob(hash)
    }
}

#[test]
fn a_panic_is_the_outcome_of_one_only() {
    let shelf = Shelf::default();
    let good = request(&shelf);
    let bad = AssayRequest {
        gradients: vec![shelf.put(step(CONSTANT, PERFECT).encode(Encoding::DenseF32))],
        ..good.clone()
    };
    for at_once in [1, 2] {
        let trap = Trap(&shelf, bad.gradients[0]);
        let assayer = NodeAssayer::new(trap, NonZeroUsize::new(at_once).unwrap(), None);
        let measured = measured(500_000_000, &parameters(CONSTANT));
        // Again, as what failed is not kept.
        for _ in 0..2 {
            assert_eq!(
                assayer.evaluate_all(&[bad.clone(), good.clone(), bad.clone()]),
                [AssayOutcome::Failed, measured.clone(), AssayOutcome::Failed]
            );
        }
    }
}
