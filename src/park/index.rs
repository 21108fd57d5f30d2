//! The parked calls by their callers and users.

use std::collections::{BTreeSet, HashMap};

use super::call::Call;
use super::callers::Callers;
use super::names::{CallUuid, LotKey};
use super::user::User;

/// Calls, and orbits held for calls, by lot and user, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct OfUsers(HashMap<(LotKey, User), BTreeSet<(u64, CallUuid)>>);

impl OfUsers {
    pub(super) fn add(&mut self, lot: &LotKey, user: User, seq: u64, uuid: &CallUuid) {
        self.0.entry((lot.clone(), user)).or_default().insert((seq, uuid.clone()));
    }

    pub(super) fn remove(&mut self, lot: &LotKey, user: &User, seq: u64, uuid: &CallUuid) {
        let key = (lot.clone(), user.clone());
        if let Some(calls) = self.0.get_mut(&key) {
            calls.remove(&(seq, uuid.clone()));
            if calls.is_empty() {
                self.0.remove(&key);
            }
        }
    }

    pub(super) fn of<'a>(
        &'a self,
        lot: &LotKey,
        user: &User,
    ) -> impl DoubleEndedIterator<Item = &'a CallUuid> + use<'a> {
        let calls = self.0.get(&(lot.clone(), user.clone()));
        calls.into_iter().flatten().map(|(_, uuid)| uuid)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Every parked call, by whom it is from, for and of.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// By the numbers of the callers.
    pub(super) callers: Callers,
    /// By the users for whom they are meant. Orbits that are held for such calls count as well.
    pub(super) meant_for: OfUsers,
    /// By the users who have parked them.
    pub(super) parked_by: OfUsers,
}

impl Index {
    /// Adds a call that has been parked.
    pub(super) fn add(&mut self, call: &Call) {
        self.callers.add(call);
        let (lot, uuid) = (&call.place.lot, &call.info.uuid);
        if let Some(user) = call.info.addressee() {
            self.meant_for.add(lot, user, call.seq, uuid);
        }
        if let Some(user) = &call.info.parker {
            self.parked_by.add(lot, user.clone(), call.seq, uuid);
        }
    }

    /// Removes a call. Neither its place nor its users must have changed since `add`.
    pub(super) fn remove(&mut self, call: &Call) {
        self.callers.remove(call);
        let (lot, uuid) = (&call.place.lot, &call.info.uuid);
        if let Some(user) = call.info.addressee() {
            self.meant_for.remove(lot, &user, call.seq, uuid);
        }
        if let Some(user) = &call.info.parker {
            self.parked_by.remove(lot, user, call.seq, uuid);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.callers.is_empty() && self.meant_for.is_empty() && self.parked_by.is_empty()
    }
}
