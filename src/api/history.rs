//! `callpark history` and `callpark at`: which calls were parked, and which were waiting at a moment.

use std::sync::Arc;

use office::query::Filter;
use office::report;
use office::time::Clock;

use super::{Answer, Verb, past};
use crate::journal::questions::Length;
use crate::module::Module;
use crate::park::Refusal;
use crate::render;

pub(super) const VERB: Verb = Verb {
    name: "history",
    syntax: "[<lot>] [from=<time>] [to=<time>] [caller=<number>] [parker=<user>] [retriever=<user>] \
             [outcome=<outcome>|waiting] [limit=<count>] [json|csv|xml]",
    about: "Lists calls that have ended and calls that are waiting, newest first: 100, unless `limit` (1 to 1000) says \
            otherwise. A time is `2026-11-25`, `2026-11-25T14:03`, `-7d`, `today`, `yesterday` or `now`, and says when \
            the call was parked: see [History](#history)",
    complete: &[
        "::callpark::lots",
        "from=",
        "to=",
        "caller=",
        "parker=",
        "retriever=",
        "outcome=",
        "limit=",
        "json",
        "csv",
        "xml",
    ],
    run: history,
};

pub(super) const AT: Verb = Verb {
    name: "at",
    syntax: "<time> [json|csv|xml]",
    about: "Lists the calls that were waiting at that moment, longest waiting first, each with the orbit it was in then",
    complete: &["now", "today", "yesterday"],
    run: at,
};

fn history(module: &Arc<Module>, words: &[&str]) -> Answer {
    let asked = past::read(words, &["text", "json", "csv", "xml"])?;
    let clock = Clock::system();
    let mut filter = Filter { lot: asked.lot, ..Filter::default() };
    for (key, value) in asked.filters {
        filter.set(&clock, key, value).map_err(|failure| past::failed(&failure))?;
    }
    let calls = past::ask(module, Length::Short, move |reader| reader.history(&filter))?;
    Ok(match asked.format {
        Some("json") => report::calls_json(&calls),
        Some("csv") => report::calls(&calls, &clock, true).csv(),
        Some("xml") => render::table_xml("calls", "call", &report::calls(&calls, &clock, true)),
        _ => report::calls(&calls, &clock, false).text(),
    })
}

fn at(module: &Arc<Module>, words: &[&str]) -> Answer {
    let (time, format) = match *words {
        [time] => (time, "text"),
        [time, format @ ("text" | "json" | "csv" | "xml")] => (time, format),
        _ => return Err(Refusal::BadArguments.into()),
    };
    let clock = Clock::system();
    let at_ms = clock.from(time).map_err(|failure| past::failed(&failure))?;
    let calls = past::ask(module, Length::Short, move |reader| reader.at(at_ms))?;
    let table = report::waited(&calls, &clock);
    Ok(match format {
        "json" => report::calls_json(&calls),
        "csv" => table.csv(),
        "xml" => render::table_xml("calls", "call", &table),
        _ => format!("{}\n{}", clock.show(at_ms), table.text()),
    })
}
