//! Brings parked calls back after a crash, as soon as their SIP profiles are running.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::module::Module;
use crate::park::{Action, CallbackNews, Park, ParkEvent};
use crate::switch::{api, core, log, xml};

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What became of the calls.
#[derive(Default)]
pub(crate) struct Count {
    recovered: AtomicUsize,
    lost: AtomicUsize,
    called_back: AtomicUsize,
}

impl Count {
    /// Counts what happened to a call.
    pub(crate) fn event(&self, event: &ParkEvent) {
        match (event.action, event.outcome) {
            (Action::Recover, None) => self.recovered.fetch_add(1, Ordering::Relaxed),
            (Action::Recover, Some(_)) => self.lost.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
    }

    /// Counts a call-back that is owed to a caller who was cut off.
    pub(crate) fn callback(&self, news: &CallbackNews) {
        if news.callback.note.is_some() && news.callback.reason.is_none() && news.end.is_none() {
            self.called_back.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Begins to bring back what is awaited, if anything is. The channel hooks must be in place.
pub(crate) fn begin(module: &Arc<Module>) {
    if module.look(Park::awaited) == 0 {
        return;
    }
    let theirs = Arc::clone(module);
    if let Err(why) = module.threads.ask(move || run(&theirs)) {
        log::crit(
            None,
            format_args!("parked calls do not come back, because there is no thread: {why}"),
        );
        hold_from_now_on(module);
    }
}

fn run(module: &Arc<Module>) {
    let awaited = || module.look(Park::awaited) > 0 && !module.is_stopping();
    while awaited() && !core::is_ready() {
        std::thread::sleep(LOOK_EVERY);
    }
    hold_from_now_on(module);
    let shared = xml::configuration("switch.conf").and_then(|text| shared_database(&text));
    if let Some(dsn) = &shared {
        log::warning(
            None,
            format_args!(
                "FreeSWITCH's core database ({dsn}) may be shared with another node, whose calls `sofia recover` would take; \
                 if it is not, run `sofia recover` within recover-within to bring parked calls back"
            ),
        );
    }
    let mut done = HashSet::new();
    while awaited() {
        if shared.is_none() {
            for profile in api::execute("sofia", "xmlstatus").iter().flat_map(|xml| running(xml)) {
                if !done.contains(&profile) {
                    let answer = api::execute("sofia", &format!("profile {profile} recover"));
                    let answer = answer.unwrap_or_default();
                    log::notice(
                        None,
                        format_args!("sofia profile {profile} recover: {}", answer.trim()),
                    );
                    done.insert(profile);
                }
            }
        }
        std::thread::sleep(LOOK_EVERY);
    }
    if !module.is_stopping() {
        let count = module.table::<Count>();
        let of = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        let called_back = of(&count.called_back);
        log::notice(
            None,
            format_args!(
                "recovered {}, called back {called_back}, lost {}",
                of(&count.recovered),
                of(&count.lost).saturating_sub(called_back)
            ),
        );
    }
}

fn hold_from_now_on(module: &Arc<Module>) {
    let within_ms = module.settings.read().recovery.within_ms;
    module.act(None, |park, now| park.await_for(now, within_ms));
}

/// The core's database, if it is none that only this FreeSWITCH has.
fn shared_database(switch_conf: &str) -> Option<String> {
    let mut reader = Reader::from_str(switch_conf);
    while let Ok(event) = reader.read_event() {
        let (Event::Start(element) | Event::Empty(element)) = event else {
            if matches!(event, Event::Eof) {
                return None;
            }
            continue;
        };
        let value = |name: &str| {
            let attribute = element.try_get_attribute(name).ok()??;
            Some(attribute.value.trim().to_owned())
        };
        if value("name").as_deref() == Some("core-db-dsn") {
            let dsn = value("value").filter(|dsn| !dsn.is_empty() && !dsn.starts_with("sqlite://"));
            // Not with its password.
            return dsn
                .map(|dsn| dsn.split_once(':').map_or(dsn.as_str(), |(kind, _)| kind).to_owned());
        }
    }
    None
}

/// The profiles that run, in what `sofia xmlstatus` answers.
fn running(status: &str) -> Vec<String> {
    let between = |text: &str, tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        rest.split_once("</").map(|(value, _)| value.trim().to_owned())
    };
    let profiles = status.split("<profile>").skip(1).filter_map(|profile| {
        let state = between(profile, "state")?;
        between(profile, "name").filter(|_| state.starts_with("RUNNING"))
    });
    // One for each transport.
    let mut names: Vec<String> = profiles.collect();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::{running, shared_database};

    #[test]
    fn running_profiles_are_found_once_each() {
        let status = "<profiles>\n<profile>\n<name>internal</name>\n<type>profile</type>\n\
            <data>sip:mod_sofia@127.0.0.1:5060</data>\n<state>RUNNING (2)</state>\n</profile>\n\
            <profile>\n<name>internal</name>\n<type>profile</type>\n<data>x</data>\n\
            <state>RUNNING (2) (TLS)</state>\n</profile>\n<alias>\n<name>test.local</name>\n\
            <type>alias</type>\n<data>internal</data>\n<state>ALIASED</state>\n</alias>\n\
            <profile>\n<name>external</name>\n<type>profile</type>\n<data>y</data>\n\
            <state>DOWN (0)</state>\n</profile>\n</profiles>";
        assert_eq!(running(status), ["internal"]);
        assert_eq!(running("-ERR no such command"), [""; 0]);
    }

    #[test]
    fn a_database_server_may_be_shared() {
        let conf = |dsn: &str| {
            format!(
                "<configuration name=\"switch.conf\"><settings><param name=\"max-sessions\" value=\"9\"/>\
                 <param name=\"core-db-dsn\" value=\"{dsn}\"/></settings></configuration>"
            )
        };
        let dsn = "pgsql://host=db user=fs password=secret";
        assert_eq!(shared_database(&conf(dsn)).as_deref(), Some("pgsql"));
        assert_eq!(shared_database(&conf("fs:fs:secret")).as_deref(), Some("fs"));
        assert_eq!(shared_database(&conf("sqlite:///dev/shm/core.db")), None);
        assert_eq!(shared_database(&conf("")), None);
        assert_eq!(shared_database("<configuration/>"), None);
    }
}
