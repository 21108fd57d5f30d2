//! Calls that a retriever has to key a PIN for.

use super::Park;
use super::call::Call;
use super::claim::Target;
use super::moment::Moment;
use super::names::{CallUuid, LotKey};
use super::outcome::Refusal;
use super::pin::{Lock, Pin};
use super::taker::Taker;

/// How many legs that have keyed the PIN of one call are remembered.
const MOST_OPENED: usize = 16;

impl Park {
    /// The call has that PIN from now on.
    pub fn set_pin(&mut self, uuid: &CallUuid, pin: Pin) {
        let uuid = self.current(uuid).clone();
        if let Some(call) = self.calls.get_mut(&uuid) {
            call.lock = Lock::of(Some(pin));
        }
    }

    /// Whether the call has a PIN of its own.
    pub fn has_pin(&self, uuid: &CallUuid) -> bool {
        self.calls.get(self.current(uuid)).is_some_and(|call| call.lock.pin.is_some())
    }

    /// The PIN that has to be keyed for a call: its own, or else that of the user who takes it, or else that of its lot.
    fn pin_of<'a>(&'a self, call: &'a Call, users: Option<&'a Pin>) -> Option<&'a Pin> {
        let of_lot = || self.lots.get(&call.place.lot).and_then(|lot| lot.config.pin.as_ref());
        call.lock.pin.as_ref().or(users).or_else(of_lot)
    }

    /// The call that `target` means, if a PIN has to be keyed for it. `users` is the PIN of the user who takes it.
    ///
    /// # Errors
    /// As [`peek`](Park::peek).
    pub fn asks_pin(
        &self,
        now: Moment,
        lot: &LotKey,
        target: Target<'_>,
        taker: Taker<'_>,
        users: Option<&Pin>,
    ) -> Result<Option<CallUuid>, Refusal> {
        let view = self.peek(now, lot, target, taker)?;
        let call = self.calls.get(&view.info.uuid);
        Ok(call.filter(|call| self.pin_of(call, users).is_some()).map(|_| view.info.uuid))
    }

    /// Whether these digits are the PIN of that call for that leg, which may then claim it.
    pub fn try_pin(
        &mut self,
        uuid: &CallUuid,
        leg: &CallUuid,
        users: Option<&Pin>,
        digits: &str,
    ) -> bool {
        let uuid = self.current(uuid).clone();
        let typed: Option<Pin> = digits.parse().ok();
        let right = match (self.calls.get(&uuid), &typed) {
            (Some(call), Some(typed)) => self.pin_of(call, users).is_none_or(|pin| pin == typed),
            _ => false,
        };
        if let Some(call) = self.calls.get_mut(&uuid).filter(|_| right) {
            if call.lock.opened.len() >= MOST_OPENED {
                call.lock.opened.remove(0);
            }
            call.lock.opened.push(leg.clone());
        }
        right
    }

    /// Whether a PIN keeps that leg from that call. A PIN that only the user of the leg has is not known here.
    pub(super) fn is_locked(&self, call: &Call, leg: &CallUuid) -> bool {
        self.pin_of(call, None).is_some() && !call.lock.opened.contains(leg)
    }
}
