//! Errands that travel through FreeSWITCH as one word of an application's data: what a leg was sent for, handed out once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Nothing a dialplan would write, and worthless to one that does: only tokens that are out count.
const PREFIX: &str = "token:";

/// From so many on those are forgotten that are out for so long: who was sent has gone on the way.
const MANY: usize = 1_000;
const LONG: Duration = Duration::from_secs(3600);

/// The errands that are out, and since when.
pub struct Tokens<T> {
    out: Mutex<HashMap<String, (Instant, T)>>,
    count: AtomicU64,
}

impl<T> Default for Tokens<T> {
    fn default() -> Self {
        Self { out: Mutex::default(), count: AtomicU64::default() }
    }
}

impl<T> Tokens<T> {
    /// Gives an errand a token.
    pub fn send(&self, errand: T) -> String {
        let token = format!("{PREFIX}{}", self.count.fetch_add(1, Ordering::Relaxed));
        let mut out = self.out.lock();
        if out.len() >= MANY {
            out.retain(|_, (since, _)| since.elapsed() < LONG);
        }
        out.insert(token.clone(), (Instant::now(), errand));
        token
    }

    /// Takes the errand; `None`: it was taken before, or there never was one.
    pub fn take(&self, token: &str) -> Option<T> {
        self.out.lock().remove(token).map(|(_, errand)| errand)
    }

    /// Waits until somebody has taken it, while `going` says that this can still happen, at most `limit`.
    pub fn wait_until_taken(&self, token: &str, limit: Duration, going: impl Fn() -> bool) -> bool {
        const LOOK_EVERY: Duration = Duration::from_millis(5);
        let end = Instant::now() + limit;
        while self.is_out(token) {
            if Instant::now() >= end || !going() {
                return !self.is_out(token);
            }
            std::thread::sleep(LOOK_EVERY);
        }
        true
    }

    /// Whether nobody has taken it yet.
    pub fn is_out(&self, token: &str) -> bool {
        self.out.lock().contains_key(token)
    }
}

/// Whether an application's data is a token, good or spent.
#[must_use]
pub fn is_token(data: &str) -> bool {
    data.starts_with(PREFIX)
}
