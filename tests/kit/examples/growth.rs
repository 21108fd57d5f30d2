//! What FreeSWITCH has grown by after 3,000 calls were parked and retrieved, beside mod_valet_parking. The two take turns, each
//! time in a FreeSWITCH of its own, and what one module's own turns differ by is the spread.
//!
//! `FREESWITCH=<prefix> [ROUNDS=3] cargo run --release -p kit --example growth`

#[path = "../../memory/beside.rs"]
mod beside;

use std::process::ExitCode;

use kit::figures::{Series, number};

fn main() -> ExitCode {
    if kit::host() == kit::Host::StandIn {
        kit::skipped("a real FreeSWITCH (FREESWITCH=<prefix>)");
        return ExitCode::SUCCESS;
    }
    let mut grown: [Series; 2] = Default::default();
    let mut wander: f64 = 0.0;
    for _ in 0..number("ROUNDS", 3) {
        for (module, series) in [beside::CALLPARK, beside::VALET].iter().zip(&mut grown) {
            let growth = beside::growth(module);
            println!("{growth}");
            series.add(growth.grown_kib() as f64);
            wander = wander.max((growth.warm_kib as i64 * beside::WANDERS_PERCENT) as f64 / 100.0);
        }
    }
    let [ours, theirs] = &grown;
    let spread = [ours, theirs].map(|series| series.at(1.0) - series.at(0.0));
    let spread = spread[0].max(spread[1]);
    println!("\nGrowth over 3,000 calls, KiB");
    println!("mod_callpark       {:>9.0}", ours.median());
    println!("mod_valet_parking  {:>9.0}", theirs.median());
    println!("ratio              {:>9.2}", ours.median() / theirs.median());
    println!(
        "spread of one module's own turns {spread:.0} (of one turn, as tests allow, {wander:.0})"
    );
    let kept = ours.median() <= theirs.median() + spread;
    println!("{}", if kept { "kept" } else { "NOT KEPT" });
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
