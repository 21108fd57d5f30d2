//! Parked calls whose channels a restart of the switch has taken. It may bring them back, under the same uuids. Until then
//! their orbits are held: neither free nor parked.

use std::collections::BTreeMap;

use super::Park;
use super::call::{Call, ParkRequest};
use super::callbacks::CUT_OFF;
use super::deadlines::Due;
use super::event::{Action, ParkEvent};
use super::info::CallInfo;
use super::lot::{Lot, Slot};
use super::lot_config::{LEAST_LEFT_MS, LotConfig};
use super::moment::Moment;
use super::names::{CallUuid, OrbitKey};
use super::outcome::{Outcome, Refusal};
use super::return_state::ReturnState;

/// A call that was parked before the restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// What was known of it.
    pub info: CallInfo,
    /// Where it was parked.
    pub place: OrbitKey,
    /// For how long it had been parked by now, in ms.
    pub waited_ms: u64,
    /// In how many ms its timeout passes; 0 if it has passed. `None` means never.
    pub timeout_ms_left: Option<u64>,
    /// Its caller is called back if it is lost.
    pub call_back: bool,
}

/// One that is awaited.
#[derive(Clone, Debug)]
struct Awaited {
    call: Absent,
    since: Moment,
}

/// All that are awaited.
#[derive(Debug, Default)]
pub(super) struct AllAbsent {
    calls: BTreeMap<CallUuid, Awaited>,
    /// When they are given up, which is the same time for all, and is among the deadlines while there are any.
    until: Moment,
}

impl AllAbsent {
    pub(super) fn has(&self, uuid: &CallUuid) -> bool {
        self.calls.contains_key(uuid)
    }

    /// Where the orbit of that call is held.
    pub(super) fn place_mut(&mut self, uuid: &CallUuid) -> Option<&mut OrbitKey> {
        self.calls.get_mut(uuid).map(|awaited| &mut awaited.call.place)
    }

    /// In how many ms that call is given up, if it is awaited.
    pub(super) fn left_ms(&self, now: Moment, uuid: &CallUuid) -> Option<u64> {
        self.has(uuid).then(|| self.until.since(now))
    }
}

impl Park {
    /// Holds the orbit of a call that may come back, for `ttl_ms` at least, as long as those of all absent calls. After that it
    /// ends as `lost`, and so does, at once, a call whose orbit is taken. A lot or orbit that is not configured any more is held
    /// as one that drains.
    pub fn await_return(&mut self, now: Moment, call: Absent, ttl_ms: u64) {
        let uuid = call.info.uuid.clone();
        if self.stopping || self.is_known(&uuid) {
            return;
        }
        let mut call = Absent { info: call.info.cut(), ..call };
        // The lot may have lost the orbit to another one since, as in a reload. One that was made shares orbits with others.
        if let Some(owner) = self.owner(&call.place).filter(|_| !self.made.is_on()) {
            call.place.lot = owner;
        }
        let place = call.place.clone();
        let awaited = Awaited { call, since: now };
        if self.is_copied(&place.lot) {
            self.make_lot(&place.lot);
        }
        if self.slot(&place).is_some() {
            let reason = "another call is in its orbit";
            return self.lose(now, awaited, reason);
        }
        let config = || LotConfig::new(place.lot.clone(), Vec::new()).into();
        self.lots.entry(place.lot.clone()).or_insert_with(|| Lot::removed(config()));
        self.occupy(&place, Slot::Reserved(uuid.clone()));
        self.absent.calls.insert(uuid, awaited);
        self.await_for(now, ttl_ms.max(self.absent.until.since(now)));
    }

    /// Every absent call is awaited for `ttl_ms` from now on.
    pub fn await_for(&mut self, now: Moment, ttl_ms: u64) {
        self.deadlines.remove(self.absent.until, 0, Due::Absent);
        self.absent.until = now.after(ttl_ms);
        if !self.absent.calls.is_empty() {
            self.deadlines.add(self.absent.until, 0, Due::Absent);
        }
    }

    /// Their time is up: one of them is lost.
    pub(super) fn absent_are_due(&mut self, now: Moment) {
        if let Some(uuid) = self.absent.calls.first_key_value().map(|(uuid, _)| uuid.clone()) {
            self.lost(now, &uuid, "it did not come back after the restart");
        }
        if !self.absent.calls.is_empty() {
            self.deadlines.add(self.absent.until, 0, Due::Absent);
        }
    }

    /// Where the orbit of that call is held, if it is absent.
    pub fn is_awaited(&self, uuid: &CallUuid) -> Option<OrbitKey> {
        self.absent.calls.get(uuid).map(|awaited| awaited.call.place.clone())
    }

    /// How many calls are absent.
    pub fn awaited(&self) -> usize {
        self.absent.calls.len()
    }

    /// The call is back: same orbit, parker, priority, note and addressee, and its wait goes on. Its timeout passes when it
    /// would have, or in 10 s if that is later. Of `request`, which is what its channel says, only the timeout of later
    /// rounds, the return steps and the wish for privacy count.
    ///
    /// # Errors
    /// `Gone`: it is not awaited, or not any more. `Closed` after [`shutdown`](Park::shutdown).
    pub fn recover(&mut self, now: Moment, request: ParkRequest) -> Result<OrbitKey, Refusal> {
        if self.stopping {
            return Err(Refusal::Closed);
        }
        let awaited = self.no_longer_awaited(&request.info.uuid).ok_or(Refusal::Gone)?;
        let Awaited { call: mut absent, since } = awaited;
        absent.info.caller.private = request.info.caller.private;
        let gone_ms = now.since(since);
        let parked_at = now.before(absent.waited_ms.saturating_add(gone_ms));
        let mut call = Call {
            seq: self.count(),
            timeout_ms: request.timeout_ms,
            returns: request.returns,
            ..Call::new(absent.info, absent.place.clone(), parked_at)
        };
        let left = absent.timeout_ms_left.map(|ms| ms.saturating_sub(gone_ms).max(LEAST_LEFT_MS));
        call.returning = ReturnState::Waiting { since: now, until: left.map(|ms| now.after(ms)) };
        if let Some(lot) = self.lots.get(&absent.place.lot) {
            call.leaves_at = lot.config.leaves_at(parked_at, now);
            call.comfort_at = lot.config.comfort_every().map(|ms| now.after(ms));
        }
        self.seat(now, call, Action::Recover);
        Ok(absent.place)
    }

    /// It will not come back, or is not awaited any longer: it ends as `lost`. Returns whether it was awaited.
    pub fn lost(&mut self, now: Moment, uuid: &CallUuid, reason: &str) -> bool {
        let Some(awaited) = self.no_longer_awaited(uuid) else { return false };
        let place = awaited.call.place.clone();
        self.lose(now, awaited, reason);
        self.show_lamp(&place);
        self.vacate(&place);
        true
    }

    /// The module stops: the next load awaits it again.
    pub(super) fn forget_absent(&mut self, uuid: &CallUuid) {
        if let Some(awaited) = self.no_longer_awaited(uuid) {
            self.vacate(&awaited.call.place);
        }
    }

    fn no_longer_awaited(&mut self, uuid: &CallUuid) -> Option<Awaited> {
        let awaited = self.absent.calls.remove(uuid)?;
        if self.absent.calls.is_empty() {
            self.deadlines.remove(self.absent.until, 0, Due::Absent);
        }
        Some(awaited)
    }

    fn lose(&mut self, now: Moment, awaited: Awaited, reason: &str) {
        let Awaited { call: absent, since } = awaited;
        let parked_at = now.before(absent.waited_ms.saturating_add(now.since(since)));
        let call = Call::new(absent.info, absent.place, parked_at);
        let event = call.event(now, Action::Recover);
        let reason = Some(reason.to_owned());
        self.effects.push(ParkEvent { outcome: Some(Outcome::Lost), reason, ..event }.into());
        if absent.call_back
            && let Ok(promised) = self.callback_of(&call)
        {
            self.owe_callback(now, &call, promised, Some(CUT_OFF));
        }
    }
}
