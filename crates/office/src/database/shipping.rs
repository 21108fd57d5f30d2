//! The thread: connects, sends what the file has and the database has not, and begins again after any trouble.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::health::Change;
use super::local::{self, LINE, Life, Line, POSITION, Position};
use super::remote::{Limited, Remote, Trouble};
use super::{Shared, now_ms};
use crate::journal::{State, Voice};
use crate::query::Reader;

/// The most entries in one transaction.
const MOST: i64 = 1_000;
/// The fewest, for a server that cannot do more in time.
const FEWEST: i64 = 10;
/// How long an entry waits for others to share its transaction.
const GATHER: Duration = Duration::from_millis(500);
/// How often it is looked whether the journal has opened its file.
const SOON: Duration = Duration::from_millis(20);
/// How long the file may take to keep something.
const KEPT_WITHIN: Duration = Duration::from_secs(5);
/// How often the position is kept in the file, where it only counts while the database cannot be asked.
const KEEP_EVERY: Duration = Duration::from_secs(10);

pub(super) struct Shipping {
    shared: Arc<Shared>,
    file: Reader,
    stop: watch::Receiver<Option<Duration>>,
    again: watch::Receiver<bool>,
    voice: Voice,
    /// The most entries in the next transaction.
    most: i64,
    /// What was found missing in the file: the number of the first entry that was there.
    missed_until: i64,
    /// The position that the file keeps, and since when.
    kept: Option<(i64, Instant)>,
}

impl Shipping {
    pub(super) fn new(shared: Arc<Shared>, stop: watch::Receiver<Option<Duration>>) -> Self {
        let file = Reader::new(shared.journal.path());
        let again = shared.again.subscribe();
        Shipping {
            shared,
            file,
            stop,
            again,
            voice: Voice::default(),
            most: MOST,
            missed_until: 0,
            kept: None,
        }
    }

    /// Runs until it is stopped, and no longer after that than it may.
    pub(super) async fn run(mut self) {
        let mut stop = self.stop.clone();
        let stopped = async {
            // An error: nobody is left to stop it.
            let within = stop.wait_for(Option::is_some).await.map_or(None, |within| *within);
            sleep(within.unwrap_or_default()).await;
        };
        tokio::select! {
            () = self.ship() => {}
            () = stopped => {}
        }
    }

    async fn ship(&mut self) {
        let mut pause = self.shared.settings.pause;
        while !self.is_stopping() {
            let before = self.shared.health.lock().shipped;
            let Err(trouble) = self.connected().await else { return };
            let text = match trouble {
                Trouble::Moved => {
                    self.rest(GATHER).await;
                    continue;
                }
                Trouble::TooSlow(text) => {
                    self.most = (self.most / 4).max(FEWEST);
                    text
                }
                Trouble::Refused(text) | Trouble::File(text) => text,
            };
            self.failed(&text);
            if self.shared.health.lock().shipped > before {
                pause = self.shared.settings.pause;
            }
            self.rest(pause).await;
            pause = (pause * 2).min(self.shared.settings.longest_pause);
        }
    }

    fn is_stopping(&self) -> bool {
        self.stop.borrow().is_some()
    }

    /// Waits, unless it is stopped meanwhile.
    async fn rest(&mut self, time: Duration) {
        let _ = timeout(time, self.stop.wait_for(Option::is_some)).await;
    }

    /// One connection, until there is trouble or it is stopped.
    async fn connected(&mut self) -> Result<(), Trouble> {
        // There is no file before the journal has made it.
        while self.shared.journal.health().state == State::Starting && !self.is_stopping() {
            self.rest(SOON).await;
        }
        let line = self.line()?;
        let settings = &self.shared.settings;
        let limited = Limited(settings.answer_within);
        let remote = Remote::connect(&settings.address, limited).await?;
        let Some(life) = line.latest().cloned() else { return Err(Trouble::Moved) };
        let mut position = remote.position(&life, self.shared.journal.node()).await?;
        let mut erasures = self.shared.journal.erasures();
        self.erase(&remote, &line).await?;
        if let Some(from) = self.other_story(&remote, &life, position).await? {
            self.keep(LINE, &line.again(from)?)?;
            (self.shared.settings.on_change)(&Change::Restored { from });
            return Err(Trouble::Moved);
        }
        let (mut written, mut heard) = (None, Instant::now());
        loop {
            let stopping = self.is_stopping();
            let now_written = self.shared.journal.written();
            if written != Some(now_written) {
                written = Some(now_written);
                position = self.catch_up(&remote, &line, &life, position).await?;
                heard = Instant::now();
            }
            let now_erased = self.shared.journal.erasures();
            if erasures != now_erased {
                erasures = now_erased;
                self.erase(&remote, &line).await?;
            }
            if *self.again.borrow_and_update() {
                self.shared.again.send_replace(false);
                self.all_calls(&remote, &line, &life, position).await?;
            }
            if stopping {
                self.keep_position(&life, position, true);
                return Ok(());
            }
            if heard.elapsed() >= self.shared.settings.alive_every {
                remote.alive().await?;
                heard = Instant::now();
            }
            self.keep_position(&life, position, false);
            self.rest(GATHER).await;
        }
    }

    /// The lives of the file, which begin here if it is a new one.
    fn line(&mut self) -> Result<Line, Trouble> {
        let state = local::state(&self.file)?;
        if let Some(line) = &state.line {
            let latest = line.latest();
            let mine = |kept: &&Position| latest.is_some_and(|life| life.journal == kept.journal);
            if let Some(kept) = state.position.as_ref().filter(mine) {
                self.look(kept.position, &state);
            }
            return Ok(line.clone());
        }
        self.look(state.first - 1, &state);
        let line = Line::begun(state.first)?;
        self.keep(LINE, &line)?;
        Ok(line)
    }

    /// Keeps something in the file, where it is when this returns.
    fn keep(&self, name: &str, value: &Line) -> Result<(), Trouble> {
        let json = serde_json::to_string(value).map_err(|err| Trouble::File(err.to_string()))?;
        self.shared.journal.keep(name, json);
        let written = self.shared.journal.flush(KEPT_WITHIN);
        match written && local::state(&self.file)?.line.as_ref() == Some(value) {
            true => Ok(()),
            false => Err(Trouble::File("the journal cannot be written".to_owned())),
        }
    }

    /// Since which entry the file has others than the database, if it does: it was restored from a copy.
    async fn other_story(
        &self,
        remote: &Remote,
        life: &Life,
        position: i64,
    ) -> Result<Option<i64>, Trouble> {
        let state = local::state(&self.file)?;
        let begin = state.first.max(life.from);
        // What somebody has deleted here or there says nothing.
        let same = async |seq: i64| -> Result<bool, Trouble> {
            let (here, there) = (local::entry(&self.file, seq)?, remote.entry(life, seq).await?);
            Ok(match (here, there) {
                (Some(serde_json::Value::Object(mut here)), Some(there)) => {
                    here.remove("journal");
                    serde_json::Value::Object(here) == there
                }
                _ => true,
            })
        };
        if position < begin || (position <= state.last && same(position).await?) {
            return Ok(None);
        }
        // All before `low` are the same, and none from `high` on.
        let (mut low, mut high) = (begin, position.min(state.last + 1));
        while low < high {
            let middle = low + (high - low) / 2;
            if same(middle).await? {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(Some(low))
    }

    /// Sends all there is. The new position.
    async fn catch_up(
        &mut self,
        remote: &Remote,
        line: &Line,
        life: &Life,
        mut position: i64,
    ) -> Result<i64, Trouble> {
        loop {
            let state = local::state(&self.file)?;
            self.look(position, &state);
            let Some(batch) = local::next(&self.file, line, position, self.most)? else {
                return Err(Trouble::Moved);
            };
            if batch.entries.is_empty() {
                self.is_good();
                return Ok(position);
            }
            remote.ship(life, position, &batch).await?;
            position = batch.last;
            self.most = (self.most * 2).min(MOST);
            self.shared.health.lock().shipped += batch.entries.len() as u64;
            self.look(position, &state);
            self.is_good();
            self.keep_position(life, position, false);
        }
    }

    /// Has callers erased there who were erased here.
    async fn erase(&self, remote: &Remote, line: &Line) -> Result<(), Trouble> {
        loop {
            let (seqs, batch) = local::erased(&self.file, line, self.most)?;
            let Some(last) = seqs.last().copied() else { return Ok(()) };
            remote.replace(&batch).await?;
            self.shared.journal.erased_elsewhere(seqs);
            let written = self.shared.journal.flush(KEPT_WITHIN);
            if !written
                || local::erased(&self.file, line, 1)?.0.first().is_some_and(|first| *first <= last)
            {
                return Err(Trouble::File("the journal cannot be written".to_owned()));
            }
        }
    }

    /// Sends all calls again.
    async fn all_calls(
        &self,
        remote: &Remote,
        line: &Line,
        life: &Life,
        position: i64,
    ) -> Result<(), Trouble> {
        let mut from = 0;
        loop {
            let calls = local::calls(&self.file, line, from, self.most)?;
            let Some(last) = calls.last().and_then(|call| call["id"].as_i64()) else {
                return Ok(());
            };
            let sent = remote.calls(life, position, &calls).await;
            if sent.is_err() {
                // From the beginning, over the next connection.
                self.shared.again.send_replace(true);
            }
            sent?;
            from = last + 1;
        }
    }

    /// Counts what waits behind that position, and what was there and is not any more.
    fn look(&mut self, position: i64, state: &local::State) {
        let missing = state.first - 1 - position;
        let waiting = u64::try_from(state.last - position.max(state.first - 1)).unwrap_or_default();
        *self.shared.counted_at.lock() = self.shared.journal.written();
        let skipped = u64::try_from(missing).ok().filter(|_| state.first > self.missed_until);
        let skipped = skipped.filter(|count| *count > 0);
        {
            let mut health = self.shared.health.lock();
            health.waiting = Some(waiting);
            health.skipped += skipped.unwrap_or_default();
        }
        if let Some(count) = skipped {
            self.missed_until = state.first;
            (self.shared.settings.on_change)(&Change::Skipped(count));
        }
    }

    fn keep_position(&mut self, life: &Life, position: i64, now: bool) {
        let soon = |at: &Instant| !now && at.elapsed() < KEEP_EVERY;
        if self.kept.as_ref().is_some_and(|(kept, at)| *kept == position || soon(at)) {
            return;
        }
        self.kept = Some((position, Instant::now()));
        let position = Position { journal: life.journal.clone(), position };
        if let Ok(json) = serde_json::to_string(&position) {
            self.shared.journal.keep(POSITION, json);
        }
    }

    fn is_good(&mut self) {
        self.is(true, "");
    }

    fn failed(&mut self, text: &str) {
        let address = &self.shared.settings.address;
        let reason = address.without_password(&format!("{address}: {text}"));
        self.is(false, &reason);
    }

    fn is(&mut self, good: bool, reason: &str) {
        let now_ms = now_ms();
        let since_ms = {
            let mut health = self.shared.health.lock();
            reason.clone_into(&mut health.reason);
            if health.ok != Some(good) {
                health.ok = Some(good);
                health.since_ms = now_ms;
            }
            health.since_ms
        };
        let change = if good {
            let failed_for_ms = self.voice.works(now_ms);
            failed_for_ms.map(|failed_for_ms| Change::Working { failed_for_ms })
        } else {
            let said = self.voice.fails(since_ms, Instant::now());
            said.then(|| Change::Failing { reason: reason.to_owned() })
        };
        if let Some(change) = change {
            (self.shared.settings.on_change)(&change);
        }
    }
}
