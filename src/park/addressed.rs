//! Calls that are meant for one user, or parked at a user's extension, and the calls that one user has parked.

use super::Park;
use super::call::{Call, Want};
use super::claim::Target;
use super::effect::AfterRefusal;
use super::fallback::{WhenFull, WhenOccupied};
use super::moment::Moment;
use super::names::{CallUuid, LotKey, OrbitKey, OrbitName};
use super::outcome::Refusal;
use super::permits::Asking;
use super::taker::Taker;
use super::user::User;

/// How many lots are looked through for a user's calls, each of which overflows into the next.
const MOST_LOTS: usize = 16;

impl Park {
    /// The call is everybody's from now on.
    pub(super) fn open_to_all(&mut self, uuid: &CallUuid) {
        let Some(call) = self.calls.get_mut(uuid) else { return };
        if let Some(lot) = self.lots.get_mut(&call.place.lot) {
            lot.dequeue(call);
            call.exclusive_until = None;
            if call.is_to_be_had() {
                lot.enqueue(call);
            }
        }
        let place = call.place.clone();
        self.show_lamp(&place);
    }

    /// The first call for that user that can be had: in the lot, or in one into which it overflows.
    pub(super) fn first_for(&self, lot: &LotKey, user: &User) -> Option<CallUuid> {
        self.somewhere(lot, |park, lot| {
            park.index.meant_for.of(lot, user).find(|uuid| park.is_to_be_had(uuid))
        })
    }

    /// The last call that this user has parked, in the same way.
    pub(super) fn last_of(&self, lot: &LotKey, user: &User) -> Option<CallUuid> {
        self.somewhere(lot, |park, lot| {
            park.index.parked_by.of(lot, user).rev().find(|uuid| park.is_to_be_had(uuid))
        })
    }

    fn is_to_be_had(&self, uuid: &CallUuid) -> bool {
        self.calls.get(uuid).is_some_and(|call| call.is_to_be_had())
    }

    /// What is found in the lot, or in one into which it overflows.
    fn somewhere(
        &self,
        lot: &LotKey,
        find: impl for<'a> Fn(&'a Park, &LotKey) -> Option<&'a CallUuid>,
    ) -> Option<CallUuid> {
        let mut key = lot.clone();
        for _ in 0..MOST_LOTS {
            if let Some(found) = find(self, &key) {
                return Some(found.clone());
            }
            let held = self.lot_or_original(&key)?;
            let WhenFull::Lot(name) = &held.config.when_full else { return None };
            key = self.named(name, key.domain.as_deref()).ok().filter(|next| next != lot)?;
        }
        None
    }

    /// The orbit at the first of these users at whom no call is parked, and that user: the one that is called like the user
    /// with a `*` before, or without, if the lot has it, and else any.
    pub(super) fn seat_at(
        &mut self,
        key: &LotKey,
        users: &[User],
    ) -> Result<(OrbitKey, User), (Refusal, AfterRefusal)> {
        let lot = self.lots.get(key).filter(|lot| !lot.removed);
        let lot = lot.ok_or((Refusal::UnknownLot, AfterRefusal::Continue))?;
        if lot.is_closed() {
            return Err((Refusal::Closed, AfterRefusal::Continue));
        }
        let config = lot.config.clone();
        for user in users {
            if self.index.meant_for.of(key, user).next().is_some() {
                continue;
            }
            let names = [format!("*{}", user.user()), user.user().to_owned()];
            let mut own = names.iter().filter_map(|name| name.parse::<OrbitName>().ok());
            let own = self.lots.get_mut(key).and_then(|lot| {
                let own = own.find(|own| lot.orbits.number(own).is_some())?;
                Some((lot, own))
            });
            let place = match own {
                Some((lot, orbit)) => match lot.take(&orbit) {
                    Some(true) => OrbitKey { lot: key.clone(), orbit },
                    _ => continue,
                },
                None => self.find_orbit(key, &Want::Auto, &mut Vec::new())?,
            };
            return Ok((place, user.clone()));
        }
        if let [_] = users {
            let then = match config.when_occupied {
                WhenOccupied::Parker => AfterRefusal::Parker,
                WhenOccupied::Next | WhenOccupied::Continue => AfterRefusal::Continue,
            };
            return Err((Refusal::Occupied, then));
        }
        let then = match &config.when_full {
            WhenFull::Parker => AfterRefusal::Parker,
            WhenFull::Hangup => AfterRefusal::Hangup,
            WhenFull::Transfer(to) => AfterRefusal::Transfer(to.clone()),
            WhenFull::Continue | WhenFull::Lot(_) => AfterRefusal::Continue,
        };
        Err((Refusal::Full, then))
    }
}

impl Park {
    /// Reports that a retriever must not have the call that `target` means. Nothing happens to the call.
    pub fn refuse_retriever(
        &mut self,
        now: Moment,
        target: Target<'_>,
        asking: Asking<'_>,
        refusal: Refusal,
    ) {
        let meant = self.target(Some(asking.lot), target, Taker::Anybody).ok().flatten();
        let Some(call) = meant.and_then(|uuid| self.calls.get(&uuid)) else { return };
        let OrbitKey { lot, orbit } = call.place.clone();
        let asking = Asking { lot: &lot, orbit: Some(&orbit), ..asking };
        self.deny(now, asking, refusal.rule().unwrap_or_default().into());
    }
}

impl Call {
    /// It waits for one user, and `taker` is neither that user nor its parker. The parker has had the caller on the line,
    /// and takes back what was parked for a user who does not come.
    pub(super) fn is_kept_from(&self, now: Moment, taker: Taker<'_>) -> bool {
        let Taker::Party(user) = taker else { return false };
        let waits = self.exclusive_until.is_some_and(|until| now < until);
        waits
            && user.is_none_or(|user| {
                self.info.addressee().as_ref() != Some(user)
                    && self.info.parker.as_ref() != Some(user)
            })
    }
}
