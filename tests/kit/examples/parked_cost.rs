//! What a parked call costs: processor time and memory, with phones that send real RTP and hear real music, beside
//! mod_valet_parking and beside the floor, which is FreeSWITCH's own `park` without a sound.
//!
//! Each row has a FreeSWITCH of its own, so that none inherits memory from the one before. The phones are in this process,
//! and only FreeSWITCH's time is counted. What it needs without calls is subtracted. What is above the floor is that of 50
//! packets: on a machine that is too slow, a module that sends fewer would look cheaper.
//!
//! `FREESWITCH=<prefix> [CALLS=200] [SECONDS=20] [PLOTS=<folder>] cargo run --release -p kit --example parked_cost`

use std::process::ExitCode;
use std::time::{Duration, Instant};

use kit::figures::{keep_plot, number};
use kit::phone::{Call, Codec, Exchange, Phase, Policy};
use kit::plot::{self, Bar};
use kit::{Phone, SOON, Setup, Switch, eventually};

/// So many calls a second begin.
const PACE: u32 = 50;
/// From the last answer to the first look.
const SETTLE: Duration = Duration::from_secs(3);
/// Packets that a call is to hear in a second.
const PACKETS: f64 = 50.0;
/// What it hears of them, at the least.
const HEARD_AT_LEAST: f64 = 45.0;
/// What must be kept above the floor, of what mod_valet_parking has above it.
const OPUS_AT_MOST: f64 = 0.2;
const PCMU_AT_MOST: f64 = 0.5;
/// What must be kept of the floor's memory.
const MEMORY_AT_MOST: f64 = 1.15;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Floor,
    Valet,
    /// As the module does it without being told.
    Default,
    Own,
    Shared,
}

impl Mode {
    const ALL: [Mode; 5] = [Mode::Floor, Mode::Valet, Mode::Default, Mode::Own, Mode::Shared];

    fn name(self) -> &'static str {
        match self {
            Mode::Floor => "silent park",
            Mode::Valet => "mod_valet_parking",
            Mode::Default => "mod_callpark",
            Mode::Own => "mod_callpark, own",
            Mode::Shared => "mod_callpark, shared",
        }
    }

    /// Which value of `hold-encode` the lot has.
    fn encode(self) -> Option<&'static str> {
        match self {
            Mode::Own => Some("own"),
            Mode::Shared => Some("shared"),
            Mode::Floor | Mode::Valet | Mode::Default => None,
        }
    }
}

/// What one call costs.
#[derive(Clone, Copy)]
struct Cost {
    /// Processor time, ms in each second.
    cpu_ms: f64,
    memory_kib: f64,
    /// Packets that it hears in a second.
    heard: f64,
}

fn main() -> ExitCode {
    let calls = number("CALLS", 200);
    let window = Duration::from_secs(number("SECONDS", 20));
    let mut kept = true;
    for codec in [Codec::Pcmu, Codec::Opus] {
        let name = if codec == Codec::Opus { "Opus" } else { "PCMU" };
        println!("\n{name}, {calls} parked calls, {} s: of one call", window.as_secs());
        println!(
            "{:<22} {:>9} {:>12} {:>9} {:>9} {:>9} {:>10}",
            "", "CPU ms/s", "above floor", "of valet", "KiB", "of floor", "packets/s"
        );
        let mut recorded = Vec::new();
        let mut costs = Vec::new();
        for mode in Mode::ALL {
            match cost(mode, codec, calls, window, &mut recorded) {
                Some(cost) => {
                    costs.push((mode, cost));
                    print_row(mode, cost, &costs);
                }
                None if kit::host() == kit::Host::StandIn => return ExitCode::SUCCESS,
                None => {
                    println!("{:<22} SKIPPED: the module has no param hold-encode", mode.name())
                }
            }
        }
        plot_rows(name, &costs);
        kept &= is_kept(codec, &costs);
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn setup(mode: Mode) -> Setup {
    let encode = mode.encode().map_or_else(String::new, |value| {
        format!(r#"<param name="hold-encode" value="{value}"/>"#)
    });
    let lot = format!(
        r#"<lot name="default" orbits="10001-20000"><param name="timeout" value="0"/><param name="announce" value="false"/>{encode}</lot>"#
    );
    let (application, data) = match mode {
        Mode::Floor => ("park", ""),
        Mode::Valet => ("valet_park", "bench $1"),
        Mode::Default | Mode::Own | Mode::Shared => ("callpark", "default $1"),
    };
    Setup::new()
        .sip(true)
        .codecs("OPUS,PCMU")
        .module("mod_opus")
        .module("mod_valet_parking")
        .music()
        .lots(&lot)
        .extension(
            "park_(\\d+)",
            &[("answer", ""), ("set", "valet_announce_slot=false"), (application, data)],
        )
        .extension("speak", &[("answer", ""), ("playback", "local_stream://moh")])
}

/// None if there is no such mode.
fn cost(
    mode: Mode,
    codec: Codec,
    calls: u32,
    window: Duration,
    recorded: &mut Vec<Vec<u8>>,
) -> Option<Cost> {
    let switch = Switch::start_real(setup(mode))?;
    if mode.encode().is_some()
        && !switch.api("callpark status json").contains(r#""capacity":10000"#)
    {
        return None;
    }
    switch.ready_for_long("warning");
    let exchange = Exchange::open(switch.ip());
    let phone = Phone::new(&switch, "1000").policy(Policy::Answer).on(&exchange).codecs(&[codec]);
    if recorded.is_empty() {
        // Callers who say what FreeSWITCH itself has encoded.
        let call = phone.call_up("speak");
        *recorded = call.listen(Duration::from_secs(4));
        assert!(recorded.len() > 100, "no music came to record: {}", recorded.len());
        hang_up(&switch, &phone, &[call]);
    }
    exchange.say_recorded(recorded.clone());
    let few = place(&phone, 5);
    hang_up(&switch, &phone, &few);
    std::thread::sleep(SETTLE);
    let (before_kib, idle) = (switch.pss_kib(), busy(&switch, Duration::from_secs(5)));
    let placed = place(&phone, calls);
    std::thread::sleep(SETTLE);
    let heard_before = heard(&placed);
    let begun = Instant::now();
    let load = busy(&switch, window);
    let heard = (heard(&placed) - heard_before) as f64 / begun.elapsed().as_secs_f64();
    let after_kib = switch.pss_kib();
    let gone = placed.iter().filter(|call| call.phase() == Phase::Ended).count();
    assert_eq!(gone, 0, "parked calls have ended");
    let each = f64::from(calls);
    Some(Cost {
        cpu_ms: (load - idle) * 1000.0 / each,
        memory_kib: (after_kib as f64 - before_kib as f64) / each,
        heard: heard / each,
    })
}

/// The processor time it takes in a second.
fn busy(switch: &Switch, window: Duration) -> f64 {
    let (before, begun) = (switch.processor_s(), Instant::now());
    std::thread::sleep(window);
    (switch.processor_s() - before) / begun.elapsed().as_secs_f64()
}

fn place(phone: &Phone, count: u32) -> Vec<Call> {
    let begun = Instant::now();
    let calls: Vec<Call> = (0..count)
        .map(|number| {
            let due = begun + Duration::from_secs(1) * number / PACE;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            phone.call(&format!("park_{}", 10_001 + number))
        })
        .collect();
    for call in &calls {
        call.wait_up(SOON);
    }
    calls
}

fn heard(calls: &[Call]) -> u64 {
    calls.iter().flat_map(Call::voices).map(|voice| voice.packets).sum()
}

fn hang_up(switch: &Switch, phone: &Phone, calls: &[Call]) {
    calls.iter().for_each(Call::hangup);
    eventually(SOON, "no channel", || (switch.channels() == 0).then_some(()));
    phone.forget_ended();
}

fn of(mode: Mode, costs: &[(Mode, Cost)]) -> Option<Cost> {
    costs.iter().find(|(other, _)| *other == mode).map(|(_, cost)| *cost)
}

/// What it has above the floor, for all the packets that are to be heard.
fn above(cost: Cost, costs: &[(Mode, Cost)]) -> f64 {
    let above = cost.cpu_ms - of(Mode::Floor, costs).map_or(0.0, |floor| floor.cpu_ms);
    if cost.heard > 0.0 { above * PACKETS / cost.heard } else { above }
}

/// What it has above the floor, of what mod_valet_parking has.
fn of_valet(cost: Cost, costs: &[(Mode, Cost)]) -> f64 {
    of(Mode::Valet, costs).map_or(f64::NAN, |valet| above(cost, costs) / above(valet, costs))
}

fn of_floor(cost: Cost, costs: &[(Mode, Cost)]) -> f64 {
    of(Mode::Floor, costs).map_or(f64::NAN, |floor| cost.memory_kib / floor.memory_kib)
}

fn print_row(mode: Mode, cost: Cost, costs: &[(Mode, Cost)]) {
    println!(
        "{:<22} {:>9.2} {:>12.2} {:>9.2} {:>9.0} {:>9.2} {:>10.1}",
        mode.name(),
        cost.cpu_ms,
        above(cost, costs),
        of_valet(cost, costs),
        cost.memory_kib,
        of_floor(cost, costs),
        cost.heard
    );
}

fn plot_rows(codec: &str, costs: &[(Mode, Cost)]) {
    let bar = |(mode, value): (Mode, f64)| {
        let colour = match mode {
            Mode::Floor => 2,
            Mode::Valet => 1,
            Mode::Shared => 3,
            Mode::Default | Mode::Own => 0,
        };
        Bar { name: mode.name().into(), value, colour }
    };
    let small = codec.to_lowercase();
    let cpu: Vec<Bar> = costs.iter().map(|(mode, cost)| bar((*mode, cost.cpu_ms))).collect();
    let title = format!("A parked call with {codec}: processor time, ms in each second");
    keep_plot(&format!("cost-{small}-cpu.svg"), &plot::bars(&title, "ms", &cpu));
    let memory: Vec<Bar> = costs.iter().map(|(mode, cost)| bar((*mode, cost.memory_kib))).collect();
    let title = format!("A parked call with {codec}: memory");
    keep_plot(&format!("cost-{small}-memory.svg"), &plot::bars(&title, "KiB", &memory));
}

fn is_kept(codec: Codec, costs: &[(Mode, Cost)]) -> bool {
    let mut wrong = Vec::new();
    for (mode, cost) in costs.iter().filter(|(mode, _)| *mode != Mode::Floor) {
        if cost.heard < HEARD_AT_LEAST {
            wrong.push(format!("{}: only {:.1} packets/s are heard", mode.name(), cost.heard));
        }
    }
    if let Some(shared) = of(Mode::Shared, costs) {
        let most = if codec == Codec::Opus { OPUS_AT_MOST } else { PCMU_AT_MOST };
        let (cpu, memory) = (of_valet(shared, costs), of_floor(shared, costs));
        if cpu > most {
            wrong.push(format!(
                "CPU above the floor: {cpu:.2} of mod_valet_parking's, at most {most}"
            ));
        }
        if memory > MEMORY_AT_MOST {
            wrong.push(format!("memory: {memory:.2} of the floor's, at most {MEMORY_AT_MOST}"));
        }
    }
    for what in &wrong {
        println!("NOT KEPT: {what}");
    }
    if wrong.is_empty() {
        println!("kept");
    }
    wrong.is_empty()
}
