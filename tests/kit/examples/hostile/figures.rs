//! How long honest people wait.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kit::figures::Series;

/// What must be kept: 99 of 100 wait at most so many times as long as in quiet.
const RATIO_AT_MOST: f64 = 1.5;

#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    #[default]
    Before,
    Quiet,
    Hostile,
    Over,
}

/// What is timed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// From dialling to the event.
    Park,
    /// From dialling to the bridge.
    Retrieve,
    /// From the deadline to the phone that rings.
    Return,
}

#[derive(Default)]
pub struct Figures {
    inner: Mutex<Inner>,
    /// It is over.
    pub stop: AtomicBool,
}

#[derive(Default)]
struct Inner {
    phase: Phase,
    times: Vec<(Phase, Kind, f64)>,
    failures: Vec<String>,
}

impl Figures {
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn enter(&self, phase: Phase) {
        self.lock().phase = phase;
    }

    pub fn note(&self, kind: Kind, time: Duration) {
        let mut inner = self.lock();
        let phase = inner.phase;
        inner.times.push((phase, kind, time.as_secs_f64() * 1000.0));
    }

    /// An honest call did not go as it should.
    pub fn failed(&self, text: String) {
        let mut inner = self.lock();
        if inner.phase != Phase::Over {
            println!("FAILED: {text}");
            inner.failures.push(text);
        }
    }

    fn times(&self, phase: Phase, kind: Kind) -> Series {
        let inner = self.lock();
        let fits = |(p, k, _): &&(Phase, Kind, f64)| (*p, *k) == (phase, kind);
        let mut times = Series::default();
        inner.times.iter().filter(fits).for_each(|(_, _, ms)| times.add(*ms));
        times
    }
}

/// Prints both phases side by side; what is not kept.
pub fn compare(figures: &Figures) -> Vec<String> {
    let mut wrong = Vec::new();
    println!(
        "\nms            quiet: n   p50    p99      hostile: n   p50    p99      ratio of p99"
    );
    for (kind, name) in
        [(Kind::Park, "park"), (Kind::Retrieve, "retrieve"), (Kind::Return, "return")]
    {
        let (quiet, hostile) =
            (figures.times(Phase::Quiet, kind), figures.times(Phase::Hostile, kind));
        let ratio = hostile.at(0.99) / quiet.at(0.99);
        let side = |t: &Series| format!("{:10} {:6.1} {:6.1}", t.len(), t.median(), t.at(0.99));
        println!("{name:9} {} {} {ratio:12.2}", side(&quiet), side(&hostile));
        if quiet.is_empty() || hostile.is_empty() {
            wrong.push(format!("{name}: nothing to compare"));
        } else if ratio > RATIO_AT_MOST {
            wrong.push(format!("{name}: p99 is {ratio:.2} times that of the quiet run"));
        }
    }
    let failures = figures.lock().failures.len();
    if failures > 0 {
        wrong.push(format!("{failures} honest calls did not go as they should, see above"));
    }
    wrong
}
