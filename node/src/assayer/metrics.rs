//! What operators see of the assays.

use sonar_primitives::assay::Verdict;
use std::time::Duration;
use substrate_prometheus_endpoint::{
    exponential_buckets, register, Counter, CounterVec, Gauge, Histogram, HistogramOpts, Opts,
    PrometheusError, Registry, U64,
};

/// The kinds of verdicts, as operators see them.
const VERDICTS: [&str; 4] = ["measured", "improved", "not_improved", "malformed"];

/// Prometheus metrics of a node's assays.
pub struct Metrics {
    pending: Gauge<U64>,
    done: Counter<U64>,
    duration: Histogram,
    verdicts: CounterVec<U64>,
}

impl Metrics {
    /// Registers the metrics. Fails if they are registered already.
    pub fn register(registry: &Registry) -> Result<Self, PrometheusError> {
        let metrics = Self {
            pending: register(
                Gauge::new(
                    "sonar_submissions_pending",
                    "Models that the chain waits for to be measured",
                )?,
                registry,
            )?,
            done: register(
                Counter::new(
                    "sonar_assays_done_total",
                    "Models that this node has measured, or found malformed",
                )?,
                registry,
            )?,
            duration: register(
                Histogram::with_opts(
                    HistogramOpts::new(
                        "sonar_assay_duration_seconds",
                        "Time that it took to measure a model",
                    )
                    // From 50 us to about 26 s.
                    .buckets(exponential_buckets(0.000_05, 2.0, 20)?),
                )?,
                registry,
            )?,
            verdicts: register(
                CounterVec::new(
                    Opts::new(
                        "sonar_verdicts_total",
                        "Verdicts that this node's assayers have sent",
                    ),
                    &["verdict"],
                )?,
                registry,
            )?,
        };
        // There from the start, so that what never happened is seen as zero.
        for verdict in VERDICTS {
            metrics.verdicts.with_label_values(&[verdict]);
        }
        Ok(metrics)
    }

    /// A model was measured, or found malformed.
    pub fn note_assay(&self, duration: Duration) {
        self.done.inc();
        self.duration.observe(duration.as_secs_f64());
    }

    /// A verdict was sent.
    pub fn note_verdict(&self, verdict: &Verdict) {
        let [measured, improved, not_improved, malformed] = VERDICTS;
        let kind = match verdict {
            Verdict::Measured { .. } => measured,
            Verdict::Improved { .. } => improved,
            Verdict::NotImproved => not_improved,
            Verdict::Malformed(_) => malformed,
        };
        self.verdicts.with_label_values(&[kind]).inc();
    }

    /// The chain waits for this many assays.
    pub fn note_pending(&self, count: u32) {
        self.pending.set(count.into());
    }
}
