//! What is done over the web: each as the verb of the command does it, for somebody whom the rules let.

use std::collections::BTreeMap;
use std::sync::Arc;

use office::entry::Place;
use office::web::{Act, Answer, Problem, Reply, Who};

use super::asked::lot;
use super::looks::find;
use super::problem;
use super::viewer::Viewer;
use super::{Refused, said};
use crate::api::{self, park::Parker};
use crate::args;
use crate::dial::{page, ring};
use crate::journal::acts;
use crate::leg::in_calls::InCalls;
use crate::leg::party::{self, Party};
use crate::leg::{actor, extension};
use crate::module::{Module, variables};
use crate::park::{
    Asking, CallUuid, CallView, CauseName, LotKey, Moment, OrbitKey, Park, Refusal, Right, Setting,
    User, Want,
};
use crate::switch::dial_string::DialString;
use crate::switch::text::is_true;
use crate::switch::{Cause, Located};

/// What has come of it: where the call is, and whether something goes on.
struct Done {
    place: OrbitKey,
    later: bool,
}

impl Done {
    fn now(place: OrbitKey) -> Self {
        Done { place, later: false }
    }

    fn later(place: OrbitKey) -> Self {
        Done { place, later: true }
    }
}

type Result<T = Done> = std::result::Result<T, Refused>;

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Refused(problem)
    }
}

/// Does it, and writes down who did.
pub(super) fn act(module: &Arc<Module>, who: &Who, act: Act) -> Answer {
    let viewer = Viewer::of(module, who);
    acts::acting(&viewer.name(), || {
        let (verb, words) = told(&act);
        let done = carry_out(module, &viewer, act);
        let place = done.as_ref().map_or_else(|_| Place::default(), |done| place(&done.place));
        let result = done.as_ref().err().map_or("ok", |refused| refused.0.code);
        let kind = acts::Kind::Acts;
        acts::command(module, acts::Command { verb, words, place, result, kind });
        let Done { place, later } = done?;
        let body =
            serde_json::json!({ "lot": place.lot.to_string(), "orbit": place.orbit.as_str() });
        Ok(Reply { later, ..Reply::json(body.to_string()) })
    })
}

fn place(place: &OrbitKey) -> Place {
    Place { lot: place.lot.to_string(), orbit: place.orbit.to_string() }
}

/// What may be written down of it: no note.
fn told(act: &Act) -> (&'static str, String) {
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    match act {
        Act::Retrieve { uuid, to, .. } => ("retrieve", format!("{uuid} {}", some(to))),
        Act::Move { uuid, lot, orbit } => ("move", format!("{uuid} {} {}", some(lot), some(orbit))),
        Act::Set { uuid, changes } => {
            ("set", format!("{uuid} {}", changes.keys().cloned().collect::<Vec<_>>().join(" ")))
        }
        Act::Return(uuid) => ("return", uuid.clone()),
        Act::Drop { uuid, cause } => ("drop", format!("{uuid} {}", some(cause))),
        Act::Announce(uuid) => ("announce", uuid.clone()),
        Act::Park { uuid, lot, orbit } => {
            ("park", format!("{} {} {}", some(uuid), some(lot), some(orbit)))
        }
    }
}

fn carry_out(module: &Arc<Module>, viewer: &Viewer, act: Act) -> Result {
    match act {
        Act::Retrieve { uuid, to, logged_in } => {
            retrieve(module, viewer, &uuid, to.as_deref(), logged_in)
        }
        Act::Move { uuid, lot, orbit } => {
            shift(module, viewer, &uuid, lot.as_deref(), orbit.as_deref())
        }
        Act::Set { uuid, changes } => set(module, viewer, &uuid, &changes),
        Act::Return(uuid) => {
            let run = |park: &mut Park, now, place: &OrbitKey| park.return_now(now, place);
            administer(module, viewer, &uuid, run)
        }
        Act::Drop { uuid, cause } => {
            let cause = match cause {
                None => CauseName::NORMAL_CLEARING,
                Some(name) => {
                    let cause = Cause::parse(&name).and_then(|cause| cause.name().parse().ok());
                    cause.ok_or_else(|| bad("that is not a hang-up cause"))?
                }
            };
            administer(module, viewer, &uuid, |park, now, place| park.drop_call(now, place, cause))
        }
        Act::Announce(uuid) => {
            let done = administer(module, viewer, &uuid, |_, _, _| Ok(()))?;
            let none = |refusal| match refusal {
                Refusal::Failed => {
                    let text = "the lot has nobody to page, or has paged a moment ago";
                    Refused(said("failed", text))
                }
                refusal => Refused(problem(refusal)),
            };
            page::announce(module, &CallUuid::from(uuid.as_str())).map_err(none)?;
            Ok(Done { later: true, ..done })
        }
        Act::Park { uuid, lot, orbit } => {
            park(module, viewer, uuid.as_deref(), lot.as_deref(), orbit.as_deref())
        }
    }
}

fn bad(text: &str) -> Refused {
    Refused(said("bad_arguments", text))
}

/// Does something to a call that needs the right to do so, in one step with finding it.
fn administer(
    module: &Arc<Module>,
    viewer: &Viewer,
    uuid: &str,
    act: impl FnOnce(&mut Park, Moment, &OrbitKey) -> std::result::Result<(), Refusal>,
) -> Result {
    let call = find(module, viewer, uuid)?;
    let uuid = call.info.uuid.clone();
    let place = module.act(None, |park, now| {
        // It may have been moved meanwhile: the rules are those of the lot where it is.
        let place = park.find(now, &uuid).ok_or(Refusal::Gone)?.place();
        permit(park, now, viewer, Right::Admin, &place)?;
        act(park, now, &place)?;
        Ok::<_, Refusal>(place)
    })?;
    Ok(Done::now(place))
}

/// Whether the viewer may do that there.
fn permit(
    park: &mut Park,
    now: Moment,
    viewer: &Viewer,
    right: Right,
    place: &OrbitKey,
) -> std::result::Result<(), Refusal> {
    let (lot, orbit) = (&place.lot, Some(&place.orbit));
    if !viewer.has(lot) {
        return Err(Refusal::Denied);
    }
    park.permit(now, Asking { actor: &viewer.actor, right, lot, orbit, leg: None })
}

fn shift(
    module: &Arc<Module>,
    viewer: &Viewer,
    uuid: &str,
    to: Option<&str>,
    orbit: Option<&str>,
) -> Result {
    let call = find(module, viewer, uuid)?;
    let to = to.map(|name| lot(module, viewer, name)).transpose()?;
    let want = args::want(orbit)?;
    let uuid = call.info.uuid;
    let place = module.act(None, |park, now| {
        let from = park.find(now, &uuid).ok_or(Refusal::Gone)?.place();
        permit(park, now, viewer, Right::Admin, &from)?;
        let to = to.unwrap_or_else(|| from.lot.clone());
        if to != from.lot {
            let orbit = want.orbit().cloned().unwrap_or_else(|| from.orbit.clone());
            permit(park, now, viewer, Right::Park, &OrbitKey { lot: to.clone(), orbit })?;
        }
        park.move_call(now, &from, &to, want)
    })?;
    Ok(Done::now(place))
}

fn set(
    module: &Arc<Module>,
    viewer: &Viewer,
    uuid: &str,
    changes: &BTreeMap<String, String>,
) -> Result {
    let settings = changes.iter().map(|(name, value)| api::set::setting(name, value));
    let settings = settings.collect::<std::result::Result<Vec<_>, _>>()?;
    for setting in &settings {
        if let Setting::For(user) = setting
            && !user.is_empty()
        {
            addressee(viewer, user)?;
        }
    }
    administer(module, viewer, uuid, |park, now, place| {
        settings.into_iter().try_for_each(|setting| park.set(now, place, setting))
    })
}

/// A user of another tenant is nobody for whom a call of this one could be meant.
fn addressee(viewer: &Viewer, user: &str) -> Result<User> {
    let user: User = user.parse().map_err(|_| bad("that is not a user@domain"))?;
    match viewer.domain() {
        Some(domain) if domain != user.domain() => Err(Refused(problem(Refusal::Denied))),
        _ => Ok(user),
    }
}

fn retrieve(
    module: &Arc<Module>,
    viewer: &Viewer,
    uuid: &str,
    to: Option<&str>,
    logged_in: bool,
) -> Result {
    let call = find(module, viewer, uuid)?;
    let place = call.place();
    module.act(None, |park, now| permit(park, now, viewer, Right::Retrieve, &place))?;
    let to = to.or(viewer.who.user.as_deref());
    let to =
        to.ok_or_else(|| bad("who is to be connected? Say a user, a channel or a dial string"))?;
    if to == call.info.uuid.as_str() {
        return Err(bad("a call cannot be connected to itself"));
    }
    let is_administrator = viewer.actor.is_administrator();
    if let Some(channel) = Located::find(to) {
        belongs(viewer, &channel)?;
        api::retrieve::permit(module, &call, Some(&viewer.actor))?;
        api::retrieve::connect(module, call, channel, viewer.actor.clone())?;
        return Ok(Done::now(place));
    }
    if to.contains('/') {
        if !is_administrator || viewer.who.scope < office::web::Scope::Admin {
            return Err(Refused(said("denied", "dial strings are for administrators")));
        }
        let asked = ring::For::administrator();
        ring(module, call, to.to_owned(), asked)?;
        return Ok(Done::later(place));
    }
    let user = addressee(viewer, to)?;
    if !party::exists(&user) {
        return Err(Refused(said("gone", "that is neither a channel nor a user of the directory")));
    }
    let by = actor::of_user(module, &user, &call.lot);
    // Whoever gets the call has to have the right too.
    api::retrieve::permit(module, &call, Some(&by))?;
    let dial_string = DialString::user(&user).as_str().to_owned();
    let answers_itself = logged_in && viewer.actor.user() == Some(&user) && answers_itself(&user);
    ring(module, call, dial_string, ring::For { user: Some(user), by, answers_itself })?;
    Ok(Done::later(place))
}

/// Whether the directory lets the user's own phone answer by itself. Not without that: whoever has stolen a password could listen
/// in a room.
fn answers_itself(user: &User) -> bool {
    party::directory_variable(user, variables::AUTO_ANSWER).is_some_and(|value| is_true(&value))
}

fn ring(module: &Arc<Module>, call: CallView, dial_string: String, asked: ring::For) -> Result<()> {
    ring::command(module, call, dial_string, asked).map_err(|why| Refused(said("failed", &why)))
}

/// The channel is of the viewer's own tenant; if the viewer is a user, its own.
fn belongs(viewer: &Viewer, channel: &Located) -> Result<()> {
    if viewer.actor.is_administrator() {
        return Ok(());
    }
    let gone = || Refused(said("gone", "there is no such channel"));
    let party = Party::of(channel.session().channel());
    let own = match viewer.actor.user() {
        Some(user) => party.user.as_ref() == Some(user),
        None => party.domain.as_deref() == viewer.domain(),
    };
    if own { Ok(()) } else { Err(gone()) }
}

fn park(
    module: &Arc<Module>,
    viewer: &Viewer,
    uuid: Option<&str>,
    into: Option<&str>,
    orbit: Option<&str>,
) -> Result {
    let key: LotKey = lot(module, viewer, into.unwrap_or(args::DEFAULT_LOT))?;
    let me = viewer.actor.user().cloned();
    let want: Want = extension::want(orbit, &key, viewer.domain(), &|| me.clone())?;
    let orbit = want.orbit().cloned();
    let may = |park: &mut Park, now: Moment, lot: &LotKey| {
        let orbit = orbit.as_ref();
        let asking = Asking { actor: &viewer.actor, right: Right::Park, lot, orbit, leg: None };
        // As if there were no such lot.
        if viewer.has(lot) { park.permit(now, asking) } else { Err(Refusal::Full) }
    };
    module.act(None, |park, now| may(park, now, &key))?;
    let gone = || Refused(said("gone", "there is no such channel"));
    let (channel, parker) = match (uuid, me) {
        (Some(uuid), None) => {
            let channel = Located::find(uuid).ok_or_else(gone)?;
            belongs(viewer, &channel)?;
            (channel, None)
        }
        // The other party of one of the user's own calls.
        (uuid, Some(me)) => {
            let calls = talking(module, &me);
            let mine = calls
                .iter()
                .filter(|(leg, other)| uuid.is_none_or(|uuid| uuid == leg || uuid == other));
            let mut mine = mine.map(|(leg, other)| (leg.as_str(), other));
            match (mine.next(), mine.next()) {
                (Some((leg, other)), None) => {
                    let parker = Parker { user: me, leg: leg.into() };
                    (Located::find(other).ok_or_else(gone)?, Some(parker))
                }
                (Some(_), Some(_)) => return Err(bad("you are in several calls: say which")),
                _ => return Err(Refused(said("gone", "you are in no such call"))),
            }
        }
        (None, None) => return Err(bad("which channel is to be parked?")),
    };
    Ok(Done::now(api::park::park(module, &channel, key, want, parker, may)?))
}

/// The legs of that user's phones that talk to somebody, and that somebody's leg.
fn talking(module: &Module, user: &User) -> Vec<(String, String)> {
    let legs = InCalls::of(module).legs(user);
    let pairs = legs.into_iter().filter_map(|uuid| {
        let other = Located::find(&uuid)?.session().channel().bridged_with()?;
        Some((uuid, other))
    });
    pairs.collect()
}
