//! `callpark journal`: does the journal keep what it promises, and the table of calls made again.

use std::sync::Arc;
use std::time::Duration;

use office::query::Verified;

use super::{Answer, Error, Verb, ok, past};
use crate::journal::Keeper;
use crate::journal::audit::Audit;
use crate::journal::promises::Broken;
use crate::journal::questions::Length;
use crate::module::Module;
use crate::park::Refusal;

pub(super) const VERB: Verb = Verb {
    name: "journal",
    syntax: "verify|rebuild",
    about: "`verify` reads the whole journal and checks that no entry is missing, that each park has at most one end, and \
            that the table of calls is what the entries add up to. It also checks that parked calls, channels, the journal and \
            lamps agree: see [Promises](operating.md#promises). `rebuild` makes that table again from the entries. \
            Parking goes on meanwhile",
    complete: &["verify", "rebuild"],
    run,
};

/// How long a rebuild may take.
const REBUILT_WITHIN: Duration = Duration::from_secs(600);
/// How many broken promises an answer has.
const MOST_LISTED: usize = 10;

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    match *words {
        ["verify"] => {
            let theirs = Arc::clone(module);
            let (found, broken) = past::ask(module, Length::Long, move |reader| {
                Ok((reader.verify()?, Audit::of(&theirs).look(&theirs)))
            })?;
            verified(&found, &broken)
        }
        ["rebuild"] => {
            let keeper = Keeper::of(module);
            let journal = keeper.journal().ok_or_else(past::none)?;
            let calls = keeper.desk().ask(Length::Long, move |_| journal.rebuild(REBUILT_WITHIN));
            let calls = calls.map_err(past::unanswered)?;
            keeper.rebuilt();
            ok(format_args!("{calls} calls"))
        }
        _ => Err(Refusal::BadArguments.into()),
    }
}

fn verified(found: &Verified, at_present: &[Broken]) -> Answer {
    let Verified { entries, calls, waiting, partial, broken, first_broken } = found;
    if *broken == 0 && at_present.is_empty() {
        let counts = format!(
            "{entries} entries, {calls} calls, {waiting} waiting, {partial} without their beginning"
        );
        return ok(counts);
    }
    let in_file =
        first_broken.iter().map(|broken| format!("{} at {}", broken.promise, broken.number));
    let first: Vec<String> =
        in_file.chain(at_present.iter().map(Broken::to_string)).take(MOST_LISTED).collect();
    let count = broken + at_present.len() as u64;
    Err(Error::new(
        Refusal::Failed,
        format!("broken promises: {count} in {entries} entries; {}", first.join("; ")),
    ))
}
