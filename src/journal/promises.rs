//! What must be true of calls, channels, the journal and lamps at every moment, and what was not.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::fmt;

use office::query::Promise;

use crate::module::health::Part;

/// How many broken promises are listed. All are counted.
const MOST_LISTED: usize = 10;

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Broken {
    /// Which.
    pub what: What,
    /// The channel of the call, or empty.
    pub uuid: String,
    /// The lot and the orbit, or the lamp, or empty.
    pub place: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// A call is parked, and its channel has gone.
    NoChannel,
    /// A call is parked, and the journal does not know it.
    NotRecorded,
    /// A call is not parked, and the journal has no end of it.
    NotEnded,
    /// The journal has the call in another place, this one.
    Elsewhere(String),
    /// A call is parked, and its lamp is dark.
    Dark,
    /// A lamp is lit, and no call is parked there.
    Lit,
    /// A promise of the journal itself.
    Journal(Promise),
}

impl What {
    /// The names of all, for monitoring.
    pub(crate) const NAMES: [&str; 11] = [
        "has-channel",
        "is-recorded",
        "end-recorded",
        "same-orbit",
        "lamp-lit",
        "lamp-dark",
        "no-gap",
        "one-park",
        "one-end",
        "one-orbit",
        "same-row",
    ];

    /// Its name: that of what should be so.
    fn name(&self) -> &'static str {
        match self {
            What::NoChannel => "has-channel",
            What::NotRecorded => "is-recorded",
            What::NotEnded => "end-recorded",
            What::Elsewhere(_) => "same-orbit",
            What::Dark => "lamp-lit",
            What::Lit => "lamp-dark",
            What::Journal(promise) => promise.as_str(),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken { what, uuid, place } = self;
        if !place.is_empty() {
            write!(f, "{place}: ")?;
        }
        match what {
            What::NoChannel => f.write_str("the parked call has no channel")?,
            What::NotRecorded => f.write_str("the parked call is not in the journal")?,
            What::NotEnded => {
                f.write_str("the call is not parked, and the journal has no end of it")?;
            }
            What::Elsewhere(there) => write!(f, "the journal has the call in {there}")?,
            What::Dark => f.write_str("the lamp of the parked call is dark")?,
            What::Lit => f.write_str("the lamp is lit without a call")?,
            What::Journal(promise) => write!(f, "the journal breaks its promise {promise}")?,
        }
        if uuid.is_empty() { Ok(()) } else { write!(f, " ({uuid})") }
    }
}

/// What was there at a moment. None: it could not be asked.
#[derive(Default)]
pub(super) struct Seen {
    /// The parked calls: where each channel is parked.
    pub calls: BTreeMap<String, String>,
    /// Those of them that have no channel.
    pub dead: Vec<String>,
    /// The calls without an end in the journal, in the same way.
    pub journal: Option<Vec<(String, String)>>,
    /// The lamps.
    pub lamps: Option<Lamps>,
}

/// Lamps by their names.
#[derive(Default)]
pub(super) struct Lamps {
    /// Those that are lit.
    pub lit: HashSet<String>,
    /// Those that will be shown when their turn comes.
    pub to_come: HashSet<String>,
    /// Those that must be lit, each with the channel of a call.
    pub due: BTreeMap<String, String>,
}

impl Seen {
    /// What does not agree.
    pub(super) fn broken(&self) -> BTreeSet<Broken> {
        let mut broken = BTreeSet::new();
        let mut is = |what, uuid: &str, place: &str| {
            broken.insert(Broken { what, uuid: uuid.to_owned(), place: place.to_owned() });
        };
        for uuid in &self.dead {
            let place = self.calls.get(uuid).map_or("", String::as_str);
            is(What::NoChannel, uuid, place);
        }
        if let Some(journal) = &self.journal {
            let mut recorded = HashSet::new();
            for (uuid, place) in journal {
                if !recorded.insert(uuid) {
                    is(What::Journal(Promise::OneOrbit), uuid, place);
                }
                match self.calls.get(uuid) {
                    None => is(What::NotEnded, uuid, place),
                    Some(here) if here != place => is(What::Elsewhere(place.clone()), uuid, here),
                    Some(_) => {}
                }
            }
            for (uuid, place) in self.calls.iter().filter(|(uuid, _)| !recorded.contains(uuid)) {
                is(What::NotRecorded, uuid, place);
            }
        }
        if let Some(Lamps { lit, to_come, due }) = &self.lamps {
            for (lamp, uuid) in due.iter().filter(|(lamp, _)| !lit.contains(*lamp)) {
                if !to_come.contains(lamp) {
                    is(What::Dark, uuid, lamp);
                }
            }
            for lamp in lit.iter().filter(|lamp| !due.contains_key(*lamp)) {
                if !to_come.contains(lamp) {
                    is(What::Lit, "", lamp);
                }
            }
        }
        broken
    }
}

/// What was broken since the module was loaded.
pub(super) struct Ledger {
    /// What was broken when it was last looked.
    now: BTreeSet<Broken>,
    count: u64,
    /// The same for each promise, by its name.
    counts: BTreeMap<&'static str, u64>,
    newest: VecDeque<Broken>,
    since_ms: u64,
    looked_ms: Option<u64>,
}

impl Ledger {
    pub(super) fn new(now_ms: u64) -> Self {
        let (now, newest) = (BTreeSet::new(), VecDeque::new());
        let counts = What::NAMES.into_iter().map(|name| (name, 0)).collect();
        Ledger { now, count: 0, counts, newest, since_ms: now_ms, looked_ms: None }
    }

    /// Notes what is broken now. Returns what was not broken before.
    pub(super) fn note(&mut self, broken: BTreeSet<Broken>, now_ms: u64) -> Vec<Broken> {
        let new: Vec<Broken> = broken.difference(&self.now).cloned().collect();
        if self.count == 0 && !new.is_empty() {
            self.since_ms = now_ms;
        }
        self.count += new.len() as u64;
        for broken in &new {
            *self.counts.entry(broken.what.name()).or_default() += 1;
            self.newest.push_front(broken.clone());
        }
        self.newest.truncate(MOST_LISTED);
        self.now = broken;
        self.looked_ms = Some(now_ms);
        new
    }

    /// How many times each promise was broken.
    #[cfg_attr(not(feature = "web"), allow(dead_code, reason = "there is no server that shows it"))]
    pub(super) fn counts(&self) -> Vec<(&'static str, u64)> {
        self.counts.iter().map(|(name, count)| (*name, *count)).collect()
    }

    /// For `callpark health`. What was broken is shown until the module is loaded again: it is a fault of the module.
    pub(super) fn part(&self, now_ms: u64) -> Part {
        let looked = match self.looked_ms {
            Some(ms) => format!("looked {} s ago", now_ms.saturating_sub(ms) / 1000),
            None => "not looked yet".to_owned(),
        };
        let newest: Vec<String> = self.newest.iter().map(Broken::to_string).collect();
        let text = match self.count {
            0 => format!("0 broken, {looked}"),
            count => format!("{count} broken, {looked}; newest first: {}", newest.join("; ")),
        };
        Part { name: "promises", ok: self.count == 0, since_ms: self.since_ms, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreed() -> Seen {
        let calls = BTreeMap::from([("a".into(), "default 701".into())]);
        let lit = HashSet::from(["701@d".to_owned()]);
        let due = BTreeMap::from([("701@d".into(), "a".into())]);
        Seen {
            calls,
            dead: Vec::new(),
            journal: Some(vec![("a".into(), "default 701".into())]),
            lamps: Some(Lamps { lit, to_come: HashSet::new(), due }),
        }
    }

    fn broken(change: impl FnOnce(&mut Seen)) -> Vec<String> {
        let mut seen = agreed();
        change(&mut seen);
        seen.broken().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_disagreement_is_one_broken_promise_with_its_call() {
        assert!(broken(|_| {}).is_empty());
        let journal = |seen: &mut Seen, calls: &[(&str, &str)]| {
            let owned = calls.iter().map(|(uuid, place)| ((*uuid).into(), (*place).into()));
            seen.journal = Some(owned.collect());
        };
        let lamps = |seen: &mut Seen, lit: &[&str], to_come: &[&str]| {
            let lamps = seen.lamps.get_or_insert_default();
            lamps.lit = lit.iter().map(ToString::to_string).collect();
            lamps.to_come = to_come.iter().map(ToString::to_string).collect();
        };
        assert_eq!(
            broken(|seen| seen.dead.push("a".into())),
            ["default 701: the parked call has no channel (a)"]
        );
        assert_eq!(
            broken(|seen| journal(seen, &[])),
            ["default 701: the parked call is not in the journal (a)"]
        );
        let two = [("a", "default 701"), ("b", "default 702")];
        assert_eq!(
            broken(|seen| journal(seen, &two)),
            ["default 702: the call is not parked, and the journal has no end of it (b)"]
        );
        let twice = [("a", "default 701"), ("a", "default 701")];
        assert_eq!(
            broken(|seen| journal(seen, &twice)),
            ["default 701: the journal breaks its promise one-orbit (a)"]
        );
        assert_eq!(
            broken(|seen| journal(seen, &[("a", "default 709")])),
            ["default 701: the journal has the call in default 709 (a)"]
        );
        assert_eq!(
            broken(|seen| lamps(seen, &[], &[])),
            ["701@d: the lamp of the parked call is dark (a)"]
        );
        assert_eq!(
            broken(|seen| lamps(seen, &["701@d", "702@d"], &[])),
            ["702@d: the lamp is lit without a call"]
        );
        assert!(broken(|seen| lamps(seen, &[], &["701@d"])).is_empty(), "its turn will come");
        assert!(broken(|seen| (seen.journal, seen.lamps) = (None, None)).is_empty());
    }

    #[test]
    fn what_stays_broken_is_counted_once_and_the_newest_are_listed() {
        let one = |n: u32| Broken { what: What::Lit, uuid: String::new(), place: n.to_string() };
        let mut ledger = Ledger::new(1_000);
        assert_eq!(ledger.part(9_000).text, "0 broken, not looked yet");
        assert!(ledger.note(BTreeSet::new(), 2_000).is_empty());
        let part = ledger.part(9_000);
        assert_eq!((part.ok, part.text.as_str()), (true, "0 broken, looked 7 s ago"));
        assert_eq!(ledger.note(BTreeSet::from([one(1)]), 3_000), [one(1)]);
        assert!(ledger.note(BTreeSet::from([one(1)]), 4_000).is_empty());
        assert!(ledger.note(BTreeSet::new(), 5_000).is_empty());
        assert_eq!(ledger.note((1..=20).map(one).collect(), 6_000).len(), 20);
        let part = ledger.part(6_000);
        assert!(!part.ok && part.since_ms == 3_000);
        assert!(
            part.text.starts_with("21 broken, looked 0 s ago; newest first: "),
            "{}",
            part.text
        );
        assert_eq!(part.text.matches("lit without").count(), MOST_LISTED);
        let counts = ledger.counts();
        assert!(counts.contains(&("lamp-dark", 21)), "{counts:?}");
        // Each has a name of its own, and is there before it is broken.
        assert_eq!(counts.len(), What::NAMES.len());
        assert!(Promise::ALL.iter().all(|promise| What::NAMES.contains(&promise.as_str())));
    }
}
