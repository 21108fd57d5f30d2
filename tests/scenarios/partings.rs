//! A leg that is connected to a parked call has left whom it talked to before: that one knows it is alone.

use kit::new_uuid;

use super::lot::{LOTS, MOMENT, Scene, setup};

const ROUNDS: usize = 8;

/// A caller and a retriever who talk.
pub fn retrieved(scene: &Scene, exten: &str, take: &str) -> (String, String) {
    let (caller, _) = scene.park(exten);
    let retriever = scene.dial(take);
    scene.outcome(&caller, "retrieved");
    scene.switch.wait_bridged(&caller, &retriever);
    (caller, retriever)
}

/// Sends `leg` to the call in 702; it talks to that one then, and `left` knows.
fn goes_on(scene: &Scene, leg: &str, left: &str) {
    let (next, _) = scene.park("park_702");
    scene.switch.api(&format!("uuid_transfer {leg} take_702 XML default"));
    scene.outcome(&next, "retrieved");
    scene.switch.wait_bridged(leg, &next);
    scene.switch.eventually(kit::SOON, "it knows that it is alone", || {
        scene.switch.getvar(left, "bridge_to").is_none().then_some(())
    });
    scene.switch.kill(left);
    scene.switch.kill(leg);
    scene.switch.wait_gone(&next);
}

#[test]
fn the_caller_and_the_retriever_leave_each_other_for_the_next_call() {
    let scene = Scene::start(setup(LOTS));
    for round in 0..ROUNDS {
        let (caller, retriever) = retrieved(&scene, "park_701", "take_701");
        if round % 2 == 0 {
            goes_on(&scene, &caller, &retriever);
        } else {
            goes_on(&scene, &retriever, &caller);
        }
    }
    scene.wait_empty();
}

#[test]
fn a_leg_of_any_bridge_leaves_it_for_a_parked_call() {
    let scene = Scene::start(setup(LOTS));
    for round in 0..ROUNDS {
        let legs = [new_uuid(), new_uuid()];
        for leg in &legs {
            scene.switch.originate(leg, "7777", &[]);
        }
        // A leg that is still routed goes on with its dialplan after `uuid_bridge`.
        for leg in &legs {
            scene.switch.wait_var(leg, "current_application", "park");
        }
        scene.switch.api(&format!("uuid_bridge {} {}", legs[0], legs[1]));
        scene.switch.wait_bridged(&legs[0], &legs[1]);
        goes_on(&scene, &legs[round % 2], &legs[(round + 1) % 2]);
    }
    scene.wait_empty();
}

/// A bridge between the two would end FreeSWITCH.
#[test]
fn the_halves_of_a_loopback_are_not_connected_to_each_other() {
    let scene = Scene::start(setup(LOTS));
    if !scene.switch.is_real() {
        // The stand-in's loopbacks carry no media.
        return;
    }
    let near = new_uuid();
    let order = format!("originate {{origination_uuid={near}}}loopback/park_701/default &park()");
    assert!(scene.switch.api(&order).starts_with("+OK"));
    let parked = scene.events.wait(kit::SOON, |event| event.is("Callpark-Action", "park"));
    let far = parked.text("Callpark-UUID").to_owned();
    scene.api(&format!("retrieve default 701 {near}"));
    let connected = |event: &kit::Event| event.is("Callpark-Outcome", "retrieved");
    scene.events.none_for(MOMENT, |event| event.uuid() == far && connected(event));
    assert!(scene.switch.running());
    scene.switch.api("hupall");
    scene.wait_empty();
}

/// FreeSWITCH brings a leg back to its dialplan when the bridge is over that a command has put it into.
#[test]
fn a_retriever_that_is_connected_onwards_runs_nothing_after_that() {
    let scene = Scene::start(setup(LOTS));
    let (caller, retriever) = retrieved(&scene, "park_701", "take_701");
    let other = scene.dial("7777");
    scene.switch.wait_var(&other, "current_application", "park");
    std::thread::sleep(MOMENT);
    scene.switch.api(&format!("uuid_bridge {retriever} {other}"));
    scene.switch.wait_bridged(&retriever, &other);
    scene.switch.wait_gone(&caller);
    std::thread::sleep(MOMENT);
    scene.switch.kill(&other);
    scene.switch.wait_gone(&retriever);
    scene.wait_empty();
}
