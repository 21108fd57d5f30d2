//! Questions about the journal: each on a thread of its own that is not in a call's way, for a limited time, and ended by an
//! unload.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::bounded;
use office::journal::Failure;
use office::query::{LONGEST, Limits};

use super::begin_thread;
use crate::switch::guard;

/// How many short questions are answered at the same time.
const MOST_SHORT: usize = 4;
/// How long a question may take that reads the whole file.
const LONGEST_LONG: Duration = Duration::from_secs(600);

/// Where questions are asked.
#[derive(Default)]
pub(crate) struct Desk {
    short: Arc<AtomicUsize>,
    long: Arc<AtomicUsize>,
    interrupt: Arc<AtomicBool>,
}

/// How much a question reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// A list: 2 s at most.
    Short,
    /// Everything of a period: one at a time, and 10 minutes at most.
    Long,
}

/// Counts a question that is being answered.
struct Asked(Arc<AtomicUsize>);

impl Asked {
    fn among(count: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        let add = |now: usize| (now < most).then_some(now + 1);
        count.fetch_update(Ordering::AcqRel, Ordering::Acquire, add).ok()?;
        Some(Asked(Arc::clone(count)))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Desk {
    /// Has a question answered, and waits for the answer.
    ///
    /// # Errors
    /// Why there is none, for people.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        length: Length,
        question: impl FnOnce(Limits) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Unanswered> {
        let (count, most, time) = match length {
            Length::Short => (&self.short, MOST_SHORT, LONGEST),
            Length::Long => (&self.long, 1, LONGEST_LONG),
        };
        let asked = Asked::among(count, most).ok_or(Unanswered::Busy)?;
        let limits = Limits { time, interrupt: Arc::clone(&self.interrupt) };
        let (tell, answer) = bounded(1);
        let thread = std::thread::Builder::new().name("callpark-report".to_owned());
        let started = thread.spawn(move || {
            begin_thread();
            guard("a question", (), move || {
                let answer = question(limits);
                // Whoever has the answer may ask again.
                drop(asked);
                let _ = tell.send(answer);
            });
        });
        started.map_err(|error| Unanswered::NoThread(error.to_string()))?;
        match answer.recv() {
            Ok(answer) => answer.map_err(Unanswered::Failed),
            Err(_) => Err(Unanswered::Failed(Failure::NoAnswer)),
        }
    }

    /// Ends every question, and those to come.
    pub(super) fn close(&self) {
        self.interrupt.store(true, Ordering::Release);
    }
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// As many are being answered as may be.
    #[error("another question about the journal is being answered; ask again when it has ended")]
    Busy,
    /// The system has no thread for it.
    #[error("there is no thread for it: {0}")]
    NoThread(String),
    /// What the journal says.
    #[error(transparent)]
    Failed(Failure),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_as_many_at_a_time_and_a_place_is_given_back() {
        let count = Arc::new(AtomicUsize::new(0));
        let first = Asked::among(&count, 1);
        assert!(first.is_some() && Asked::among(&count, 1).is_none());
        drop(first);
        assert!(Asked::among(&count, 1).is_some());
    }
}
