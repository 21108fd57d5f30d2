//! The applications of the dialplan: a few of FreeSWITCH's, and the module's.

use std::ffi::c_char;
use std::sync::Arc;
use std::time::Duration;

use crate::channel::{of, raw};
use crate::session::Session;
use crate::state::{CF_BREAK, CF_BROADCAST, CF_RESET, CF_TRANSFER, CS_EXECUTE};
use crate::strings::text;
use crate::{bridge, causes, loader, log, media, originate, requests, sys};

const DESTINATION_OUT_OF_ORDER: u32 = 27;
const NORMAL_CLEARING: u32 = 16;
const ORIGINATOR_CANCEL: u32 = 487;
/// As `bridge` and `originate` have it.
const RINGS: Duration = Duration::from_secs(60);

/// Runs the session's actions, one after another.
pub fn execute(session: &Session) {
    let list = || Arc::clone(&session.actions.lock());
    let mut actions = list();
    while session.state() == CS_EXECUTE {
        let Some((application, data)) = actions.lock().pop_front() else { break };
        if !run(session, &application, &session.expand(&data)) {
            return;
        }
        if session.flag(CF_RESET) {
            session.set_flag(CF_RESET, false);
            actions = list();
        }
    }
    if session.ready() && session.state() == CS_EXECUTE {
        session.hangup(NORMAL_CLEARING);
    }
}

/// Runs what `uuid_broadcast` has sent, between two frames, as private events are.
pub fn broadcasts(session: &Session) {
    let next = || session.broadcasts.lock().pop_front();
    while let Some((application, data)) = next() {
        let inner = session.flag(CF_BROADCAST);
        session.set_flag(CF_BROADCAST, true);
        run(session, &application, &session.expand(&data));
        session.set_flag(CF_BROADCAST, inner);
    }
}

/// Runs one application; false: the call's actions end here.
fn run(session: &Session, application: &str, data: &str) -> bool {
    if !session.up() {
        return false;
    }
    log::write(6, "standin", 0, Some(&session.uuid()), &format!("EXECUTE {application}({data})"));
    session.runs(application, data);
    session.set("current_application", Some(application));
    session.set("current_application_data", Some(data));
    let what = [("Application", application), ("Application-Data", data)];
    session.fire_with("CHANNEL_EXECUTE", &what);
    session.set_flag(CF_BREAK, false);
    let known = own(session, application, data) || media_application(session, application, data);
    if !known {
        log::write(
            3,
            "standin",
            0,
            Some(&session.uuid()),
            &format!("Invalid Application {application}"),
        );
        session.hangup(DESTINATION_OUT_OF_ORDER);
    }
    session.fire_with("CHANNEL_EXECUTE_COMPLETE", &what);
    known
}

/// Those that need no media.
fn own(session: &Session, application: &str, data: &str) -> bool {
    match application {
        "answer" => drop(session.answer()),
        "pre_answer" => session.early_media(),
        "set" | "export" => match data.split_once('=') {
            Some((name, value)) => session.set(name.trim(), Some(value)),
            None => session.set(data.trim(), None),
        },
        "set_profile_var" => {
            if let Some((name, value)) = data.split_once('=') {
                session.profile.lock().insert(name.trim().to_owned(), value.to_owned());
            }
        }
        "unset" => session.set(data, None),
        "hangup" => {
            session.hangup(if data.is_empty() { NORMAL_CLEARING } else { causes::number(data) });
        }
        "transfer" => {
            let mut words = data.split(' ');
            session.transfer(words.next().unwrap_or_default(), words.next(), words.next());
        }
        // Takes no notice of anything meanwhile.
        "system" => {
            let seconds = data.strip_prefix("sleep ").and_then(|seconds| seconds.parse().ok());
            std::thread::sleep(Duration::from_secs_f64(seconds.unwrap_or(0.0)));
        }
        "log" => log::write(7, "standin", 0, Some(&session.uuid()), data),
        _ => return false,
    }
    true
}

/// Those that do; the module's are of these.
fn media_application(session: &Session, application: &str, data: &str) -> bool {
    if !session.outbound {
        session.early_media();
    }
    match application {
        "park" => park(session),
        "sleep" => drop(media::sleep(session, data.parse().unwrap_or(0), std::ptr::null_mut())),
        "playback" => drop(media::play(session, data, std::ptr::null_mut())),
        "bridge" => call(session, data),
        _ => return loader::run_application(raw(session), application, data),
    }
    true
}

/// Waits for whatever comes.
pub fn park(session: &Session) {
    while session.ready() {
        broadcasts(session);
        session.digits.lock().clear();
        session.read_frame();
        requests::answer(session);
    }
}

fn call(session: &Session, dial_string: &str) {
    let caller = |name: &str| session.get(name).unwrap_or_default();
    let (name, number) = (caller("caller_id_name"), caller("caller_id_number"));
    let ids = originate::CallerId { name: &name, number: &number };
    let called_off = || {
        requests::answer(session);
        match session.cause() {
            0 if !session.ready() => ORIGINATOR_CANCEL,
            cause => cause,
        }
    };
    let of_the_caller = ["originator", "signal_bond"].map(|name| (name.to_owned(), session.uuid()));
    let called = originate::call(dial_string, RINGS, &ids, &of_the_caller, called_off);
    session.set(
        "originate_disposition",
        Some(called.as_ref().err().map_or("SUCCESS", |cause| cause_name(*cause))),
    );
    match called {
        // It is on its way elsewhere.
        Err(_) if session.flag(CF_TRANSFER) => {}
        Ok(peer) => {
            bridge::drive(session, &peer);
        }
        // It is on its way elsewhere.
        Err(_) if session.flag(CF_TRANSFER) => {}
        Err(cause) if session.get("continue_on_fail").is_none_or(|wish| wish == "false") => {
            session.hangup(cause)
        }
        Err(_) => {}
    }
}

fn cause_name(cause: u32) -> &'static str {
    causes::name(cause).to_str().unwrap_or("UNKNOWN")
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_execute_application_get_flags(
    session: *mut sys::switch_core_session_t,
    application: *const c_char,
    data: *const c_char,
    _flags: *mut i32,
) -> sys::switch_status_t {
    if run(of(session), &text(application), &text(data)) {
        sys::switch_status_t::SWITCH_STATUS_SUCCESS
    } else {
        sys::switch_status_t::SWITCH_STATUS_FALSE
    }
}
