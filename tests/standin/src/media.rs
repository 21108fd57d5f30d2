//! Playing, waiting, asking: what a call does for a while.

use std::ffi::c_char;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::apps;
use crate::channel::of;
use crate::keys::Dtmf;
use crate::requests;
use crate::session::Session;
use crate::state::{CF_ANSWERED, CF_BREAK, CF_EARLY_MEDIA};
use crate::strings::text;
use crate::sys;

type Status = sys::switch_status_t;
type Raw = *mut sys::switch_core_session_t;

/// How long a stream plays: `None` for ever; an error when there is no such file.
fn length(file: &str) -> Result<Option<Duration>, Status> {
    if let Some(silence) = file.strip_prefix("silence_stream://") {
        let ms = silence.split(',').next().and_then(|ms| ms.parse::<i64>().ok()).unwrap_or(-1);
        return Ok(u64::try_from(ms).ok().map(Duration::from_millis));
    }
    if file.starts_with("tone_stream://") {
        return Ok((!file.contains("loops=-1")).then_some(Duration::from_millis(400)));
    }
    if Path::new(file).exists() {
        Ok(Some(Duration::from_secs(1)))
    } else {
        Err(Status::SWITCH_STATUS_NOTFOUND)
    }
}

/// One frame at a time until `end`, as `switch_ivr_play_file` and `switch_ivr_sleep` do.
fn frames(
    session: &Session,
    end: Option<Instant>,
    arguments: *mut sys::switch_input_args_t,
) -> Status {
    // SAFETY: the module gives NULL or arguments that live during the call.
    let arguments = unsafe { arguments.as_ref() };
    let raw = crate::channel::raw(session);
    // What the dialplan's `sleep` does with keys, if it is to take them.
    let eats = session.get("sleep_eat_digits").as_deref() == Some("true");
    loop {
        requests::answer(session);
        apps::broadcasts(session);
        if !session.ready() {
            return Status::SWITCH_STATUS_FALSE;
        }
        if session.flag(CF_BREAK) {
            session.set_flag(CF_BREAK, false);
            return Status::SWITCH_STATUS_BREAK;
        }
        if end.is_some_and(|end| Instant::now() >= end) {
            return Status::SWITCH_STATUS_SUCCESS;
        }
        let digit = session.digits.lock().pop_front();
        if let Some(digit) = digit.filter(|_| !(eats && arguments.is_none())) {
            let Some(input) = arguments.and_then(|arguments| arguments.input_callback) else {
                return Status::SWITCH_STATUS_BREAK;
            };
            let kind = sys::switch_input_type_t::SWITCH_INPUT_TYPE_DTMF;
            let mut dtmf = Dtmf::of(digit);
            let (buffer, length) =
                arguments.map_or((std::ptr::null_mut(), 0), |it| (it.buf, it.buflen));
            // SAFETY: the module's own callback, on the session's thread; the key outlives the call.
            let status = unsafe { input(raw, (&raw mut dtmf).cast(), kind, buffer, length) };
            if status != Status::SWITCH_STATUS_SUCCESS {
                return status;
            }
        }
        session.read_frame();
        if let Some(arguments) = arguments
            && let Some(callback) = arguments.read_frame_callback
        {
            // SAFETY: as above; the frame is not looked at.
            let status = unsafe { callback(raw, std::ptr::null_mut(), arguments.user_data) };
            if status != Status::SWITCH_STATUS_SUCCESS {
                return status;
            }
        }
    }
}

/// `switch_ivr_play_file`.
pub fn play(session: &Session, file: &str, arguments: *mut sys::switch_input_args_t) -> Status {
    if file.is_empty() || !(session.flag(CF_ANSWERED) || session.flag(CF_EARLY_MEDIA)) {
        return Status::SWITCH_STATUS_FALSE;
    }
    let length = match length(file) {
        Ok(length) => length,
        Err(status) => return status,
    };
    let path = [("Playback-File-Path", file)];
    session.fire_with("PLAYBACK_START", &path);
    let status = frames(session, length.map(|length| Instant::now() + length), arguments);
    session.fire_with("PLAYBACK_STOP", &path);
    status
}

/// `switch_ivr_sleep`.
pub fn sleep(session: &Session, ms: u32, arguments: *mut sys::switch_input_args_t) -> Status {
    frames(session, Some(Instant::now() + Duration::from_millis(ms.into())), arguments)
}

#[unsafe(no_mangle)]
extern "C" fn switch_ivr_play_file(
    session: Raw,
    _handle: *mut sys::switch_file_handle_t,
    file: *const c_char,
    arguments: *mut sys::switch_input_args_t,
) -> Status {
    play(of(session), &text(file), arguments)
}

#[unsafe(no_mangle)]
extern "C" fn switch_ivr_sleep(
    session: Raw,
    ms: u32,
    _sync: sys::switch_bool_t,
    arguments: *mut sys::switch_input_args_t,
) -> Status {
    sleep(of(session), ms, arguments)
}

/// Nobody says anything in here.
#[unsafe(no_mangle)]
extern "C" fn switch_ivr_inband_dtmf_session(_session: Raw) -> Status {
    Status::SWITCH_STATUS_FALSE
}

#[unsafe(no_mangle)]
extern "C" fn switch_ivr_stop_inband_dtmf_session(_session: Raw) -> Status {
    Status::SWITCH_STATUS_FALSE
}

#[unsafe(no_mangle)]
extern "C" fn switch_ivr_phrase_macro_event(
    _session: Raw,
    _name: *const c_char,
    _data: *const c_char,
    _event: *mut sys::switch_event_t,
    _language: *const c_char,
    _arguments: *mut sys::switch_input_args_t,
) -> Status {
    // There are no phrases here.
    Status::SWITCH_STATUS_GENERR
}

#[unsafe(no_mangle)]
extern "C" fn switch_play_and_get_digits(
    session: Raw,
    _least: u32,
    most: u32,
    _tries: u32,
    timeout_ms: u32,
    _terminators: *const c_char,
    _prompt: *const c_char,
    _bad: *const c_char,
    _variable: *const c_char,
    buffer: *mut c_char,
    _length: u32,
    _pattern: *const c_char,
    _digit_timeout: u32,
    _transfer: *const c_char,
) -> Status {
    let session = of(session);
    let end = Instant::now() + Duration::from_millis(timeout_ms.into());
    let mut digits = String::new();
    while session.ready() && Instant::now() < end && digits.len() < most as usize {
        match session.digits.lock().pop_front() {
            Some('#') => break,
            Some(digit) => digits.push(digit),
            None => {}
        }
        session.read_frame();
    }
    for (at, byte) in digits.bytes().chain([0]).enumerate() {
        // SAFETY: the module's buffer has room for `most` digits and a NUL.
        unsafe { *buffer.add(at) = byte as c_char };
    }
    if digits.is_empty() { Status::SWITCH_STATUS_FALSE } else { Status::SWITCH_STATUS_SUCCESS }
}

#[unsafe(no_mangle)]
extern "C" fn switch_ivr_blind_transfer_ack(_session: Raw, _success: sys::switch_bool_t) -> Status {
    Status::SWITCH_STATUS_FALSE
}

/// Nothing is recorded in here.
#[unsafe(no_mangle)]
extern "C" fn switch_ivr_transfer_recordings(_from: Raw, _to: Raw) -> Status {
    Status::SWITCH_STATUS_FALSE
}

/// Nobody hears anything in here; only whether there is such a file can be told.
#[unsafe(no_mangle)]
extern "C" fn switch_ivr_displace_session(
    _session: Raw,
    file: *const c_char,
    _limit_s: u32,
    _flags: *const c_char,
) -> Status {
    length(&text(file)).map_or_else(|status| status, |_| Status::SWITCH_STATUS_SUCCESS)
}
