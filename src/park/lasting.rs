//! What outlasts a restart: lots and orbits that were closed by hand, how long the calls of adaptive lots waited, and the
//! call-backs that are owed.
//!
//! It leaves as plain values that somebody else writes down. What comes back may be old, damaged or invented: everything is
//! read as if a caller had sent it, and what means nothing any more is counted and left out.

use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::Park;
use super::callback::{CallbackConfig, CallbackView};
use super::callbacks::{self, CUT_OFF, Callback};
use super::caller::Caller;
use super::deadlines::Due;
use super::destination::{Destination, is_dialable};
use super::lot::Lot;
use super::moment::Moment;
use super::names::{CallUuid, CallbackId, LotKey, OrbitKey, OrbitName};
use super::orbits::Orbits;
use super::text::{self, LONGEST_NAME};
use super::timeout::{RecentWaits, TimeoutRule, WINDOW};
use super::user::User;

/// The most orbits that are written down as exceptions of their lots. Each takes a command of its own.
const MOST_ORBITS: usize = 100_000;
/// How many orbits are closed again at once.
const CLOSED_AT_ONCE: usize = 64;

/// What of a lot is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedLot {
    /// The lot, as in [`LotKey`].
    pub lot: String,
    /// Every orbit is, except `orbits`. Otherwise these are, and no other.
    pub all: bool,
    /// The orbits that are not as `all` says.
    pub orbits: Vec<String>,
}

/// A part of what was closed by hand, which takes but a moment to be closed again.
pub struct ClosedPart {
    lot: LotKey,
    what: What,
}

enum What {
    /// Every orbit.
    All,
    /// These orbits.
    These(Vec<OrbitName>),
    /// Not these, of those that the part before has closed.
    Not(Vec<OrbitName>),
}

impl ClosedPart {
    /// The parts, to be closed in this order, and how much is no lot and no orbit.
    #[must_use]
    pub fn of(lots: Vec<ClosedLot>) -> (Vec<Self>, usize) {
        let (mut parts, mut ignored) = (Vec::new(), 0);
        for ClosedLot { lot, all, orbits } in lots {
            let Ok(lot) = lot.parse::<LotKey>() else {
                ignored += 1;
                continue;
            };
            let count = orbits.len();
            let orbits: Vec<OrbitName> =
                orbits.into_iter().filter_map(|orbit| orbit.parse().ok()).collect();
            ignored += count - orbits.len();
            if all {
                parts.push(ClosedPart { lot: lot.clone(), what: What::All });
            }
            parts.extend(orbits.chunks(CLOSED_AT_ONCE).map(|some| {
                let what = if all { What::Not } else { What::These };
                ClosedPart { lot: lot.clone(), what: what(some.to_vec()) }
            }));
        }
        (parts, ignored)
    }
}

/// What is closed by hand, by number. To name so many orbits takes a while, and needs no table.
pub struct Closed(Vec<(LotKey, bool, Vec<u32>, Orbits)>);

impl Closed {
    /// Lot by lot.
    pub fn lots(self) -> Vec<ClosedLot> {
        let named = |(lot, all, numbers, orbits): (LotKey, bool, Vec<u32>, Orbits)| {
            let names = numbers.into_iter().filter_map(|number| orbits.name(number));
            let orbits = names.map(|name| name.to_string()).collect();
            ClosedLot { lot: lot.to_string(), all, orbits }
        };
        self.0.into_iter().map(named).collect()
    }
}

/// The latest waits in a lot whose timeout adapts to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotWaits {
    /// The lot, as in [`LotKey`].
    pub lot: String,
    /// In ms, the oldest first.
    pub waits_ms: Vec<u64>,
}

/// A call-back that is owed. Where the number is dialled is not part of it: that is the configuration's to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwedCallback {
    /// The lot the caller waited in, as in [`LotKey`].
    pub lot: String,
    /// The orbit the caller waited in.
    pub orbit: String,
    /// The channel that waited there.
    pub uuid: String,
    /// Caller id name.
    pub name: String,
    /// Caller id number.
    pub number: String,
    /// The caller asked for privacy.
    pub private: bool,
    /// Who calls back, `user@domain`.
    pub by: String,
    /// How many attempts are left.
    pub attempts_left: u32,
    /// When it is given up, in ms since 1970.
    pub expires_at_ms: u64,
    /// The caller did not ask for it, but was cut off by a restart.
    pub cut_off: bool,
}

impl OwedCallback {
    /// The call-back as it is when the calendar says `epoch_ms`.
    #[must_use]
    pub fn of(callback: &CallbackView, epoch_ms: u64) -> Self {
        OwedCallback {
            lot: callback.lot.to_string(),
            orbit: callback.orbit.to_string(),
            uuid: callback.uuid.to_string(),
            name: callback.caller.name.to_string(),
            number: callback.caller.number.to_string(),
            private: callback.caller.private,
            by: callback.by.to_string(),
            attempts_left: callback.attempts_left,
            expires_at_ms: epoch_ms.saturating_add(callback.expires_in_ms),
            cut_off: callback.note == Some(CUT_OFF),
        }
    }
}

/// How much of what was written down still means something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Counts again.
    pub taken: usize,
    /// Was left out.
    pub ignored: usize,
}

impl Taken {
    fn count(&mut self, is_taken: bool) {
        match is_taken {
            true => self.taken += 1,
            false => self.ignored += 1,
        }
    }
}

impl std::iter::Sum for Taken {
    fn sum<I: Iterator<Item = Taken>>(all: I) -> Taken {
        all.fold(Taken::default(), |sum, one| Taken {
            taken: sum.taken + one.taken,
            ignored: sum.ignored + one.ignored,
        })
    }
}

/// What of it has changed since somebody asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// What is closed by hand.
    pub closed: bool,
    /// How long calls waited.
    pub waits: bool,
    /// Which call-backs are owed.
    pub callbacks: bool,
}

/// The same, and how often anything of it has changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    since: Changed,
    count: u64,
}

impl Changes {
    pub(super) fn closed(&mut self) {
        self.since.closed = true;
        self.count += 1;
    }

    pub(super) fn waits(&mut self) {
        self.since.waits = true;
        self.count += 1;
    }

    pub(super) fn callbacks(&mut self) {
        self.since.callbacks = true;
        self.count += 1;
    }
}

impl Park {
    /// How often something has changed that outlasts a restart.
    pub fn changes(&self) -> u64 {
        self.changes.count
    }

    /// What of it has changed since this was last asked.
    pub fn take_changed(&mut self) -> Changed {
        std::mem::take(&mut self.changes.since)
    }

    /// What is closed by hand.
    pub fn closed(&self) -> Closed {
        let mut room = MOST_ORBITS;
        let closed = |(key, lot): (&LotKey, &Lot)| {
            let (all, numbers) = lot.closed_by_hand()?;
            let numbers: Vec<u32> = numbers.take(room).collect();
            room -= numbers.len();
            Some((key.clone(), all, numbers, lot.orbits.clone()))
        };
        Closed(self.lots.iter().filter_map(closed).collect())
    }

    /// Closes that again.
    pub fn close_again(&mut self, part: &ClosedPart) -> Taken {
        let ClosedPart { lot, what } = part;
        let (orbits, on): (Vec<Option<&OrbitName>>, bool) = match what {
            What::All => (vec![None], false),
            What::These(orbits) => (orbits.iter().map(Some).collect(), false),
            What::Not(orbits) => (orbits.iter().map(Some).collect(), true),
        };
        // One that was made for a call stays while something in it is closed.
        self.make_lot(lot);
        let put = |orbit: &&Option<&OrbitName>| self.put_into_service(lot, **orbit, on).is_ok();
        let done = orbits.iter().filter(put).count();
        if done > 0 {
            self.service_changed(lot);
        }
        self.remove_if_over(lot);
        // What is opened is the exception to what the part before has closed.
        Taken { taken: if on { 0 } else { done }, ignored: orbits.len() - done }
    }

    /// The latest waits of adaptive lots, of at most `most` lots behind that one, and behind which lot the list goes on.
    /// For whoever must not hold the lock for as long as all of them take.
    pub fn some_waits(
        &self,
        after: Option<&LotKey>,
        most: usize,
    ) -> (Vec<LotWaits>, Option<LotKey>) {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let (mut waits, mut last, mut seen) = (Vec::new(), None, 0);
        for (key, lot) in self.lots.range::<LotKey, _>((from, Bound::Unbounded)).take(most) {
            (last, seen) = (Some(key), seen + 1);
            if lot.adapts() && !lot.recent_waits.is_empty() {
                let waits_ms = lot.recent_waits.iter().collect();
                waits.push(LotWaits { lot: key.to_string(), waits_ms });
            }
        }
        (waits, last.filter(|_| seen == most).cloned())
    }

    /// The lots go on with these waits, counted by lot.
    pub fn remember_waits(&mut self, lots: Vec<LotWaits>) -> Taken {
        let mut taken = Taken::default();
        for LotWaits { lot, waits_ms } in lots {
            let lot = lot.parse().ok().and_then(|key: LotKey| self.lots.get_mut(&key));
            let lot = lot.filter(|lot| lot.adapts() && !lot.removed);
            taken.count(lot.is_some());
            if let Some(lot) = lot {
                lot.recent_waits = RecentWaits::default();
                let old = waits_ms.len().saturating_sub(WINDOW);
                waits_ms.into_iter().skip(old).for_each(|ms| lot.recent_waits.took(ms));
            }
        }
        taken
    }

    /// Every call-back that is owed, or was when the module began to stop.
    pub fn lasting_callbacks(&self, now: Moment) -> Vec<CallbackView> {
        let all = self.callbacks.iter().chain(&self.interrupted);
        all.map(|(id, callback)| callback.view(*id, now)).collect()
    }

    /// These are owed again, each under another id. The first attempt is made when phones have had time to register. One
    /// whose time has passed meanwhile expires then.
    pub fn owe_again(&mut self, now: Moment, epoch_ms: u64, owed: Vec<OwedCallback>) -> Taken {
        let mut taken = Taken::default();
        for owed in owed {
            let callback = self.read_callback(now, epoch_ms, &owed);
            taken.count(callback.is_some());
            if let Some(callback) = callback {
                let id = CallbackId(self.count());
                self.deadlines.add(callback.next, id.0, Due::Callback(id));
                self.callbacks.insert(id, callback);
                self.changes.callbacks();
            }
        }
        taken
    }

    fn read_callback(&self, now: Moment, epoch_ms: u64, owed: &OwedCallback) -> Option<Callback> {
        let place =
            OrbitKey { lot: owed.lot.parse().ok()?, orbit: OrbitName::slot(&owed.orbit).ok()? };
        let config = self.callback_config(&place.lot)?;
        let caller = Caller { private: owed.private, ..Caller::new(&*owed.name, &*owed.number) };
        if self.stopping || self.callbacks.len() >= callbacks::MOST || !is_dialable(&owed.number) {
            return None;
        }
        let by: User = owed.by.parse().ok()?;
        let exten = config.to.exten.replace("${number}", &caller.number);
        let to = Destination { exten, ..config.to };
        let is_same = |other: &Callback| other.by == by && other.to == to;
        let attempts_left = owed.attempts_left.min(config.attempts);
        if attempts_left == 0 || self.callbacks.values().any(is_same) {
            return None;
        }
        let left_ms = owed.expires_at_ms.saturating_sub(epoch_ms).min(config.expires_ms);
        let expires = now.after(left_ms);
        let lot = self.lot_or_original(&place.lot);
        let privacy = lot.map(|lot| lot.config.privacy).unwrap_or_default();
        Some(Callback {
            place,
            uuid: CallUuid::new(text::kept(&owed.uuid, LONGEST_NAME)),
            caller,
            by,
            to,
            attempts_left,
            expires,
            next: now.after(callbacks::LOOK_AGAIN_MS).min(expires),
            waits: false,
            trying: None,
            reason: None,
            note: owed.cut_off.then_some(CUT_OFF),
            privacy,
        })
    }

    /// How that lot calls back. One that is made for a call is gone by now, and would be made as before.
    fn callback_config(&self, lot: &LotKey) -> Option<CallbackConfig> {
        let lot = self.lot_or_original(lot).filter(|lot| !lot.removed);
        let configured = lot.map(|lot| lot.config.callback.clone());
        configured.or_else(|| self.made.is_on().then(CallbackConfig::default))
    }
}

impl Lot {
    /// Whether its timeout follows its waits.
    pub(super) fn adapts(&self) -> bool {
        self.config.timeout.base == TimeoutRule::Adaptive
    }
}
