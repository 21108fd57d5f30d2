//! On a busy machine a thread of FreeSWITCH can stop between any two of its statements. The stand-in does so where a variable
//! of the leg says it (`late_...`); a real FreeSWITCH does not know these variables.

use std::time::Duration;

use kit::{SOON, new_uuid, skipped};

use super::lot::{LOTS, MOMENT, Scene, setup};
use super::partings::retrieved;

/// What stands behind an application of ours is meant for a call that could not be retrieved.
const TAKES: [(&str, &str); 3] =
    [("answer", ""), ("callpark_retrieve", "701"), ("hangup", "NORMAL_TEMPORARY_FAILURE")];

/// The cause decides what has become of a call, and it is set after the state.
#[test]
fn a_cause_that_comes_after_the_state_counts() {
    let scene = Scene::start(setup(LOTS));
    let replaced = "the leg that was to replace the call did not arrive";
    for (cause, outcome, reason) in [
        ("MEDIA_TIMEOUT", "abandoned", "MEDIA_TIMEOUT"),
        ("MANAGER_REQUEST", "shutdown", ""),
        ("ATTENDED_TRANSFER", "abandoned", replaced),
    ] {
        let (caller, _) = scene.park_with("park", &[("late_cause", "40")]);
        scene.switch.api(&format!("uuid_kill {caller} {cause}"));
        let end = scene.outcome(&caller, outcome);
        assert_eq!(end.text("Callpark-Reason"), reason, "{}", end.summary());
        scene.wait_empty();
    }
}

/// A leg that another one drives is out of its bridge before its transfer has changed the state. It has been sent all the same.
#[test]
fn a_called_leg_whose_transfer_is_late_is_not_connected() {
    let talks = "{origination_uuid=$1,late_transfer=100}null/phone";
    let setup = setup(LOTS).extension("talks_(.+)", &[("answer", ""), ("bridge", talks)]);
    let scene = Scene::start(setup);
    let (caller, _) = scene.park("park_701");
    let sent = new_uuid();
    let sender = scene.dial(&format!("talks_{sent}"));
    scene.switch.wait_bridged(&sender, &sent);
    // Until both are in it.
    std::thread::sleep(MOMENT);
    scene.switch.api(&format!("uuid_transfer {sent} key_701 XML default"));
    scene.action(&sent, "park");
    for leg in [&sent, &caller] {
        scene.switch.kill(leg);
        scene.outcome(leg, "abandoned");
    }
    scene.wait_empty();
}

/// What stands behind an application of ours is meant for a call that could not be parked or retrieved.
#[test]
fn a_call_whose_transfer_is_late_runs_nothing_in_between() {
    let parks = [("answer", ""), ("callpark", "701"), ("hangup", "NORMAL_TEMPORARY_FAILURE")];
    let scene = Scene::start(setup(LOTS).extension("parks", &parks).extension("takes", &TAKES));
    let late = [("late_transfer", "100"), ("hangup_after_bridge", "false")];
    for moved in ["a parked caller", "a retrieved caller", "a retriever"] {
        let (caller, _) = scene.park_with("parks", &late);
        let mut leg = caller.clone();
        let mut other = None;
        if moved != "a parked caller" {
            let retriever = scene.dial_with("takes", &late);
            scene.outcome(&caller, "retrieved");
            scene.switch.wait_bridged(&caller, &retriever);
            other = Some(retriever.clone());
            if moved == "a retriever" {
                leg = retriever;
                other = Some(caller.clone());
            }
        }
        scene.switch.api(&format!("uuid_transfer {leg} 7777 XML default"));
        scene.switch.wait_var(&leg, "current_application", "park");
        assert!(scene.switch.alive(&leg), "{moved}");
        for leg in other.iter().chain([&leg]) {
            scene.switch.api(&format!("uuid_kill {leg}"));
            scene.switch.wait_gone(leg);
        }
        scene.wait_empty();
    }
}

/// A caller is parked through a loopback whose thread comes to their bridge when the caller has left it, or has read before
/// its own end that it is to go there. Such a leg hangs up whoever it does not find there.
#[test]
fn a_leg_that_is_late_for_the_bridge_does_not_take_the_caller_along() {
    for late in ["late_for_bridge=40", "late_to_enter=60"] {
        let bridge = format!("{{{late}}}loopback/${{destination}}/default");
        let through = &[("set", "destination=$1"), ("answer", ""), ("bridge", &bridge)];
        let scene = Scene::start(setup(LOTS).extension("through_(.+)", through));
        for _ in 0..8 {
            let (caller, _) = scene.park("through_park_701");
            scene.events.none_for(MOMENT, |event| {
                event.is("Callpark-UUID", &caller) && !event.text("Callpark-Outcome").is_empty()
            });
            scene.switch.kill(&caller);
            scene.outcome(&caller, "abandoned");
        }
        scene.wait_empty();
    }
}

/// FreeSWITCH copies the cause of the other leg if it is there in time.
#[test]
fn a_caller_learns_why_the_retriever_has_hung_up() {
    let scene = Scene::start(setup(LOTS));
    let ends = scene.switch.events(&["CHANNEL_HANGUP_COMPLETE"]);
    let (caller, _) = scene.park("park_701");
    let retriever = scene.dial_with("take_701", &[("late_cause", "60")]);
    scene.outcome(&caller, "retrieved");
    scene.switch.api(&format!("uuid_kill {retriever} MEDIA_TIMEOUT"));
    let end = ends.wait(SOON, |event| event.uuid() == caller);
    assert_eq!(end.text("Hangup-Cause"), "MEDIA_TIMEOUT");
    scene.wait_empty();
}

/// `-both` sends the other leg first, so that each sees its partner leave before it is sent itself.
#[test]
fn both_legs_of_a_retrieved_call_go_where_they_are_sent() {
    let scene = Scene::start(setup(LOTS).extension("takes", &TAKES));
    for round in 0..10 {
        let late = ("late_redirect", "60");
        let (caller, _) = scene.park_with("park_701", &[late]);
        let retriever = scene.dial_with("takes", &[late]);
        scene.outcome(&caller, "retrieved");
        scene.switch.wait_bridged(&caller, &retriever);
        std::thread::sleep(MOMENT);
        let sent = if round % 2 == 0 { &caller } else { &retriever };
        scene.switch.api(&format!("uuid_transfer {sent} -both 7777 XML default"));
        for leg in [&caller, &retriever] {
            scene.switch.wait_var(leg, "current_application", "park");
            scene.switch.kill(leg);
        }
        scene.wait_empty();
    }
}

/// FreeSWITCH hangs up a leg that a phone's REFER replaces before it sends the other party on.
#[test]
fn a_party_whose_partner_was_replaced_waits_until_it_is_sent() {
    let scene = Scene::start(setup(LOTS).extension("takes", &TAKES));
    for parked_stays in [true, false] {
        let (caller, retriever) = retrieved(&scene, "park_701", "takes");
        let (gone, stays) =
            if parked_stays { (&retriever, &caller) } else { (&caller, &retriever) };
        scene.switch.api(&format!("uuid_kill {gone} ATTENDED_TRANSFER"));
        std::thread::sleep(Duration::from_millis(100));
        scene.switch.api(&format!("uuid_transfer {stays} 7777 XML default"));
        scene.switch.wait_var(stays, "current_application", "park");
        scene.switch.kill(stays);
        scene.wait_empty();
    }
}

/// A retriever asks somebody else, and hangs up: `att_xfer` says that the caller will be connected onwards, and connects it a
/// moment later.
#[test]
fn a_caller_is_connected_onwards_by_a_retriever_who_asks_first() {
    let scene = Scene::start(setup(LOTS).extension("takes", &TAKES));
    if !scene.switch.is_real() {
        skipped("a real FreeSWITCH");
        return;
    }
    for _ in 0..10 {
        let (caller, retriever) = retrieved(&scene, "park_701", "takes");
        let asked = new_uuid();
        let onwards = format!("att_xfer::{{origination_uuid={asked}}}null/asked");
        scene.switch.api(&format!("uuid_broadcast {retriever} {onwards} aleg"));
        scene.switch.wait_bridged(&retriever, &asked);
        std::thread::sleep(MOMENT);
        scene.switch.kill(&retriever);
        scene.switch.wait_bridged(&caller, &asked);
        for leg in [&caller, &asked] {
            scene.switch.kill(leg);
            scene.switch.wait_gone(leg);
        }
        scene.wait_empty();
    }
}

/// A leg that is sent out of a bridge runs nothing that stands behind that bridge in its dialplan.
#[test]
fn a_call_that_is_sent_out_of_a_bridge_is_not_parked_on_its_way() {
    let actions = [
        ("answer", ""),
        ("set", "hangup_after_bridge=false"),
        ("bridge", "null/phone"),
        ("callpark", "701"),
    ];
    let scene = Scene::start(setup(LOTS).extension("talks", &actions));
    let leg = scene.dial_with("talks", &[("late_transfer", "100")]);
    scene.switch.eventually(SOON, "it talks", || scene.switch.getvar(&leg, "bridge_uuid"));
    std::thread::sleep(MOMENT);
    scene.switch.api(&format!("uuid_transfer {leg} 7777 XML default"));
    scene.switch.wait_var(&leg, "current_application", "park");
    scene.events.none_for(MOMENT, |event| event.is("Callpark-Action", "park"));
}
