//! Everything that rings for parked calls, and how it is stopped.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::switch::lock::Mutex;

use crate::leg::rung::{Calling, Rung};
use crate::module::Module;
use crate::module::variables;
use crate::park::{CallUuid, Outcome, ParkEvent, RunId, StopReason};
use crate::switch::calling::CallOff;
use crate::switch::wake::Summons;
use crate::switch::{Cause, Located, clock};

/// Something that rings, or has answered and has not claimed anything yet.
pub(crate) struct Ringing {
    /// What its legs bear as [`variables::RUN`]: nothing else that rings ever has the same.
    pub name: String,
    /// Ends the ringing.
    pub call_off: CallOff,
    /// It is ending.
    called_off: CallOff,
    leg: Mutex<Option<String>>,
}

impl Ringing {
    fn named(name: String) -> Arc<Self> {
        let (call_off, called_off) = (CallOff::default(), CallOff::default());
        Arc::new(Self { name, call_off, called_off, leg: Mutex::default() })
    }

    /// It begins to call: its legs are known as long as what this returns lives.
    ///
    /// # Errors
    /// It was stopped before that.
    pub(crate) fn calls(&self, module: &Module) -> Result<Calling, String> {
        let calling = Rung::of(module).calling(&self.name);
        // First noted, then looked: whoever stops it in between sees it.
        if self.is_wanted() { Ok(calling) } else { Err("the ringing was stopped".to_owned()) }
    }

    /// Whoever has answered can be hung up from now on.
    ///
    /// # Errors
    /// That is late: the ringing had been called off, and the leg is hung up.
    pub(crate) fn answered(&self, leg: &Located) -> Result<(), String> {
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

/// What rings for one call by commands: what it is for, and what is rung.
type Commands = HashMap<(Command, String), Arc<Ringing>>;

/// Everything that is ringing.
pub(crate) struct Rings {
    /// Runs are counted from 1 at each load: this tells those of one load from those of another.
    load: u64,
    commanded: AtomicU64,
    runs: Mutex<HashMap<RunId, Arc<Ringing>>>,
    commands: Mutex<HashMap<CallUuid, Commands>>,
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
        all.extend(self.commands.lock().values().flat_map(HashMap::values).cloned());
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
        let of_call = commands.entry(call.clone()).or_default();
        let Entry::Vacant(place) = of_call.entry((what, dial_string.to_owned())) else {
            return None;
        };
        let number = self.commanded.fetch_add(1, Ordering::Relaxed);
        let ringing = Ringing::named(format!("{:016x}-command-{number}", self.load));
        let name = place.key().clone();
        place.insert(Arc::clone(&ringing));
        Some(Commanded { rings: Arc::clone(self), call: call.clone(), name, ringing })
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
    call: CallUuid,
    name: (Command, String),
    pub ringing: Arc<Ringing>,
}

impl Drop for Commanded {
    fn drop(&mut self) {
        let mut commands = self.rings.commands.lock();
        let Some(of_call) = commands.get_mut(&self.call) else { return };
        // Its place may be that of one that began when this had been stopped.
        if of_call.get(&self.name).is_some_and(|one| Arc::ptr_eq(one, &self.ringing)) {
            of_call.remove(&self.name);
        }
        if of_call.is_empty() {
            commands.remove(&self.call);
        }
    }
}

/// Ends a run's ringing. The phone counts it as a missed call unless somebody else has taken it. Returns at once.
pub(crate) fn stop(module: &Arc<Module>, run: RunId, why: StopReason) {
    let rings = Rings::of(module);
    let Some(ringing) = rings.runs.lock().remove(&run) else { return };
    stop_all_of(module, vec![ringing], why);
}

/// What rings for a call by commands rings no more when the call is not parked any more, or is another channel's.
pub(crate) fn happened(module: &Arc<Module>, event: &ParkEvent) {
    let why = match event.outcome {
        Some(Outcome::Retrieved | Outcome::Returned) => Some(StopReason::Taken),
        Some(_) => Some(StopReason::Gone),
        None => None,
    };
    let over = why.map(|why| (&event.info.uuid, why));
    let replaced = event.from_uuid.as_ref().map(|uuid| (uuid, StopReason::Gone));
    for (uuid, why) in over.into_iter().chain(replaced) {
        let commands = Rings::of(module).commands.lock().remove(uuid).unwrap_or_default();
        stop_all_of(module, commands.into_values().collect(), why);
    }
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
