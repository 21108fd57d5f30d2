//! `callpark export` and `callpark erase`: what the journal knows of one caller, and no longer.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Error, Verb, ok, past};
use crate::journal::Keeper;
use crate::journal::questions::Length;
use crate::module::Module;
use crate::park::Refusal;

pub(super) const EXPORT: Verb = Verb {
    name: "export",
    syntax: "<number>",
    about: "Prints all that the journal knows of the caller with that number, as JSON: every call with all that happened to it, \
            and every attempt that was refused. The number has to be spelled as in `callpark history`; hashed numbers are found \
            too. See [Requests by callers](compliance.md#requests-by-callers)",
    complete: &[""],
    run: export,
};

pub(super) const ERASE: Verb = Verb {
    name: "erase",
    syntax: "<number>",
    about: "Erases name, number and note of that caller from every call that has ended, also in the PostgreSQL database. The \
            calls stay, without their caller. A call that is parked keeps its caller until it ends: erase again then. See \
            [Requests by callers](compliance.md#requests-by-callers)",
    complete: &[""],
    run: erase,
};

/// How long erasing may take.
const ERASED_WITHIN: Duration = Duration::from_secs(600);

fn export(module: &Arc<Module>, words: &[&str]) -> Answer {
    let number = number(words)?;
    let found = past::ask(module, Length::Long, move |reader| reader.export(&number))?;
    let json = serde_json::to_string(&found);
    json.map_err(|error| Error::new(Refusal::Failed, error.to_string()))
}

fn erase(module: &Arc<Module>, words: &[&str]) -> Answer {
    let number = number(words)?;
    let keeper = Keeper::of(module);
    let journal = keeper.journal().ok_or_else(past::none)?;
    let erased = keeper.desk().ask(Length::Long, move |_| journal.erase(&number, ERASED_WITHIN));
    let erased = erased.map_err(past::unanswered)?;
    ok(format_args!(
        "erased from {} calls and {} refused attempts; calls that are still parked: {}",
        erased.calls, erased.refused, erased.waiting
    ))
}

/// A number can have blanks.
fn number(words: &[&str]) -> Result<String, Error> {
    if words.is_empty() { Err(Refusal::BadArguments.into()) } else { Ok(words.join(" ")) }
}
