//! `callpark park <uuid>`: parks a channel, whatever it is doing.

use std::sync::Arc;

use super::{Answer, Error, Verb, ok, session};
use crate::args;
use crate::arrival::{self, ARRIVES_WITHIN_MS, Arrival};
use crate::module::Module;
use crate::park::{CallUuid, Refusal, Want};

pub(super) const VERB: Verb = Verb {
    name: "park",
    syntax: "<uuid> [<lot>] [<orbit>|auto]",
    complete: &["::console::list_uuid ::callpark::lots ::callpark::free"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let Some((uuid, rest)) = words.split_first() else { return Err(Refusal::BadArguments.into()) };
    let channel = session(uuid)?;
    if channel.session().channel().is_ringing_phone() {
        return Err(Error::new(Refusal::Failed, "that is a phone that rings: nobody is there yet"));
    }
    let uuid = CallUuid::from(channel.session().uuid().as_str());
    let (lot, want) = module.look(|park| {
        let place = args::place(park, &rest.join(" "), None)?;
        Ok::<_, Refusal>((place.lot, args::want(place.word.as_deref())?))
    })?;
    let (lot, orbit) = module.act(None, |park, now| {
        (park.reserve(now, &uuid, &lot, want, ARRIVES_WITHIN_MS), Vec::new())
    })?;
    // The channel's own thread parks it: no other may play to it.
    // Whom it was talking to did not park it.
    let arrival = Arrival::Park {
        lot: lot.clone(),
        orbit: Want::Orbit(orbit.clone()),
        parker: None,
        heir_of: None,
    };
    if !arrival::send(&module.arrivals, arrival, channel.session(), "callpark") {
        module.act(None, |park, _| (park.unreserve(&uuid), Vec::new()));
        return Err(Refusal::Gone.into());
    }
    ok(format_args!("{lot} {orbit}"))
}
