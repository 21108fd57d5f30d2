//! What becomes of a retrieval that a command has asked for.

use std::time::Duration;

use crate::switch::lock::{Condvar, Mutex};

use crate::park::Refusal;

/// The answer to whoever waits for it; the first one counts.
#[derive(Default)]
pub(crate) struct Told {
    answer: Mutex<Option<Result<(), Refusal>>>,
    given: Condvar,
}

impl Told {
    /// Tells what became of it.
    pub(crate) fn tell(&self, answer: Result<(), Refusal>) {
        self.answer.lock().get_or_insert(answer);
        self.given.notify_all();
    }

    /// Waits for that, at most `limit`.
    pub(crate) fn wait(&self, limit: Duration) -> Option<Result<(), Refusal>> {
        let mut answer = self.answer.lock();
        self.given.wait_while_for(&mut answer, |answer| answer.is_none(), limit);
        *answer
    }
}
