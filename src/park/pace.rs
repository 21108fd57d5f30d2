//! How often people are told of parked calls. A caller who leaves and comes back as fast as keys can be pressed makes no
//! phone ring each time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::Park;
use super::callers;
use super::moment::Moment;
use super::names::{CallUuid, LotKey};
use super::user::User;

/// How many times people are told of one lot's calls, or one parker is, within one interval.
pub const MOST_TOLD: usize = 10;
/// How many intervals are remembered before those that are over are forgotten.
const MOST: usize = 10_000;

/// How people are told that a call was parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// Phones are called.
    Page,
    /// The parker gets a message.
    Message,
}

/// Whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum About {
    /// A caller, by number or else by channel, as parked by somebody or nobody known.
    Caller(LotKey, Option<User>, Arc<str>),
    /// All calls of the lot: of messages those of one parker.
    Lot(LotKey, Option<User>),
}

/// When people were told.
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
    /// Whether people are to be told now that this call was parked; if so, they count as told. About one caller they are
    /// told once within the lot's interval, about all callers [`MOST_TOLD`] times.
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
            Notice::Message => lot.config.notify_interval_ms,
        };
        if interval_ms == 0 {
            return Ok(());
        }
        let who = callers::known(&call.info.caller.number).unwrap_or(call.info.uuid.as_str());
        let caller = About::Caller(call.place.lot.clone(), call.info.parker.clone(), who.into());
        let parker = call.info.parker.clone().filter(|_| notice == Notice::Message);
        let keys = [(notice, caller), (notice, About::Lot(call.place.lot.clone(), parker))];
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
