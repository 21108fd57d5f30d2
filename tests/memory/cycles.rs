//! Calls that are parked and end in every way.

use std::time::Duration;

use kit::{Events, Setup, Switch, new_uuid};

/// Everything is many times slower under valgrind.
const PATIENCE: Duration = Duration::from_secs(120);
/// So many calls wait for their end at once.
const AT_ONCE: usize = 20;

const LOTS: &str = r#"
  <lot name="default" orbits="701-740">
    <param name="timeout" value="0"/>
  </lot>
  <lot name="quick" orbits="801-840">
    <param name="timeout" value="1"/>
    <return><step to="error/USER_BUSY" ring="2"/><step to="transfer:7777 XML default"/></return>
  </lot>"#;

/// How a call ends: its outcome, where it parks, and what is done to it.
const ENDS: [(&str, &str); 5] = [
    ("retrieved", "park_default"),
    ("returned", "park_quick"),
    ("abandoned", "park_default"),
    ("dropped", "park_default"),
    ("transferred", "park_default"),
];

/// So many calls, one after another in each of the [`ENDS`], and an unload.
pub fn every_way_to_end(count: usize) {
    let switch = Switch::start(
        Setup::new()
            .lots(LOTS)
            .extension("park_([a-z]+)", &[("callpark", "$1 auto")])
            .extension("take_(\\d+)", &[("callpark_retrieve", "default $1")])
            .extension("7777", &[("answer", ""), ("park", "")]),
    );
    let events = switch.events(&["CUSTOM callpark::info"]);
    let mut ended = 0;
    while ended < count {
        let calls: Vec<Ending> = (0..AT_ONCE).map(|n| Ending::begin(&switch, &events, n)).collect();
        for call in &calls {
            call.bring_about(&switch);
        }
        for call in &calls {
            call.finish(&switch, &events);
        }
        ended += calls.len();
    }
    // Refusals leave nothing either.
    for exten in ["take_739", "take_999", "park_nowhere"] {
        let leg = new_uuid();
        switch.try_originate(&leg, exten, &[]);
        switch.kill(&leg);
    }
    for verb in ["status json", "list xml", "list csv", "show default 701", "set x", "reload"] {
        switch.api(&format!("callpark {verb}"));
    }
    switch.eventually(PATIENCE, "no channel left", || (switch.channels() == 0).then_some(()));
    switch.eventually(PATIENCE, "an unload", || {
        switch.api("unload mod_callpark").starts_with("+OK").then_some(())
    });
    println!("{ended} calls ended");
}

struct Ending {
    outcome: &'static str,
    caller: String,
    orbit: String,
    retriever: String,
}

impl Ending {
    fn begin(switch: &Switch, events: &Events, number: usize) -> Self {
        let (outcome, exten) = ENDS[number % ENDS.len()];
        let caller = new_uuid();
        let vars = [("callpark_note", "a note"), ("callpark_parker", "1000@test.local")];
        switch.originate(&caller, exten, &vars);
        let parked = events
            .wait(PATIENCE, |e| e.is("Callpark-UUID", &caller) && e.is("Callpark-Action", "park"));
        let orbit = parked.text("Callpark-Orbit").to_owned();
        Self { outcome, caller, orbit, retriever: new_uuid() }
    }

    fn bring_about(&self, switch: &Switch) {
        match self.outcome {
            "retrieved" => switch.originate(&self.retriever, &format!("take_{}", self.orbit), &[]),
            "abandoned" => drop(switch.kill(&self.caller)),
            "dropped" => drop(switch.api(&format!("callpark drop default {}", self.orbit))),
            "transferred" => {
                drop(switch.api(&format!("uuid_transfer {} 7777 XML default", self.caller)));
            }
            _ => {}
        }
    }

    fn finish(&self, switch: &Switch, events: &Events) {
        let end = events.wait(PATIENCE, |e| {
            e.is("Callpark-UUID", &self.caller) && !e.text("Callpark-Outcome").is_empty()
        });
        assert_eq!(end.text("Callpark-Outcome"), self.outcome, "{}", end.summary());
        switch.kill(&self.retriever);
        switch.kill(&self.caller);
        switch.eventually(PATIENCE, "the caller is gone", || {
            (!switch.alive(&self.caller)).then_some(())
        });
    }
}
