//! What phones ask, and for how long they watch.

use std::net::IpAddr;
use std::sync::Arc;

use crate::park::{LONGEST_USER, domain_name, host_of, shortened};

/// The longest that is believed, in seconds, as for mod_sofia: a year.
pub(crate) const LONGEST_S: u64 = 31_536_000;

/// A lamp that a phone asks about.
#[derive(Clone)]
pub(crate) struct Asked {
    /// The lamp.
    pub login: String,
    /// The domain in which it is watched, as the phone spells it.
    pub domain: String,
    /// The subscription that gets the answer.
    pub call_id: Option<String>,
    /// The phone that asks, by its own account.
    source: Arc<str>,
    /// The domain of the phone, by its own account.
    from: Option<String>,
    /// For how many more seconds it watches. 0 means that it has stopped.
    pub expires_s: u64,
    /// Whether it has got its answer and is only to be remembered.
    pub is_answered: bool,
    /// Whether the phone has not asked now: the module has found out that it watches.
    pub is_found: bool,
}

/// The longest name of a subscription.
const LONGEST_CALL_ID: usize = 512;
/// The longest name of a lamp: lots have longer ones than orbits.
const LONGEST_LOGIN: usize = 64;

impl Asked {
    /// That subscription of `from` asks for the lamp `login@domain`. `None` if this cannot be a lamp of ours.
    #[must_use]
    pub(crate) fn new(
        login: &str,
        domain: &str,
        call_id: Option<String>,
        from: &str,
        expires_s: u64,
    ) -> Option<Self> {
        let is_sane =
            |id: &String| id.len() <= LONGEST_CALL_ID && !id.chars().any(char::is_control);
        domain_name(host_of(domain))?;
        if login.len() > LONGEST_LOGIN || !call_id.as_ref().is_none_or(is_sane) {
            return None;
        }
        let host = from.rsplit_once('@').map(|(_, host)| host_of(host));
        Some(Self {
            login: login.to_owned(),
            domain: domain.to_owned(),
            call_id,
            source: shortened(from, LONGEST_USER).to_lowercase().into(),
            from: host.filter(|host| host.parse::<IpAddr>().is_err()).and_then(domain_name),
            expires_s,
            is_answered: false,
            is_found: false,
        })
    }

    /// The same question, already answered.
    #[must_use]
    pub(crate) fn answered(self) -> Self {
        Self { is_answered: true, ..self }
    }

    /// The same question, of a phone that has not asked it now.
    #[must_use]
    pub(crate) fn found(self) -> Self {
        Self { is_found: true, ..self }
    }

    /// The phone that asks, by its own account.
    #[must_use]
    pub(crate) fn source(&self) -> Arc<str> {
        Arc::clone(&self.source)
    }

    /// The domain of the phone, by its own account. `None` if it names an address.
    #[must_use]
    pub(crate) fn phone_domain(&self) -> Option<&str> {
        self.from.as_deref()
    }
}

/// For how many seconds a subscription is to last, by what its phone has asked for.
pub(super) fn expires_s(text: Option<&str>) -> u64 {
    const DEFAULT_S: u64 = 3600;
    match text {
        None => DEFAULT_S,
        Some(text) if text.starts_with('-') => 0,
        Some(text) => text.parse().unwrap_or(LONGEST_S),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_lamp_of_ours_is_asked_for() {
        let asked = |login: &str, domain: &str, call_id: &str, from: &str| {
            Asked::new(login, domain, Some(call_id.to_owned()), from, 60)
        };
        assert!(asked("701", "b.local", "x", "1@b.local").is_some());
        assert!(asked("701", "[2001:db8::1]", "x", "").is_some());
        let long = "7".repeat(60_000);
        let from = asked("701", "b.local", "x", &format!("{long}@{long}"));
        assert!(from.is_some_and(|asked| asked.source().chars().count() <= LONGEST_USER));
        assert!(asked(&long, "b.local", "x", "1@b.local").is_none());
        assert!(asked("701", &long, "x", "1@b.local").is_none());
        assert!(asked("701", "b.local", &long, "1@b.local").is_none());
        assert!(asked("701", "b.local\r\n", "x", "1@b.local").is_none());
    }

    #[test]
    fn no_time_is_too_long_or_too_short() {
        assert_eq!(expires_s(None), 3600);
        assert_eq!(expires_s(Some("0")), 0);
        assert_eq!(expires_s(Some("-5")), 0);
        assert_eq!(expires_s(Some("60")), 60);
        assert_eq!(expires_s(Some("18446744073709551616")), LONGEST_S);
    }
}
