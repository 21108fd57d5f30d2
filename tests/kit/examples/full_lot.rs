//! What it takes of a processor to look for a free orbit in a lot that is full, beside mod_valet_parking on the same FreeSWITCH, and how
//! that grows with the lot. A leg asks a thousand times in a row, so that one look can be told from everything around it. Then
//! it asks a full lot of one orbit while the same calls are parked, which slow down everything: what it takes more is what
//! the size of the lot costs.
//!
//! 10,000 calls cannot be parked on a machine that also measures: what a look costs there is drawn from the lots that can be
//! filled. `cargo bench` measures this module's own choice of an orbit with 10,000 and a million orbits, without FreeSWITCH.
//!
//! `FREESWITCH=<prefix> [ROUNDS=5] [PLOTS=<folder>] cargo run --release -p kit --example full_lot`

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use kit::figures::{Series, keep_plot, number};
use kit::plot::{self, Bar};
use kit::rival::{CALLPARK, PARKED, VALET};
use kit::{Events, SOON, Setup, Switch, eventually, new_uuid};

/// So many orbits, all taken. The first is what the others are compared to.
const SIZES: [u32; 4] = [1, 150, 300, 600];
/// So often does one leg ask.
const ASKS: usize = 1000;
const DRAWN: f64 = 10_000.0;

/// What one look takes, in µs.
#[derive(Default)]
struct Look {
    /// In the lot of that size.
    this: Series,
    /// In one of one orbit, while the same calls are parked.
    of_one: Series,
}

impl Look {
    /// What the size of the lot costs.
    fn of_its_size(&self) -> f64 {
        self.this.at(0.0) - self.of_one.at(0.0)
    }
}

/// What a lot of [`SIZES`] is called, and where its orbits begin.
fn first(size: u32) -> u32 {
    size * 100 + 100_000
}

fn main() -> ExitCode {
    let rounds = number("ROUNDS", 5);
    let Some(switch) = Switch::start_real(setup()) else { return ExitCode::SUCCESS };
    switch.ready_for_long("crit");
    let mut names = PARKED.to_vec();
    names.extend(["CUSTOM kit::begin", "CUSTOM kit::end"]);
    let events = switch.events(&names);
    // µs of one look, by module and size.
    let mut looks: [Vec<Look>; 2] = Default::default();
    for size in SIZES {
        for (rival, looks) in [CALLPARK, VALET].iter().zip(&mut looks) {
            let taken: BTreeSet<(u32, u32)> = (0..size)
                .map(|number| (size, first(size) + number))
                .chain([(1, first(1))])
                .collect();
            let calls: Vec<String> = taken.iter().map(|_| new_uuid()).collect();
            for ((size, orbit), uuid) in taken.iter().zip(&calls) {
                switch.originate(uuid, &format!("{}{size}_{orbit}", rival.park), &[]);
                events.wait(SOON, |event| rival.parked(event, uuid));
            }
            let mut look = Look::default();
            for _ in 0..rounds {
                look.this.add(ask(&switch, &events, &format!("{}{size}", rival.take)));
                look.of_one.add(ask(&switch, &events, &format!("{}1", rival.take)));
            }
            looks.push(look);
            for uuid in &calls {
                switch.kill(uuid);
            }
            eventually(SOON * 3, "no channel", || (switch.channels() == 0).then_some(()));
            events.drain();
        }
    }
    report(&looks)
}

fn setup() -> Setup {
    let mut lots = String::new();
    let mut setup = Setup::new().module("mod_valet_parking");
    for size in SIZES {
        let (from, to) = (first(size), first(size) + size - 1);
        let _ = writeln!(
            lots,
            r#"<lot name="lot{size}" orbits="{from}-{to}"><param name="timeout" value="0"/><param name="announce" value="false"/><param name="blf" value="false"/></lot>"#
        );
        let (ours, theirs) = (format!("lot{size} $1"), format!("lot{size} $1"));
        setup = setup
            .extension(
                &format!("{}{size}_(\\d+)", CALLPARK.park),
                &[("answer", ""), ("callpark", &ours)],
            )
            .extension(
                &format!("{}{size}_(\\d+)", VALET.park),
                &[("answer", ""), ("valet_park", &theirs)],
            );
        let ours = format!("lot{size} auto");
        let theirs = format!("lot{size} auto in {from} {to}");
        for (number, application, data) in
            [(CALLPARK.take, "callpark", &ours), (VALET.take, "valet_park", &theirs)]
        {
            let mut actions = vec![("event", "Event-Name=CUSTOM,Event-Subclass=kit::begin")];
            actions.extend(std::iter::repeat_n((application, data.as_str()), ASKS));
            actions.push(("event", "Event-Name=CUSTOM,Event-Subclass=kit::end"));
            setup = setup.extension(&format!("{number}{size}"), &actions);
        }
    }
    setup.lots(&lots)
}

/// What one look takes of a processor, in µs, in the mean of all that one leg has. Its thread is the one that has had the most
/// time meanwhile; the time itself would be that of a machine that 600 calls keep busy.
fn ask(switch: &Switch, events: &Events, number: &str) -> f64 {
    let uuid = new_uuid();
    let before = times(switch);
    switch.originate(&uuid, number, &[]);
    let longest = Duration::from_secs(60);
    let at = |name: &str| {
        events.wait(longest, |event| event.subclass() == name && event.uuid() == uuid);
    };
    at("kit::begin");
    at("kit::end");
    let after = times(switch);
    switch.kill(&uuid);
    switch.wait_gone(&uuid);
    let had = |(thread, time): (&String, &u64)| time - before.get(thread).copied().unwrap_or(0);
    after.iter().map(had).max().unwrap_or(0) as f64 / 1000.0 / ASKS as f64
}

/// The processor time that each of its threads has had, in ns.
fn times(switch: &Switch) -> HashMap<String, u64> {
    let threads = std::fs::read_dir(format!("/proc/{}/task", switch.pid())).into_iter().flatten();
    let time = |entry: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(entry.path().join("schedstat")).ok()?;
        let time = stat.split_whitespace().next()?.parse().ok()?;
        Some((entry.file_name().to_string_lossy().into_owned(), time))
    };
    threads.flatten().filter_map(time).collect()
}

/// How much more each orbit costs, in µs: the slope of the straight line through all sizes that begins at a lot of one.
fn slope(looks: &[Look]) -> f64 {
    let points = || SIZES.iter().zip(looks).map(|(size, look)| (f64::from(size - 1), look));
    let (above, below) = points().fold((0.0, 0.0), |(above, below), (more, look)| {
        (above + more * look.of_its_size(), below + more * more)
    });
    above / below
}

fn report([ours, theirs]: &[Vec<Look>; 2]) -> ExitCode {
    println!("\nLooking for a free orbit in a full lot, processor µs (the least of all rounds)");
    println!(
        "{:<8} {:>14} {:>14} {:>10} {:>14} {:>14} {:>10} {:>8}",
        "orbits", CALLPARK.name, "in a lot of 1", "more", "valet", "in a lot of 1", "more", "ratio"
    );
    for (size, (ours, theirs)) in SIZES.iter().zip(ours.iter().zip(theirs)) {
        let cells = |look: &Look| {
            let (this, of_one) = (look.this.at(0.0), look.of_one.at(0.0));
            format!("{this:>14.1} {of_one:>14.1} {:>10.1}", look.of_its_size())
        };
        let ratio = ours.this.at(0.0) / theirs.this.at(0.0);
        println!("{size:<8} {} {} {ratio:>8.2}", cells(ours), cells(theirs));
    }
    let (mine, their) = (slope(ours), slope(theirs));
    println!("each orbit more: {mine:.4} µs, {their:.4} µs");
    println!(
        "drawn to {DRAWN:.0} orbits: {:.0} µs, {:.0} µs above a lot of one",
        (mine * DRAWN).max(0.0),
        their * DRAWN
    );
    let bar = |name: &str, look: &Look, size: u32, colour| Bar {
        name: format!("{name}, {size} orbits"),
        value: look.this.at(0.0),
        colour,
    };
    let bars: Vec<Bar> = SIZES
        .iter()
        .zip(ours.iter().zip(theirs))
        .flat_map(|(size, (ours, theirs))| {
            [bar(CALLPARK.name, ours, *size, 0), bar(VALET.name, theirs, *size, 1)]
        })
        .collect();
    keep_plot("full-lot.svg", &plot::bars("Looking for a free orbit in a full lot", "µs", &bars));
    // A search would cost as much for each orbit as there.
    let kept = mine * 4.0 < their;
    println!("{}", if kept { "kept" } else { "NOT KEPT" });
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
