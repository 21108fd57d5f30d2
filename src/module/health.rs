//! How each part of the module is: all right, or what is wrong with it and since when. For monitoring, so nothing here waits
//! for FreeSWITCH or for the worker.

mod mark;
mod pulse;

use std::net::SocketAddr;

use crate::switch::clock;
use crate::switch::guard::{self, Panics};

pub(crate) use mark::Mark;
pub(crate) use pulse::Pulse;

/// One part of the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// What it is called.
    pub name: &'static str,
    /// Whether it is all right.
    pub ok: bool,
    /// Since when that has been so, in ms since 1970.
    pub since_ms: u64,
    /// What is wrong, or a figure or two.
    pub text: String,
}

/// Something about the machine that is not as a part needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The part.
    pub about: &'static str,
    /// What it is, and what comes of it.
    pub text: String,
    /// The line to change, or the command to run.
    pub change: String,
}

/// What the parts say of themselves when something happens to them.
#[derive(Default)]
pub(crate) struct Health {
    /// The thread that waits for deadlines.
    pub worker: Pulse,
    /// The thread that shows lamps.
    pub showing: Pulse,
    /// The lamps of phones.
    pub lamps: Mark,
    /// The configuration: whether the last reading of it succeeded.
    pub configuration: Mark,
    /// What FreeSWITCH has let the module register, and tells it of.
    pub hooks: Mark,
    /// Other modules that get in the way.
    pub modules: Mark,
    /// The web server.
    pub web: Mark,
}

/// Every part, in a fixed order. `calls`: whether calls wait for their turn. `overdue_ms`: how long ago the next deadline was.
#[must_use]
pub(crate) fn parts(health: &Health, calls: Part, overdue_ms: u64) -> Vec<Part> {
    vec![
        health.worker.part("worker", overdue_ms),
        calls,
        lamps(health),
        health.configuration.part("configuration", "read without errors"),
        health.hooks.part("hooks", "everything is registered"),
        health.modules.part("modules", "no other module interferes"),
        errors(guard::panics(), health.worker.began_ms()),
    ]
}

/// The web server, if there is to be one.
#[must_use]
pub(crate) fn web(health: &Health, listen: Option<SocketAddr>) -> Option<Part> {
    listen.map(|at| health.web.part("web", &format!("it listens on {at}")))
}

/// Webhooks, of which this build has none, if there are to be some.
#[cfg(not(feature = "web"))]
#[must_use]
pub(crate) fn no_webhooks(health: &Health, settings: &office::hooks::Settings) -> Option<Part> {
    let text =
        "this build has no web server, of which webhooks and questions are a part".to_owned();
    let since_ms = health.worker.began_ms();
    (!settings.is_empty()).then_some(Part { name: "webhooks", ok: false, since_ms, text })
}

/// Lamps need their thread, and FreeSWITCH's reports of phones that ask.
fn lamps(health: &Health) -> Part {
    let thread = health.showing.part("lamps", 0);
    if thread.ok { health.lamps.part("lamps", "shown as they change") } else { thread }
}

/// A panic is a fault of the module, and what it has left undone is not known. Therefore it is shown until FreeSWITCH is
/// restarted.
fn errors(panics: Panics, began_ms: u64) -> Part {
    let name = "errors";
    let Panics { count, first_ms, last_ms } = panics;
    if count == 0 {
        let text = "no internal error".to_owned();
        return Part { name, ok: true, since_ms: began_ms, text };
    }
    let errors =
        if count == 1 { "1 internal error".into() } else { format!("{count} internal errors") };
    let ago = clock::epoch_ms().saturating_sub(last_ms) / 1000;
    let text = format!(
        "{errors}, the last one {ago} s ago; search the log for \"internal error {count}\" and report that line"
    );
    Part { name, ok: false, since_ms: first_ms, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lamps_are_not_all_right_without_their_thread() {
        let health = Health::default();
        assert!(lamps(&health).ok);
        health.lamps.wrong("no probes");
        assert_eq!(lamps(&health).text, "no probes");
        health.lamps.good();
        drop(health.showing.beat());
        assert_eq!(lamps(&health).text, "its thread has ended");
    }

    #[test]
    fn panics_stay_and_name_the_line_in_the_log() {
        let none = errors(Panics { count: 0, first_ms: 0, last_ms: 0 }, 7);
        assert_eq!((none.ok, none.since_ms), (true, 7));
        let two = errors(Panics { count: 2, first_ms: 1_000, last_ms: clock::epoch_ms() }, 7);
        assert_eq!((two.ok, two.since_ms), (false, 1_000));
        assert!(two.text.starts_with("2 internal errors, the last one 0 s ago"), "{}", two.text);
        assert!(two.text.contains("\"internal error 2\""), "{}", two.text);
    }
}
