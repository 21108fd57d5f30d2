//! What can be seen of lots, orbits and calls: plain data, owned.

use std::fmt;
use std::sync::Arc;

use super::Park;
use super::call::{Call, Caller};
use super::claim::By;
use super::deadlines::Millis;
use super::dialog::Dialog;
use super::lot::Slot;
use super::lot_config::LotConfig;
use super::names::{CallUuid, LotKey, OrbitName};
use super::steps::StepRef;
use super::untrusted::{DisplayName, Number};
use super::user::User;

/// A parked call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallView {
    /// Its lot.
    pub lot: LotKey,
    /// Its orbit.
    pub orbit: OrbitName,
    /// Its channel.
    pub uuid: CallUuid,
    /// Caller id name.
    pub caller_id_name: DisplayName,
    /// Caller id number.
    pub caller_id_number: Number,
    /// The caller asked for privacy.
    pub private: bool,
    /// Who parked it, `user@domain`.
    pub parker: Option<User>,
    /// 0 to 9; 9 is taken first.
    pub priority: u8,
    /// When it was parked, ms since 1970.
    pub parked_at_epoch_ms: u64,
    /// For how long it has been parked, in ms.
    pub waiting_ms: u64,
    /// In how many ms its time is up, 0 when it is; none: never.
    pub timeout_ms_left: Option<u64>,
    /// What it is doing.
    pub state: CallState,
    /// What somebody wrote about it.
    pub note: Arc<str>,
    /// For whom it is meant, `user@domain`, or empty.
    pub addressed_to: Arc<str>,
    /// Who is taking it right now, `user@domain`.
    pub retriever: Option<User>,
    /// The return step that rings or takes it.
    pub step: Option<StepRef>,
}

/// What a parked call is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallState {
    /// It waits.
    Waiting,
    /// Somebody has claimed it.
    Connecting,
    /// A return step rings, or is transferring it.
    Returning,
}

impl CallState {
    /// The word in lists.
    pub fn as_str(self) -> &'static str {
        match self {
            CallState::Waiting => "waiting",
            CallState::Connecting => "connecting",
            CallState::Returning => "returning",
        }
    }
}

impl fmt::Display for CallState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A lot, counted: `capacity = parked + reserved - draining + free + closed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LotView {
    /// Its name and tenant.
    pub lot: LotKey,
    /// How many orbits it has.
    pub capacity: u32,
    /// How many calls are parked in it.
    pub parked: u32,
    /// How many orbits a call could get.
    pub free: u32,
    /// How many empty orbits are out of service.
    pub closed: u32,
    /// How many orbits are held for a channel about to arrive.
    pub reserved: u32,
    /// How many of its calls and reservations are in orbits that a reload took away.
    pub draining: u32,
    /// No longer configured: it vanishes with its last call.
    pub going: bool,
}

/// What a lamp shows of an orbit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lamp {
    /// Nobody is parked there, or the lot has no lamps.
    Idle,
    /// Somebody is. Name and number are empty when the caller asked for privacy.
    Parked {
        /// The parked channel.
        uuid: CallUuid,
        /// Caller id name.
        name: DisplayName,
        /// Caller id number.
        number: Number,
        /// By which phones pick the call up.
        dialog: Dialog,
        /// In how many ms the lamp blinks, because the call has waited for long; 0: it does; none: it never will.
        blinks_in_ms: Option<u64>,
    },
}

impl Park {
    pub(super) fn view(&self, call: &Call, now: Millis) -> CallView {
        let by = call.claim.as_ref().map(|pending| &pending.by);
        let state = match by {
            Some(By::Step { .. }) => CallState::Returning,
            Some(_) => CallState::Connecting,
            None if call.heir_until.is_some() => CallState::Connecting,
            None if call.ringing.is_some() => CallState::Returning,
            None => CallState::Waiting,
        };
        let ringing = call.ringing.as_ref().map(|ringing| ringing.step);
        let step = ringing.or_else(|| by.and_then(By::step));
        CallView {
            lot: call.lot.clone(),
            orbit: call.orbit.clone(),
            uuid: call.uuid.clone(),
            caller_id_name: call.caller.name.clone(),
            caller_id_number: call.caller.number.clone(),
            private: call.caller.private,
            parker: call.parker.clone(),
            priority: call.priority,
            parked_at_epoch_ms: call.parked_at_epoch_ms,
            waiting_ms: now.since(call.parked_at),
            timeout_ms_left: call.deadline.map(|deadline| deadline.since(now)),
            state,
            note: call.note.clone(),
            addressed_to: call.addressed_to.clone(),
            retriever: by.and_then(By::leg).and_then(|(_, user)| user.cloned()),
            step: step.and_then(|step| self.step_ref(call, step)),
        }
    }

    /// The parked calls, of one lot or of all, by lot and orbit. A lot that does not exist has none.
    pub fn calls(&self, now: Millis, lot: Option<&LotKey>) -> Vec<CallView> {
        let lots = self.lots.iter().filter(|(key, _)| lot.is_none_or(|lot| lot == *key));
        lots.flat_map(|(_, lot)| lot.slots())
            .filter_map(|(_, slot)| match slot {
                Slot::Parked(uuid) => self.find(now, uuid),
                Slot::Reserved(_) => None,
            })
            .collect()
    }

    /// The parked call with this uuid, or whose leg has taken the place of that one.
    pub fn find(&self, now: Millis, uuid: &CallUuid) -> Option<CallView> {
        self.calls.get(self.current(uuid)).map(|call| self.view(call, now))
    }

    /// Whether that channel is parked.
    pub fn is_parked(&self, uuid: &CallUuid) -> bool {
        self.calls.contains_key(uuid)
    }

    /// Every lot by name, those that are draining among them.
    pub fn lots(&self) -> Vec<LotView> {
        self.lots
            .iter()
            .map(|(key, lot)| {
                let counts = lot.counts();
                LotView {
                    lot: key.clone(),
                    capacity: counts.capacity,
                    parked: counts.parked,
                    free: counts.free,
                    closed: counts.closed,
                    reserved: counts.reserved,
                    draining: counts.draining,
                    going: lot.going,
                }
            })
            .collect()
    }

    /// What the lot was told to be; a draining lot: what it was told last.
    pub fn lot_config(&self, lot: &LotKey) -> Option<Arc<LotConfig>> {
        self.lots.get(lot).map(|lot| lot.config.clone())
    }

    /// Whether the lot has an orbit of exactly that name.
    pub fn has_orbit(&self, lot: &LotKey, orbit: &OrbitName) -> bool {
        let lot = self.lots.get(lot);
        lot.is_some_and(|lot| lot.orbits.number(orbit).is_some() || lot.slot(orbit).is_some())
    }

    /// What the lamp of that orbit shows.
    pub fn lamp(&self, now: Millis, lot: &LotKey, orbit: &OrbitName) -> Lamp {
        let Some(lot) = self.lots.get(lot).filter(|lot| lot.config.blf) else { return Lamp::Idle };
        let Some(Slot::Parked(uuid)) = lot.slot(orbit) else { return Lamp::Idle };
        let Some(call) = self.calls.get(uuid) else { return Lamp::Idle };
        let age = lot.config.blf_age_ms;
        let private = call.caller.private || lot.config.blf_privacy;
        let shown = if private { Caller::default() } else { call.caller.clone() };
        Lamp::Parked {
            uuid: uuid.clone(),
            name: shown.name,
            number: shown.number,
            dialog: call.dialog(),
            blinks_in_ms: (age > 0).then(|| age.saturating_sub(now.since(call.parked_at))),
        }
    }

    /// What the lamp of that lot shows: how many calls it holds; 0: idle.
    pub fn lot_lamp(&self, lot: &LotKey) -> u32 {
        let lot = self.lots.get(lot).filter(|lot| lot.config.blf);
        lot.map_or(0, |lot| lot.counts().parked)
    }
}
