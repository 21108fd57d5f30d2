//! Telling people where the call is, or why it is not: by voice, on the display, by paging and by message. A caller who
//! is parked never waits for any of it, and none of it can lose a call.

use std::sync::atomic::AtomicBool;

use crate::module::Module;
use crate::park::{CallView, LotKey, OrbitName, Refusal};
use crate::switch::event::{Event, Kind};
use crate::switch::{Session, ivr};

/// Before the first word: a phone that has just been answered swallows what comes at once.
const SETTLE_MS: u32 = 400;
/// Heard where the phrase or its sounds are missing: two short high tones for "parked", two long low ones for "not".
const DONE_TONE: &str = "tone_stream://%(120,80,880);loops=2";
const SORRY_TONE: &str = "tone_stream://%(300,150,440);loops=2";

/// Tells the orbit to whoever parked, until `stop`.
pub fn orbit(session: Session<'_>, lot: &LotKey, orbit: &OrbitName, stop: &AtomicBool) {
    ivr::display(session, &format!("Parked at {orbit}"), orbit.as_str());
    ivr::sleep(session, SETTLE_MS, stop);
    say(session, "callpark_announce", lot, Some(orbit), DONE_TONE, stop);
}

/// Tells why there was nothing to retrieve, or no orbit, if the lot tells people anything.
pub fn refusal(
    module: &Module,
    session: Session<'_>,
    lot: &LotKey,
    orbit: Option<&OrbitName>,
    refusal: Refusal,
) {
    if !module.look(|park| park.lot_config(lot)).is_some_and(|lot| lot.announce) {
        return;
    }
    let phrase = match refusal {
        Refusal::Full => "callpark_full",
        Refusal::Empty => "callpark_empty",
        Refusal::Denied => "callpark_denied",
        _ => return,
    };
    say(session, phrase, lot, orbit, SORRY_TONE, &AtomicBool::new(false));
}

fn say(
    session: Session<'_>,
    phrase: &str,
    lot: &LotKey,
    orbit: Option<&OrbitName>,
    tone: &str,
    stop: &AtomicBool,
) {
    let orbit = orbit.map_or("", OrbitName::as_str);
    if session.channel().ready()
        && !ivr::speak(session, phrase, &format!("{}:{orbit}", lot.name), stop)
    {
        ivr::play(session, tone, stop);
    }
}

/// Sends the parker's phones a SIP MESSAGE that says where the call is.
pub fn message(call: &CallView) {
    let Some((user, host)) = call.parker.as_deref().and_then(|it| it.split_once('@')) else {
        return;
    };
    let Some(message) = Event::new(Kind::SendMessage, None) else { return };
    let text =
        format!("Parked at {}: {} <{}>", call.orbit, call.caller_id_name, call.caller_id_number);
    message
        // A profile answers to the names of its domains.
        .with("profile", host)
        .with("user", user)
        .with("host", host)
        .with("subject", "Parked call")
        .with("content-type", "text/plain")
        .with_body(&text)
        .fire();
}
