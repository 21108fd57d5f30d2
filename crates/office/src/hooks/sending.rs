//! Sends what the journal has noted for webhooks: in the order of the entries of each call, and again until it is taken.

use std::collections::{HashMap, HashSet};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::attempt::{Attempt, Ready, attempt};
use super::health::Change;
use super::settings::Settings;
use super::thread::Shared;
use crate::journal::deliveries::{Posted, Verdict};
use crate::journal::now_ms;
use crate::query::{Due, Reader};

/// How many messages are on their way to one webhook, and to all of them.
const OF_ONE: usize = 4;
const OF_ALL: usize = 32;
/// How many are on their way to one that fails: one that tries whether it is well again.
const OF_FAILING: usize = 1;
/// After how long the file is read again when that has failed, and when the journal has no room for a request.
const AGAIN: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_millis(20);

/// What has failed since something went well.
#[derive(Default)]
struct Failed {
    down: bool,
    /// One of the messages, and whether there are others.
    message: Option<i64>,
    others: bool,
}

impl Failed {
    fn add(&mut self, seq: i64, down: bool) {
        self.down |= down;
        self.others |= *self.message.get_or_insert(seq) != seq;
    }

    /// Whether it is the endpoint that has failed. One message that fails again and again may be at fault itself, and is not
    /// tried more often because others go well.
    fn is_endpoint(&self) -> bool {
        self.down || self.others
    }
}

pub(super) struct Sending {
    shared: Arc<Shared>,
    file: Option<Reader>,
    stop: watch::Receiver<Option<Duration>>,
    settings: watch::Receiver<Arc<Settings>>,
    latest: Option<watch::Receiver<i64>>,
    webhooks: Vec<Arc<Ready>>,
    tasks: JoinSet<Attempt>,
    sent: HashMap<Id, (Arc<Ready>, Due)>,
    /// What is on its way or not written down yet, of each webhook.
    busy: HashMap<String, HashSet<i64>>,
    /// How many messages are on their way to each.
    flying: HashMap<String, usize>,
    /// What has failed at each since something went well.
    failed: HashMap<String, Failed>,
    /// Until when each wants to be left alone.
    paused: HashMap<String, Instant>,
    /// What is to be written down, and what is being written down.
    results: Vec<Posted>,
    recording: Option<(Vec<Posted>, oneshot::Receiver<bool>)>,
    record_at: Instant,
    /// What tells the entries of the file from those of every other one.
    journal_id: Option<Arc<str>>,
    /// When the file is to be read. None: nothing is due.
    look_at: Option<Instant>,
}

impl Sending {
    pub(super) fn new(shared: Arc<Shared>, stop: watch::Receiver<Option<Duration>>) -> Self {
        let journal = shared.setup.journal.as_ref();
        let file = journal.map(|journal| Reader::new(journal.path()));
        let latest = journal.map(|journal| journal.latest());
        let settings = shared.settings.subscribe();
        let mut sending = Sending {
            shared,
            file,
            stop,
            settings,
            latest,
            webhooks: Vec::new(),
            tasks: JoinSet::new(),
            sent: HashMap::new(),
            busy: HashMap::new(),
            flying: HashMap::new(),
            failed: HashMap::new(),
            paused: HashMap::new(),
            results: Vec::new(),
            recording: None,
            record_at: Instant::now(),
            journal_id: None,
            look_at: None,
        };
        sending.configured();
        sending
    }

    /// Runs until it is stopped, and no longer after that than it may.
    pub(super) async fn run(mut self) {
        let mut stop = self.stop.clone();
        let stopped = async {
            let within = stop.wait_for(Option::is_some).await.map_or(None, |within| *within);
            tokio::time::sleep(within.unwrap_or_default()).await;
        };
        tokio::select! {
            () = self.send() => {}
            () = stopped => {}
        }
    }

    async fn send(&mut self) {
        let mut stop = self.stop.clone();
        let shared = Arc::clone(&self.shared);
        loop {
            let stopping = self.stop.borrow().is_some();
            let written = self.results.is_empty() && self.recording.is_none();
            if stopping && self.tasks.is_empty() && written {
                return;
            }
            let now = Instant::now();
            if !stopping && self.look_at.is_some_and(|at| at <= now) {
                self.look();
            }
            self.record(now);
            let look_at = self.look_at.filter(|_| !stopping);
            let record_at = (!self.results.is_empty() && self.recording.is_none())
                .then_some(self.record_at.max(now + SOON));
            tokio::select! {
                _ = stop.wait_for(Option::is_some), if !stopping => {}
                _ = self.settings.changed(), if !stopping => self.configured(),
                () = shared.again.notified() => self.paused.clear(),
                () = grown(&mut self.latest) => {}
                Some(ended) = self.tasks.join_next_with_id() => {
                    let (id, attempt) = match ended {
                        Ok((id, attempt)) => (id, attempt),
                        Err(err) => (err.id(), Attempt::Broken("an internal error".to_owned())),
                    };
                    self.attempted(id, attempt);
                    continue;
                }
                written = written_down(&mut self.recording) => self.recorded(written),
                () = at(look_at) => {}
                () = at(record_at) => continue,
            }
            self.look_at = Some(self.look_at.map_or(now, |at| at.min(now)));
        }
    }

    fn configured(&mut self) {
        let settings = self.settings.borrow_and_update().clone();
        self.webhooks =
            settings.webhooks.iter().map(|webhook| Arc::new(Ready::of(webhook))).collect();
        self.paused.clear();
        self.look_at = Some(Instant::now());
    }

    /// Begins to send what is due, and finds out when to look again.
    fn look(&mut self) {
        self.look_at = None;
        let Some(file) = &self.file else { return };
        if self.webhooks.is_empty() {
            return;
        }
        let (now, clock_ms) = (Instant::now(), now_ms());
        let mut room = OF_ALL.saturating_sub(self.tasks.len());
        let none = HashSet::new();
        let mut wanted = Vec::new();
        let mut wake: Option<Instant> = None;
        for ready in &self.webhooks {
            let name = ready.name();
            let state = |look: fn(&mut super::health::State) -> bool| {
                self.shared.state(name, look).unwrap_or(true)
            };
            let most =
                if state(|state| state.failing_since_ms.is_some()) { OF_FAILING } else { OF_ONE };
            let flying = self.flying.get(name).copied().unwrap_or_default();
            let paused = self.paused.get(name).copied().filter(|until| *until > now);
            wake = [wake, paused].into_iter().flatten().min();
            let may = !state(|state| state.ended) && paused.is_none();
            let most = if may { most.saturating_sub(flying).min(room) } else { 0 };
            room -= most;
            wanted.push((name, most, self.busy.get(name).unwrap_or(&none)));
        }
        let found = match &self.journal_id {
            Some(_) => Ok(()),
            None => file.journal_id().map(|id| self.journal_id = Some(id.into())),
        };
        let found = found.and_then(|()| file.due(&wanted, clock_ms));
        let Ok(found) = found else {
            // The journal may not have made its file yet, or has to make it anew.
            self.look_at = Some(now + AGAIN);
            return;
        };
        let mosts: Vec<usize> = wanted.iter().map(|(_, most, _)| *most).collect();
        let webhooks = self.webhooks.clone();
        for ((ready, work), most) in webhooks.iter().zip(found).zip(mosts) {
            let name = ready.name();
            let paused = self.paused.get(name).copied().filter(|until| *until > now);
            let in_ms = |at: Instant| i64::try_from((at - now).as_millis()).unwrap_or(i64::MAX);
            let busy = self.busy.get(name).is_some_and(|busy| !busy.is_empty());
            let next_ms = match paused {
                Some(until) => Some(clock_ms.saturating_add(in_ms(until))),
                None if busy || !work.due.is_empty() => Some(clock_ms),
                None => work.next_ms,
            };
            self.shared.state(name, |state| state.next_ms = next_ms);
            if let Some(next_ms) = work.next_ms.filter(|_| most > 0) {
                let wait = u64::try_from(next_ms - clock_ms).unwrap_or_default();
                // A clock that jumps is noticed within the hour.
                let wait = Duration::from_millis(wait).min(Duration::from_secs(3_600));
                wake = [wake, Some(now + wait)].into_iter().flatten().min();
            }
            for due in work.due {
                self.begin(Arc::clone(ready), due);
            }
        }
        self.look_at = wake;
    }

    fn begin(&mut self, ready: Arc<Ready>, due: Due) {
        let Some(journal_id) = self.journal_id.clone() else { return };
        let name = ready.name().to_owned();
        self.busy.entry(name.clone()).or_default().insert(due.seq);
        *self.flying.entry(name).or_default() += 1;
        let (shared, theirs, what) = (Arc::clone(&self.shared), Arc::clone(&ready), due.clone());
        let task =
            self.tasks.spawn(async move { attempt(&shared, &theirs, &what, &journal_id).await });
        self.sent.insert(task.id(), (ready, due));
    }

    /// An attempt has ended.
    fn attempted(&mut self, id: Id, attempt: Attempt) {
        let Some((ready, due)) = self.sent.remove(&id) else { return };
        let name = ready.name();
        if let Some(flying) = self.flying.get_mut(name) {
            *flying = flying.saturating_sub(1);
        }
        let verdict = match attempt {
            Attempt::Delivered => {
                self.shared.attempted(name, None);
                self.paused.remove(name);
                let was_down = self.failed.remove(name).is_some_and(|failed| failed.is_endpoint());
                if was_down { Verdict::DoneAgain } else { Verdict::Done }
            }
            Attempt::Skipped => Verdict::Done,
            Attempt::Gone => {
                let error = format!("{} answers 410", ready.webhook.hook.endpoint);
                let ended = self.shared.state(name, |state| {
                    state.failed += 1;
                    state.error = Some(error);
                    !std::mem::replace(&mut state.ended, true)
                });
                if ended == Some(true) {
                    self.shared.setup.host.say(&Change::Ended { hook: name.to_owned() });
                }
                Verdict::Untried { due_ms: now_ms() }
            }
            Attempt::Broken(error) => {
                self.shared.attempted(name, Some(&error));
                Verdict::Dead { error }
            }
            Attempt::Failed { error, retry_after, down } => {
                self.shared.attempted(name, Some(&error));
                self.failed.entry(name.to_owned()).or_default().add(due.seq, down);
                if let Some(after) = retry_after {
                    self.paused.insert(name.to_owned(), Instant::now() + after);
                }
                self.later(&due, error, retry_after)
            }
        };
        self.results.push(Posted { hook: name.to_owned(), seq: due.seq, verdict });
    }

    /// When it is to be tried again, if it is.
    fn later(&self, due: &Due, error: String, retry_after: Option<Duration>) -> Verdict {
        let schedule = &self.shared.setup.schedule;
        let now_ms = now_ms();
        let longest: Duration = schedule.iter().sum();
        let waited = Duration::from_millis((now_ms - due.queued_ms).try_into().unwrap_or_default());
        match schedule.get(due.attempts) {
            Some(pause) if waited <= longest => {
                // So that what failed together is not tried together.
                let share = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
                let pause = pause.mul_f64(0.9 + 0.2 * share).max(retry_after.unwrap_or_default());
                let pause = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
                Verdict::Later { due_ms: now_ms.saturating_add(pause), error }
            }
            _ => Verdict::Dead { error },
        }
    }

    /// Has the results written down, if nothing else is being written down.
    fn record(&mut self, now: Instant) {
        if self.results.is_empty() || self.recording.is_some() || now < self.record_at {
            return;
        }
        let Some(journal) = &self.shared.setup.journal else { return };
        match journal.posted(self.results.clone()) {
            Some(answer) => self.recording = Some((std::mem::take(&mut self.results), answer)),
            None => self.record_at = now + SOON,
        }
    }

    fn recorded(&mut self, written: bool) {
        let Some((results, _)) = self.recording.take() else { return };
        if !written {
            // It is not sent again before that is written down.
            self.results.splice(0..0, results);
            self.record_at = Instant::now() + AGAIN;
            return;
        }
        for Posted { hook, seq, .. } in results {
            if let Some(busy) = self.busy.get_mut(&hook) {
                busy.remove(&seq);
            }
        }
    }
}

async fn grown(latest: &mut Option<watch::Receiver<i64>>) {
    let gone = match latest {
        Some(latest) => latest.changed().await.is_err(),
        None => true,
    };
    if gone {
        pending::<()>().await;
    }
}

async fn written_down(recording: &mut Option<(Vec<Posted>, oneshot::Receiver<bool>)>) -> bool {
    match recording {
        Some((_, answer)) => answer.await.unwrap_or(false),
        None => pending().await,
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}
