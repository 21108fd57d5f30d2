//! Passwords that are tried for one user from many addresses. Whoever sends wrong ones is kept away by address; that must not keep
//! the user away as well. So from an address from which the user has logged in before, a password is looked at as ever. From any
//! other, one is looked at every few seconds.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::sessions::{Hash, hash};

/// How often a password is looked at for a user for whom too many were wrong.
pub(super) const EVERY: Duration = Duration::from_secs(5);
/// For how long it is known from where a user has logged in.
const KNOWN: Duration = Duration::from_secs(30 * 24 * 3_600);
/// How many users and addresses are remembered.
const MOST: usize = 10_000;

/// What is known of logins with passwords.
#[derive(Default)]
pub(super) struct Logins {
    /// A user at an address, and when the latest login succeeded.
    known: Mutex<HashMap<Hash, Instant>>,
    /// When the next password may be looked at for a user.
    next: Mutex<HashMap<Hash, Instant>>,
}

fn pair(user: &str, from: &str) -> Hash {
    hash(format!("{user}\n{from}").as_bytes())
}

impl Logins {
    /// That user has logged in from there.
    pub(super) fn succeeded(&self, user: &str, from: &str, now: Instant) {
        let mut known = self.known.lock();
        if known.len() >= MOST {
            known.retain(|_, at| now < *at + KNOWN);
        }
        if known.len() >= MOST {
            let oldest = known.iter().min_by_key(|(_, at)| **at).map(|(pair, _)| *pair);
            oldest.map(|oldest| known.remove(&oldest));
        }
        known.insert(pair(user, from), now);
    }

    /// Whether a password from there may be looked at now, although too many were wrong for that user.
    pub(super) fn may_try(&self, user: &str, from: &str, now: Instant) -> bool {
        let known = self.known.lock().get(&pair(user, from)).copied();
        if known.is_some_and(|at| now < at + KNOWN) {
            return true;
        }
        let mut next = self.next.lock();
        if next.len() >= MOST {
            next.retain(|_, at| now < *at);
        }
        let user = hash(user.as_bytes());
        let early = next.get(&user).is_some_and(|at| now < *at);
        if early || (next.len() >= MOST && !next.contains_key(&user)) {
            return false;
        }
        next.insert(user, now + EVERY);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_let_try_from_a_known_address_and_now_and_then_from_any_other() {
        let (logins, now) = (Logins::default(), Instant::now());
        logins.succeeded("1000@a", "192.0.2.1", now);
        for _ in 0..100 {
            assert!(logins.may_try("1000@a", "192.0.2.1", now));
        }
        assert!(logins.may_try("1000@a", "192.0.2.2", now));
        assert!(!logins.may_try("1000@a", "192.0.2.3", now + EVERY / 2));
        assert!(logins.may_try("1001@a", "192.0.2.1", now), "another user");
        assert!(logins.may_try("1000@a", "192.0.2.3", now + EVERY));
        assert!(logins.may_try("1000@a", "192.0.2.4", now + KNOWN));
        assert!(!logins.may_try("1000@a", "192.0.2.1", now + KNOWN), "it was long ago");
    }

    #[test]
    fn there_are_not_more_than_fit() {
        let (logins, now) = (Logins::default(), Instant::now());
        for number in 0..2 * MOST as u64 {
            let at = now + Duration::from_millis(number);
            logins.succeeded(&number.to_string(), "192.0.2.1", at);
            logins.may_try(&number.to_string(), "192.0.2.2", now);
        }
        assert!(logins.known.lock().len() <= MOST && logins.next.lock().len() <= MOST);
        let last = (2 * MOST - 1).to_string();
        assert!(logins.may_try(&last, "192.0.2.1", now), "the latest is known");
    }
}
