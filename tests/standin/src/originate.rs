//! Calling somebody: dial strings, and the endpoints `null/`, `loopback/`, `error/` and `user/`.

use std::collections::BTreeMap;
use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::held::{Held, lock};
use crate::session::{Profile, Session};
use crate::state::{CF_ANSWERED, CF_EARLY_MEDIA, CS_INIT};
use crate::strings::{brackets, expand, new_uuid, separate, text};
use crate::switch::switch;
use crate::{causes, event, machine, sys};

type Variables = Vec<(String, String)>;

const SUBSCRIBER_ABSENT: u32 = 20;
const NO_ANSWER: u32 = 19;
const LOSE_RACE: u32 = 702;
const CHAN_NOT_IMPLEMENTED: u32 = 66;
const DESTINATION_OUT_OF_ORDER: u32 = 27;
const MANDATORY_IE_MISSING: u32 = 96;

/// Who calls.
pub struct CallerId<'a> {
    pub name: &'a str,
    pub number: &'a str,
}

/// Calls, and waits for the first who answers. `called_off` gives the cause to end with, or 0.
///
/// # Errors
/// Why nobody did.
pub fn call(
    dial_string: &str,
    limit: Duration,
    ids: &CallerId<'_>,
    variables: &[(String, String)],
    called_off: impl Fn() -> u32,
) -> Result<Held, u32> {
    let (mut common, rest) = brackets(dial_string, '{', '}');
    // What the string says goes before what the caller says.
    let given: Variables = variables
        .iter()
        .filter(|(name, _)| common.iter().all(|(own, _)| own != name))
        .cloned()
        .collect();
    common.extend(given);
    let mut cause = DESTINATION_OUT_OF_ORDER;
    for group in rest.split('|') {
        match ring(group, limit, ids, &common, &called_off) {
            Ok(leg) => return Ok(leg),
            Err(why) => cause = why,
        }
        if called_off() != 0 {
            return Err(called_off());
        }
    }
    Err(cause)
}

/// Calls everybody in a list at once.
fn ring(
    list: &str,
    limit: Duration,
    ids: &CallerId<'_>,
    common: &Variables,
    called_off: impl Fn() -> u32,
) -> Result<Held, u32> {
    let mut cause = DESTINATION_OUT_OF_ORDER;
    let mut legs: Vec<Held> = Vec::new();
    for one in split_outside(list) {
        let (own, address) = brackets(one, '[', ']');
        let variables = common.iter().cloned().chain(own).collect();
        match dial(address, ids, variables) {
            Ok(leg) => legs.push(leg),
            Err(why) => cause = why,
        }
    }
    let end = Instant::now() + limit;
    loop {
        let reached = |leg: &Held| {
            let waits = leg.get("ignore_early_media").is_some_and(|wish| wish == "true");
            leg.up() && (leg.flag(CF_ANSWERED) || !waits && leg.flag(CF_EARLY_MEDIA))
        };
        if let Some(winner) = legs.iter().position(reached) {
            let winner = legs.swap_remove(winner);
            legs.iter().for_each(|leg| leg.hangup(LOSE_RACE));
            return Ok(winner);
        }
        legs.retain(|leg| {
            if !leg.up() {
                cause = leg.cause();
            }
            leg.up()
        });
        let over = match called_off() {
            0 if Instant::now() >= end => NO_ANSWER,
            over => over,
        };
        if legs.is_empty() || over != 0 {
            legs.iter().for_each(|leg| leg.hangup(over));
            return Err(if over == 0 { cause } else { over });
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// At commas that are in no brackets.
fn split_outside(list: &str) -> Vec<&str> {
    let mut depth = 0;
    let mut parts = list.split(|c: char| {
        depth += i32::from("[{".contains(c)) - i32::from("]}".contains(c));
        c == ',' && depth == 0
    });
    parts.by_ref().filter(|part| !part.trim().is_empty()).collect()
}

/// Makes one leg. Who answers is found out by waiting.
fn dial(address: &str, ids: &CallerId<'_>, variables: Variables) -> Result<Held, u32> {
    let (endpoint, rest) = address.trim().split_once('/').ok_or(CHAN_NOT_IMPLEMENTED)?;
    match endpoint {
        "null" => match rest.strip_prefix("cause-") {
            Some(cause) => Err(causes::number(cause)),
            None => start(&leg(address, rest, true, ids, variables)?),
        },
        "error" => Err(causes::number(rest)),
        "loopback" => loopback(rest, ids, variables),
        "user" => {
            let (user, domain) = rest.split_once('@').ok_or(SUBSCRIBER_ABSENT)?;
            let dial_string =
                switch().xml.read().dial_string(user, domain).ok_or(SUBSCRIBER_ABSENT)?;
            if dial_string.is_empty() {
                return Err(MANDATORY_IE_MISSING);
            }
            let field = |name: &str| match name {
                "dialed_user" => Some(user.to_owned()),
                "dialed_domain" => Some(domain.to_owned()),
                // Nobody is registered here: there is no SIP.
                name if name.starts_with("sofia_contact") => {
                    Some("error/USER_NOT_REGISTERED".to_owned())
                }
                name => switch().global(name),
            };
            let expanded = expand(&dial_string, field);
            let (own, address) = brackets(&expanded, '{', '}');
            let presence = format!("{user}@{domain}");
            let dialed =
                [("dialed_user", user), ("dialed_domain", domain), ("presence_id", &presence)];
            let dialed = dialed.map(|(name, value)| (name.to_owned(), value.to_owned()));
            dial(address, ids, own.into_iter().chain(variables).chain(dialed).collect())
        }
        _ => Err(CHAN_NOT_IMPLEMENTED),
    }
}

fn leg(
    name: &str,
    destination: &str,
    outbound: bool,
    ids: &CallerId<'_>,
    variables: Variables,
) -> Result<Arc<Session>, u32> {
    let variables: BTreeMap<String, String> =
        variables.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let wish =
        |name: &str, otherwise: &str| variables.get(name).cloned().unwrap_or(otherwise.to_owned());
    let fields = [
        ("caller_id_name", wish("origination_caller_id_name", ids.name)),
        ("caller_id_number", wish("origination_caller_id_number", ids.number)),
        ("callee_id_name", wish("origination_callee_id_name", "Outbound Call")),
        ("callee_id_number", wish("origination_callee_id_number", destination)),
        ("destination_number", destination.to_owned()),
        ("context", "default".to_owned()),
        ("dialplan", "XML".to_owned()),
    ];
    let profile: Profile =
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let uuid = wish("origination_uuid", &new_uuid());
    Session::new(&uuid, name, outbound, variables, profile).ok_or(DESTINATION_OUT_OF_ORDER)
}

fn start(session: &Arc<Session>) -> Result<Held, u32> {
    let held = Held::locate(&session.uuid()).ok_or(DESTINATION_OUT_OF_ORDER)?;
    machine::start(session);
    // Nothing is done to a leg before it has begun.
    while session.state() == CS_INIT {
        std::thread::sleep(Duration::from_micros(100));
    }
    Ok(held)
}

/// Two legs back to back: the second one dials `<extension>[/<context>]`, and answers for the first.
fn loopback(rest: &str, ids: &CallerId<'_>, variables: Variables) -> Result<Held, u32> {
    let mut words = rest.split('/');
    let extension = words.next().unwrap_or_default();
    let near = ["origination_uuid", "originator", "signal_bond"];
    let own: Variables =
        variables.iter().filter(|(name, _)| !near.contains(&name.as_str())).cloned().collect();
    let a = leg(&format!("loopback/{extension}-a"), extension, true, ids, variables)?;
    let b = leg(&format!("loopback/{extension}-b"), extension, false, ids, own)?;
    if let Some(context) = words.next() {
        b.profile.lock().insert("context".to_owned(), context.to_owned());
    }
    *a.twin.lock() = Some(b.uuid());
    *b.twin.lock() = Some(a.uuid());
    for (one, other) in [(&a, &b), (&b, &a)] {
        one.set("other_loopback_leg_uuid", Some(&other.uuid()));
    }
    let held = start(&a)?;
    machine::start(&b);
    Ok(held)
}

/// `originate <dial string> <extension>|&<application>(<data>) [<dialplan> [<context> [<name> [<number> [<timeout>]]]]]`
pub fn command(arguments: &str) -> String {
    let words = separate(arguments, ' ', 10);
    let word = |index: usize| words.get(index).map(String::as_str).filter(|word| *word != "undef");
    let (Some(dial_string), Some(extension)) = (word(0), word(1)) else {
        return "-USAGE: <call url> <exten>|&<application_name>(<app_args>) …\n".to_owned();
    };
    let ids =
        CallerId { name: word(4).unwrap_or_default(), number: word(5).unwrap_or("0000000000") };
    let limit = Duration::from_secs(word(6).and_then(|limit| limit.parse().ok()).unwrap_or(60));
    match call(dial_string, limit, &ids, &[], || 0) {
        Ok(leg) => {
            match extension.strip_prefix('&').filter(|application| !application.is_empty()) {
                Some(application) => {
                    let application = application.split(')').next().unwrap_or_default();
                    let (name, data) = application.split_once('(').unwrap_or((application, ""));
                    leg.is_to_run([(name.to_owned(), data.to_owned())]);
                    leg.set_state(crate::state::CS_EXECUTE);
                }
                None => {
                    leg.transfer(
                        extension,
                        Some(word(2).unwrap_or("XML")),
                        Some(word(3).unwrap_or("default")),
                    );
                }
            }
            format!("+OK {}\n", leg.uuid())
        }
        Err(cause) => format!("-ERR {}\n", causes::name(cause).to_string_lossy()),
    }
}

#[unsafe(no_mangle)]
extern "C" fn switch_ivr_originate(
    _session: *mut sys::switch_core_session_t,
    leg: *mut *mut sys::switch_core_session_t,
    cause: *mut sys::switch_call_cause_t,
    dial_string: *const c_char,
    limit_s: u32,
    _table: *const sys::switch_state_handler_table_t,
    name: *const c_char,
    number: *const c_char,
    _profile: *mut sys::switch_caller_profile_t,
    variables: *mut sys::switch_event_t,
    _flags: sys::switch_originate_flag_t,
    called_off: *mut sys::switch_call_cause_t,
    _dial_handle: *mut c_void,
) -> sys::switch_status_t {
    let (name, number) = (text(name), text(number));
    let ids = CallerId { name: &name, number: &number };
    let cancelled = || {
        // SAFETY: NULL, or a place of this size that lives during the call and that others write to.
        unsafe { called_off.cast::<AtomicU32>().as_ref() }
            .map_or(0, |cause| cause.load(Ordering::Acquire))
    };
    let limit = Duration::from_secs(limit_s.into());
    let called = call(&text(dial_string), limit, &ids, &event::variables(variables), cancelled);
    // SAFETY: places for the leg and the cause.
    unsafe {
        match called {
            Ok(held) => {
                *leg = lock(Arc::clone(&held));
                *cause = sys::switch_call_cause_t(0);
                crate::channel::status(true)
            }
            Err(why) => {
                *cause = sys::switch_call_cause_t(why);
                crate::channel::status(false)
            }
        }
    }
}
