//! `report waits`: how long calls waited.

use std::collections::BTreeMap;

use serde::Serialize;

use super::curve::Curve;
use super::seen::{Seen, came, gave_up};
use super::table::{Cell, Table};
use super::{Collect, Scope};
use crate::entry::Outcome;

/// What the two curves mean.
const EXPLANATION: &str = "Each curve shows how long it takes until one thing happens, and counts a call that ended in any \
     other way, or still waits, only up to that moment (Kaplan-Meier, censored): \"until somebody came\" is not shortened by \
     callers who gave up, nor \"until the caller gave up\" by calls that were taken.";

/// Where the bars of the histogram begin, in seconds.
const BARS_S: [i64; 14] = [0, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800];

/// How long calls waited.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "web", schema(as = WaitsReport))]
pub struct Waits {
    /// What it is about.
    pub scope: Scope,
    /// All calls that have ended.
    pub all: Wait,
    /// The same by outcome.
    pub outcomes: BTreeMap<Outcome, Wait>,
    /// Until somebody came: a retriever, or a return step that took the call.
    pub came: Curve,
    /// Until the caller gave up: hung up, left by the exit key, or asked for a call-back.
    pub gave_up: Curve,
    /// What these two mean.
    pub explanation: &'static str,
    /// How many calls waited for how long.
    pub histogram: Vec<Bar>,
}

/// How long some calls waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct Wait {
    /// How many calls.
    pub calls: u64,
    /// Half of them waited no longer than this many ms.
    pub median_ms: i64,
    /// Nine out of ten waited no longer.
    pub p90_ms: i64,
    /// 99 of 100 waited no longer.
    pub p99_ms: i64,
    /// None waited longer.
    pub longest_ms: i64,
}

/// One bar of the histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct Bar {
    /// Calls that waited for at least this many seconds.
    pub from_s: i64,
    /// And for less than this many. None: any time.
    pub to_s: Option<i64>,
    /// How many were taken by a retriever or a return step.
    pub came: u64,
    /// How many callers gave up.
    pub gave_up: u64,
    /// How many ended in another way.
    pub other: u64,
}

impl Wait {
    /// Of these waits in ms. They are sorted.
    pub(super) fn of(waits: &mut [i64]) -> Self {
        waits.sort_unstable();
        // The nearest rank: always a wait that there was.
        let rank = |percent: usize| {
            let rank = (waits.len() * percent).div_ceil(100).saturating_sub(1);
            waits.get(rank).copied().unwrap_or_default()
        };
        Wait {
            calls: waits.len() as u64,
            median_ms: rank(50),
            p90_ms: rank(90),
            p99_ms: rank(99),
            longest_ms: rank(100),
        }
    }

    fn row(&self, what: &str) -> Vec<Cell> {
        let mut row = vec![Cell::text(what), Cell::count(self.calls)];
        let times = [self.median_ms, self.p90_ms, self.p99_ms, self.longest_ms];
        row.extend(times.map(Cell::seconds));
        row
    }
}

impl Waits {
    pub(super) fn tables(&self) -> Vec<Table> {
        let columns = ["outcome", "calls", "median_s", "p90_s", "p99_s", "longest_s"];
        let mut outcomes = Table::new("Waits by outcome", &columns);
        for (outcome, wait) in &self.outcomes {
            outcomes.rows.push(wait.row(outcome.as_str()));
        }
        outcomes.rows.push(self.all.row("all"));
        let mut until = Table::new("Waits until", &["until", "calls", "others", "median_s"]);
        let curves = [("somebody came", &self.came), ("the caller gave up", &self.gave_up)];
        for (what, curve) in curves {
            until.row([
                Cell::text(what),
                Cell::count(curve.events),
                Cell::count(curve.censored),
                curve.median_ms.map_or(Cell::Nothing, Cell::seconds),
            ]);
        }
        let columns = ["from_s", "to_s", "somebody came", "caller gave up", "other"];
        let mut histogram = Table::new("How many calls waited for how long", &columns);
        for bar in &self.histogram {
            histogram.row([
                Cell::Number(bar.from_s),
                bar.to_s.map_or(Cell::Nothing, Cell::Number),
                Cell::count(bar.came),
                Cell::count(bar.gave_up),
                Cell::count(bar.other),
            ]);
        }
        vec![outcomes, until, histogram]
    }
}

pub(super) struct Collected {
    now_ms: i64,
    ended: BTreeMap<Outcome, Vec<i64>>,
    waiting: Vec<i64>,
}

impl Collected {
    pub(super) fn new(now_ms: i64) -> Self {
        Collected { now_ms, ended: BTreeMap::new(), waiting: Vec::new() }
    }

    pub(super) fn report(mut self, scope: Scope) -> Waits {
        let curve = |of: fn(Option<Outcome>) -> bool| {
            let ended = self.ended.iter().flat_map(|(outcome, waits)| {
                let event = of(Some(*outcome));
                waits.iter().map(move |wait| (*wait, event))
            });
            Curve::of(ended.chain(self.waiting.iter().map(|wait| (*wait, false))).collect())
        };
        let (came_curve, gave_up_curve) = (curve(came), curve(gave_up));
        let mut histogram: Vec<Bar> = (0..BARS_S.len())
            .map(|index| Bar {
                from_s: BARS_S[index],
                to_s: BARS_S.get(index + 1).copied(),
                came: 0,
                gave_up: 0,
                other: 0,
            })
            .collect();
        for (outcome, waits) in &self.ended {
            for wait in waits {
                let index = BARS_S.partition_point(|from| from * 1_000 <= *wait).max(1) - 1;
                let Some(bar) = histogram.get_mut(index) else { continue };
                let part = match Some(*outcome) {
                    outcome if came(outcome) => &mut bar.came,
                    outcome if gave_up(outcome) => &mut bar.gave_up,
                    _ => &mut bar.other,
                };
                *part += 1;
            }
        }
        let mut all: Vec<i64> = self.ended.values().flatten().copied().collect();
        Waits {
            scope,
            all: Wait::of(&mut all),
            outcomes: self
                .ended
                .iter_mut()
                .map(|(outcome, waits)| (*outcome, Wait::of(waits)))
                .collect(),
            came: came_curve,
            gave_up: gave_up_curve,
            explanation: EXPLANATION,
            histogram,
        }
    }
}

impl Collect for Collected {
    fn call(&mut self, call: &Seen<'_>) -> rusqlite::Result<()> {
        match (call.outcome, call.wait_ms) {
            (Some(outcome), Some(wait)) => {
                self.ended.entry(outcome).or_default().push(wait.max(0));
            }
            _ => self.waiting.push(self.now_ms.saturating_sub(call.parked_at_ms).max(0)),
        }
        Ok(())
    }
}
