//! Questions about calls of the past: history, a moment, reports.

use std::sync::Arc;

use office::journal::Call;
use office::query::{Filter, Waited};
use office::report::{self, Kind, Scope};
use office::time::Clock;
use office::web::{Answer, Problem, Query, Reply};

use super::asked::{self, Configs, only, value};
use super::said;
use super::viewer::Viewer;
use crate::api::past;
use crate::journal::questions::Length;
use crate::module::Module;
use crate::park::{Caller, LotKey, Shown};
use crate::render;
use crate::switch::log;

/// When a report begins unless it says otherwise.
const FROM: &str = "-7d";

fn bad(failure: impl std::fmt::Display) -> Problem {
    Problem::new(400, "bad_arguments", failure.to_string())
}

/// What the journal answers.
fn ask<T: Send + 'static>(
    module: &Module,
    length: Length,
    question: impl FnOnce(&office::query::Reader) -> Result<T, office::journal::Failure>
    + Send
    + 'static,
) -> Result<T, Problem> {
    past::ask(module, length, question).map_err(|error| match error.code {
        // Busy, or without a journal.
        "failed" => Problem::new(503, "failed", error.text).after(2),
        code => said(code, &error.text),
    })
}

/// Which calls were parked.
pub(super) fn history(module: &Arc<Module>, viewer: &Viewer, query: Query) -> Answer {
    const KEYS: [&str; 9] =
        ["lot", "from", "to", "caller", "parker", "retriever", "outcome", "limit", "before"];
    only(&query, &KEYS)?;
    let clock = Clock::system();
    let mut filter = Filter { visible_to: viewer.domain().map(str::to_owned), ..Filter::default() };
    filter.lots = viewer.who.lots.clone();
    for (key, value) in &query {
        match key.as_str() {
            "lot" => filter.lot = Some(lot(module, viewer, value)?),
            "before" => {
                filter.before = Some(value.parse().map_err(|_| bad("before is not a number"))?)
            }
            key => filter.set(&clock, key, value).map_err(bad)?,
        }
    }
    let limit = if filter.limit == 0 { 100 } else { filter.limit };
    let by_caller = filter.caller.is_some();
    let calls = ask(module, Length::Short, move |reader| reader.history(&filter))?;
    let next = calls.last().filter(|_| calls.len() >= limit).map(|call| call.id);
    let mut configs = Configs::default();
    let calls = calls.into_iter().filter_map(|call| seen(module, viewer, &mut configs, call));
    // Whoever does not see a number cannot find out by asking for it.
    let calls = calls.filter(|(_, shown)| !by_caller || *shown == Shown::All);
    let calls: Vec<Call> = calls.map(|(call, _)| call).collect();
    Ok(Reply::json(with_next(&report::calls_json(&calls), next)))
}

/// Adds where the list goes on to a document of the form `{"calls":[…]}`.
fn with_next(document: &str, next: Option<i64>) -> String {
    let next = next.map_or("null".to_owned(), |next| format!("\"{next}\""));
    let open = document.trim_end().strip_suffix('}').unwrap_or(document);
    format!("{open},\"next\":{next}}}")
}

/// The lot of that name, as the journal writes it. It need not exist any more.
fn lot(module: &Module, viewer: &Viewer, name: &str) -> Result<String, Problem> {
    match asked::lot(module, viewer, name) {
        Ok(lot) => Ok(lot.to_string()),
        Err(problem) => {
            let key = name.parse::<LotKey>().map_err(bad)?;
            let gone = module.look(|park| park.lot_config(&key)).is_none();
            if gone && viewer.sees(&key, None) { Ok(key.to_string()) } else { Err(problem) }
        }
    }
}

/// The call as far as the viewer sees it, and how much of its caller that is.
fn seen(
    module: &Module,
    viewer: &Viewer,
    configs: &mut Configs,
    mut call: Call,
) -> Option<(Call, Shown)> {
    let lot: LotKey = call.place.lot.parse().ok()?;
    let config = configs.of(module, &lot);
    let config = config.as_deref();
    if !viewer.sees(&lot, config) {
        return None;
    }
    let subject = &mut call.subject;
    let own = viewer.is_one_of([
        Some(subject.parker.as_str()),
        Some(subject.addressed_to.as_str()),
        Some(call.retriever.as_str()),
    ]);
    let caller = Caller::new(subject.caller_name.as_str(), subject.caller_number.as_str());
    let shown = viewer.shown_of(config, &lot, own, &caller);
    if shown != Shown::All {
        let masked = render::masked::caller(&caller, shown);
        subject.caller_name = masked.name.to_string();
        subject.caller_number = masked.number.to_string();
        subject.note.clear();
    }
    Some((call, shown))
}

/// Who waited where at a moment.
pub(super) fn at(module: &Arc<Module>, viewer: &Viewer, query: &Query) -> Answer {
    only(query, &["time"])?;
    let time = value(query, "time").ok_or_else(|| bad("which time?"))?;
    let clock = Clock::system();
    let epoch_ms = time.parse::<i64>().ok().filter(|ms| *ms > 100_000_000_000);
    let at_ms = epoch_ms.map_or_else(|| clock.from(time), Ok).map_err(bad)?;
    let calls = ask(module, Length::Short, move |reader| reader.at(at_ms))?;
    let mut configs = Configs::default();
    let calls: Vec<Waited> = calls
        .into_iter()
        .filter_map(|waited| {
            // Where it was then, and where it went.
            let then: LotKey = waited.then.lot.parse().ok()?;
            let config = configs.of(module, &then);
            viewer.sees(&then, config.as_deref()).then_some(())?;
            let (call, _) = seen(module, viewer, &mut configs, waited.call)?;
            Some(Waited { call, ..waited })
        })
        .collect();
    let document = report::calls_json(&calls);
    let rest = document.strip_prefix('{').unwrap_or(&document);
    Ok(Reply::json(format!("{{\"at_ms\":{at_ms},{rest}")))
}

/// A report. It adds up calls of lots, so it is for those who see all of them.
pub(super) fn report(
    module: &Arc<Module>,
    viewer: &Viewer,
    kind: &str,
    query: Query,
    csv: bool,
) -> Answer {
    only(&query, &["lot", "from", "to"])?;
    let none = |_| Problem::new(404, "bad_arguments", "there is no such report");
    let kind: Kind = kind.parse().map_err(none)?;
    let clock = Clock::system();
    let from = clock.from(value(&query, "from").unwrap_or(FROM)).map_err(bad)?;
    let to =
        value(&query, "to").map_or_else(|| Ok(clock.now_ms()), |to| clock.to(to)).map_err(bad)?;
    let mut scope = Scope::new(from, to);
    scope.lot = value(&query, "lot").map(|name| lot(module, viewer, name)).transpose()?;
    if scope.lot.is_none() {
        if !viewer.who.lots.is_empty() {
            let text = "say which lot: this token is for some lots only";
            return Err(Problem::new(403, "denied", text));
        }
        scope.domain = viewer.domain().map(str::to_owned);
    }
    let theirs = clock.clone();
    let report = ask(module, Length::Long, move |reader| {
        reader.report(kind, &scope, &theirs, |count| {
            log::info(None, format_args!("report {kind}: {count} calls read so far"));
        })
    })?;
    Ok(Reply::json(if csv { report.csv(&clock) } else { report.json() }))
}
