//! THE WEB SERVER of this module: who may see and do what there, and how it is done. The server itself is in the crate `office`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use office::web::{
    Answer, Attempt, Change, Gauges, Happened, Host, Look, Problem, Server, View, Who,
};

mod acts;
mod asked;
mod figures;
mod looks;
mod past;
mod people;
pub(crate) mod socket;
mod told;
mod viewer;

use crate::journal::{Keeper, begin_thread};
use crate::module::Module;
use crate::park::{Refusal, shortened};
use crate::switch::lock::Mutex;
use crate::switch::{clock, core, guard, log};

/// How long what is being done may still take when the module is unloaded.
const STOPS_WITHIN: Duration = Duration::from_secs(2);
/// The longest name of a source of failed logins that is written down.
const LONGEST_SOURCE: usize = 100;

/// The server, while there is one.
#[derive(Default)]
pub(crate) struct Web(Mutex<State>);

#[derive(Default)]
struct State {
    server: Option<Arc<Server>>,
    /// The module is being unloaded.
    closed: bool,
}

impl Web {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// Starts, changes or ends the server as the settings want it.
    pub(crate) fn configured(&self, module: &Arc<Module>) {
        let certs_dir = certs_dir();
        let settings = module.settings.read().web.server(&certs_dir);
        let (journal, links) = (Keeper::of(module).journal(), module.table());
        let (ended, failed) = {
            let mut state = self.0.lock();
            match (settings, &state.server) {
                _ if state.closed => (None, None),
                (None, _) => (state.server.take(), None),
                (Some(settings), Some(server)) => {
                    server.configure(settings);
                    (None, None)
                }
                (Some(settings), None) => {
                    let host = Arc::new(Office(Arc::clone(module)));
                    let started =
                        Server::start(settings, host, journal, links, Arc::new(begin_thread));
                    let failed = started.map(|server| state.server = Some(Arc::new(server))).err();
                    (None, failed)
                }
            }
        };
        if let Some(server) = ended {
            server.stop(STOPS_WITHIN);
        }
        if let Some(error) = failed {
            let wrong = format!("its threads cannot be started: {error}");
            log::error(None, format_args!("there is no web server: {wrong}"));
            module.health.web.wrong(wrong);
        }
    }

    /// The same on another thread, because it may take a moment.
    pub(crate) fn configured_soon(self: Arc<Self>, module: &Arc<Module>) {
        let theirs = Arc::clone(module);
        let asked = module.threads.ask(move || {
            self.configured(&theirs);
        });
        if let Err(error) = asked {
            log::warning(None, format_args!("the web server keeps its settings: {error}"));
        }
    }

    /// Boards show how the lots are now.
    pub(crate) fn refresh(&self) {
        if let Some(server) = self.0.lock().server.as_ref() {
            server.refresh();
        }
    }

    /// Ends it.
    pub(crate) fn stop(&self) {
        let server = {
            let mut state = self.0.lock();
            state.closed = true;
            state.server.take()
        };
        if let Some(server) = server {
            // What is still being done is counted as being inside, and waited for.
            server.stop(STOPS_WITHIN);
        }
    }
}

/// FreeSWITCH's folder for certificates.
fn certs_dir() -> PathBuf {
    let named = core::variable("certs_dir").map(PathBuf::from);
    named.unwrap_or_else(|| {
        PathBuf::from(core::variable("conf_dir").unwrap_or_default()).join("tls")
    })
}

/// The module, as the server sees it.
struct Office(Arc<Module>);

/// Runs what the server wants to know, so that a panic ends here.
fn guarded(answer: impl FnOnce() -> Answer) -> Answer {
    let broken = Problem::new(500, "failed", "an internal error; see the log of FreeSWITCH");
    guard("the web server", Err(broken), answer)
}

impl Host for Office {
    fn look(&self, who: &Who, look: Look) -> Answer {
        guarded(|| looks::look(&self.0, who, look))
    }

    fn act(&self, who: &Who, act: office::web::Act) -> Answer {
        guarded(|| acts::act(&self.0, who, act))
    }

    fn user(&self, attempt: &Attempt) -> Option<Who> {
        guard("a login", None, || people::user(attempt))
    }

    fn view(&self, who: &Who, seq: i64) -> View {
        let nothing =
            || View { snapshot: "{}".to_owned(), eyes: Box::new(|_| office::web::Sight::Nothing) };
        let view = guard("the web server", None, || Some(told::view(&self.0, who, seq)));
        view.unwrap_or_else(nothing)
    }

    fn told(&self, happened: Vec<Happened>) -> Vec<Happened> {
        happened.into_iter().map(|event| told::told(&self.0, event)).collect()
    }

    fn is_kept_away(&self, source: &str) -> bool {
        self.0.look(|park| park.is_stranger_kept_away(clock::now(), source))
    }

    fn failed(&self, source: &str) -> bool {
        self.0.act(None, |park, now| park.stranger_failed(now, source))
    }

    fn logged_in(&self, who: &str, result: &'static str) {
        people::logged_in(&self.0, &shortened(who, LONGEST_SOURCE), result);
    }

    fn gauges(&self) -> Gauges {
        guard("the web server", Gauges::default(), || figures::gauges(&self.0))
    }

    fn is_well(&self) -> bool {
        guard("the web server", false, || {
            crate::api::health::parts(&self.0).iter().all(|part| part.ok)
        })
    }

    fn say(&self, change: &Change) {
        match change {
            Change::Listens(_) => {
                self.0.health.web.good();
                log::notice(None, format_args!("{change}"));
            }
            Change::CannotListen { at, why } => {
                self.0.health.web.wrong(format!("it cannot listen on {at}: {why}"));
                log::warning(None, format_args!("{change}"));
            }
            Change::HasCertificate => {
                self.0.health.web.good();
                log::notice(None, format_args!("{change}"));
            }
            Change::KeepsCertificate(why) => {
                self.0.health.web.wrong(format!("it keeps the certificate that it has: {why}"));
                log::warning(None, format_args!("{change}"));
            }
            Change::KeptAway(_) | Change::Slowed(_) => log::warning(None, format_args!("{change}")),
        }
    }

    fn node(&self) -> String {
        let journal = Keeper::of(&self.0).journal();
        let node = journal.map(|journal| journal.node().to_owned());
        node.or_else(core::name).unwrap_or_default()
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}

/// The problem that a refusal is.
fn problem(refusal: Refusal) -> Problem {
    said(refusal.code(), refusal.text())
}

/// The problem with that code.
fn said(code: &'static str, text: &str) -> Problem {
    let status = match code {
        "bad_arguments" => 400,
        "denied" => 403,
        "empty" | "gone" | "unknown_lot" | "unknown_orbit" => 404,
        _ => 409,
    };
    Problem::new(status, code, text)
}

impl From<crate::api::Error> for Refused {
    fn from(error: crate::api::Error) -> Self {
        Refused(said(error.code, &error.text))
    }
}

/// Why it was not done. The server's own word for it is of another crate.
struct Refused(Problem);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Refused(problem(refusal))
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        refused.0
    }
}

#[cfg(test)]
mod tests;
