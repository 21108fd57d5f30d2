//! Calling a phone.

use std::sync::atomic::{AtomicU32, Ordering};

use super::application;
use super::cause::Cause;
use super::dial_string::DialString;
use super::event::Event;
use super::ivr;
use super::session::{Located, Session};
use super::sys;
use super::text::to_c;

/// A running [`call`] that can be called off from another thread.
#[derive(Default)]
pub(crate) struct CallOff(AtomicU32);

impl CallOff {
    /// Stops the ringing with that cause.
    pub(crate) fn call_off(&self, cause: Cause) {
        self.0.store(cause.0.0, Ordering::Release);
    }

    /// With which cause it was called off, if it was.
    #[must_use]
    pub(crate) fn cause(&self) -> Option<Cause> {
        let cause = Cause(sys::switch_call_cause_t(self.0.load(Ordering::Acquire)));
        Some(cause).filter(|cause| *cause != Cause::NONE)
    }
}

/// What [`call`] dials.
pub(crate) struct Dial<'a> {
    /// Whom.
    pub dial_string: &'a DialString,
    /// How long it rings, in seconds.
    pub ring_s: u32,
    /// What the phone that rings shows.
    pub caller_id_name: &'a str,
    /// What the phone that rings shows.
    pub caller_id_number: &'a str,
    /// Channel variables of the new leg.
    pub variables: &'a [(&'a str, &'a str)],
}

/// Calls a phone and waits for the answer.
///
/// # Errors
/// Why nobody answered, by FreeSWITCH's cause name.
pub(crate) fn call(dial: &Dial<'_>, call_off: &CallOff) -> Result<Located, String> {
    originate(None, dial, call_off)
}

/// Calls a phone on behalf of `session`, on its own thread, and bridges it to the phone that answers. Returns when the
/// bridge has ended.
///
/// # Errors
/// Why nobody answered, by FreeSWITCH's cause name.
pub(crate) fn call_and_bridge(session: Session<'_>, dial: &Dial<'_>) -> Result<(), String> {
    let peer = originate(Some(session), dial, &CallOff::default())?;
    ivr::bridge(session, peer.session());
    Ok(())
}

fn originate(
    on_behalf: Option<Session<'_>>,
    dial: &Dial<'_>,
    call_off: &CallOff,
) -> Result<Located, String> {
    let failed = || "DESTINATION_OUT_OF_ORDER".to_owned();
    let dial_string = to_c(dial.dial_string.as_str());
    // They end up in headers of a message, which a line break would end.
    let one_line = |text: &str| to_c(&text.replace(char::is_control, ""));
    let (name, number) = (one_line(dial.caller_id_name), one_line(dial.caller_id_number));
    // Variables go in as an event, not in the dial string: a caller's name may hold a comma or a brace.
    let mut variables = Event::new(super::event::Kind::Variables, None).ok_or_else(failed)?;
    for (name, value) in dial.variables {
        variables = variables.with(name, &value.replace(char::is_control, ""));
    }
    let mut leg = std::ptr::null_mut();
    let mut cause = sys::switch_call_cause_t::SWITCH_CAUSE_NONE;
    // SAFETY: all strings, the event and the places for leg and cause outlive the call. `call_off` is an atomic of the
    // cause's size, written by another thread while FreeSWITCH polls it. Who it is on behalf of is NULL or alive.
    let located = unsafe {
        let status = sys::switch_ivr_originate(
            on_behalf.map_or(std::ptr::null_mut(), Session::raw),
            &raw mut leg,
            &raw mut cause,
            dial_string.as_ptr(),
            dial.ring_s,
            std::ptr::null(),
            name.as_ptr(),
            number.as_ptr(),
            std::ptr::null_mut(),
            variables.raw(),
            sys::switch_originate_flag_enum_t::SOF_NONE.0,
            call_off.0.as_ptr().cast(),
            std::ptr::null_mut(),
        );
        if status == sys::switch_status_t::SWITCH_STATUS_SUCCESS {
            // The leg comes with its read lock taken for us.
            Located::from_locked(leg)
        } else {
            None
        }
    };
    located.ok_or_else(|| Cause(cause).name())
}

/// Has a leg that [`call`] made run one application, on a thread of its own.
pub(crate) fn run_application(leg: Session<'_>, application: &str, data: &str) {
    if !application::set_extension(leg, application, data) {
        return;
    }
    // SAFETY: the leg is alive by its read lock and in no application yet; CS_EXECUTE is a legal state after an originate.
    unsafe {
        sys::switch_channel_perform_set_state(
            leg.channel().raw(),
            c"mod_callpark".as_ptr(),
            c"run_application".as_ptr(),
            0,
            sys::switch_channel_state_t::CS_EXECUTE,
        );
    }
}
