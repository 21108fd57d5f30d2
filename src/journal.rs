//! THE JOURNAL of this module: every event of a parked call goes into a file of its own, and can be asked for later.
//!
//! The crate `office` writes and reads the file. This room maps the module's events to its entries, starts and stops it with
//! the module, and keeps questions off the threads of calls.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use office::audit::Act;
use office::entry::Entry;
use office::journal::{Change, Journal, Settings};
use parking_lot::Mutex;

mod absent;
pub(crate) mod acts;
pub(crate) mod audit;
mod database;
mod entry;
mod lasting;
pub(crate) mod promises;
pub(crate) mod questions;

use crate::config::JournalSettings;
use crate::module::Module;
use crate::module::health::Part;
use crate::park::LotConfig;
use crate::switch::guard::Inside;
use crate::switch::{background, clock, core, log};
use database::Database;
pub(crate) use entry::entry;
use lasting::Lasting;
use questions::Desk;

/// How long `load` waits to learn which calls a crash has left without an end.
const OPENED_WITHIN: Duration = Duration::from_secs(2);
/// How long an unload waits for the file before the database has its last turn.
const FLUSHED_WITHIN: Duration = Duration::from_secs(1);
/// How long an unload waits until what was recorded is in the file.
const WRITTEN_WITHIN: Duration = Duration::from_secs(2);
/// The name of the file in FreeSWITCH's folder for databases.
const FILE: &str = "callpark.sqlite";

/// Keeps the journal while the module runs.
#[derive(Default)]
pub(crate) struct Keeper {
    kept: Mutex<Kept>,
    database: Database,
    lasting: Lasting,
    desk: Desk,
}

/// The journal, and what it was started with.
#[derive(Default)]
struct Kept {
    journal: Option<Arc<Journal>>,
    settings: Option<JournalSettings>,
    /// Why there is none, though there should be one.
    wrong: Option<String>,
    since_ms: u64,
}

impl Keeper {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// Starts the journal, if the settings want one, takes up what outlasts a restart, and holds the orbits of calls that a crash has left without an end. A
    /// journal that cannot be started or written is reported in the log and by `callpark health`, and does not stop parking.
    pub(crate) fn start(&self, module: &Arc<Module>) {
        let settings = &module.settings.read().journal.clone();
        let started = settings.on.then(|| open(settings));
        let journal = started.transpose();
        let mut kept = Kept {
            journal: None,
            settings: Some(settings.clone()),
            wrong: None,
            since_ms: clock::epoch_ms(),
        };
        match journal {
            Ok(None) => {}
            Ok(Some(journal)) => {
                let journal = Arc::new(journal);
                if let Some(address) = &settings.database {
                    self.database.start(address, &journal);
                }
                kept.journal = Some(journal);
            }
            Err(wrong) => {
                log::crit(None, format_args!("there is no journal: {wrong}"));
                kept.wrong = Some(wrong);
            }
        }
        let journal = kept.journal.clone();
        *self.kept.lock() = kept;
        self.instruct(module);
        if let Some(journal) = journal {
            let opened = journal.opened(OPENED_WITHIN);
            // First, so that a caller who is lost is not owed a second call-back.
            self.lasting.start(module, &journal, &opened.kept);
            absent::hold(module, &journal, &opened.unfinished);
        }
    }

    /// Records an entry, if there is a journal. Never waits.
    pub(crate) fn record(&self, entry: Entry) {
        if let Some(journal) = self.journal() {
            journal.record(entry);
        }
    }

    /// Records what somebody did, if there is a journal. Never waits.
    pub(crate) fn audit(&self, act: Act) {
        if let Some(journal) = self.journal() {
            journal.audit(act);
        }
    }

    /// The journal, if there is one.
    pub(crate) fn journal(&self) -> Option<Arc<Journal>> {
        self.kept.lock().journal.clone()
    }

    /// Writes down what outlasts a restart.
    pub(crate) fn lasting(&self) -> &Lasting {
        &self.lasting
    }

    /// Where questions are asked.
    pub(crate) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The configuration that counts is another one. Other settings of the journal count from the next load on.
    pub(crate) fn configured(&self, module: &Module) {
        self.instruct(module);
        self.audit(acts::configured());
        let settings = &module.settings.read().journal.clone();
        let other = self.kept.lock().settings.as_ref().is_some_and(|used| used != settings);
        if other {
            log::warning(
                None,
                format_args!(
                    "the settings of the journal have changed; they take effect when mod_callpark is loaded again"
                ),
            );
        }
    }

    /// Tells the journal which lots forget their callers, and when, and what is noted for webhooks.
    fn instruct(&self, module: &Module) {
        let Some(journal) = self.journal() else { return };
        if cfg!(feature = "web") {
            journal.wants(module.settings.read().hooks.wants());
        }
        journal.forget_after(module.look(|park| {
            let lots = park.lots().into_iter().filter_map(|lot| park.lot_config(&lot.lot));
            let days = |lot: Arc<LotConfig>| Some((lot.key.to_string(), lot.caller_days?));
            lots.filter_map(days).collect()
        }));
    }

    /// Ends the journal and every question. What is not in the file by then is lost, and the log says how much that is.
    pub(crate) fn stop(&self) {
        self.desk.close();
        self.lasting.stop();
        let Some(journal) = self.kept.lock().journal.take() else { return };
        // What comes last is sent too, if that is possible at once.
        journal.flush(FLUSHED_WITHIN);
        self.database.stop();
        if !journal.stop(WRITTEN_WITHIN) {
            let left = journal.health().in_memory;
            log::crit(
                None,
                format_args!(
                    "the journal ends, and entries are lost because they could not be written: {left}"
                ),
            );
        }
    }

    /// The table of calls was made again, and the database shall have it too.
    pub(crate) fn rebuilt(&self) {
        self.database.rebuilt();
    }

    /// How the database is, for `callpark health`; nothing if there is none.
    pub(crate) fn database(&self) -> Option<Part> {
        self.database.part()
    }

    /// How the database is, in full; nothing if there is none.
    #[cfg_attr(not(feature = "web"), allow(dead_code, reason = "there is no server that shows it"))]
    pub(crate) fn database_health(&self) -> Option<office::database::Health> {
        self.database.health()
    }

    /// How it is, for `callpark health`.
    pub(crate) fn part(&self) -> Part {
        let (journal, wrong, since_ms) = {
            let kept = self.kept.lock();
            (kept.journal.clone(), kept.wrong.clone(), kept.since_ms)
        };
        let name = "journal";
        match (journal, wrong) {
            (Some(journal), _) => entry::part(name, &journal.health()),
            (None, Some(wrong)) => Part { name, ok: false, since_ms, text: wrong },
            (None, None) => Part { name, ok: true, since_ms, text: "switched off".to_owned() },
        }
    }
}

/// Starts the journal that these settings describe.
fn open(settings: &JournalSettings) -> Result<Journal, String> {
    let path = path(settings.path.as_deref(), core::variable("db_dir").as_deref())
        .ok_or("FreeSWITCH does not say where its databases are; set journal-path")?;
    let node = settings.node.clone().or_else(core::name).unwrap_or_else(|| "freeswitch".to_owned());
    let office = Settings {
        callers: settings.callers,
        history_days: settings.days,
        audit: settings.audit,
        audit_days: settings.audit_days,
        audit_file: settings.audit_file.clone(),
        at_thread_start: Arc::new(begin_thread),
        on_change: Arc::new(say),
        ..Settings::new(&path, &node)
    };
    Journal::start(office).map_err(|error| format!("its thread cannot be started: {error}"))
}

/// The file of that name in that folder for databases. A whole path is taken as it is.
fn path(name: Option<&str>, db_dir: Option<&str>) -> Option<PathBuf> {
    let name = Path::new(name.unwrap_or(FILE));
    match db_dir {
        Some(dir) => Some(Path::new(dir).join(name)),
        None => name.is_absolute().then(|| name.to_owned()),
    }
}

/// What each thread of this room does first.
pub(crate) fn begin_thread() {
    thread_local! {
        /// Counts the thread as being inside the module until it has ended.
        static INSIDE: Inside = Inside::enter();
    }
    INSIDE.with(|_| ());
    background::leave_the_real_time_class();
}

fn say(change: &Change) {
    match change.is_critical() {
        true => log::crit(None, format_args!("{change}")),
        false => log::notice(None, format_args!("{change}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_among_the_databases_unless_it_has_a_path_of_its_own() {
        let at = |name, dir| path(name, dir).map(|path| path.display().to_string());
        assert_eq!(at(None, Some("/db")).as_deref(), Some("/db/callpark.sqlite"));
        assert_eq!(at(Some("x.sqlite"), Some("/db")).as_deref(), Some("/db/x.sqlite"));
        assert_eq!(at(Some("/var/x"), Some("/db")).as_deref(), Some("/var/x"));
        assert_eq!(at(Some("/var/x"), None).as_deref(), Some("/var/x"));
        assert_eq!(at(None, None), None);
    }
}
