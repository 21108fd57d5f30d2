//! How long parking and retrieving take while the disk of the journal is full or can only be read, beside a disk that works: from
//! the start of the application to the event, by FreeSWITCH's own clock. `null/` legs; a full disk and a working one take turns.
//!
//! `FREESWITCH=<prefix> [BLOCKS=8] [ROUNDS=50] cargo run --release -p kit --example disk`, as root

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use kit::figures::{Series, number};
use kit::{Event, Events, SOON, Setup, Switch, new_uuid};

/// How much later the slowest in a hundred may be with trouble.
const LATER_AT_MOST_MS: f64 = 1.0;
/// Longer than the journal takes to notice.
const NOTICED: Duration = Duration::from_millis(1_500);

/// A small file system of its own.
struct Disk(PathBuf);

impl Disk {
    fn mount() -> Option<Self> {
        let path = std::env::temp_dir().join(format!("callpark-disk-{}", std::process::id()));
        std::fs::create_dir_all(&path).ok()?;
        mount(&["-t", "tmpfs", "-o", "size=2m,ro", "tmpfs"], &path).then_some(Disk(path))
    }

    /// Until then it can only be read.
    fn can_be_written(&self) {
        assert!(mount(&["-o", "remount,rw"], &self.0), "the disk can be written");
    }

    fn fill(&self) {
        std::fs::write(self.0.join("filler"), vec![7; 4 << 20]).expect_err("no room");
    }

    fn empty(&self) {
        let _ = std::fs::remove_file(self.0.join("filler"));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        let _ = std::fs::remove_dir(&self.0);
    }
}

fn mount(options: &[&str], path: &Path) -> bool {
    Command::new("mount").args(options).arg(path).status().is_ok_and(|status| status.success())
}

const DISKS: [&str; 3] = ["working", "read-only", "full"];

fn main() -> ExitCode {
    let (blocks, rounds): (usize, usize) = (number("BLOCKS", 8), number("ROUNDS", 50));
    let Some(disk) = Disk::mount() else {
        println!("SKIPPED: it takes root to mount a small file system");
        return ExitCode::SUCCESS;
    };
    let conf = format!(
        "<configuration name=\"callpark.conf\"><settings><param name=\"journal-path\" value=\"{}\"/></settings><lots>\
         <lot name=\"default\" orbits=\"701\"><param name=\"timeout\" value=\"0\"/></lot></lots></configuration>",
        disk.0.join("journal.sqlite").display()
    );
    let setup = Setup::new()
        .callpark_conf(&conf)
        .extension("park", &[("answer", ""), ("callpark", "default 701")])
        .extension("take", &[("answer", ""), ("callpark_retrieve", "default 701")]);
    let Some(switch) = Switch::start_real(setup) else { return ExitCode::SUCCESS };
    switch.fine_clock();
    let events = switch.events(&["CHANNEL_EXECUTE", "CHANNEL_BRIDGE", "CUSTOM callpark::info"]);
    let mut times: [[Series; 2]; 3] = Default::default();
    let some = |times: &mut [Series; 2]| {
        round(&switch, &events);
        std::thread::sleep(NOTICED);
        for _ in 0..rounds {
            let [park, retrieval] = round(&switch, &events);
            times[0].add(park);
            times[1].add(retrieval);
        }
    };
    // What gets warm does not count. A disk that has been written cannot become one that is only read.
    some(&mut Default::default());
    (0..blocks).for_each(|_| some(&mut times[1]));
    disk.can_be_written();
    for _ in 0..blocks {
        disk.empty();
        some(&mut times[0]);
        disk.fill();
        some(&mut times[2]);
    }
    let mut kept = true;
    for (number, what) in ["park", "retrieval"].iter().enumerate() {
        println!("{what:<12} ms {}", Series::HEAD);
        for (disk, times) in DISKS.iter().zip(&times) {
            println!("  {disk:<13} {}", times[number]);
        }
        let p99 = |disk: usize| times[disk][number].at(0.99);
        kept &= [1, 2].iter().all(|disk| p99(*disk) - p99(0) <= LATER_AT_MOST_MS);
    }
    println!("{}", if kept { "kept" } else { "NOT KEPT" });
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Parks and retrieves a call. How long each took, in ms.
fn round(switch: &Switch, events: &Events) -> [f64; 2] {
    let (caller, retriever) = (new_uuid(), new_uuid());
    let began = |uuid: &str, application: &str| {
        events.wait(SOON, |event| {
            event.name() == "CHANNEL_EXECUTE"
                && event.uuid() == uuid
                && event.is("Application", application)
        })
    };
    switch.originate(&caller, "park", &[]);
    let start = began(&caller, "callpark");
    let parked = events.wait(SOON, |event| {
        event.is("Callpark-UUID", &caller) && event.is("Callpark-Action", "park")
    });
    std::thread::sleep(Duration::from_millis(30 + fastrand::u64(..20)));
    switch.originate(&retriever, "take", &[]);
    let claim = began(&retriever, "callpark_retrieve");
    let bridged = events.wait(SOON, |event| {
        event.name() == "CHANNEL_BRIDGE"
            && (event.is("Bridge-A-Unique-ID", &caller) || event.is("Bridge-B-Unique-ID", &caller))
    });
    for leg in [&retriever, &caller] {
        switch.kill(leg);
    }
    // The orbit is free again.
    events.wait(SOON, |event| {
        event.is("Callpark-UUID", &caller) && !event.text("Callpark-Outcome").is_empty()
    });
    switch.wait_gone(&retriever);
    switch.wait_gone(&caller);
    events.drain();
    [ms_between(&start, &parked), ms_between(&claim, &bridged)]
}

fn ms_between(one: &Event, other: &Event) -> f64 {
    let at =
        |event: &Event| -> f64 { event.text("Event-Date-Timestamp").parse().expect("a timestamp") };
    (at(other) - at(one)) / 1000.0
}
