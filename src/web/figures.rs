//! Figures for monitoring.

use std::sync::Arc;

use office::hooks::Figures as HookFigures;
use office::web::{Figure, Gauges, Times};

use crate::api::health;
use crate::hooks::Webhooks;
use crate::journal::Keeper;
use crate::journal::audit::Audit;
use crate::module::Module;
use crate::module::timings::Timing;
use crate::park::Park;
use crate::switch::{core, guard};
use crate::tell::lamps::queue::LampQueue;

/// The present ones.
pub(super) fn gauges(module: &Arc<Module>) -> Gauges {
    let lots = module.look(Park::lots).into_iter().map(|lot| {
        let states = [
            ("parked", lot.parked),
            ("free", lot.free),
            ("closed", lot.closed),
            ("reserved", lot.reserved),
        ];
        (lot.lot.to_string(), states.map(|(state, count)| (state, count.into())).to_vec())
    });
    let parts = health::parts(module).into_iter().map(|part| (part.name.to_owned(), part.ok));
    let mut figures = vec![about_the_module(module)];
    figures.extend(of_the_journal(module));
    figures.extend(of_the_database(module));
    figures.push(of_the_lamps(module));
    figures.extend(of_the_webhooks(module));
    figures.push(count("internal_errors_total", "Panics that were caught", guard::panics().count));
    let timings = &module.timings;
    let times = vec![
        times(
            "retrieval_seconds",
            "From the claim of a parked call to the bridge of the two legs",
            &timings.retrieval,
        ),
        times(
            "deadline_lateness_seconds",
            "How late the first return step started after the timeout of its call",
            &timings.lateness,
        ),
    ];
    Gauges { lots: lots.collect(), parts: parts.collect(), figures, times }
}

/// Counts that a 64-bit float has without loss.
fn count(name: &'static str, about: &'static str, count: u64) -> Figure {
    Figure::one(name, about, count as f64)
}

fn times(name: &'static str, about: &'static str, timing: &Timing) -> Times {
    let times = timing.times();
    Times { name, about, buckets: times.buckets, sum_s: times.sum_s }
}

/// Always 1: its labels are what matters.
fn about_the_module(module: &Module) -> Figure {
    let journal = Keeper::of(module).journal();
    let node = journal.map(|journal| journal.node().to_owned()).or_else(core::name);
    Figure {
        name: "info",
        about: "The version of the module and the name of this switch",
        labels: &["version", "node"],
        values: vec![(vec![env!("CARGO_PKG_VERSION").to_owned(), node.unwrap_or_default()], 1.0)],
    }
}

fn of_the_journal(module: &Module) -> Vec<Figure> {
    let broken = Audit::of(module).counts().into_iter();
    let mut figures = vec![Figure::by(
        "broken_promises_total",
        "Disagreements between calls, channels, journal and lamps",
        &["promise"],
        broken.map(|(promise, count)| (promise, count as f64)),
    )];
    if let Some(journal) = Keeper::of(module).journal() {
        let health = journal.health();
        figures.push(count(
            "journal_written_total",
            "Entries written to the journal",
            health.written,
        ));
        figures.push(count(
            "journal_backlog",
            "Entries that are not in the file yet",
            health.in_memory,
        ));
        figures.push(count(
            "journal_shed_total",
            "Entries lost without room in memory",
            health.shed,
        ));
    }
    figures
}

fn of_the_database(module: &Module) -> Vec<Figure> {
    let Some(health) = Keeper::of(module).database_health() else { return Vec::new() };
    let mut figures = vec![
        count("database_shipped_total", "Entries sent to the database", health.shipped),
        count(
            "database_skipped_total",
            "Entries deleted by history-days before they were sent to the database",
            health.skipped,
        ),
    ];
    // It is not known before the first connection.
    figures.extend(health.waiting.map(|waiting| {
        count("database_waiting", "Entries that wait to be sent to the database", waiting)
    }));
    figures
}

fn of_the_webhooks(module: &Module) -> Vec<Figure> {
    let Some(hooks) = Webhooks::of(module).hooks() else { return Vec::new() };
    let hooks = hooks.figures();
    let each = |name, about, value: fn(&HookFigures) -> u64| {
        let values = hooks.iter().map(|hook| (hook.hook.clone(), value(hook) as f64));
        Figure::by(name, about, &["hook"], values)
    };
    vec![
        each("webhooks_waiting", "Events that wait to be sent to a webhook", |hook| hook.waiting),
        each("webhooks_dead", "Events that are not sent any more", |hook| hook.dead),
        each("webhooks_delivered_total", "Events that were delivered", |hook| hook.delivered),
        each("webhooks_failed_total", "Attempts that failed", |hook| hook.failed),
    ]
}

fn of_the_lamps(module: &Module) -> Figure {
    let backlogs = LampQueue::of(module).backlogs();
    let waiting = [
        ("changed", backlogs.changed as f64),
        ("unwatched", backlogs.unwatched as f64),
        ("asked", backlogs.asked as f64),
    ];
    Figure::by("lamps_waiting", "Lamps and phones that wait to be served", &["kind"], waiting)
}
