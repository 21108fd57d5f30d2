//! The rules: lots, orbits and parked calls, and what may be done with them when.
//!
//! No switch, no threads, no clock and no I/O. Every operation is given the time, decides, and changes [`Park`]. [`Park`]
//! keeps what is to be done in the switch as [`Effect`]s. The holder of the lock takes them out once
//! ([`Park::take_effects`]) and carries them out *after* the lock is released. So each rule can be tested in microseconds,
//! and the lock is held for microseconds: every operation on one call is O(log n).
//!
//! A parked call is unclaimed until exactly one of retriever, return step, exit key and administrator claims it
//! ([`Park::claim`]). The claim succeeds ([`Park::complete`]), is given back ([`Park::unclaim`]), or is overtaken by the
//! end of the call ([`Park::gone`]). The first of these to end the call gives it its one outcome, and the
//! others then do nothing.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

mod absent;
mod access;
mod addressed;
mod admin;
mod call;
mod callback;
mod callbacks;
mod caller;
mod callers;
mod cause;
mod claim;
mod configure;
mod copies;
mod deadlines;
mod destination;
mod dialog;
mod effect;
mod ending;
mod event;
mod fallback;
mod forecast;
mod free;
mod hand_on;
mod index;
mod info;
mod lasting;
mod locked;
mod lot;
mod lot_config;
mod made;
mod moment;
mod names;
mod notice_text;
mod orbit_set;
mod orbits;
mod outcome;
mod pace;
mod parking;
mod permits;
mod pickup;
mod pin;
mod privacy;
mod probing;
mod range;
mod refresh;
mod replace;
mod reservation;
mod return_state;
mod returns;
mod steps;
mod taker;
mod tenants;
mod text;
mod timeout;
mod untrusted;
mod user;
mod verdict;
mod view;
mod views;

#[cfg(test)]
mod tests;

pub use absent::Absent;
pub use access::{
    Access, Actor, Asks, BadOwnList, BadPattern, BadRight, BadRule, By, Decision, LONGEST_PATTERN,
    MOST_ALTERNATIVES, MOST_ASKED, MOST_RULES, OwnList, Patterns, Person, Right, Rights, Rule,
    TooMany,
};
pub use admin::Setting;
pub use call::{ParkRequest, Want};
pub use callback::{
    Attempt, CallbackAttempt, CallbackBy, CallbackConfig, CallbackEnd, CallbackNews, CallbackView,
};
pub use caller::Caller;
pub use cause::{BadCause, CauseName};
pub use claim::{Claim, Claimant, Pick, Target};
pub use copies::{MOST_COPIED, MOST_ORBITS_COPIED};
pub use destination::{BadDestination, Destination, Exit, is_dialable};
pub use dialog::Dialog;
pub use effect::{AfterRefusal, Effect, ParkRefused, Ring, RingTo, StopReason};
pub use event::{Action, ParkEvent, StepResult};
pub use fallback::{AfterReturn, BadFallback, WhenFull, WhenOccupied};
pub use forecast::{Forecast, OrbitRow, OrbitState, OrbitView};
pub use free::Assign;
pub use info::CallInfo;
pub use lasting::{Changed, ClosedLot, ClosedPart, LotWaits, OwedCallback, Taken};
pub use lot::MOST_SLOTS;
pub use lot_config::{HoldEncode, LotConfig, Recording};
pub use made::{MOST_MADE_LOTS, SlotState};
pub use moment::Moment;
pub use names::{CallUuid, CallbackId, LotKey, LotName, OrbitKey, OrbitName, RunId, Ticket};
pub use notice_text::{BadNoticeText, Known, NoticeText};
pub use outcome::{End, Outcome, Refusal};
pub use pace::{MOST_TOLD, Notice};
pub use permits::{Asking, Permit};
pub use pickup::{NoTone, PickupTone};
pub use pin::{BadPin, LONGEST_PIN, Pin};
pub use privacy::{Privacy, Shown, Viewer};
pub use range::{MOST_ORBITS, OrbitRange, RangeError};
pub use replace::NewLeg;
pub use steps::{
    BadStep, LONGEST_RING_S, MOST_STEPS, MOST_TRIES, Mailbox, Precondition, REMIND_RING_S, RING_S,
    Reminder, Step, StepRef, StepTo, When, read_number,
};
pub use taker::Taker;
pub use text::{
    BadName, LONGEST_NAME, LONGEST_NOTE, LONGEST_NUMBER, LONGEST_SHOWN, LONGEST_USER, is_invisible,
    shortened,
};
pub use timeout::{
    BadPriorities, ByPriority, LEAST, NEW_MS, PERCENT, TOP_PRIORITY, Timeout, TimeoutRule, WINDOW,
};
pub use untrusted::{DisplayName, Number, Untrusted, host_of, is_plain};
pub use user::{User, domain_name};
pub use verdict::Verdict;
pub use view::{CallState, CallView};
pub use views::{Lamp, LotView, SomeCalls};

pub(crate) use configure::candidates;
pub use configure::{Former, Layout};
pub(crate) use range::overlap;

/// Every lot and every parked call. The edge holds it in one mutex.
#[derive(Debug)]
pub struct Park {
    lots: BTreeMap<LotKey, lot::Lot>,
    directory: configure::Directory,
    tenants: tenants::Tenants,
    /// What the rules of all lots have to know.
    asked: Arc<Asks>,
    /// The lots that hold something in orbits that they do not have any more.
    draining: BTreeSet<LotKey>,
    /// The lots whose calls do not wait as configured yet, or whose lamps do not look so.
    stale: BTreeMap<LotKey, refresh::Stale>,
    /// The lots that were made when they were first used.
    made: made::Made,
    /// In boxes, so that few bytes move when the table grows.
    calls: HashMap<CallUuid, Box<call::Call>>,
    /// The same by the names under which lamps offer them.
    dialogs: HashMap<Dialog, CallUuid>,
    /// How many times one was moved.
    moves: u64,
    index: index::Index,
    pace: pace::Pace,
    /// By the uuids of legs that have been replaced: the uuid under which the call goes now.
    renamed: HashMap<CallUuid, CallUuid>,
    reservations: HashMap<CallUuid, reservation::Reservation>,
    /// The calls that a restart has taken, and may bring back.
    absent: absent::AllAbsent,
    callbacks: BTreeMap<CallbackId, callbacks::Callback>,
    /// Those that were owed when the module began to stop. The next load takes them up again.
    interrupted: BTreeMap<CallbackId, callbacks::Callback>,
    /// Whose turn it is among the call-backs of one user.
    turns: HashMap<User, CallbackId>,
    deadlines: deadlines::Deadlines,
    changes: lasting::Changes,
    probing: probing::Probing,
    rng: fastrand::Rng,
    counter: u64,
    stopping: bool,
    /// Lots that have gone since effects were taken last, and what is to be reported of their calls.
    private: BTreeMap<LotKey, Privacy>,
    /// What is still to be carried out.
    effects: Vec<Effect>,
}

impl Park {
    /// Without any lot. `seed` is for lots that assign at random.
    pub fn new(seed: u64) -> Self {
        Park {
            lots: BTreeMap::new(),
            directory: HashMap::new(),
            tenants: tenants::Tenants::default(),
            asked: Arc::default(),
            draining: BTreeSet::new(),
            stale: BTreeMap::new(),
            made: made::Made::default(),
            calls: HashMap::new(),
            moves: 0,
            dialogs: HashMap::new(),
            index: index::Index::default(),
            pace: pace::Pace::default(),
            renamed: HashMap::new(),
            reservations: HashMap::new(),
            absent: absent::AllAbsent::default(),
            callbacks: BTreeMap::new(),
            interrupted: BTreeMap::new(),
            turns: HashMap::new(),
            deadlines: deadlines::Deadlines::default(),
            changes: lasting::Changes::default(),
            probing: probing::Probing::default(),
            rng: fastrand::Rng::with_seed(seed),
            counter: 0,
            stopping: false,
            private: BTreeMap::new(),
            effects: Vec::new(),
        }
    }

    /// Takes out what is to be carried out, in this order, once the lock is released.
    #[must_use = "nobody else carries them out"]
    pub fn take_effects(&mut self) -> Vec<Effect> {
        let mut effects = std::mem::take(&mut self.effects);
        for effect in &mut effects {
            let (lot, privacy) = match effect {
                Effect::Event(event) => (&event.lot, &mut event.privacy),
                Effect::Callback(news) => (&news.callback.lot, &mut news.callback.privacy),
                _ => continue,
            };
            let gone = self.private.get(lot).copied();
            *privacy = self.privacy_of(lot).or(gone).unwrap_or(*privacy);
        }
        self.private.clear();
        effects
    }

    /// How that lot keeps its callers now. `None` if it is gone.
    fn privacy_of(&self, lot: &LotKey) -> Option<Privacy> {
        Some(self.lot_or_original(lot)?.config.privacy)
    }

    /// A number that was never given before: tickets, runs and the order of arrival.
    fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Something is in that orbit now, which is taken for it or free.
    fn occupy(&mut self, place: &OrbitKey, slot: lot::Slot) {
        if let Some(lot) = self.lots.get_mut(&place.lot) {
            lot.occupy(&place.orbit, slot);
            self.made.occupied(&place.lot, &place.orbit);
            if lot.is_draining() {
                self.draining.insert(place.lot.clone());
            }
        }
    }

    /// The orbit is empty now. A lot that is not configured is removed with its last call.
    fn vacate(&mut self, place: &OrbitKey) {
        if let Some(lot) = self.lots.get_mut(&place.lot) {
            lot.vacate(&place.orbit);
            self.made.vacated(&place.lot, &place.orbit);
            if !lot.is_draining() || lot.is_over() {
                self.draining.remove(&place.lot);
            }
        }
        self.remove_if_over(&place.lot);
    }

    fn remove_if_over(&mut self, lot: &LotKey) {
        if self.lots.get(lot).is_some_and(lot::Lot::is_over) {
            if let Some(gone) = self.lots.remove(lot) {
                self.private.insert(lot.clone(), gone.config.privacy);
            }
            self.made.note(lot, None, false);
        }
    }

    /// The lamp of that orbit may have changed, if its lot has lamps.
    fn show_lamp(&mut self, place: &OrbitKey) {
        if self.lots.get(&place.lot).is_some_and(|lot| lot.config.blf) {
            self.effects.push(Effect::Presence(place.clone()));
        }
    }
}
