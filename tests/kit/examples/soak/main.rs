//! Everything at once on a real FreeSWITCH: callers, desks that park, retrieve and return, retrievers that leave, are killed
//! or vanish at every moment of a hand-over, callers whose audio stops, administrators with every verb, reloads, unloads,
//! and restarts of the SIP profile. Each minute the traffic stops, and nothing of it must be left.
//!
//! Each phone says its own mark, so that it is known who hears whom: a call that hears somebody whom neither it nor the module
//! says it was connected to is *merged*. A caller who ends as `abandoned` without having hung up is *lost*.
//!
//! `FREESWITCH=<prefix> [MINUTES=60] cargo run --release -p kit --example soak`

mod admins;
mod audit;
mod desk;
mod ledger;
mod place;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kit::figures::number;
use kit::phone::{Exchange, Policy};
use kit::{Phone, Switch};

use audit::{COLUMNS, Row, Watch};
use ledger::Ledger;

/// So much of each minute there is traffic.
const TRAFFIC: Duration = Duration::from_secs(45);
/// What the switch may grow by from the second third to the last, in a run that is long enough to tell. In the first, the
/// memory that glibc keeps for each thread fills up.
const GROWTH: f64 = 1.10;
const TELLING: usize = 30;

/// What was done: by the desks, and by the administrators as FreeSWITCH has confirmed.
#[derive(Default)]
pub struct Did {
    /// Calls sent to be parked, and those of them that were.
    sent: AtomicU32,
    parked: AtomicU32,
    verbs: AtomicU32,
    unloads: AtomicU32,
    loads: AtomicU32,
    restarts: AtomicU32,
}

/// What all threads share.
pub struct Town {
    switch: Switch,
    exchange: Exchange,
    ledger: Ledger,
    over: AtomicBool,
    paused: AtomicBool,
    /// Turns that go on.
    working: AtomicUsize,
    /// Grows before and after the module or the profile is taken away.
    shakes: AtomicU32,
    did: Did,
    panics: AtomicUsize,
}

impl Town {
    /// An odd number: something is being taken away, or comes back. The same one twice: nothing was, in between.
    fn shaken(&self) -> u32 {
        self.shakes.load(Ordering::SeqCst)
    }

    /// Whether nothing was being taken away then, and nothing has been since.
    fn is_calm_since(&self, shakes: u32) -> bool {
        shakes.is_multiple_of(2) && self.shaken() == shakes
    }
}

fn main() -> ExitCode {
    let minutes: usize = number("MINUTES", 60);
    let Some(switch) = Switch::start_real(place::setup()) else { return ExitCode::FAILURE };
    switch.ready_for_long("warning");
    // A turn that comes to nothing is no news. A look that does is.
    let main = std::thread::current().id();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() == main {
            println!("{panic}");
        }
    }));
    let (exchange, ledger) = (Exchange::open(switch.ip()), Ledger::open(&switch));
    let town = Town {
        switch,
        exchange,
        ledger,
        over: AtomicBool::new(false),
        paused: AtomicBool::new(true),
        working: AtomicUsize::new(0),
        shakes: AtomicU32::new(0),
        did: Did::default(),
        panics: AtomicUsize::new(0),
    };
    let rings = Phone::new(&town.switch, place::RINGS).policy(Policy::Ring).on(&town.exchange);
    rings.register();
    let watcher = Phone::new(&town.switch, "1019").on(&town.exchange);
    let mut watch = Watch::new(&watcher);
    let mut rows = Vec::new();
    std::thread::scope(|scope| {
        let town = &town;
        for number in 0..place::DESKS {
            scope.spawn(move || desk::run(town, number));
        }
        scope.spawn(|| admins::ask(town));
        scope.spawn(|| admins::shake(town));
        println!("{}", head());
        for minute in 1..=minutes {
            let next = Instant::now() + Duration::from_secs(60);
            town.paused.store(false, Ordering::SeqCst);
            std::thread::sleep(TRAFFIC);
            town.paused.store(true, Ordering::SeqCst);
            let look = AssertUnwindSafe(|| audit::look(town, &mut watch));
            // The verdict counts the minutes that were looked at. The others are waited for in any case.
            let Ok(row) = catch_unwind(look) else { break };
            rings.forget_ended();
            let _ = catch_unwind(AssertUnwindSafe(|| rings.register()));
            println!("{}", line(minute, &row));
            for what in &row.told {
                println!("    {}", what.trim_end().replace('\n', "\n    "));
            }
            rows.push(row);
            if !town.switch.running() {
                println!("FreeSWITCH is gone:\n{}", town.switch.log_tail(40));
                break;
            }
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        town.over.store(true, Ordering::Relaxed);
    });
    verdict(&town, minutes, &rows)
}

fn head() -> String {
    let columns: Vec<String> = COLUMNS.iter().map(|name| format!("{name:>8}")).collect();
    format!("minute {}   RSS MiB  drained   parked  connected  outcomes", columns.join(" "))
}

fn line(minute: usize, row: &Row) -> String {
    let wrong: Vec<String> = row.wrong.iter().map(|count| format!("{count:>8}")).collect();
    let outcomes: Vec<String> =
        row.tally.outcomes.iter().map(|(name, count)| format!("{name} {count}")).collect();
    format!(
        "{minute:>6} {} {:>9.1} {:>6.1} s {:>8} {:>10}  {}",
        wrong.join(" "),
        row.rss_kib as f64 / 1024.0,
        row.drained.as_secs_f64(),
        row.tally.parks,
        row.tally.connected,
        outcomes.join(", ")
    )
}

fn verdict(town: &Town, minutes: usize, rows: &[Row]) -> ExitCode {
    println!("\nwhat must not happen, in {} of {minutes} minutes:", rows.len());
    let mut kept = rows.len() == minutes;
    for (column, name) in COLUMNS.iter().enumerate() {
        let count: usize = rows.iter().map(|row| row.wrong[column]).sum();
        println!("  {name:10} {count}");
        kept &= count == 0;
    }
    let parks: u32 = rows.iter().map(|row| row.tally.parks).sum();
    println!("calls parked: {parks}");
    // A minute in which nothing happens shows nothing.
    for (what, idle) in [
        ("no call was parked", rows.iter().filter(|row| row.tally.parks == 0).count()),
        ("nobody was connected", rows.iter().filter(|row| row.tally.connected == 0).count()),
    ] {
        if idle > 0 {
            println!("in {idle} minutes {what}");
            kept = false;
        }
    }
    let did = &town.did;
    for (what, times) in [
        ("calls sent to be parked", &did.sent),
        ("calls that were", &did.parked),
        ("verbs answered", &did.verbs),
        ("unloads", &did.unloads),
        ("loads", &did.loads),
        ("profile restarts", &did.restarts),
    ] {
        let times = times.load(Ordering::Relaxed);
        println!("{what}: {times}");
        // Chance decides each time what is taken away.
        kept &= times > 0 || rows.len() < 10;
    }
    if !kept {
        println!("{}", town.switch.log_tail(60));
    }
    let mean =
        |part: &[Row]| part.iter().map(|row| row.rss_kib as f64).sum::<f64>() / part.len() as f64;
    if let third @ 1.. = rows.len() / 3 {
        let thirds = [0, third, rows.len() - third].map(|from| mean(&rows[from..from + third]));
        let [first, second, last] = thirds.map(|kib| kib / 1024.0);
        println!("memory in each third: {first:.1}, {second:.1} and {last:.1} MiB");
        if rows.len() >= TELLING && last > second * GROWTH {
            println!("memory is not flat");
            kept = false;
        }
    }
    println!("{}", if kept { "kept" } else { "NOT KEPT" });
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
