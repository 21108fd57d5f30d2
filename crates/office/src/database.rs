//! The same tables in PostgreSQL, for other programs. The file of the journal remains the truth: this part reads from it what
//! the database does not have yet, sends it, and can do so days later.
//!
//! One thread, `callpark-database`, with an asynchronous runtime of its own. Each transaction moves the position of the journal
//! together with the entries, so nothing is sent twice and nothing is left out, whenever the server or this process dies.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use parking_lot::Mutex;
use tokio::sync::watch;

mod address;
mod health;
mod local;
mod remote;
mod schema;
mod shipping;
mod tls;

pub use address::{Address, BadAddress};
pub use health::{Change, Health};

use crate::journal::{Failure, Journal, now_ms};
use shipping::Shipping;

/// The name of the thread.
pub const THREAD: &str = "callpark-database";
/// How long a name's look-up that cannot be interrupted may hold up the end of the thread.
const LOOK_UP: Duration = Duration::from_millis(100);

/// How the database is used.
#[derive(Clone)]
pub struct Settings {
    /// Where it is.
    pub address: Address,
    /// Runs first in the thread: leaves the real-time class, lowers the priority, blocks signals.
    pub at_thread_start: Arc<dyn Fn() + Send + Sync>,
    /// Receives each change once, in the thread. Must not wait for anything.
    pub on_change: Arc<dyn Fn(&Change) + Send + Sync>,
    /// How long the server may take for one answer.
    pub answer_within: Duration,
    /// The pause before the second attempt to connect; each further pause is twice as long.
    pub pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How often a server is asked for a sign of life when there is nothing to send.
    pub alive_every: Duration,
}

impl Settings {
    /// That database, with everything else at its default.
    #[must_use]
    pub fn new(address: Address) -> Self {
        Settings {
            address,
            at_thread_start: Arc::new(|| {}),
            on_change: Arc::new(|_| {}),
            answer_within: Duration::from_secs(30),
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            alive_every: Duration::from_secs(15),
        }
    }
}

/// Ships entries until it is stopped. When it is dropped, it does not wait for what is on its way.
pub struct Shipper {
    shared: Arc<Shared>,
    stop: watch::Sender<Option<Duration>>,
    ended: Receiver<()>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the shipper and its thread share.
struct Shared {
    settings: Settings,
    journal: Arc<Journal>,
    health: Mutex<Health>,
    /// How many entries the journal had written when `waiting` was counted.
    counted_at: Mutex<u64>,
    /// The table of calls was made again.
    again: watch::Sender<bool>,
}

impl Shipper {
    /// Starts the thread. A database that cannot be reached is not an error: see [`health`](Self::health).
    ///
    /// # Errors
    ///
    /// There is no room for another thread, or the system has no timers or sockets for it.
    pub fn start(settings: Settings, journal: Arc<Journal>) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(1)
            .thread_name("callpark-names")
            .build()?;
        let health = Health {
            ok: None,
            since_ms: now_ms(),
            reason: String::new(),
            waiting: None,
            shipped: 0,
            skipped: 0,
        };
        let at_start = Arc::clone(&settings.at_thread_start);
        let shared = Arc::new(Shared {
            settings,
            journal,
            health: Mutex::new(health),
            counted_at: Mutex::new(0),
            again: watch::Sender::new(false),
        });
        let (stop, stopped) = watch::channel(None);
        let (tell, ended) = bounded::<()>(0);
        let shipping = Shipping::new(Arc::clone(&shared), stopped);
        let thread = std::thread::Builder::new().name(THREAD.to_owned()).spawn(move || {
            let _tell = tell;
            at_start();
            runtime.block_on(shipping.run());
            runtime.shutdown_timeout(LOOK_UP);
        })?;
        Ok(Shipper { shared, stop, ended, thread: Mutex::new(Some(thread)) })
    }

    /// How the database is.
    #[must_use]
    pub fn health(&self) -> Health {
        let mut health = self.shared.health.lock().clone();
        let since = self.shared.journal.written().saturating_sub(*self.shared.counted_at.lock());
        health.waiting = health.waiting.map(|waiting| waiting + since);
        health
    }

    /// Which database it is, without the password.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.shared.settings.address
    }

    /// The table `call` was made again from its entries: sends all of it again.
    pub fn rebuilt(&self) {
        self.shared.again.send_replace(true);
    }

    /// Sends what the file has if the database can take it within that time, and ends. False: the thread has not ended soon
    /// after that.
    pub fn stop(&self, within: Duration) -> bool {
        self.stop.send_replace(Some(within));
        let Some(thread) = self.thread.lock().take() else { return true };
        // It reads the file for a moment at the most, and waits for nothing else.
        let ended = self.ended.recv_timeout(within + Duration::from_secs(1));
        if ended == Err(crossbeam_channel::RecvTimeoutError::Timeout) {
            return false;
        }
        let _ = thread.join();
        true
    }
}

impl Drop for Shipper {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}
