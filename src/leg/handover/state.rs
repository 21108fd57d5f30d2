//! What the two legs' threads and the worker know of one hand-over.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::switch::lock::Mutex;

use super::seclusion::Seclusion;
use super::told::Told;
use crate::module::Module;
use crate::park::{CallUuid, Refusal, Ticket};

/// A leg that has claimed a call and waits to be bridged to it.
pub(crate) struct Handover {
    /// The claim.
    pub(super) ticket: Ticket,
    /// The parked call.
    pub(super) call: CallUuid,
    /// The leg that has claimed it.
    pub(super) leg: CallUuid,
    /// When it was claimed.
    claimed: Instant,
    told: Option<Arc<Told>>,
    /// Whether that leg is on its own for now.
    pub retriever: Seclusion,
    /// Whether the parked one is.
    pub parked: Seclusion,
    course: Mutex<Course>,
    looked: AtomicBool,
    real: AtomicBool,
    over: AtomicBool,
}

/// Those that are under way. One lock, a leaf.
#[derive(Default)]
pub(crate) struct Handovers(Mutex<Table>);

#[derive(Default)]
struct Table {
    under_way: HashMap<Ticket, Arc<Handover>>,
    /// How many of them each leg has claimed.
    legs: HashMap<CallUuid, u32>,
    /// When the worker is to look whether a bridge is there.
    looks: BTreeSet<(Instant, Ticket)>,
}

impl Handovers {
    /// Those of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// Whether that leg has claimed a call.
    #[must_use]
    pub(crate) fn has(&self, leg: &CallUuid) -> bool {
        self.0.lock().legs.contains_key(leg)
    }

    /// One begins.
    pub(super) fn begin(&self, handover: Handover) -> Arc<Handover> {
        let handover = Arc::new(handover);
        let mut table = self.0.lock();
        *table.legs.entry(handover.leg.clone()).or_default() += 1;
        table.under_way.insert(handover.ticket, Arc::clone(&handover));
        handover
    }

    /// It is over.
    pub(super) fn end(&self, ticket: Ticket) {
        let mut table = self.0.lock();
        let Some(over) = table.under_way.remove(&ticket) else { return };
        if let Some(left) = table.legs.get_mut(&over.leg) {
            *left -= 1;
            if *left == 0 {
                table.legs.remove(&over.leg);
            }
        }
    }

    /// A leg of ours, parked until now, is put together with the leg that has claimed it.
    pub(crate) fn bridged(&self, ticket: Ticket) {
        if let Some(handover) = self.get(ticket) {
            handover.bridged();
        }
    }

    /// That of this claim.
    pub(super) fn get(&self, ticket: Ticket) -> Option<Arc<Handover>> {
        self.0.lock().under_way.get(&ticket).cloned()
    }

    /// Has the worker look at that time whether its bridge is there.
    pub(super) fn look_at(&self, ticket: Ticket, at: Instant) {
        self.0.lock().looks.insert((at, ticket));
    }

    /// When the worker shall look next.
    pub(super) fn next_look(&self) -> Option<Instant> {
        self.0.lock().looks.first().map(|(at, _)| *at)
    }

    /// Those at which the worker is to look by now, if they are still under way.
    pub(super) fn to_look_at(&self, now: Instant) -> Vec<Arc<Handover>> {
        let mut table = self.0.lock();
        let mut found = Vec::new();
        while let Some((_, ticket)) = table.looks.first().copied().filter(|(at, _)| *at <= now) {
            table.looks.pop_first();
            found.extend(table.under_way.get(&ticket).cloned());
        }
        found
    }
}

#[derive(Default)]
struct Course {
    withdrawn: bool,
    /// When the parked leg took it up.
    taken: Option<Instant>,
    /// When the two were last seen to be put together.
    bridged: Option<Instant>,
    /// When the other leg came back from where it waits for the bridge and stays for it.
    left: Option<Instant>,
}

impl Handover {
    /// One that has not been taken up. `told` receives its result.
    #[must_use]
    pub(crate) fn new(
        ticket: Ticket,
        call: CallUuid,
        leg: CallUuid,
        claimed: Instant,
        told: Option<Arc<Told>>,
    ) -> Self {
        let no = || AtomicBool::new(false);
        Self {
            ticket,
            call,
            leg,
            claimed,
            told,
            retriever: Seclusion::default(),
            parked: Seclusion::default(),
            course: Mutex::default(),
            looked: no(),
            real: no(),
            over: no(),
        }
    }

    /// The parked leg takes it up, and from then on decides about the claim. Returns false if it was withdrawn.
    pub(crate) fn take_up(&self) -> bool {
        let mut course = self.course.lock();
        if !course.withdrawn {
            course.taken = Some(Instant::now());
        }
        !course.withdrawn
    }

    /// The two are put together now.
    pub(crate) fn bridged(&self) {
        self.course.lock().bridged = Some(Instant::now());
    }

    /// How long that has taken since the call was claimed.
    #[must_use]
    pub(crate) fn took(&self) -> Option<Duration> {
        let bridged = self.course.lock().bridged;
        bridged.map(|bridged| bridged.saturating_duration_since(self.claimed))
    }

    /// Withdraws it. Returns false if the parked leg has taken it up.
    pub(crate) fn withdraw(&self) -> bool {
        let mut course = self.course.lock();
        course.withdrawn |= course.taken.is_none();
        course.withdrawn
    }

    /// The leg that claimed is no longer where it can be bridged.
    pub(crate) fn leave(&self) {
        self.course.lock().left = Some(Instant::now());
    }

    /// Whether it is not.
    #[must_use]
    pub(crate) fn has_left(&self) -> bool {
        self.course.lock().left.is_some()
    }

    /// How long the two can have been together. `None` if the other leg has left.
    #[must_use]
    pub(crate) fn going(&self) -> Option<Duration> {
        let course = self.course.lock();
        course.taken.filter(|_| course.left.is_none()).map(|taken| taken.elapsed())
    }

    /// How long the two can have been together until one of them left.
    #[must_use]
    pub(crate) fn lasted(&self) -> Duration {
        let course = self.course.lock();
        let end = course.left.unwrap_or_else(Instant::now);
        course.taken.map_or(Duration::ZERO, |taken| end.saturating_duration_since(taken))
    }

    /// The worker has looked at the bridge.
    pub(crate) fn look(&self) {
        self.looked.store(true, Ordering::Release);
    }

    /// Whether it has.
    #[must_use]
    pub(crate) fn was_looked_at(&self) -> bool {
        self.looked.load(Ordering::Acquire)
    }

    /// The two are in a bridge with each other, and the table knows it.
    pub(crate) fn prove(&self) {
        self.real.store(true, Ordering::Release);
    }

    /// Whether they are, or were.
    #[must_use]
    pub(crate) fn is_real(&self) -> bool {
        self.real.load(Ordering::Acquire)
    }

    /// The parked leg is back, and the hand-over has ended.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Release);
    }

    /// Whether it is.
    #[must_use]
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Answers the command that asked for it.
    pub(crate) fn tell(&self, answer: Result<(), Refusal>) {
        if let Some(told) = &self.told {
            told.tell(answer);
        }
    }
}
