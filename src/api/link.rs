//! `callpark link`: a link with which one user takes one parked call.

use std::sync::Arc;
use std::time::Duration;

use office::web::LONGEST_LINK;

use super::{Answer, Error, Verb, ok, orbit_key};
use crate::dial::link;
use crate::module::Module;
use crate::park::Refusal;
use crate::switch::clock;

/// For how long a link is good unless it is said otherwise.
const GOOD_FOR: Duration = Duration::from_secs(300);

pub(super) const VERB: Verb = Verb {
    name: "link",
    syntax: "<lot> <orbit> <user> [<seconds>]",
    about: "Answers `+OK <link>`: a link with which that user of the directory takes the call that is in that orbit now, once, \
            and within 300 s unless you say otherwise, up to a day. See [One-tap links](web.md#one-tap-links)",
    complete: &["::callpark::lots ::callpark::taken"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let (lot, orbit, user, seconds) = match *words {
        [lot, orbit, user] => (lot, orbit, user, None),
        [lot, orbit, user, seconds] => (lot, orbit, user, Some(seconds)),
        _ => return Err(Refusal::BadArguments.into()),
    };
    let bad = |text: &str| Error::new(Refusal::BadArguments, text);
    let good_for = match seconds.map(str::parse).transpose() {
        Ok(None) => GOOD_FOR,
        Ok(Some(seconds @ 1..)) if Duration::from_secs(seconds) <= LONGEST_LINK => {
            Duration::from_secs(seconds)
        }
        _ => return Err(bad("the time is 1 to 86400 s")),
    };
    let user = super::user(user)?;
    let call = module.look(|park| {
        let place = orbit_key(park, lot, orbit)?;
        let call = park.show(clock::now(), &place, &|_| None)?.call;
        call.ok_or(Refusal::Empty)
    })?;
    let link = link::to(module, &call, &user, good_for);
    ok(link.map_err(|why| Error::new(Refusal::Failed, why))?)
}
