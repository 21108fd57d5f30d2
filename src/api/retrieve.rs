//! `callpark retrieve`: connects a parked call to an existing channel, or to the phone that answers a dial string.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Error, Verb, busy, ok};
use crate::args;
use crate::dial::errand::{self as called, Errand};
use crate::dial::ring;
use crate::leg::errand::{self, Force, Sent};
use crate::leg::handover::Told;
use crate::leg::standing::Standing;
use crate::module::Module;
use crate::park::{CallView, Refusal, Target};
use crate::switch::Located;
use crate::switch::channel::Flag;
use crate::switch::clock;

/// Longer than the two legs' own waits.
const CONNECTED_WITHIN: Duration = Duration::from_secs(8);

pub(super) const VERB: Verb = Verb {
    name: "retrieve",
    syntax: "<lot> <orbit>|next <uuid>|<dial string>",
    about: "With a uuid: connects the call to an existing channel that is talking to no other \
            party (see [Moving a busy channel](#moving-a-busy-channel)), and answers `+OK <lot> \
            <orbit>` when the two are connected. With a dial string: calls it for 60 s and \
            connects the phone that answers. The answer `+OK <lot> <orbit>` comes at once, and the \
            event says how the attempt ended",
    complete: &["::callpark::lots ::callpark::taken ::console::list_uuid"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let [lot, orbit, who @ ..] = words else { return Err(Refusal::BadArguments.into()) };
    // A dial string may hold blanks.
    let who = who.join(" ");
    if who.is_empty() {
        return Err(Refusal::BadArguments.into());
    }
    let orbit = if *orbit == "next" { None } else { Some(args::orbit(orbit)?) };
    let call = module.look(|park| {
        let lot = args::lot(park, lot, None)?;
        park.peek(clock::now(), &lot, orbit.as_ref().map_or(Target::Next, Target::Orbit))
    })?;
    if who == call.info.uuid.as_str() {
        return Err(Error::new(Refusal::BadArguments, "a call cannot be connected to itself"));
    }
    let place = format!("{} {}", call.lot, call.orbit);
    if let Some(channel) = Located::find(&who) {
        connect(module, call, channel)?;
    } else if who.contains('/') {
        ring::command(module, call, who).map_err(|error| Error::new(Refusal::Failed, error))?;
    } else {
        return Err(Error::new(
            Refusal::Gone,
            format!("{who:?} is neither an existing channel nor a dial string"),
        ));
    }
    ok(place)
}

/// Has the leg come for that call, and waits until the two are connected.
fn connect(module: &Arc<Module>, call: CallView, leg: Located) -> Result<(), Error> {
    if let Some(obstacle) = Standing::of(module, leg.session()).obstacle() {
        return Err(obstacle.into());
    }
    let told = Arc::new(Told::default());
    // What would have to do it cannot wait for it.
    let waits = ![Some(&leg), Located::find(call.info.uuid.as_str()).as_ref()]
        .into_iter()
        .flatten()
        .any(|one| one.session().in_its_thread());
    let errand = Errand { told: Some(Arc::clone(&told)), ..Errand::by_command(call.info.uuid) };
    let errands = called::errands(module);
    let token = errands.issue(errand, called::APPLICATION, "");
    // Not taken out of what it does, because there may be nothing left to retrieve when it comes. But a caller who has not
    // been answered has no media, without which FreeSWITCH takes no requests.
    let answered = leg.session().channel().test(Flag::Answered);
    let force = if answered { Force::Ask } else { Force::Take };
    if errand::send(&errands, &token, leg.session(), force).map_err(busy)? == Sent::OnItsWay {
        // It may hang up before it comes.
        errands.lapse(&token);
    }
    drop(leg);
    match told.wait(if waits { CONNECTED_WITHIN } else { Duration::ZERO }) {
        Some(answer) => answer.map_err(Error::from),
        None if !waits => Ok(()),
        None => Err(Error::new(Refusal::Failed, "the two legs are not connected yet")),
    }
}
