//! Several assays at once.

use super::*;
/// Roots of many kinds: good ones, equal ones, malformed and unavailable ones.
fn mixture(blobs: &MemoryBlobs) -> Vec<AssayRequest> {
    let root = request(blobs);
    let mut requests = vec![root.clone()];
    for number in 0..24u8 {
        let mut values = PERFECT;
        values[0] = 0.1 * f32::from(number);
        values[3] = 0.3 * f32::from(number % 5);
        let blob = blobs.put(parameters(values).to_safetensors());
        requests.push(with_root(&root, blob));
    }
    let garbage = blobs.put(b"garbage".to_vec());
    requests.push(with_root(&root, garbage));
    requests.push(with_root(&root, H256::repeat_byte(8)));
    let odd: [&dyn Fn(&mut AssayRequest); 3] = [
        &|r| r.validation = H256::repeat_byte(9),
        &|r| r.validation = garbage,
        &|r| r.rows = 3,
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
    let blobs = MemoryBlobs::default();
    let requests = mixture(&blobs);
    let one_by_one: Vec<_> = requests
        .iter()
        .map(|request| evaluate(&assayer(&blobs), request))
        .collect();
    let is = |kind: fn(&AssayOutcome) -> bool| one_by_one.iter().any(kind);
    assert!(is(|o| matches!(
        o,
        AssayOutcome::Verdict(Verdict::Measured { .. })
    )));
    assert!(is(|o| matches!(
        o,
        AssayOutcome::Verdict(Verdict::Malformed(_))
    )));
    assert!(is(|o| matches!(o, AssayOutcome::Unavailable(_))));
    for at_once in [1, 2, 3, 8] {
        let assayer = assayer_with(&blobs, at_once);
        assert_eq!(assayer.evaluate_all(&requests), one_by_one);
        // And with everything known.
        assert_eq!(assayer.evaluate_all(&requests), one_by_one);
        let reversed: Vec<_> = requests.iter().rev().cloned().collect();
        let mut outcomes = assayer_with(&blobs, at_once).evaluate_all(&reversed);
        outcomes.reverse();
        assert_eq!(outcomes, one_by_one);
    }
    assert!(assayer(&blobs).evaluate_all(&[]).is_empty());
}

#[test]
fn at_once_nothing_is_computed_twice() {
    let blobs = MemoryBlobs::default();
    let root = request(&blobs);
    let roots: Vec<_> = (1..=8u8)
        .map(|n| {
            let mut values = CONSTANT;
            values[5] = f32::from(n) / 8.0;
            blobs.put(parameters(values).to_safetensors())
        })
        .collect();
    let requests: Vec<_> = roots
        .iter()
        .chain(&roots)
        .map(|&parameters| with_root(&root, parameters))
        .collect();
    let assayer = assayer_with(&blobs, 4);
    // Two workers that ask for the same, too.
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assayer.evaluate_all(&requests));
        }
    });
    let mut asked = blobs.asked();
    asked.sort();
    let mut expected = [roots.as_slice(), &[root.validation]].concat();
    expected.sort();
    assert_eq!(asked, expected);
}

/// Panics when it is asked for one blob.
struct PanickingBlobs<'a>(&'a MemoryBlobs, BlobHash);

impl BlobSource for PanickingBlobs<'_> {
    fn blob(&self, hash: BlobHash) -> Option<Vec<u8>> {
        assert_ne!(hash, self.1, "in a test");
        self.0.blob(hash)
    }
}

#[test]
fn a_panic_is_the_outcome_of_one_only() {
    let blobs = MemoryBlobs::default();
    let good = request(&blobs);
    let perfect = blobs.put(parameters(PERFECT).to_safetensors());
    let bad = with_root(&good, perfect);
    for at_once in [1, 2] {
        let assayer = assayer_with(PanickingBlobs(&blobs, perfect), at_once);
        // Again, as what failed is not kept.
        for _ in 0..2 {
            assert_eq!(
                assayer.evaluate_all(&[bad.clone(), good.clone(), bad.clone()]),
                [
                    AssayOutcome::Failed,
                    measured(500_000_000),
                    AssayOutcome::Failed
                ]
            );
        }
    }
}
