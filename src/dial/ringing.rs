//! Everything that rings for parked calls, and how it is stopped.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::module::Module;
use crate::module::thread::in_thread;
use crate::module::variables;
use crate::park::{RunId, StopReason};
use crate::switch::calling::CallOff;
use crate::switch::{Cause, Located, core};

/// Something that rings, or has answered and has not claimed anything yet.
#[derive(Default)]
pub(crate) struct Ringing {
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

    /// As [`stop`](Ringing::stop), for what rings for that run. Mod_sofia ends a call it has not seen answered with a
    /// CANCEL, which means nothing to a phone whose answer is in the switch but not through it yet: that phone would
    /// stay in a call with nobody. So each leg hangs itself up, after what has been signalled to it before.
    fn stop_run(&self, run: &str, cause: Cause) {
        const BY_ITSELF: Duration = Duration::from_millis(60);
        self.called_off.call_off(cause);
        let legs: Vec<Located> = core::channels(variables::RUN, run)
            .iter()
            .filter_map(|uuid| Located::find(uuid))
            .collect();
        for leg in &legs {
            leg.session().hang_up_itself(cause);
        }
        let until = Instant::now() + BY_ITSELF;
        for leg in &legs {
            let channel = leg.session().channel();
            while channel.up() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(1));
            }
            channel.hangup(cause);
        }
        self.hang_up(cause);
    }
}

/// Everything that is ringing.
pub(crate) struct Rings {
    /// Runs are counted from 1 at each load: this tells those of one load from those of another.
    load: u64,
    runs: Mutex<HashMap<RunId, Arc<Ringing>>>,
    commands: Mutex<Vec<Arc<Ringing>>>,
}

impl Default for Rings {
    fn default() -> Self {
        Self { load: fastrand::u64(..), runs: Mutex::default(), commands: Mutex::default() }
    }
}

impl Rings {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// What the legs of that run bear as [`variables::RUN`]: no other run ever has the same.
    pub(crate) fn name(&self, run: RunId) -> String {
        format!("{:016x}-{}", self.load, run.0)
    }

    /// Notes that something begins to ring for that run.
    pub(crate) fn begin(&self, run: RunId) -> Arc<Ringing> {
        let ringing = Arc::new(Ringing::default());
        self.runs.lock().insert(run, Arc::clone(&ringing));
        ringing
    }

    /// That run rings nobody any more: it is over, or whoever answered has the call.
    pub(crate) fn end(&self, run: RunId) {
        self.runs.lock().remove(&run);
    }

    /// Ends a run's ringing. The phone counts it as a missed call unless somebody else has taken it.
    pub(crate) fn stop(&self, run: RunId, why: StopReason) {
        let ringing = self.runs.lock().remove(&run);
        if let Some(ringing) = ringing {
            let cause = match why {
                StopReason::Unanswered => Cause::NO_ANSWER,
                StopReason::Taken => Cause::LOSE_RACE,
                StopReason::Gone => Cause::ORIGINATOR_CANCEL,
            };
            let (theirs, run) = (Arc::clone(&ringing), self.name(run));
            if in_thread("callpark-stop", move || theirs.stop_run(&run, cause)).is_err() {
                ringing.stop(cause);
            }
        }
    }

    /// Ends all ringing, for unloading.
    pub(crate) fn stop_all(&self) {
        let mut all: Vec<_> = self.runs.lock().drain().map(|(_, ringing)| ringing).collect();
        all.extend(self.commands.lock().iter().cloned());
        for ringing in all {
            ringing.stop(Cause::ORIGINATOR_CANCEL);
        }
    }

    /// Notes that something begins to ring for a command.
    pub(crate) fn begin_command(&self) -> Arc<Ringing> {
        let ringing = Arc::new(Ringing::default());
        self.commands.lock().push(Arc::clone(&ringing));
        ringing
    }

    /// It rings nobody any more.
    pub(crate) fn end_command(&self, ringing: &Arc<Ringing>) {
        self.commands.lock().retain(|other| !Arc::ptr_eq(other, ringing));
    }
}
