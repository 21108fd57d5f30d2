//! How late deadlines fire: in the running module, by its own thread, while hundreds of calls are parked.
//!
//! The lot has a timeout of a second and no return step, so each parked call reminds of itself every second, and says
//! for how many ms it has been waiting. A reminder that comes a second and 3 ms after the one before it was 3 ms late.
//!
//! `[FREESWITCH=<prefix>] [CALLS=500] cargo run --release -p kit --example deadlines`

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use kit::figures::Series;
use kit::{Setup, Switch, new_uuid};

const DEADLINES: usize = 10_000;
const TIMEOUT_MS: i64 = 1000;
/// What must be kept: 99 of 100 at most so late.
const P99_AT_MOST_MS: f64 = 20.0;

fn main() -> ExitCode {
    let calls = std::env::var("CALLS").ok().and_then(|n| n.parse().ok()).unwrap_or(500);
    let switch = Switch::start(
        Setup::new()
            .lots(
                r#"<lot name="default" orbits="10001-20000"><param name="timeout" value="1"/>
                   <param name="hold-music" value="silence_stream://-1"/><return/></lot>"#,
            )
            .extension("park", &[("answer", ""), ("callpark", "default auto")]),
    );
    for _ in 0..calls {
        switch.originate(&new_uuid(), "park", &[]);
    }
    // From here on, so that no late-comer is among them.
    let events = switch.events(&["CUSTOM callpark::info"]);
    let mut waited: HashMap<String, i64> = HashMap::new();
    let mut late_ms = Series::default();
    let rounds = (DEADLINES / calls + 1) as u64;
    let until = Instant::now() + Duration::from_secs(2 * rounds + 60);
    while late_ms.len() < DEADLINES && Instant::now() < until {
        let remind = |e: &kit::Event| e.is("Callpark-Action", "remind");
        let Some(event) = events.try_wait(Duration::from_secs(5), remind) else { break };
        let wait_ms = event.text("Callpark-Wait-Ms").parse().expect("ms");
        let before = waited.insert(event.text("Callpark-UUID").to_owned(), wait_ms);
        before.iter().for_each(|before| late_ms.add((wait_ms - before - TIMEOUT_MS) as f64));
    }
    report(calls, &late_ms)
}

fn report(calls: usize, late_ms: &Series) -> ExitCode {
    println!("\nDeadlines of {calls} parked calls, {} of them: how late, ms", late_ms.len());
    if late_ms.len() < DEADLINES || late_ms.at(0.0) < 0.0 {
        println!("NOT KEPT: too few came, or one too early: {}", late_ms.at(0.0));
        return ExitCode::FAILURE;
    }
    println!("{}\n{late_ms}", Series::HEAD);
    let p99 = late_ms.at(0.99);
    println!("p99 {p99}, at most {P99_AT_MOST_MS}");
    println!("{}", if p99 <= P99_AT_MOST_MS { "kept" } else { "NOT KEPT" });
    if p99 <= P99_AT_MOST_MS { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
