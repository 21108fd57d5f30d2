//! The result of a retrieval that a command has asked for.

use std::time::Duration;

use crate::switch::lock::{Condvar, Mutex};

use crate::park::Refusal;

/// The answer for the command that waits. The first answer counts.
#[derive(Default)]
pub(crate) struct Told {
    answer: Mutex<Option<Result<(), Refusal>>>,
    given: Condvar,
}

impl Told {
    /// Gives the answer.
    pub(crate) fn tell(&self, answer: Result<(), Refusal>) {
        self.answer.lock().get_or_insert(answer);
        self.given.notify_all();
    }

    /// Waits for the answer, at most for `limit`.
    pub(crate) fn wait(&self, limit: Duration) -> Option<Result<(), Refusal>> {
        let mut answer = self.answer.lock();
        self.given.wait_while_for(&mut answer, |answer| answer.is_none(), limit);
        *answer
    }
}
