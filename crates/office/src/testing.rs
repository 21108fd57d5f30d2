//! What the unit tests of this crate share.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::entry::{Action, Entry, Outcome, Place, Step, StepResult};
use crate::journal::{Change, Journal, Settings};

/// Long enough for anything on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A folder that goes away with this.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("callpark-office-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("callpark.sqlite")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A journal, and what it has said, apart from the head of the audit.
pub(crate) fn journal(
    path: &Path,
    set: impl FnOnce(&mut Settings),
) -> (Journal, Arc<Mutex<Vec<Change>>>) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&said);
    let mut settings = Settings::new(path, "pbx1");
    // The times of tests begin in 1970.
    settings.history_days = 0;
    settings.on_change = Arc::new(move |change| {
        if !matches!(change, Change::AuditHead(_)) {
            hear.lock().push(change.clone());
        }
    });
    set(&mut settings);
    (Journal::start(settings).unwrap(), said)
}

pub(crate) fn place(orbit: &str) -> Place {
    Place { lot: "default".into(), orbit: orbit.into() }
}

/// An entry of that channel.
pub(crate) fn entry(at_ms: i64, action: Action, uuid: &str, orbit: &str) -> Entry {
    let mut entry = Entry::new(at_ms, action, uuid, place(orbit));
    entry.subject.caller_name = "Ada".into();
    entry.subject.caller_number = "+49301234567".into();
    entry.subject.parker = "1001@example.com".into();
    entry.subject.parked_at_ms = 0;
    entry
}

pub(crate) fn park(at_ms: i64, uuid: &str, orbit: &str) -> Entry {
    let mut entry = entry(at_ms, Action::Park, uuid, orbit);
    entry.subject.parked_at_ms = at_ms;
    entry.capacity = Some(20);
    entry.deadline_ms = Some(at_ms + 90_000);
    entry
}

pub(crate) fn end(park: &Entry, after_ms: i64, outcome: Outcome, retriever: &str) -> Entry {
    let action = match outcome {
        Outcome::Retrieved => Action::Retrieve,
        Outcome::Returned => Action::Return,
        Outcome::Abandoned => Action::Abandon,
        Outcome::Lost => Action::Recover,
        _ => Action::Leave,
    };
    Entry {
        at_ms: park.at_ms + after_ms,
        action,
        wait_ms: after_ms,
        outcome: Some(outcome),
        retriever: retriever.into(),
        ..park.clone()
    }
}

pub(crate) fn step(
    park: &Entry,
    after_ms: i64,
    number: u32,
    to: &str,
    result: StepResult,
) -> Entry {
    Entry {
        at_ms: park.at_ms + after_ms,
        action: Action::Return,
        wait_ms: after_ms,
        step: Some(Step { number, to: to.into(), result }),
        outcome: (result == StepResult::Took).then_some(Outcome::Returned),
        ..park.clone()
    }
}
