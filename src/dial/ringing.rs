//! Everything that rings for parked calls, and how it is stopped.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::switch::lock::Mutex;

use crate::dial::outgoing::Outgoing;
use crate::leg::rung::Rung;
use crate::module::Module;
use crate::module::variables;
use crate::park::{CallUuid, CallView, Outcome, ParkEvent, RunId, StopReason};
use crate::switch::calling::CallOff;
use crate::switch::wake::Summons;
use crate::switch::{Cause, Located, clock};

/// Something that rings, or has answered and has not claimed anything yet.
pub(crate) struct Ringing {
    /// What its legs bear as [`variables::RUN`]: nothing else that rings ever has the same.
    name: String,
    /// Ends the ringing.
    call_off: CallOff,
    /// It is ending.
    called_off: CallOff,
    leg: Mutex<Option<String>>,
}

impl Ringing {
    fn named(name: String) -> Arc<Self> {
        let (call_off, called_off) = (CallOff::default(), CallOff::default());
        Arc::new(Self { name, call_off, called_off, leg: Mutex::default() })
    }

    /// Makes that call and waits for the answer. Its legs are known from the moment they exist until then.
    ///
    /// # Errors
    /// Why nobody answered, by FreeSWITCH's cause name, or that it was stopped.
    pub(crate) fn reach(&self, module: &Module, call: Outgoing<'_>) -> Result<Located, String> {
        let _calling = Rung::of(module).calling(&self.name);
        // First noted, then looked: whoever stops it in between sees it.
        if !self.is_wanted() {
            return Err("the ringing was stopped".to_owned());
        }
        let leg = call.with(variables::RUN, &self.name).reach(&self.call_off)?;
        self.answered(&leg)?;
        Ok(leg)
    }

    /// Whoever has answered can be hung up from now on.
    ///
    /// # Errors
    /// That is late: the ringing had been called off, and the leg is hung up.
    fn answered(&self, leg: &Located) -> Result<(), String> {
        *self.leg.lock() = Some(leg.session().uuid());
        // The call may go on for hours, and elsewhere.
        leg.session().channel().set_variable(variables::RUN, None);
        // First noted, then looked: who calls off in between sees the leg.
        match self.called_off.cause() {
            None => Ok(()),
            Some(cause) => {
                leg.session().channel().hangup(cause);
                Err("the call was cancelled just as the phone answered".to_owned())
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

    /// Whether it may still ring: what waits for its turn meanwhile is not to begin any more.
    pub(crate) fn is_wanted(&self) -> bool {
        self.called_off.cause().is_none()
    }
}

/// What rings for a command.
struct ByCommand {
    number: u64,
    what: Command,
    /// The channel of the call now.
    call: CallUuid,
    dial_string: String,
    ringing: Arc<Ringing>,
}

/// Everything that is ringing.
pub(crate) struct Rings {
    /// Runs are counted from 1 at each load: this tells those of one load from those of another.
    load: u64,
    commanded: AtomicU64,
    runs: Mutex<HashMap<RunId, Arc<Ringing>>>,
    commands: Mutex<Vec<ByCommand>>,
    /// What is to stop, and whether somebody is on the way to stop it.
    stops: Mutex<Vec<Stop>>,
    stopping: Summons,
}

/// What is not to ring any more.
struct Stop {
    ringing: Arc<Ringing>,
    cause: Cause,
}

impl Default for Rings {
    fn default() -> Self {
        Self {
            load: fastrand::u64(..),
            commanded: AtomicU64::new(0),
            runs: Mutex::default(),
            commands: Mutex::default(),
            stops: Mutex::default(),
            stopping: Summons::default(),
        }
    }
}

impl Rings {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// Notes that something begins to ring for that run.
    pub(crate) fn begin(&self, run: RunId) -> Arc<Ringing> {
        let ringing = Ringing::named(format!("{:016x}-{}", self.load, run.0));
        self.runs.lock().insert(run, Arc::clone(&ringing));
        ringing
    }

    /// That run rings nobody any more: it is over, or whoever answered has the call.
    pub(crate) fn end(&self, run: RunId) {
        self.runs.lock().remove(&run);
    }

    /// Ends all ringing, for unloading.
    pub(crate) fn stop_all(&self) {
        let mut all: Vec<_> = self.runs.lock().drain().map(|(_, ringing)| ringing).collect();
        all.extend(self.commands.lock().iter().map(|one| Arc::clone(&one.ringing)));
        for ringing in all {
            ringing.stop(Cause::ORIGINATOR_CANCEL);
        }
    }

    fn take_stops(&self) -> Vec<Stop> {
        self.stopping.begin();
        std::mem::take(&mut self.stops.lock())
    }

    /// Notes that something begins to ring for a command. None: it rings for that call already, and whoever asks for it again and
    /// again keeps no thread from anybody else.
    pub(crate) fn begin_command(
        self: &Arc<Self>,
        what: Command,
        call: &CallUuid,
        dial_string: &str,
    ) -> Option<Commanded> {
        let mut commands = self.commands.lock();
        let same = |one: &ByCommand| {
            (one.what, &one.call, one.dial_string.as_str()) == (what, call, dial_string)
        };
        if commands.iter().any(same) {
            return None;
        }
        let number = self.commanded.fetch_add(1, Ordering::Relaxed);
        let ringing = Ringing::named(format!("{:016x}-command-{number}", self.load));
        commands.push(ByCommand {
            number,
            what,
            call: call.clone(),
            dial_string: dial_string.to_owned(),
            ringing: Arc::clone(&ringing),
        });
        Some(Commanded { rings: Arc::clone(self), number, ringing })
    }

    /// The call has another channel now.
    fn renamed(&self, from: &CallUuid, to: &CallUuid) {
        for one in self.commands.lock().iter_mut().filter(|one| one.call == *from) {
            one.call = to.clone();
        }
    }
}

/// What a phone is rung for without a return step.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Command {
    /// It shall have the call.
    Retrieve,
    /// It shall say where the call is.
    Page,
}

/// What rings for a command, until this is dropped.
pub(crate) struct Commanded {
    rings: Arc<Rings>,
    number: u64,
    pub ringing: Arc<Ringing>,
}

impl Commanded {
    /// Whether the call for which it is to ring is still parked as it was. First noted, then looked: whatever ends it from now
    /// on stops the ringing.
    pub(crate) fn is_for(&self, module: &Module, call: &CallView) -> bool {
        let mut known = call.info.uuid.clone();
        loop {
            let there = module.look(|park| park.find(clock::now(), &known));
            let as_it_was =
                |there: &CallView| there.info.parked_at_epoch_ms == call.info.parked_at_epoch_ms;
            let Some(there) = there.filter(as_it_was) else { return false };
            if there.info.uuid == known {
                return true;
            }
            self.rings.renamed(&known, &there.info.uuid);
            known = there.info.uuid;
        }
    }
}

impl Drop for Commanded {
    fn drop(&mut self) {
        self.rings.commands.lock().retain(|one| one.number != self.number);
    }
}

/// Ends a run's ringing. The phone counts it as a missed call unless somebody else has taken it. Returns at once.
pub(crate) fn stop(module: &Arc<Module>, run: RunId, why: StopReason) {
    let rings = Rings::of(module);
    let Some(ringing) = rings.runs.lock().remove(&run) else { return };
    stop_all_of(module, vec![ringing], why);
}

/// What commands ring for a call rings no longer than the call is parked, on whatever channel.
pub(crate) fn happened(module: &Arc<Module>, event: &ParkEvent) {
    let (rings, uuid) = (Rings::of(module), &event.info.uuid);
    if let Some(from) = &event.from_uuid {
        rings.renamed(from, uuid);
    }
    let why = match event.outcome {
        Some(Outcome::Retrieved | Outcome::Returned) => StopReason::Taken,
        Some(_) => StopReason::Gone,
        None => return,
    };
    let over: Vec<ByCommand> =
        rings.commands.lock().extract_if(.., |one| one.call == *uuid).collect();
    stop_all_of(module, over.into_iter().map(|one| one.ringing).collect(), why);
}

fn stop_all_of(module: &Arc<Module>, ringing: Vec<Arc<Ringing>>, why: StopReason) {
    if ringing.is_empty() {
        return;
    }
    let cause = match why {
        StopReason::Unanswered => Cause::NO_ANSWER,
        StopReason::Taken => Cause::LOSE_RACE,
        StopReason::Gone => Cause::ORIGINATOR_CANCEL,
    };
    let rings = Rings::of(module);
    for one in &ringing {
        one.called_off.call_off(cause);
    }
    rings.stops.lock().extend(ringing.into_iter().map(|ringing| Stop { ringing, cause }));
    if !rings.stopping.is_first() {
        return;
    }
    let theirs = Arc::clone(module);
    if module.threads.soon(move || stop_softly(&theirs)).is_err() {
        for stop in rings.take_stops() {
            stop.ringing.stop(stop.cause);
        }
    }
}

/// Stops everything that is to stop. Mod_sofia ends a call it has not seen answered with a CANCEL, which means nothing to a
/// phone whose answer is in the switch but not through it yet: that phone would stay in a call with nobody. So each leg
/// hangs itself up, after what has been signalled to it before.
fn stop_softly(module: &Module) {
    const BY_ITSELF: Duration = Duration::from_millis(60);
    let stops = Rings::of(module).take_stops();
    let rung = Rung::of(module);
    let mut up = Vec::new();
    for Stop { ringing, cause } in &stops {
        for uuid in rung.stop(&ringing.name, *cause) {
            if let Some(leg) = Located::find(&uuid) {
                leg.session().hang_up_itself(*cause);
                up.push((uuid, *cause));
            }
        }
    }
    clock::poll(BY_ITSELF, Duration::from_millis(1), || {
        up.retain(|(uuid, _)| Located::find(uuid).is_some());
        up.is_empty()
    });
    for (uuid, cause) in up {
        if let Some(leg) = Located::find(&uuid) {
            leg.session().channel().hangup(cause);
        }
    }
    for stop in stops {
        stop.ringing.hang_up(stop.cause);
    }
}
