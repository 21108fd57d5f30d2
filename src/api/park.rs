//! `callpark park <uuid>`: parks a channel, whatever it is doing.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Error, Verb, busy, nobody_there, ok, session};
use crate::args;
use crate::leg::arrival::{self, Arrival};
use crate::leg::errand::{self, Force, Sent};
use crate::leg::extension;
use crate::module::Module;
use crate::park::{Actor, CallUuid, LotKey, Moment, OrbitKey, Park, Refusal, User, Want};
use crate::switch::{Located, clock};

pub(super) const VERB: Verb = Verb {
    name: "park",
    syntax: "<uuid> [<lot>] [<orbit>|auto|user:<user>|group:<group>]",
    about: "Parks that channel, whatever it is doing. Answers `+OK <lot> <orbit>`. See [Moving a \
            busy channel](#moving-a-busy-channel)",
    complete: &["::console::list_uuid ::callpark::lots ::callpark::free"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let Some((uuid, rest)) = words.split_first() else { return Err(Refusal::BadArguments.into()) };
    let channel = session(uuid)?;
    let place = module.look(|park| args::place(park, &rest.join(" "), None))?;
    let want = extension::want(place.word.as_deref(), &place.lot, None, &|| None)?;
    // Whom it was talking to did not park it.
    ok(park(module, &channel, place.lot, want, None, |_, _, _| Ok(()))?)
}

/// Who parks a channel, out of a call of its own.
pub(crate) struct Parker {
    /// The user.
    pub user: User,
    /// The user's leg, to which the channel talks.
    pub leg: CallUuid,
}

/// Parks that channel there, or after an overflow in another lot in which it `may`. If a parker does, only as long as the two
/// talk to each other.
pub(crate) fn park(
    module: &Arc<Module>,
    channel: &Located,
    lot: LotKey,
    want: Want,
    parker: Option<Parker>,
    may: impl Fn(&mut Park, Moment, &LotKey) -> Result<(), Refusal>,
) -> Result<OrbitKey, Error> {
    nobody_there(channel)?;
    let uuid = CallUuid::from(channel.session().uuid().as_str());
    let place = module.act(None, |park, now| {
        let place = park.reserve(now, &uuid, &lot, want, errand::MOVES_WITHIN_MS)?;
        if place.lot != lot {
            may(park, now, &place.lot).inspect_err(|_| drop(park.unreserve(&uuid)))?;
        }
        Ok::<_, Refusal>(place)
    })?;
    // The channel's own thread parks it: no other may play to it.
    let want = Want::Orbit(place.orbit.clone());
    let (parker, talks_to) = parker.map(|Parker { user, leg }| (user, leg)).unzip();
    let arrival = Arrival::Park {
        lot: place.lot.clone(),
        orbit: want,
        parker,
        by: Actor::Administrator,
        heir_of: None,
        talks_to,
    };
    let token = arrival::errands(module).issue(arrival, "callpark", &place.to_string());
    match errand::send(&arrival::errands(module), &token, channel.session(), Force::Take) {
        Ok(Sent::Arrived) => settled(module, &uuid),
        Ok(Sent::OnItsWay) => arrival::expect(module, &token, uuid.as_str()),
        Err(refusal) => {
            module.act(None, |park, _| park.unreserve(&uuid));
            return Err(busy(refusal));
        }
    }
    Ok(place)
}

/// Waits until the channel is parked, so that a look at the table after the answer finds it, unless it has already left.
fn settled(module: &Module, uuid: &CallUuid) {
    const WITHIN: Duration = Duration::from_millis(500);
    let parked = || module.look(|park| park.reservation(uuid)).is_none();
    clock::poll(WITHIN, Duration::from_millis(1), parked);
}
