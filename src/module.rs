//! The running module: what `load` makes and `shutdown` takes apart.
//!
//! Order of locks: there is none to keep. Every mutex here is a leaf: taken, copied from, released, and only then is
//! FreeSWITCH called or another one taken.

pub(crate) mod health;
pub(crate) mod message;
pub(crate) mod rival;
pub(crate) mod source;
mod tables;
pub(crate) mod threads;
pub(crate) mod timings;
pub(crate) mod tokens;
pub(crate) mod variables;

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::switch::lock::{Mutex, RwLock};
use crossbeam_channel::Sender;

use crate::config::{Config, Settings};
use crate::module::health::Health;
use crate::module::message::{Keep, Message};
use crate::module::tables::Tables;
use crate::module::threads::Threads;
use crate::module::timings::Timings;
use crate::park::{CallUuid, CallView, Effect, LotKey, Moment, Park};
use crate::switch::channel::Flag;
use crate::switch::{Located, Session, Stop, clock};

/// The one running, if any. A reload of the module enters with this static as shutdown left it.
static RUNNING: RwLock<Option<Arc<Module>>> = RwLock::new(None);

/// A parked call on its own thread.
#[derive(Default)]
pub(crate) struct ParkedLeg {
    /// Raised when its verdict may have changed, or there is an interlude: stop the music and look.
    pub stop: Stop,
    /// The token of the leg that takes its place.
    pub replacement: Mutex<Option<String>>,
    interludes: Mutex<VecDeque<Interlude>>,
    taken_out: AtomicBool,
}

/// What a parked caller hears between two pieces of music.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interlude {
    /// The lot's comfort.
    Comfort,
    /// The offer to be called back.
    Offer,
}

impl ParkedLeg {
    /// What is to be played next.
    pub(crate) fn next_interlude(&self) -> Option<Interlude> {
        self.interludes.lock().pop_front()
    }

    /// A command from outside connects the call, which is not parked any more. The music does not continue after that.
    pub(crate) fn take_out(&self) {
        self.taken_out.store(true, Ordering::Release);
        self.stop.wake();
        self.stop.rouse();
    }

    /// Whether that has happened.
    #[must_use]
    pub(crate) fn is_taken_out(&self) -> bool {
        self.taken_out.load(Ordering::Acquire)
    }
}

/// What follows from a decision of the table.
pub(crate) struct Decided {
    /// Which decision it was, counted from 0 without a gap.
    pub number: u64,
    /// What is to be done.
    pub effects: Vec<Effect>,
}

/// Carries out what was decided. This is the one way up from here, to rooms that know the module; `load` gives it.
pub(crate) type CarryOut = fn(&Arc<Module>, Decided, Option<Session<'_>>);

/// The running module.
pub(crate) struct Module {
    park: Mutex<Park>,
    legs: Mutex<HashMap<CallUuid, Arc<ParkedLeg>>>,
    /// The settings of the whole module.
    pub settings: RwLock<Settings>,
    /// Whether the module stands in for mod_valet_parking, since it was loaded.
    pub valet: bool,
    /// How each part is.
    pub health: Health,
    /// For what takes a while.
    pub threads: Threads,
    /// How long things take.
    pub timings: Timings,
    tables: Tables,
    /// How many decisions there have been from which something follows.
    decisions: AtomicU64,
    carry_out: CarryOut,
    worker: Sender<Message>,
    /// Who wants to know when something changes that outlasts a restart, if anybody.
    keep: OnceLock<Sender<Keep>>,
    stopping: AtomicBool,
}

impl Module {
    /// A module with that configuration, whose worker listens at the other end of `worker`, and whose decisions `carry_out`
    /// carries out.
    #[must_use]
    pub(crate) fn new(
        config: Config,
        seed: u64,
        worker: Sender<Message>,
        carry_out: CarryOut,
    ) -> Arc<Self> {
        let mut park = Park::new(seed);
        let valet = config.settings.valet;
        if valet {
            park.make_lots();
        }
        // There are no calls yet, so nothing follows that would have to be carried out.
        park.configure(clock::now(), config.lots);
        Arc::new(Self {
            park: Mutex::new(park),
            legs: Mutex::default(),
            threads: Threads::new(config.settings.max_ringing),
            settings: RwLock::new(config.settings),
            valet,
            health: Health::default(),
            timings: Timings::default(),
            tables: Tables::default(),
            decisions: AtomicU64::new(0),
            carry_out,
            worker,
            keep: OnceLock::new(),
            stopping: AtomicBool::new(false),
        })
    }

    /// The running module; `None` before `load` and after `shutdown`.
    #[must_use]
    pub(crate) fn running() -> Option<Arc<Self>> {
        RUNNING.read().clone()
    }

    /// Makes `module` the running one.
    pub(crate) fn set_running(module: Arc<Self>) {
        *RUNNING.write() = Some(module);
    }

    /// Ends `running`, and returns the module that ran.
    pub(crate) fn take_running() -> Option<Arc<Self>> {
        RUNNING.write().take()
    }

    /// The one table of that type, which belongs to the room that knows the type.
    #[must_use]
    pub(crate) fn table<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        self.tables.of()
    }

    /// Reads from the table of calls.
    pub(crate) fn look<T>(&self, read: impl FnOnce(&Park) -> T) -> T {
        read(&self.park.lock())
    }

    /// The parked calls, of one lot or of all, by lot and orbit. The lock is not held for longer than a few of them take.
    pub(crate) fn calls(&self, lot: Option<&LotKey>) -> Vec<CallView> {
        /// A list that calls are moved in all the time is wrong by the time it is read, whatever is done.
        const TRIES: u32 = 3;
        let mut calls = Vec::new();
        for _ in 0..TRIES {
            let moves = self.look(Park::moves);
            calls = self.calls_in_parts(lot);
            if moves == self.look(Park::moves) {
                break;
            }
        }
        calls
    }

    fn calls_in_parts(&self, lot: Option<&LotKey>) -> Vec<CallView> {
        const AT_ONCE: usize = 64;
        let (mut calls, mut after) = (Vec::new(), None);
        loop {
            let some =
                self.look(|park| park.some_calls(clock::now(), lot, after.as_ref(), AT_ONCE));
            calls.extend(some.calls);
            after = some.after;
            if after.is_none() {
                return calls;
            }
        }
    }

    /// Decides something in the table, then, with the lock released, carries out what follows from it. `here` is the
    /// session on whose thread this runs, if any. Its variables can be set even while it is hanging up.
    pub(crate) fn act<T>(
        self: &Arc<Self>,
        here: Option<Session<'_>>,
        decide: impl FnOnce(&mut Park, Moment) -> T,
    ) -> T {
        let (value, decided, sooner, changed) = {
            let mut park = self.park.lock();
            let (before, changes) = (park.poll_timeout(), park.changes());
            let value = decide(&mut park, clock::now());
            let after = park.poll_timeout();
            let effects = park.take_effects();
            let decided = (!effects.is_empty()).then(|| {
                let number = self.decisions.fetch_add(1, Ordering::AcqRel);
                Decided { number, effects }
            });
            let sooner = after.is_some_and(|after| before.is_none_or(|before| after < before));
            (value, decided, sooner, park.changes() != changes)
        };
        if changed && let Some(keep) = self.keep.get() {
            // If there is no room, it is about to look anyway.
            let _ = keep.try_send(Keep::Changed);
        }
        if sooner {
            self.tell_worker(Message::Look);
        }
        if let Some(decided) = decided {
            (self.carry_out)(self, decided, here);
        }
        value
    }

    /// Does what is due in the table; says when the next is due.
    pub(crate) fn tick(self: &Arc<Self>) -> Option<Moment> {
        let (late_ms, next) = self.act(None, |park, now| {
            let met = park.poll_timeout().filter(|deadline| *deadline <= now);
            park.handle_timeout(now);
            (met.map(|deadline| now.since(deadline)), park.poll_timeout())
        });
        if let Some(late_ms) = late_ms {
            self.health.worker.met(late_ms);
        }
        next
    }

    /// From now on that one hears when something changes that outlasts a restart. Only the first one does.
    pub(crate) fn tell_of_changes(&self, keep: Sender<Keep>) {
        let _ = self.keep.set(keep);
    }

    /// Has the worker do something.
    pub(crate) fn tell_worker(&self, message: Message) {
        // It only fails when the worker has ended, and with it what it was wanted for.
        drop(self.worker.send(message));
    }

    /// Notes that the call's own thread holds it now.
    pub(crate) fn leg_arrived(&self, uuid: &CallUuid) -> Arc<ParkedLeg> {
        let leg = Arc::new(ParkedLeg::default());
        self.legs.lock().insert(uuid.clone(), Arc::clone(&leg));
        leg
    }

    /// Notes that it no longer does.
    pub(crate) fn leg_left(&self, uuid: &CallUuid) {
        self.legs.lock().remove(uuid);
    }

    /// A parked call on its own thread, if it is one.
    pub(crate) fn leg(&self, uuid: &CallUuid) -> Option<Arc<ParkedLeg>> {
        self.legs.lock().get(uuid).cloned()
    }

    /// Has the parked call look at its verdict, now.
    pub(crate) fn wake(&self, uuid: &CallUuid) {
        let Some(leg) = self.leg(uuid) else { return };
        let parked = Located::find(uuid.as_str());
        // Before the call can see anything: it leaves at once, and the mark would cut what it hears elsewhere.
        if let Some(parked) = &parked {
            parked.session().channel().set_flag(Flag::Break);
        }
        leg.stop.wake();
        if let Some(parked) = parked {
            parked.session().interrupt();
        }
        leg.stop.rouse();
    }

    /// Has the parked call hear that, now.
    pub(crate) fn interlude(&self, uuid: &CallUuid, interlude: Interlude) {
        let Some(leg) = self.leg(uuid) else { return };
        {
            let mut waiting = leg.interludes.lock();
            // The same is not played twice in a row.
            if waiting.contains(&interlude) {
                return;
            }
            waiting.push_back(interlude);
        }
        self.wake(uuid);
    }

    /// From now on every call that ends, ends because the module stops.
    pub(crate) fn begin_stopping(self: &Arc<Self>) {
        self.stopping.store(true, Ordering::Release);
        self.act(None, |park, _| park.stop());
        let mut done = None;
        while self.act(None, |park, now| park.wind_up(now, &mut done)) {}
    }

    /// Whether the module is being unloaded.
    #[must_use]
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}
