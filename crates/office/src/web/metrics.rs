//! `/metrics`, for Prometheus.

use std::sync::atomic::AtomicU64;

use parking_lot::Mutex;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::host::{Figure, Gauges, Happened, Times};

/// How many lots are counted each for itself. Others are counted together.
const MOST_LOTS: usize = 200;
const OTHERS: &str = "other";
/// How long calls wait, in s.
const WAITS: [f64; 12] =
    [1.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 300.0, 600.0, 1_800.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfLot {
    lot: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    lot: String,
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    lot: String,
    reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stepped {
    result: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InState {
    lot: String,
    state: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPart {
    part: String,
}

/// What has happened since the server started.
pub(super) struct Metrics {
    registry: Registry,
    parks: Family<OfLot, Counter>,
    ends: Family<Ended, Counter>,
    refusals: Family<Refused, Counter>,
    steps: Family<Stepped, Counter>,
    waits: Family<Outcome, Histogram>,
    lots: Mutex<Vec<String>>,
    /// The readers of the stream.
    pub readers: Gauge,
    /// Those that were cut because they were too slow.
    pub cut: Counter,
    /// The requests.
    pub requests: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("callpark");
        let mut metrics = Metrics {
            parks: Family::default(),
            ends: Family::default(),
            refusals: Family::default(),
            steps: Family::default(),
            waits: Family::new_with_constructor(|| Histogram::new(WAITS)),
            lots: Mutex::default(),
            readers: Gauge::default(),
            cut: Counter::default(),
            requests: Counter::default(),
            registry: Registry::default(),
        };
        registry.register("parks", "Calls that were parked", metrics.parks.clone());
        registry.register("ends", "Parked calls that have ended, by outcome", metrics.ends.clone());
        registry.register("refusals", "Calls that were not parked", metrics.refusals.clone());
        registry.register("steps", "Return steps, by result", metrics.steps.clone());
        registry.register("wait_seconds", "How long calls were parked", metrics.waits.clone());
        registry.register("web_readers", "Readers of the live stream", metrics.readers.clone());
        registry.register("web_cut", "Readers that were too slow", metrics.cut.clone());
        registry.register("web_requests", "Requests", metrics.requests.clone());
        metrics.registry = registry;
        metrics
    }
}

impl Metrics {
    /// The lot, or that it is one of the others.
    fn lot(&self, lot: &str) -> String {
        let mut lots = self.lots.lock();
        if !lots.iter().any(|known| known == lot) {
            if lots.len() >= MOST_LOTS {
                return OTHERS.to_owned();
            }
            lots.push(lot.to_owned());
        }
        lot.to_owned()
    }

    /// Counts an event.
    pub(super) fn count(&self, event: &Happened) {
        let lot = self.lot(&event.lot);
        match event.action.as_str() {
            "park" => drop(self.parks.get_or_create(&OfLot { lot: lot.clone() }).inc()),
            "refuse" => {
                let reason = event.reason.clone().unwrap_or_default();
                // It is one of a few words. Should that change, the series must not grow without end.
                let plain = reason.len() < 32
                    && reason.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                let reason = if plain { reason } else { OTHERS.to_owned() };
                self.refusals.get_or_create(&Refused { lot: lot.clone(), reason }).inc();
            }
            _ => {}
        }
        if let Some(step) = &event.step {
            self.steps.get_or_create(&Stepped { result: step.result.as_str().to_owned() }).inc();
        }
        if let Some(outcome) = &event.outcome {
            // Milliseconds of at most a few weeks.
            let wait_s = event.wait_ms as f64 / 1000.0;
            self.waits.get_or_create(&Outcome { outcome: outcome.clone() }).observe(wait_s);
            self.ends.get_or_create(&Ended { lot, outcome: outcome.clone() }).inc();
        }
    }

    /// The page, with these figures.
    pub(super) fn page(&self, gauges: &Gauges) -> String {
        let mut now = Registry::with_prefix("callpark");
        let orbits = Family::<InState, Gauge>::default();
        for (lot, states) in &gauges.lots {
            let lot = self.lot(lot);
            for (state, count) in states {
                let labels = InState { lot: lot.clone(), state: (*state).to_owned() };
                orbits.get_or_create(&labels).inc_by(i64::try_from(*count).unwrap_or(i64::MAX));
            }
        }
        now.register("orbits", "Orbits, by state", orbits);
        let parked: u64 = gauges
            .lots
            .iter()
            .flat_map(|(_, states)| states)
            .filter_map(|(state, count)| (*state == "parked").then_some(*count))
            .sum();
        let all = Gauge::<i64>::default();
        all.set(i64::try_from(parked).unwrap_or(i64::MAX));
        now.register("parked", "Parked calls", all);
        let parts = Family::<OfPart, Gauge>::default();
        for (part, ok) in &gauges.parts {
            parts.get_or_create(&OfPart { part: part.clone() }).set(i64::from(*ok));
        }
        now.register("health", "Whether a part of the module is all right (1)", parts);
        for figure in &gauges.figures {
            register(&mut now, figure);
        }
        for times in &gauges.times {
            now.register(times.name, times.about, Taken(times.clone()));
        }
        let mut page = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut page, &self.registry);
        // One page has one end.
        page.truncate(page.trim_end().trim_end_matches("# EOF").len());
        let _ = encode(&mut page, &now);
        page
    }
}

/// The names and values of labels.
type Labels = Vec<(String, String)>;

fn register(registry: &mut Registry, figure: &Figure) {
    let values = figure.values.iter().map(|(labels, value)| {
        let names = figure.labels.iter().map(|name| (*name).to_owned());
        (names.zip(labels.iter().cloned()).collect::<Labels>(), *value)
    });
    match figure.name.strip_suffix("_total") {
        Some(name) => {
            let family = Family::<Labels, Counter<f64, AtomicU64>>::default();
            for (labels, value) in values {
                family.get_or_create(&labels).inc_by(value);
            }
            registry.register(name, figure.about, family);
        }
        None => {
            let family = Family::<Labels, Gauge<f64, AtomicU64>>::default();
            for (labels, value) in values {
                family.get_or_create(&labels).set(value);
            }
            registry.register(figure.name, figure.about, family);
        }
    }
}

/// A histogram whose counts are made elsewhere.
#[derive(Debug)]
struct Taken(Times);

impl EncodeMetric for Taken {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), std::fmt::Error> {
        // That is how the library writes the bucket without an end.
        let ended = |(end, count): &(Option<f64>, u64)| (end.unwrap_or(f64::INFINITY), *count);
        let buckets: Vec<(f64, u64)> = self.0.buckets.iter().map(ended).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        encoder.encode_histogram::<NoLabelSet>(self.0.sum_s, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happened(action: &str, lot: &str) -> Happened {
        Happened {
            seq: 1,
            at_ms: 0,
            action: action.to_owned(),
            lot: lot.to_owned(),
            orbit: "701".to_owned(),
            uuid: "u".to_owned(),
            from_uuid: None,
            outcome: None,
            retriever: None,
            reason: None,
            step: None,
            wait_ms: 0,
            seen: None,
        }
    }

    #[test]
    fn the_page_counts_what_has_happened_and_has_one_end() {
        let metrics = Metrics::default();
        metrics.count(&happened("park", "default"));
        metrics.count(&happened("park", "a\"b"));
        let outcome = Some("retrieved".to_owned());
        metrics.count(&Happened { outcome, wait_ms: 7_000, ..happened("retrieve", "default") });
        metrics.count(&Happened { reason: Some("full".into()), ..happened("refuse", "default") });
        let gauges = Gauges {
            lots: vec![("default".into(), vec![("parked", 2), ("free", 18)])],
            parts: vec![("worker".into(), true)],
            figures: vec![
                Figure::one("shed_total", "Shed", 3.0),
                Figure::one("backlog", "Waiting", 1.0),
                Figure::by("broken_total", "Broken", &["what"], [("a", 0.0), ("b\n", 2.0)]),
                Figure::by("waiting", "Waiting", &["kind"], [("a", 5.0)]),
            ],
            times: vec![Times {
                name: "retrieval_seconds",
                about: "How long",
                buckets: vec![(Some(0.005), 2), (Some(1.0), 3), (None, 1)],
                sum_s: 7.5,
            }],
        };
        let page = metrics.page(&gauges);
        for line in [
            "callpark_parks_total{lot=\"default\"} 1",
            "callpark_parks_total{lot=\"a\\\"b\"} 1",
            "callpark_ends_total{lot=\"default\",outcome=\"retrieved\"} 1",
            "callpark_wait_seconds_bucket{le=\"10.0\",outcome=\"retrieved\"} 1",
            "callpark_refusals_total{lot=\"default\",reason=\"full\"} 1",
            "callpark_orbits{lot=\"default\",state=\"parked\"} 2",
            "callpark_parked 2",
            "callpark_health{part=\"worker\"} 1",
            "callpark_shed_total 3.0",
            "callpark_backlog 1.0",
            "callpark_broken_total{what=\"a\"} 0.0",
            "callpark_broken_total{what=\"b\\n\"} 2.0",
            "callpark_waiting{kind=\"a\"} 5.0",
            "# TYPE callpark_retrieval_seconds histogram",
            "callpark_retrieval_seconds_bucket{le=\"0.005\"} 2",
            "callpark_retrieval_seconds_bucket{le=\"1.0\"} 5",
            "callpark_retrieval_seconds_bucket{le=\"+Inf\"} 6",
            "callpark_retrieval_seconds_count 6",
            "callpark_retrieval_seconds_sum 7.5",
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
        assert!(page.ends_with("# EOF\n") && page.matches("# EOF").count() == 1);
    }

    #[test]
    fn lots_without_end_are_counted_together() {
        let metrics = Metrics::default();
        for number in 0..3 * MOST_LOTS {
            metrics.count(&happened("park", &number.to_string()));
        }
        let page = metrics.page(&Gauges::default());
        assert!(
            page.contains(&format!("callpark_parks_total{{lot=\"other\"}} {}\n", 2 * MOST_LOTS))
        );
    }
}
