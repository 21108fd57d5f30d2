//! What somebody else's command does to a parked leg, or to the two legs of a hand-over, on a real FreeSWITCH: a call that
//! is connected by it is no longer parked, and nobody else meets anybody.

use std::time::Duration;

use kit::{Event, Setup, new_uuid, skipped};

use super::lot::{LOTS, Scene, setup};

fn lots() -> Setup {
    setup(LOTS).extension("talks", &[("answer", ""), ("bridge", "null/200")])
}

fn scene() -> Option<Scene> {
    let scene = Scene::start(lots());
    let real = scene.switch.is_real();
    if !real {
        skipped("a real FreeSWITCH");
    }
    real.then_some(scene)
}

/// Runs an application on that leg, as a program at the other end of an event socket does.
fn execute(scene: &Scene, leg: &str, application: &str, data: &str) {
    let order = format!(
        "sendmsg {leg}\ncall-command: execute\nexecute-app-name: {application}\nexecute-app-arg: {data}"
    );
    scene.switch.esl().command(&order).expect(&order);
}

/// A parked call that talks is not in the list, and its end is the end of that call.
#[test]
fn a_parked_call_that_a_command_connects_is_no_longer_parked() {
    let Some(scene) = scene() else { return };
    for (application, broadcast) in [
        ("bridge", false),
        ("bridge", true),
        ("att_xfer", false),
        ("eavesdrop", true),
        ("eavesdrop", false),
        ("intercept", false),
    ] {
        println!("{application}, broadcast: {broadcast}");
        let (caller, _) = scene.park("park_701");
        let other = scene.dial("7777");
        let data = match application {
            "bridge" | "att_xfer" => "null/200",
            _ => &other,
        };
        std::thread::sleep(Duration::from_millis(100));
        if broadcast {
            scene.switch.api(&format!("uuid_broadcast {caller} {application}::{data} aleg"));
        } else {
            execute(&scene, &caller, application, data);
        }
        scene.outcome(&caller, "transferred");
        assert!(scene.calls().is_empty(), "{application}");
        std::thread::sleep(Duration::from_millis(200));
        assert!(scene.switch.alive(&caller), "{application}: the caller is lost");
        let answer = scene.api(&format!("retrieve default 701 {other}"));
        assert!(answer.starts_with("-ERR empty "), "{application}: {answer}");
        // Whoever it talks to hangs up.
        for leg in others(&scene, &caller) {
            scene.switch.kill(&leg);
        }
        if application != "intercept" {
            // After that one FreeSWITCH goes on with the dialplan.
            scene.switch.wait_gone(&caller);
        }
        scene.switch.api("hupall");
        scene.switch.wait_channels(0);
        scene.wait_empty();
        let more = scene.events.drain().into_iter().find(|e| ends(e, &caller));
        assert!(more.is_none(), "{application}: a second outcome");
    }
}

/// What does not connect it leaves it parked.
#[test]
fn a_command_that_connects_nobody_leaves_the_call_parked() {
    let Some(scene) = scene() else { return };
    let (caller, _) = scene.park_with("park_701", &[("continue_on_fail", "true")]);
    execute(&scene, &caller, "bridge", "user/nobody@nowhere");
    execute(&scene, &caller, "eavesdrop", &new_uuid());
    execute(&scene, &caller, "playback", "tone_stream://%(100,0,800)");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(scene.calls()[0]["state"], "waiting");
    let retriever = scene.dial("take_701");
    scene.outcome(&caller, "retrieved");
    scene.switch.wait_bridged(&caller, &retriever);
}

fn ends(event: &Event, caller: &str) -> bool {
    event.is("Callpark-UUID", caller) && !event.text("Callpark-Outcome").is_empty()
}

/// Every leg but that one.
fn others(scene: &Scene, caller: &str) -> Vec<String> {
    let text = scene.switch.api("show channels as json");
    let list: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let rows = list["rows"].as_array().cloned().unwrap_or_default();
    let uuids = rows.iter().filter_map(|row| row["uuid"].as_str().map(str::to_owned));
    uuids.filter(|uuid| uuid != caller).collect()
}

fn rounds() -> usize {
    std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(100)
}

/// Whom the events say to have been bridged with `leg`.
fn met(events: &[Event], leg: &str) -> Vec<String> {
    let bridges = events.iter().filter(|e| e.name() == "CHANNEL_BRIDGE");
    bridges
        .filter_map(|e| {
            let (one, other) = (e.text("Bridge-A-Unique-ID"), e.text("Bridge-B-Unique-ID"));
            match leg {
                leg if leg == one => Some(other.to_owned()),
                leg if leg == other => Some(one.to_owned()),
                _ => None,
            }
        })
        .collect()
}

/// A third leg is bridged to one of the two or intercepts it, or one is put on hold, at any moment of the hand-over.
#[test]
fn a_foreign_command_at_every_moment_never_lies_about_a_call() {
    let Some(scene) = scene() else { return };
    let mut seen: Vec<String> = Vec::new();
    for round in 0..rounds() {
        let (caller, _) = scene.park("park_701");
        let third = scene.dial("7777");
        let retriever = scene.dial("take_701");
        std::thread::sleep(Duration::from_micros(fastrand::u64(..150_000)));
        let target = if fastrand::bool() { &caller } else { &retriever };
        let what = fastrand::usize(..4);
        match what {
            0 => drop(scene.switch.api(&format!("uuid_bridge {third} {target}"))),
            1 => drop(scene.switch.api(&format!("uuid_bridge {target} {third}"))),
            2 => execute(&scene, &third, "intercept", target),
            _ => drop(scene.switch.api(&format!("uuid_hold {target}"))),
        }
        std::thread::sleep(Duration::from_millis(400));
        let events = scene.events.drain();
        let outcomes: Vec<&str> = events
            .iter()
            .filter(|e| ends(e, &caller))
            .map(|e| e.text("Callpark-Outcome"))
            .collect();
        let callers = met(&events, &caller);
        let on = if target == &caller { "caller" } else { "retriever" };
        let told = format!("round {round}: {what} on the {on}, {outcomes:?}, met {callers:?}");
        assert!(outcomes.len() <= 1, "{told}");
        let with_retriever = callers.contains(&retriever);
        let calls = scene.calls();
        match outcomes.first() {
            None => {
                assert_eq!(calls.len(), 1, "{told}");
                assert_eq!(calls[0]["state"], "waiting", "{told}");
                let up = scene.switch.getvar(&caller, "current_application");
                assert!(up.is_some(), "{told}: the caller is lost");
            }
            Some(&"retrieved") => assert!(with_retriever, "{told}"),
            Some(&"transferred") => assert_eq!(on, "caller", "{told}"),
            // `intercept` hangs up whom the leg it takes is with.
            Some(&"abandoned") if what == 2 && on == "retriever" => {
                let end =
                    events.iter().find(|e| ends(e, &caller)).map(|e| e.text("Callpark-Reason"));
                assert_eq!(end, Some("PICKED_OFF"), "{told}");
            }
            Some(other) => panic!("{told}: {other}"),
        }
        let asked = what < 3 && on == "caller";
        assert!(callers.iter().all(|one| *one == retriever || asked && *one == third), "{told}");
        if outcomes.first() == Some(&"transferred") {
            assert!(scene.switch.alive(&caller), "{told}: the caller is lost");
        }
        seen.push(format!("{what} on the {on}: {}", outcomes.first().unwrap_or(&"waiting")));
        scene.switch.api("hupall");
        scene.switch.wait_channels(0);
        scene.wait_empty();
        scene.events.drain();
    }
    seen.sort();
    for group in seen.chunk_by(|one, other| one == other) {
        println!("{} x {}", group.len(), group[0]);
    }
}
