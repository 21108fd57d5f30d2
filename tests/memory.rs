//! What the module keeps of calls that are over: nothing.
//!
//! On the stand-in switch under valgrind, by the byte. On a real FreeSWITCH, which keeps memory of its own, beside
//! mod_valet_parking doing the same.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test says what is wrong by a panic"
)]

mod memory {
    pub mod beside;
    pub mod cycles;
    pub mod valgrind;
}

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use kit::Host;
use memory::{beside, cycles, valgrind};

/// Set where the cycles are to run under valgrind; what they do is how many.
const CYCLES: &str = "MEMORY_CYCLES";

#[test]
fn a_thousand_calls_and_an_unload_lose_no_byte() {
    if kit::host() != Host::StandIn {
        return kit::skipped("the stand-in, which valgrind watches (run without FREESWITCH)");
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        return kit::skipped("valgrind, which is not installed (make setup)");
    }
    let report = valgrind::Report::path();
    // A process of its own: the kit takes the wrapper for all its switches from the environment.
    let this = std::env::current_exe().expect("the path of this test");
    let output = Command::new(this)
        .args(["the_cycles_under_valgrind", "--exact", "--ignored", "--nocapture"])
        .env("KIT_WRAP", valgrind::command(&report))
        .env(CYCLES, "1000")
        .output()
        .expect("this test runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "the cycles failed:\n{said}\n{errors}");
    let report = valgrind::Report::read(&report);
    assert!(report.finished(), "valgrind did not come to its end");
    let found = report.of_the_module();
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n---\n"));
}

#[test]
#[ignore = "runs under valgrind, started by the test above"]
fn the_cycles_under_valgrind() {
    let count = std::env::var(CYCLES).ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    cycles::every_way_to_end(count);
}

/// The folder in which `make valgrind` has a report of each switch that the scenarios started.
const REPORTS: &str = "VALGRIND_REPORTS";

#[test]
#[ignore = "reads what `make valgrind` has written"]
fn the_scenarios_lose_and_misuse_no_byte() {
    let folder = std::env::var_os(REPORTS).expect("the folder of the reports");
    let reports = valgrind::Report::all_in(Path::new(&folder));
    assert!(!reports.is_empty(), "there is no report");
    let killed = reports.iter().filter(|report| !report.finished()).count();
    println!("{} switches ran under valgrind, {killed} of which were killed", reports.len());
    let found: BTreeSet<String> =
        reports.iter().flat_map(valgrind::Report::of_the_module).collect();
    let all: Vec<String> = found.into_iter().collect();
    assert!(all.is_empty(), "{} findings:\n{}", all.len(), all.join("\n---\n"));
}

#[test]
fn three_thousand_calls_grow_freeswitch_no_more_than_mod_valet_parkings() {
    if kit::host() == Host::StandIn {
        return kit::skipped("a real FreeSWITCH (FREESWITCH=<prefix>)");
    }
    let ours = beside::growth(&beside::CALLPARK);
    let theirs = beside::growth(&beside::VALET);
    println!("mod_callpark: {ours}\nmod_valet_parking: {theirs}");
    let most = theirs.grown_kib() + ours.warm_kib as i64 / 100 * beside::WANDERS_PERCENT;
    assert!(ours.grown_kib() <= most, "mod_callpark: {ours}; mod_valet_parking: {theirs}");
}
