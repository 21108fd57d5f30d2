//! What the web server answers: the columns of the other lists, and what only a board shows.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::columns::{COLUMNS, LOT_COLUMNS};
use super::{Next, Row, to_json};
use crate::park::{CallUuid, CallView, Forecast, LotView, OrbitRow, OrbitView, Right};

/// A call, and what happens to it next.
pub(crate) struct Card<'a> {
    /// The call.
    pub call: &'a CallView,
    /// What happens next.
    pub next: Option<&'a Forecast>,
}

/// A lot, and what the viewer may do in it; none: that is not said.
pub(crate) struct Lot<'a> {
    /// The lot.
    pub lot: &'a LotView,
    /// What the viewer may do.
    pub may: Option<Vec<Right>>,
}

impl Serialize for Card<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(COLUMNS.len() + 1))?;
        for column in &COLUMNS {
            map.serialize_entry(column.name, &(column.get)(self.call))?;
        }
        map.serialize_entry("next", &self.next.map(Next::of))?;
        map.end()
    }
}

impl Serialize for Lot<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for column in &LOT_COLUMNS {
            map.serialize_entry(column.name, &(column.get)(self.lot))?;
        }
        if let Some(may) = &self.may {
            let may: Vec<&str> = may.iter().map(|right| right.as_str()).collect();
            map.serialize_entry("may", &may)?;
        }
        map.end()
    }
}

/// One orbit of a list.
#[derive(Serialize)]
struct Orbit<'a> {
    orbit: &'a str,
    state: &'a str,
    closed: bool,
    uuid: Option<&'a str>,
}

/// `{"at_ms":…,"lots":[…]}`, `{"at_ms":…,"calls":[…]}`, or both with `seq`.
#[derive(Default, Serialize)]
pub(crate) struct Document<'a> {
    /// When this is so, in ms since 1970.
    pub at_ms: u64,
    /// The latest entry of the journal before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// The lots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lots: Option<Vec<Lot<'a>>>,
    /// The calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<Vec<Card<'a>>>,
    /// Behind what the list goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Option<String>>,
}

impl Document<'_> {
    /// As JSON.
    pub(crate) fn json(&self) -> String {
        to_json(self)
    }
}

/// `{"at_ms":…,"orbits":[…],"next":…}`.
pub(crate) fn orbits(orbits: &[OrbitRow], more: bool, at_ms: u64) -> String {
    #[derive(Serialize)]
    struct Orbits<'a> {
        at_ms: u64,
        orbits: Vec<Orbit<'a>>,
        next: Option<&'a str>,
    }
    let rows = orbits.iter().map(|row| Orbit {
        orbit: row.orbit.as_str(),
        state: row.state.as_str(),
        closed: row.closed,
        uuid: row.uuid.as_ref().map(CallUuid::as_str),
    });
    let next = orbits.last().filter(|_| more).map(|row| row.orbit.as_str());
    to_json(&Orbits { at_ms, orbits: rows.collect(), next })
}

/// One parked call, as `callpark show` has it.
pub(crate) fn call(view: &OrbitView, at_ms: u64) -> String {
    #[derive(Serialize)]
    struct Show<'a> {
        at_ms: u64,
        lot: String,
        orbit: &'a str,
        state: &'a str,
        closed: bool,
        call: Option<Row<'a, CallView>>,
        next: Vec<Next<'a>>,
    }
    to_json(&Show {
        at_ms,
        lot: view.lot.to_string(),
        orbit: view.orbit.as_str(),
        state: view.state.as_str(),
        closed: view.closed,
        call: view.call.as_ref().map(|call| Row(call, &COLUMNS)),
        next: view.next.iter().map(Next::of).collect(),
    })
}

/// An event, as the stream tells it.
#[derive(Serialize)]
pub(crate) struct Event<'a> {
    /// Its number in the journal.
    pub seq: i64,
    /// When, in ms since 1970.
    pub at_ms: i64,
    /// What.
    pub action: &'a str,
    /// The channel of the call.
    pub uuid: &'a str,
    /// The channel before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_uuid: Option<&'a str>,
    /// The lot.
    pub lot: &'a str,
    /// The orbit.
    pub orbit: &'a str,
    /// How the call ended.
    pub outcome: Option<&'a str>,
    /// Who took it.
    pub retriever: Option<&'a str>,
    /// Why.
    pub reason: Option<&'a str>,
    /// Which return step.
    pub step: Option<&'a office::entry::Step>,
    /// For how long it had been parked, in ms.
    pub wait_ms: i64,
    /// The call as it is now.
    pub call: Option<Card<'a>>,
    /// The lot as it is now.
    pub status: Option<Lot<'a>>,
}

impl Event<'_> {
    /// As JSON.
    pub(crate) fn json(&self) -> String {
        to_json(self)
    }
}
