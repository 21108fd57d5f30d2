//! How often people are notified of parked calls. Otherwise a caller who leaves and comes back as fast as keys can be
//! pressed would make phones ring each time.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use super::Park;
use super::callers;
use super::moment::Moment;
use super::names::{CallUuid, LotKey};
use super::user::User;

/// How many notices of one lot's calls, or to one parker, are sent within one interval.
pub const MOST_TOLD: usize = 10;
/// How many old entries are looked at with each new one: more than come, so that those go that are over.
const LOOKED_AT: usize = 4;

/// How people are notified that a call was parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notice {
    /// Phones are called.
    Page,
    /// The parker gets a message.
    Message,
    /// The user for whom the call is meant gets a message.
    ForYou,
}

/// What a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    /// A caller, by number or else by channel, and the parker if known.
    Caller(LotKey, Option<User>, Arc<str>),
    /// All calls of the lot. For messages, only those of one parker.
    Lot(LotKey, Option<User>),
}

type Key = (Notice, About);

/// When people were notified.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    told: BTreeMap<Key, Told>,
    /// Up to there it was looked for what is over.
    looked: Option<Key>,
}

#[derive(Clone, Debug, Default)]
struct Told {
    times: VecDeque<Moment>,
    /// When the last of them is as old as the interval.
    over: Moment,
}

impl Pace {
    /// Whether it has happened `most` times within the interval.
    fn is_full(&mut self, key: &Key, now: Moment, interval_ms: u64, most: usize) -> bool {
        let Some(Told { times, .. }) = self.told.get_mut(key) else { return false };
        times.retain(|at| now.since(*at) < interval_ms);
        times.len() >= most
    }

    fn note(&mut self, key: Key, now: Moment, interval_ms: u64) {
        self.forget_some(now);
        let told = self.told.entry(key).or_default();
        told.times.push_back(now);
        told.over = told.over.max(now.after(interval_ms));
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.told.len()
    }

    /// Looks at a few entries, round and round.
    fn forget_some(&mut self, now: Moment) {
        let from = self.looked.take().map_or(Bound::Unbounded, Bound::Excluded);
        let some = self.told.range((from, Bound::Unbounded)).take(LOOKED_AT);
        let some: Vec<(Key, bool)> =
            some.map(|(key, told)| (key.clone(), told.over <= now)).collect();
        if some.len() == LOOKED_AT {
            self.looked = some.last().map(|(key, _)| key.clone());
        }
        for (key, _) in some.into_iter().filter(|(_, is_over)| *is_over) {
            self.told.remove(&key);
        }
    }
}

impl Park {
    /// Whether to send a notice of this call now. If so, it counts as sent. Within the lot's interval there is one notice
    /// of one caller, and there are [`MOST_TOLD`] of all callers.
    ///
    /// # Errors
    /// Why not.
    pub fn tell(
        &mut self,
        now: Moment,
        uuid: &CallUuid,
        notice: Notice,
    ) -> Result<(), &'static str> {
        let call = self.calls.get(uuid).ok_or("the call has left")?;
        let lot = self.lots.get(&call.place.lot).ok_or("the lot no longer exists")?;
        let interval_ms = match notice {
            Notice::Page => lot.config.page_interval_ms,
            Notice::Message | Notice::ForYou => lot.config.notify_interval_ms,
        };
        if interval_ms == 0 {
            return Ok(());
        }
        let who = callers::known(&call.info.caller.number).unwrap_or(call.info.uuid.as_str());
        let told = match notice {
            Notice::ForYou => call.info.addressee(),
            Notice::Page | Notice::Message => call.info.parker.clone(),
        };
        let caller = About::Caller(call.place.lot.clone(), told.clone(), who.into());
        let told = told.filter(|_| notice != Notice::Page);
        let keys = [(notice, caller), (notice, About::Lot(call.place.lot.clone(), told))];
        if self.pace.is_full(&keys[0], now, interval_ms, 1) {
            return Err("this caller was announced a moment ago");
        }
        if self.pace.is_full(&keys[1], now, interval_ms, MOST_TOLD) {
            return Err("many callers were announced a moment ago");
        }
        for key in keys {
            self.pace.note(key, now, interval_ms);
        }
        Ok(())
    }
}
