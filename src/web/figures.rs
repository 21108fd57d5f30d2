//! Figures for monitoring.

use std::sync::Arc;

use office::web::Gauges;

use crate::api::health;
use crate::journal::Keeper;
use crate::module::Module;
use crate::park::Park;
use crate::switch::guard;

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
    let mut figures = Vec::new();
    if let Some(journal) = Keeper::of(module).journal() {
        let health = journal.health();
        // Counts that a 64-bit float has without loss.
        figures.push((
            "journal_written_total",
            "Entries written to the journal",
            health.written as f64,
        ));
        figures.push((
            "journal_backlog",
            "Entries that are not in the file yet",
            health.in_memory as f64,
        ));
        figures.push((
            "journal_shed_total",
            "Entries lost without room in memory",
            health.shed as f64,
        ));
    }
    let panics = guard::panics().count;
    figures.push(("internal_errors_total", "Panics that were caught", panics as f64));
    Gauges { lots: lots.collect(), parts: parts.collect(), figures }
}
