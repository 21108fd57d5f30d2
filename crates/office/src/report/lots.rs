//! `report lots`: how full the lots were.

use std::collections::BTreeMap;

use serde::Serialize;

use super::seen::{Refused, Seen};
use super::table::{Cell, Table};
use super::{Collect, Scope};
use crate::time::Clock;

/// Into how many parts the period is divided.
const PARTS: i64 = 168;
/// How many orbits of a lot are listed.
const MOST_ORBITS: usize = 1_000;

/// How full the lots were.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "web", schema(as = LotsReport))]
pub struct Lots {
    /// What it is about.
    pub scope: Scope,
    /// The busiest moment of all lots together. None: no call was parked.
    pub busiest: Option<Most>,
    /// Each lot.
    pub lots: Vec<Lot>,
}

/// The most calls that were parked at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct Most {
    /// When, in ms since 1970.
    pub at_ms: i64,
    /// How many calls.
    pub parked: u64,
}

/// How full a lot was.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "web", schema(as = ReportLot))]
pub struct Lot {
    /// Its name.
    pub lot: String,
    /// The most orbits that it had. None: not known.
    pub capacity: Option<u32>,
    /// How many calls came into it, by a park or by a move.
    pub parks: u64,
    /// How many calls it refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Its busiest moment.
    pub busiest: Option<Most>,
    /// How many calls were parked in it on average over the period.
    pub mean_parked: f64,
    /// For how long every orbit was taken, in ms.
    pub full_ms: i64,
    /// Its orbits that were used.
    pub orbits: Vec<Orbit>,
    /// The most calls in each part of the period. The parts are equally long.
    pub course: Vec<u64>,
}

/// How much an orbit was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "web", schema(as = ReportOrbit))]
pub struct Orbit {
    /// Its name.
    pub orbit: String,
    /// How many calls came into it.
    pub parks: u64,
    /// For how long a call was in it, in ms.
    pub taken_ms: i64,
}

impl Lots {
    pub(super) fn tables(&self, clock: &Clock) -> Vec<Table> {
        let columns =
            ["lot", "orbits", "parked", "refused", "most at once", "when", "mean", "full_s"];
        let mut lots = Table::new("Lots", &columns);
        let mut refused = Table::new("Refusals", &["lot", "reason", "calls"]);
        let mut orbits = Table::new("Orbits", &["lot", "orbit", "parked", "taken_s"]);
        for lot in &self.lots {
            lots.row([
                Cell::text(&lot.lot),
                lot.capacity.map_or(Cell::Nothing, |orbits| Cell::Number(orbits.into())),
                Cell::count(lot.parks),
                Cell::count(lot.refused.values().sum()),
                lot.busiest.map_or(Cell::Nothing, |most| Cell::count(most.parked)),
                lot.busiest.map_or(Cell::Nothing, |most| Cell::Text(clock.show(most.at_ms))),
                Cell::Decimal(lot.mean_parked),
                Cell::seconds(lot.full_ms),
            ]);
            for (reason, count) in &lot.refused {
                refused.row([Cell::text(&lot.lot), Cell::text(reason), Cell::count(*count)]);
            }
            for orbit in &lot.orbits {
                orbits.row([
                    Cell::text(&lot.lot),
                    Cell::text(&orbit.orbit),
                    Cell::count(orbit.parks),
                    Cell::seconds(orbit.taken_ms),
                ]);
            }
        }
        vec![lots, refused, orbits]
    }
}

#[derive(Default)]
struct Sum {
    capacity: Option<u32>,
    parks: u64,
    refused: BTreeMap<String, u64>,
    /// When a call came (1) or went (-1).
    changes: Vec<(i64, i64)>,
    orbits: BTreeMap<String, (u64, i64)>,
}

pub(super) struct Collected {
    from_ms: i64,
    /// The end of the period, or the present if that is earlier.
    to_ms: i64,
    now_ms: i64,
    only: Option<String>,
    lots: BTreeMap<String, Sum>,
}

impl Collected {
    pub(super) fn new(scope: &Scope, now_ms: i64) -> Self {
        let to_ms = scope.to_ms.min(now_ms).max(scope.from_ms + 1);
        let only = scope.lot.clone();
        Collected { from_ms: scope.from_ms, to_ms, now_ms, only, lots: BTreeMap::new() }
    }

    fn of(&mut self, lot: &str) -> Option<&mut Sum> {
        if self.only.as_ref().is_some_and(|only| only != lot) {
            return None;
        }
        if !self.lots.contains_key(lot) {
            self.lots.insert(lot.to_owned(), Sum::default());
        }
        self.lots.get_mut(lot)
    }

    fn stay(&mut self, lot: &str, orbit: &str, from_ms: i64, to_ms: i64) {
        let (begins, ends) = (self.from_ms, self.to_ms);
        let Some(sum) = self.of(lot) else { return };
        let in_period = from_ms >= begins && from_ms < ends;
        let (from, to) = (from_ms.max(begins), to_ms.min(ends));
        if to < from {
            return;
        }
        sum.parks += u64::from(in_period);
        sum.changes.extend([(from, 1), (to, -1)]);
        if !sum.orbits.contains_key(orbit) {
            sum.orbits.insert(orbit.to_owned(), (0, 0));
        }
        if let Some((parks, taken_ms)) = sum.orbits.get_mut(orbit) {
            *parks += u64::from(in_period);
            *taken_ms += to - from;
        }
    }

    pub(super) fn report(self, scope: Scope) -> Lots {
        let (from, to) = (self.from_ms, self.to_ms);
        let mut together: Vec<(i64, i64)> = Vec::new();
        let lots = self.lots.into_iter().map(|(lot, mut sum)| {
            let swept = Swept::of(&mut sum.changes, from, to, sum.capacity);
            together.append(&mut sum.changes);
            let orbits = sum.orbits.into_iter().take(MOST_ORBITS);
            Lot {
                lot,
                capacity: sum.capacity,
                parks: sum.parks,
                refused: sum.refused,
                busiest: swept.busiest,
                mean_parked: swept.mean,
                full_ms: swept.full_ms,
                orbits: orbits
                    .map(|(orbit, (parks, taken_ms))| Orbit { orbit, parks, taken_ms })
                    .collect(),
                course: swept.course,
            }
        });
        let lots = lots.collect();
        let busiest = Swept::of(&mut together, from, to, None).busiest;
        Lots { scope, busiest, lots }
    }
}

impl Collect for Collected {
    fn call(&mut self, call: &Seen<'_>) -> rusqlite::Result<()> {
        let mut from_ms = call.parked_at_ms;
        for stay in call.earlier()? {
            self.stay(&stay.place.lot, &stay.place.orbit, from_ms, stay.until_ms);
            from_ms = stay.until_ms;
        }
        self.stay(call.lot, call.orbit, from_ms, call.ended_at_ms.unwrap_or(self.now_ms));
        if let Some(sum) = self.of(call.lot) {
            sum.capacity = sum.capacity.max(call.capacity);
        }
        Ok(())
    }

    fn refused(&mut self, refused: &Refused) {
        if let Some(sum) = self.of(&refused.lot) {
            sum.capacity = sum.capacity.max(refused.capacity);
            *sum.refused.entry(refused.reason.clone()).or_default() += 1;
        }
    }
}

/// What the changes of a period come to.
struct Swept {
    busiest: Option<Most>,
    mean: f64,
    full_ms: i64,
    course: Vec<u64>,
}

impl Swept {
    fn of(changes: &mut [(i64, i64)], from: i64, to: i64, capacity: Option<u32>) -> Self {
        // At the same moment, whoever goes does so before another comes into the orbit.
        changes.sort_unstable();
        let capacity = capacity.map_or(i64::MAX, i64::from);
        let part = |at: i64| usize::try_from((at - from) * PARTS / (to - from).max(1));
        let mut course = vec![0; usize::try_from(PARTS).unwrap_or_default()];
        let (mut parked, mut since, mut most) = (0, from, 0);
        let (mut area, mut full_ms, mut busiest) = (0, 0, None);
        for (at, change) in changes.iter().copied().chain([(to, 0)]) {
            area += i128::from(parked) * i128::from(at - since);
            if parked >= capacity {
                full_ms += at - since;
            }
            if let (Ok(first), Ok(last)) = (part(since), part(at))
                && at > since
            {
                let count = u64::try_from(parked).unwrap_or_default();
                for part in course.iter_mut().take(last + 1).skip(first) {
                    *part = count.max(*part);
                }
            }
            parked += change;
            since = at;
            if parked > most {
                most = parked;
                busiest =
                    Some(Most { at_ms: at, parked: u64::try_from(parked).unwrap_or_default() });
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "an average of years in ms")]
        let mean = area as f64 / (to - from).max(1) as f64;
        Swept { busiest, mean, full_ms, course }
    }
}
