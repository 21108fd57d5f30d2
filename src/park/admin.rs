//! What an administrator can do to parked calls and orbits.

use super::Park;
use super::call::Want;
use super::cause::CauseName;
use super::claim::{Claimant, Target};
use super::destination::Exit;
use super::effect::{Effect, StopReason};
use super::event::{Action, ParkEvent};
use super::lot::Slot;
use super::moment::Moment;
use super::names::{CallUuid, LotKey, OrbitKey, OrbitName};
use super::outcome::Refusal;
use super::return_state::ReturnState;
use super::taker::Taker;
use super::text;
use super::timeout::TOP_PRIORITY;
use super::untrusted::DisplayName;

/// What can be changed about a parked call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Its timeout in ms, counted from now. 0 means never.
    TimeoutMs(u64),
    /// Its priority, 0 to 9.
    Priority(u8),
    /// A note about it.
    Note(String),
    /// The user for whom it is meant, `user@domain`, or empty.
    For(String),
    /// What its caller is called.
    Name(DisplayName),
}

impl Setting {
    /// What is to be changed, and to what, as somebody has typed it.
    ///
    /// # Errors
    /// Why that cannot be.
    pub fn parse(what: &str, value: &str) -> Result<Self, &'static str> {
        match what {
            "timeout" => {
                let seconds = value.parse::<u64>();
                let seconds =
                    seconds.map_err(|_| "timeout must be a number of seconds (0: never)")?;
                Ok(Setting::TimeoutMs(seconds.saturating_mul(1000)))
            }
            "priority" => match value.parse() {
                Ok(priority) if priority <= TOP_PRIORITY => Ok(Setting::Priority(priority)),
                _ => Err("priority must be between 0 and 9"),
            },
            "note" => Ok(Setting::Note(value.to_owned())),
            "for" => Ok(Setting::For(value.to_owned())),
            _ => Err(""),
        }
    }
}

impl Park {
    /// Moves a call into another orbit, of the same or of another lot. Deadline and waiting time stay. In
    /// another lot it waits by that one's settings, and other return steps begin with the first of them.
    /// Neither `when-full` nor `when-occupied` applies, because a move names its destination.
    ///
    /// # Errors
    /// `Empty`; `Gone`: the call is claimed; `Occupied`, `Full`, `UnknownLot`, `UnknownOrbit`; `Closed`, also after
    /// [`stop`](Park::stop).
    pub fn move_call(
        &mut self,
        now: Moment,
        from: &OrbitKey,
        to: &LotKey,
        want: Want,
    ) -> Result<OrbitKey, Refusal> {
        let uuid = self.unclaimed(from)?;
        if self.stopping {
            return Err(Refusal::Closed);
        }
        let to = self.take_exactly(to, &want)?;
        self.shift(now, &uuid, &to);
        Ok(to)
    }

    /// Puts the call where it shall be from now on; that orbit is taken for it already, or free.
    pub(super) fn shift(&mut self, now: Moment, uuid: &CallUuid, to: &OrbitKey) {
        let Some(call) = self.calls.get_mut(uuid) else { return };
        self.moves += 1;
        if let Some(old) = self.lots.get_mut(&call.place.lot) {
            old.dequeue(call);
        }
        self.index.remove(call);
        let from = std::mem::replace(&mut call.place, to.clone());
        self.index.add(call);
        self.occupy(to, Slot::Parked(uuid.clone()));
        let Some(call) = self.calls.get_mut(uuid) else { return };
        if call.is_to_be_had()
            && let Some(new) = self.lots.get_mut(&to.lot)
        {
            new.enqueue(call);
        }
        let mut event = call.event(now, Action::Move);
        event.from = Some(from.clone());
        self.effects.push(event.into());
        self.show_lamp(&from);
        self.show_lamp(to);
        self.vacate(&from);
        self.made.emptied(now, &from);
        if from.lot != to.lot || self.stale.contains_key(&to.lot) {
            self.wait_otherwise(now, uuid);
        }
    }

    /// Changes something about a parked call. A new timeout counts from now; if a return step rings, it is stopped. A new
    /// priority brings the timeout the lot has for it, unless the call has one of its own or its return steps run.
    ///
    /// # Errors
    /// `Empty`, `UnknownLot`, `UnknownOrbit`; `BadArguments`: a priority above 9.
    pub fn set(&mut self, now: Moment, place: &OrbitKey, setting: Setting) -> Result<(), Refusal> {
        let uuid = self.parked_in(place)?;
        let call = self.calls.get_mut(&uuid).ok_or(Refusal::Empty)?;
        let what = match &setting {
            Setting::TimeoutMs(_) => "the timeout was changed",
            Setting::Priority(_) => "the priority was changed",
            Setting::Note(_) => "the note was changed",
            Setting::For(_) => "the addressee was changed",
            Setting::Name(_) => "the caller was named",
        };
        match setting {
            Setting::TimeoutMs(ms) => {
                call.timeout_ms = Some(ms);
                call.silence(StopReason::Gone, &mut self.effects);
                self.wait_again(now, &uuid);
            }
            Setting::Priority(priority) if priority > TOP_PRIORITY => {
                return Err(Refusal::BadArguments);
            }
            Setting::Priority(priority) => {
                let before_ms = self.calls.get(&uuid).map(|call| self.timeout_of(call));
                let call = self.calls.get_mut(&uuid).ok_or(Refusal::Empty)?;
                let lot = self.lots.get_mut(&place.lot).ok_or(Refusal::UnknownLot)?;
                lot.dequeue(call);
                call.info.priority = priority;
                if call.is_to_be_had() {
                    lot.enqueue(call);
                }
                self.follow_timeout(now, &uuid, before_ms);
            }
            Setting::Name(name) => {
                call.info.caller.name = name;
                self.show_lamp(place);
            }
            Setting::Note(note) => call.info.note = text::kept(&note, text::LONGEST_NOTE),
            Setting::For(user) => {
                if let Some(lot) = self.lots.get_mut(&place.lot) {
                    lot.dequeue(call);
                }
                self.index.remove(call);
                call.info.addressed_to = text::kept(&user, text::LONGEST_USER);
                self.index.add(call);
                let lot = self.lots.get(&place.lot);
                call.exclusive_until = lot.and_then(|lot| lot.exclusive_until(call, now));
                if let Some(lot) = self.lots.get_mut(&place.lot).filter(|_| call.is_to_be_had()) {
                    lot.enqueue(call);
                }
                self.deadlines.arm(call);
                self.show_lamp(place);
            }
        }
        let call = self.calls.get(&uuid).ok_or(Refusal::Empty)?;
        let event = ParkEvent { reason: Some(what.to_owned()), ..call.event(now, Action::Set) };
        self.effects.push(event.into());
        Ok(())
    }

    /// The call's return steps run now. If they are already running, they continue.
    ///
    /// # Errors
    /// `Empty`, `UnknownLot`, `UnknownOrbit`; `Gone`: the call is claimed; `Failed`: it has no return steps; `Closed`
    /// after [`shutdown`](Park::shutdown).
    pub fn return_now(&mut self, now: Moment, place: &OrbitKey) -> Result<(), Refusal> {
        let uuid = self.unclaimed(place)?;
        if self.stopping {
            return Err(Refusal::Closed);
        }
        let call = self.calls.get_mut(&uuid).ok_or(Refusal::Empty)?;
        if call.returning.ringing().is_some() {
            return Ok(());
        }
        let (attempt, paused) = (call.returning.attempt(), call.returning.is_paused());
        if self.calls.get(&uuid).is_none_or(|call| self.steps_of(call).is_empty()) {
            return Err(Refusal::Failed);
        }
        if let Some(call) = self.calls.get_mut(&uuid) {
            call.returning = ReturnState::Next { at: now, attempt, paused };
        }
        self.run_steps(now, &uuid, attempt, paused);
        Ok(())
    }

    /// Claims the call to hang it up; its own thread does that when it sees the verdict.
    ///
    /// # Errors
    /// `Empty`, `UnknownLot`, `UnknownOrbit`; `Gone`: the call is claimed; `Closed` after
    /// [`shutdown`](Park::shutdown).
    pub fn drop_call(
        &mut self,
        now: Moment,
        place: &OrbitKey,
        cause: CauseName,
    ) -> Result<(), Refusal> {
        let uuid = self.unclaimed(place)?;
        let exit = Claimant::Leave(Exit::Drop { cause });
        self.claim(now, None, Target::Call(&uuid), exit).map(|_| ())
    }

    /// Takes a lot, or one orbit of it, out of service. Calls in it stay, and what is reserved stays reserved.
    ///
    /// # Errors
    /// `UnknownLot`, `UnknownOrbit`.
    pub fn close(&mut self, lot: &LotKey, orbit: Option<&OrbitName>) -> Result<(), Refusal> {
        self.serve(lot, orbit, false)
    }

    /// Puts a lot, with every orbit of it, or one orbit into service again.
    ///
    /// # Errors
    /// `UnknownLot`, `UnknownOrbit`.
    pub fn open(&mut self, lot: &LotKey, orbit: Option<&OrbitName>) -> Result<(), Refusal> {
        self.serve(lot, orbit, true)
    }

    fn serve(&mut self, lot: &LotKey, orbit: Option<&OrbitName>, on: bool) -> Result<(), Refusal> {
        let done = self.put_into_service(lot, orbit, on);
        if done.is_ok() {
            self.service_changed(lot);
        }
        self.remove_if_over(lot);
        done
    }

    /// What is in service in that lot is not what it was.
    pub(super) fn service_changed(&mut self, lot: &LotKey) {
        self.changes.closed();
        self.effects.push(Effect::InService(lot.clone()));
    }

    /// Puts it into service, or takes it out.
    pub(super) fn put_into_service(
        &mut self,
        lot: &LotKey,
        orbit: Option<&OrbitName>,
        on: bool,
    ) -> Result<(), Refusal> {
        if self.is_copied(lot) {
            self.make_lot(lot);
        }
        let lot = self.lots.get_mut(lot).filter(|lot| !lot.removed).ok_or(Refusal::UnknownLot)?;
        let number = match orbit {
            Some(orbit) => Some(lot.orbits.number(orbit).ok_or(Refusal::UnknownOrbit)?),
            None => None,
        };
        if on {
            lot.open(number)
        } else {
            lot.close(number)
        }
        Ok(())
    }

    /// The call in that orbit.
    fn parked_in(&self, place: &OrbitKey) -> Result<CallUuid, Refusal> {
        let found = self.target(Some(&place.lot), Target::Orbit(&place.orbit), Taker::Anybody)?;
        found.ok_or(Refusal::Empty)
    }

    /// The call in that orbit, if nobody has claimed it.
    fn unclaimed(&self, place: &OrbitKey) -> Result<CallUuid, Refusal> {
        let uuid = self.parked_in(place)?;
        match self.calls.get(&uuid) {
            Some(call) if call.is_to_be_had() => Ok(uuid),
            Some(_) => Err(Refusal::Gone),
            None => Err(Refusal::Empty),
        }
    }
}
