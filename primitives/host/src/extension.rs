//! The node's side of the host functions.

use sonar_primitives::assay::{AssayOutcome, AssayRequest, Verdict};
use std::sync::Arc;

/// Measures roots and rounds.
pub trait Assayer: Send {
    /// Makes assays: one outcome for each, in the same order. Equal requests must get equal
    /// outcomes on every machine, whatever they are asked for with, but for
    /// [`AssayOutcome::Unavailable`] and [`AssayOutcome::Failed`].
    fn evaluate_all(&self, requests: &[AssayRequest]) -> Vec<AssayOutcome>;
    /// A verdict was sent.
    fn note_verdict(&self, verdict: &Verdict);
    /// The chain waits for this many assays.
    fn note_pending(&self, count: u32);
}

impl<T: Assayer + Sync + ?Sized> Assayer for Arc<T> {
    fn evaluate_all(&self, requests: &[AssayRequest]) -> Vec<AssayOutcome> {
        (**self).evaluate_all(requests)
    }

    fn note_verdict(&self, verdict: &Verdict) {
        (**self).note_verdict(verdict);
    }

    fn note_pending(&self, count: u32) {
        (**self).note_pending(count);
    }
}

sp_externalities::decl_extension! {
    /// Gives off-chain workers an [`Assayer`].
    pub struct AssayExt(Box<dyn Assayer>);
}

impl AssayExt {
    /// The extension for this assayer.
    pub fn new(assayer: impl Assayer + 'static) -> Self {
        Self(Box::new(assayer))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::assay;
    use sonar_primitives::{
        assay::{AssayWork, Malformed},
        BlobHash,
    };
    use sp_io::TestExternalities;
    use std::sync::Mutex;
    use syft::{Architecture, Head, Metric};

    #[derive(Default)]
    struct Fake {
        verdicts: Mutex<Vec<Verdict>>,
        pending: Mutex<Vec<u32>>,
    }

    impl Assayer for Fake {
        fn evaluate_all(&self, requests: &[AssayRequest]) -> Vec<AssayOutcome> {
            let sets = requests.iter().map(|request| request.validation);
            sets.map(AssayOutcome::Unavailable).collect()
        }

        fn note_verdict(&self, verdict: &Verdict) {
            self.verdicts.lock().unwrap().push(verdict.clone());
        }

        fn note_pending(&self, count: u32) {
            self.pending.lock().unwrap().push(count);
        }
    }

    fn request(validation: u8) -> AssayRequest {
        AssayRequest {
            architecture: Architecture {
                input: vec![2].try_into().unwrap(),
                layers: Default::default(),
                head: Head::SquaredError,
            },
            metric: Metric::MeanSquaredError,
            validation: BlobHash::repeat_byte(validation),
            rows: 3,
            work: AssayWork::Root {
                parameters: BlobHash::repeat_byte(3),
            },
        }
    }

    #[test]
    fn the_assayer_is_asked_and_told() {
        let fake = Arc::new(Fake::default());
        let mut ext = TestExternalities::default();
        ext.register_extension(AssayExt::new(fake.clone()));
        let verdict = Verdict::Malformed(Malformed::Parameters);
        ext.execute_with(|| {
            assert_eq!(
                assay::evaluate_all(vec![request(2), request(1)]),
                Some(
                    [2, 1]
                        .map(|set| AssayOutcome::Unavailable(BlobHash::repeat_byte(set)))
                        .to_vec()
                )
            );
            assay::note_verdict(verdict.clone());
            assay::note_pending(7);
        });
        assert_eq!(*fake.verdicts.lock().unwrap(), [verdict]);
        assert_eq!(*fake.pending.lock().unwrap(), [7]);
    }

    #[test]
    fn without_an_extension_nothing_is_measured() {
        TestExternalities::default().execute_with(|| {
            assert_eq!(assay::evaluate_all(vec![request(2)]), None);
            assay::note_verdict(Verdict::Measured { error: 1 });
            assay::note_pending(7);
        });
    }
}
