//! The phones that watch lamps of tenants. Each of them is shown its lamp by itself: what is said to all who watch a number
//! in a domain FreeSWITCH also sends to those who watch it in another domain of the profile (`presence-hosts`), or by the
//! switch's address.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::presence::{Asked, Shown};

/// The most subscriptions that are remembered.
const MOST: usize = 20_000;

/// One subscription.
pub struct Watcher {
    /// The domain in which it watches, as it has spelled it.
    pub domain: String,
    /// What it was shown last.
    pub shown: Shown,
    /// When it is over, unless it is renewed.
    until: Instant,
}

/// All of them, by their lamp and by what FreeSWITCH knows them by.
#[derive(Default)]
pub struct Watchers(BTreeMap<(String, String), Watcher>);

impl Watchers {
    /// Notes a subscription, or that it was renewed, and what it is shown.
    pub fn note(&mut self, asked: &Asked, shown: Shown) {
        let Some(call_id) = &asked.call_id else { return };
        let now = Instant::now();
        if self.0.len() >= MOST {
            self.0.retain(|_, watcher| watcher.until > now);
        }
        let key = (asked.login.clone(), call_id.clone());
        if self.0.len() < MOST || self.0.contains_key(&key) {
            let until = now + Duration::from_secs(asked.expires_s);
            self.0.insert(key, Watcher { domain: asked.domain.clone(), shown, until });
        }
    }

    /// Those of one lamp that are not over, and what FreeSWITCH knows them by.
    pub fn of(&mut self, login: &str) -> impl Iterator<Item = (&str, &mut Watcher)> {
        let now = Instant::now();
        let from = (login.to_owned(), String::new());
        self.0
            .range_mut(from..)
            .take_while(move |((other, _), _)| other == login)
            .filter(move |(_, watcher)| watcher.until > now)
            .map(|((_, call_id), watcher)| (call_id.as_str(), watcher))
    }

    /// All of them are forgotten; gives back lamp, subscription and what it was shown.
    pub fn take_all(&mut self) -> BTreeMap<(String, String), Watcher> {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Watchers};
    use crate::presence::{Asked, Shown};

    fn asked(login: &str, call_id: &str, expires_s: u64) -> Asked {
        Asked::new(login, "b.local", Some(call_id.to_owned()), "1@b.local", expires_s)
    }

    #[test]
    fn only_those_of_the_lamp_that_are_not_over_are_found() {
        let mut watchers = Watchers::default();
        for (login, call_id, expires_s) in
            [("701", "a", 60), ("701", "b", 60), ("701", "over", 0), ("7010", "c", 60)]
        {
            watchers.note(&asked(login, call_id, expires_s), Shown::off());
        }
        let ids: Vec<_> = watchers.of("701").map(|(id, _)| id.to_owned()).collect();
        assert_eq!(ids, ["a", "b"]);
        // Renewed.
        watchers.note(&asked("701", "over", 60), Shown::off());
        assert_eq!(watchers.of("701").count(), 3);
    }

    #[test]
    fn those_that_are_over_make_room() {
        let mut watchers = Watchers::default();
        for n in 0..MOST {
            watchers.note(&asked("701", &n.to_string(), u64::from(n % 2 == 0) * 60), Shown::off());
        }
        watchers.note(&asked("701", "late", 60), Shown::off());
        assert_eq!(watchers.of("701").filter(|(id, _)| *id == "late").count(), 1);
        for n in 0..MOST {
            watchers.note(&asked("702", &n.to_string(), 60), Shown::off());
        }
        assert_eq!(watchers.0.len(), MOST);
    }
}
