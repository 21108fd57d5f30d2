//! Kills a real FreeSWITCH (`kill -9`) at random moments, while SIP phones park and retrieve 20 calls a second, and looks each
//! time whether the journal is whole: its numbers have no gap, each park has one end at most, and what the module had told a
//! second before is in it. In the end every park has its one end.
//!
//! `FREESWITCH=<prefix> [KILLS=100] [RATE=20] cargo run --release -p kit --example kills`

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use kit::figures::number;
use kit::phone::{Call, Exchange};
use kit::{Phone, SOON, Setup, Switch};
use serde_json::Value;

/// What an event must precede the kill by to be in the journal. The event socket is late by 20 ms, the journal by 50 ms and
/// the time that the disk takes.
const CERTAIN: Duration = Duration::from_secs(1);
/// Traffic before a kill, ms.
const TRAFFIC_MS: std::ops::Range<u64> = 1_200..5_000;
/// Callers and retrievers stay for so long at most.
const PATIENCE: Duration = Duration::from_secs(2);
const DESKS: u32 = 40;
/// After the last kill: more than the module waits for calls to be recovered.
const AFTER: Duration = Duration::from_secs(60);
/// Calls that a kill leaves behind are awaited for a moment, so that orbits are free for the next ones.
const CONF: &str = r#"<configuration name="callpark.conf">
    <settings><param name="recover-within" value="2"/><param name="lost" value="none"/></settings>
    <lots><lot name="default" orbits="7001-7999"><param name="timeout" value="3"/><param name="announce" value="false"/>
    <return><step to="hangup:NORMAL_CLEARING"/></return></lot></lots></configuration>"#;

/// What the module told of a call, and when.
struct Told {
    at: Instant,
    uuid: String,
    outcome: Option<String>,
}

#[derive(Default)]
struct Sums {
    told: usize,
    missing: usize,
    broken: usize,
    outcomes: BTreeMap<String, usize>,
}

fn main() -> ExitCode {
    let (kills, rate): (u32, u32) = (number("KILLS", 100), number("RATE", 20));
    let setup = Setup::new()
        .sip(true)
        .callpark_conf(CONF)
        .extension("park", &[("callpark", "default auto")])
        .extension("take", &[("callpark_retrieve", "default next")]);
    let Some(switch) = Switch::start_real(setup) else { return ExitCode::FAILURE };
    let exchange = Exchange::open(switch.ip());
    let mut sums = Sums::default();
    for round in 1..=kills {
        switch.ready_for_long("warning");
        let (told, killed) = traffic(&switch, &exchange, rate);
        switch.launch();
        let line = look(&switch, &told, killed, &mut sums);
        println!("{round:>4}  {line}");
    }
    let waiting = || calls(&switch, "outcome=waiting").len();
    let end = Instant::now() + AFTER;
    while waiting() > 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(500));
    }
    let (left, last) = (waiting(), verify(&switch));
    let Sums { told, missing, broken, outcomes } = &sums;
    println!("\n{kills} kills; {last}");
    println!("told a second before a kill: {told}, of which the journal lacks {missing}");
    println!(
        "outcomes: {outcomes:?}; without an end: {left}; times that a promise was broken: {broken}"
    );
    let kept = *missing == 0 && *broken == 0 && left == 0 && last.starts_with("+OK");
    println!("{}", if kept { "kept" } else { "NOT KEPT" });
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Parks and retrieves until it kills the switch. What the module told, and when it was killed.
fn traffic(switch: &Switch, exchange: &Exchange, rate: u32) -> (Vec<Told>, Instant) {
    let mut esl = switch.esl();
    esl.subscribe(&["CUSTOM callpark::info"]).expect("a subscription");
    let phone = |user: &str| Phone::new(switch, user).on(exchange);
    let callers = phone("0100");
    let desks: Vec<Phone> = (0..DESKS).map(|desk| phone(&format!("03{desk:02}"))).collect();
    std::thread::scope(|scope| {
        let listener = scope.spawn(move || {
            let mut told = Vec::new();
            while let Ok(event) = esl.next_event() {
                let text = |name: &str| event.text(name).to_owned();
                if matches!(event.text("Callpark-Action"), "refuse" | "") {
                    continue;
                }
                let outcome = Some(text("Callpark-Outcome")).filter(|outcome| !outcome.is_empty());
                told.push(Told { at: Instant::now(), uuid: text("Callpark-UUID"), outcome });
            }
            told
        });
        let begun = Instant::now();
        let length = Duration::from_millis(fastrand::u64(TRAFFIC_MS));
        let mut calls: Vec<(Instant, Call)> = Vec::new();
        for turn in 0.. {
            let next = begun + Duration::from_secs(1) * turn / rate;
            if next >= begun + length {
                break;
            }
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            let desk = &desks[turn as usize % desks.len()];
            desk.forget_ended();
            callers.forget_ended();
            calls.extend(
                [callers.call("park"), desk.call("take")].map(|call| (Instant::now(), call)),
            );
            // Some hang up early, and so at every moment of a hand-over.
            let patience = |at: &Instant| at.elapsed() > PATIENCE.mul_f64(fastrand::f64().sqrt());
            for (_, call) in calls.extract_if(.., |(at, _)| patience(at)) {
                call.hangup();
            }
        }
        std::thread::sleep((begun + length).saturating_duration_since(Instant::now()));
        let killed = Instant::now();
        switch.crash();
        (listener.join().expect("what was told"), killed)
    })
}

/// What the journal says after the switch has started again.
fn look(switch: &Switch, told: &[Told], killed: Instant, sums: &mut Sums) -> String {
    let verified = verify(switch);
    sums.broken += usize::from(!verified.starts_with("+OK"));
    let calls = calls(switch, "");
    let outcome_of: BTreeMap<&str, &str> = calls
        .iter()
        .filter_map(|call| Some((call["uuid"].as_str()?, call["outcome"].as_str().unwrap_or(""))))
        .collect();
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for told in told.iter().filter(|told| told.at + CERTAIN < killed) {
        sums.told += 1;
        let recorded = outcome_of.get(told.uuid.as_str());
        let kept = match &told.outcome {
            Some(outcome) => recorded == Some(&outcome.as_str()),
            None => recorded.is_some(),
        };
        if !kept {
            sums.missing += 1;
            println!("      missing: {} {:?}, recorded {recorded:?}", told.uuid, told.outcome);
        }
        if let Some(outcome) = &told.outcome {
            *outcomes.entry(outcome.clone()).or_default() += 1;
        }
    }
    for (outcome, count) in &outcomes {
        *sums.outcomes.entry(outcome.clone()).or_default() += count;
    }
    let lost = outcome_of.values().filter(|outcome| **outcome == "lost").count();
    format!(
        "{verified}; told {}; {outcomes:?}; lost among the latest {}: {lost}",
        told.len(),
        calls.len()
    )
}

fn verify(switch: &Switch) -> String {
    let answer = switch.esl_patient().api("callpark journal verify");
    answer.expect("an answer").trim().to_owned()
}

/// The latest calls of the journal, at most as many as it answers.
fn calls(switch: &Switch, filter: &str) -> Vec<Value> {
    kit::eventually(SOON, "the history", || {
        let text = switch.api(&format!("callpark history {filter} limit=1000 json"));
        let answer: Value = serde_json::from_str(&text).ok()?;
        answer["calls"].as_array().cloned()
    })
}
