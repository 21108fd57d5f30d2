//! `report usage`: how many calls were parked, and when.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::seen::{Refused, Seen};
use super::table::{Cell, Table};
use super::{Collect, Scope};
use crate::entry::Outcome;
use crate::time::Clock;

/// How many repeat callers are listed.
const MOST_REPEATED: usize = 20;
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// How many calls were parked, and when.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "web", schema(as = UsageReport))]
pub struct Usage {
    /// What it is about.
    pub scope: Scope,
    /// How many calls were parked.
    pub parks: u64,
    /// How many were refused.
    pub refused: u64,
    /// How many of the parked ones are waiting.
    pub waiting: u64,
    /// How the others ended.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// How many calls were parked in each hour of the week: seven days from Monday, 24 hours each.
    pub hours: [[u64; 24]; 7],
    /// How many calls were parked on each day that had one.
    pub days: BTreeMap<String, u64>,
    /// How many callers are known by their number.
    pub callers: u64,
    /// How many of these were parked more than once.
    pub repeat_callers: u64,
    /// Those that were parked most often.
    pub repeated: Vec<Repeated>,
}

/// A caller who was parked more than once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct Repeated {
    /// The number, as it was written down.
    pub caller: String,
    /// How often.
    pub calls: u64,
}

impl Usage {
    pub(super) fn tables(&self) -> Vec<Table> {
        let mut hours = Table::new("Parked calls by hour of the week", &["day"]);
        hours.columns.extend((0..24).map(|hour| format!("{hour:02}")));
        for (day, counts) in DAYS.iter().zip(self.hours) {
            let mut row = vec![Cell::text(day)];
            row.extend(counts.into_iter().map(Cell::count));
            hours.rows.push(row);
        }
        let mut totals = Table::new("Calls", &["what", "calls"]);
        totals.row([Cell::text("parked"), Cell::count(self.parks)]);
        for (outcome, count) in &self.outcomes {
            totals.row([Cell::text(outcome.as_str()), Cell::count(*count)]);
        }
        totals.row([Cell::text("waiting"), Cell::count(self.waiting)]);
        totals.row([Cell::text("refused"), Cell::count(self.refused)]);
        totals.row([Cell::text("callers"), Cell::count(self.callers)]);
        totals.row([Cell::text("repeat callers"), Cell::count(self.repeat_callers)]);
        let mut repeated = Table::new("Repeat callers", &["caller", "calls"]);
        for caller in &self.repeated {
            repeated.row([Cell::text(&caller.caller), Cell::count(caller.calls)]);
        }
        vec![hours, totals, repeated]
    }
}

pub(super) struct Collected<'a> {
    clock: &'a Clock,
    parks: u64,
    refused: u64,
    waiting: u64,
    outcomes: BTreeMap<Outcome, u64>,
    /// Calls by the quarter of an hour in which they were parked: to know the hour and the day of each takes long, and no
    /// time zone changes within one.
    quarters: HashMap<i64, u64>,
    callers: HashMap<String, u64>,
}

const QUARTER_MS: i64 = 900_000;

impl<'a> Collected<'a> {
    pub(super) fn new(clock: &'a Clock) -> Self {
        Collected {
            clock,
            parks: 0,
            refused: 0,
            waiting: 0,
            outcomes: BTreeMap::new(),
            quarters: HashMap::new(),
            callers: HashMap::new(),
        }
    }

    pub(super) fn report(self, scope: Scope) -> Usage {
        let mut hours = [[0; 24]; 7];
        let mut days: BTreeMap<String, u64> = BTreeMap::new();
        for (quarter, count) in self.quarters {
            let at_ms = quarter * QUARTER_MS;
            let hour = self.clock.hour_of_week(at_ms);
            if let Some(cell) = hours.as_flattened_mut().get_mut(hour) {
                *cell += count;
            }
            *days.entry(self.clock.day(at_ms)).or_default() += count;
        }
        let callers = self.callers.len() as u64;
        let mut repeated: Vec<Repeated> = self
            .callers
            .into_iter()
            .filter(|(_, calls)| *calls > 1)
            .map(|(caller, calls)| Repeated { caller, calls })
            .collect();
        let repeat_callers = repeated.len() as u64;
        repeated.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.caller.cmp(&b.caller)));
        repeated.truncate(MOST_REPEATED);
        Usage {
            scope,
            parks: self.parks,
            refused: self.refused,
            waiting: self.waiting,
            outcomes: self.outcomes,
            hours,
            days,
            callers,
            repeat_callers,
            repeated,
        }
    }
}

impl Collect for Collected<'_> {
    fn call(&mut self, call: &Seen<'_>) -> rusqlite::Result<()> {
        self.parks += 1;
        match call.outcome {
            Some(outcome) => *self.outcomes.entry(outcome).or_default() += 1,
            None => self.waiting += 1,
        }
        *self.quarters.entry(call.parked_at_ms.div_euclid(QUARTER_MS)).or_default() += 1;
        if !call.caller_number.is_empty() {
            match self.callers.get_mut(call.caller_number) {
                Some(calls) => *calls += 1,
                None => drop(self.callers.insert(call.caller_number.to_owned(), 1)),
            }
        }
        Ok(())
    }

    fn refused(&mut self, _refused: &Refused) {
        self.refused += 1;
    }
}
