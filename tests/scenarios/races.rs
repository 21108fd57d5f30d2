//! Every moment at which somebody hangs up.

use std::time::Duration;

use kit::{SOON, new_uuid};

use super::lot::{LOTS, Scene, setup};

fn rounds() -> usize {
    std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(200)
}

#[test]
fn two_retrievers_at_one_orbit() {
    let scene = Scene::start(setup(LOTS));
    for round in 0..rounds() {
        let (caller, _) = scene.park("park_701");
        let legs = [new_uuid(), new_uuid()];
        std::thread::scope(|scope| {
            for leg in &legs {
                let switch = &scene.switch;
                scope.spawn(move || {
                    let order = format!(
                        "originate {{origination_uuid={leg}}}null/200 take_701 XML default"
                    );
                    switch.esl().bgapi(&order).expect("bgapi")
                });
            }
        });
        let end = scene.outcome(&caller, "retrieved");
        let winner = end.text("Callpark-Retriever-UUID").to_owned();
        let loser = legs.iter().find(|leg| **leg != winner).expect("a loser");
        assert!(legs.contains(&winner), "round {round}");
        scene.switch.wait_var(loser, "went_on", "empty");
        scene.switch.wait_bridged(&caller, &winner);
        let bridges = scene.events.drain().into_iter().filter(|e| e.name() == "CHANNEL_BRIDGE");
        assert!(bridges.count() <= 1, "round {round}");
        assert!(scene.calls().is_empty(), "round {round}");
        for leg in [&caller, &legs[0], &legs[1]] {
            scene.switch.kill(leg);
        }
        scene.switch.wait_gone(&caller);
    }
    scene.wait_empty();
}

#[test]
fn a_retriever_killed_at_every_moment_never_kills_the_caller() {
    let scene = Scene::start(setup(LOTS));
    let (mut resumed, mut bridged) = (0, 0);
    for round in 0..rounds() {
        let (caller, _) = scene.park("park_701");
        let leg = scene.dial("take_701");
        std::thread::sleep(Duration::from_millis(round as u64 % 46));
        scene.switch.kill(&leg);
        scene.switch.wait_gone(&leg);
        // Either really bridged, or alive and parked.
        let outcome = scene.switch.eventually(SOON, "parked or retrieved", || {
            let waiting = scene.calls().iter().any(|call| call["state"] == "waiting");
            let end =
                scene.events.drain().into_iter().find(|e| e.is("Callpark-Outcome", "retrieved"));
            match (waiting, end) {
                (_, Some(_)) => Some("retrieved"),
                (true, None) => Some("parked"),
                _ => None,
            }
        });
        if outcome == "parked" {
            resumed += 1;
            assert!(scene.switch.alive(&caller), "round {round}: the caller is dead");
            assert_eq!(scene.calls()[0]["orbit"], "701");
            scene.switch.kill(&caller);
        } else {
            bridged += 1;
        }
        scene.switch.wait_gone(&caller);
        scene.wait_empty();
        scene.events.drain();
    }
    println!("{resumed} callers waited on, {bridged} were really bridged");
}

#[test]
fn the_caller_killed_at_every_moment_of_a_retrieval() {
    let scene = Scene::start(setup(
        r#"<lot name="default" orbits="701"><param name="timeout" value="0"/></lot>"#,
    ));
    for round in 0..rounds() {
        let (caller, _) = scene.park("park");
        let leg = scene.dial("take_701");
        std::thread::sleep(Duration::from_millis(round as u64 % 46));
        scene.switch.kill(&caller);
        scene.switch.wait_gone(&caller);
        let outcome = scene.events.wait(SOON, |e| {
            e.is("Callpark-UUID", &caller) && !e.text("Callpark-Outcome").is_empty()
        });
        assert!(["retrieved", "abandoned"].contains(&outcome.text("Callpark-Outcome")));
        scene.switch.kill(&leg);
        scene.switch.wait_gone(&leg);
        scene.wait_empty();
    }
}
