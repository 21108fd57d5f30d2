//! Errands that travel through FreeSWITCH as one word of an application's data: what a leg was sent for, handed out once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Nothing a dialplan would write, and worthless to one that does: only tokens that are out count.
const PREFIX: &str = "token:";

/// The errands that are out.
pub struct Tokens<T> {
    out: Mutex<HashMap<String, Out<T>>>,
    count: AtomicU64,
}

struct Out<T> {
    errand: T,
    /// When nobody will come for it any more; none: who sent it takes it back.
    until: Option<Instant>,
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
        let now = Instant::now();
        let mut out = self.out.lock();
        out.retain(|_, out| out.until.is_none_or(|until| until > now));
        out.insert(token.clone(), Out { errand, until: None });
        token
    }

    /// The leg is on its way and nobody watches it: if it never comes, the errand is forgotten after `limit`.
    pub fn forget_after(&self, token: &str, limit: Duration) {
        if let Some(out) = self.out.lock().get_mut(token) {
            out.until = Some(Instant::now() + limit);
        }
    }

    /// Takes the errand; `None`: it was taken before, or there never was one.
    pub fn take(&self, token: &str) -> Option<T> {
        self.out.lock().remove(token).map(|out| out.errand)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_is_handed_out_once() {
        let tokens = Tokens::default();
        let token = tokens.send(7);
        assert!(is_token(&token) && tokens.is_out(&token));
        assert_eq!((tokens.take(&token), tokens.take(&token)), (Some(7), None));
    }

    #[test]
    fn errands_of_legs_that_never_came_are_forgotten() {
        let tokens = Tokens::default();
        let (lost, kept) = (tokens.send(1), tokens.send(2));
        tokens.forget_after(&lost, Duration::ZERO);
        tokens.send(3);
        assert_eq!((tokens.take(&lost), tokens.take(&kept)), (None, Some(2)));
    }
}
