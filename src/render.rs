//! Lists of calls and lots, and one orbit, for people and for programs.
//!
//! A caller's name can hold anything, so nothing here is put together by hand that has a serializer; and in plain text
//! everything that could be taken for the end of a cell or of a line is written as an escape.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::str::FromStr;

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};

mod columns;
mod diff;
mod health;
pub(crate) mod masked;
mod streams;
mod text;
mod valet;
#[cfg(feature = "web")]
pub(crate) mod web;
#[cfg(feature = "web")]
mod webhooks;
mod xml;

#[cfg(test)]
mod tests;

use crate::park::{CallView, CallbackView, Forecast, LotView, OrbitView};
use columns::{CALLBACK_COLUMNS, COLUMNS, Cell, LOT_COLUMNS};
pub(crate) use diff::Diff;
pub(crate) use health::{doctor_json, doctor_text, health_json, health_text};
pub(crate) use streams::{StreamView, streams_json, streams_text};
pub(crate) use valet::valet_info;
#[cfg(feature = "web")]
pub(crate) use webhooks::{webhooks_json, webhooks_text};
pub(crate) use xml::{illegal as illegal_in_xml, table as table_xml};

/// How a list is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    /// Aligned, for people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// One XML element.
    Xml,
    /// Comma-separated, RFC 4180.
    Csv,
}

impl FromStr for Format {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "text" => Ok(Format::Text),
            "json" => Ok(Format::Json),
            "xml" => Ok(Format::Xml),
            "csv" => Ok(Format::Csv),
            _ => Err(()),
        }
    }
}

/// The list of calls.
pub(crate) fn calls(calls: &[CallView], format: Format) -> String {
    match format {
        Format::Text => text::table(calls, &COLUMNS, "call"),
        Format::Json => document("calls", Rows(calls, &COLUMNS)),
        Format::Xml => xml::calls(calls),
        Format::Csv => csv(calls).unwrap_or_default(),
    }
}

/// A line a lot: capacity, parked, free, closed; and how many are reserved or draining, if any are.
pub(crate) fn status_text(lots: &[LotView]) -> String {
    let mut out = String::new();
    for lot in lots {
        let name = text::quoted(&lot.lot.to_string()).into_owned();
        let (capacity, parked, free, closed) = (lot.capacity, lot.parked, lot.free, lot.closed);
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "{name}: capacity {capacity}, parked {parked}, free {free}, closed {closed}"
        );
        for (what, count) in [("reserved", lot.reserved), ("draining", lot.draining)] {
            if count > 0 {
                let _ = write!(out, ", {what} {count}");
            }
        }
        out.push('\n');
    }
    out
}

/// `{"lots":[…]}`.
pub(crate) fn status_json(lots: &[LotView]) -> String {
    document("lots", Rows(lots, &LOT_COLUMNS))
}

/// Who is to be called back, a line each.
pub(crate) fn callbacks_text(callbacks: &[CallbackView]) -> String {
    text::table(callbacks, &CALLBACK_COLUMNS, "call-back")
}

/// `{"callbacks":[…]}`.
pub(crate) fn callbacks_json(callbacks: &[CallbackView]) -> String {
    document("callbacks", Rows(callbacks, &CALLBACK_COLUMNS))
}

/// One orbit, its call, and what happens next.
pub(crate) fn show_text(view: &OrbitView) -> String {
    let mut out = format!("{} {} is {}", view.lot, view.orbit, view.state.as_str());
    if view.closed && view.call.is_some() {
        out.push_str(", and closed to new calls");
    }
    out.push('\n');
    if let Some(call) = &view.call {
        for column in COLUMNS.iter().filter(|column| !matches!(column.name, "lot" | "orbit")) {
            let _ = writeln!(out, "  {}: {}", column.name, text::cell(&(column.get)(call)));
        }
        if view.next.is_empty() {
            out.push_str("next: the call remains parked until it is retrieved\n");
        }
    }
    for forecast in &view.next {
        let (s, ms) = (forecast.in_ms / 1000, forecast.in_ms % 1000);
        let _ = write!(out, "next: in {s}.{ms:03} s {}", text::line(&forecast.what));
        match forecast.skipped {
            Some(why) => {
                let _ = writeln!(out, " (skipped: {why})");
            }
            None => out.push('\n'),
        }
    }
    out
}

/// What happens next to a call.
#[derive(Serialize)]
struct Next<'a> {
    in_ms: u64,
    what: &'a str,
    step: Option<String>,
    skipped: Option<&'a str>,
}

impl<'a> Next<'a> {
    fn of(forecast: &'a Forecast) -> Self {
        let Forecast { in_ms, what, step, skipped } = forecast;
        let step = step.as_ref().map(ToString::to_string);
        Next { in_ms: *in_ms, what, step, skipped: *skipped }
    }
}

/// The same as one JSON document: `lot`, `orbit`, `state`, `closed`, `call` (or null), `next` with `in_ms`, `what`, `step`
/// (or null) and `skipped` (why it will be, or null).
pub(crate) fn show_json(view: &OrbitView) -> String {
    #[derive(Serialize)]
    struct Show<'a> {
        lot: String,
        orbit: &'a str,
        state: &'a str,
        closed: bool,
        call: Option<Row<'a, CallView>>,
        next: Vec<Next<'a>>,
    }
    let next = view.next.iter().map(Next::of);
    to_json(&Show {
        lot: view.lot.to_string(),
        orbit: view.orbit.as_str(),
        state: view.state.as_str(),
        closed: view.closed,
        call: view.call.as_ref().map(|call| Row(call, &COLUMNS)),
        next: next.collect(),
    })
}

fn csv(calls: &[CallView]) -> Option<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS.iter().map(|column| column.name)).ok()?;
    for call in calls {
        let cells = COLUMNS.iter().map(|column| (column.get)(call).plain().into_owned());
        writer.write_record(cells).ok()?;
    }
    String::from_utf8(writer.into_inner().ok()?).ok()
}

fn document<'a, T>(name: &str, rows: Rows<'a, T>) -> String {
    struct Document<'n, 'a, T>(&'n str, Rows<'a, T>);
    impl<T> Serialize for Document<'_, '_, T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry(self.0, &self.1)?;
            map.end()
        }
    }
    to_json(&Document(name, rows))
}

fn to_json(value: &impl Serialize) -> String {
    // Strings and integers under string keys: nothing serde_json could refuse.
    serde_json::to_string(value).unwrap_or_default()
}

/// Things, and the columns they are shown in.
struct Rows<'a, T>(&'a [T], &'a [columns::Column<T>]);

struct Row<'a, T>(&'a T, &'a [columns::Column<T>]);

impl<T> Serialize for Rows<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for item in self.0 {
            seq.serialize_element(&Row(item, self.1))?;
        }
        seq.end()
    }
}

impl<T> Serialize for Row<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.1.len()))?;
        for column in self.1 {
            map.serialize_entry(column.name, &(column.get)(self.0))?;
        }
        map.end()
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Text(text) => serializer.serialize_str(text),
            Cell::Number(number) => serializer.serialize_u64(*number),
            Cell::Truth(truth) => serializer.serialize_bool(*truth),
            Cell::Nothing => serializer.serialize_none(),
        }
    }
}

impl Cell<'_> {
    /// For formats in which everything is text; nothing is empty.
    fn plain(&self) -> Cow<'_, str> {
        match self {
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Number(number) => number.to_string().into(),
            Cell::Truth(truth) => if *truth { "true" } else { "false" }.into(),
            Cell::Nothing => "".into(),
        }
    }
}
