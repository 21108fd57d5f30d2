//! Who has logged in, and until when. A session is known by the hash of its cookie; nothing of it outlasts the server.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::host::Who;

/// How many there are at the most. The one that was used least recently goes first.
const MOST: usize = 10_000;
/// How long a session lasts.
const LASTS: Duration = Duration::from_secs(12 * 3_600);
/// How long it lasts without being used.
const IDLE: Duration = Duration::from_secs(4 * 3_600);

/// A SHA-256 hash.
pub(super) type Hash = [u8; 32];

/// How somebody has logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// With the token of this hash.
    Token(Hash),
    /// With a password.
    Password,
}

/// The sessions.
pub(super) struct Sessions {
    open: Mutex<HashMap<Hash, Session>>,
    /// What marks against forged requests are made with.
    secret: [u8; 32],
}

#[derive(Clone)]
struct Session {
    who: Who,
    means: Means,
    until: Instant,
    used: Instant,
}

/// The hash of a text.
pub(super) fn hash(text: &[u8]) -> Hash {
    Sha256::digest(text).into()
}

impl Sessions {
    /// None yet. `secret`: nobody knows it.
    pub(super) fn new(secret: [u8; 32]) -> Self {
        Sessions { open: Mutex::default(), secret }
    }

    /// Opens one. Returns what its cookie is.
    pub(super) fn open(&self, who: Who, means: Means, now: Instant) -> Option<String> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).ok()?;
        let cookie = URL_SAFE_NO_PAD.encode(bytes);
        let mut open = self.open.lock();
        if open.len() >= MOST {
            open.retain(|_, session| session.lasts(now));
        }
        if open.len() >= MOST {
            let oldest = open.iter().min_by_key(|(_, session)| session.used).map(|(hash, _)| *hash);
            oldest.map(|hash| open.remove(&hash));
        }
        let session = Session { who, means, until: now + LASTS, used: now };
        open.insert(hash(cookie.as_bytes()), session);
        Some(cookie)
    }

    /// Whose session that is, and how it began.
    pub(super) fn of(&self, cookie: &str, now: Instant) -> Option<(Who, Means)> {
        let mut open = self.open.lock();
        let session = open.get_mut(&hash(cookie.as_bytes()))?;
        if !session.lasts(now) {
            return None;
        }
        session.used = now;
        Some((session.who.clone(), session.means.clone()))
    }

    /// Ends it.
    pub(super) fn close(&self, cookie: &str) {
        self.open.lock().remove(&hash(cookie.as_bytes()));
    }

    /// What requests that change something have to bear, so that another site cannot forge them. `whose`: the cookie, or the
    /// user for whom a proxy vouches.
    pub(super) fn mark(&self, whose: &str) -> String {
        // A key of any length will do.
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.secret) else {
            return String::new();
        };
        mac.update(whose.as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    /// Whether that is the mark.
    pub(super) fn is_mark(&self, whose: &str, mark: &str) -> bool {
        let expected = self.mark(whose);
        !expected.is_empty() && bool::from(expected.as_bytes().ct_eq(mark.as_bytes()))
    }
}

impl Session {
    fn lasts(&self, now: Instant) -> bool {
        now < self.until && now < self.used + IDLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Scope;

    fn who() -> Who {
        Who {
            name: "1000@a".to_owned(),
            user: None,
            domain: None,
            scope: Scope::Act,
            lots: Vec::new(),
        }
    }

    #[test]
    fn a_session_ends_when_it_is_closed_unused_or_old() {
        let (sessions, now) = (Sessions::new([7; 32]), Instant::now());
        let open = || sessions.open(who(), Means::Password, now).unwrap();
        let (one, two, three) = (open(), open(), open());
        assert!(one != two && sessions.of("", now).is_none());
        sessions.close(&one);
        assert!(sessions.of(&one, now).is_none() && sessions.of(&two, now).is_some());
        assert!(sessions.of(&three, now + IDLE).is_none());
        let mut at = now;
        while at + IDLE < now + LASTS {
            at += IDLE / 2;
            assert!(sessions.of(&two, at).is_some());
        }
        assert!(sessions.of(&two, now + LASTS).is_none());
    }

    #[test]
    fn there_are_not_more_than_fit_and_a_mark_belongs_to_one() {
        let (sessions, now) = (Sessions::new([7; 32]), Instant::now());
        let first = sessions.open(who(), Means::Password, now).unwrap();
        for number in 1..=MOST as u64 {
            sessions.open(who(), Means::Password, now + Duration::from_millis(number)).unwrap();
        }
        assert!(sessions.of(&first, now).is_none() && sessions.open.lock().len() == MOST);
        assert!(
            sessions.is_mark("a", &sessions.mark("a"))
                && !sessions.is_mark("b", &sessions.mark("a"))
        );
        assert!(
            !sessions.is_mark("a", "") && Sessions::new([8; 32]).mark("a") != sessions.mark("a")
        );
    }
}
