//! Whether a thread of the module's is alive, and keeps up.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Mark, Part};
use crate::switch::clock;

/// A deadline that is so late is one that people notice.
const LATE_MS: u64 = 1000;

/// Not a moment.
const NEVER: u64 = u64::MAX;

/// What such a thread leaves behind as it goes.
pub(crate) struct Pulse {
    began_ms: u64,
    /// When its thread has ended, in ms since 1970.
    ended_ms: AtomicU64,
    /// Since when it has been at what it does, on the clock of deadlines; [`NEVER`]: it waits.
    busy_since: AtomicU64,
    deadlines: AtomicU64,
    late_ms: AtomicU64,
    late: Mark,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            began_ms: clock::epoch_ms(),
            ended_ms: AtomicU64::new(NEVER),
            busy_since: AtomicU64::new(NEVER),
            deadlines: AtomicU64::new(0),
            late_ms: AtomicU64::new(0),
            late: Mark::default(),
        }
    }
}

/// Says that the thread has ended when it is dropped, however that comes.
pub(crate) struct Beating<'a>(&'a Pulse);

impl Drop for Beating<'_> {
    fn drop(&mut self) {
        self.0.ended_ms.store(clock::epoch_ms(), Ordering::Release);
    }
}

impl Pulse {
    /// When the module was loaded, in ms since 1970.
    pub(crate) fn began_ms(&self) -> u64 {
        self.began_ms
    }

    /// The thread runs as long as what this returns lives.
    #[must_use]
    pub(crate) fn beat(&self) -> Beating<'_> {
        Beating(self)
    }

    /// It waits for something to do.
    pub(crate) fn waits(&self) {
        self.busy_since.store(NEVER, Ordering::Release);
    }

    /// It has something to do.
    pub(crate) fn works(&self) {
        self.busy_since.store(clock::now().0, Ordering::Release);
    }

    /// A deadline was met, so late.
    pub(crate) fn met(&self, late_ms: u64) {
        self.deadlines.fetch_add(1, Ordering::Relaxed);
        self.late_ms.store(late_ms, Ordering::Relaxed);
        if late_ms < LATE_MS {
            self.late.good();
        } else {
            self.late.wrong(format!("the last deadline was met {late_ms} ms late"));
        }
    }

    /// `overdue_ms`: for how long the next deadline has been due.
    pub(super) fn part(&self, name: &'static str, overdue_ms: u64) -> Part {
        let wrong = |since_ms, text: String| Part { name, ok: false, since_ms, text };
        let ago = |ms| clock::epoch_ms().saturating_sub(ms);
        let ended_ms = self.ended_ms.load(Ordering::Acquire);
        if ended_ms != NEVER {
            return wrong(ended_ms, "its thread has ended".to_owned());
        }
        if overdue_ms >= LATE_MS {
            return wrong(ago(overdue_ms), format!("a deadline has been due for {overdue_ms} ms"));
        }
        let busy_ms = clock::now().0.saturating_sub(self.busy_since.load(Ordering::Acquire));
        if busy_ms >= LATE_MS {
            let text = format!("its thread has been busy with one task for {busy_ms} ms");
            return wrong(ago(busy_ms), text);
        }
        let text = match self.deadlines.load(Ordering::Relaxed) {
            0 => "no deadline yet".to_owned(),
            _ => format!(
                "the last deadline was met {} ms late",
                self.late_ms.load(Ordering::Relaxed)
            ),
        };
        self.late.part(name, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_is_late_stuck_or_gone_is_not_all_right() {
        let pulse = Pulse::default();
        let said = |overdue| {
            let part = pulse.part("worker", overdue);
            (part.ok, part.text)
        };
        assert_eq!(said(0), (true, "no deadline yet".into()));
        assert_eq!(said(1500), (false, "a deadline has been due for 1500 ms".into()));
        pulse.met(1200);
        assert_eq!(said(0), (false, "the last deadline was met 1200 ms late".into()));
        pulse.met(3);
        assert_eq!(said(0), (true, "the last deadline was met 3 ms late".into()));
        pulse.works();
        assert!(said(0).0);
        // The clock of deadlines begins with the process, so this is long ago only once it has gone on a bit.
        std::thread::sleep(std::time::Duration::from_millis(2));
        pulse.busy_since.store(clock::now().0.saturating_sub(LATE_MS), Ordering::Release);
        assert_eq!(said(0).0, clock::now().0 < LATE_MS);
        pulse.waits();
        assert!(said(0).0);
        drop(pulse.beat());
        let (ok, text) = said(0);
        assert_eq!((ok, text.as_str()), (false, "its thread has ended"));
    }
}
