//! How long things take, for monitoring. Counted without a lock, from the time the module was loaded.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper ends of the buckets, in µs.
const UP_TO_US: [u64; 12] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000,
];
/// One more, for whatever takes longer.
const BUCKETS: usize = UP_TO_US.len() + 1;

/// What is timed.
#[derive(Default)]
pub(crate) struct Timings {
    /// Retrievals: from the claim until the two legs are in a bridge.
    pub retrieval: Timing,
    /// Timeouts: how late the first return step starts.
    pub lateness: Timing,
}

/// How often something took how long.
#[derive(Default)]
pub(crate) struct Timing {
    counts: [AtomicU64; BUCKETS],
    sum_us: AtomicU64,
}

/// The same at one moment.
#[derive(Debug, PartialEq)]
#[cfg_attr(not(feature = "web"), allow(dead_code, reason = "there is no server that shows it"))]
pub(crate) struct Times {
    /// The upper end of each bucket in s, and how many are in this bucket alone. The last one has no end.
    pub buckets: Vec<(Option<f64>, u64)>,
    /// All durations together, in s.
    pub sum_s: f64,
}

impl Timing {
    /// Counts one.
    pub(crate) fn took(&self, length: Duration) {
        let us = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        let bucket = UP_TO_US.partition_point(|up_to| *up_to < us);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// What was counted by now.
    #[must_use]
    #[cfg_attr(not(feature = "web"), allow(dead_code, reason = "there is no server that shows it"))]
    pub(crate) fn times(&self) -> Times {
        let ends = UP_TO_US.iter().map(|us| Some(*us as f64 / 1e6)).chain([None]);
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let sum_s = self.sum_us.load(Ordering::Relaxed) as f64 / 1e6;
        Times { buckets: ends.zip(counts).collect(), sum_s }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_duration_is_in_the_first_bucket_that_it_fits_into() {
        let timing = Timing::default();
        for us in [0, 5_000, 5_001, 999_999, 5_000_000, 5_000_001, 60_000_000] {
            timing.took(Duration::from_micros(us));
        }
        let times = timing.times();
        let counts: Vec<u64> = times.buckets.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 1, 2]);
        assert_eq!(times.buckets.first().and_then(|(end, _)| *end), Some(0.001));
        assert_eq!(times.buckets.last().map(|(end, _)| *end), Some(None));
        assert!((times.sum_s - 71.010_001).abs() < 1e-6, "{}", times.sum_s);
    }
}
