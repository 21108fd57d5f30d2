//! Which legs may retrieve: those that are answered and in nobody's bridge. Every other leg is refused at once, with the
//! reason, and goes on with what it does; so does the parked call.

use std::time::{Duration, Instant};

use kit::{Setup, new_uuid};

use super::lot::{LOTS, MOMENT, Scene, setup};

/// `early` has early media and no answer, `rings` only rings, `talks` talks to somebody.
fn legs() -> Setup {
    setup(LOTS)
        .extension("early", &[("pre_answer", ""), ("sleep", "60000")])
        .extension("rings", &[("sleep", "60000")])
        .extension("talks", &[("answer", ""), ("bridge", "null/200")])
        .extension("plays", &[("answer", ""), ("playback", "tone_stream://%(500,0,800);loops=-1")])
        .extension("early_take", &[("pre_answer", ""), ("transfer", "take_701 XML default")])
}

/// A switch with a caller parked in 701.
struct Waiting {
    scene: Scene,
    caller: String,
}

impl Waiting {
    fn new() -> Self {
        let scene = Scene::start(legs());
        let caller = scene.park("park_701").0;
        Self { scene, caller }
    }

    /// A leg of that dial string; with `vars` it need not be answered.
    fn call(&self, dial_string: &str, then: &str, vars: &str) -> String {
        let leg = new_uuid();
        let order = format!("originate {{origination_uuid={leg}{vars}}}{dial_string} {then}");
        self.scene.switch.esl().bgapi(&order).expect("bgapi");
        leg
    }

    /// Two legs that talk to each other.
    fn pair(&self) -> [String; 2] {
        let leg = self.scene.dial("talks");
        let switch = &self.scene.switch;
        let other =
            switch.eventually(kit::SOON, "the two talk", || switch.getvar(&leg, "bridge_uuid"));
        switch.wait_bridged(&leg, &other);
        [leg, other]
    }

    /// The command names that leg, and is refused at once with that code and a reason.
    fn refused(&self, leg: &str, code: &str) {
        let began = Instant::now();
        let answer = self.scene.api(&format!("retrieve default 701 {leg}"));
        assert!(answer.starts_with(&format!("-ERR {code} ")), "{answer}");
        assert!(began.elapsed() < Duration::from_secs(1), "{answer} took {:?}", began.elapsed());
        self.still_waits();
    }

    /// Nobody has got the call, nor was anybody in a bridge with it.
    fn still_waits(&self) {
        std::thread::sleep(MOMENT);
        let calls = self.scene.calls();
        assert_eq!((calls.len(), calls[0]["state"].as_str()), (1, Some("waiting")), "{calls:?}");
        let events = self.scene.events.drain();
        let about =
            |e: &&kit::Event| e.name() == "CHANNEL_BRIDGE" && e.summary().contains(&self.caller);
        assert!(events.iter().find(about).is_none(), "the caller was bridged");
        assert!(events.iter().all(|e| e.text("Callpark-Outcome").is_empty()), "{events:?}");
        assert!(self.scene.switch.alive(&self.caller));
    }

    /// That leg has the call, and the table says so.
    fn has(&self, leg: &str) {
        let end = self.scene.outcome(&self.caller, "retrieved");
        assert_eq!(end.text("Callpark-Retriever-UUID"), leg);
        self.scene.switch.wait_bridged(&self.caller, leg);
        assert!(self.scene.calls().is_empty());
        self.scene.switch.kill(leg);
        self.scene.switch.wait_gone(&self.caller);
    }
}

#[test]
fn a_leg_nobody_has_answered_does_not_retrieve() {
    let waiting = Waiting::new();
    // FreeSWITCH runs the application as soon as there is early media.
    let leg = waiting.call("loopback/early", "take_701 XML default", "");
    waiting.scene.switch.wait_var(&leg, "went_on", "failed");
    waiting.still_waits();
    assert!(waiting.scene.switch.log_contains("not been answered"));
    let status = waiting.scene.switch.events(&["CHANNEL_HANGUP_COMPLETE"]);
    let leg = waiting.call("loopback/early", "&callpark_retrieve(701)", "");
    let end = status.wait(kit::SOON, |e| e.uuid() == leg);
    assert_eq!(end.text("variable_callpark_status"), "failed");
    waiting.still_waits();
    let leg = waiting.call("loopback/early", "key_701 XML default", "");
    waiting.scene.switch.wait_var(&leg, "went_on", "failed");
    waiting.still_waits();
}

#[test]
fn the_command_refuses_a_leg_nobody_has_answered() {
    let waiting = Waiting::new();
    for (to, vars) in [
        ("loopback/early", ",ignore_early_media=true"),
        ("loopback/rings", ""),
        ("null/100", ",null_enable_auto_answer=false"),
    ] {
        let leg = waiting.call(to, "7777 XML default", vars);
        waiting.scene.switch.eventually(kit::SOON, "the leg rings", || {
            waiting.scene.switch.alive(&leg).then_some(())
        });
        waiting.refused(&leg, "failed");
        assert!(waiting.scene.switch.alive(&leg), "{to}: the leg goes on ringing");
        assert_eq!(waiting.scene.switch.getvar(&leg, "callpark_status"), None, "{to}");
        waiting.scene.switch.kill(&leg);
    }
}

#[test]
fn the_command_refuses_a_leg_that_talks_and_both_go_on() {
    let waiting = Waiting::new();
    let pair = waiting.pair();
    for leg in &pair {
        waiting.refused(leg, "failed");
        waiting.scene.switch.wait_bridged(&pair[0], &pair[1]);
    }
}

#[test]
fn the_command_refuses_a_parked_call() {
    let waiting = Waiting::new();
    let (other, _) = waiting.scene.park("park_702");
    for leg in [&waiting.caller, &other] {
        let answer = waiting.scene.api(&format!("retrieve default 701 {leg}"));
        assert!(answer.starts_with("-ERR "), "{answer}");
    }
    let orbits: Vec<_> = waiting
        .scene
        .calls()
        .iter()
        .map(|call| call["orbit"].as_str().unwrap_or("").to_owned())
        .collect();
    assert_eq!(orbits, ["701", "702"]);
}

#[test]
fn the_command_answers_when_the_two_are_connected() {
    let waiting = Waiting::new();
    let leg = waiting.scene.dial("7777");
    assert_eq!(waiting.scene.api(&format!("retrieve default 701 {leg}")), "+OK default 701\n");
    assert!(waiting.scene.calls().is_empty());
    waiting.has(&leg);
}

/// Whatever a leg does that is in nobody's bridge: it is taken out of it.
#[test]
fn an_application_from_outside_retrieves() {
    for exten in ["7777", "7778", "plays"] {
        let waiting = Waiting::new();
        let leg = waiting.scene.dial(exten);
        std::thread::sleep(MOMENT);
        let order = format!("uuid_broadcast {leg} 'callpark_retrieve::default 701' aleg");
        waiting.scene.switch.api(&order);
        waiting.has(&leg);
    }
}

#[test]
fn an_application_from_outside_is_refused_to_a_leg_that_talks() {
    let waiting = Waiting::new();
    let pair = waiting.pair();
    for leg in &pair {
        std::thread::sleep(MOMENT);
        waiting.scene.switch.api(&format!("uuid_broadcast {leg} callpark_retrieve::701 aleg"));
        waiting.scene.switch.wait_var(leg, "callpark_status", "failed");
        waiting.still_waits();
        waiting.scene.switch.wait_bridged(&pair[0], &pair[1]);
    }
}

/// Nobody picks up, and nobody is lost: the call cannot wait where nobody has answered it.
#[test]
fn a_call_nobody_has_answered_is_not_parked() {
    let scene = Scene::start(legs());
    let leg = new_uuid();
    let order = format!("originate {{origination_uuid={leg}}}loopback/early park_701 XML default");
    scene.switch.esl().bgapi(&order).expect("bgapi");
    scene.switch.wait_var(&leg, "went_on", "failed");
    assert!(scene.calls().is_empty());
}

fn rounds() -> usize {
    std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(100)
}

/// The retriever is sent elsewhere, or bridged to somebody else, at every moment: it goes there, and the caller is where
/// the table says.
#[test]
fn a_retriever_taken_away_at_every_moment_never_loses_the_caller() {
    let scene = Scene::start(legs());
    let (mut kept, mut taken) = (0, 0);
    for round in 0..rounds() {
        let (caller, _) = scene.park("park_701");
        let away = if round % 2 == 0 { "talks" } else { "7777" };
        let leg = scene.dial("take_701");
        std::thread::sleep(Duration::from_micros(fastrand::u64(..60_000)));
        scene.switch.api(&format!("uuid_transfer {leg} {away} XML default"));
        std::thread::sleep(Duration::from_millis(300));
        let ended = |e: &kit::Event| {
            e.is("Callpark-UUID", &caller) && !e.text("Callpark-Outcome").is_empty()
        };
        let end = scene.events.drain().into_iter().find(ended);
        match end {
            None => {
                kept += 1;
                assert!(scene.switch.alive(&caller), "round {round}: the caller is lost");
                let calls = scene.calls();
                assert_eq!(calls.len(), 1, "round {round}");
                assert_eq!(calls[0]["state"], "waiting", "round {round}");
                scene.switch.kill(&caller);
            }
            Some(end) => {
                taken += 1;
                assert!(
                    end.is("Callpark-Outcome", "retrieved"),
                    "round {round}: {}",
                    end.summary()
                );
            }
        }
        assert!(scene.switch.alive(&leg), "round {round}: the retriever is lost");
        scene.switch.api("hupall");
        scene.wait_empty();
        scene.switch.wait_channels(0);
        scene.events.drain();
    }
    println!("{kept} callers went on waiting, {taken} had been retrieved");
}
