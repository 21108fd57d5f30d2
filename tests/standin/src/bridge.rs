//! Bridging two calls, step by step as `switch_ivr_bridge.c` does it: who waits for whom, and who hangs up whom.

use std::ffi::c_void;
use std::time::Duration;

use crate::apps;
use crate::causes;
use crate::channel::{of, wait_for_flag};
use crate::held::Held;
use crate::requests;
use crate::session::{FRAME, Session};
use crate::state::{
    CF_ANSWERED, CF_ARRANGED_BRIDGE, CF_BRIDGED, CF_EARLY_MEDIA, CF_REDIRECT, CF_TRANSFER,
    CS_CONSUME_MEDIA, CS_EXCHANGE_MEDIA, CS_EXECUTE, CS_HIBERNATE, CS_PARK, CS_RESET, CS_ROUTING,
    CS_SOFT_EXECUTE,
};
use crate::sys;

const DESTINATION_OUT_OF_ORDER: u32 = 27;
const ORIGINATOR_CANCEL: u32 = 487;
const NO_ANSWER: u32 = 19;
const NORMAL_CLEARING: u32 = 16;

/// A thread can lose its processor anywhere. Here it often does, where others act on what is half done.
fn hesitate() {
    std::thread::sleep(Duration::from_micros(fastrand::u64(..3000)));
}

/// One side of a bridge (`audio_bridge_thread`); true: it left the bridge in order.
fn side(here: &Session, there: &Session) -> bool {
    here.set_flag(CF_BRIDGED, true);
    wait_for_flag(there, CF_BRIDGED, true, 10_000, Some(here));
    let mut clean = false;
    if there.flag(CF_BRIDGED) {
        loop {
            clean |= here.flag(CF_TRANSFER);
            if clean || there.flag(CF_TRANSFER) || !there.flag(CF_BRIDGED) {
                break;
            }
            if !here.ready() {
                clean |= here.up();
                break;
            }
            if !there.up() {
                break;
            }
            apps::broadcasts(here);
            // Keys are for the other side.
            here.digits.lock().clear();
            here.read_frame();
            requests::answer(here);
        }
    } else if !(there.flag(CF_TRANSFER) || there.flag(CF_REDIRECT) || there.state() == CS_RESET) {
        there.hangup(DESTINATION_OUT_OF_ORDER);
    }
    here.set("bridge_to", None);
    here.set_flag(CF_BRIDGED, false);
    clean
}

/// `switch_ivr_multi_threaded_bridge`. Whatever goes wrong here hangs up the *other* leg.
pub fn drive(here: &Session, there: &Session) -> bool {
    let abort = || there.hangup(if here.cause() == 0 { ORIGINATOR_CANCEL } else { here.cause() });
    if there.flag(CF_ANSWERED) {
        here.answer();
    }
    if !there.flag(CF_ANSWERED) && !there.flag(CF_EARLY_MEDIA) {
        there.hangup(NO_ANSWER);
        return false;
    }
    if !here.ready() {
        abort();
        return true;
    }
    if !there.flag(CF_ARRANGED_BRIDGE) {
        there.set_state(CS_CONSUME_MEDIA);
    }
    let (a, b) = (here.uuid(), there.uuid());
    let ids = [("Bridge-A-Unique-ID", a.as_str()), ("Bridge-B-Unique-ID", b.as_str())];
    here.fire_with("CHANNEL_BRIDGE", &ids);
    hesitate();
    let mut clean = false;
    let mut done = true;
    if there.up() {
        for (one, other) in [(here, &b), (there, &a)] {
            one.set("bridge_to", Some(other));
            one.set("last_bridge_to", Some(other));
        }
        if here.ready() {
            for (one, other) in [(here, there), (there, here)] {
                one.set("bridge_channel", Some(&other.name()));
                one.set("bridge_uuid", Some(&other.uuid()));
                one.set("signal_bond", Some(&other.uuid()));
            }
            *there.bridge.lock() = Some(a.clone());
            if there.flag(CF_ARRANGED_BRIDGE) {
                there.set_flag(CF_ARRANGED_BRIDGE, false);
            } else {
                there.set_state(CS_EXCHANGE_MEDIA);
            }
            hesitate();
            clean = Held::locate(&b).is_some_and(|there| side(here, &there));
            while there.state() == CS_EXCHANGE_MEDIA {
                std::thread::sleep(Duration::from_millis(1));
            }
            for (one, other) in [(here, there), (there, here)] {
                if one.cause() != 0 {
                    other.set(
                        "bridge_hangup_cause",
                        Some(&causes::name(one.cause()).to_string_lossy()),
                    );
                }
            }
        } else {
            abort();
        }
    } else {
        there.hangup(NO_ANSWER);
        done = false;
    }
    here.fire_with("CHANNEL_UNBRIDGE", &ids);
    if !here.flag(CF_TRANSFER) && !here.flag(CF_REDIRECT) && !clean {
        after(here, there);
    }
    if here.flag(CF_REDIRECT)
        && ![CS_RESET, CS_PARK, CS_ROUTING, CS_EXECUTE].contains(&here.state())
    {
        here.set_state(CS_RESET);
    }
    done
}

/// What becomes of the leg that drove, when the bridge is over.
fn after(here: &Session, there: &Session) {
    let cause = if there.cause() == 0 { NORMAL_CLEARING } else { there.cause() };
    let wish = here.get("hangup_after_bridge").unwrap_or_default();
    if wish.eq_ignore_ascii_case("explicit") {
        here.hangup(cause);
    }
    if !here.up() || !there.flag(CF_ANSWERED) || goes_where_it_wants(here) {
        return;
    }
    if wish == "true" {
        here.hangup(cause);
    }
}

/// `park_after_bridge` and `transfer_after_bridge`.
fn goes_where_it_wants(session: &Session) -> bool {
    if session.get("park_after_bridge").as_deref() == Some("true") {
        session.set_state(CS_PARK);
        return true;
    }
    let Some(place) = session.get("transfer_after_bridge") else { return false };
    session.set("transfer_after_bridge", None);
    let mut parts = place.splitn(3, ':');
    session.transfer(parts.next().unwrap_or_default(), parts.next(), parts.next());
    true
}

/// `audio_bridge_on_exchange_media`: the side that did not drive.
pub fn exchange_media(session: &Session) {
    let Some(partner) = session.bridge.lock().take() else {
        session.hangup(DESTINATION_OUT_OF_ORDER);
        return;
    };
    let clean = Held::locate(&partner).is_some_and(|partner| side(session, &partner));
    let left = session.flag(CF_TRANSFER) || session.flag(CF_REDIRECT) || clean;
    if !left && session.state() == CS_EXCHANGE_MEDIA {
        if goes_where_it_wants(session) {
            return;
        }
        session.hangup(NORMAL_CLEARING);
    }
    if session.state() == CS_EXCHANGE_MEDIA {
        session.set_state(CS_PARK);
    }
}

/// `switch_ivr_uuid_bridge`: takes both out of what they are doing; `a` drives, on its own thread.
pub fn take_together(a: &str, b: &str) -> bool {
    let (Some(a), Some(b)) = (Held::locate(a), Held::locate(b)) else { return false };
    for session in [&a, &b] {
        session.set_flag(CF_REDIRECT, true);
        session.set_flag(CF_TRANSFER, true);
    }
    for (one, other) in [(&a, &b), (&b, &a)] {
        one.set("bridge_channel", Some(&other.name()));
        one.set("bridge_uuid", Some(&other.uuid()));
        one.set("signal_bond", Some(&other.uuid()));
        *one.uuid_bridge.lock() = None;
    }
    *a.uuid_bridge.lock() = Some(b.uuid());
    for session in [&a, &b] {
        session.set_state(if session.state() == CS_HIBERNATE {
            CS_CONSUME_MEDIA
        } else {
            CS_HIBERNATE
        });
    }
    true
}

/// `uuid_bridge_on_soft_execute`: the driving leg waits until the other has come to rest.
pub fn soft_execute(here: &Session) {
    let Some(other) = here.uuid_bridge.lock().take() else { return };
    let Some(there) = Held::locate(&other) else {
        if !goes_where_it_wants(here) {
            here.hangup(DESTINATION_OUT_OF_ORDER);
        }
        return;
    };
    let mut patience = 1000;
    while there.up() && here.up() {
        if there.state() == there.running() {
            patience -= 1;
            if patience == 0 {
                here.hangup(DESTINATION_OUT_OF_ORDER);
                there.hangup(DESTINATION_OUT_OF_ORDER);
            }
            match there.running() {
                CS_RESET => there.set_state(CS_SOFT_EXECUTE),
                CS_SOFT_EXECUTE => break,
                _ => {}
            }
        }
        std::thread::sleep(FRAME);
    }
    match (here.ready(), there.ready()) {
        (true, true) => {
            drive(here, &there);
            let state = here.state();
            let stays = !here.flag(CF_TRANSFER) && !here.flag(CF_REDIRECT);
            if stays && here.up() && state != CS_ROUTING && state != CS_PARK {
                here.set_state(CS_EXECUTE);
            }
        }
        (true, false) => match there.get("rdnis").filter(|number| !number.is_empty()) {
            Some(number) => drop(here.transfer(&number, None, None)),
            None => here.hangup(DESTINATION_OUT_OF_ORDER),
        },
        (false, _) => there.hangup(DESTINATION_OUT_OF_ORDER),
    }
}

#[unsafe(no_mangle)]
extern "C" fn switch_ivr_multi_threaded_bridge(
    here: *mut sys::switch_core_session_t,
    there: *mut sys::switch_core_session_t,
    _input: sys::switch_input_callback_function_t,
    _data: *mut c_void,
    _peer_data: *mut c_void,
) -> sys::switch_status_t {
    crate::channel::status(drive(of(here), of(there)))
}

#[unsafe(no_mangle)]
extern "C" fn switch_ivr_bridge_bleg(
    here: *mut sys::switch_core_session_t,
    there: *mut sys::switch_core_session_t,
    limit_ms: u32,
) -> sys::switch_status_t {
    let (here, there) = (of(here), of(there));
    here.set_flag(CF_ARRANGED_BRIDGE, true);
    let waited = wait_for_flag(here, CF_ARRANGED_BRIDGE, false, limit_ms, Some(there));
    if waited == sys::switch_status_t::SWITCH_STATUS_FALSE {
        return waited;
    }
    if here.flag(CF_ARRANGED_BRIDGE) {
        here.set_flag(CF_ARRANGED_BRIDGE, false);
        return sys::switch_status_t::SWITCH_STATUS_FALSE;
    }
    if !here.flag(CF_TRANSFER) {
        exchange_media(here);
    }
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}
