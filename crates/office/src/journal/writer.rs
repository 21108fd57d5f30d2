//! The journal's thread, the only one that writes the file.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use super::backlog::{Backlog, MOST};
use super::failure::Failure;
use super::health::State;
use super::inbox::{Inbox, Next};
use super::jobs::{Job, Progress};
use super::store::{Store, put_aside};
use super::unfinished::{Opened, unfinished};
use super::{Shared, now_ms};
use crate::entry::Entry;

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
/// How often old entries are deleted.
const RETENTION: Duration = Duration::from_secs(3600);

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
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, inbox: Inbox, requests: Receiver<Request>) -> Self {
        let now = Instant::now();
        let backlog = Backlog::new(MOST);
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
                Next::Entry(entry) => self.gather(entry),
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
        if self.jobs.is_empty() { IDLE } else { Duration::ZERO }
    }

    /// Takes entries until there are enough for a transaction, the first has waited long enough, or somebody asks something.
    fn gather(&mut self, first: Box<Entry>) -> Option<Request> {
        self.keep(first);
        let until = Instant::now() + GATHER;
        for _ in 1..BATCH {
            match self.inbox.next(until, &self.requests) {
                Next::Entry(entry) => self.keep(entry),
                Next::Message(request) => return Some(request),
                Next::Nothing => break,
            }
        }
        None
    }

    fn keep(&mut self, entry: Box<Entry>) {
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
            if let Err(err) = store.append(self.backlog.first(BATCH)) {
                if self.failed(&err) {
                    self.open();
                }
                continue;
            }
            let count = self.backlog.written(BATCH);
            self.shared.written.fetch_add(count, Ordering::Relaxed);
            self.shared.in_memory.store(self.backlog.len() as u64, Ordering::Relaxed);
        }
        self.keep_values();
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

    fn open(&mut self) {
        let settings = &self.shared.settings;
        let (path, node) = (settings.path.clone(), settings.node.clone());
        let callers = settings.callers;
        loop {
            match Store::open(&path, &node, callers, self.first_seq) {
                Ok(store) => {
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
            }
            Request::Forget { domain, month, reply } => {
                let forgotten = match &mut self.store {
                    Some(store) => store.forget(&domain, &month),
                    None => Err(Failure::NoAnswer),
                };
                let _ = reply.send(forgotten);
            }
            Request::Keep => drop(self.write()),
            Request::Stop(reply) => drop(reply),
        }
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
        }
        let Some(store) = &mut self.store else { return };
        let Some(job) = self.jobs.first_mut() else { return };
        match job.slice(&mut store.connection) {
            Ok(Progress::More) => {}
            Ok(Progress::Done) => drop(self.jobs.remove(0)),
            Err(err) => {
                self.failed(&err);
                self.jobs.remove(0).failed(err);
            }
        }
    }

    fn stop(&mut self) -> bool {
        self.drain();
        let written = self.write();
        if let Some(store) = self.store.take() {
            // The last connection that closes takes the log of changes with it.
            drop(store);
        }
        self.shared.is(State::Stopped, "");
        written
    }
}
