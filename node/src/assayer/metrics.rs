//! What operators see of the assays.

use sonar_primitives::assay::Verdict;
use std::time::Duration;
use substrate_prometheus_endpoint::{
    exponential_buckets, register, Counter, CounterVec, Gauge, Histogram, HistogramOpts, Opts,
    PrometheusError, Registry, U64,
};

/// The kinds of verdicts, as operators see them.
const VERDICTS: [&str; 4] = ["measured", "malformed", "accepted", "not_improved"];

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
                    "sonar_assays_pending",
                    "Roots and rounds that the chain waits for to be measured",
                )?,
                registry,
            )?,
            done: register(
                Counter::new(
                    "sonar_assays_done_total",
                    "Roots and rounds that this node has measured, or found malformed",
                )?,
                registry,
            )?,
            duration: register(
                Histogram::with_opts(
                    HistogramOpts::new(
                        "sonar_assay_duration_seconds",
                        "Time that it took to measure a root or a round",
                    )
                    // From 50 us to about 210 s.
                    .buckets(exponential_buckets(0.000_05, 2.0, 23)?),
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

    /// A root or a round was measured, or found malformed.
    pub fn note_assay(&self, duration: Duration) {
        self.done.inc();
        self.duration.observe(duration.as_secs_f64());
    }

    /// A verdict was sent.
    pub fn note_verdict(&self, verdict: &Verdict) {
        let [measured, malformed, accepted, not_improved] = VERDICTS;
        let kind = match verdict {
            Verdict::Measured { .. } => measured,
            Verdict::Malformed(_) => malformed,
            Verdict::Round(round) if round.accepted.is_some() => accepted,
            Verdict::Round(_) => not_improved,
        };
        self.verdicts.with_label_values(&[kind]).inc();
    }

    /// The chain waits for this many assays.
    pub fn note_pending(&self, count: u32) {
        self.pending.set(count.into());
    }
}
