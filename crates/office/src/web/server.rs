//! The server as a whole: its threads, and what they share.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};
use parking_lot::Mutex;
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};

use super::host::{Act, Answer, Attempt, Host, Problem, Who};
use super::links::Links;
use super::logins::Logins;
use super::metrics::Metrics;
use super::once::Once;
use super::sessions::Sessions;
use super::settings::Settings;
use super::stream::{self, Hub};
use super::{handlers, listen};
use crate::journal::{Failure, Journal};

/// The name of its threads.
const THREADS: &str = "callpark-io";
/// The name of those that do something.
const COMMANDS: &str = "callpark-cmd";
/// How many of these there are, and how much waits for them.
const DOERS: usize = 4;
const MOST_WAITING: usize = 256;
/// How many questions are answered at the same time.
const ANSWERERS: usize = 6;
/// For how long it is remembered for whom a proxy has vouched, and for how many.
const VOUCHED: Duration = Duration::from_secs(60);
const MOST_VOUCHED: usize = 10_000;

type Job = Box<dyn FnOnce() + Send>;

/// What the parts of the server share.
pub(super) struct App {
    pub(super) host: Arc<dyn Host>,
    pub(super) journal: Option<Arc<Journal>>,
    pub(super) sessions: Sessions,
    pub(super) logins: Logins,
    pub(super) hub: Hub,
    pub(super) metrics: Metrics,
    pub(super) done: Once<(u16, String)>,
    pub(super) settings: watch::Sender<Arc<Settings>>,
    /// None: the server ends.
    jobs: Mutex<Option<Sender<Job>>>,
    links: Arc<Links>,
    vouched: Mutex<HashMap<String, (Who, Instant)>>,
}

impl App {
    pub(super) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.borrow())
    }

    /// The one-tap links.
    pub(super) fn links(&self) -> &Links {
        &self.links
    }

    /// The number of the latest entry of the journal.
    pub(super) fn latest(&self) -> i64 {
        self.journal.as_ref().map_or(0, |journal| *journal.latest().borrow())
    }

    pub(super) fn is_without_journal(&self) -> bool {
        stream::is_without_journal(self.journal.as_deref())
    }

    /// Has something done, on a thread that may wait.
    pub(super) async fn act(&self, who: Who, act: Act) -> Answer {
        let (tell, answer) = oneshot::channel();
        let host = Arc::clone(&self.host);
        let job: Job = Box::new(move || {
            // Whoever asked may have gone; it is done all the same, as with any command.
            let _ = tell.send(host.act(&who, act));
        });
        let sent = self.jobs.lock().as_ref().is_some_and(|jobs| jobs.try_send(job).is_ok());
        if !sent {
            return Err(Problem::busy());
        }
        answer.await.unwrap_or_else(|_| Err(Problem::broken()))
    }

    /// How many actions wait for a thread.
    pub(super) fn actions_waiting(&self) -> usize {
        self.jobs.lock().as_ref().map_or(0, Sender::len)
    }

    /// The user for whom the proxy vouches.
    pub(super) async fn vouched(&self, user: &str) -> Option<Who> {
        let now = Instant::now();
        let known = self.vouched.lock().get(user).cloned();
        if let Some((who, until)) = known
            && now < until
        {
            return Some(who);
        }
        let (host, attempt) = (Arc::clone(&self.host), Attempt::Vouched(user.to_owned()));
        let who = tokio::task::spawn_blocking(move || host.user(&attempt)).await.ok()??;
        let mut vouched = self.vouched.lock();
        if vouched.len() >= MOST_VOUCHED {
            vouched.clear();
        }
        vouched.insert(user.to_owned(), (who.clone(), now + VOUCHED));
        Some(who)
    }
}

/// The server. It runs until it is stopped.
pub struct Server {
    app: Arc<App>,
    runtime: Mutex<Option<Runtime>>,
    doers: Mutex<Vec<JoinHandle<()>>>,
}

impl Server {
    /// Starts it. A port that is taken is no error: it is tried again and again. `links`: what makes its one-tap links. `begin`
    /// runs first in each of its threads.
    ///
    /// # Errors
    ///
    /// There is no room for its threads, or the system has no random numbers.
    pub fn start(
        settings: Settings,
        host: Arc<dyn Host>,
        journal: Option<Arc<Journal>>,
        links: Arc<Links>,
        begin: Arc<dyn Fn() + Send + Sync>,
    ) -> Result<Self, Failure> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(std::io::Error::other)?;
        let at_start = Arc::clone(&begin);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(ANSWERERS)
            .thread_name(THREADS)
            .on_thread_start(move || at_start())
            .enable_io()
            .enable_time()
            .build()?;
        let (jobs, waiting) = bounded::<Job>(MOST_WAITING);
        let doers = (0..DOERS).map(|_| {
            let (waiting, begin) = (waiting.clone(), Arc::clone(&begin));
            std::thread::Builder::new().name(COMMANDS.to_owned()).spawn(move || {
                begin();
                for job in waiting {
                    job();
                }
            })
        });
        let doers = doers.collect::<Result<Vec<_>, _>>()?;
        let app = Arc::new(App {
            host,
            journal: journal.clone(),
            sessions: Sessions::new(secret),
            logins: Logins::default(),
            hub: Hub::default(),
            metrics: Metrics::default(),
            done: Once::default(),
            settings: watch::Sender::new(Arc::new(settings)),
            jobs: Mutex::new(Some(jobs)),
            links,
            vouched: Mutex::default(),
        });
        if let Some(journal) = journal {
            runtime.spawn(stream::pump(Arc::clone(&app), journal));
        }
        let router = handlers::router(&app);
        runtime.spawn(listen::run(Arc::clone(&app), router, app.settings.subscribe()));
        Ok(Server { app, runtime: Mutex::new(Some(runtime)), doers: Mutex::new(doers) })
    }

    /// Other settings count from now on. Readers of the stream have to come again.
    pub fn configure(&self, settings: Settings) {
        self.app.settings.send_replace(Arc::new(settings));
        self.app.vouched.lock().clear();
    }

    /// What the host shows has changed without an entry in the journal: readers of the stream get a snapshot. Never waits.
    pub fn refresh(&self) {
        self.app.hub.refresh();
    }

    /// Ends it: no connection is left after that, and what is being done goes on for at most that time. False: something is
    /// still being done.
    pub fn stop(&self, within: Duration) -> bool {
        let until = Instant::now() + within;
        self.app.jobs.lock().take();
        if let Some(runtime) = self.runtime.lock().take() {
            runtime.shutdown_timeout(within);
        }
        let doers = std::mem::take(&mut *self.doers.lock());
        while doers.iter().any(|doer| !doer.is_finished()) {
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.lock().take() {
            runtime.shutdown_background();
        }
    }
}
