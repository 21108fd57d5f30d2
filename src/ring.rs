//! Calling somebody for a parked call: a return step, or `callpark retrieve … <dial string>`. The caller hears music
//! meanwhile; only who has answered claims the call.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::arrival::Arrival;
use crate::dial;
use crate::module::Module;
use crate::names;
use crate::park::{CallUuid, CallView, Claimant, Ring, RingTo, RunId};
use crate::switch::guard::Inside;
use crate::switch::ivr::{self, CallOff, Dial};
use crate::switch::{Cause, Located, guard, log};
use crate::tokens::Tokens;

/// The application that connects a leg we have called; its data is the token of an [`Errand`].
pub const APPLICATION: &str = "callpark_retrieve";
/// FreeSWITCH's own stacks are of this size.
const STACK: usize = 240 * 1024;
/// How long a leg that has answered may take to start its application.
const STARTS_WITHIN: Duration = Duration::from_secs(5);

/// What a leg that we have called is for: handed out once.
pub struct Errand {
    /// The call it is to take, and no other.
    pub uuid: CallUuid,
    /// The return step that rang it; none: a command did.
    pub run: Option<RunId>,
    /// Who was called.
    pub user: Option<Arc<str>>,
}

impl Errand {
    /// Who claims, when `leg` does it.
    #[must_use]
    pub fn claimant(&self, leg: CallUuid) -> Claimant {
        let user = self.user.clone();
        match self.run {
            Some(run) => Claimant::StepLeg { uuid: leg, user, run },
            None => Claimant::Retriever { uuid: leg, user },
        }
    }
}

/// Everything that is ringing.
#[derive(Default)]
pub struct Rings {
    steps: Mutex<HashMap<RunId, Arc<CallOff>>>,
    commands: Mutex<Vec<Arc<CallOff>>>,
    /// What the legs are for that have answered.
    pub errands: Tokens<Errand>,
}

impl Rings {
    /// Ends a step's ringing.
    pub fn stop(&self, run: RunId) {
        if let Some(call_off) = self.steps.lock().remove(&run) {
            call_off.call_off(Cause::LOSE_RACE);
        }
    }

    /// Ends all ringing, for unloading.
    pub fn stop_all(&self) {
        let steps: Vec<_> = self.steps.lock().drain().map(|(_, call_off)| call_off).collect();
        for call_off in steps.iter().chain(self.commands.lock().iter()) {
            call_off.call_off(Cause::ORIGINATOR_CANCEL);
        }
    }
}

/// Runs a return step that rings somebody.
pub fn step(module: &Arc<Module>, ring: Ring) {
    let call_off = Arc::new(CallOff::default());
    module.rings.steps.lock().insert(ring.run, Arc::clone(&call_off));
    let run = ring.run;
    let (dial_string, user) = match &ring.to {
        RingTo::Parker(user) => (format!("user/{user}"), Some(Arc::clone(user))),
        RingTo::Dial(dial) => (dial.clone(), None),
    };
    let uuid = ring.call.uuid.clone();
    let errand = Errand { uuid: uuid.clone(), run: Some(run), user };
    let thread = {
        let module = Arc::clone(module);
        in_thread("callpark-return", move || {
            let result = call(&module, &ring.call, &dial_string, ring.ring_s, errand, &call_off);
            module.rings.steps.lock().remove(&run);
            if let Err(reason) = result {
                step_failed(&module, &ring.call.uuid, run, &reason);
            }
        })
    };
    if let Err(reason) = thread {
        module.rings.steps.lock().remove(&run);
        step_failed(module, &uuid, run, &reason);
    }
}

fn step_failed(module: &Arc<Module>, uuid: &CallUuid, run: RunId, reason: &str) {
    module.act(None, |park, now| ((), park.step_failed(now, uuid, run, reason)));
}

/// Calls `dial_string` and connects whoever answers to the parked call. Returns at once.
///
/// # Errors
/// The reason why that cannot even be tried.
pub fn command(module: &Arc<Module>, call: CallView, dial_string: String) -> Result<(), String> {
    const RING_S: u32 = 60;
    let call_off = Arc::new(CallOff::default());
    module.rings.commands.lock().push(Arc::clone(&call_off));
    let errand = Errand { uuid: call.uuid.clone(), run: None, user: None };
    let module = Arc::clone(module);
    in_thread("callpark-call", move || {
        let result = self::call(&module, &call, &dial_string, RING_S, errand, &call_off);
        module.rings.commands.lock().retain(|other| !Arc::ptr_eq(other, &call_off));
        if let Err(reason) = result {
            log::warning(
                Some(call.uuid.as_str()),
                format_args!(
                    "{} {}: {dial_string:?} was called to take the call, but: {reason}; the call waits on",
                    call.lot, call.orbit
                ),
            );
        }
    })
}

/// Calls the phones a lot pages, each of them, and has them told where the call is. Nobody waits for it.
pub fn page(module: &Arc<Module>, call: CallView, dial_string: String) {
    let uuid = call.uuid.clone();
    let module = Arc::clone(module);
    let thread = in_thread("callpark-page", move || {
        for phone in dial::phones(call.uuid.as_str(), &dial_string) {
            page_one(&module, call.clone(), phone);
        }
    });
    if let Err(reason) = thread {
        log::warning(Some(uuid.as_str()), format_args!("nobody is paged: {reason}"));
    }
}

fn page_one(module: &Arc<Module>, call: CallView, dial_string: String) {
    const RING_S: u32 = 10;
    if module.is_stopping() {
        return;
    }
    let call_off = Arc::new(CallOff::default());
    module.rings.commands.lock().push(Arc::clone(&call_off));
    let uuid = call.uuid.clone();
    let module = Arc::clone(module);
    let thread = in_thread("callpark-page", move || {
        let name = format!("Parked at {}", call.orbit);
        let by_itself = [("sip_auto_answer", "true")];
        let result = reach(&call, &dial_string, RING_S, &name, &by_itself, &call_off);
        module.rings.commands.lock().retain(|other| !Arc::ptr_eq(other, &call_off));
        let result = result.and_then(|leg| {
            let errand = Arrival::Tell { lot: call.lot.clone(), orbit: call.orbit.clone() };
            send(&module.arrivals, errand, leg, "callpark")
        });
        if let Err(reason) = result {
            log::info(
                Some(call.uuid.as_str()),
                format_args!("{} {}: paging {dial_string:?}: {reason}", call.lot, call.orbit),
            );
        }
    });
    if let Err(reason) = thread {
        log::warning(Some(uuid.as_str()), format_args!("nobody is paged: {reason}"));
    }
}

fn in_thread(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let inside = Inside::enter();
    std::thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK)
        .spawn(move || {
            let _inside = inside;
            guard("calling for a parked call", (), body);
        })
        .map(drop)
        .map_err(|error| error.to_string())
}

/// Calls, and sends who answers on the errand. An error says why nobody will come.
fn call(
    module: &Module,
    call: &CallView,
    dial_string: &str,
    ring_s: u32,
    errand: Errand,
    call_off: &CallOff,
) -> Result<(), String> {
    // No colon, slash or at sign: mod_sofia takes what is before them for part of a URI, and cuts it off.
    let name = format!("Park {} - {}", call.orbit, call.caller_id_name);
    let leg = reach(call, dial_string, ring_s, &name, &[], call_off)?;
    send(&module.rings.errands, errand, leg, APPLICATION)
}

/// Calls somebody about a parked call and waits for the answer.
fn reach(
    call: &CallView,
    dial_string: &str,
    ring_s: u32,
    name: &str,
    more: &[(&str, &str)],
    call_off: &CallOff,
) -> Result<Located, String> {
    let dial_string = match Located::find(call.uuid.as_str()) {
        Some(parked) => parked.session().channel().expand(dial_string),
        None => return Err("the caller has gone".to_owned()),
    };
    let (lot, orbit) = (call.lot.to_string(), call.orbit.to_string());
    let mut variables = vec![
        // Somebody has to pick up: ringing with a tune is not that.
        ("ignore_early_media", "true"),
        ("callpark_lot", lot.as_str()),
        ("callpark_orbit", orbit.as_str()),
    ];
    variables.extend_from_slice(more);
    let dial = Dial {
        dial_string: &dial_string,
        ring_s,
        caller_id_name: &names::for_sip(name),
        caller_id_number: &call.caller_id_number,
        variables: &variables,
    };
    ivr::call(&dial, call_off)
}

/// Has a leg that has answered run an application for an errand, and waits until it has begun.
fn send<T>(tokens: &Tokens<T>, errand: T, leg: Located, application: &str) -> Result<(), String> {
    let uuid = leg.session().uuid();
    let token = tokens.send(errand);
    ivr::run_application(leg.session(), application, &token);
    drop(leg);
    // From here on the leg's own thread goes on, unless it hangs up before it gets to it.
    let begun = tokens.wait_until_taken(&token, STARTS_WITHIN, || Located::find(&uuid).is_some());
    if begun || tokens.take(&token).is_none() {
        return Ok(());
    }
    Err("who answered hung up".to_owned())
}
