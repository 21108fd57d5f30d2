//! Looks every minute whether calls, channels, the journal and lamps agree, and says which calls they disagree about.
//!
//! What is just changing is in one of them and not yet in the other. Therefore only what is wrong each time counts, when it is
//! looked at several times over some seconds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use office::journal::Journal;
use office::query::Reader;

use super::promises::{Broken, Lamps, Ledger, Seen, What};
use super::{Keeper, begin_thread};
use crate::module::Module;
use crate::module::health::Part;
use crate::park::{CallState, CallView};
use crate::switch::lock::{Condvar, Mutex};
use crate::switch::{Located, clock, guard, log};
use crate::tell::lamps::queue::LampName;
use crate::tell::lamps::sent;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60);
/// When it is looked again at what was wrong: most of it has come to an end after the first of these.
const AGAIN: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(5)];
/// How long to wait until what has just happened is in the file, and until the thread of the lamps answers.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// How many entries are checked at the most, which is more than a minute has.
const MOST_ENTRIES: usize = 20_000;
/// How many lines there are in the log for what is found at once.
const MOST_LINES: usize = 20;
/// How long a command waits while the minute's look goes on.
const TURN_WITHIN: Duration = Duration::from_secs(20);

/// Looks whether what was promised is kept.
pub(crate) struct Audit {
    ledger: Mutex<Ledger>,
    /// The entry of the journal up to which it was looked.
    looked_at: Mutex<Option<i64>>,
    is_looking: AtomicBool,
    closed: Mutex<bool>,
    close: Condvar,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            ledger: Mutex::new(Ledger::new(clock::epoch_ms())),
            looked_at: Mutex::default(),
            is_looking: AtomicBool::new(false),
            closed: Mutex::default(),
            close: Condvar::default(),
        }
    }
}

/// One look at a time.
struct Turn<'a>(&'a AtomicBool);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Audit {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// Looks every minute from now on, on a thread of its own, until [`close`](Self::close).
    ///
    /// # Errors
    /// The system has no thread for it.
    pub(crate) fn start(module: &Arc<Module>) -> std::io::Result<()> {
        let module = Arc::clone(module);
        let thread = std::thread::Builder::new().name("callpark-audit".to_owned());
        let started = thread.spawn(move || {
            begin_thread();
            let audit = Audit::of(&module);
            audit.begin(&module);
            while audit.pause(EVERY) {
                guard("audit", (), || drop(audit.look(&module)));
            }
        });
        started.map(drop)
    }

    /// Ends the thread, and every look.
    pub(crate) fn close(&self) {
        *self.closed.lock() = true;
        self.close.notify_all();
    }

    /// How it is, for `callpark health`.
    pub(crate) fn part(&self) -> Part {
        self.ledger.lock().part(clock::epoch_ms())
    }

    /// How many times each promise was broken.
    #[cfg_attr(not(feature = "web"), allow(dead_code, reason = "there is no server that shows it"))]
    pub(crate) fn counts(&self) -> Vec<(&'static str, u64)> {
        self.ledger.lock().counts()
    }

    /// Looks now, and again if something is wrong, which takes some seconds. On a thread that may wait. Returns what is
    /// broken.
    pub(crate) fn look(&self, module: &Module) -> Vec<Broken> {
        let take = || !self.is_looking.swap(true, Ordering::AcqRel);
        if !clock::poll(TURN_WITHIN, Duration::from_millis(20), take) {
            return Vec::new();
        }
        let _turn = Turn(&self.is_looking);
        let mut broken = seen(module).broken();
        for again in AGAIN {
            if broken.is_empty() {
                break;
            }
            if !self.pause(again) {
                return Vec::new();
            }
            let still = seen(module).broken();
            broken.retain(|broken| still.contains(broken));
        }
        broken.extend(self.in_recent_entries(module));
        let found: Vec<Broken> = broken.iter().cloned().collect();
        let new = self.ledger.lock().note(broken, clock::epoch_ms());
        for broken in new.iter().take(MOST_LINES) {
            let uuid = Some(broken.uuid.as_str()).filter(|uuid| !uuid.is_empty());
            log::crit(uuid, format_args!("a promise was broken: {broken}"));
        }
        if new.len() > MOST_LINES {
            let more = new.len() - MOST_LINES;
            log::crit(None, format_args!("promises that were broken besides these: {more}"));
        }
        found
    }

    /// Entries from now on are checked. Older ones are those of an earlier time, and `callpark journal verify` checks them all.
    fn begin(&self, module: &Module) {
        let Some(journal) = written(module) else { return };
        let recent = Reader::new(journal.path()).recent(None, 0);
        *self.looked_at.lock() = recent.ok().map(|recent| recent.last);
    }

    fn in_recent_entries(&self, module: &Module) -> BTreeSet<Broken> {
        let Some(journal) = written(module) else { return BTreeSet::new() };
        let after = *self.looked_at.lock();
        let Ok(recent) = Reader::new(journal.path()).recent(after, MOST_ENTRIES) else {
            // What cannot be checked in that time is not tried again.
            *self.looked_at.lock() = None;
            return BTreeSet::new();
        };
        *self.looked_at.lock() = Some(recent.last);
        let broken = recent.broken.into_iter().map(|(promise, uuid)| Broken {
            what: What::Journal(promise),
            uuid,
            place: String::new(),
        });
        broken.collect()
    }

    /// Returns false if everything ends.
    fn pause(&self, length: Duration) -> bool {
        let mut closed = self.closed.lock();
        if !*closed {
            self.close.wait_for(&mut closed, length);
        }
        !*closed
    }
}

/// What is there now. No lock is held while FreeSWITCH or the file is asked.
fn seen(module: &Module) -> Seen {
    let calls = module.calls(None);
    // While a call is taken, its channel may go before the call has ended, or before the next channel has its place.
    let settled = calls.iter().filter(|call| call.state != CallState::Connecting);
    let uuid = |call: &CallView| call.info.uuid.as_str().to_owned();
    let dead = settled.map(uuid).filter(|uuid| Located::find(uuid).is_none()).collect();
    let lamps = sent::sent(module, ANSWER_WITHIN).map(|sent| {
        let due = sent::due(module, &calls);
        Lamps {
            lit: sent.lit.into_iter().map(lamp).collect(),
            to_come: sent.to_come.into_iter().map(lamp).collect(),
            due: due.into_iter().map(|(name, call)| (lamp(name), uuid(call))).collect(),
        }
    });
    let journal = written(module).and_then(|journal| {
        let waiting = Reader::new(journal.path()).waiting(journal.node()).ok()?;
        // What a crash has left without an end is not parked until it comes back.
        let awaited = |uuid: &str| module.look(|park| park.is_awaited(&uuid.into()).is_some());
        let parked = waiting.into_iter().filter(|call| !awaited(&call.uuid));
        Some(parked.map(|call| (call.uuid, place(&call.place))).collect())
    });
    let calls = calls.iter().map(|call| (uuid(call), call.place().to_string())).collect();
    Seen { calls, dead, journal, lamps }
}

fn lamp((login, domain): LampName) -> String {
    format!("{login}@{domain}")
}

fn place(place: &office::entry::Place) -> String {
    format!("{} {}", place.lot, place.orbit)
}

/// The journal, when all that was recorded before is in the file. None also if it has had to give up entries or a file, because
/// it says so itself.
fn written(module: &Module) -> Option<Arc<Journal>> {
    let journal = Keeper::of(module).journal()?;
    let health = journal.health();
    let whole = health.shed == 0 && health.put_aside.is_none();
    (whole && journal.flush(ANSWER_WITHIN)).then_some(journal)
}
