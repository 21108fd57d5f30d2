//! The journal's thread, the only one that writes the file.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use super::backlog::{Backlog, MOST};
use super::deliveries::{self, Posted};
use super::erase::{self, Erased};
use super::failure::Failure;
use super::health::{Change, State, Voice};
use super::inbox::{Inbox, Item, Next};
use super::jobs::{Job, Progress};
use super::store::{Store, put_aside};
use super::unfinished::{Opened, unfinished};
use super::{Shared, now_ms};
use crate::audit::file::Lines;
use tokio::sync::oneshot;

/// The most entries in one transaction.
const BATCH: usize = 256;
/// The longest an entry waits for others to share its transaction.
const GATHER: Duration = Duration::from_millis(50);
/// How long after a failure the file is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How long the thread sleeps when nothing happens.
const IDLE: Duration = Duration::from_secs(60);
/// How soon a second damaged file is put aside: a disk that damages everything must not be filled with files.
const ANOTHER: Duration = Duration::from_secs(600);
/// How often the head of the audit is said.
const HEAD: Duration = Duration::from_secs(86_400);
/// How often old entries are deleted.
const RETENTION: Duration = Duration::from_secs(3600);
/// How long what was noted for a webhook is kept that is not configured any more.
const STRANGERS_MS: i64 = 7 * 86_400_000;

/// What others ask of the thread.
pub(super) enum Request {
    /// Write all that was recorded before. False: the file cannot be written.
    Flush(Sender<bool>),
    /// Make the projection again. How many calls it has.
    Rebuild(Sender<Result<u64, Failure>>),
    /// Delete old entries now. How many there were.
    Prune(Sender<Result<u64, Failure>>),
    /// Delete keys. How many there were.
    Forget { domain: String, month: String, reply: Sender<Result<usize, Failure>> },
    /// Erase a caller. What was found.
    Erase { number: String, reply: Sender<Result<Erased, Failure>> },
    /// Other databases know that these entries were erased.
    Shipped(Vec<i64>),
    /// What has become of entries that webhooks were sent.
    Posted(Vec<Posted>, oneshot::Sender<bool>),
    /// Everything that waits for that webhook, or for any, is to be tried now, dead letters too. How many there are.
    PostAgain { hook: Option<String>, reply: Sender<Result<usize, Failure>> },
    /// There is something to keep.
    Keep,
    /// Write what is there, and end.
    Stop(Sender<bool>),
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    inbox: Inbox,
    requests: Receiver<Request>,
    backlog: Backlog,
    store: Option<Store>,
    /// When the file is tried again.
    retry: Instant,
    /// A damaged file was put aside: the next one begins with this number at least.
    first_seq: i64,
    /// When that was.
    put_aside: Option<Instant>,
    jobs: Vec<Job>,
    prune: Instant,
    audit: Audit,
}

/// What there is to do about the audit.
struct Audit {
    /// The file with lines of JSON.
    lines: Option<Lines>,
    voice: Voice,
    /// When the head is said next.
    head_due: Instant,
    /// Old rows are being deleted.
    pruning: bool,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, inbox: Inbox, requests: Receiver<Request>) -> Self {
        let now = Instant::now();
        let backlog = Backlog::new(MOST);
        let lines = shared.settings.audit_file.clone().map(Lines::new);
        Writer {
            shared,
            inbox,
            requests,
            backlog,
            store: None,
            retry: now,
            first_seq: 1,
            put_aside: None,
            jobs: Vec::new(),
            prune: now,
            audit: Audit { lines, voice: Voice::default(), head_due: now, pruning: false },
        }
    }

    /// Runs until a request to stop. `opened` receives what the file knew at the start.
    pub(super) fn run(mut self, opened: &Sender<Opened>) {
        self.open();
        let node = self.shared.settings.node.clone();
        let found = self.store.as_ref().map(|store| {
            let unfinished = unfinished(&store.connection, &node)?;
            Ok(Opened { unfinished, kept: store.kept()? })
        });
        let found = match found {
            Some(Ok(found)) => found,
            Some(Err(err)) => {
                if self.failed(&err) {
                    self.open();
                }
                Opened::default()
            }
            None => Opened::default(),
        };
        // Nobody may have asked.
        let _ = opened.try_send(found);
        loop {
            let request = match self.inbox.next(Instant::now() + self.patience(), &self.requests) {
                Next::Item(entry) => self.gather(entry),
                Next::Message(request) => Some(request),
                Next::Nothing => None,
            };
            match request {
                Some(Request::Stop(reply)) => {
                    let _ = reply.send(self.stop());
                    return;
                }
                Some(request) => self.answer(request),
                None => {}
            }
            if Instant::now() >= self.retry {
                self.write();
            }
            self.work();
        }
    }

    /// For how long there is nothing to do unless an entry comes.
    fn patience(&self) -> Duration {
        if self.store.is_none() {
            return self.retry.saturating_duration_since(Instant::now());
        }
        if self.jobs.is_empty() && !self.audit.pruning { IDLE } else { Duration::ZERO }
    }

    /// Takes entries until there are enough for a transaction, the first has waited long enough, or somebody asks something.
    fn gather(&mut self, first: Item) -> Option<Request> {
        self.keep(first);
        let until = Instant::now() + GATHER;
        for _ in 1..BATCH {
            match self.inbox.next(until, &self.requests) {
                Next::Item(entry) => self.keep(entry),
                Next::Message(request) => return Some(request),
                Next::Nothing => break,
            }
        }
        None
    }

    fn keep(&mut self, entry: Item) {
        let shed = self.backlog.push(entry);
        if shed.entries > 0 {
            self.shared.outbox.shed.fetch_add(shed.entries, Ordering::Relaxed);
            self.shared.outbox.shed_endings.fetch_add(shed.endings, Ordering::Relaxed);
            self.shared.shedding();
        }
        self.shared.in_memory.store(self.backlog.len() as u64, Ordering::Relaxed);
    }

    /// Writes all there is. True if nothing is left.
    fn write(&mut self) -> bool {
        let path = self.shared.settings.path.clone();
        if self.store.as_ref().is_some_and(|store| !store.is_at(&path)) {
            self.failed(&Failure::Removed);
        }
        if self.store.is_none() {
            self.open();
        }
        while !self.backlog.is_empty() {
            let Some(store) = &mut self.store else { break };
            let wants = Arc::clone(&self.shared.wants.lock());
            if let Err(err) = store.append(self.backlog.first(BATCH), &wants) {
                if self.failed(&err) {
                    self.open();
                }
                continue;
            }
            self.shared.tallies.lock().clone_from(&store.tallies);
            self.shared.latest.send_replace(store.last_seq());
            let count = self.backlog.written(BATCH);
            self.shared.written.fetch_add(count, Ordering::Relaxed);
            self.shared.in_memory.store(self.backlog.len() as u64, Ordering::Relaxed);
        }
        self.keep_values();
        self.file_lines();
        self.say_head(false);
        if self.store.is_some() {
            self.shared.is(State::Ok, "");
        }
        self.backlog.is_empty() && self.store.is_some()
    }

    /// Writes the values that others want to know again. What they want is the latest, so a failure forgets nothing.
    fn keep_values(&mut self) {
        let Some(store) = &mut self.store else { return };
        let kept = std::mem::take(&mut *self.shared.to_keep.lock());
        if kept.is_empty() {
            return;
        }
        if let Err(err) = store.keep(&kept) {
            self.failed(&err);
            let mut waiting = self.shared.to_keep.lock();
            for (name, json) in kept {
                waiting.entry(name).or_insert(json);
            }
        }
    }

    /// Writes rows of the audit into the file with lines, if there is one.
    fn file_lines(&mut self) {
        const AT_ONCE: usize = 1_000;
        let Some(trail) =
            self.store.as_mut().and_then(|store| Some((store.trail.as_mut()?, &store.connection)))
        else {
            return;
        };
        let (trail, connection) = trail;
        *self.shared.head.lock() = trail.head();
        let Some(lines) = &mut self.audit.lines else { return };
        let now = now_ms();
        let mut write = || -> Result<(), Failure> {
            if self.shared.rotate.swap(false, Ordering::AcqRel) {
                lines.rotate(now)?;
            }
            loop {
                let rows = trail.unfiled(connection, AT_ONCE)?;
                let Some(last) = rows.last() else { return Ok(()) };
                lines.append(&rows)?;
                trail.filed(last.seq);
            }
        };
        match write() {
            Ok(()) => drop(self.audit.voice.works(now)),
            Err(err) if self.audit.voice.fails(now, Instant::now()) => {
                (self.shared.settings.on_change)(&Change::AuditFile { reason: err.to_string() });
            }
            Err(_) => {}
        }
    }

    /// Says the head of the audit, if it is time or this is the end.
    fn say_head(&mut self, at_the_end: bool) {
        let Some(trail) = self.store.as_ref().and_then(|store| store.trail) else { return };
        if trail.head().seq > 0 && (at_the_end || Instant::now() >= self.audit.head_due) {
            self.audit.head_due = Instant::now() + HEAD;
            (self.shared.settings.on_change)(&Change::AuditHead(trail.head()));
        }
    }

    fn open(&mut self) {
        let settings = &self.shared.settings;
        let (path, node) = (settings.path.clone(), settings.node.clone());
        let (callers, audit) = (settings.callers, settings.audit);
        loop {
            match Store::open(&path, &node, callers, audit, self.first_seq) {
                Ok(store) => {
                    self.shared.latest.send_replace(store.last_seq());
                    self.shared.tallies.lock().clone_from(&store.tallies);
                    self.store = Some(store);
                    if self.backlog.is_empty() {
                        self.shared.is(State::Ok, "");
                    }
                    return;
                }
                Err(err) if self.failed(&err) => {}
                Err(_) => return,
            }
        }
    }

    /// The file could not be opened or written, and will be opened anew. True: it was damaged, and there is no reason to
    /// wait with that.
    fn failed(&mut self, err: &Failure) -> bool {
        let now = Instant::now();
        let last = self.store.take().map(|store| store.last_seq());
        // Should the next file be a new one, its numbers go on.
        self.first_seq = self.first_seq.max(last.unwrap_or_default() + 1);
        self.retry = now + RETRY;
        let mut reason = err.to_string();
        if err.is_corrupt() && self.put_aside.is_none_or(|at| at + ANOTHER <= now) {
            match put_aside(&self.shared.settings.path, now_ms()) {
                Ok(path) => {
                    self.put_aside = Some(now);
                    // Numbers are never used twice. What the old file had is not known if it could not be opened, but it was
                    // not more than one a millisecond.
                    self.first_seq = self.first_seq.max(now_ms());
                    self.shared.put_aside(path, reason);
                    return true;
                }
                Err(err) => reason = format!("{reason}; {err}"),
            }
        }
        self.shared.is(State::Failing, &reason);
        false
    }

    fn answer(&mut self, request: Request) {
        // Whoever asked may have stopped waiting.
        match request {
            Request::Flush(reply) => {
                self.drain();
                let _ = reply.send(self.write());
            }
            Request::Rebuild(reply) => self.jobs.push(Job::rebuild(reply)),
            Request::Prune(reply) => {
                self.jobs.push(Job::prune(self.shared.settings.history_days, Some(reply)));
                self.forget();
            }
            Request::Forget { domain, month, reply } => {
                let forgotten = match &mut self.store {
                    Some(store) => store.forget(&domain, &month),
                    None => Err(Failure::NoAnswer),
                };
                let _ = reply.send(forgotten);
            }
            Request::Erase { number, reply } => {
                self.drain();
                self.write();
                self.jobs.push(Job::erase(number, reply));
            }
            Request::Shipped(seqs) => {
                let Some(store) = &mut self.store else { return };
                if let Err(err) = erase::shipped(&mut store.connection, &seqs) {
                    self.failed(&err);
                }
            }
            Request::Posted(posted, reply) => {
                let done = self.deliveries(|store| {
                    deliveries::posted(&mut store.connection, &mut store.tallies, &posted)
                });
                let _ = reply.send(done.is_ok());
            }
            Request::PostAgain { hook, reply } => {
                let again = self.deliveries(|store| {
                    let (connection, tallies) = (&mut store.connection, &mut store.tallies);
                    deliveries::again(connection, tallies, hook.as_deref())
                });
                let _ = reply.send(again);
            }
            Request::Keep => drop(self.write()),
            Request::Stop(reply) => drop(reply),
        }
    }

    /// Changes what waits for webhooks.
    fn deliveries<T>(
        &mut self,
        change: impl FnOnce(&mut Store) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let store = self.store.as_mut().ok_or(Failure::NoAnswer)?;
        let changed = change(store);
        self.shared.tallies.lock().clone_from(&store.tallies);
        changed.inspect_err(|err| {
            self.failed(err);
        })
    }

    fn drain(&mut self) {
        while let Some(entry) = self.inbox.take() {
            self.keep(entry);
        }
    }

    /// One slice of what takes long. Entries go first.
    fn work(&mut self) {
        if Instant::now() >= self.prune {
            self.prune = Instant::now() + RETENTION;
            if self.shared.settings.history_days > 0 {
                self.jobs.push(Job::prune(self.shared.settings.history_days, None));
            }
            self.forget();
            let wants = Arc::clone(&self.shared.wants.lock());
            let before_ms = now_ms().saturating_sub(STRANGERS_MS);
            let _ = self.deliveries(|store| {
                match deliveries::of_none(&store.connection, &wants, before_ms)? {
                    0 => Ok(()),
                    _ => store.tallies.count_again(&store.connection),
                }
            });
        }
        let Some(store) = &mut self.store else { return };
        if self.audit.pruning {
            let (node, days) = (&self.shared.settings.node, self.shared.settings.audit_days);
            let pruned = match &mut store.trail {
                Some(trail) => trail.prune(&mut store.connection, node, days),
                None => Ok(0),
            };
            match pruned {
                Ok(0) => self.audit.pruning = false,
                Ok(_) => {}
                Err(err) => {
                    self.audit.pruning = false;
                    self.failed(&err);
                    return;
                }
            }
        }
        let Some(job) = self.jobs.first_mut() else { return };
        match job.slice(&mut store.connection) {
            Ok(Progress::More) => {}
            Ok(Progress::Done) => match self.jobs.remove(0) {
                Job::Erase { .. } => drop(self.shared.erasures.fetch_add(1, Ordering::AcqRel)),
                // Entries that were waiting for a webhook may be gone.
                Job::Prune { .. } => drop(self.deliveries(|store| {
                    deliveries::loosen(&store.connection)?;
                    store.tallies.count_again(&store.connection)
                })),
                Job::Rebuild { .. } => {}
            },
            Err(err) => {
                self.failed(&err);
                self.jobs.remove(0).failed(err);
            }
        }
    }

    /// Callers and rows of the audit that are old enough go too.
    fn forget(&mut self) {
        let lots = self.shared.forget_after.lock().clone();
        self.jobs.extend(lots.into_iter().map(|(lot, days)| Job::forget_callers(lot, days)));
        self.audit.pruning = self.shared.settings.audit_days > 0;
    }

    fn stop(&mut self) -> bool {
        self.drain();
        let written = self.write();
        self.say_head(true);
        if let Some(store) = self.store.take() {
            // The last connection that closes takes the log of changes with it.
            drop(store);
        }
        self.shared.is(State::Stopped, "");
        written
    }
}
