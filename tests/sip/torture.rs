//! Messages that no phone sends, while honest calls are parked: the switch and every honest call, lamp and outcome stay as
//! they are.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use kit::hostile::{Attacker, Draft, kinds};
use kit::phone::{Call, Notify, ReferredBy, Subscription};
use kit::{Ends, Phone, SOON, Scene};
use serde_json::Value;

use super::desk::{refer, setup};
use super::lamp::wait_state;

/// Whoever calls from outside is parked in a lot of its own; the honest calls are in `default`.
const LOTS: &str = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/></lot>
    <lot name="visitors" orbits="801-820"><param name="timeout" value="0"/>
    <param name="announce" value="false"/></lot>"#;

/// The switch with honest calls in 701 and 702, which somebody watches.
struct Siege {
    desk: Scene,
    attacker: Attacker,
    callers: Vec<Call>,
    phones: Vec<Phone>,
    lamps: Vec<Subscription>,
    lit: Vec<usize>,
    before: Vec<Value>,
    file: PathBuf,
    /// How many hostile calls were parked, too.
    visitors: Cell<usize>,
}

impl Siege {
    fn lay() -> Option<Siege> {
        let setup = setup(LOTS)
            .extension("visit.*", &[("callpark", "visitors auto")])
            .extension("9999", &[("set_global", "trap=reached"), ("answer", ""), ("park", "")]);
        let desk = Scene::start_real(setup)?;
        let phones: Vec<Phone> =
            ["1000", "1001", "1002", "1004"].map(|user| desk.phone(user)).into();
        let lamps: Vec<Subscription> =
            ["701", "702", "default"].map(|login| super::lamp::watch(&phones[3], login)).into();
        let mut callers = Vec::new();
        for orbit in ["701", "702"] {
            let (caller, theirs) = desk.talk(&phones[0], &phones[1]);
            refer(&theirs, orbit, ReferredBy::Yes);
            desk.wait_parked(&caller, "default", orbit, "1001");
            callers.push(caller);
        }
        for lamp in &lamps {
            wait_state(lamp, "confirmed");
        }
        std::thread::sleep(Duration::from_millis(500));
        let attacker = Attacker::new(&desk.switch);
        let file = desk.switch.folder().join("touched");
        let mut siege = Siege {
            desk,
            attacker,
            callers,
            phones,
            lamps,
            lit: Vec::new(),
            before: Vec::new(),
            file,
            visitors: Cell::new(0),
        };
        siege.lit = siege.lamps.iter().map(|lamp| lamp.all().len()).collect();
        siege.before = siege.honest();
        siege.desk.events.drain();
        Some(siege)
    }

    /// What stays of the honest calls, however time goes on.
    fn honest(&self) -> Vec<Value> {
        let text = self.desk.api("list default json");
        let list: Value = serde_json::from_str(&text).expect(&text);
        let mut calls = list["calls"].as_array().expect("calls").clone();
        for call in &mut calls {
            call.as_object_mut().expect("a call").remove("waiting_ms");
        }
        calls
    }

    /// Sends it, waits until the switch has answered or passed over it, and looks at everything.
    fn endure(&self, draft: &Draft) {
        self.attacker.send(draft);
        let end = Instant::now() + Duration::from_millis(if draft.is_call() { 400 } else { 80 });
        while Instant::now() < end && self.attacker.code(draft.call_id()).is_none_or(|c| c < 200) {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(20));
        self.unharmed(&draft.kind);
        self.desk.switch.kill(draft.call_id());
        self.attacker.forget();
    }

    fn unharmed(&self, kind: &str) {
        assert!(self.desk.switch.running(), "{kind}: the switch has died");
        // Whatever the visitors are called.
        drop(self.desk.calls());
        assert_eq!(self.honest(), self.before, "{kind}");
        let health: Value = serde_json::from_str(&self.desk.api("health json")).expect(kind);
        assert_eq!(health["ok"], true, "{kind}: {health}");
        let lit: Vec<usize> = self.lamps.iter().map(|lamp| lamp.all().len()).collect();
        let last = |lamp: &Subscription| lamp.last().map(|Notify { body, .. }| body);
        assert_eq!(lit, self.lit, "{kind}: {:#?}", self.lamps.iter().map(last).collect::<Vec<_>>());
        for event in self.desk.events.drain() {
            let honest = self.callers.iter().any(|c| event.is("Callpark-UUID", c.uuid()));
            let parked = event.is("Callpark-Action", "park");
            self.visitors.set(self.visitors.get() + usize::from(parked));
            assert!(!honest, "{kind}: {}", event.summary());
        }
        assert_ne!(
            self.desk.switch.api("global_getvar trap").trim(),
            "reached",
            "{kind} has reached 9999"
        );
        assert!(!self.file.exists(), "{kind} has run a command");
        assert_eq!(self.attacker.rung(), 0, "{kind} was called");
    }

    /// The honest calls are what they were: each is retrieved, and there is nothing else.
    fn lift(self) {
        self.desk.switch.eventually(SOON, "the visitors have left", || {
            let text = self.desk.api("list visitors json");
            let list: Value = serde_json::from_str(&text).ok()?;
            list["calls"].as_array()?.is_empty().then_some(())
        });
        let alice = self.phones[0].voice();
        for (caller, orbit) in self.callers.iter().zip(["701", "702"]) {
            self.desk.take(&self.phones[2], orbit, caller, alice, Ends::Other);
        }
        self.desk.wait_empty();
        self.desk.switch.wait_channels(0);
    }
}

#[test]
fn hostile_calls_change_nothing_for_honest_ones() {
    let Some(siege) = Siege::lay() else { return };
    let drafts = kinds::calls("visit", &siege.file.display().to_string());
    for draft in &drafts {
        siege.endure(draft);
    }
    let (sent, parked) = (drafts.len(), siege.visitors.get());
    assert!(parked > sent / 2, "of {sent} hostile calls only {parked} were parked");
    siege.lift();
}

#[test]
fn hostile_requests_change_nothing_for_honest_calls() {
    let Some(siege) = Siege::lay() else { return };
    for draft in kinds::requests().iter().chain(&kinds::noise()) {
        siege.endure(draft);
    }
    siege.lift();
}

/// Requests that bear the name of an honest call's dialog without its tags, and calls that are called off as they begin.
#[test]
fn whoever_knows_the_name_of_a_dialog_only_has_no_part_in_it() {
    let Some(siege) = Siege::lay() else { return };
    let known = siege.callers[0].uuid().to_owned();
    for method in ["BYE", "CANCEL", "ACK", "INFO", "UPDATE", "PRACK", "NOTIFY", "INVITE"] {
        let draft =
            Draft::new(&format!("{method} with a known Call-ID"), method, "701").known_as(&known);
        siege.attacker.send(&draft);
        std::thread::sleep(Duration::from_millis(150));
        siege.unharmed(&draft.kind);
    }
    // Whoever knows the whole name: FreeSWITCH takes a Call-ID, or a channel's uuid, for proof enough in `Replaces`.
    let other = format!("{known}0");
    for value in [
        format!("{other};to-tag=x;from-tag=y"),
        format!("{};to-tag=;from-tag=", &known[1..]),
        format!("%{known}"),
        format!("{},{other};from-tag=0;to-tag=0;early-only", &other[..8]),
    ] {
        let kind = format!("Replaces {value}");
        siege.endure(&Draft::call(&kind, "visit").header("Replaces", &value));
        let escaped = value.replace(';', "%3B").replace('=', "%3D");
        let to = format!("<sip:701@test.local?Replaces={escaped}>");
        let kind = format!("REFER to {to}");
        siege.endure(&Draft::new(&kind, "REFER", "visit").header("Refer-To", &to));
    }
    let eve = Phone::new(&siege.desk.switch, "eve").domain("evil.example");
    for wait_ms in (0..60).step_by(3) {
        let call = eve.call("sip:visit@test.local");
        std::thread::sleep(Duration::from_millis(wait_ms));
        call.hangup();
        siege.unharmed("a call that was called off");
    }
    siege.lift();
}
