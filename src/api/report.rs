//! `callpark report`: what the calls of a period have in common.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use office::report::{self, Kind, Report, Scope};
use office::time::Clock;

use super::{Answer, Error, Verb, ok, past};
use crate::journal::questions::Length;
use crate::module::Module;
use crate::park::Refusal;
use crate::switch::{core, log};

/// When a report begins unless it says otherwise.
const FROM: &str = "-7d";
/// Its administrator and the group may read a file with the names of callers.
const MODE: u32 = 0o640;

pub(super) const VERB: Verb = Verb {
    name: "report",
    syntax: "usage|waits|timeouts|people|lots [<lot>] [from=<time>] [to=<time>] [text|json|csv|html]",
    about: "Reports on the calls that were parked in a period, which is the last seven days unless `from` and `to` say \
            otherwise. `html` writes one self-contained file with plots, `callpark-<report>.html` in FreeSWITCH's log \
            folder, and answers its path: see [Reports](#reports)",
    complete: &[
        "usage ::callpark::lots",
        "waits ::callpark::lots",
        "timeouts ::callpark::lots",
        "people ::callpark::lots",
        "lots ::callpark::lots",
    ],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let Some((kind, words)) = words.split_first() else { return Err(Refusal::BadArguments.into()) };
    let kind: Kind = kind.parse().map_err(|_| Refusal::BadArguments)?;
    let asked = past::read(words, &["text", "json", "csv", "html"])?;
    let clock = Clock::system();
    let (mut from, mut to) = (clock.from(FROM), Ok(clock.now_ms()));
    for (key, value) in asked.filters {
        match key {
            "from" => from = clock.from(value),
            "to" => to = clock.to(value),
            _ => return Err(Refusal::BadArguments.into()),
        }
    }
    let failed = |failure| past::failed(&failure);
    let mut scope = Scope::new(from.map_err(failed)?, to.map_err(failed)?);
    scope.lot = asked.lot;
    let theirs = clock.clone();
    let report = past::ask(module, Length::Long, move |reader| {
        reader.report(kind, &scope, &theirs, |count| {
            log::info(None, format_args!("callpark report {kind}: {count} calls read so far"));
        })
    })?;
    match asked.format {
        Some("json") => Ok(report.json()),
        Some("csv") => Ok(report.csv(&clock)),
        Some("html") => ok(write(report, &clock)?.display()),
        _ => Ok(report.text(&clock)),
    }
}

/// Writes the page, in place of an earlier one about the same.
fn write(report: Report, clock: &Clock) -> Result<PathBuf, Error> {
    let none = || Error::new(Refusal::Failed, "FreeSWITCH does not say where its logs are");
    let folder = core::variable("log_dir").ok_or_else(none)?;
    let kind = report.kind();
    // The name of a lot has no character that has a meaning in a path.
    let lot = report.scope().lot.clone().map(|lot| format!("-{lot}")).unwrap_or_default();
    let path = Path::new(&folder).join(format!("callpark-{kind}{lot}.html"));
    let text = report::html(&format!("Parked calls: {kind}"), &[report], clock);
    put(&path, &text).map_err(|error| {
        Error::new(Refusal::Failed, format!("{} cannot be written: {error}", path.display()))
    })?;
    Ok(path)
}

/// A file that is there as a whole or not at all.
fn put(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("html.new");
    if let Err(error) = fs::remove_file(&new)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = fs::File::options().write(true).create_new(true).mode(MODE).open(&new)?;
    file.write_all(text.as_bytes())?;
    fs::rename(&new, path)
}
