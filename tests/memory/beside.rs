//! The same calls through one module or the other, and what FreeSWITCH has grown by afterwards.

use std::fmt;
use std::time::Duration;

use kit::{Events, SOON, Setup, Switch, new_uuid};

/// How far the memory of one and the same FreeSWITCH wanders from run to run.
pub const WANDERS_PERCENT: i64 = 10;

const WARM_UP: usize = 400;
const CYCLES: usize = 3000;
const AT_ONCE: usize = 16;
/// More than are used at once: a channel is gone for others a moment before its orbit is free.
const ORBITS: usize = 400;
/// So long they talk: a call that is taken for less counts as not taken.
const TALK: Duration = Duration::from_millis(150);

/// A module that parks and retrieves.
pub struct Module {
    loaded: bool,
    /// What parks, and what retrieves, with the orbit as `$1`.
    park: (&'static str, &'static str),
    retrieve: (&'static str, &'static str),
    subclass: &'static str,
    /// The header that says what has happened, and what it says of a call that is parked now.
    parked: (&'static str, &'static str),
}

pub const CALLPARK: Module = Module {
    loaded: true,
    park: ("callpark", "default $1"),
    retrieve: ("callpark_retrieve", "default $1"),
    subclass: "callpark::info",
    parked: ("Callpark-Action", "park"),
};

pub const VALET: Module = Module {
    loaded: false,
    park: ("valet_park", "default $1"),
    retrieve: ("valet_park", "default $1"),
    subclass: "valet_parking::info",
    parked: ("Action", "hold"),
};

/// Resident memory before and after.
pub struct Growth {
    pub warm_kib: u64,
    after_kib: u64,
}

impl Growth {
    pub fn grown_kib(&self) -> i64 {
        self.after_kib as i64 - self.warm_kib as i64
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (warm, after) = (self.warm_kib, self.after_kib);
        write!(f, "{warm} KiB, after {CYCLES} calls {after} KiB: {:+} KiB", self.grown_kib())
    }
}

/// Parks, retrieves and hangs up, in a FreeSWITCH of its own.
pub fn growth(module: &Module) -> Growth {
    let switch = Switch::start(
        Setup::new()
            .load_module(module.loaded)
            .module("mod_valet_parking")
            .lots(r#"<lot name="default" orbits="8000-8399"/>"#)
            .extension("park_(\\d+)", &[("answer", ""), module.park])
            .extension("take_(\\d+)", &[("answer", ""), module.retrieve]),
    );
    let events = switch.events(&["CHANNEL_BRIDGE", &format!("CUSTOM {}", module.subclass)]);
    cycles(&switch, &events, module, WARM_UP);
    let warm_kib = switch.rss_kib();
    cycles(&switch, &events, module, CYCLES);
    Growth { warm_kib, after_kib: switch.rss_kib() }
}

fn cycles(switch: &Switch, events: &Events, module: &Module, count: usize) {
    for round in 0..count / AT_ONCE {
        let orbit = |number: usize| 8000 + (round * AT_ONCE + number) % ORBITS;
        let pairs: Vec<(String, String)> = (0..AT_ONCE).map(|_| (new_uuid(), new_uuid())).collect();
        for (number, (caller, _)) in pairs.iter().enumerate() {
            switch.originate(caller, &format!("park_{}", orbit(number)), &[]);
        }
        for _ in &pairs {
            let (header, value) = module.parked;
            events.wait(SOON, |e| e.subclass() == module.subclass && e.is(header, value));
        }
        for (number, (_, retriever)) in pairs.iter().enumerate() {
            switch.originate(retriever, &format!("take_{}", orbit(number)), &[]);
        }
        for _ in &pairs {
            events.wait(SOON, |e| e.name() == "CHANNEL_BRIDGE");
        }
        std::thread::sleep(TALK);
        for (caller, retriever) in &pairs {
            switch.kill(retriever);
            switch.kill(caller);
        }
        for (caller, retriever) in &pairs {
            switch.wait_gone(caller);
            switch.wait_gone(retriever);
        }
        events.drain();
    }
}
