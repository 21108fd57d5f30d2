//! The journal: every event of every parked call, in a file of its own.
//!
//! Threads of calls [`record`](Journal::record) entries and never wait. One thread, `callpark-journal`, appends them to the
//! table `entry` and keeps the table `call` beside it, which has a row for each parked call. Both are changed in one
//! transaction, which is on the disk when it ends. What cannot be written stays in memory until it can.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

mod backlog;
mod call;
pub(crate) mod callers;
pub(crate) mod deliveries;
mod erase;
mod failure;
mod health;
mod inbox;
pub(crate) mod jobs;
pub(crate) mod row;
mod schema;
mod store;
pub(crate) mod table;
pub(crate) mod trail;
mod unfinished;
mod writer;

#[cfg(test)]
mod tests;

pub use call::{Call, GivenBack, Stay, Tried};
pub use callers::Callers;
pub use deliveries::{Tally, Want};
pub use erase::Erased;
pub use failure::Failure;
pub use health::{Change, Health, State};
pub use unfinished::{Opened, Unfinished};

use crate::audit::{Act, Head};
use crate::entry::Entry;
use deliveries::{Posted, Tallies};
pub(crate) use health::Voice;
use inbox::Outbox;
use writer::{Request, Writer};

/// The name of the journal's thread.
pub const THREAD: &str = "callpark-journal";

/// How the journal works.
#[derive(Clone)]
pub struct Settings {
    /// The file. Its folder exists. Nothing else in this process may open it, not even to read it: closing a file releases
    /// all locks that the process has on it, those of SQLite too. That includes another copy of SQLite.
    pub path: PathBuf,
    /// The name of this node.
    pub node: String,
    /// How much of a caller is written down.
    pub callers: Callers,
    /// After how many days an ended call is deleted. 0: never.
    pub history_days: u32,
    /// Whether it is written down who did what.
    pub audit: bool,
    /// After how many days that is deleted. 0: never.
    pub audit_days: u32,
    /// A file that gets the audit too, as lines of JSON.
    pub audit_file: Option<PathBuf>,
    /// Runs first in the journal's thread: leaves the real-time class, lowers the priority, blocks signals.
    pub at_thread_start: Arc<dyn Fn() + Send + Sync>,
    /// Receives each change once. Runs in the journal's thread, except for [`Change::Shedding`], which can come from
    /// the thread that records. Must not wait for anything.
    pub on_change: Arc<dyn Fn(&Change) + Send + Sync>,
}

impl Settings {
    /// A journal in that file, with everything else at its default.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, node: &str) -> Self {
        Settings {
            path: path.into(),
            node: node.to_owned(),
            callers: Callers::Full,
            history_days: 400,
            audit: true,
            audit_days: 400,
            audit_file: None,
            at_thread_start: Arc::new(|| {}),
            on_change: Arc::new(|_| {}),
        }
    }
}

/// The journal. When it is dropped, it writes what it has, for at most a second.
pub struct Journal {
    shared: Arc<Shared>,
    requests: Sender<Request>,
    opened: Receiver<Opened>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the journal and its thread share.
struct Shared {
    settings: Settings,
    outbox: Outbox,
    health: Mutex<(Health, Voice)>,
    written: AtomicU64,
    /// The number of the latest entry in the file.
    latest: watch::Sender<i64>,
    in_memory: AtomicU64,
    shedding: AtomicBool,
    to_keep: Mutex<BTreeMap<String, String>>,
    /// How often callers were erased.
    erasures: AtomicU64,
    /// After how many days the callers of a lot are erased.
    forget_after: Mutex<BTreeMap<String, u32>>,
    /// What each webhook wants of the entries.
    wants: Mutex<Arc<[Want]>>,
    /// What waits for each webhook.
    tallies: Mutex<Tallies>,
    /// The last row of the audit.
    head: Mutex<Head>,
    /// The file with the lines of JSON is to be begun anew.
    rotate: AtomicBool,
}

impl Journal {
    /// Starts the thread, which opens the file. A file that cannot be opened is not an error: see [`health`](Self::health).
    ///
    /// # Errors
    ///
    /// There is no room for another thread.
    pub fn start(settings: Settings) -> Result<Self, Failure> {
        let (outbox, inbox) = inbox::channel(inbox::ROOM, inbox::ROOM_FOR_ENDINGS);
        let (requests, asked) = bounded(16);
        let (tell, opened) = bounded(1);
        let health = Health {
            state: State::Starting,
            since_ms: now_ms(),
            reason: String::new(),
            written: 0,
            in_memory: 0,
            shed: 0,
            shed_endings: 0,
            put_aside: None,
        };
        let shared = Arc::new(Shared {
            settings,
            outbox,
            health: Mutex::new((health, Voice::default())),
            written: AtomicU64::new(0),
            latest: watch::Sender::new(0),
            in_memory: AtomicU64::new(0),
            shedding: AtomicBool::new(false),
            to_keep: Mutex::default(),
            erasures: AtomicU64::new(0),
            forget_after: Mutex::default(),
            wants: Mutex::new(Arc::from([])),
            tallies: Mutex::default(),
            head: Mutex::default(),
            rotate: AtomicBool::new(false),
        });
        let writer = Writer::new(Arc::clone(&shared), inbox, asked);
        let at_start = Arc::clone(&shared.settings.at_thread_start);
        let thread = std::thread::Builder::new().name(THREAD.to_owned()).spawn(move || {
            at_start();
            writer.run(&tell);
        })?;
        Ok(Journal { shared, requests, opened, thread: Mutex::new(Some(thread)) })
    }

    /// Records an entry. Never waits: without room, the entry is counted and given up.
    pub fn record(&self, entry: Entry) {
        if !self.shared.outbox.put(entry) {
            self.shared.shedding();
        }
    }

    /// Records what somebody did, if there is an audit. Never waits: without room, it is counted and given up.
    pub fn audit(&self, act: Act) {
        if self.shared.settings.audit && !self.shared.outbox.put(act) {
            self.shared.shedding();
        }
    }

    /// The last row of the audit that is in the file.
    #[must_use]
    pub fn audit_head(&self) -> Head {
        *self.shared.head.lock()
    }

    /// Begins a new file with lines of JSON. Never waits.
    pub fn rotate(&self) {
        self.shared.rotate.store(true, Ordering::Release);
        // If there is no room, the thread has something to do, and will look.
        let _ = self.requests.try_send(Request::Keep);
    }

    /// What the file knew when it was opened. Answered once; nothing after that, or if the file could not be opened in that
    /// time.
    #[must_use]
    pub fn opened(&self, within: Duration) -> Opened {
        self.opened.recv_timeout(within).unwrap_or_default()
    }

    /// Keeps a value, for [`opened`](Self::opened) after the next start. Never waits. Of several values under one name the
    /// latest counts.
    pub fn keep(&self, name: &str, json: String) {
        self.shared.to_keep.lock().insert(name.to_owned(), json);
        // If there is no room, the thread has something to do, and will look.
        let _ = self.requests.try_send(Request::Keep);
    }

    /// How the journal is.
    #[must_use]
    pub fn health(&self) -> Health {
        let shared = &self.shared;
        let on_their_way = shared.outbox.len() as u64;
        Health {
            written: shared.written.load(Ordering::Relaxed),
            in_memory: shared.in_memory.load(Ordering::Relaxed) + on_their_way,
            shed: shared.outbox.shed.load(Ordering::Relaxed),
            shed_endings: shared.outbox.shed_endings.load(Ordering::Relaxed),
            ..shared.health.lock().0.clone()
        }
    }

    /// How many entries were written since the start.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.shared.written.load(Ordering::Relaxed)
    }

    /// The number of the latest entry in the file, and when that changes.
    #[must_use]
    pub fn latest(&self) -> watch::Receiver<i64> {
        self.shared.latest.subscribe()
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.settings.path
    }

    /// The name of this node, which each of its entries bears.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.shared.settings.node
    }

    /// Writes all that was recorded before. False: it could not be written in that time, and is still in memory.
    pub fn flush(&self, within: Duration) -> bool {
        self.ask(within, Request::Flush).unwrap_or(false)
    }

    /// Makes the table `call` again from the table `entry`, while entries go on being written. How many calls it has.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, or it takes longer.
    pub fn rebuild(&self, within: Duration) -> Result<u64, Failure> {
        self.ask(within, Request::Rebuild)?
    }

    /// Deletes what is older than `history-days` now instead of within the hour. How many entries there were.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, or it takes longer.
    pub fn prune(&self, within: Duration) -> Result<u64, Failure> {
        self.ask(within, Request::Prune)?
    }

    /// Deletes the keys of hashed numbers of that tenant (empty: of no tenant) up to and with that month, `2026-11` in
    /// UTC. From then on nobody can say whose numbers these were. How many keys there were.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn forget(&self, domain: &str, month: &str, within: Duration) -> Result<usize, Failure> {
        let (domain, month) = (domain.to_owned(), month.to_owned());
        self.ask(within, |reply| Request::Forget { domain, month, reply })?
    }

    /// Erases name, number and note of that caller from every call that has ended. The number has to be spelled as the
    /// journal has it.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, or it takes longer.
    pub fn erase(&self, number: &str, within: Duration) -> Result<Erased, Failure> {
        self.ask(within, |reply| Request::Erase { number: number.to_owned(), reply })?
    }

    /// From now on, the callers of each of these lots are erased so many days after their calls. Never waits.
    pub fn forget_after(&self, days: BTreeMap<String, u32>) {
        *self.shared.forget_after.lock() = days;
    }

    /// From now on, each entry is noted for the webhooks that want it. Never waits.
    pub fn wants(&self, wants: Vec<Want>) {
        *self.shared.wants.lock() = wants.into();
    }

    /// What waits for the webhook of that name.
    #[must_use]
    pub fn tally(&self, hook: &str) -> Tally {
        self.shared.tallies.lock().get(hook)
    }

    /// Has everything tried now that waits for that webhook, or for any, and dead letters too. How many there are.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn post_again(&self, hook: Option<&str>, within: Duration) -> Result<usize, Failure> {
        let hook = hook.map(str::to_owned);
        self.ask(within, |reply| Request::PostAgain { hook, reply })?
    }

    /// Writes down what has become of entries that webhooks were sent. False: it could not be written. None: there is no room
    /// for the request now. Never waits.
    #[cfg_attr(not(feature = "web"), expect(dead_code, reason = "there are no webhooks"))]
    pub(crate) fn posted(&self, posted: Vec<Posted>) -> Option<oneshot::Receiver<bool>> {
        let (reply, answer) = oneshot::channel();
        self.requests.try_send(Request::Posted(posted, reply)).ok()?;
        Some(answer)
    }

    /// How often callers were erased since the start.
    pub(crate) fn erasures(&self) -> u64 {
        self.shared.erasures.load(Ordering::Acquire)
    }

    /// Other databases know that these entries were erased. Waits for room only.
    pub(crate) fn erased_elsewhere(&self, seqs: Vec<i64>) {
        // If this is lost, they learn it again.
        let _ = self.requests.try_send(Request::Shipped(seqs));
    }

    fn ask<T>(
        &self,
        within: Duration,
        request: impl FnOnce(Sender<T>) -> Request,
    ) -> Result<T, Failure> {
        let until = Instant::now() + within;
        let (reply, answer) = bounded(1);
        self.requests.send_timeout(request(reply), within).map_err(|_| Failure::NoAnswer)?;
        answer.recv_deadline(until).map_err(|_| Failure::NoAnswer)
    }

    /// Writes what was recorded, and ends. False: something could not be written in that time.
    pub fn stop(&self, within: Duration) -> bool {
        let Some(thread) = self.thread.lock().take() else { return true };
        let written = self.ask(within, Request::Stop);
        if written.is_ok() {
            // It has answered, and does nothing after that.
            let _ = thread.join();
        }
        written.unwrap_or(false)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.stop(Duration::from_secs(1));
    }
}

impl Shared {
    /// The journal is in that state now. Says so if it was not.
    fn is(&self, state: State, reason: &str) {
        let change = {
            let mut locked = self.health.lock();
            let (health, voice) = &mut *locked;
            reason.clone_into(&mut health.reason);
            if health.state != state {
                health.state = state;
                health.since_ms = now_ms();
            }
            voice.of(health, Instant::now(), now_ms())
        };
        if state == State::Ok {
            self.shedding.store(false, Ordering::Relaxed);
        }
        if let Some(change) = change {
            (self.settings.on_change)(&change);
        }
    }

    fn put_aside(&self, path: PathBuf, reason: String) {
        self.health.lock().0.put_aside = Some(path.clone());
        (self.settings.on_change)(&Change::PutAside { path, reason });
    }

    fn shedding(&self) {
        if !self.shedding.swap(true, Ordering::Relaxed) {
            (self.settings.on_change)(&Change::Shedding);
        }
    }
}

/// Ms since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
