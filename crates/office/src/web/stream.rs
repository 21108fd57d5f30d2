//! `/v1/events`: what happens, as it happens.
//!
//! One task reads the journal as it grows and hands each event to every reader. The number of an event is its number in the
//! journal, so a reader who was away is told what it has missed.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::host::{Eyes, Happened, Sight, View, Who};
use super::server::App;
use super::settings::Settings;
use crate::journal::{Journal, State};
use crate::query::Reader;

/// How many events may wait for the slowest reader.
const MOST_WAITING: usize = 1_024;
/// How many pieces of text wait for a connection to take them.
const PIECES: usize = 16;
/// How long a connection may take nothing.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// How often a reader is shown that the connection is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often a reader is told everything while the journal does not grow.
const WITHOUT_JOURNAL: Duration = Duration::from_secs(2);
/// For how long changes that are no events are gathered.
const GATHER: Duration = Duration::from_millis(400);
/// After how long the reader has to come again, so that what it may see is looked at again.
const LONGEST: Duration = Duration::from_secs(3_600);
/// How many events are read at once.
const AT_ONCE: usize = 256;
/// How many missed events are told. Who has missed more is only told what there is now.
const MOST_MISSED: i64 = 20_000;
/// After how long the file is read again when that has failed.
const AGAIN: Duration = Duration::from_secs(1);

/// Where events go.
pub(super) struct Hub {
    events: broadcast::Sender<Arc<Happened>>,
    /// Something has changed that is no event.
    changed: watch::Sender<()>,
}

impl Default for Hub {
    fn default() -> Self {
        Hub { events: broadcast::Sender::new(MOST_WAITING), changed: watch::Sender::default() }
    }
}

impl Hub {
    /// Every reader is told everything soon.
    pub(super) fn refresh(&self) {
        self.changed.send_replace(());
    }
}

/// Reads the journal as it grows, until the server ends.
pub(super) async fn pump(app: Arc<App>, journal: Arc<Journal>) {
    let mut latest = journal.latest();
    let mut told = *latest.borrow_and_update();
    loop {
        if latest.changed().await.is_err() {
            return;
        }
        // Numbers that go back are those of another file.
        let newest = *latest.borrow_and_update();
        while told < newest {
            let (theirs, from) = (Arc::clone(&app), told);
            let path = journal.path().to_owned();
            let read = tokio::task::spawn_blocking(move || {
                let happened = Reader::new(path).since(from, AT_ONCE)?;
                Ok::<_, crate::journal::Failure>(theirs.host.told(happened))
            });
            match read.await {
                Ok(Ok(happened)) if happened.is_empty() => told = newest,
                Ok(Ok(happened)) => {
                    for event in happened {
                        told = event.seq;
                        app.metrics.count(&event);
                        // There may be no reader.
                        let _ = app.hub.events.send(Arc::new(event));
                    }
                }
                Ok(Err(_)) => tokio::time::sleep(AGAIN).await,
                Err(_) => return,
            }
        }
    }
}

/// A reader of the stream.
pub(super) struct Listener {
    app: Arc<App>,
    who: Who,
    /// Whether who listens may still listen.
    still: Box<dyn Fn() -> bool + Send + Sync>,
    events: broadcast::Receiver<Arc<Happened>>,
    changed: watch::Receiver<()>,
    out: mpsc::Sender<Bytes>,
    eyes: Eyes,
    /// Other settings count: who listens has to come again.
    settings: watch::Receiver<Arc<Settings>>,
    /// The latest event that was told.
    seq: i64,
}

/// Why a reader is sent nothing more.
enum Gone {
    /// It does not take what it is sent, or it cannot be found out what that is.
    Cut,
    /// Its connection has ended.
    Left,
}

impl Listener {
    /// Begins to listen. `last`: the latest event that the reader knows.
    pub(super) async fn begin(
        app: Arc<App>,
        who: Who,
        last: Option<i64>,
        still: Box<dyn Fn() -> bool + Send + Sync>,
    ) -> Option<Body> {
        // Before it is looked at what there is, so that nothing is missed in between.
        let events = app.hub.events.subscribe();
        let changed = app.hub.changed.subscribe();
        let settings = app.settings.subscribe();
        let seq = app.latest();
        let View { snapshot, eyes } = view(&app, &who, seq).await?;
        let missed = last.filter(|last| (seq - MOST_MISSED..=seq).contains(last));
        let id = missed.is_none().then_some(seq);
        let (out, body) = mpsc::channel(PIECES);
        let first = format!("retry: 2000\n\n{}", message("snapshot", id, &snapshot));
        out.try_send(Bytes::from(first)).ok()?;
        app.metrics.readers.inc();
        let seq_known = missed.unwrap_or(seq);
        let listener =
            Listener { app, who, still, events, changed, out, eyes, settings, seq: seq_known };
        tokio::spawn(async move {
            let app = Arc::clone(&listener.app);
            let cut = matches!(listener.listen(seq).await, Err(Gone::Cut));
            app.metrics.readers.dec();
            if cut {
                app.metrics.cut.inc();
            }
        });
        Some(Body::new(Stream(body)))
    }

    async fn listen(mut self, until: i64) -> Result<(), Gone> {
        self.replay(until).await?;
        let begun = Instant::now();
        let mut beat = interval(HEARTBEAT);
        let mut without = interval(WITHOUT_JOURNAL);
        for timer in [&mut beat, &mut without] {
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
            timer.reset();
        }
        loop {
            tokio::select! {
                event = self.events.recv() => match event {
                    Ok(event) => {
                        let mut text = String::new();
                        let mut next = Some(event);
                        while let Some(event) = next {
                            self.tell(&event, &mut text).await?;
                            next = if text.len() < 16_384 { self.events.try_recv().ok() } else { None };
                        }
                        self.send(text).await?;
                    }
                    Err(RecvError::Lagged(_)) => return Err(Gone::Cut),
                    Err(RecvError::Closed) => return Ok(()),
                },
                _ = beat.tick() => {
                    if !(self.still)() || begun.elapsed() > LONGEST {
                        return Ok(());
                    }
                    self.send(": heartbeat\n\n".to_owned()).await?;
                }
                _ = self.changed.changed() => {
                    // A script closes one orbit after the other.
                    tokio::time::sleep(GATHER).await;
                    self.changed.mark_unchanged();
                    let text = self.look_again(None).await?;
                    self.send(text).await?;
                }
                _ = without.tick() => {
                    if self.app.is_without_journal() {
                        let text = self.look_again(None).await?;
                        self.send(text).await?;
                    }
                }
                () = self.out.closed() => return Ok(()),
                _ = self.settings.changed() => return Ok(()),
            }
        }
    }

    /// Tells what was missed, up to that event.
    async fn replay(&mut self, until: i64) -> Result<(), Gone> {
        while self.seq < until {
            let (Some(journal), from) = (self.app.journal.clone(), self.seq) else { return Ok(()) };
            let app = Arc::clone(&self.app);
            let read = tokio::task::spawn_blocking(move || {
                let happened = Reader::new(journal.path()).since(from, AT_ONCE)?;
                Ok::<_, crate::journal::Failure>(app.host.told(happened))
            });
            let Ok(Ok(happened)) = read.await else { return Err(Gone::Cut) };
            if happened.is_empty() {
                self.seq = until;
            }
            let mut text = String::new();
            for event in &happened {
                self.tell(event, &mut text).await?;
            }
            self.send(text).await?;
        }
        Ok(())
    }

    /// Adds the event to the text, if the viewer sees it.
    async fn tell(&mut self, event: &Happened, text: &mut String) -> Result<(), Gone> {
        if event.seq <= self.seq {
            return Ok(());
        }
        self.seq = event.seq;
        match (self.eyes)(event) {
            Sight::Nothing => {}
            Sight::Json(json) => text.push_str(&message("call", Some(event.seq), &json)),
            Sight::Unknown => {
                let again = self.look_again(Some(event.seq)).await?;
                text.push_str(&again);
            }
        }
        Ok(())
    }

    /// Everything there is now.
    async fn look_again(&mut self, id: Option<i64>) -> Result<String, Gone> {
        let View { snapshot, eyes } =
            view(&self.app, &self.who, self.seq).await.ok_or(Gone::Cut)?;
        self.eyes = eyes;
        Ok(message("snapshot", id, &snapshot))
    }

    async fn send(&self, text: String) -> Result<(), Gone> {
        if text.is_empty() {
            return Ok(());
        }
        let begun = Instant::now();
        match timeout(PATIENCE, self.out.send(Bytes::from(text))).await {
            Ok(Ok(())) => Ok(()),
            // What serves the connection has lost its patience first, if there was something to wait for.
            Ok(Err(_)) if begun.elapsed() < PATIENCE / 2 => Err(Gone::Left),
            Ok(Err(_)) | Err(_) => Err(Gone::Cut),
        }
    }
}

async fn view(app: &Arc<App>, who: &Who, seq: i64) -> Option<View> {
    let (app, who) = (Arc::clone(app), who.clone());
    tokio::task::spawn_blocking(move || app.host.view(&who, seq)).await.ok()
}

/// One message. JSON has no line ends.
fn message(event: &str, id: Option<i64>, json: &str) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("event: {event}\n{id}data: {json}\n\n")
}

/// Whether the journal tells what happens.
pub(super) fn is_without_journal(journal: Option<&Journal>) -> bool {
    journal.is_none_or(|journal| matches!(journal.health().state, State::Failing | State::Stopped))
}

/// A body that goes on.
struct Stream(mpsc::Receiver<Bytes>);

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
