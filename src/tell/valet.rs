//! What mod_valet_parking would tell of a parked call.

use std::ffi::CStr;

use crate::module::variables;
use crate::park::{Action, LotKey, OrbitName, Outcome, ParkEvent, Shown, Viewer};
use crate::switch::Session;
use crate::switch::event::{Event, Kind};

/// The subclass of its events.
pub(crate) const SUBCLASS: &CStr = c"valet_parking::info";

/// The events `valet_parking::info` that say the same: `hold` when a call is put into a slot, `bridge` when it is retrieved,
/// and `exit` when it leaves. `session` is its channel, on which the slot is noted.
pub(super) fn told(event: &ParkEvent, session: Option<Session<'_>>) -> Vec<Event> {
    let Some(orbit) = &event.orbit else { return Vec::new() };
    let (lot, none) = (&event.lot, None);
    let arrives = matches!(event.action, Action::Park | Action::Move | Action::Replace);
    if let Some(session) = session.filter(|_| arrives) {
        session.channel().set_variable(variables::VALET_SLOT, Some(orbit.as_str()));
    }
    // FreeSWITCH puts the caller into the data of a channel.
    let shown = event.privacy.shown_to(Viewer::Event, &event.info.caller);
    let session = session.filter(|_| shown == Shown::All);
    let mut events = Vec::new();
    if let Some(from) = &event.from {
        events.push(info(&from.lot, &from.orbit, "exit", none, session));
    } else if event.action == Action::Replace {
        events.push(info(lot, orbit, "exit", none, session));
    }
    if arrives {
        events.push(info(lot, orbit, "hold", none, session));
    }
    if let Some(outcome) = event.outcome {
        if matches!(outcome, Outcome::Retrieved | Outcome::Returned)
            && let Some(leg) = &event.retriever_uuid
        {
            events.push(info(lot, orbit, "bridge", Some(leg.as_str()), session));
        }
        events.push(info(lot, orbit, "exit", none, session));
    }
    events.into_iter().flatten().collect()
}

fn info(
    lot: &LotKey,
    orbit: &OrbitName,
    action: &str,
    to: Option<&str>,
    session: Option<Session<'_>>,
) -> Option<Event> {
    let event = Event::new(Kind::Custom, Some(SUBCLASS))?
        .with("Valet-Lot-Name", &lot.to_string())
        .with("Valet-Extension", orbit.as_str())
        .with("Action", action)
        .with("Bridge-To-UUID", to.unwrap_or_default());
    Some(match session {
        Some(session) => event.with_channel(session.channel()),
        None => event,
    })
}
