//! Brings parked calls back after a crash, as soon as their SIP profiles are running.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::config::host::{self, CoreDatabase};
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
        log::crit(None, format_args!("parked calls do not come back, because {why}"));
        hold_from_now_on(module);
    }
}

fn run(module: &Arc<Module>) {
    let awaited = || module.look(Park::awaited) > 0 && !module.is_stopping();
    while awaited() && !core::is_ready() {
        std::thread::sleep(LOOK_EVERY);
    }
    hold_from_now_on(module);
    let settings = xml::configuration("switch.conf").map(|text| host::settings(&text));
    let shared = settings.and_then(|settings| match host::core_database(&settings, None)? {
        CoreDatabase::Server(kind) => Some(kind),
        CoreDatabase::File { .. } => None,
    });
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
            for profile in
                api::execute("sofia", "xmlstatus").iter().flat_map(|xml| host::running(xml))
            {
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
