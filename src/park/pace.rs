//! How often people are notified of parked calls. Otherwise a caller who leaves and comes back as fast as keys can be
//! pressed would make phones ring each time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::Park;
use super::callers;
use super::moment::Moment;
use super::names::{CallUuid, LotKey};
use super::user::User;

/// How many notices of one lot's calls, or to one parker, are sent within one interval.
pub const MOST_TOLD: usize = 10;
/// How many intervals are remembered before those that are over are forgotten.
const MOST: usize = 10_000;

/// How people are notified that a call was parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// Phones are called.
    Page,
    /// The parker gets a message.
    Message,
    /// The user for whom the call is meant gets a message.
    ForYou,
}

/// What a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum About {
    /// A caller, by number or else by channel, and the parker if known.
    Caller(LotKey, Option<User>, Arc<str>),
    /// All calls of the lot. For messages, only those of one parker.
    Lot(LotKey, Option<User>),
}

/// When people were notified.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace(HashMap<(Notice, About), VecDeque<Moment>>);

impl Pace {
    /// Whether it has happened `most` times within the interval.
    fn is_full(
        &mut self,
        key: &(Notice, About),
        now: Moment,
        interval_ms: u64,
        most: usize,
    ) -> bool {
        let Some(times) = self.0.get_mut(key) else { return false };
        times.retain(|at| now.since(*at) < interval_ms);
        times.len() >= most
    }

    fn note(&mut self, key: (Notice, About), now: Moment, interval_ms: u64) {
        if self.0.len() >= MOST {
            self.0.retain(|_, times| times.back().is_some_and(|at| now.since(*at) < interval_ms));
        }
        self.0.entry(key).or_default().push_back(now);
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
