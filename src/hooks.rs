//! WEBHOOKS of this module, and questions about its calls. The crate `office` sends and asks; this room says what a program may
//! see, and does to a call what an answer suggests.

use std::sync::Arc;
use std::time::Duration;

use office::entry::{Action, Entry};
use office::hooks::{Hooks, Listed, Setup};

mod host;

use crate::journal::{Keeper, begin_thread};
use crate::module::Module;
use crate::module::health::Part;
use crate::switch::lock::Mutex;
use crate::switch::{clock, core, log};
use host::Office;

/// How long an unload waits for what is on its way.
const STOPS_WITHIN: Duration = Duration::from_secs(1);
/// What this is called in `callpark health`. Its hooks are those of FreeSWITCH.
const NAME: &str = "webhooks";

/// Keeps them while there are any.
#[derive(Default)]
pub(crate) struct Webhooks(Mutex<State>);

#[derive(Default)]
struct State {
    hooks: Option<Arc<Hooks>>,
    /// Why there are none, though there should be.
    wrong: Option<String>,
    since_ms: u64,
    /// The module is being unloaded.
    closed: bool,
}

impl Webhooks {
    /// Those of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// Starts, changes or ends them as the settings want it.
    pub(crate) fn configured(&self, module: &Arc<Module>) {
        let settings = module.settings.read().hooks.clone();
        let host = Arc::new(Office(Arc::clone(module)));
        let mut setup = Setup::new(host, Keeper::of(module).journal());
        setup.at_thread_start = Arc::new(begin_thread);
        if setup.node.is_empty() {
            setup.node = core::name().unwrap_or_default();
        }
        let (now_ms, mut ended, mut failed) = (clock::epoch_ms(), None, None);
        {
            let mut state = self.0.lock();
            match &state.hooks {
                _ if state.closed => {}
                _ if settings.is_empty() => {
                    ended = state.hooks.take();
                    state.wrong = None;
                }
                Some(hooks) => hooks.configure(settings),
                None => {
                    state.since_ms = now_ms;
                    match Hooks::start(setup, settings) {
                        Ok(hooks) => (state.hooks, state.wrong) = (Some(Arc::new(hooks)), None),
                        Err(error) => {
                            let wrong = format!("its thread cannot be started: {error}");
                            state.wrong = Some(wrong.clone());
                            failed = Some(wrong);
                        }
                    }
                }
            }
        }
        if let Some(wrong) = failed {
            log::error(None, format_args!("there are no webhooks: {wrong}"));
        }
        if let Some(ended) = ended {
            ended.stop(STOPS_WITHIN);
        }
    }

    /// The same on another thread, because it may take a moment.
    pub(crate) fn configured_soon(self: Arc<Self>, module: &Arc<Module>) {
        let theirs = Arc::clone(module);
        let asked = module.threads.ask(move || self.configured(&theirs));
        if let Err(error) = asked {
            log::warning(None, format_args!("the webhooks keep their settings: {error}"));
        }
    }

    /// What happened may be a question to somebody. Never waits.
    pub(crate) fn heard(&self, entry: &Entry) {
        if matches!(entry.action, Action::Park | Action::Recover)
            && let Some(hooks) = self.hooks()
        {
            hooks.parked(entry);
        }
    }

    /// They, if there are any.
    pub(crate) fn hooks(&self) -> Option<Arc<Hooks>> {
        self.0.lock().hooks.clone()
    }

    /// Ends them. What was not sent is in the journal.
    pub(crate) fn stop(&self) {
        let hooks = {
            let mut state = self.0.lock();
            state.closed = true;
            state.hooks.take()
        };
        if let Some(hooks) = hooks
            && !hooks.stop(STOPS_WITHIN)
        {
            log::error(None, format_args!("the thread of the webhooks has not ended in time"));
        }
    }

    /// How they are, for `callpark health`; nothing if there are none.
    pub(crate) fn part(&self, module: &Module) -> Option<Part> {
        let (hooks, wrong, since_ms) = {
            let state = self.0.lock();
            (state.hooks.clone(), state.wrong.clone(), state.since_ms)
        };
        if let Some(text) = wrong {
            return Some(Part { name: NAME, ok: false, since_ms, text });
        }
        let journal = Keeper::of(module).journal().is_some();
        Some(part(&hooks?.list(), journal, since_ms, clock::epoch_ms()))
    }
}

/// How these are.
fn part(hooks: &[Listed], journal: bool, since_ms: u64, now_ms: u64) -> Part {
    let webhooks = hooks.iter().filter(|hook| hook.kind == "webhook").count();
    let sum = |get: fn(&Listed) -> u64| hooks.iter().map(get).sum::<u64>();
    let (waiting, dead, shed) =
        (sum(|hook| hook.waiting), sum(|hook| hook.dead), sum(|hook| hook.shed));
    let mut text = format!(
        "{webhooks} webhooks and {} questions, {waiting} entries to send, {dead} dead letters",
        hooks.len() - webhooks
    );
    if shed > 0 {
        text += &format!(", {shed} given up because too many were waiting");
    }
    let mut wrong: Vec<String> = Vec::new();
    if webhooks > 0 && !journal {
        wrong
            .push("webhooks need the journal, which is switched off or has not started".to_owned());
    }
    let (mut ok, mut since_ms) = (wrong.is_empty(), since_ms);
    for hook in hooks.iter().filter(|hook| matches!(hook.state, "failing" | "ended")) {
        wrong.push(match hook.state {
            "ended" => format!("{:?} has ended with 410 Gone", hook.name),
            _ => format!("{:?} fails: {}", hook.name, hook.error),
        });
        let failing_since_ms = now_ms.saturating_sub(hook.failing_ms.unwrap_or_default());
        since_ms = if ok { failing_since_ms } else { since_ms.min(failing_since_ms) };
        ok = false;
    }
    let text = [wrong, vec![text]].concat().join("; ");
    Part { name: NAME, ok, since_ms, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(kind: &'static str, state: &'static str) -> Listed {
        Listed {
            name: kind.to_owned(),
            kind,
            host: "crm.example.com".to_owned(),
            state,
            waiting: 3,
            dead: 1,
            delivered: 0,
            failed: 0,
            shed: 0,
            error: "crm.example.com answers 500".to_owned(),
            failing_ms: (state == "failing").then_some(400),
            next_ms_left: None,
        }
    }

    #[test]
    fn an_endpoint_that_fails_is_named_and_so_is_a_missing_journal() {
        let good = part(&[listed("webhook", "ok"), listed("question", "new")], true, 7, 1_000);
        assert!(good.ok && good.since_ms == 7, "{}", good.text);
        assert!(good.text.starts_with("1 webhooks and 1 questions, 6 entries"), "{}", good.text);
        let bad = part(&[listed("webhook", "failing")], true, 7, 1_000);
        assert_eq!((bad.ok, bad.since_ms), (false, 600));
        assert!(
            bad.text.starts_with("\"webhook\" fails: crm.example.com answers 500; 1 web"),
            "{}",
            bad.text
        );
        assert!(!part(&[listed("webhook", "ok")], false, 7, 1_000).ok);
        assert!(part(&[listed("question", "ok")], false, 7, 1_000).ok);
    }
}
