//! Parked calls whose channels a restart of the switch has taken. It may bring them back, under the same uuids. Until then
//! their orbits are held: neither free nor parked.

use super::Park;
use super::call::{Call, ParkRequest};
use super::callbacks::CUT_OFF;
use super::deadlines::Due;
use super::event::{Action, ParkEvent};
use super::info::CallInfo;
use super::lot::{Lot, Slot};
use super::lot_config::LotConfig;
use super::moment::Moment;
use super::names::{CallUuid, OrbitKey};
use super::outcome::{Outcome, Refusal};
use super::return_state::ReturnState;

/// A call that comes back has at least this long until its timeout passes, in ms.
const LEAST_LEFT_MS: u64 = 10_000;

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
pub(super) struct Awaited {
    absent: Absent,
    since: Moment,
    until: Moment,
    seq: u64,
}

impl Awaited {
    /// Where its orbit is held.
    pub(super) fn place_mut(&mut self) -> &mut OrbitKey {
        &mut self.absent.place
    }

    /// In how many ms it is given up.
    pub(super) fn left_ms(&self, now: Moment) -> u64 {
        self.until.since(now)
    }
}

impl Park {
    /// Holds the orbit of a call that may come back, for `ttl_ms`. After that it ends as `lost`, and so does, at once, a call
    /// whose orbit is taken. A lot or orbit that is not configured any more is held as one that drains.
    pub fn await_return(&mut self, now: Moment, absent: Absent, ttl_ms: u64) {
        let uuid = absent.info.uuid.clone();
        if self.stopping || self.calls.contains_key(&uuid) || self.awaited.contains_key(&uuid) {
            return;
        }
        let place = absent.place.clone();
        let absent = Absent { info: absent.info.cut(), ..absent };
        let awaited = Awaited { absent, since: now, until: now.after(ttl_ms), seq: self.count() };
        if self.copy_of(&place.lot).is_some() {
            self.make_lot(&place.lot);
        }
        let lot = self.lots.entry(place.lot.clone()).or_insert_with(|| {
            let mut lot = Lot::new(LotConfig::new(place.lot.clone(), Vec::new()).into());
            lot.retire();
            lot
        });
        if lot.slot(&place.orbit).is_some() {
            let reason = "another call is in its orbit";
            return self.lose(now, awaited, reason);
        }
        lot.occupy(&place.orbit, Slot::Reserved(uuid.clone()));
        if lot.is_draining() {
            self.draining.insert(place.lot);
        }
        self.deadlines.add(awaited.until, awaited.seq, Due::Absent(uuid.clone()));
        self.awaited.insert(uuid, awaited);
    }

    /// From now on every absent call is awaited for `ttl_ms`.
    pub fn await_for(&mut self, now: Moment, ttl_ms: u64) {
        for (uuid, awaited) in &mut self.awaited {
            self.deadlines.remove(awaited.until, awaited.seq, Due::Absent(uuid.clone()));
            awaited.until = now.after(ttl_ms);
            self.deadlines.add(awaited.until, awaited.seq, Due::Absent(uuid.clone()));
        }
    }

    /// Where the orbit of that call is held, if it is absent.
    pub fn is_awaited(&self, uuid: &CallUuid) -> Option<OrbitKey> {
        self.awaited.get(uuid).map(|awaited| awaited.absent.place.clone())
    }

    /// How many calls are absent.
    pub fn awaited(&self) -> usize {
        self.awaited.len()
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
        let Awaited { mut absent, since, .. } = awaited;
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
            let longest = Some(lot.config.max_wait_ms).filter(|ms| *ms > 0);
            let leaves = longest.map(|ms| parked_at.after(ms).max(now.after(LEAST_LEFT_MS)));
            call.leaves_at = leaves;
            call.comfort_at = lot.config.comfort_every().map(|ms| now.after(ms));
        }
        self.seat(now, call, Action::Recover);
        Ok(absent.place)
    }

    /// It will not come back, or is not awaited any longer: it ends as `lost`. Returns whether it was awaited.
    pub fn lost(&mut self, now: Moment, uuid: &CallUuid, reason: &str) -> bool {
        let Some(awaited) = self.no_longer_awaited(uuid) else { return false };
        let place = awaited.absent.place.clone();
        self.lose(now, awaited, reason);
        self.show_lamp(&place);
        self.vacate(&place);
        true
    }

    /// The module stops: the next load awaits them again.
    pub(super) fn forget_absent(&mut self) {
        let absent: Vec<CallUuid> = self.awaited.keys().cloned().collect();
        for uuid in absent {
            if let Some(awaited) = self.no_longer_awaited(&uuid) {
                self.vacate(&awaited.absent.place);
            }
        }
    }

    fn no_longer_awaited(&mut self, uuid: &CallUuid) -> Option<Awaited> {
        let awaited = self.awaited.remove(uuid)?;
        self.deadlines.remove(awaited.until, awaited.seq, Due::Absent(uuid.clone()));
        Some(awaited)
    }

    fn lose(&mut self, now: Moment, awaited: Awaited, reason: &str) {
        let Awaited { absent, since, .. } = awaited;
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
