//! `callpark checkpoint`: everything is written down that is needed after FreeSWITCH has been killed.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Error, Verb, ok, past};
use crate::journal::Keeper;
use crate::journal::questions::Length;
use crate::leg::track;
use crate::module::Module;
use crate::park::{Park, Refusal};

pub(super) const VERB: Verb = Verb {
    name: "checkpoint",
    syntax: "",
    about: "Writes down what is needed to bring the parked calls back after FreeSWITCH has been killed, and says how many of \
            them would come back: see [Recovery](operating.md#recovery)",
    complete: &[""],
    run,
};

/// FreeSWITCH writes its database from a queue, twice a second, and does not say when it has.
const CORE_WRITES_WITHIN: Duration = Duration::from_millis(1_500);
/// How long the journal may take.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    if !words.is_empty() {
        return Err(Refusal::BadArguments.into());
    }
    let keeper = Keeper::of(module);
    let journal = keeper.journal().ok_or_else(past::none)?;
    if !keeper.lasting().write(WRITTEN_WITHIN) {
        return Err(unwritten());
    }
    let written = keeper.desk().ask(Length::Short, move |_| Ok(journal.flush(WRITTEN_WITHIN)));
    if !written.map_err(past::unanswered)? {
        return Err(unwritten());
    }
    let back = track::checkpoint(module);
    std::thread::sleep(CORE_WRITES_WITHIN);
    let parked: u32 = module.look(Park::lots).iter().map(|lot| lot.parked).sum();
    ok(format_args!("{back} of {parked} parked calls would come back"))
}

fn unwritten() -> Error {
    Error::new(Refusal::Failed, "the journal cannot be written; see `callpark health`")
}
