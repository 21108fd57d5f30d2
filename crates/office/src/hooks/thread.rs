//! The thread, and what others ask of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, watch};

use super::asking::{self, Asked};
use super::attempt;
use super::client::Trust;
use super::health::{Change, Figures, Listed, State};
use super::host::Host;
use super::sending::Sending;
use super::settings::{Hook, Settings};
use crate::entry::{Action, Entry};
use crate::journal::{Failure, Journal, Voice, now_ms};

/// The name of the thread.
pub const THREAD: &str = "callpark-hooks";
/// How long a name's look-up that cannot be interrupted may hold up the end of the thread.
const LOOK_UP: Duration = Duration::from_millis(100);
/// How many look-ups of names there are at the same time.
const LOOK_UPS: usize = 4;
/// How many tests wait.
const TESTS: usize = 16;
/// How long a test takes at the most.
const TEST: Duration = Duration::from_secs(16);

/// What the hooks need.
#[derive(Clone)]
pub struct Setup {
    /// The module.
    pub host: Arc<dyn Host>,
    /// What has happened. None: there is no journal, and nothing is sent to webhooks.
    pub journal: Option<Arc<Journal>>,
    /// The name of this node.
    pub node: String,
    /// Runs first in the thread: leaves the real-time class, lowers the priority, blocks signals.
    pub at_thread_start: Arc<dyn Fn() + Send + Sync>,
    /// After how long each further attempt is made. After the last, the entry is a dead letter.
    pub schedule: Arc<[Duration]>,
    /// How long one delivery may take.
    pub deliver_within: Duration,
    /// How long an answer to a question may take.
    pub answer_within: Duration,
}

impl Setup {
    /// That host and that journal, with everything else at its default.
    #[must_use]
    pub fn new(host: Arc<dyn Host>, journal: Option<Arc<Journal>>) -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 3_600;
        let schedule =
            [5, 30, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 24 * HOUR];
        let node = journal.as_ref().map(|journal| journal.node().to_owned()).unwrap_or_default();
        Setup {
            host,
            journal,
            node,
            at_thread_start: Arc::new(|| {}),
            schedule: schedule.map(Duration::from_secs).into(),
            deliver_within: Duration::from_secs(15),
            answer_within: Duration::from_secs(2),
        }
    }
}

/// Sends and asks until it is stopped. When it is dropped, it does not wait for what is on its way.
pub struct Hooks {
    shared: Arc<Shared>,
    asked: mpsc::Sender<Asked>,
    /// Questions are given up because too many wait.
    shedding: AtomicBool,
    stop: watch::Sender<Option<Duration>>,
    ended: Receiver<()>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the parts of this room share.
pub(super) struct Shared {
    pub(super) setup: Setup,
    pub(super) settings: watch::Sender<Arc<Settings>>,
    pub(super) trust: Trust,
    pub(super) again: Notify,
    states: Mutex<BTreeMap<String, (State, Voice)>>,
    tests: mpsc::Sender<Test>,
}

/// A hook is to be tried.
pub(super) struct Test {
    pub(super) hook: String,
    pub(super) reply: Sender<Result<String, String>>,
}

impl Shared {
    /// How that hook is. It has no state after its settings have gone.
    pub(super) fn state<T>(&self, hook: &str, look: impl FnOnce(&mut State) -> T) -> Option<T> {
        self.states.lock().get_mut(hook).map(|(state, _)| look(state))
    }

    /// An attempt has ended, with what went wrong.
    pub(super) fn attempted(&self, hook: &str, wrong: Option<&str>) {
        let change = match self.states.lock().get_mut(hook) {
            Some((state, voice)) => match wrong {
                None => state.works(voice, hook, now_ms()),
                Some(wrong) => state.fails(voice, hook, wrong, now_ms()),
            },
            None => None,
        };
        if let Some(change) = change {
            self.setup.host.say(&change);
        }
    }

    /// Other settings count.
    fn configured(&self, settings: &Settings) {
        let mut states = self.states.lock();
        let mut before = std::mem::take(&mut *states);
        for hook in hooks(settings) {
            let mut kept = before.remove(&hook.name).unwrap_or_default();
            kept.0.ended = false;
            states.insert(hook.name.clone(), kept);
        }
    }
}

/// All of them.
fn hooks(settings: &Settings) -> impl Iterator<Item = &Hook> {
    let webhooks = settings.webhooks.iter().map(|webhook| &webhook.hook);
    webhooks.chain(settings.questions.iter().map(|question| &question.hook))
}

impl Hooks {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// There is no room for another thread, or the system has no timers or sockets for it.
    pub fn start(setup: Setup, settings: Settings) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(LOOK_UPS)
            .thread_name("callpark-names")
            .build()?;
        let at_start = Arc::clone(&setup.at_thread_start);
        let (asked, questions) = mpsc::channel(asking::MOST_WAITING);
        let (test, tests) = mpsc::channel(TESTS);
        let shared = Arc::new(Shared {
            setup,
            settings: watch::Sender::new(Arc::new(settings.clone())),
            trust: Trust::default(),
            again: Notify::new(),
            states: Mutex::default(),
            tests: test,
        });
        shared.configured(&settings);
        let (stop, stopped) = watch::channel(None);
        let (tell, ended) = bounded::<()>(0);
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(THREAD.to_owned()).spawn(move || {
            let _tell = tell;
            at_start();
            runtime.block_on(async move {
                tokio::spawn(asking::run(Arc::clone(&theirs), questions));
                tokio::spawn(attempt::test(Arc::clone(&theirs), tests));
                Sending::new(theirs, stopped).run().await;
            });
            runtime.shutdown_timeout(LOOK_UP);
        })?;
        let (shedding, thread) = (AtomicBool::new(false), Mutex::new(Some(thread)));
        Ok(Hooks { shared, asked, shedding, stop, ended, thread })
    }

    /// Other settings count from now on. A webhook that has ended by 410 begins again.
    pub fn configure(&self, settings: Settings) {
        self.shared.configured(&settings);
        self.shared.settings.send_replace(Arc::new(settings));
    }

    /// Asks whoever is to be asked about a call that is being parked. Never waits: without room, nobody is asked.
    pub fn parked(&self, entry: &Entry) {
        let parked = matches!(entry.action, Action::Park | Action::Recover) && !entry.is_ending();
        if !parked || self.shared.settings.borrow().questions.is_empty() {
            return;
        }
        if self.asked.try_send(Asked::about(entry)).is_ok() {
            if self.asked.capacity() > asking::MOST_WAITING / 2 {
                self.shedding.store(false, Ordering::Relaxed);
            }
            return;
        }
        for question in &self.shared.settings.borrow().questions {
            self.shared.state(&question.hook.name, |state| state.shed += 1);
        }
        if !self.shedding.swap(true, Ordering::Relaxed) {
            self.shared.setup.host.say(&Change::Shedding);
        }
    }

    /// All hooks, in the order of the settings.
    #[must_use]
    pub fn list(&self) -> Vec<Listed> {
        let settings = self.shared.settings.borrow().clone();
        let webhooks = settings.webhooks.iter().map(|webhook| ("webhook", &webhook.hook));
        let questions = settings.questions.iter().map(|question| ("question", &question.hook));
        let journal = self.shared.setup.journal.as_ref();
        let listed = webhooks.chain(questions).map(|(kind, hook)| {
            let what = (hook.name.clone(), kind, hook.endpoint.to_string());
            let tally = journal.map(|journal| journal.tally(&hook.name)).unwrap_or_default();
            let state = self.shared.state(&hook.name, |state| state.clone());
            state.unwrap_or_default().listed(what, tally, now_ms())
        });
        listed.collect()
    }

    /// Figures of the webhooks, for monitoring.
    #[must_use]
    pub fn figures(&self) -> Vec<Figures> {
        let webhooks = self.list().into_iter().filter(|hook| hook.kind == "webhook");
        let figures = webhooks.map(|hook| {
            let Listed { name: hook, waiting, dead, delivered, failed, .. } = hook;
            Figures { hook, waiting, dead, delivered, failed }
        });
        figures.collect()
    }

    /// Tries everything now that waits for that webhook, or for all, and dead letters too. How many entries that is. None: there
    /// is no such webhook.
    ///
    /// # Errors
    ///
    /// There is no journal, or it cannot be written.
    pub fn retry(&self, hook: Option<&str>, within: Duration) -> Result<Option<usize>, Failure> {
        let settings = self.shared.settings.borrow().clone();
        let mut known = settings.webhooks.iter().map(|webhook| webhook.hook.name.as_str());
        if hook.is_some_and(|hook| !known.any(|name| name == hook)) {
            return Ok(None);
        }
        let journal = self.shared.setup.journal.as_ref().ok_or(Failure::NoAnswer)?;
        let count = journal.post_again(hook, within)?;
        for webhook in &settings.webhooks {
            let name = webhook.hook.name.as_str();
            if hook.is_none_or(|hook| hook == name) {
                self.shared.state(name, |state| state.ended = false);
            }
        }
        self.shared.again.notify_one();
        Ok(Some(count))
    }

    /// Sends a test to that hook now, and waits for what comes of it, for some seconds. None: there is no such hook.
    #[must_use]
    pub fn test(&self, hook: &str) -> Option<Result<String, String>> {
        let settings = self.shared.settings.borrow().clone();
        hooks(&settings).find(|known| known.name == hook)?;
        let (reply, answer) = bounded(1);
        let test = Test { hook: hook.to_owned(), reply };
        if self.shared.tests.try_send(test).is_err() {
            return Some(Err("too many tests are running".to_owned()));
        }
        let none = |_| Err("it was not answered in time".to_owned());
        Some(answer.recv_timeout(TEST).unwrap_or_else(none))
    }

    /// Ends what is on its way within that time, and then the thread. False: the thread has not ended soon after that.
    pub fn stop(&self, within: Duration) -> bool {
        self.stop.send_replace(Some(within));
        let Some(thread) = self.thread.lock().take() else { return true };
        let ended = self.ended.recv_timeout(within + Duration::from_secs(1));
        if ended == Err(crossbeam_channel::RecvTimeoutError::Timeout) {
            return false;
        }
        let _ = thread.join();
        true
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}
