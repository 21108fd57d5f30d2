//! One-tap links: `/r/<token>` lets one user take one parked call, once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// How many used links are remembered. Each is forgotten when its time is up.
const MOST_USED: usize = 10_000;
/// The longest token.
const LONGEST: usize = 2_048;
/// How much of the code is in a link, in bytes.
const CODE: usize = 16;
/// The longest time for which a link is good.
pub const LONGEST_LINK: Duration = Duration::from_secs(24 * 3_600);

/// What a link is good for: this call, as it is parked now, for this user, until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The channel of the call.
    #[serde(rename = "c")]
    pub uuid: String,
    /// When it was parked, in ms since 1970.
    #[serde(rename = "p")]
    pub parked_at_ms: u64,
    /// Where: the lot.
    #[serde(rename = "l")]
    pub lot: String,
    /// Where: the orbit.
    #[serde(rename = "o")]
    pub orbit: String,
    /// Who may take it, `user@domain`.
    #[serde(rename = "u")]
    pub user: String,
    /// Until when, in ms since 1970.
    #[serde(rename = "e")]
    pub until_ms: i64,
}

/// What is wrong with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLink {
    /// Nobody has made it, or not since the server started.
    Unknown,
    /// Its time is up.
    Expired,
    /// It was used.
    Used,
}

/// Makes links, and knows which were used. Whoever knows the secret can make them, so it is made anew at each start and kept
/// nowhere.
pub struct Links {
    secret: Option<[u8; 32]>,
    /// By their codes: until when they have to be remembered.
    used: Mutex<HashMap<Vec<u8>, Instant>>,
}

impl Default for Links {
    fn default() -> Self {
        let mut secret = [0; 32];
        let secret = getrandom::fill(&mut secret).ok().map(|()| secret);
        Links { secret, used: Mutex::default() }
    }
}

impl Links {
    /// The token of a link. None: the system has no random numbers.
    #[must_use]
    pub fn make(&self, link: &Link) -> Option<String> {
        let text = URL_SAFE_NO_PAD.encode(serde_json::to_string(link).ok()?);
        let code = URL_SAFE_NO_PAD.encode(self.code(&text)?);
        Some(format!("{text}.{code}"))
    }

    /// What a token is good for. Opening it uses nothing up.
    ///
    /// # Errors
    /// It is good for nothing, or not any more.
    pub fn open(&self, token: &str, now_ms: i64) -> Result<Link, BadLink> {
        let (link, code) = self.read(token)?;
        match () {
            () if link.until_ms <= now_ms => Err(BadLink::Expired),
            () if self.used.lock().contains_key(&code) => Err(BadLink::Used),
            () => Ok(link),
        }
    }

    /// Uses the token up. Of several who do so at the same time, one succeeds.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn take(&self, token: &str, now_ms: i64) -> Result<Link, BadLink> {
        let link = self.open(token, now_ms)?;
        let (_, code) = self.read(token)?;
        let mut used = self.used.lock();
        let now = Instant::now();
        if used.len() >= MOST_USED {
            used.retain(|_, until| now < *until);
        }
        if used.len() >= MOST_USED {
            // So that none is used twice.
            return Err(BadLink::Expired);
        }
        match used.insert(code, now + LONGEST_LINK) {
            None => Ok(link),
            Some(_) => Err(BadLink::Used),
        }
    }

    /// It was taken, and nothing came of it: it can be used again.
    pub fn give_back(&self, token: &str) {
        if let Ok((_, code)) = self.read(token) {
            self.used.lock().remove(&code);
        }
    }

    fn read(&self, token: &str) -> Result<(Link, Vec<u8>), BadLink> {
        let (text, code) =
            token.split_once('.').filter(|_| token.len() <= LONGEST).ok_or(BadLink::Unknown)?;
        let code = URL_SAFE_NO_PAD.decode(code).map_err(|_| BadLink::Unknown)?;
        let expected = self.code(text).ok_or(BadLink::Unknown)?;
        if !bool::from(expected.as_slice().ct_eq(&code)) {
            return Err(BadLink::Unknown);
        }
        let text = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadLink::Unknown)?;
        let link = serde_json::from_slice(&text).map_err(|_| BadLink::Unknown)?;
        Ok((link, code))
    }

    fn code(&self, text: &str) -> Option<Vec<u8>> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.secret?).ok()?;
        mac.update(text.as_bytes());
        Some(mac.finalize().into_bytes().iter().take(CODE).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link {
        Link {
            uuid: "u".into(),
            parked_at_ms: 1,
            lot: "default".into(),
            orbit: "701".into(),
            user: "1000@a".into(),
            until_ms: 1_000,
        }
    }

    #[test]
    fn a_link_is_opened_often_and_used_once_in_its_time() {
        let links = Links::default();
        let token = links.make(&link()).unwrap();
        for _ in 0..50 {
            assert_eq!(links.open(&token, 999), Ok(link()));
        }
        assert_eq!(links.open(&token, 1_000), Err(BadLink::Expired));
        assert_eq!(links.take(&token, 999), Ok(link()));
        assert_eq!(links.take(&token, 999), Err(BadLink::Used));
        assert_eq!(links.open(&token, 999), Err(BadLink::Used));
        links.give_back(&token);
        assert_eq!(links.take(&token, 999), Ok(link()));
    }

    #[test]
    fn nobody_else_makes_one() {
        let links = Links::default();
        let token = links.make(&link()).unwrap();
        assert_eq!(Links::default().open(&token, 0), Err(BadLink::Unknown));
        let (text, code) = token.split_once('.').unwrap();
        let other = links.make(&Link { user: "1001@a".into(), ..link() }).unwrap();
        let (forged, _) = other.split_once('.').unwrap();
        for token in [
            format!("{forged}.{code}"),
            format!("{text}."),
            format!("{text}.AAAA"),
            text.to_owned(),
            String::new(),
            ".".to_owned(),
            "x".repeat(100_000),
        ] {
            assert_eq!(links.open(&token, 0), Err(BadLink::Unknown));
        }
    }
}
