//! `callpark park <uuid>`: parks a channel, whatever it is doing.

use std::sync::Arc;

use super::{Answer, Verb, ok, session};
use crate::args;
use crate::module::Module;
use crate::park::{CallUuid, Refusal};
use crate::switch::ivr;

pub(super) const VERB: Verb = Verb {
    name: "park",
    syntax: "<uuid> [<lot>] [<orbit>|auto]",
    complete: &["::console::list_uuid ::callpark::lots ::callpark::free"],
    run,
};

/// How long the orbit is held for the channel to arrive.
const ARRIVES_WITHIN_MS: u64 = 5_000;

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let Some((uuid, rest)) = words.split_first() else { return Err(Refusal::BadArguments.into()) };
    let channel = session(uuid)?;
    let uuid = CallUuid::from(channel.session().uuid().as_str());
    let (lot, want) = module.look(|park| {
        let place = args::place(park, &rest.join(" "), None)?;
        Ok::<_, Refusal>((place.lot, args::want(place.word.as_deref())?))
    })?;
    let (lot, orbit) = module.act(None, |park, now| {
        (park.reserve(now, &uuid, &lot, want, ARRIVES_WITHIN_MS), Vec::new())
    })?;
    // The channel's own thread parks it: no other may play to it.
    let arrive = format!("callpark:{lot} {orbit}");
    if !ivr::transfer(channel.session(), &arrive, Some("inline"), None) {
        module.act(None, |park, _| (park.unreserve(&uuid), Vec::new()));
        return Err(Refusal::Gone.into());
    }
    ok(format_args!("{lot} {orbit}"))
}
