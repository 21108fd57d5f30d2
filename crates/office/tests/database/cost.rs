//! What the shipper costs who records.

use std::time::Instant;

use kit::Postgres;
use office::journal::{Journal, Settings};

use super::rig::{Folder, LONG, Rig, calls};

const ROUNDS: usize = 15;

/// How long one entry takes, in ns.
fn recorded(journal: &Journal) -> f64 {
    let entries = calls(0..4_000);
    let count = entries.len();
    let began = Instant::now();
    for entry in entries {
        journal.record(entry);
    }
    let took = began.elapsed();
    assert!(journal.flush(LONG));
    took.as_nanos() as f64 / count as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[test]
fn who_records_does_not_notice_the_shipper() {
    let Some(mut server) = Postgres::start() else { return };
    let (without, with) = (Folder::new(), Folder::new());
    let plain =
        Journal::start(Settings { history_days: 0, ..Settings::new(without.file(), "pbx1") })
            .unwrap();
    let rig = Rig::new(&with.file(), &server.url());
    let mut ratio = Vec::new();
    for trouble in [false, true] {
        if trouble {
            rig.shipped();
            server.crash();
            rig.fails("127.0.0.1");
        }
        let (mut alone, mut beside) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            alone.push(recorded(&plain));
            beside.push(recorded(&rig.journal));
        }
        let (alone, beside) = (median(alone), median(beside));
        println!(
            "an entry costs who records it {alone:.0} ns, and beside the shipper {beside:.0} ns (trouble: {trouble})"
        );
        ratio.push(beside / alone);
    }
    // Two processors that others share: a wait would be a thousand times as long.
    assert!(ratio.iter().all(|ratio| *ratio < 3.0), "{ratio:?}");
}
