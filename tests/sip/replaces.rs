//! INVITE with Replaces, as another PBX or an SBC sends it: the new leg takes the place of the parked one.

use kit::phone::{Call, Policy, ReferredBy};
use kit::{DOMAIN, Ends, Event, MUSIC, Phone, SOON, Scene, two_way};
use serde_json::Value;

use super::desk::{LOT, MOMENT, open, refer, setup};

/// What stays as it is when one leg takes the place of another.
pub const STAYS: [&str; 9] = [
    "lot",
    "orbit",
    "parker",
    "priority",
    "parked_at",
    "note",
    "for",
    "caller_id_name",
    "caller_id_number",
];

/// A phone that belongs to nobody here, such as an SBC's.
pub fn sbc(desk: &Scene, number: &str) -> Phone {
    Phone::new(&desk.switch, number).display("Alice").policy(Policy::Answer)
}

/// Alice calls Bob, who transfers her blind to that number, where she is parked by him.
#[track_caller]
pub fn parked_by_bob(desk: &Scene, alice: &Phone, bob: &Phone, orbit: &str) -> Call {
    let (caller, theirs) = desk.talk(alice, bob);
    refer(&theirs, &format!("note_{orbit}"), ReferredBy::Yes);
    desk.wait_parked(&caller, "default", orbit, "1001");
    caller
}

/// `note_<orbit>`: parks there with everything that can be said about a call.
pub fn with_note(lots: &str) -> kit::Setup {
    setup(lots).extension(
        "note_(70\\d)",
        &[
            ("set", "callpark_note=wants the invoice"),
            ("set", "callpark_priority=7"),
            ("set", "callpark_for=1003@test.local"),
            ("set", "callpark_timeout=300"),
            ("callpark", "default $1"),
        ],
    )
}

/// The one parked call.
#[track_caller]
pub fn only(desk: &Scene) -> Value {
    let mut calls = desk.calls();
    assert_eq!(calls.len(), 1, "{calls:#?}");
    calls.remove(0)
}

/// `new` is parked in the place of `old`, of which `before` is what was listed.
#[track_caller]
pub fn took_the_place(
    desk: &Scene,
    before: &Value,
    old: &Call,
    new: &Call,
    stays: &[&str],
) -> Event {
    let event = desk.action(new, "replace");
    assert_eq!(event.text("Callpark-From-UUID"), old.uuid(), "{}", event.summary());
    assert_eq!(event.text("Callpark-Orbit"), before["orbit"], "{}", event.summary());
    let after = only(desk);
    for key in stays {
        assert_eq!(after[key], before[key], "{key} of {after:#}");
    }
    assert_eq!(after["uuid"], new.uuid());
    assert_eq!(after["state"], "waiting");
    let left = |call: &Value| call["timeout_ms_left"].as_u64();
    assert!(left(&after) <= left(before), "{after:#} {before:#}");
    assert!(left(&after).is_some() == left(before).is_some());
    old.wait_ended(SOON);
    new.wait_hears(MUSIC, SOON);
    event
}

/// One `park` and one outcome have been seen of these legs; there are no more.
#[track_caller]
pub fn told_once(desk: &Scene, legs: [&Call; 2]) {
    desk.events.none_for(MOMENT, |e| {
        legs.iter().any(|leg| e.is("Callpark-UUID", leg.uuid()))
            && (e.is("Callpark-Action", "park") || !e.text("Callpark-Outcome").is_empty())
    });
}

#[test]
fn the_leg_that_replaces_a_parked_one_takes_its_place() {
    let Some(desk) = Scene::start_real(with_note(LOT)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    // Whatever the request is for, the parked dialog is what counts.
    for number in ["705", "700", "park+703", "nowhere"] {
        let caller = parked_by_bob(&desk, &alice, &bob, "705");
        let before = only(&desk);
        let trunk = sbc(&desk, "5550123");
        let moved = trunk.call_with(number, &[("Replaces", &caller.replaces())]);
        moved.wait_up(SOON);
        let event = took_the_place(&desk, &before, &caller, &moved, &STAYS);
        assert_eq!(event.text("variable_callpark_orbit"), "705");
        assert_eq!(event.text("variable_callpark_parker"), format!("1001@{DOMAIN}"));
        desk.take(&carol, "705", &moved, trunk.voice(), Ends::Other);
        told_once(&desk, [&caller, &moved]);
        desk.wait_empty();
    }
    desk.switch.wait_channels(0);
}

/// From one SBC to the next, and then the caller hangs up.
#[test]
fn a_leg_that_took_a_place_can_be_replaced_itself() {
    let Some(desk) = Scene::start_real(with_note(LOT)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let mut last = parked_by_bob(&desk, &alice, &bob, "705");
    let before = only(&desk);
    let trunk = sbc(&desk, "5550123");
    for _ in 0..5 {
        let next = trunk.call_with("705", &[("Replaces", &last.replaces())]);
        next.wait_up(SOON);
        took_the_place(&desk, &before, &last, &next, &STAYS);
        last = next;
    }
    last.hangup();
    desk.outcome(&last, "abandoned");
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

/// The consultation of an attended transfer, completed by another PBX: Bob's, who talks to Dave there.
#[test]
fn who_replaces_a_consultation_lands_in_the_orbit_that_was_told() {
    let Some(desk) = open() else { return };
    let (bob, carol) = (desk.phone("1001"), desk.phone("1002"));
    // At once, while the orbit is spoken, and when it has been.
    for wait_ms in [0, 300, 700, 2500] {
        for (number, orbit) in [("700", "701"), ("park_default_705", "705")] {
            let consultation = bob.call_up(number);
            desk.action(&consultation, "park");
            std::thread::sleep(std::time::Duration::from_millis(wait_ms));
            let before = only(&desk);
            let dave = Phone::new(&desk.switch, "5550199").display("Dave");
            let customer = dave.call_with(number, &[("Replaces", &consultation.replaces())]);
            customer.wait_up(SOON);
            let stays = ["lot", "orbit", "priority", "parked_at", "note"];
            let event = took_the_place(&desk, &before, &consultation, &customer, &stays);
            assert_eq!(event.text("Callpark-Parker"), format!("1001@{DOMAIN}"));
            // Not under the name of the parker, whose leg it replaces.
            assert_eq!(event.text("Callpark-Caller-ID-Name"), "Dave");
            assert_eq!(event.text("Callpark-Caller-ID-Number"), "5550199");
            desk.take(&carol, orbit, &customer, dave.voice(), Ends::Other);
            told_once(&desk, [&consultation, &customer]);
            desk.wait_empty();
        }
    }
    desk.switch.wait_channels(0);
}

/// As if the dialog had ended a moment before: what is in the orbit is not for whoever comes too late.
#[test]
fn who_replaces_a_dialog_that_has_ended_gets_481_and_nobody() {
    let Some(desk) = Scene::start_real(with_note(LOT)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let consultation = carol.call_up("park_default_709");
    let gone = consultation.replaces();
    desk.action(&consultation, "park");
    consultation.hangup();
    desk.outcome(&consultation, "abandoned");
    let caller = parked_by_bob(&desk, &alice, &bob, "701");
    let before = only(&desk);
    let trunk = sbc(&desk, "5550123");
    for number in ["701", "700", "*70", "take_701", "take_next", "park_auto"] {
        let late = trunk.call_with(number, &[("Replaces", &gone)]);
        assert_eq!(late.wait_ended(SOON).code, Some(481), "{number}");
        assert_eq!(only(&desk)["uuid"], before["uuid"]);
    }
    caller.wait_hears(MUSIC, SOON);
    desk.take(&carol, "701", &caller, alice.voice(), Ends::Other);
    desk.wait_empty();
}

#[test]
fn of_two_that_replace_the_same_leg_one_takes_its_place() {
    let Some(desk) = Scene::start_real(with_note(LOT)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for round in 0..10 {
        let caller = parked_by_bob(&desk, &alice, &bob, "705");
        let before = only(&desk);
        let trunks = [sbc(&desk, "5550123"), sbc(&desk, "5550124")];
        let both = [0, 1].map(|n| trunks[n].call_with("705", &[("Replaces", &caller.replaces())]));
        let event = desk.events.wait(SOON, |e| e.is("Callpark-Action", "replace"));
        let n = usize::from(event.is("Callpark-UUID", both[1].uuid()));
        both[1 - n].wait_ended(SOON);
        assert_eq!(only(&desk)["uuid"], both[n].uuid(), "round {round}");
        assert_eq!(only(&desk)["parked_at"], before["parked_at"]);
        desk.take(&carol, "705", &both[n], trunks[n].voice(), Ends::Other);
        told_once(&desk, [&caller, &both[n]]);
        desk.wait_empty();
    }
    desk.switch.wait_channels(0);
}

/// The step rings on, and whoever answers gets the call as it is now.
#[test]
fn a_call_that_is_replaced_while_a_return_step_rings_still_returns() {
    let Some(desk) = Scene::start_real(with_note(LOT)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let caller = parked_by_bob(&desk, &alice, &bob, "705");
    let before = only(&desk);
    bob.set_policy(Policy::Ring);
    desk.api("return default 705");
    let rings = bob.incoming(SOON);
    let trunk = sbc(&desk, "5550123");
    let moved = trunk.call_with("705", &[("Replaces", &caller.replaces())]);
    moved.wait_up(SOON);
    desk.action(&moved, "replace");
    assert_eq!(only(&desk)["parked_at"], before["parked_at"]);
    rings.answer();
    two_way(&rings, trunk.voice(), &moved, bob.voice());
    desk.outcome(&moved, "returned");
    told_once(&desk, [&caller, &moved]);
    rings.hangup();
    moved.wait_ended(SOON);
    desk.wait_empty();
}

/// So does a phone that a command rings, and it stops when the call that it rings for now is taken.
#[test]
fn a_call_that_is_replaced_while_a_command_rings_goes_to_who_answers() {
    let Some(desk) = Scene::start_real(with_note(LOT)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for answers in [true, false] {
        let caller = parked_by_bob(&desk, &alice, &bob, "705");
        bob.set_policy(Policy::Ring);
        assert!(desk.api("retrieve default 705 user/1001@test.local").starts_with("+OK"));
        let rings = bob.incoming(SOON);
        let trunk = sbc(&desk, "5550123");
        let moved = trunk.call_with("705", &[("Replaces", &caller.replaces())]);
        moved.wait_up(SOON);
        desk.action(&moved, "replace");
        std::thread::sleep(MOMENT);
        assert_eq!(rings.ended(), None);
        if answers {
            rings.answer();
            two_way(&rings, trunk.voice(), &moved, bob.voice());
            desk.outcome(&moved, "retrieved");
            rings.hangup();
        } else {
            let call = carol.call_up("take_default_705");
            two_way(&call, trunk.voice(), &moved, carol.voice());
            assert!(rings.wait_ended(MOMENT * 4).reason.contains("completed elsewhere"));
            call.hangup();
        }
        moved.wait_ended(SOON);
        desk.wait_empty();
        bob.set_policy(Policy::Answer);
        desk.events.drain();
    }
}

/// An SBC that sends for a leg what is not ours to take: a phone that rings for the call, and one that has answered.
#[test]
fn a_phone_that_rings_for_a_call_and_is_replaced_leaves_the_call_parked() {
    let Some(desk) = Scene::start_real(with_note(LOT)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let caller = parked_by_bob(&desk, &alice, &bob, "705");
    bob.set_policy(Policy::Ring);
    desk.api("return default 705");
    let rings = bob.incoming(SOON);
    let trunk = sbc(&desk, "5550123");
    let other = trunk.call_with("705", &[("Replaces", &rings.replaces())]);
    other.wait_ended(SOON);
    desk.switch
        .eventually(SOON, "the call waits", || (only(&desk)["state"] == "waiting").then_some(()));
    caller.wait_hears(MUSIC, SOON);
    std::thread::sleep(MOMENT);
    desk.take(&carol, "705", &caller, alice.voice(), Ends::Other);
    desk.wait_empty();
}
