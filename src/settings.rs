//! Reading the configuration from FreeSWITCH, at load and again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::config::{Config, ConfigError};
use crate::health;
use crate::module::Module;
use crate::park::{AfterReturn, Step, StepTo};
use crate::switch::Cause;
use crate::switch::event::{Heard, Kind, Listener};
use crate::switch::{core, log, xml};
use crate::worker::Message;

const FILE: &str = "callpark.conf";

/// Reads the configuration. Without the file: the built-in lot.
///
/// # Errors
/// What is wrong with it.
fn read() -> (Option<String>, Result<Config, String>) {
    let text = xml::configuration(FILE);
    let config = match &text {
        Some(text) => Config::parse(text)
            .map_err(|error| in_file(error).to_string())
            .and_then(|config| unknown_cause(&config).map_or(Ok(config), Err)),
        None => Ok(Config::default()),
    };
    (text, config)
}

/// What is wrong with a cause in there that FreeSWITCH does not know, if there is one: only here can it be asked.
fn unknown_cause(config: &Config) -> Option<String> {
    config.lots.iter().find_map(|lot| {
        let after = match &lot.after_return {
            AfterReturn::Hangup(cause) => Some(cause),
            _ => None,
        };
        let wrong =
            causes(&lot.returns).chain(after).find(|cause| Cause::parse(cause).is_none())?;
        Some(format!("lot {:?}: there is no hang-up cause {wrong:?}", lot.key.to_string()))
    })
}

/// The causes with which steps hang up.
pub fn causes(steps: &[Step]) -> impl Iterator<Item = &String> {
    steps.iter().filter_map(|step| match &step.to {
        StepTo::Hangup(cause) => Some(cause),
        _ => None,
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

/// What `load` starts with: a bad file must not leave the switch without parking.
#[must_use]
pub fn first() -> (Option<String>, Config) {
    let (text, config) = read();
    let config = match config {
        Ok(config) => {
            if text.is_none() {
                log::notice(
                    None,
                    format_args!("there is no {FILE}.xml: one lot \"default\" with orbits 701-720"),
                );
            }
            config
        }
        Err(error) => {
            log::crit(
                None,
                format_args!(
                    "{FILE}.xml: {error}. Until it is mended and `callpark reload` says +OK there is one lot \"default\" \
                     with orbits 701-720"
                ),
            );
            Config::default()
        }
    };
    (text, config)
}

/// Reads it again. Parked calls stay; if it is bad, everything stays.
///
/// # Errors
/// What is wrong with it.
pub fn again(module: &Arc<Module>) -> Result<(), String> {
    let number = module.readings.fetch_add(1, Ordering::AcqRel) + 1;
    let (text, config) = read();
    *module.configuration.lock() = text;
    let config = config?;
    let newest = module.act(None, |park, now| {
        // Under the table's lock: one that began later has read what is newer.
        let newest = module.carried_out.fetch_max(number, Ordering::AcqRel) < number;
        (newest, if newest { park.configure(now, config.lots) } else { Vec::new() })
    });
    if newest {
        *module.settings.write() = config.settings;
        module.tell_worker(Message::Proto);
    }
    health::check_rival(module);
    Ok(())
}

/// Follows `reloadxml`.
pub struct Reloads;

impl Listener for Reloads {
    const KIND: Kind = Kind::ReloadXml;

    fn heard(_: Heard<'_>) {
        let Some(module) = Module::running() else { return };
        // `callpark reload` makes FreeSWITCH read its XML, which calls us too: what has been read is not read twice.
        let text = xml::configuration(FILE);
        if *module.configuration.lock() == text {
            return;
        }
        match again(&module) {
            Ok(()) => log::notice(None, format_args!("{FILE}.xml was read again")),
            Err(error) => {
                log::error(None, format_args!("{FILE}.xml: {error}. The lots stay as they were"))
            }
        }
    }
}
