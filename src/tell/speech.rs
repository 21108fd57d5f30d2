//! Telling people where the call is, or why it is not parked: by voice, on the display, by paging and by message. A parked
//! caller never waits for any of it, and none of it can lose a call.

use std::time::{Duration, Instant};

use crate::module::Module;
use crate::park::{CallView, LotKey, OrbitKey, OrbitName, Refusal};
use crate::switch::Stop;
use crate::switch::channel::Flag;
use crate::switch::ivr::Played;
use crate::switch::{Session, clock, ivr, log};

/// The pause before the first word, because a phone that has just been answered swallows what comes at once.
const SETTLE_MS: u32 = 400;
/// Played if the phrase or its sounds are missing: two short high tones for "parked", two long low ones for "not".
const DONE_TONE: &str = "tone_stream://%(120,80,880);loops=2";
const SORRY_TONE: &str = "tone_stream://%(300,150,440);loops=2";

/// Tells the orbit to the parker, until `stop`.
pub(crate) fn orbit(module: &Module, session: Session<'_>, place: &OrbitKey, stop: &Stop) {
    let OrbitKey { lot, orbit } = place;
    ivr::display(session, &format!("Parked at {orbit}"), orbit.as_str());
    ivr::sleep(session, SETTLE_MS, stop);
    if is_valets(module, lot) {
        return speak(session, "valet_announce_ext", &format!("{lot}:{orbit}"), DONE_TONE, stop);
    }
    say(session, "callpark_announce", lot, Some(orbit), DONE_TONE, stop);
}

/// Whether the phrases are those of mod_valet_parking, because `valet_park` has made the lot, or would.
fn is_valets(module: &Module, lot: &LotKey) -> bool {
    module.valet && module.look(|park| park.lot_config(lot)).is_none_or(|lot| lot.made)
}

/// Tells why there was nothing to retrieve, or no orbit, if the lot has `announce`.
pub(crate) fn refusal(
    module: &Module,
    session: Session<'_>,
    lot: &LotKey,
    orbit: Option<&OrbitName>,
    refusal: Refusal,
) {
    let config = module.look(|park| park.lot_config(lot));
    if is_valets(module, lot) {
        let phrase = match refusal {
            Refusal::Full => "valet_lot_full",
            Refusal::Empty | Refusal::UnknownLot => "valet_lot_empty",
            _ => return,
        };
        return speak(session, phrase, "", SORRY_TONE, &Stop::default());
    }
    if !config.is_some_and(|lot| lot.announce) {
        return;
    }
    let phrase = match refusal {
        Refusal::Full => "callpark_full",
        Refusal::Empty => "callpark_empty",
        Refusal::Denied
        | Refusal::KeptAway
        | Refusal::Exclusive
        | Refusal::WrongPin
        | Refusal::TooManyOfCaller => "callpark_denied",
        _ => return,
    };
    say(session, phrase, lot, orbit, SORRY_TONE, &Stop::default());
}

fn say(
    session: Session<'_>,
    phrase: &str,
    lot: &LotKey,
    orbit: Option<&OrbitName>,
    tone: &str,
    stop: &Stop,
) {
    let orbit = orbit.map_or("", OrbitName::as_str);
    speak(session, phrase, &format!("{}:{orbit}", lot.name), tone, stop);
}

/// Speaks a phrase of the module, or plays a tone if the phrase or its sounds are missing.
fn speak(session: Session<'_>, phrase: &str, data: &str, tone: &str, stop: &Stop) {
    let spoken = uncut(session, stop, || ivr::speak(session, phrase, data, stop));
    if spoken == Played::Failed {
        uncut(session, stop, || ivr::play(session, tone, stop));
    }
}

/// What wakes a call leaves a mark on its channel (`CF_BREAK`) that may be found only by what is played next, and then
/// ends that at once. In that case it is played again.
fn uncut(session: Session<'_>, stop: &Stop, play: impl Fn() -> Played) -> Played {
    const AT_ONCE: Duration = Duration::from_millis(60);
    let channel = session.channel();
    channel.clear_flag(Flag::Break);
    for _ in 0..2 {
        let began = Instant::now();
        let played = play();
        let at_once = began.elapsed() <= AT_ONCE;
        // Whoever wakes it leaves the mark first.
        let woken = || clock::poll(AT_ONCE, Duration::from_millis(1), || stop.is_up());
        if played != Played::Interrupted || woken() || !at_once {
            return played;
        }
    }
    play()
}

/// Offers a caller a call-back by that key.
pub(crate) fn offer(session: Session<'_>, call: &CallView, key: char, stop: &Stop) {
    let data = format!("{}:{}:{key}", call.lot.name, call.orbit);
    speak(session, "callpark_callback_offer", &data, DONE_TONE, stop);
}

/// Tells the user who has answered, again and again, that this key gets them the call. Ends when they press it (true), at
/// `until`, or with the leg.
pub(crate) fn confirm(
    session: Session<'_>,
    call: &CallView,
    key: char,
    until: Instant,
    stop: &Stop,
) -> bool {
    const PAUSE: Duration = Duration::from_secs(2);
    let data = format!("{}:{}:{key}", call.lot.name, call.orbit);
    loop {
        if stop.take_key() == Some(key) {
            return true;
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || !session.channel().ready() {
            return false;
        }
        speak(session, "callpark_confirm", &data, DONE_TONE, stop);
        let pause = until.saturating_duration_since(Instant::now()).min(PAUSE);
        if !stop.is_up() {
            ivr::sleep(session, u32::try_from(pause.as_millis()).unwrap_or_default(), stop);
        }
    }
}

/// Tells a caller that a user will call back.
pub(crate) fn callback(session: Session<'_>, call: &CallView) {
    let data = format!("{}:{}", call.lot.name, call.orbit);
    speak(session, "callpark_callback", &data, DONE_TONE, &Stop::default());
}

/// Asks a retriever for a PIN, until a key is pressed. `again`: the one before was wrong.
pub(crate) fn pin(session: Session<'_>, lot: &LotKey, again: bool, stop: &Stop) {
    let data = format!("{}:", lot.name);
    if again {
        return speak(session, "callpark_pin_wrong", &data, SORRY_TONE, stop);
    }
    ivr::sleep(session, SETTLE_MS, stop);
    if !stop.is_up() {
        speak(session, "callpark_pin", &data, DONE_TONE, stop);
    }
}

/// Tells a caller that what the key asks for is not possible.
pub(crate) fn sorry(session: Session<'_>, stop: &Stop) {
    uncut(session, stop, || ivr::play(session, SORRY_TONE, stop));
}

/// Plays what an administrator has configured, a file, a stream or `phrase:<macro>`. A phrase gets
/// `<lot>:<orbit>:<seconds the caller has waited>`. What cannot be played is logged, and does not end a call.
pub(crate) fn play(session: Session<'_>, what: &str, call: &CallView, stop: &Stop) {
    let played = match what.strip_prefix("phrase:") {
        Some(phrase) => {
            let waited = call.waiting_ms / 1000;
            let data = format!("{}:{}:{waited}", call.lot.name, call.orbit);
            uncut(session, stop, || ivr::speak(session, phrase, &data, stop))
        }
        None => uncut(session, stop, || ivr::play(session, what, stop)),
    };
    if played == Played::Failed && session.channel().ready() {
        log::warning(
            Some(call.info.uuid.as_str()),
            format_args!("{} {}: {what:?} cannot be played and is left out", call.lot, call.orbit),
        );
    }
}
