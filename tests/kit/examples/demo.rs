//! What call parking does, as a timeline of what is really happening: with the sample configuration and the sample
//! dialplan, in a FreeSWITCH (`FREESWITCH=<prefix>`), else in the stand-in switch. `make demo`.
//!
//! Whatever does not happen in time ends it, with the switch's log and a failure.

use std::time::{Duration, Instant};

use kit::{DOMAIN, Event, Events, Setup, Switch, new_uuid};

const SOON: Duration = Duration::from_secs(5);

/// Tells what happens, and when.
struct Clock(Instant);

impl Clock {
    fn say(&self, what: &str) {
        let ms = self.0.elapsed().as_millis();
        println!("{:>3}.{:03}  {what}", ms / 1000, ms % 1000);
    }

    fn quote(&self, text: &str) {
        for line in text.trim_end().lines() {
            println!("         | {line}");
        }
    }
}

fn main() {
    // Phones are left out: what answers for user 1000 is a leg that picks up by itself.
    let switch = Switch::start(Setup::new().user_at(1000, "null/reception"));
    let clock = Clock(Instant::now());
    let version = switch.api("callpark version");
    let host = if switch.is_real() { "FreeSWITCH" } else { "the stand-in switch" };
    clock.say(&format!("{host} is up, with {}", version.trim()));
    let events = switch.events(&["CUSTOM callpark::info", "PLAYBACK_START", "CHANNEL_BRIDGE"]);
    a_call_is_parked_and_retrieved(&clock, &switch, &events);
    a_call_comes_back(&clock, &switch, &events);
    switch.wait_channels(0);
    clock.say("No channel and no parked call is left");
    clock.quote(&switch.api("callpark list"));
    the_journal_remembers(&clock, &switch);
}

/// The switch's own folder goes away with it, and the page stays.
fn the_journal_remembers(clock: &Clock, switch: &Switch) {
    clock.say("callpark history");
    let history = switch.api("callpark history");
    clock.quote(&history);
    assert!(history.contains("Bob") && history.contains("returned"), "{history}");
    let answer = switch.api("callpark report usage from=today html");
    let made = answer.trim().strip_prefix("+OK ").unwrap_or_else(|| panic!("{answer}"));
    let kept = std::env::temp_dir().join("callpark-demo.html");
    std::fs::copy(made, &kept).unwrap_or_else(|error| panic!("{made}: {error}"));
    clock.say(&format!("callpark report usage html: open {} in a browser", kept.display()));
}

fn a_call_is_parked_and_retrieved(clock: &Clock, switch: &Switch, events: &Events) {
    let bob = park(switch, "Bob", "0301234", &[]);
    let parked = action(events, &bob, "park");
    let orbit = parked.text("Callpark-Orbit");
    clock.say(&format!("Bob calls, is sent to 700, and is parked: orbit {orbit}"));

    let music = events.wait(SOON, |e| e.name() == "PLAYBACK_START" && e.uuid() == bob);
    let file = music.text("Playback-File-Path");
    clock.say(&format!("Bob hears music: the switch began to play {file} to his channel"));

    clock.say("callpark list");
    clock.quote(&switch.api("callpark list"));

    std::thread::sleep(Duration::from_secs(1));
    let alice = new_uuid();
    clock.say(&format!("Alice dials {orbit}"));
    let dialled = Instant::now();
    switch.originate(&alice, orbit, &[]);
    let (bridged, bridge) = events.wait_timed(SOON, |e| e.name() == "CHANNEL_BRIDGE");
    let ms = bridged.duration_since(dialled).as_millis();
    clock.say(&format!("Alice and Bob are connected, {ms} ms after she dialled"));
    let legs = [bridge.text("Bridge-A-Unique-ID"), bridge.text("Bridge-B-Unique-ID")];
    assert!(legs.contains(&bob.as_str()) && legs.contains(&alice.as_str()), "{bridge:?}");
    let taken = outcome(events, &bob, "retrieved");
    let waited = taken.text("Callpark-Wait-Ms");
    clock.say(&format!("They stay connected: Bob counts as retrieved, after {waited} ms"));
    clock.say("callpark status");
    clock.quote(&switch.api("callpark status"));

    switch.kill(&alice);
    switch.wait_gone(&bob);
    clock.say("Alice hangs up, and so the call is over");
}

fn a_call_comes_back(clock: &Clock, switch: &Switch, events: &Events) {
    let parker = format!("1000@{DOMAIN}");
    let vars = [("callpark_timeout", "2"), ("callpark_parker", parker.as_str())];
    let carol = park(switch, "Carol", "0305678", &vars);
    let parked = action(events, &carol, "park");
    let orbit = parked.text("Callpark-Orbit");
    clock.say(&format!("Carol is parked by {parker}: orbit {orbit}, for 2 seconds"));

    let back = outcome(events, &carol, "returned");
    let (step, waited) = (back.text("Callpark-Step"), back.text("Callpark-Wait-Ms"));
    let by = back.text("Callpark-Retriever-UUID").to_owned();
    clock.say(&format!("Nobody took her: after {waited} ms she comes back ({step})"));
    switch.wait_bridged(&carol, &by);
    assert_eq!(switch.getvar(&by, "dialed_user").as_deref(), Some("1000"));
    clock.say(&format!("{parker} has picked up and talks to Carol"));

    switch.kill(&carol);
    switch.wait_gone(&by);
    clock.say("Carol hangs up");
}

/// Somebody calls and is sent to 700, which parks.
fn park(switch: &Switch, name: &str, number: &str, vars: &[(&str, &str)]) -> String {
    let uuid = new_uuid();
    let mut all =
        vec![("origination_callee_id_name", name), ("origination_callee_id_number", number)];
    all.extend_from_slice(vars);
    switch.originate(&uuid, "700", &all);
    uuid
}

fn action(events: &Events, uuid: &str, action: &str) -> Event {
    events.wait(SOON, |e| e.is("Callpark-UUID", uuid) && e.is("Callpark-Action", action))
}

fn outcome(events: &Events, uuid: &str, outcome: &str) -> Event {
    let ended = |e: &Event| e.is("Callpark-UUID", uuid) && !e.text("Callpark-Outcome").is_empty();
    let end = events.wait(SOON, ended);
    assert_eq!(end.text("Callpark-Outcome"), outcome, "{end:?}");
    end
}
