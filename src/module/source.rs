//! Reading the configuration from FreeSWITCH, at load and again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::switch::lock::Mutex;

use crate::config::{self, Config, ConfigError};
use crate::module::health::Mark;
use crate::module::message::Message;
use crate::module::{Module, rival};
use crate::park::Layout;
use crate::switch::Cause;
use crate::switch::event::{Heard, Kind, Listener};
use crate::switch::wake::Summons;
use crate::switch::{core, log, xml};

pub(crate) const FILE: &str = "callpark.conf";

/// What the text of the configuration means. Without one: the built-in lot.
///
/// # Errors
/// What is wrong with it.
fn parse(text: Option<&str>) -> Result<Config, String> {
    match text {
        Some(text) => Config::parse(text)
            .map_err(|error| in_file(error).to_string())
            .and_then(|config| unknown_cause(&config).map_or(Ok(config), Err))
            .and_then(|mut config| {
                let folder = core::variable("conf_dir");
                config::read_templates(&mut config.settings.hooks, folder.as_deref())?;
                Ok(config)
            }),
        None => Ok(Config::default()),
    }
}

/// What is wrong with a cause in there that FreeSWITCH does not know, if there is one: only here can it be asked.
fn unknown_cause(config: &Config) -> Option<String> {
    config.lots.iter().find_map(|lot| {
        let wrong = lot.causes().find(|cause| !Cause::exists(cause))?.as_str();
        Some(format!("lot {:?}: there is no hang-up cause {wrong:?}", lot.key.to_string()))
    })
}

/// The error with its line in the file an administrator edits, if the same mistake is in there: what FreeSWITCH gives us
/// has lost the comments and their lines.
fn in_file(error: ConfigError) -> ConfigError {
    let found = core::variable("conf_dir").and_then(|dir| {
        let path = Path::new(&dir).join("autoload_configs").join(format!("{FILE}.xml"));
        let there = Config::parse(&std::fs::read_to_string(path).ok()?).err()?;
        let same = (&there.lot, &there.param, &there.problem)
            == (&error.lot, &error.param, &error.problem);
        same.then_some(there.line)
    });
    match found {
        Some(line) => ConfigError { line, ..error },
        None => error,
    }
}

/// What `load` starts with.
pub(crate) struct First {
    /// The text of the configuration, if there is one.
    pub text: Option<String>,
    /// What counts.
    pub config: Config,
    /// What is wrong with the text, if anything is.
    pub wrong: Option<String>,
}

/// Reads the configuration for `load`: a bad file must not leave the switch without parking.
#[must_use]
pub(crate) fn first() -> First {
    let text = xml::configuration(FILE);
    match parse(text.as_deref()) {
        Ok(config) => {
            if text.is_none() {
                log::notice(
                    None,
                    format_args!(
                        "there is no {FILE}.xml; the only lot is \"default\" with orbits 701-720"
                    ),
                );
            }
            First { text, config, wrong: None }
        }
        Err(error) => {
            let wrong = format!(
                "{FILE}.xml: {error}. The only lot is now \"default\" with orbits 701-720. Correct the file and run \
                 `callpark reload`"
            );
            log::crit(None, format_args!("{wrong}"));
            First { text, config: Config::default(), wrong: Some(wrong) }
        }
    }
}

/// How often the configuration has been read. `callpark reload` and a `reloadxml` may read it at the same time: whatever
/// order they end in, the one that began last is the one that counts.
#[derive(Default)]
pub(crate) struct Readings {
    begun: AtomicU64,
    carried_out: AtomicU64,
    latest: Mutex<Reading>,
    /// Has one thread read it for all who ask.
    wanted: Summons,
}

/// A reading that has ended.
#[derive(Default)]
struct Reading {
    number: u64,
    /// What it found, good or bad: the same text is not read twice.
    text: Option<String>,
}

impl Readings {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// Notes the text that `load` found.
    pub(crate) fn loaded(&self, text: Option<String>) {
        self.latest.lock().text = text;
    }

    /// A reading begins: its number.
    fn begin(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Reading `number` has found that text and says so in `health`, unless a later one has said what it found.
    ///
    /// Returns whether what it has found still counts.
    fn ended(&self, number: u64, text: Option<String>, wrong: Option<&str>, health: &Mark) -> bool {
        {
            let mut latest = self.latest.lock();
            if number < latest.number {
                return latest.text == text;
            }
            *latest = Reading { number, text };
        }
        match wrong {
            None => health.good(),
            Some(wrong) => {
                health.wrong(format!(
                    "{FILE}.xml was not reloaded: {wrong}. The lots have not changed"
                ));
            }
        }
        true
    }

    /// Whether the latest reading found that text, which reading `number` has found again: no earlier one counts any more,
    /// except that it finds the same.
    fn has_read(&self, number: u64, text: Option<&str>) -> bool {
        let mut latest = self.latest.lock();
        let same = latest.text.as_deref() == text;
        if same {
            latest.number = latest.number.max(number);
        }
        same
    }

    /// Whether reading `number` is to be carried out: none that began later has been. Asked under the table's lock.
    fn carries_out(&self, number: u64) -> bool {
        self.carried_out.fetch_max(number, Ordering::AcqRel) < number
    }

    /// Whether reading `number` is the last one that was carried out.
    fn is_latest(&self, number: u64) -> bool {
        self.carried_out.load(Ordering::Acquire) == number
    }
}

/// Reads it again. Parked calls stay; if it is bad, everything stays.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn again(module: &Arc<Module>) -> Result<(), String> {
    let readings = Readings::of(module);
    // FreeSWITCH keeps its XML in memory: without this an edited file would change nothing.
    if let Err(error) = xml::reload() {
        let error = format!("FreeSWITCH cannot read its configuration: {error}");
        // An empty text: the one that was good before is to be read again when FreeSWITCH can.
        let text = Some(String::new());
        readings.ended(readings.begin(), text, Some(&error), &module.health.configuration);
        return Err(error);
    }
    let number = readings.begin();
    adopt(module, number, xml::configuration(FILE))
}

/// Carries out reading number `number`, which found that text.
fn adopt(module: &Arc<Module>, number: u64, text: Option<String>) -> Result<(), String> {
    let config = parse(text.as_deref());
    let wrong = config.as_ref().err().map(String::as_str);
    let readings = Readings::of(module);
    let counts = readings.ended(number, text, wrong, &module.health.configuration);
    let config = config?;
    // Made before, and what it replaces is dropped after the table is locked.
    let of_domains = module.look(|park| park.of_domains());
    let mut layout = Some(Layout::of(config.lots).with_copies(&of_domains));
    let former = module.act(None, |park, now| {
        let newest = counts && readings.carries_out(number);
        layout.take_if(|_| newest).map(|layout| park.lay_out(now, layout))
    });
    if former.is_some() {
        let max_ringing = {
            let mut settings = module.settings.write();
            // One that was carried out later may have written its own by now.
            if readings.is_latest(number) {
                *settings = config.settings;
            }
            settings.max_ringing
        };
        module.threads.allow_calls(max_ringing);
        while module.act(None, |park, now| park.refresh(now)) {}
        // Lamps may be called otherwise now, and may belong to others.
        module.tell_worker(Message::Configured);
    }
    rival::check(module);
    Ok(())
}

/// Follows a `reloadxml`: reads the configuration if it is not the one that was read last. FreeSWITCH may ask a web server
/// for it, so this can take seconds.
pub(crate) fn follow(module: &Arc<Module>) {
    let number = Readings::of(module).begin();
    let text = xml::configuration(FILE);
    // `callpark reload` makes FreeSWITCH read its XML, which leads here too: what has been read is not read twice.
    if Readings::of(module).has_read(number, text.as_deref()) {
        return;
    }
    match adopt(module, number, text) {
        Ok(()) => log::notice(None, format_args!("{FILE}.xml was reloaded")),
        Err(error) => {
            log::error(None, format_args!("{FILE}.xml: {error}. The lots have not changed"))
        }
    }
}

/// Has a thread [`follow`] soon. A thread that has not begun to read yet serves several requests. Returns false if no thread
/// can be started.
#[must_use]
pub(crate) fn follow_soon(module: &Arc<Module>) -> bool {
    let readings = Readings::of(module);
    let wanted = &readings.wanted;
    if !wanted.is_first() {
        return true;
    }
    let theirs = Arc::clone(module);
    let started = module.threads.ask(move || {
        Readings::of(&theirs).wanted.begin();
        follow(&theirs);
    });
    if started.is_err() {
        wanted.begin();
    }
    started.is_ok()
}

/// Hears of a `reloadxml`, on the one thread from which FreeSWITCH tells everybody of everything.
pub(crate) struct Reloads;

impl Listener for Reloads {
    const KIND: Kind = Kind::ReloadXml;

    fn heard(_: Heard<'_>) {
        if let Some(module) = Module::running() {
            module.tell_worker(Message::Reload);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> Option<String> {
        Some(name.to_owned())
    }

    /// `callpark reload` reads, and before it has ended, the `reloadxml` that it caused reads the same.
    #[test]
    fn a_reading_says_how_it_went_though_another_has_begun() {
        let (readings, health) = (Readings::default(), Mark::default());
        health.wrong("bad at load");
        let first = readings.begin();
        let second = readings.begin();
        assert!(readings.ended(first, text("good"), None, &health));
        assert!(readings.has_read(second, Some("good")), "so the second has nothing to say");
        assert!(health.is_good() && readings.carries_out(first));
    }

    #[test]
    fn a_reading_that_began_earlier_does_not_speak_for_a_later_one() {
        let (readings, health) = (Readings::default(), Mark::default());
        let (first, second) = (readings.begin(), readings.begin());
        assert!(readings.ended(second, text("good"), None, &health));
        assert!(!readings.ended(first, text("bad"), Some("line 5"), &health));
        assert!(health.is_good() && readings.has_read(second, Some("good")));
        assert!(readings.ended(readings.begin(), text("bad"), Some("line 5"), &health));
        assert!(!health.is_good());
        assert!(readings.carries_out(second) && !readings.carries_out(first));
    }

    /// A slow reading ends after one that has found that nothing has changed.
    #[test]
    fn a_reading_that_found_nothing_new_outlasts_an_earlier_one() {
        let (readings, health) = (Readings::default(), Mark::default());
        readings.loaded(text("good"));
        let (slow, quick) = (readings.begin(), readings.begin());
        assert!(readings.has_read(quick, Some("good")));
        assert!(!readings.ended(slow, text("other"), None, &health));
        assert!(readings.ended(slow, text("good"), None, &health), "the same as the quick one");
    }
}
