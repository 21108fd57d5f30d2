//! Calling somebody for a parked call: a return step, or `callpark retrieve … <dial string>`. The caller hears music
//! meanwhile; only who has answered claims the call.

use std::sync::Arc;
use std::time::Duration;

use crate::dial::errand::{self, APPLICATION, Confirm, Errand};
use crate::dial::message;
use crate::dial::outgoing::{self, Outgoing};
use crate::dial::reachable;
use crate::dial::ringing::{Command, Ringing, Rings};
use crate::dial::targets;
use crate::leg::arrival::{self, Arrival};
use crate::leg::caller_id;
use crate::leg::party::Party;
use crate::module::Module;
use crate::module::message::Message;
use crate::park::{Actor, CallUuid, CallView, Ring, RingTo, RunId, Step, User};
use crate::switch::dial_string::DialString;
use crate::switch::{Located, clock, log};

/// How a return step came out.
enum Did {
    /// Whoever answered takes it from here, on its own thread.
    Sent,
    /// The step is done, and took nobody.
    Reminded,
    /// It cannot be tried now, for this reason.
    Skipped(&'static str),
}

/// Runs a return step that rings or tells somebody.
pub(crate) fn step(module: &Arc<Module>, ring: Ring) {
    let ringing = Rings::of(module).begin(ring.run);
    let (uuid, run) = (ring.call.info.uuid.clone(), ring.run);
    let told = matches!(ring.to, RingTo::Message(_));
    // It may have been stopped before it began; from here on whoever stops it finds it.
    if !module.look(|park| park.rings(&uuid, run)) {
        return Rings::of(module).end(run);
    }
    let thread = {
        let (theirs, wanted) = (Arc::clone(module), Arc::clone(&ringing));
        let body = move || match run_step(&theirs, &ring, &ringing) {
            Ok(Did::Sent) => {}
            Ok(Did::Reminded) => {
                Rings::of(&theirs).end(ring.run);
                theirs.act(None, |park, now| park.step_done(now, &ring.call.info.uuid, ring.run));
            }
            Ok(Did::Skipped(why)) => {
                Rings::of(&theirs).end(ring.run);
                theirs.act(None, |park, now| {
                    park.step_skipped(now, &ring.call.info.uuid, ring.run, why);
                });
            }
            Err(reason) => failed(&theirs, &ring.call.info.uuid, ring.run, &reason),
        };
        match told {
            // It rings nobody, and does not wait for those who do.
            true => module.threads.ask(body),
            false => module.threads.call(move || wanted.is_wanted(), body),
        }
    };
    if let Err(reason) = thread {
        // Not here: the next step may fail in the same way, and the one after it.
        module.tell_worker(Message::NotRung { uuid, run, reason });
    }
}

/// The run reached nobody who took the call.
pub(crate) fn failed(module: &Arc<Module>, uuid: &CallUuid, run: RunId, reason: &str) {
    Rings::of(module).end(run);
    module.act(None, |park, now| park.step_failed(now, uuid, run, reason));
}

fn run_step(module: &Arc<Module>, ring: &Ring, ringing: &Ringing) -> Result<Did, String> {
    let (call, step) = (&ring.call, &ring.step);
    if module.is_stopping() {
        // What began after all ringing was stopped.
        return Err("the module is stopping".to_owned());
    }
    let asks = step.asks(call.info.parker.as_ref());
    if let Some(why) = asks.and_then(|asks| reachable::obstacle(module, &asks)) {
        return Ok(Did::Skipped(why));
    }
    let (user, dial_string) = match &ring.to {
        RingTo::Message(_) => {
            message::send(module, call);
            return Ok(Did::Reminded);
        }
        RingTo::Parker(user) | RingTo::Remind(user) => (Some(user.clone()), DialString::user(user)),
        RingTo::Dial(dial) => (None, targets::filled(call.info.uuid.as_str(), dial)?),
    };
    let reminds = matches!(ring.to, RingTo::Remind(_));
    let name = shown_name(call, step, if reminds { "Reminder" } else { "Park" });
    // The domain ends the ringing, to the millisecond: FreeSWITCH counts whole seconds.
    let ring_s = step.ring_s.saturating_add(2);
    let mut outgoing = Outgoing::about(call, &dial_string, ring_s, name);
    if let Some(info) = &step.alert_info {
        outgoing = outgoing.with("alert_info", info);
    }
    if !step.redirect {
        outgoing = outgoing.with("outbound_redirect_fatal", "true");
    }
    let leg = ringing.reach(module, outgoing)?;
    module.act(None, |park, now| {
        park.step_answered(now, &call.info.uuid, ring.run);
    });
    if reminds {
        let errand = Arrival::Tell(call.info.uuid.clone());
        let uuid = leg.session().uuid();
        outgoing::dispatch(&arrival::errands(module), errand, leg, "callpark")?;
        // The next step may ask whether that user is in a call.
        wait_until_gone(module, &uuid);
        return Ok(Did::Reminded);
    }
    let errand = Errand {
        uuid: call.info.uuid.clone(),
        since: call.info.parked_at_epoch_ms,
        run: Some(ring.run),
        // Of several who were rung, the one who answered.
        user: user.or_else(|| Party::of(leg.session().channel()).user),
        by: Actor::Administrator,
        announce: step.announce.clone(),
        confirm: Confirm::of(step),
        told: None,
        claim: None,
    };
    outgoing::dispatch(&errand::errands(module), errand, leg, APPLICATION)?;
    Ok(Did::Sent)
}

fn wait_until_gone(module: &Module, uuid: &str) {
    const LISTENS: Duration = Duration::from_secs(30);
    clock::poll(LISTENS, Duration::from_millis(50), || {
        module.is_stopping() || Located::find(uuid).is_none()
    });
}

/// What the phone that rings shows. Put together here, and not by FreeSWITCH, which would look for `${…}` in a caller's
/// name as well.
fn shown_name(call: &CallView, step: &Step, what: &str) -> String {
    let Some(pattern) = &step.caller_id_name else {
        return format!("{what} {}: {}", call.orbit, caller_id::shown_name(call));
    };
    let lot = call.lot.to_string();
    let (name, number) = (caller_id::shown_name(call), caller_id::shown_number(call));
    let fields = [
        ("${callpark_orbit}", call.orbit.as_str()),
        ("${callpark_lot}", &lot),
        ("${callpark_parker}", call.info.parker.as_deref().unwrap_or_default()),
        ("${caller_id_number}", &number),
        // Last: it can hold anything, one of these for example.
        ("${caller_id_name}", &name),
    ];
    fields.iter().fold(pattern.to_string(), |text, (field, value)| text.replace(field, value))
}

/// For whom somebody is called.
pub(crate) struct For {
    /// The user who is called, if it is one.
    pub user: Option<User>,
    /// Who asks for the call.
    pub by: Actor,
    /// The phone is asked to answer by itself.
    pub answers_itself: bool,
}

impl For {
    /// By an administrator, for whoever answers.
    #[must_use]
    pub(crate) fn administrator() -> Self {
        For { user: None, by: Actor::Administrator, answers_itself: false }
    }
}

/// Calls `dial_string` and connects whoever answers to the parked call. Returns at once.
///
/// # Errors
/// The reason why that cannot even be tried.
pub(crate) fn command(
    module: &Arc<Module>,
    call: CallView,
    dial_string: String,
    asked: For,
) -> Result<(), String> {
    const RING_S: u32 = 60;
    let Some(command) =
        Rings::of(module).begin_command(Command::Retrieve, &call.info.uuid, &dial_string)
    else {
        return Ok(());
    };
    let theirs = Arc::clone(module);
    let wanted = Arc::clone(&command.ringing);
    let body = move || {
        let uuid = call.info.uuid.clone();
        let (lot, orbit) = (call.lot.clone(), call.orbit.clone());
        let errand = Errand::by_command(&call);
        let called = || {
            let dial_string = targets::filled(uuid.as_str(), &dial_string)?;
            if theirs.is_stopping() {
                return Err("the module is stopping".to_owned());
            }
            let name = format!("Park {}: {}", call.orbit, caller_id::shown_name(&call));
            let mut outgoing = Outgoing::about(&call, &dial_string, RING_S, name);
            if asked.answers_itself {
                outgoing = outgoing.with(outgoing::ANSWERS_ITSELF, "true");
            }
            // It may have waited for its turn.
            if !command.is_for(&theirs, &call) {
                return Err("the call is not parked any more".to_owned());
            }
            let leg = command.ringing.reach(&theirs, outgoing)?;
            // The leg goes on by itself: that it gets the call does not stop it.
            drop(command);
            let For { user, by, .. } = asked;
            let errand = Errand { user, by, ..errand };
            outgoing::dispatch(&errand::errands(&theirs), errand, leg, APPLICATION)
        };
        let Err(reason) = called() else { return };
        if Errand::by_command(&call).is_still_for(&theirs) {
            log::warning(
                Some(uuid.as_str()),
                format_args!(
                    "{lot} {orbit}: {dial_string:?} did not take the call: {reason}; the call remains parked"
                ),
            );
        } else {
            log::info(
                Some(uuid.as_str()),
                format_args!(
                    "{lot} {orbit}: {dial_string:?} is not called any more: the call is not parked there any more"
                ),
            );
        }
    };
    module.threads.call(move || wanted.is_wanted(), body)
}
