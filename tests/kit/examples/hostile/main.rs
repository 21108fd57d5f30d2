//! Honest calls beside hostile ones: 50 calls are parked, retrieved and returned all the time by phones that register,
//! first in quiet, then while a hostile caller sends 20 messages a second. Says how much longer honest people wait then,
//! whether the switch's memory, threads, descriptors and events stay flat, and whether anything was reached that the
//! configuration does not name.
//!
//! `FREESWITCH=<prefix> [QUIET_SECONDS=300] [HOSTILE_SECONDS=3600] [HOSTILE_BARE=1] cargo run --release -p kit --example
//! hostile`. `HOSTILE_BARE=1` leaves mod_callpark out and has no honest calls: what the hostile messages cost FreeSWITCH
//! alone. `HOSTILE_DSN=pgsql://…`: mod_sofia keeps its tables there, and not in SQLite, whose users wait 100 ms for each
//! other.

mod board;
mod figures;
mod gauge;
mod honest;
mod mix;
mod place;

use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use kit::Switch;

use board::Board;
use figures::{Figures, Phase, compare};
use gauge::Gauge;
use mix::Mix;

fn seconds(name: &str, otherwise: u64) -> Duration {
    let given = std::env::var(name).ok().and_then(|n| n.parse().ok());
    Duration::from_secs(given.unwrap_or(otherwise))
}

fn main() -> ExitCode {
    let bare = std::env::var_os("HOSTILE_BARE").is_some();
    let (quiet, hostile) = (seconds("QUIET_SECONDS", 300), seconds("HOSTILE_SECONDS", 3600));
    let Some(switch) = Switch::start_real(place::setup().load_module(!bare)) else {
        return ExitCode::FAILURE;
    };
    // An hour of more would fill the disk.
    switch.ready_for_long("warning");
    // What fails from here on is told where it counts.
    std::panic::set_hook(Box::new(|_| {}));
    let figures = Figures::default();
    let mut wrong = Vec::new();
    let board = Board::open(&switch);
    let traps = place::Traps::set(&switch);
    std::thread::scope(|scope| {
        if !bare {
            for lane in 0..honest::LANES {
                let (switch, board, figures) = (&switch, &board, &figures);
                scope.spawn(move || honest::run(switch, board, figures, lane));
            }
            std::thread::sleep(Duration::from_secs(15));
        }
        println!("quiet, {} s", quiet.as_secs());
        figures.enter(Phase::Quiet);
        Gauge::watch(&switch, quiet).print();
        println!("hostile, {} s", hostile.as_secs());
        figures.enter(Phase::Hostile);
        let mix = Mix::start(&switch, &traps);
        let began = Instant::now();
        let gauge = Gauge::watch(&switch, hostile);
        let sent = mix.sent();
        println!("{:.1} hostile messages a second", sent as f64 / began.elapsed().as_secs_f64());
        wrong.extend(traps.sprung(&switch, mix.rung()));
        figures.enter(Phase::Over);
        figures.stop.store(true, Ordering::Relaxed);
        drop(mix);
        gauge.print();
        wrong.extend(gauge.not_flat());
        if !bare {
            wrong.extend(place::unwell(&switch));
        }
    });
    if !bare {
        wrong.extend(compare(&figures));
    }
    for what in &wrong {
        println!("NOT KEPT: {what}");
    }
    if wrong.is_empty() {
        println!("kept");
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}
