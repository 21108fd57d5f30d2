//! `callpark audit`: who did what, and whether that is still what was written.

use std::sync::Arc;

use office::audit::Head;
use office::query::AuditFilter;
use office::report;
use office::time::Clock;

use super::{Answer, Error, Verb, ok, past};
use crate::journal::Keeper;
use crate::journal::questions::Length;
use crate::module::Module;
use crate::park::Refusal;
use crate::render;

pub(super) const VERB: Verb = Verb {
    name: "audit",
    syntax: "[<lot>] [from=<time>] [to=<time>] [actor=<who>] [action=<what>] [orbit=<orbit>] [uuid=<uuid>] \
             [result=<result>] [limit=<count>] [json|csv|xml] | verify [head=<number>:<hash>] | head",
    about: "Lists who did what, newest first: 100 rows, unless `limit` (1 to 1000) says otherwise. `verify` checks the chain of \
            all rows and names the first that was changed or removed; with the `head` that the log has of an earlier day, it \
            also finds a chain that was made anew. `head` prints the present one. See [The audit](security.md#the-audit)",
    complete: &[
        "::callpark::lots",
        "verify",
        "head",
        "from=",
        "to=",
        "actor=",
        "action=",
        "limit=",
        "json",
        "csv",
        "xml",
    ],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    match *words {
        ["verify"] => verify(module, None),
        ["verify", head] => {
            let head = head.strip_prefix("head=").and_then(|head| head.parse().ok());
            verify(module, Some(head.ok_or(Refusal::BadArguments)?))
        }
        ["head"] => {
            let head = past::ask(module, Length::Short, {
                let keeper = Keeper::of(module);
                move |_| {
                    Ok(keeper.journal().map(|journal| journal.audit_head()).unwrap_or_default())
                }
            })?;
            ok(head)
        }
        _ => list(module, words),
    }
}

fn list(module: &Arc<Module>, words: &[&str]) -> Answer {
    let asked = past::read(words, &["text", "json", "csv", "xml"])?;
    let clock = Clock::system();
    let mut filter = AuditFilter::default();
    for (key, value) in asked.filters {
        filter.set(&clock, key, value).map_err(|failure| past::failed(&failure))?;
    }
    filter.equal.extend(asked.lot.map(|lot| ("lot", lot)));
    let rows = past::ask(module, Length::Short, move |reader| reader.audit(&filter))?;
    Ok(match asked.format {
        Some("json") => report::audit_json(&rows),
        Some("csv") => report::audit(&rows, &clock, true).csv(),
        Some("xml") => render::table_xml("audit", "row", &report::audit(&rows, &clock, true)),
        _ => report::audit(&rows, &clock, false).text(),
    })
}

fn verify(module: &Arc<Module>, head: Option<Head>) -> Answer {
    let keeper = Keeper::of(module);
    let found = past::ask(module, Length::Long, move |reader| {
        let known = keeper.journal().map(|journal| journal.audit_head());
        let known: Vec<Head> = known.into_iter().chain(head).collect();
        reader.verify_audit(&known)
    })?;
    match found.broken {
        None => ok(format_args!("{} rows, head {}", found.rows, found.head)),
        Some((row, what)) => Err(Error::new(
            Refusal::Failed,
            format!("row {row}: {what}; {} rows before it are whole", found.rows),
        )),
    }
}
