//! `callpark retrieve`: connects a parked call to an existing channel, or to the phone that answers a dial string.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Error, Verb, busy, ok};
use crate::args;
use crate::dial::errand::{self as called, Errand};
use crate::dial::ring;
use crate::leg::actor;
use crate::leg::errand::{self, Force, Sent};
use crate::leg::extension;
use crate::leg::handover::Told;
use crate::leg::party::Party;
use crate::leg::standing::Standing;
use crate::module::Module;
use crate::park::{Actor, Asking, CallView, Refusal, Right, Taker, Target, User};
use crate::switch::Located;
use crate::switch::channel::Flag;
use crate::switch::dial_string::endpoints;
use crate::switch::{clock, core};

/// Longer than the two legs' own waits.
const CONNECTED_WITHIN: Duration = Duration::from_secs(8);

pub(super) const VERB: Verb = Verb {
    name: "retrieve",
    syntax: "<lot> <orbit>|next|user:<user> <uuid>|<dial string>",
    about: "With a uuid: connects the call to an existing channel that is talking to no other \
            party (see [Moving a busy channel](#moving-a-busy-channel)), and answers `+OK <lot> \
            <orbit>` when the two are connected. With a dial string: calls it for 60 s, but no \
            longer than the call is parked, and connects the phone that answers. The answer `+OK \
            <lot> <orbit>` comes at once, and the event says how the attempt ended",
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
    let lot = module.look(|park| args::lot(park, lot, None))?;
    let pick = extension::pick(orbit, &lot, None, None)?;
    let call = module.look(|park| park.peek(clock::now(), &lot, pick.target(), Taker::Anybody))?;
    if who == call.info.uuid.as_str() {
        return Err(Error::new(Refusal::BadArguments, "a call cannot be connected to itself"));
    }
    let place = format!("{} {}", call.lot, call.orbit);
    if let Some(channel) = Located::find(&who) {
        let party = Party::of(channel.session().channel());
        let actor = party.user.is_some().then(|| actor::of(module, &party, &call.lot));
        permit(module, &call, actor.as_ref())?;
        connect(module, call, channel, Actor::Administrator)?;
    } else if who.contains('/') {
        for user in users(&who) {
            permit(module, &call, Some(&actor::of_user(module, &user, &call.lot)))?;
        }
        let asked = ring::For::administrator();
        ring::command(module, call, who, asked)
            .map_err(|error| Error::new(Refusal::Failed, error))?;
    } else {
        return Err(Error::new(
            Refusal::Gone,
            format!("{who:?} is neither an existing channel nor a dial string"),
        ));
    }
    ok(place)
}

/// The users that a dial string calls by their names.
fn users(dial_string: &str) -> Vec<User> {
    let mut users = Vec::new();
    for name in endpoints(dial_string).filter_map(|phone| phone.strip_prefix("user/")) {
        users.extend(match name.contains('@') {
            true => name.parse().ok(),
            false => core::domain().and_then(|domain| User::new(name, &domain).ok()),
        });
    }
    users
}

/// Whether the rules of the lot let that user have the call. A command for a leg that is not a user's is an administrator's.
pub(crate) fn permit(
    module: &Arc<Module>,
    call: &CallView,
    actor: Option<&Actor>,
) -> Result<(), Error> {
    let Some(actor) = actor.filter(|actor| !actor.is_administrator()) else { return Ok(()) };
    let (lot, orbit) = (&call.lot, Some(&call.orbit));
    let right = Right::Retrieve;
    let asking = Asking { actor, right, lot, orbit, leg: None };
    module.act(None, |park, now| park.permit(now, asking)).map_err(|refusal| {
        Error::new(refusal, module.look(|park| park.may(right, lot, actor)).rule)
    })?;
    let (target, taker) = (Target::Call(&call.info.uuid), Taker::Party(actor.user()));
    module.look(|park| park.peek(clock::now(), lot, target, taker))?;
    Ok(())
}

/// Has the leg come for that call, which `by` asks for, and waits until the two are connected.
pub(crate) fn connect(
    module: &Arc<Module>,
    call: CallView,
    leg: Located,
    by: Actor,
) -> Result<(), Error> {
    if let Some(obstacle) = Standing::of(module, leg.session()).obstacle() {
        return Err(obstacle.into());
    }
    let told = Arc::new(Told::default());
    // What would have to do it cannot wait for it.
    let waits = ![Some(&leg), Located::find(call.info.uuid.as_str()).as_ref()]
        .into_iter()
        .flatten()
        .any(|one| one.session().in_its_thread());
    let told_to = Some(Arc::clone(&told));
    let errand = Errand { told: told_to, by, ..Errand::by_command(&call) };
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
