//! Calling somebody for a parked call: a return step, or `callpark retrieve … <dial string>`. The caller hears music
//! meanwhile; only who has answered claims the call.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::announce;
use crate::apps;
use crate::arrival::Arrival;
use crate::dial;
use crate::dialling::{self, Outgoing, in_thread};
use crate::module::Module;
use crate::park::{CallUuid, CallView, Claimant, Quiet, Ring, RingTo, RunId, Step, When};
use crate::phones;
use crate::switch::calling::CallOff;
use crate::switch::channel::Flag;
use crate::switch::{Cause, Located, core, log};
use crate::tokens::Tokens;

/// The application that connects a leg we have called; its data is the token of an [`Errand`].
pub const APPLICATION: &str = "callpark_retrieve";

/// The variable of every leg that rings for a run.
pub const RUN: &str = "callpark_run";
/// What mod_sofia sets on a leg as soon as the other end has described its media: with its answer, or some with early
/// media.
const HAS_ANSWERED: &str = "switch_r_sdp";

/// What a leg that we have called is for: handed out once.
pub struct Errand {
    /// The call it is to take, and no other.
    pub uuid: CallUuid,
    /// The return step that rang it; none: a command did.
    pub run: Option<RunId>,
    /// Who was called.
    pub user: Option<Arc<str>>,
    /// What it hears before that.
    pub announce: Option<Arc<str>>,
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

/// Something that rings, or has answered and has not claimed anything yet.
#[derive(Default)]
pub struct Ringing {
    /// Ends the ringing.
    pub call_off: CallOff,
    /// It is ending.
    called_off: CallOff,
    leg: Mutex<Option<String>>,
}

impl Ringing {
    /// Whoever has answered can be hung up from now on.
    ///
    /// # Errors
    /// That is late: the ringing had been called off, and the leg is hung up.
    pub fn answered(&self, leg: &Located) -> Result<(), String> {
        *self.leg.lock() = Some(leg.session().uuid());
        // First noted, then looked: who calls off in between sees the leg.
        match self.called_off.cause() {
            None => Ok(()),
            Some(cause) => {
                leg.session().channel().hangup(cause);
                Err("it was called off as somebody answered".to_owned())
            }
        }
    }

    fn stop(&self, cause: Cause) {
        self.called_off.call_off(cause);
        self.hang_up(cause);
    }

    fn hang_up(&self, cause: Cause) {
        self.call_off.call_off(cause);
        let leg = self.leg.lock().clone();
        if let Some(leg) = leg.and_then(|uuid| Located::find(&uuid)) {
            leg.session().channel().hangup(cause);
        }
    }

    /// As [`stop`](Ringing::stop), for what rings for that run. Mod_sofia ends a call it has not seen answered with a
    /// CANCEL, which means nothing to a phone whose answer is in the switch but not through it yet: that phone would
    /// stay in a call with nobody. Such a leg is let come through, which takes some ms, and then gets its BYE.
    fn stop_run(&self, run: RunId, cause: Cause) {
        const COMES_THROUGH: Duration = Duration::from_millis(80);
        self.called_off.call_off(cause);
        let until = Instant::now() + COMES_THROUGH;
        for uuid in core::channels(RUN, &run.0.to_string()) {
            let Some(leg) = Located::find(&uuid) else { continue };
            let channel = leg.session().channel();
            while channel.up()
                && !channel.test(Flag::Answered)
                && channel.variable(HAS_ANSWERED).is_some()
                && Instant::now() < until
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            channel.hangup(cause);
        }
        self.hang_up(cause);
    }
}

/// Everything that is ringing.
#[derive(Default)]
pub struct Rings {
    runs: Mutex<HashMap<RunId, Arc<Ringing>>>,
    commands: Mutex<Vec<Arc<Ringing>>>,
    /// What the legs are for that have answered.
    pub errands: Tokens<Errand>,
}

impl Rings {
    /// Notes that something begins to ring for that run.
    pub fn begin(&self, run: RunId) -> Arc<Ringing> {
        let ringing = Arc::new(Ringing::default());
        self.runs.lock().insert(run, Arc::clone(&ringing));
        ringing
    }

    /// That run rings nobody any more: it is over, or whoever answered has the call.
    pub fn end(&self, run: RunId) {
        self.runs.lock().remove(&run);
    }

    /// Ends a run's ringing. The phone counts it as a missed call unless somebody else has taken it.
    pub fn stop(&self, run: RunId, why: Quiet) {
        let ringing = self.runs.lock().remove(&run);
        if let Some(ringing) = ringing {
            let cause = match why {
                Quiet::Unanswered => Cause::NO_ANSWER,
                Quiet::Taken => Cause::LOSE_RACE,
                Quiet::Gone => Cause::ORIGINATOR_CANCEL,
            };
            let theirs = Arc::clone(&ringing);
            if in_thread("callpark-stop", move || theirs.stop_run(run, cause)).is_err() {
                ringing.stop(cause);
            }
        }
    }

    /// Ends all ringing, for unloading.
    pub fn stop_all(&self) {
        let mut all: Vec<_> = self.runs.lock().drain().map(|(_, ringing)| ringing).collect();
        all.extend(self.commands.lock().iter().cloned());
        for ringing in all {
            ringing.stop(Cause::ORIGINATOR_CANCEL);
        }
    }

    fn begin_command(&self) -> Arc<Ringing> {
        let ringing = Arc::new(Ringing::default());
        self.commands.lock().push(Arc::clone(&ringing));
        ringing
    }

    fn end_command(&self, ringing: &Arc<Ringing>) {
        self.commands.lock().retain(|other| !Arc::ptr_eq(other, ringing));
    }
}

/// How a return step came out.
enum Did {
    /// Whoever answered takes it from here, on its own thread.
    Sent,
    /// The step is done, and took nobody.
    Reminded,
}

/// Runs a return step that rings or tells somebody.
pub fn step(module: &Arc<Module>, ring: Ring) {
    let ringing = module.rings.begin(ring.run);
    let (uuid, run) = (ring.call.uuid.clone(), ring.run);
    let thread = {
        let module = Arc::clone(module);
        in_thread("callpark-return", move || match run_step(&module, &ring, &ringing) {
            Ok(Did::Sent) => {}
            Ok(Did::Reminded) => {
                module.rings.end(ring.run);
                module.act(None, |park, now| ((), park.step_done(now, &ring.call.uuid, ring.run)));
            }
            Err(reason) => failed(&module, &ring.call.uuid, ring.run, &reason),
        })
    };
    if let Err(reason) = thread {
        failed(module, &uuid, run, &reason);
    }
}

/// The run reached nobody who took the call.
pub fn failed(module: &Arc<Module>, uuid: &CallUuid, run: RunId, reason: &str) {
    module.rings.end(run);
    module.act(None, |park, now| ((), park.step_failed(now, uuid, run, reason)));
}

fn run_step(module: &Arc<Module>, ring: &Ring, ringing: &Ringing) -> Result<Did, String> {
    let (call, step) = (&ring.call, &ring.step);
    if module.is_stopping() {
        // What began after all ringing was stopped.
        return Err("the module stops".to_owned());
    }
    if step.when != When::Always
        && let Some(user) = step.user(call.parker.as_deref())
        && let Some(reason) = step.when.skips(phones::availability(user))
    {
        return Err(reason.to_owned());
    }
    let (user, dial_string) = match &ring.to {
        RingTo::Message(_) => {
            announce::message(call);
            return Ok(Did::Reminded);
        }
        RingTo::Parker(user) | RingTo::Remind(user) => {
            (Some(Arc::clone(user)), format!("user/{user}"))
        }
        RingTo::Dial(dial) => (None, dialling::expanded(call, dial)?),
    };
    let reminds = matches!(ring.to, RingTo::Remind(_));
    let name = shown_name(call, step, if reminds { "Reminder" } else { "Park" });
    // The domain ends the ringing, to the millisecond: FreeSWITCH counts whole seconds.
    let ring_s = step.ring_s.saturating_add(2);
    let run = ring.run.0.to_string();
    let mut outgoing = Outgoing::about(call, &dial_string, ring_s, name).with(RUN, &run);
    if let Some(info) = &step.alert_info {
        outgoing = outgoing.with("alert_info", info);
    }
    let leg = outgoing.reach(&ringing.call_off)?;
    ringing.answered(&leg)?;
    module.act(None, |park, now| {
        park.step_answered(now, &call.uuid, ring.run);
        ((), Vec::new())
    });
    if reminds {
        let errand = Arrival::Tell { lot: call.lot.clone(), orbit: call.orbit.clone() };
        dialling::send(&module.arrivals, errand, leg, "callpark")?;
        return Ok(Did::Reminded);
    }
    let errand = Errand {
        uuid: call.uuid.clone(),
        run: Some(ring.run),
        // Of several who were rung, the one who answered.
        user: user.or_else(|| apps::user(leg.session().channel())),
        announce: step.announce.clone(),
    };
    dialling::send(&module.rings.errands, errand, leg, APPLICATION)?;
    Ok(Did::Sent)
}

/// What the phone that rings shows. Put together here, and not by FreeSWITCH, which would look for `${…}` in a caller's
/// name as well.
fn shown_name(call: &CallView, step: &Step, what: &str) -> String {
    let Some(pattern) = &step.caller_id_name else {
        return format!("{what} {}: {}", call.orbit, call.caller_id_name);
    };
    let lot = call.lot.to_string();
    let fields = [
        ("${callpark_orbit}", call.orbit.as_str()),
        ("${callpark_lot}", &lot),
        ("${callpark_parker}", call.parker.as_deref().unwrap_or_default()),
        ("${caller_id_number}", &call.caller_id_number),
        // Last: it can hold anything, one of these for example.
        ("${caller_id_name}", &call.caller_id_name),
    ];
    fields.iter().fold(pattern.to_string(), |text, (field, value)| text.replace(field, value))
}

/// Calls `dial_string` and connects whoever answers to the parked call. Returns at once.
///
/// # Errors
/// The reason why that cannot even be tried.
pub fn command(module: &Arc<Module>, call: CallView, dial_string: String) -> Result<(), String> {
    const RING_S: u32 = 60;
    let ringing = module.rings.begin_command();
    let thread = {
        let (module, ringing) = (Arc::clone(module), Arc::clone(&ringing));
        in_thread("callpark-call", move || {
            let called = || {
                let dial_string = dialling::expanded(&call, &dial_string)?;
                let name = format!("Park {}: {}", call.orbit, call.caller_id_name);
                let outgoing = Outgoing::about(&call, &dial_string, RING_S, name);
                let leg = outgoing.reach(&ringing.call_off)?;
                let errand =
                    Errand { uuid: call.uuid.clone(), run: None, user: None, announce: None };
                dialling::send(&module.rings.errands, errand, leg, APPLICATION)
            };
            let result = called();
            module.rings.end_command(&ringing);
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
    };
    thread.inspect_err(|_| module.rings.end_command(&ringing))
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
    let ringing = module.rings.begin_command();
    let uuid = call.uuid.clone();
    let module = Arc::clone(module);
    let thread = in_thread("callpark-page", move || {
        let paged = || {
            let expanded = dialling::expanded(&call, &dial_string)?;
            let name = format!("Parked at {}", call.orbit);
            let outgoing = Outgoing::about(&call, &expanded, RING_S, name);
            let leg = outgoing.with("sip_auto_answer", "true").reach(&ringing.call_off)?;
            let errand = Arrival::Tell { lot: call.lot.clone(), orbit: call.orbit.clone() };
            dialling::send(&module.arrivals, errand, leg, "callpark")
        };
        let result = paged();
        module.rings.end_command(&ringing);
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
