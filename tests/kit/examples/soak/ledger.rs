//! What the module says happened to each call, and what the phones say they heard.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kit::phone::{Call, Voice};
use kit::{Event, Switch};

/// A last packet of a call that had the port before is nobody's voice: so many, over so long, are.
const PACKETS: u64 = 4;
const SPAN: Duration = Duration::from_millis(80);

/// How far a call is, as the events say.
#[derive(Debug, Clone, Default)]
pub struct Parked {
    pub lot: String,
    pub orbit: String,
    pub parks: u32,
    pub outcomes: Vec<String>,
}

/// A phone's end of a call.
#[derive(Debug, Clone)]
struct Line {
    uuid: String,
    user: String,
}

#[derive(Default)]
struct Inner {
    calls: HashMap<String, Parked>,
    bridges: HashSet<String>,
    /// Those whom the module, or a phone itself, says it has connected.
    pairs: HashSet<(String, String)>,
    lines: HashMap<u32, Line>,
    /// Those of the minute before, for what is told of them.
    former: HashMap<u32, Line>,
    /// Whom a phone that was called showed.
    shown: HashMap<String, String>,
    /// The mark it heard, and the uuid of the one that heard it.
    heard: Vec<(String, u32, Voice)>,
    /// Callers who did not hang up, and whom nobody was to hang up.
    lost: Vec<String>,
}

/// What a round came to.
#[derive(Default)]
pub struct Tally {
    pub parks: u32,
    pub outcomes: BTreeMap<String, u32>,
    pub without: Vec<String>,
    pub twice: Vec<String>,
    pub merged: Vec<String>,
    pub lost: Vec<String>,
    pub connected: usize,
}

#[derive(Default)]
struct Shared {
    inner: Mutex<Inner>,
    came: Condvar,
}

/// For all threads.
pub struct Ledger {
    shared: Arc<Shared>,
}

impl Ledger {
    pub fn open(switch: &Switch) -> Ledger {
        let mut esl = switch.esl();
        esl.subscribe(&["CUSTOM callpark::info", "CHANNEL_BRIDGE"]).expect("a subscription");
        let shared = Arc::new(Shared::default());
        let theirs = Arc::downgrade(&shared);
        // Not waited for: it ends with the connection.
        std::thread::spawn(move || {
            loop {
                let next = esl.next_event();
                let Some(shared) = theirs.upgrade() else { return };
                match next {
                    Ok(event) => {
                        let mut inner = shared.inner.lock().unwrap_or_else(PoisonError::into_inner);
                        inner.note(&event);
                        drop(inner);
                        shared.came.notify_all();
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(_) => return,
                }
            }
        });
        Ledger { shared }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<T>(&self, timeout: Duration, ask: impl Fn(&Inner) -> Option<T>) -> Option<T> {
        let end = Instant::now() + timeout;
        let mut inner = self.lock();
        loop {
            let found = ask(&inner);
            let left = end.saturating_duration_since(Instant::now());
            if found.is_some() || left.is_zero() {
                return found;
            }
            let woken = self.shared.came.wait_timeout(inner, left);
            inner = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Where the call is parked, if it soon is, for at least the `parks`th time.
    pub fn parked(&self, uuid: &str, parks: u32) -> Option<Parked> {
        self.wait(Duration::from_secs(4), |inner| {
            inner.calls.get(uuid).filter(|call| call.parks >= parks).cloned()
        })
    }

    /// Whether the call is soon in a bridge.
    pub fn bridged(&self, uuid: &str, timeout: Duration) -> bool {
        self.wait(timeout, |inner| inner.bridges.contains(uuid).then_some(())).is_some()
    }

    /// Its outcome, if it soon has one.
    pub fn outcome(&self, uuid: &str, timeout: Duration) -> Option<String> {
        self.wait(timeout, |inner| inner.calls.get(uuid)?.outcomes.last().cloned())
    }

    /// A phone has this call.
    pub fn line(&self, call: &Call, user: &str) {
        let line = Line { uuid: call.uuid().into(), user: user.into() };
        self.lock().lines.insert(call.mark(), line);
    }

    /// These two have called each other.
    pub fn connected(&self, one: &Call, other: &Call) {
        self.lock().pairs.insert((one.uuid().into(), other.uuid().into()));
    }

    /// A call is over for a phone: whom it showed, and whom it heard.
    pub fn over(&self, call: &Call) {
        let shown = call.identities();
        let voices = call.voices();
        let mut inner = self.lock();
        for (_, identity) in shown {
            // Of several the first counts, which is whom the phone rang for.
            inner.shown.entry(call.uuid().into()).or_insert(identity.number);
        }
        for voice in voices {
            if let Some(mark) = voice.mark {
                inner.heard.push((call.uuid().into(), mark, voice));
            }
        }
    }

    /// A caller's call has ended, and no one was to end it.
    pub fn lost(&self, what: String) {
        self.lock().lost.push(what);
    }

    /// What there is since the last time, when nothing is going on.
    pub fn settle(&self) -> Tally {
        let inner = {
            let mut held = self.lock();
            let former = held.lines.clone();
            std::mem::replace(&mut *held, Inner { former, ..Inner::default() })
        };
        let mut tally = Tally { lost: inner.lost.clone(), ..Tally::default() };
        for (uuid, call) in &inner.calls {
            tally.parks += call.parks;
            for outcome in &call.outcomes {
                *tally.outcomes.entry(outcome.clone()).or_default() += 1;
            }
            let told = format!("{uuid} in {} {}: {:?}", call.lot, call.orbit, call.outcomes);
            match (call.outcomes.len() as u32).cmp(&call.parks) {
                std::cmp::Ordering::Less => tally.without.push(told),
                std::cmp::Ordering::Greater => tally.twice.push(told),
                std::cmp::Ordering::Equal => {}
            }
        }
        for (uuid, mark, voice) in &inner.heard {
            if voice.packets < PACKETS || voice.last - voice.first < SPAN {
                continue;
            }
            tally.connected += 1;
            if !inner.asked_for(uuid, *mark) {
                let whom = inner.lines.get(mark).or_else(|| inner.former.get(mark));
                tally.merged.push(format!(
                    "{uuid} ({:?}, shows {:?}) heard {whom:?}, {} packets, from {:.1} to {:.1} s ago",
                    inner.lines.values().find(|line| line.uuid == *uuid).map(|line| &line.user),
                    inner.shown.get(uuid),
                    voice.packets,
                    voice.first.elapsed().as_secs_f64(),
                    voice.last.elapsed().as_secs_f64()
                ));
            }
        }
        tally
    }
}

impl Inner {
    fn note(&mut self, event: &Event) {
        if event.name() == "CHANNEL_BRIDGE" {
            for leg in ["Bridge-A-Unique-ID", "Bridge-B-Unique-ID"] {
                self.bridges.insert(event.text(leg).into());
            }
            return;
        }
        let uuid = event.text("Callpark-UUID");
        let call = self.calls.entry(uuid.into()).or_default();
        if event.is("Callpark-Action", "park") {
            call.parks += 1;
        }
        if !event.text("Callpark-Orbit").is_empty() {
            call.lot = event.text("Callpark-Lot").into();
            call.orbit = event.text("Callpark-Orbit").into();
        }
        let outcome = event.text("Callpark-Outcome");
        if !outcome.is_empty() {
            call.outcomes.push(outcome.into());
        }
        let other = event.text("Callpark-Retriever-UUID");
        if !other.is_empty() {
            self.pairs.insert((uuid.into(), other.into()));
        }
    }

    /// Was that call to hear that voice?
    fn asked_for(&self, uuid: &str, mark: u32) -> bool {
        let Some(other) = self.lines.get(&mark) else { return false };
        let pair = |one: &str, other: &str| self.pairs.contains(&(one.into(), other.into()));
        if pair(uuid, &other.uuid) || pair(&other.uuid, uuid) {
            return true;
        }
        // A phone that was called for a parked call shows whose it is.
        let user = |uuid: &str| self.lines.values().find(|line| line.uuid == uuid);
        let own = user(uuid).map(|line| line.user.as_str());
        let shows = |uuid: &str| self.shown.get(uuid).map(String::as_str);
        shows(uuid) == Some(&other.user)
            || (shows(&other.uuid).is_some() && shows(&other.uuid) == own)
            || self.dialled(shows(uuid), &other.uuid)
    }

    /// A caller who hangs up in the moment of being connected ends as `abandoned`, by an event that names no retriever. That
    /// phone still shows what it has dialled: the orbit, or the lot, where this caller was.
    fn dialled(&self, shown: Option<&str>, caller: &str) -> bool {
        let Some((shown, call)) = shown.zip(self.calls.get(caller)) else { return false };
        let place = format!("{}_{}", call.lot, call.orbit);
        match shown.split_once('_') {
            Some(("take" | "key", asked)) => asked == place,
            Some(("next", asked)) => asked == call.lot,
            _ => false,
        }
    }
}
