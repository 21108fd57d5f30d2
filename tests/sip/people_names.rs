//! The answer to a retriever names the caller, on phones that FreeSWITCH sends no updates to as well.

use kit::phone::{Call, Policy, ReferredBy};
use kit::{Ends, Phone, SOON, Scene, hang_up, two_way};

use super::desk::{LOT, open, refer, setup};

fn named(desk: &Scene, user: &str, name: &str) -> Phone {
    let phone = Phone::new(&desk.switch, user).display(name).policy(Policy::Answer);
    phone.register();
    phone
}

/// Alice is parked in 701 by Bob.
fn parked(desk: &Scene, alice: &Phone, bob: &Phone) -> Call {
    let (caller, theirs) = desk.talk(alice, bob);
    refer(&theirs, "700", ReferredBy::Yes);
    desk.wait_parked(&caller, "default", "701", "1001");
    caller
}

#[track_caller]
fn answered_as(desk: &Scene, call: &Call, name: &str, number: &str) {
    let shown = call.identity().expect("an identity in the answer");
    assert_eq!((shown.name.as_str(), shown.number.as_str()), (name, number), "{shown:?}");
    // What it was called by for the answer does not stay with the leg.
    for variable in ["initial_callee_id_name", "initial_callee_id_number"] {
        assert_eq!(desk.switch.getvar(call.uuid(), variable), None, "{variable}");
    }
}

#[test]
fn the_answer_to_a_retriever_names_the_caller() {
    let Some(desk) = open() else { return };
    let (bob, carol) = (named(&desk, "1001", "Bob"), desk.phone("1002"));
    let names = [
        ("Alice", "701"),
        ("王小明", "*70"),
        (r#"Bob <&"'> %s"#, "701"),
        ("Smith/Jones @ home: 100%", "take_default_701"),
    ];
    for (name, number) in names {
        let alice = named(&desk, "1000", name);
        let caller = parked(&desk, &alice, &bob);
        let call = carol.call_up(number);
        two_way(&call, alice.voice(), &caller, carol.voice());
        answered_as(&desk, &call, name, "1000");
        hang_up(&call, &caller, Ends::Other);
        desk.wait_empty();
    }
}

#[test]
fn a_name_without_end_is_cut_and_a_private_caller_is_anonymous() {
    let Some(desk) = open() else { return };
    let (bob, carol) = (named(&desk, "1001", "Bob"), desk.phone("1002"));
    let endless = "ä".repeat(600);
    let alice = named(&desk, "1000", &endless);
    let caller = parked(&desk, &alice, &bob);
    let call = carol.call_up("701");
    two_way(&call, alice.voice(), &caller, carol.voice());
    answered_as(&desk, &call, &"ä".repeat(80), "1000");
    hang_up(&call, &caller, Ends::Other);
    desk.wait_empty();

    let alice = Phone::new(&desk.switch, "1000").display("Alice").private();
    let caller = parked(&desk, &alice, &bob);
    let call = carol.call_up("701");
    two_way(&call, alice.voice(), &caller, carol.voice());
    answered_as(&desk, &call, "Anonymous", "anonymous");
    hang_up(&call, &caller, Ends::Other);
}

/// Where there is nothing to take, nothing is left behind either.
#[test]
fn a_retriever_who_gets_nobody_keeps_its_own_names() {
    let own = [
        ("set", "initial_callee_id_name=Parking"),
        ("callpark_retrieve", "default 702"),
        ("answer", ""),
        ("playback", "tone_stream://%(500,0,1250);loops=-1"),
    ];
    let Some(desk) = Scene::start_real(setup(LOT).extension("own", &own)) else { return };
    let carol = desk.phone("1002");
    let call = carol.call_up("own");
    desk.switch.wait_var(call.uuid(), "callpark_status", "empty");
    assert_eq!(call.identity().expect("an identity").name, "Parking");
    desk.switch.wait_var(call.uuid(), "initial_callee_id_name", "Parking");
    call.hangup();
    call.wait_ended(SOON);
}

/// A leg that is not answered yet is told by the command, too, and one that has had early media.
#[test]
fn a_leg_that_is_answered_for_a_command_is_told_the_name() {
    let rings = [("ring_ready", ""), ("park", "")];
    let early = [("pre_answer", ""), ("callpark_retrieve", "default 701")];
    let Some(desk) =
        Scene::start_real(setup(LOT).extension("rings", &rings).extension("early", &early))
    else {
        return;
    };
    let (alice, bob) = (named(&desk, "1000", "Alice"), named(&desk, "1001", "Bob"));
    let carol = desk.phone("1002");
    for by_command in [true, false] {
        let caller = parked(&desk, &alice, &bob);
        let call = carol.call(if by_command { "rings" } else { "early" });
        if by_command {
            call.wait_ringing(SOON);
            let answer = desk.api(&format!("retrieve default 701 {}", call.uuid()));
            assert!(answer.starts_with("+OK"), "{answer}");
        }
        call.wait_up(SOON);
        two_way(&call, alice.voice(), &caller, carol.voice());
        answered_as(&desk, &call, "Alice", "1000");
        hang_up(&call, &caller, Ends::Caller);
        desk.wait_empty();
    }
}

/// Of two who dial at once one gets the call; nothing of the caller's name stays with the other.
#[test]
fn whoever_was_too_late_keeps_nothing_of_the_caller_s_name() {
    let Some(desk) = open() else { return };
    let (alice, bob) = (named(&desk, "1000", "Alice"), named(&desk, "1001", "Bob"));
    let (carol, dave) = (desk.phone("1002"), desk.phone("1003"));
    for _ in 0..5 {
        let caller = parked(&desk, &alice, &bob);
        let calls = [carol.call("take_default_701"), dave.call("take_default_701")];
        desk.outcome(&caller, "retrieved");
        let status = |call: &Call| desk.switch.getvar(call.uuid(), "callpark_status");
        for call in &calls {
            desk.switch.eventually(SOON, "a status", || status(call));
            call.wait_up(SOON);
            for variable in ["initial_callee_id_name", "initial_callee_id_number"] {
                assert_eq!(desk.switch.getvar(call.uuid(), variable), None, "{variable}");
            }
        }
        for call in &calls {
            call.hangup();
        }
        caller.wait_ended(SOON);
        desk.wait_empty();
    }
}
