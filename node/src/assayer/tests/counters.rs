//! What operators see.

use super::*;
use sonar_primitives::assay::RoundVerdict;
use substrate_prometheus_endpoint::prometheus::proto::MetricFamily;

fn family(registry: &Registry, name: &str) -> MetricFamily {
    registry
        .gather()
        .into_iter()
        .find(|family| family.get_name() == name)
        .unwrap()
}

#[test]
fn metrics_count_what_was_done() {
    let registry = Registry::new();
    let metrics = Metrics::register(&registry).unwrap();
    let blobs = MemoryBlobs::default();
    let request = request(&blobs);
    let assayer = NodeAssayer::new(&blobs, NonZeroUsize::MIN, Some(metrics));
    evaluate(&assayer, &request);
    evaluate(&assayer, &request);
    evaluate(&assayer, &with_root(&request, H256::repeat_byte(9)));
    assayer.note_pending(3);
    let not_improved = Verdict::Round(RoundVerdict {
        malformed: Default::default(),
        accepted: None,
    });
    assayer.note_verdict(&not_improved);
    assayer.note_verdict(&not_improved);
    assayer.note_verdict(&Verdict::Measured { error: 1 });

    let counter = |name| {
        family(&registry, name).get_metric()[0]
            .get_counter()
            .get_value()
    };
    assert_eq!(counter("sonar_assays_done_total"), 1.0);
    let pending = family(&registry, "sonar_assays_pending");
    assert_eq!(pending.get_metric()[0].get_gauge().get_value(), 3.0);
    let duration = family(&registry, "sonar_assay_duration_seconds");
    assert_eq!(
        duration.get_metric()[0].get_histogram().get_sample_count(),
        1
    );
    let mut verdicts: Vec<_> = family(&registry, "sonar_verdicts_total")
        .get_metric()
        .iter()
        .map(|metric| {
            let label = metric.get_label()[0].get_value().to_string();
            (label, metric.get_counter().get_value())
        })
        .collect();
    verdicts.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        verdicts,
        [
            ("accepted".into(), 0.0),
            ("malformed".into(), 0.0),
            ("measured".into(), 1.0),
            ("not_improved".into(), 2.0)
        ]
    );
}

#[test]
fn metrics_are_registered_once() {
    let registry = Registry::new();
    assert!(Metrics::register(&registry).is_ok());
    assert!(Metrics::register(&registry).is_err());
}
