//! Errands that travel through FreeSWITCH as one word of an application's data: what a leg was sent for, handed out once.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Nothing a dialplan would write, and worthless to one that does: only tokens that are out count.
const PREFIX: &str = "token:";

/// The errands that are out.
pub struct Tokens<T> {
    out: Mutex<Out<T>>,
    count: AtomicU64,
}

struct Out<T> {
    errands: HashMap<String, T>,
    /// Those nobody watches, and until when somebody may come for them.
    unwatched: VecDeque<(Instant, String)>,
}

impl<T> Out<T> {
    fn forget(&mut self, now: Instant) {
        while self.unwatched.front().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, token)) = self.unwatched.pop_front() {
                self.errands.remove(&token);
            }
        }
    }
}

impl<T> Default for Tokens<T> {
    fn default() -> Self {
        let out = Out { errands: HashMap::new(), unwatched: VecDeque::new() };
        Self { out: Mutex::new(out), count: AtomicU64::default() }
    }
}

impl<T> Tokens<T> {
    /// Gives an errand a token.
    pub fn send(&self, errand: T) -> String {
        // Not to be guessed: a dialplan may hand on what a caller has dialled.
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let token = format!("{PREFIX}{number}-{:016x}", fastrand::u64(..));
        let mut out = self.out.lock();
        out.forget(Instant::now());
        out.errands.insert(token.clone(), errand);
        token
    }

    /// The leg is on its way and nobody watches it: if it never comes, the errand is forgotten after a minute.
    pub fn unwatched(&self, token: &str) {
        /// Who has not come by then was hung up on the way.
        const COMES_WITHIN: Duration = Duration::from_secs(60);
        let until = Instant::now() + COMES_WITHIN;
        self.out.lock().unwatched.push_back((until, token.to_owned()));
    }

    /// Takes the errand; `None`: it was taken before, or there never was one.
    pub fn take(&self, token: &str) -> Option<T> {
        self.out.lock().errands.remove(token)
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
        self.out.lock().errands.contains_key(token)
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
        tokens.unwatched(&lost);
        tokens.out.lock().forget(Instant::now() + Duration::from_secs(59));
        assert!(tokens.is_out(&lost));
        tokens.out.lock().forget(Instant::now() + Duration::from_secs(61));
        assert_eq!((tokens.take(&lost), tokens.take(&kept)), (None, Some(2)));
    }
}
