//! The journal in PostgreSQL, as far as the module has to do with it: starts and ends it with the journal, says what happens,
//! and is a part of `callpark health`.

use std::sync::Arc;
use std::time::Duration;

use office::database::{Address, Change, Health, Settings, Shipper};
use office::journal::Journal;
use parking_lot::Mutex;

use super::begin_thread;
use crate::module::health::Part;
use crate::switch::{clock, log};

/// How long an unload gives the database to take the latest entries. What it does not take waits in the file.
const SHIPPED_WITHIN: Duration = Duration::from_secs(1);
const NAME: &str = "database";

/// Keeps the shipper while the journal runs.
#[derive(Default)]
pub(super) struct Database(Mutex<Option<Started>>);

enum Started {
    Yes(Arc<Shipper>),
    No { wrong: String, since_ms: u64 },
}

impl Database {
    /// Ships what this journal has to that database.
    pub(super) fn start(&self, address: &Address, journal: &Arc<Journal>) {
        let settings = Settings {
            at_thread_start: Arc::new(begin_thread),
            on_change: Arc::new(say),
            ..Settings::new(address.clone())
        };
        let started = match Shipper::start(settings, Arc::clone(journal)) {
            Ok(shipper) => Started::Yes(Arc::new(shipper)),
            Err(error) => {
                let wrong = format!("its thread cannot be started: {error}");
                log::crit(None, format_args!("the journal is not sent to the database: {wrong}"));
                Started::No { wrong, since_ms: clock::epoch_ms() }
            }
        };
        *self.0.lock() = Some(started);
    }

    /// Ends it. What is written by now is sent before, if the database can take it at once.
    pub(super) fn stop(&self) {
        let Some(Started::Yes(shipper)) = self.0.lock().take() else { return };
        if !shipper.stop(SHIPPED_WITHIN) {
            log::error(None, format_args!("the thread of the database has not ended in time"));
        }
    }

    /// The journal's table of calls was made again.
    pub(super) fn rebuilt(&self) {
        if let Some(Started::Yes(shipper)) = &*self.0.lock() {
            shipper.rebuilt();
        }
    }

    /// How it is, in full; nothing if there is none.
    #[cfg_attr(not(feature = "web"), allow(dead_code, reason = "there is no server that shows it"))]
    pub(super) fn health(&self) -> Option<Health> {
        let shipper = match &*self.0.lock() {
            Some(Started::Yes(shipper)) => Arc::clone(shipper),
            _ => return None,
        };
        Some(shipper.health())
    }

    /// How it is, for `callpark health`.
    pub(super) fn part(&self) -> Option<Part> {
        let shipper = match &*self.0.lock() {
            None => return None,
            Some(Started::No { wrong, since_ms }) => {
                let text = wrong.clone();
                return Some(Part { name: NAME, ok: false, since_ms: *since_ms, text });
            }
            Some(Started::Yes(shipper)) => Arc::clone(shipper),
        };
        Some(part(&shipper.health()))
    }
}

fn part(health: &Health) -> Part {
    let Health { ok, since_ms, reason, waiting, shipped, skipped } = health;
    let waiting = waiting.map_or("an unknown number".to_owned(), |waiting| waiting.to_string());
    let text = match ok {
        None => "it is being connected to".to_owned(),
        Some(true) => format!("{shipped} entries sent, {waiting} on their way"),
        Some(false) => format!("it cannot be used ({reason}); {waiting} entries wait in the file"),
    };
    let skipped = match skipped {
        0 => String::new(),
        _ => format!("; entries deleted by history-days before they were sent: {skipped}"),
    };
    Part {
        name: NAME,
        ok: *ok != Some(false) && skipped.is_empty(),
        since_ms: u64::try_from(*since_ms).unwrap_or_default(),
        text: format!("{text}{skipped}"),
    }
}

fn say(change: &Change) {
    match change {
        _ if change.is_critical() => log::crit(None, format_args!("{change}")),
        _ if change.is_warning() => log::warning(None, format_args!("{change}")),
        _ => log::notice(None, format_args!("{change}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_counted_and_what_was_deleted_is_wrong() {
        let mut health = Health {
            ok: None,
            since_ms: 7,
            reason: String::new(),
            waiting: None,
            shipped: 3,
            skipped: 0,
        };
        assert!(part(&health).ok);
        (health.ok, health.waiting) = (Some(true), Some(2));
        let good = part(&health);
        assert_eq!((good.ok, good.text.as_str()), (true, "3 entries sent, 2 on their way"));
        health.skipped = 5;
        assert!(!part(&health).ok && part(&health).text.ends_with("before they were sent: 5"));
        (health.ok, health.reason, health.skipped) = (Some(false), "no route".into(), 0);
        let bad = part(&health);
        let text = "it cannot be used (no route); 2 entries wait in the file";
        assert_eq!((bad.ok, bad.since_ms, bad.text.as_str()), (false, 7, text));
    }
}
