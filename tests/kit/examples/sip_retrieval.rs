//! How long a retrieval takes on SIP legs, as the retriever's phone sees it, beside mod_valet_parking on the same
//! FreeSWITCH: from the INVITE to the 200 OK, to the bridge, and to the first packet in which the parked phone is heard.
//! The hold music does not count: every phone says its own mark, and bridges pass packets on as they are.
//!
//! The two modules take turns, and each retriever comes at another moment of the parked leg's 20 ms media frame.
//!
//! `FREESWITCH=<prefix> [ROUNDS=200] [WAIT_MS=100] [PLOTS=<folder>] cargo run --release -p kit --example sip_retrieval`

use std::process::ExitCode;
use std::time::{Duration, Instant};

use kit::figures::{Series, beside, keep_plot, number};
use kit::phone::{Call, Exchange};
use kit::rival::{self, CALLPARK, Rival, VALET};
use kit::{Events, Phone, SOON, Setup, Switch, eventually, plot};

/// These come before the count begins.
const WARM_UP: usize = 5;
/// What must be kept, of mod_valet_parking's medians.
const BRIDGE_AT_MOST: f64 = 1.0 / 3.0;
const VOICE_AT_MOST: f64 = 0.5;

/// What happens to the retriever's call, in the order in which it usually does, since its INVITE.
const STEPS: [&str; 8] = [
    "channel created",
    "application begun",
    "answer in FreeSWITCH",
    "200 OK",
    "last packet of the music",
    "both legs bridged",
    "retriever hears the caller",
    "caller hears the retriever",
];
const OK: usize = 3;
const BRIDGED: usize = 5;
const HEARS: usize = 6;

type Times = [Series; STEPS.len()];

fn main() -> ExitCode {
    let rounds = number("ROUNDS", 200);
    let setup = rival::both(Setup::new().sip(true).music(), "701");
    let Some(switch) = Switch::start_real(setup) else { return ExitCode::SUCCESS };
    switch.ready_for_long("warning");
    let mut names = rival::PARKED.to_vec();
    names.extend(["CHANNEL_CREATE", "CHANNEL_EXECUTE", "CHANNEL_ANSWER", "CHANNEL_BRIDGE"]);
    let events = switch.events(&names).at_once();
    let exchange = Exchange::open(switch.ip());
    let phones =
        [Phone::new(&switch, "1000"), Phone::new(&switch, "1001")].map(|p| p.on(&exchange));
    let mut times: [Times; 2] = Default::default();
    for round in 0..WARM_UP + rounds {
        for (rival, times) in [CALLPARK, VALET].iter().zip(&mut times) {
            let measured = retrieval(&switch, &events, &phones, rival, round);
            for (series, ms) in times.iter_mut().zip(measured) {
                if let Some(ms) = ms.filter(|_| round >= WARM_UP) {
                    series.add(ms);
                }
            }
        }
    }
    report(&times)
}

/// One caller parked and retrieved: after how many ms each of the [`STEPS`] was seen.
fn retrieval(
    switch: &Switch,
    events: &Events,
    [caller, retriever]: &[Phone; 2],
    rival: &Rival,
    round: usize,
) -> [Option<f64>; STEPS.len()] {
    let parked = caller.call_up(&format!("{}701", rival.park));
    events.wait(SOON, |event| rival.parked(event, parked.uuid()));
    // The music has begun.
    eventually(SOON, "music", || (!parked.voices().is_empty()).then_some(()));
    std::thread::sleep(Duration::from_millis(number("WAIT_MS", 100) + (round as u64 * 7) % 20));
    let begun = Instant::now();
    let call = retriever.call(&format!("{}701", rival.take));
    let hears = first_of(&call, parked.mark());
    let heard = first_of(&parked, call.mark());
    let named = |name: &str, application: &str| {
        events.wait_timed(SOON, |event| {
            let fits = application.is_empty() || event.is("Application", application);
            event.name() == name && event.uuid() == call.uuid() && fits
        })
    };
    let (created, _) = named("CHANNEL_CREATE", "");
    let (application, _) = named("CHANNEL_EXECUTE", rival.application);
    let (answer, _) = named("CHANNEL_ANSWER", "");
    let (bridged, _) = events.wait_timed(SOON, |event| {
        let legs = ["Bridge-A-Unique-ID", "Bridge-B-Unique-ID"];
        event.name() == "CHANNEL_BRIDGE" && legs.iter().any(|leg| event.is(leg, call.uuid()))
    });
    let music = parked.voices().iter().find(|voice| voice.mark.is_none()).map(|voice| voice.last);
    let up = call.up_at();
    for one in [&call, &parked] {
        one.hangup();
        switch.wait_gone(one.uuid());
    }
    for phone in [caller, retriever] {
        phone.forget_ended();
    }
    events.drain();
    let seen = [
        Some(created),
        Some(application),
        Some(answer),
        up,
        music,
        Some(bridged),
        Some(hears),
        Some(heard),
    ];
    seen.map(|at| at.map(|at| at.saturating_duration_since(begun).as_secs_f64() * 1000.0))
}

/// When the call first heard that voice.
fn first_of(call: &Call, mark: u32) -> Instant {
    eventually(SOON, "the other party's voice", || {
        call.voices().iter().find(|voice| voice.mark == Some(mark)).map(|voice| voice.first)
    })
}

fn report([ours, theirs]: &[Times; 2]) -> ExitCode {
    println!("\nRetrieval on SIP legs, ms since the INVITE");
    println!("{:<30} {:>12} {:>18} {:>7}   (medians)", "", CALLPARK.name, VALET.name, "ratio");
    for (step, name) in STEPS.iter().enumerate() {
        let cell = |series: &Series| match series.is_empty() {
            true => "never".to_owned(),
            false => format!("{:.1}", series.median()),
        };
        let ratio = ours[step].median() / theirs[step].median();
        let (one, other) = (cell(&ours[step]), cell(&theirs[step]));
        println!("{name:<30} {one:>12} {other:>18} {ratio:>7.2}");
    }
    println!();
    beside("INVITE to 200 OK, ms", &ours[OK], &theirs[OK]);
    let bridge = beside("INVITE to bridge, ms", &ours[BRIDGED], &theirs[BRIDGED]);
    let voice = beside("INVITE to the caller's voice, ms", &ours[HEARS], &theirs[HEARS]);
    keep_plot(
        "retrieval.svg",
        &plot::shares(
            "From the INVITE to the first packet of the caller: share of retrievals",
            "ms",
            &[(CALLPARK.name, &ours[HEARS], 0), (VALET.name, &theirs[HEARS], 1)],
        ),
    );
    let kept = bridge <= BRIDGE_AT_MOST && voice <= VOICE_AT_MOST;
    println!(
        "ratio of the medians: bridge {bridge:.2} (at most {BRIDGE_AT_MOST:.2}), voice {voice:.2} (at most {VOICE_AT_MOST:.2})"
    );
    println!("{}", if kept { "kept" } else { "NOT KEPT" });
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
