//! Unloading: what of the module is still in the switch's threads must not bring the switch down.

use std::time::Duration;

use kit::{SOON, Switch, new_uuid};

use super::lot::{LOTS, Scene, setup};

/// A switch keeps an idle thread for 5 s before it ends it.
const EVERY_THREAD_HAS_ENDED: Duration = Duration::from_secs(7);

/// Each command on a connection of its own, as fs_cli does it: its thread in the switch ends with it.
fn command(switch: &Switch, command: &str) -> String {
    switch.esl().api(command).expect("an answer")
}

/// FreeSWITCH finds the calls of a module by this variable, which whatever runs on top writes over.
const HIDES: (&str, &str) = ("current_application", "playback");

/// Parked, retrieved, and about to be: each of them is hidden, and hung up all the same.
#[test]
fn an_unload_by_force_ends_every_call_whatever_runs_on_top() {
    let scene = Scene::start(setup(LOTS));
    let (parked, _) = scene.park("park_701");
    let (key, _) = scene.park("park_702");
    let (taken, _) = scene.park("park_703");
    let retriever = scene.dial("take_703");
    scene.outcome(&taken, "retrieved");
    scene.switch.wait_bridged(&taken, &retriever);
    let bystander = scene.dial("7777");
    let runs = scene.switch.events(&["CHANNEL_EXECUTE"]);
    for uuid in [&parked, &key, &taken, &retriever] {
        if scene.switch.is_real() && *uuid != taken {
            let plays = format!("uuid_broadcast {uuid} tone_stream://%(500,0,900);loops=-1 aleg");
            assert!(scene.switch.api(&plays).starts_with("+OK"));
            runs.wait(SOON, |e| e.uuid() == *uuid && e.is("Application", HIDES.1));
        }
        scene.switch.setvar(uuid, HIDES.0, HIDES.1);
    }
    let mut esl = scene.switch.esl_patient();
    let answer = esl.api("unload -f mod_callpark").expect("an answer");
    assert!(answer.starts_with("+OK"), "{answer}");
    for uuid in [&parked, &key] {
        assert_eq!(scene.outcome(uuid, "shutdown").text("Callpark-Action"), "drop");
    }
    for uuid in [&parked, &key, &taken, &retriever] {
        scene.switch.wait_gone(uuid);
    }
    assert!(scene.switch.alive(&bystander));
    assert!(command(&scene.switch, "load mod_callpark").contains("+OK"));
    assert!(scene.calls().is_empty());
    scene.park("park_701");
}

/// What runs on top takes no notice of anything: the call ends for everybody who looks at the table, and ends when it can.
#[test]
fn a_call_that_cannot_leave_has_an_outcome_all_the_same() {
    let scene = Scene::start(setup(LOTS));
    if !scene.switch.is_real() {
        return;
    }
    let (parked, _) = scene.park("park_701");
    let runs = scene.switch.events(&["CHANNEL_EXECUTE"]);
    let stuck = format!("uuid_broadcast {parked} 'system::sleep 35' aleg");
    assert!(scene.switch.api(&stuck).starts_with("+OK"));
    runs.wait(SOON, |e| e.uuid() == parked && e.is("Application", "system"));
    // Its name is put right again when something runs on top; here it is not.
    std::thread::sleep(Duration::from_millis(200));
    scene.switch.setvar(&parked, HIDES.0, "system");
    let mut esl = scene.switch.esl_patient();
    drop(esl.api("unload -f mod_callpark").expect("an answer"));
    scene.outcome(&parked, "shutdown");
    scene.switch.wait_gone(&parked);
    scene.events.none_for(Duration::from_millis(400), |e| !e.text("Callpark-Outcome").is_empty());
}

/// What rings for a parked call, or has answered and hears something first.
#[test]
fn an_unload_by_force_ends_what_rings() {
    let scene = Scene::start(setup(
        r#"<lot name="default" orbits="701-703"><param name="timeout" value="0"/>
           <return><step to="{null_enable_auto_answer=false}null/9" ring="60"/></return></lot>"#,
    ));
    let (parked, _) = scene.park("park_701");
    assert!(scene.api("return default 701").starts_with("+OK"));
    let rings = "{null_enable_auto_answer=false}null/8";
    assert!(scene.api(&format!("retrieve default 701 {rings}")).starts_with("+OK"));
    scene.switch.wait_channels(3);
    scene.switch.setvar(&parked, HIDES.0, HIDES.1);
    let mut esl = scene.switch.esl_patient();
    assert!(esl.api("unload -f mod_callpark").expect("an answer").starts_with("+OK"));
    scene.outcome(&parked, "shutdown");
    scene.switch.wait_channels(0);
}

/// Runs of return steps are counted anew at each load.
#[test]
fn a_step_of_a_later_load_ends_no_call_that_an_earlier_one_has_rung() {
    let scene = Scene::start(setup(
        r#"<lot name="default" orbits="701-703"><param name="timeout" value="0"/>
           <return><step to="{origination_uuid=${leg},null_enable_auto_answer=${answers}}null/9" ring="60"/></return></lot>"#,
    ));
    let ring = |answers: &str| {
        let leg = new_uuid();
        let (caller, _) =
            scene.park_with("park_701", &[("leg", leg.as_str()), ("answers", answers)]);
        assert!(scene.api("return default 701").starts_with("+OK"));
        (caller, leg)
    };
    let (caller, rung) = ring("true");
    scene.outcome(&caller, "returned");
    scene.switch.wait_bridged(&caller, &rung);
    assert_eq!(scene.switch.getvar(&rung, "callpark_run"), None, "it stays on a leg for life");
    // What it does from now on is its own.
    assert!(scene.switch.api(&format!("uuid_transfer {rung} 7777")).starts_with("+OK"));
    scene.switch.wait_gone(&caller);
    // As a leg that an earlier version of the module has rung would have it.
    for run in 1..20 {
        let other = scene.dial("7777");
        scene.switch.setvar(&other, "callpark_run", &run.to_string());
    }
    scene.switch.eventually(SOON, "an unload", || {
        command(&scene.switch, "unload mod_callpark").starts_with("+OK").then_some(())
    });
    assert!(command(&scene.switch, "load mod_callpark").contains("+OK"));
    for _ in 0..3 {
        let (caller, rings) = ring("false");
        scene.switch.eventually(SOON, "it rings", || scene.switch.alive(&rings).then_some(()));
        scene.switch.kill(&caller);
        scene.outcome(&caller, "abandoned");
        scene.switch.wait_gone(&rings);
    }
    // Nineteen, and the one that was rung.
    scene.switch.wait_channels(20);
    assert!(scene.switch.alive(&rung));
}

#[test]
fn threads_that_ran_the_module_end_well_after_it_was_unloaded() {
    let switch = Switch::start(setup(LOTS).load_module(false));
    assert!(command(&switch, "load mod_callpark").contains("+OK"));
    let events = switch.events(&["CUSTOM callpark::info"]);
    for _ in 0..5 {
        let uuid = new_uuid();
        switch.originate(&uuid, "park", &[]);
        events.wait(SOON, |e| e.is("Callpark-UUID", &uuid));
        assert!(command(&switch, "callpark drop default 701").starts_with("+OK"));
        switch.wait_gone(&uuid);
    }
    // A call's thread is out of the application a moment after the call is gone.
    switch.eventually(SOON, "an unload", || {
        command(&switch, "unload mod_callpark").starts_with("+OK").then_some(())
    });
    std::thread::sleep(EVERY_THREAD_HAS_ENDED);
    assert!(switch.running(), "{}", switch.log_tail(20));
    assert!(command(&switch, "load mod_callpark").contains("+OK"));
    assert!(command(&switch, "callpark status").contains("default"));
}
