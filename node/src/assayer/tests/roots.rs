//! Proposals' initial models.

use super::*;

#[test]
fn a_root_is_measured() {
    let blobs = MemoryBlobs::default();
    let request = request(&blobs);
    assert_eq!(evaluate(&assayer(&blobs), &request), measured(500_000_000));
    let perfect = blobs.put(parameters(PERFECT).to_safetensors());
    assert_eq!(
        evaluate(&assayer(&blobs), &with_root(&request, perfect)),
        measured(0)
    );
}

#[test]
fn nothing_is_computed_twice() {
    let blobs = MemoryBlobs::default();
    let request = request(&blobs);
    let AssayWork::Root { parameters: root } = request.work else {
        panic!("not a root's");
    };
    let assayer = assayer(&blobs);
    let first = evaluate(&assayer, &request);
    assert_eq!(blobs.asked(), [request.validation, root]);
    assert_eq!(evaluate(&assayer, &request), first);
    assert!(blobs.asked().is_empty());

    // Another root needs its parameters only, and so does this root in another campaign its data.
    let perfect = blobs.put(parameters(PERFECT).to_safetensors());
    evaluate(&assayer, &with_root(&request, perfect));
    assert_eq!(blobs.asked(), [perfect]);
    let rows: Vec<_> = ROWS.into_iter().rev().collect();
    let other = AssayRequest {
        validation: blobs.put(validation_set(&rows).encode()),
        ..request.clone()
    };
    assert_eq!(evaluate(&assayer, &other), first);
    assert_eq!(blobs.asked(), [other.validation]);
}

#[test]
fn what_is_not_here_is_asked_for_again() {
    let blobs = MemoryBlobs::default();
    let request = request(&blobs);
    let perfect = parameters(PERFECT).to_safetensors();
    let hash = H256(content_hash(&perfect));
    let request = with_root(&request, hash);
    let assayer = assayer(&blobs);
    for _ in 0..2 {
        assert_eq!(
            evaluate(&assayer, &request),
            AssayOutcome::Unavailable(hash)
        );
    }
    blobs.put(perfect);
    assert_eq!(evaluate(&assayer, &request), measured(0));
}

#[test]
fn other_contents_are_as_good_as_none() {
    let blobs = MemoryBlobs::default();
    let request = request(&blobs);
    let hash = H256::repeat_byte(9);
    let other = parameters(PERFECT).to_safetensors();
    blobs.blobs.lock().unwrap().insert(hash, other);
    assert_eq!(
        evaluate(&assayer(&blobs), &with_root(&request, hash)),
        AssayOutcome::Unavailable(hash)
    );
}

#[test]
fn what_cannot_be_measured_is_malformed() {
    let blobs = MemoryBlobs::default();
    let good = request(&blobs);
    let garbage = blobs.put(b"garbage".to_vec());
    let root = parameters(CONSTANT).to_safetensors();
    let gradient = Gradient::between(&parameters(CONSTANT), &parameters(PERFECT)).unwrap();
    let gradient = blobs.put(gradient.encode(Encoding::DenseF32));
    let cut = blobs.put(root[..root.len() - 1].to_vec());
    let mut not_a_number = root[..root.len() - 4].to_vec();
    not_a_number.extend(f32::NAN.to_le_bytes());
    let not_a_number = blobs.put(not_a_number);
    // Finite parameters, but 1e38 * 3 + 2e38 overflows.
    let overflow = blobs.put(parameters([0.0, 1.5e38, 0.0, 0.0, 2e38, 0.0]).to_safetensors());
    let five_rows = [ROWS.as_slice(), &[[0.0, 9.0]]].concat();
    let five_rows = blobs.put(validation_set(&five_rows).encode());
    let three_units = Parameters::initialise(&architecture(3), 0).unwrap();
    let three_units = blobs.put(three_units.to_safetensors());
    let with = |change: &dyn Fn(&mut AssayRequest)| {
        let mut request = good.clone();
        change(&mut request);
        request
    };
    let cases = [
        (with_root(&good, garbage), Malformed::Parameters),
        (with_root(&good, cut), Malformed::Parameters),
        (with_root(&good, gradient), Malformed::Parameters),
        (with_root(&good, not_a_number), Malformed::NotFinite),
        (with_root(&good, overflow), Malformed::NotFinite),
        (with(&|r| r.validation = garbage), Malformed::ValidationSet),
        (with(&|r| r.rows = 3), Malformed::ValidationSet),
        (with(&|r| r.rows = 5), Malformed::ValidationSet),
        (
            with(&|r| r.validation = five_rows),
            Malformed::ValidationSet,
        ),
        (
            with(&|r| r.metric = Metric::MeanSquaredError),
            Malformed::ValidationSet,
        ),
        (
            with_root(&with(&|r| r.architecture = architecture(3)), three_units),
            Malformed::ValidationSet,
        ),
        (
            with(&|r| r.architecture = architecture(3)),
            Malformed::Parameters,
        ),
        (
            with(&|r| r.architecture = architecture(0)),
            Malformed::Parameters,
        ),
    ];
    // One assayer for all: what it has cached changes nothing.
    let assayer = assayer(&blobs);
    evaluate(&assayer, &good);
    for (position, (request, reason)) in cases.into_iter().enumerate() {
        for _ in 0..2 {
            assert_eq!(
                evaluate(&assayer, &request),
                malformed(reason),
                "case {position}"
            );
        }
    }
}

#[test]
fn a_validation_set_of_another_size_is_malformed_with_and_without_cache() {
    let blobs = MemoryBlobs::default();
    let mut request = request(&blobs);
    request.rows = 3;
    let assayer = assayer(&blobs);
    let malformed = malformed(Malformed::ValidationSet);
    assert_eq!(evaluate(&assayer, &request), malformed);
    request.rows = 4;
    assert_eq!(evaluate(&assayer, &request), measured(500_000_000));
    request.rows = 2;
    assert_eq!(evaluate(&assayer, &request), malformed);
}

#[test]
fn threads_get_the_same() {
    let blobs = MemoryBlobs::default();
    let request = request(&blobs);
    let assayer = assayer(&blobs);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| evaluate(&assayer, &request)))
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]));
    assert_eq!(blobs.asked().len(), 2);
}
