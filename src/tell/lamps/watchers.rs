//! The subscriptions that are notified one by one: those to lamps of tenants, and those from other domains than a lamp's
//! own. What is sent to all who watch a number in a domain, FreeSWITCH also sends to those who watch it in another domain of
//! the profile (`presence-hosts`), or by the switch's address.
//!
//! Anybody can subscribe, under any name and any number of times. Therefore there is a limit for each lamp, each phone, each
//! phone on a lamp, each domain, and in all. When a limit is reached, the subscription that was renewed longest ago makes
//! room.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::tell::lamps::asked::{Asked, LONGEST_S};
use crate::tell::lamps::shown::Shown;

/// The most subscriptions that are remembered.
const MOST: usize = 20_000;
/// The most of one domain of the directory.
const MOST_OF_A_DOMAIN: usize = 10_000;
/// The most whose domain the directory does not have, or has not been asked for.
const MOST_OF_NO_DOMAIN: usize = 256;
/// The most to one lamp.
const MOST_ON_A_LAMP: usize = 2_000;
/// The most of one phone, by the address in its From.
const MOST_OF_A_PHONE: usize = 1_000;
/// The most of one phone to one lamp: it may have been restarted, and have subscribed to several kinds of event.
const MOST_OF_A_PHONE_ON_A_LAMP: usize = 8;

/// A lamp, and FreeSWITCH's name of the subscription. For all those of a domain at once, `@` and the domain.
type Key = Arc<(String, String)>;

/// One subscription, or those of a whole domain to a lamp that has no tenant.
#[derive(Clone)]
pub(crate) struct Watcher {
    /// The domain in which it watches, as it has spelled it.
    pub domain: String,
    /// FreeSWITCH's name of it. `None` means all of that domain.
    pub call_id: Option<String>,
    /// What it was shown last.
    pub shown: Shown,
    /// When it ends, unless it is renewed.
    until: Instant,
    /// Rises with every renewal.
    renewed: u64,
    /// The limits it falls under.
    scopes: [Scope; 5],
}

impl Watcher {
    /// Whether the directory has its domain.
    fn is_known(&self) -> bool {
        self.scopes.iter().any(|scope| matches!(scope, Scope::Domain(Some(_))))
    }

    /// Shows it the lamp `login`, if that has changed. Returns whether it has.
    pub(crate) fn show(&mut self, proto: &str, login: &str, shown: Shown) -> bool {
        let changes = self.shown != shown;
        if changes {
            shown.fire(proto, login, &self.domain, self.call_id.as_deref());
            self.shown = shown;
        }
        changes
    }
}

/// What has a limit.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Scope {
    All,
    /// A domain of the directory, or none.
    Domain(Option<Arc<str>>),
    Phone(Arc<str>),
    Lamp(Arc<str>),
    PhoneOnLamp(Arc<str>, Arc<str>),
}

impl Scope {
    fn most(&self) -> usize {
        match self {
            Self::All => MOST,
            Self::Domain(Some(_)) => MOST_OF_A_DOMAIN,
            Self::Domain(None) => MOST_OF_NO_DOMAIN,
            Self::Phone(_) => MOST_OF_A_PHONE,
            Self::Lamp(_) => MOST_ON_A_LAMP,
            Self::PhoneOnLamp(..) => MOST_OF_A_PHONE_ON_A_LAMP,
        }
    }
}

/// All of them, by their lamp.
#[derive(Default)]
pub(crate) struct Watchers {
    all: BTreeMap<Key, Watcher>,
    /// The same in the order in which they were renewed.
    scopes: HashMap<Scope, BTreeSet<(u64, Key)>>,
    /// Those of the scopes that are domains.
    domains: HashSet<Scope>,
    /// When each ends.
    ends: BTreeSet<(Instant, Key)>,
    count: u64,
}

impl Watchers {
    /// Notes a subscription, or that it was renewed or has ended, and what it is shown. `domain` is its domain
    /// of the directory, if known. `whole` says that it stands for all who watch the lamp in that domain.
    pub(crate) fn note(
        &mut self,
        now: Instant,
        asked: &Asked,
        domain: Option<&str>,
        whole: bool,
        shown: Shown,
    ) {
        self.end(now);
        let Some(call_id) = asked.call_id.clone() else { return };
        let id = if whole { format!("@{}", asked.domain) } else { call_id.clone() };
        let key = Arc::new((asked.login.clone(), id));
        let mut until = now + Duration::from_secs(asked.expires_s.min(LONGEST_S));
        let mut shown = shown;
        if let Some(old) = self.forget(&key)
            && whole
        {
            // The others of that domain are notified of what has changed meanwhile.
            (until, shown) = (until.max(old.until), old.shown);
        }
        if whole {
            // It was notified separately while the domain was not known.
            self.forget(&Arc::new((asked.login.clone(), call_id.clone())));
        }
        if until <= now {
            return;
        }
        let (lamp, phone): (Arc<str>, Arc<str>) = (
            asked.login.as_str().into(),
            match whole {
                true => key.1.as_str().into(),
                false => asked.source(),
            },
        );
        let scopes = [
            Scope::PhoneOnLamp(Arc::clone(&phone), Arc::clone(&lamp)),
            Scope::Phone(phone),
            Scope::Lamp(lamp),
            Scope::Domain(domain.map(Arc::from)),
            Scope::All,
        ];
        for scope in &scopes {
            self.make_room(scope);
        }
        self.count += 1;
        for scope in &scopes {
            let entry = (self.count, Arc::clone(&key));
            if matches!(scope, Scope::Domain(_)) {
                self.domains.insert(scope.clone());
            }
            self.scopes.entry(scope.clone()).or_default().insert(entry);
        }
        self.ends.insert((until, Arc::clone(&key)));
        let call_id = (!whole).then_some(call_id);
        let (domain, renewed) = (asked.domain.clone(), self.count);
        self.all.insert(key, Watcher { domain, call_id, shown, until, renewed, scopes });
    }

    fn make_room(&mut self, scope: &Scope) {
        let is_full = |set: &BTreeSet<_>| set.len() >= scope.most();
        if !self.scopes.get(scope).is_some_and(is_full) {
            return;
        }
        // If the whole is full, the largest domain makes room.
        let domains = self.domains.iter().filter_map(|domain| self.scopes.get(domain));
        let from = match scope {
            Scope::All => domains.max_by_key(|set| set.len()),
            _ => self.scopes.get(scope),
        };
        if let Some((_, key)) = from.and_then(BTreeSet::first).cloned() {
            self.forget(&key);
        }
    }

    fn forget(&mut self, key: &Key) -> Option<Watcher> {
        let watcher = self.all.remove(key)?;
        for scope in &watcher.scopes {
            if let Some(set) = self.scopes.get_mut(scope) {
                set.remove(&(watcher.renewed, Arc::clone(key)));
                if set.is_empty() {
                    self.scopes.remove(scope);
                    self.domains.remove(scope);
                }
            }
        }
        self.ends.remove(&(watcher.until, Arc::clone(key)));
        Some(watcher)
    }

    /// Forgets those that have ended.
    fn end(&mut self, now: Instant) {
        while let Some((_, key)) = self.ends.first().filter(|(until, _)| *until <= now).cloned() {
            self.forget(&key);
        }
    }

    /// At most `most` of one lamp that have not ended, after `after` if that is given, and the last one's name if there may
    /// be more. `known` selects those whose domain the directory has, or the others.
    pub(crate) fn some_of(
        &mut self,
        now: Instant,
        login: &str,
        known: bool,
        after: Option<&str>,
        most: usize,
    ) -> (Vec<&mut Watcher>, Option<String>) {
        self.end(now);
        let from = (login.to_owned(), after.map_or_else(String::new, |id| format!("{id}\0")));
        let of_lamp = self.all.range_mut(Arc::new(from)..).take_while(|(key, _)| key.0 == login);
        let (mut some, mut last) = (Vec::new(), None);
        for (key, watcher) in of_lamp.filter(|(_, it)| it.is_known() == known).take(most) {
            last = Some(key.1.clone());
            some.push(watcher);
        }
        let last = last.filter(|_| some.len() == most);
        (some, last)
    }

    /// The lamps that are watched.
    pub(crate) fn lamps(&self) -> BTreeSet<String> {
        self.all.keys().map(|key| key.0.clone()).collect()
    }

    /// Forgets all of them, and returns their lamps and what they were shown.
    pub(crate) fn take_all(&mut self) -> Vec<(String, Watcher)> {
        let all = std::mem::take(&mut self.all);
        self.scopes.clear();
        self.domains.clear();
        self.ends.clear();
        all.into_iter().map(|(key, watcher)| (key.0.clone(), watcher)).collect()
    }

    /// Forgets those whose lamp no longer exists, and returns them.
    pub(crate) fn retain(
        &mut self,
        is_there: impl Fn(&str, &str) -> bool,
    ) -> Vec<(String, Watcher)> {
        let gone = |(key, watcher): (&Key, &Watcher)| {
            (!is_there(&key.0, &watcher.domain)).then(|| Arc::clone(key))
        };
        let gone: Vec<Key> = self.all.iter().filter_map(gone).collect();
        gone.iter().filter_map(|key| Some((key.0.clone(), self.forget(key)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn asked(login: &str, call_id: &str, from: &str, expires_s: u64) -> Asked {
        Asked::new(login, "b.local", Some(call_id.to_owned()), from, expires_s).expect("a lamp")
    }

    fn note(watchers: &mut Watchers, now: Instant, asked: &Asked) {
        watchers.note(now, asked, Some("b.local"), false, Shown::off());
    }

    fn ids(watchers: &mut Watchers, now: Instant, login: &str) -> Vec<String> {
        let (some, _) = watchers.some_of(now, login, true, None, usize::MAX);
        some.iter().filter_map(|it| it.call_id.clone()).collect()
    }

    #[test]
    fn only_those_of_the_lamp_that_are_not_over_are_found() {
        let (mut watchers, now) = (Watchers::default(), Instant::now());
        for (login, call_id, expires_s) in
            [("701", "a", 60), ("701", "b", 60), ("701", "over", 1), ("7010", "c", 60)]
        {
            note(&mut watchers, now, &asked(login, call_id, "1@b.local", expires_s));
        }
        let later = now + Duration::from_secs(2);
        assert_eq!(ids(&mut watchers, later, "701"), ["a", "b"]);
        // Renewed, and ended.
        note(&mut watchers, later, &asked("701", "over", "1@b.local", 60));
        note(&mut watchers, later, &asked("701", "a", "1@b.local", 0));
        assert_eq!(ids(&mut watchers, later, "701"), ["b", "over"]);
        let for_ever = asked("701", "d", "1@b.local", u64::MAX);
        note(&mut watchers, later, &for_ever);
        assert_eq!(ids(&mut watchers, later, "701"), ["b", "d", "over"]);
        assert_eq!(ids(&mut watchers, later + Duration::from_secs(LONGEST_S), "701").len(), 0);
        assert!(watchers.scopes.is_empty() && watchers.all.is_empty());
        assert!(watchers.domains.is_empty());
    }

    #[test]
    fn one_phone_does_not_crowd_out_another() {
        let (mut watchers, now) = (Watchers::default(), Instant::now());
        note(&mut watchers, now, &asked("701", "good", "2@b.local", 60));
        for n in 0..MOST {
            note(&mut watchers, now, &asked("701", &format!("x{n:05}"), "1@b.local", 60));
        }
        let found = ids(&mut watchers, now, "701");
        assert_eq!(found.len(), MOST_OF_A_PHONE_ON_A_LAMP + 1, "{found:?}");
        assert!(found.contains(&"good".to_owned()) && found.contains(&format!("x{:05}", MOST - 1)));
        for n in 0..MOST {
            note(&mut watchers, now, &asked(&n.to_string(), "y", "1@b.local", 60));
        }
        assert_eq!(watchers.all.len(), MOST_OF_A_PHONE + 1);
        assert!(ids(&mut watchers, now, "701").contains(&"good".to_owned()));
    }

    #[test]
    fn made_up_domains_share_what_they_have() {
        let (mut watchers, now) = (Watchers::default(), Instant::now());
        note(&mut watchers, now, &asked("701", "good", "2@b.local", 60));
        for n in 0..MOST {
            let stranger = Asked::new(
                "701",
                &format!("d{n}.example"),
                Some(n.to_string()),
                &format!("1@d{n}.example"),
                60,
            );
            watchers.note(now, &stranger.expect("a lamp"), None, false, Shown::off());
        }
        assert_eq!(watchers.all.len(), MOST_OF_NO_DOMAIN + 1);
        assert!(ids(&mut watchers, now, "701").contains(&"good".to_owned()));
    }

    #[test]
    fn a_full_table_is_emptied_where_it_is_fullest() {
        let (mut watchers, now) = (Watchers::default(), Instant::now());
        note(&mut watchers, now, &asked("701", "good", "2@b.local", 60));
        for domain in ["c.local", "d.local", "e.local"] {
            for n in 0..MOST_OF_A_DOMAIN {
                let from = format!("{}@{domain}", n / 16);
                let asked = asked(&(n % 16).to_string(), &format!("{domain}{n}"), &from, 60);
                watchers.note(now, &asked, Some(domain), false, Shown::off());
            }
        }
        assert!(watchers.all.len() <= MOST, "{}", watchers.all.len());
        assert_eq!(ids(&mut watchers, now, "701"), ["good"]);
    }

    #[test]
    fn a_whole_domain_is_one_and_lasts_as_long_as_its_last_phone() {
        let (mut watchers, now) = (Watchers::default(), Instant::now());
        for (call_id, expires_s) in [("a", 60), ("b", 10), ("a", 0), ("c", 0)] {
            let asked = asked("701", call_id, "1@b.local", expires_s);
            watchers.note(now, &asked, Some("b.local"), true, Shown::off());
        }
        let count = |watchers: &mut Watchers, s| {
            let (some, _) = watchers.some_of(now + Duration::from_secs(s), "701", true, None, 9);
            some.iter().filter(|it| it.call_id.is_none()).count()
        };
        assert_eq!(count(&mut watchers, 59), 1);
        assert_eq!(count(&mut watchers, 61), 0);
    }

    #[test]
    fn they_are_told_a_few_at_a_time() {
        let (mut watchers, now) = (Watchers::default(), Instant::now());
        for n in 0..5 {
            note(&mut watchers, now, &asked("701", &n.to_string(), &format!("{n}@b.local"), 60));
        }
        let (mut after, mut found) = (None, Vec::new());
        loop {
            let (some, last) = watchers.some_of(now, "701", true, after.as_deref(), 2);
            found.extend(some.iter().filter_map(|it| it.call_id.clone()));
            after = last;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, ["0", "1", "2", "3", "4"]);
    }
}
