//! What a parked call costs: processor time and memory, with phones that send real RTP and hear real music, beside
//! mod_valet_parking and beside the floor, which is FreeSWITCH's own `park` without a sound.
//!
//! Each row has a FreeSWITCH of its own, and all of a codec run at the same time, so that whatever else the machine does
//! slows all of them down. The phones are in this process, and only FreeSWITCH's time is counted. What it needs without calls
//! is subtracted. What is above the floor is that of 50 packets: on a machine that is too slow, a module that sends fewer
//! would look cheaper.
//!
//! `FREESWITCH=<prefix> [CALLS=40] [SECONDS=20] [PLOTS=<folder>] cargo run --release -p kit --example parked_cost`

use std::process::ExitCode;
use std::time::{Duration, Instant};

use kit::figures::{keep_plot, number};
use kit::phone::{Call, Codec, Exchange, Phase, Policy};
use kit::plot::{self, Bar};
use kit::{Phone, SOON, Setup, Switch, eventually};

/// So many calls a second begin: at moments of a packet's 20 ms that differ, as those of real callers do.
const PACE: u32 = 47;
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
    /// With an encoder for each call.
    Own,
}

impl Mode {
    const ALL: [Mode; 4] = [Mode::Floor, Mode::Valet, Mode::Default, Mode::Own];

    fn name(self) -> &'static str {
        match self {
            Mode::Floor => "silent park",
            Mode::Valet => "mod_valet_parking",
            Mode::Default => "mod_callpark",
            Mode::Own => "mod_callpark, own",
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

/// A FreeSWITCH with its parked calls.
struct Row {
    mode: Mode,
    switch: Switch,
    // What keeps the calls up.
    _phone: Phone,
    _exchange: Exchange,
    calls: Vec<Call>,
    /// What FreeSWITCH had without them: processor time in a second, and memory.
    idle: f64,
    before_kib: u64,
}

fn main() -> ExitCode {
    let calls = number("CALLS", 40);
    let window = Duration::from_secs(number("SECONDS", 20));
    let mut kept = true;
    for codec in [Codec::Pcmu, Codec::Opus] {
        let mut recorded = Vec::new();
        let mut rows = Vec::new();
        for mode in Mode::ALL {
            let Some(row) = Row::start(mode, codec, calls, &mut recorded) else {
                return ExitCode::SUCCESS;
            };
            rows.push(row);
        }
        std::thread::sleep(SETTLE);
        let costs = measure(&rows, window);
        let name = if codec == Codec::Opus { "Opus" } else { "PCMU" };
        println!("\n{name}, {calls} parked calls in each row, {} s: of one call", window.as_secs());
        println!(
            "{:<22} {:>9} {:>12} {:>9} {:>9} {:>9} {:>10}",
            "", "CPU ms/s", "above floor", "of valet", "KiB", "of floor", "packets/s"
        );
        for (mode, cost) in &costs {
            print_row(*mode, *cost, &costs);
        }
        plot_rows(name, &costs);
        kept &= is_kept(codec, &costs);
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn setup(mode: Mode) -> Setup {
    let encode = if mode == Mode::Own { r#"<param name="hold-encode" value="own"/>"# } else { "" };
    let lot = format!(
        r#"<lot name="default" orbits="10001-20000"><param name="timeout" value="0"/><param name="announce" value="false"/>{encode}</lot>"#
    );
    let (application, data) = match mode {
        Mode::Floor => ("park", ""),
        Mode::Valet => ("valet_park", "bench $1"),
        Mode::Default | Mode::Own => ("callpark", "default $1"),
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

impl Row {
    /// None without a FreeSWITCH, for which it says so.
    fn start(mode: Mode, codec: Codec, calls: u32, recorded: &mut Vec<Vec<u8>>) -> Option<Self> {
        let switch = Switch::start_real(setup(mode))?;
        switch.ready_for_long("warning");
        let exchange = Exchange::open(switch.ip());
        let phone =
            Phone::new(&switch, "1000").policy(Policy::Answer).on(&exchange).codecs(&[codec]);
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
        let (before_kib, idle) = (switch.anonymous_kib(), busy(&switch, Duration::from_secs(5)));
        let calls = place(&phone, calls);
        Some(Self { mode, switch, _phone: phone, _exchange: exchange, calls, idle, before_kib })
    }

    /// The processor time that its calls have taken, in seconds with what FreeSWITCH takes without them, and the packets
    /// that they have heard.
    fn spent(&self) -> (f64, u64) {
        (self.switch.processor_s(), heard(&self.calls))
    }
}

/// All at once.
fn measure(rows: &[Row], window: Duration) -> Vec<(Mode, Cost)> {
    let before: Vec<_> = rows.iter().map(|row| (Instant::now(), row.spent())).collect();
    std::thread::sleep(window);
    let cost = |(row, (begun, (spent, heard))): (&Row, &(Instant, (f64, u64)))| {
        let (spent_now, heard_now) = row.spent();
        let seconds = begun.elapsed().as_secs_f64();
        let gone = row.calls.iter().filter(|call| call.phase() == Phase::Ended).count();
        assert_eq!(gone, 0, "parked calls have ended");
        let each = row.calls.len() as f64;
        let cost = Cost {
            cpu_ms: ((spent_now - spent) / seconds - row.idle) * 1000.0 / each,
            memory_kib: (row.switch.anonymous_kib() as f64 - row.before_kib as f64) / each,
            heard: (heard_now - heard) as f64 / seconds / each,
        };
        (row.mode, cost)
    };
    rows.iter().zip(&before).map(cost).collect()
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
    if let Some(ours) = of(Mode::Default, costs) {
        let most = if codec == Codec::Opus { OPUS_AT_MOST } else { PCMU_AT_MOST };
        let (cpu, memory) = (of_valet(ours, costs), of_floor(ours, costs));
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
