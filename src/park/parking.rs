//! Parking: finding an orbit and taking it is one step.

use std::borrow::Cow;

use super::Park;
use super::access::Right;
use super::call::{Call, ParkRequest, Want};
use super::effect::{AfterRefusal, ParkRefused};
use super::event::{Action, ParkEvent};
use super::fallback::{WhenFull, WhenOccupied};
use super::info::CallInfo;
use super::lot::{MOST_SLOTS, Slot};
use super::moment::Moment;
use super::names::{CallUuid, LotKey, OrbitKey};
use super::outcome::Refusal;
use super::pin::{Lock, Pin};
use super::return_state::ReturnState;
use super::timeout::TOP_PRIORITY;
use super::user::User;

/// How many lots a call is tried in, one after the other, that are full.
const MOST_LOTS_TRIED: usize = 64;

/// An orbit for a call.
pub(super) struct Seat {
    pub(super) place: OrbitKey,
    /// The user at whose extension it is.
    pub(super) at: Option<User>,
    /// The PIN that another leg has brought for the call.
    pub(super) pin: Option<Pin>,
}

impl Park {
    /// Parks a call. A channel for which an orbit is reserved gets that one, whatever it asks for.
    ///
    /// # Errors
    /// With what the lot says shall happen to the call: `Full`, `Occupied`, `AlreadyParked`,
    /// `Closed`, `UnknownLot`, `UnknownOrbit`, `BadArguments` (a priority above 9), `TooManyOfCaller`.
    pub fn park(&mut self, now: Moment, request: ParkRequest) -> Result<OrbitKey, ParkRefused> {
        let mut rule = None;
        match self.orbit_for(&request, &mut rule) {
            Ok(seat) => Ok(self.settle(now, request, seat)),
            Err((refusal, then)) => {
                let capacity = self.capacity(&request.lot);
                if refusal == Refusal::TooManyOfCaller {
                    rule = Some("max-per-caller".into());
                }
                let event = ParkEvent {
                    orbit: request.orbit.orbit().cloned(),
                    reason: Some(refusal.code().to_owned()),
                    rule,
                    capacity,
                    ..ParkEvent::refusal(request.info.cut(), request.lot)
                };
                self.effects.push(event.into());
                Err(ParkRefused { refusal, then })
            }
        }
    }

    /// The orbit for a call, and the user at whose extension that is. `rule` receives the one that says no, if one does.
    fn orbit_for(
        &mut self,
        request: &ParkRequest,
        rule: &mut Option<Cow<'static, str>>,
    ) -> Result<Seat, (Refusal, AfterRefusal)> {
        if self.stopping {
            return Err((Refusal::Closed, AfterRefusal::Continue));
        }
        if self.is_known(&request.info.uuid) {
            return Err((Refusal::AlreadyParked, AfterRefusal::Continue));
        }
        if request.info.priority > TOP_PRIORITY {
            return Err((Refusal::BadArguments, AfterRefusal::Continue));
        }
        if let Some(held) = self.forget_reservation(&request.info.uuid) {
            return Ok(Seat { place: held.place, at: held.at, pin: held.pin });
        }
        let obstacle = |park: &Self, lot: &LotKey, rule: &mut Option<Cow<'static, str>>| {
            if let Some(no) = park.forbidden(Right::Park, lot, &request.by) {
                *rule = Some(no.into());
                return Err((Refusal::Denied, AfterRefusal::Continue));
            }
            match park.has_enough_of(lot, &request.info.caller.number) {
                true => Err((Refusal::TooManyOfCaller, AfterRefusal::Continue)),
                false => Ok(()),
            }
        };
        obstacle(self, &request.lot, rule)?;
        let Seat { place, at, pin } = self.take_orbit(&request.lot, &request.orbit)?;
        // Another one, after an overflow.
        if place.lot != request.lot {
            obstacle(self, &place.lot, rule).inspect_err(|_| self.give_back_orbit(&place))?;
        }
        Ok(Seat { place, at, pin })
    }

    /// An orbit that was taken for a call that does not come.
    pub(super) fn give_back_orbit(&mut self, place: &OrbitKey) {
        if let Some(lot) = self.lots.get_mut(&place.lot)
            && let Some(number) = lot.orbits.number(&place.orbit)
        {
            lot.free.release(number);
        }
        self.remove_if_over(&place.lot);
    }

    /// It is parked, or was and may come back.
    pub(super) fn is_known(&self, uuid: &CallUuid) -> bool {
        self.calls.contains_key(uuid) || self.absent.has(uuid)
    }

    fn has_enough_of(&self, lot: &LotKey, number: &str) -> bool {
        let most = self.lot_or_original(lot).and_then(|lot| lot.config.max_per_caller);
        most.is_some_and(|most| self.index.callers.has(number, lot, most))
    }

    fn settle(&mut self, now: Moment, request: ParkRequest, seat: Seat) -> OrbitKey {
        let Seat { place, at, pin } = seat;
        let addressed_to = at.map_or(request.info.addressed_to, |user| user.as_str().into());
        let info = CallInfo { addressed_to, ..request.info };
        let mut call = Call {
            timeout_ms: request.timeout_ms,
            returns: request.returns,
            seq: self.count(),
            lock: Lock::of(pin),
            ..Call::new(info.cut(), place.clone(), now)
        };
        let timeout_ms = self.timeout_of(&call);
        let until = (timeout_ms > 0).then(|| now.after(timeout_ms));
        call.returning = ReturnState::Waiting { since: now, until };
        if let Some(lot) = self.lots.get(&place.lot) {
            call.leaves_at = lot.config.longest_wait().map(|ms| now.after(ms));
            call.comfort_at = lot.config.comfort_every().map(|ms| now.after(ms));
        }
        self.seat(now, call, Action::Park);
        place
    }

    /// Enters the call into every table.
    pub(super) fn seat(&mut self, now: Moment, mut call: Call, action: Action) {
        let lot = self.lots.get(&call.place.lot);
        let exclusive = lot.and_then(|lot| lot.exclusive_until(&call, call.parked_at));
        call.exclusive_until = exclusive.filter(|until| now < *until);
        self.deadlines.arm(&mut call);
        let place = call.place.clone();
        self.occupy(&place, Slot::Parked(call.info.uuid.clone()));
        if let Some(lot) = self.lots.get_mut(&place.lot) {
            lot.enqueue(&call);
        }
        let capacity = self.capacity(&place.lot);
        self.effects.push(ParkEvent { capacity, ..call.event(now, action) }.into());
        self.show_lamp(&place);
        self.index.add(&call);
        self.dialogs.insert(call.dialog(), call.info.uuid.clone());
        self.calls.insert(call.info.uuid.clone(), Box::new(call));
    }

    /// How many orbits that lot has, if there is one, and that is known.
    fn capacity(&self, lot: &LotKey) -> Option<u32> {
        let lot = self.lots.get(lot).filter(|lot| !lot.has_any_orbit());
        lot.map(|lot| lot.counts().capacity)
    }

    /// Finds an orbit by the rules of the lot, and of those it overflows into, and takes it out of the free ones. A lot that
    /// does not exist is made, if lots are.
    pub(super) fn take_orbit(
        &mut self,
        lot: &LotKey,
        want: &Want,
    ) -> Result<Seat, (Refusal, AfterRefusal)> {
        self.make_lot(lot);
        let mut been = Vec::new();
        let found = match want {
            Want::At(users) => self.seat_at(lot, users).map(|(place, user)| Seat {
                place,
                at: Some(user),
                pin: None,
            }),
            _ => {
                let found = self.find_orbit(lot, want, &mut been);
                found.map(|place| Seat { place, at: None, pin: None })
            }
        };
        if found.is_err() {
            been.push(lot.clone());
            been.iter().for_each(|lot| self.remove_if_over(lot));
        }
        found
    }

    pub(super) fn find_orbit(
        &mut self,
        lot: &LotKey,
        want: &Want,
        been: &mut Vec<LotKey>,
    ) -> Result<OrbitKey, (Refusal, AfterRefusal)> {
        let mut key = lot.clone();
        been.push(key.clone());
        loop {
            let overflow = been.len() > 1;
            let found = match self.lots.get_mut(&key).filter(|lot| !lot.removed) {
                None => return Err((Refusal::UnknownLot, AfterRefusal::Continue)),
                Some(lot) if lot.is_closed() && !overflow => {
                    return Err((Refusal::Closed, AfterRefusal::Continue));
                }
                Some(lot) => match want.orbit().filter(|_| !overflow) {
                    _ if lot.has_any_orbit() && lot.slots().len() >= MOST_SLOTS as usize => None,
                    None => match want {
                        Want::Between(first, last) if !overflow => lot.take_between(*first, *last),
                        _ => lot.free.take_any(&mut self.rng),
                    },
                    Some(orbit) => {
                        let taken = lot.take(orbit);
                        if taken.ok_or((Refusal::UnknownOrbit, AfterRefusal::Continue))? {
                            return Ok(OrbitKey { lot: key, orbit: orbit.clone() });
                        }
                        if lot.is_orbit_closed(orbit) {
                            return Err((Refusal::Closed, AfterRefusal::Continue));
                        }
                        match lot.config.when_occupied {
                            WhenOccupied::Next => {
                                let number = lot.orbits.number(orbit);
                                number.and_then(|number| lot.free.take_after(number))
                            }
                            WhenOccupied::Continue => {
                                return Err((Refusal::Occupied, AfterRefusal::Continue));
                            }
                            WhenOccupied::Parker => {
                                return Err((Refusal::Occupied, AfterRefusal::Parker));
                            }
                        }
                    }
                },
            };
            let Some(lot) = self.lots.get(&key) else {
                return Err((Refusal::UnknownLot, AfterRefusal::Continue));
            };
            if let Some(orbit) = found.and_then(|number| lot.orbits.name(number)) {
                return Ok(OrbitKey { lot: key, orbit });
            }
            let then = match &lot.config.when_full {
                WhenFull::Continue => AfterRefusal::Continue,
                WhenFull::Parker => AfterRefusal::Parker,
                WhenFull::Hangup => AfterRefusal::Hangup,
                WhenFull::Transfer(to) => AfterRefusal::Transfer(to.clone()),
                WhenFull::Lot(name) => match self.named(name, key.domain.as_deref()) {
                    Ok(next) if been.len() < MOST_LOTS_TRIED && !been.contains(&next) => {
                        self.make_lot(&next);
                        been.push(next.clone());
                        key = next;
                        continue;
                    }
                    // The overflow leads in a circle, too far, or nowhere.
                    _ => AfterRefusal::Continue,
                },
            };
            return Err((Refusal::Full, then));
        }
    }

    /// Takes the orbit that is wanted, and no other one in its place.
    pub(super) fn take_exactly(&mut self, key: &LotKey, want: &Want) -> Result<OrbitKey, Refusal> {
        self.make_lot(key);
        let taken = self.take_exactly_in(key, want);
        if taken.is_err() {
            self.remove_if_over(key);
        }
        taken
    }

    fn take_exactly_in(&mut self, key: &LotKey, want: &Want) -> Result<OrbitKey, Refusal> {
        let lot = self.lots.get_mut(key).filter(|lot| !lot.removed).ok_or(Refusal::UnknownLot)?;
        if lot.is_closed() {
            return Err(Refusal::Closed);
        }
        let orbit = match want {
            Want::Auto | Want::Between(..) => {
                let number = match want {
                    Want::Between(first, last) => lot.take_between(*first, *last),
                    _ => lot.free.take_any(&mut self.rng),
                };
                number.and_then(|number| lot.orbits.name(number)).ok_or(Refusal::Full)?
            }
            Want::At(_) => return Err(Refusal::BadArguments),
            Want::Orbit(orbit) => match lot.take(orbit).ok_or(Refusal::UnknownOrbit)? {
                true => orbit.clone(),
                false if lot.is_orbit_closed(orbit) => return Err(Refusal::Closed),
                false => return Err(Refusal::Occupied),
            },
        };
        Ok(OrbitKey { lot: key.clone(), orbit })
    }
}
