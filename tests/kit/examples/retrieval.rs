//! How long a retrieval takes, beside mod_valet_parking on the same FreeSWITCH: from the start of the application on the
//! retriever's channel to the bridge, by FreeSWITCH's own clock. `null/` legs; the two modules take turns, and each
//! retriever comes at another moment of the parked leg's 20 ms media frame.
//!
//! `FREESWITCH=<prefix> [ROUNDS=200] cargo run --release -p kit --example retrieval`

use std::process::ExitCode;
use std::time::Duration;

use kit::figures::Series;
use kit::{Event, Events, SOON, Setup, Switch, new_uuid};

/// What must be kept: the median at most so long, and at most half of mod_valet_parking's.
const MEDIAN_AT_MOST_MS: f64 = 15.0;
const RATIO_AT_MOST: f64 = 0.5;
/// These come before the count begins.
const WARM_UP: usize = 5;

/// One of the two modules.
struct Rival {
    name: &'static str,
    /// Where a caller parks and a retriever dials.
    park: &'static str,
    take: &'static str,
    application: &'static str,
    /// Its event's subclass, and what its header `Action` or `Callpark-Action` says of a call that is parked.
    subclass: &'static str,
    action: (&'static str, &'static str),
    times_ms: Series,
}

fn rivals() -> [Rival; 2] {
    [
        Rival {
            name: "mod_callpark",
            park: "park",
            take: "take",
            application: "callpark_retrieve",
            subclass: "callpark::info",
            action: ("Callpark-Action", "park"),
            times_ms: Series::default(),
        },
        Rival {
            name: "mod_valet_parking",
            park: "valet",
            take: "valet",
            application: "valet_park",
            subclass: "valet_parking::info",
            action: ("Action", "hold"),
            times_ms: Series::default(),
        },
    ]
}

fn main() -> ExitCode {
    let rounds = std::env::var("ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    let setup = Setup::new()
        .module("mod_valet_parking")
        .lots(r#"<lot name="default" orbits="701"><param name="timeout" value="0"/></lot>"#)
        .extension("park", &[("answer", ""), ("callpark", "default 701")])
        .extension("take", &[("answer", ""), ("callpark_retrieve", "default 701")])
        .extension("valet", &[("answer", ""), ("valet_park", "bench 8501")]);
    let Some(switch) = Switch::start_real(setup) else { return ExitCode::SUCCESS };
    switch.fine_clock();
    let events = switch.events(&[
        "CHANNEL_EXECUTE",
        "CHANNEL_BRIDGE",
        "CUSTOM callpark::info",
        "CUSTOM valet_parking::info",
    ]);
    let mut rivals = rivals();
    for round in 0..WARM_UP + rounds {
        for rival in &mut rivals {
            let ms = retrieval_ms(&switch, &events, rival, round);
            if round >= WARM_UP {
                rival.times_ms.add(ms);
            }
        }
    }
    report(&rivals)
}

/// One caller parked and retrieved.
fn retrieval_ms(switch: &Switch, events: &Events, rival: &Rival, round: usize) -> f64 {
    let (caller, retriever) = (new_uuid(), new_uuid());
    switch.originate(&caller, rival.park, &[]);
    events.wait(SOON, |e| {
        e.subclass() == rival.subclass && e.is(rival.action.0, rival.action.1) && about(e, &caller)
    });
    std::thread::sleep(Duration::from_millis(30 + (round as u64 * 7) % 20));
    switch.originate(&retriever, rival.take, &[]);
    let started = events.wait(SOON, |e| {
        e.name() == "CHANNEL_EXECUTE"
            && e.uuid() == retriever
            && e.is("Application", rival.application)
    });
    let bridged = events.wait(SOON, |e| {
        e.name() == "CHANNEL_BRIDGE"
            && (e.is("Bridge-A-Unique-ID", &retriever) || e.is("Bridge-B-Unique-ID", &retriever))
    });
    for leg in [&retriever, &caller] {
        switch.kill(leg);
    }
    switch.wait_gone(&retriever);
    switch.wait_gone(&caller);
    events.drain();
    (microseconds(&bridged) - microseconds(&started)) / 1000.0
}

fn about(event: &Event, uuid: &str) -> bool {
    event.uuid() == uuid || event.is("Callpark-UUID", uuid)
}

fn microseconds(event: &Event) -> f64 {
    event.text("Event-Date-Timestamp").parse().expect("a timestamp")
}

fn report(rivals: &[Rival; 2]) -> ExitCode {
    println!("\nRetrieval, application start to CHANNEL_BRIDGE, ms");
    println!("{:<18} {}", "", Series::HEAD);
    for Rival { name, times_ms, .. } in rivals {
        println!("{name:<18} {times_ms}");
    }
    let medians = [0, 1].map(|rival: usize| rivals[rival].times_ms.median());
    let ratio = medians[0] / medians[1];
    let kept = medians[0] <= MEDIAN_AT_MOST_MS && ratio <= RATIO_AT_MOST;
    println!(
        "ratio of the medians {ratio:.2} (at most {RATIO_AT_MOST}), median at most {MEDIAN_AT_MOST_MS} ms"
    );
    println!("{}", if kept { "kept" } else { "NOT KEPT" });
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
