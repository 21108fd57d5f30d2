//! A parked caller's own phone transfers the parked call: whoever it is transferred to waits in its place.

use kit::phone::{Call, Policy, ReferredBy};
use kit::{Ends, MUSIC, Phone, SOON, Scene, hang_up, two_way};

use super::desk::{LOT, refer};
use super::replaces::{only, parked_by_bob, sbc, told_once, took_the_place, with_note};

/// Alice, who is parked in 705 by Bob, and has a second call, with Dave.
fn alice_and_dave(desk: &Scene, alice: &Phone, bob: &Phone, dave: &Phone) -> (Call, Call, Call) {
    let caller = parked_by_bob(desk, alice, bob, "705");
    let (hers, his) = desk.talk(alice, dave);
    (caller, hers, his)
}

/// In both orders of the dialogs, with and without Referred-By.
#[test]
fn whoever_the_parked_caller_transfers_the_call_to_waits_in_its_place() {
    let Some(desk) = Scene::start_real(with_note(LOT)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let (carol, dave) = (desk.phone("1002"), desk.phone("1004"));
    let stays = ["lot", "orbit", "parker", "priority", "parked_at", "note", "for"];
    for in_the_parked_dialog in [true, false] {
        for referred_by in [ReferredBy::Yes, ReferredBy::No] {
            let (caller, hers, his) = alice_and_dave(&desk, &alice, &bob, &dave);
            let before = only(&desk);
            let (by, with) = if in_the_parked_dialog { (&caller, &hers) } else { (&hers, &caller) };
            assert_eq!(by.refer_replaces(with, referred_by), 202);
            let event = took_the_place(&desk, &before, &caller, &his, &stays);
            assert_eq!(event.text("Callpark-Caller-ID-Number"), "1004", "{}", event.summary());
            hers.wait_ended(SOON);
            desk.take(&carol, "705", &his, dave.voice(), Ends::Other);
            told_once(&desk, [&caller, &his]);
            desk.wait_empty();
        }
    }
    desk.switch.wait_channels(0);
}

/// Bob had parked Alice, and Carol parks Dave, who waited in her place. So it is if a trunk's leg had taken it.
#[test]
fn whoever_waited_in_the_place_of_a_parked_call_has_a_new_parker_next() {
    let Some(desk) = Scene::start_real(with_note(LOT)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let (carol, dave) = (desk.phone("1002"), desk.phone("1004"));
    let trunk = sbc(&desk, "5550123");
    for by_refer in [true, false] {
        let (caller, moved, voice) = if by_refer {
            let (caller, hers, his) = alice_and_dave(&desk, &alice, &bob, &dave);
            assert_eq!(caller.refer_replaces(&hers, ReferredBy::Yes), 202);
            (caller, his, dave.voice())
        } else {
            let caller = parked_by_bob(&desk, &alice, &bob, "705");
            let moved = trunk.call_with("705", &[("Replaces", &caller.replaces())]);
            (caller, moved, trunk.voice())
        };
        let event = desk.action(&moved, "replace");
        assert!(event.text("Callpark-Parker").starts_with("1001@"), "{}", event.summary());
        caller.wait_ended(SOON);
        let call = carol.call_up("705");
        two_way(&call, voice, &moved, carol.voice());
        refer(&call, "702", ReferredBy::Yes);
        desk.wait_parked(&moved, "default", "702", "1002");
        let call = bob.call_up("702");
        two_way(&call, voice, &moved, bob.voice());
        hang_up(&call, &moved, Ends::Caller);
        desk.wait_empty();
    }
    desk.switch.wait_channels(0);
}

/// Two parked calls of one phone are not connected to each other.
#[test]
fn two_parked_calls_of_a_phone_stay_where_they_are() {
    let Some(desk) = Scene::start_real(with_note(LOT)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let first = parked_by_bob(&desk, &alice, &bob, "705");
    let second = parked_by_bob(&desk, &alice, &bob, "706");
    let before = desk.calls();
    for (by, with) in [(&first, &second), (&second, &first)] {
        assert_eq!(by.refer_replaces(with, ReferredBy::Yes), 202);
        by.wait_referred("403", SOON);
        let uuids = |calls: &[serde_json::Value]| {
            calls
                .iter()
                .map(|call| (call["orbit"].clone(), call["uuid"].clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(uuids(&desk.calls()), uuids(&before));
        first.wait_hears(MUSIC, SOON);
        second.wait_hears(MUSIC, SOON);
    }
    for call in [&first, &second] {
        call.hangup();
        desk.outcome(call, "abandoned");
    }
    desk.wait_empty();
}

/// A call that was parked by a command, while its other party went on: what they were is over, and a transfer by the
/// parked caller's phone connects nobody to that party.
#[test]
fn whom_a_parked_caller_talked_to_before_has_no_part_in_it() {
    let Some(desk) = Scene::start_real(with_note(LOT)) else {
        return;
    };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let (carol, dave) = (desk.phone("1002"), desk.phone("1004"));
    // The caller goes on in its dialplan when the one it called is parked.
    let caller = alice.call_up("1001");
    let theirs = bob.incoming(SOON);
    two_way(&caller, bob.voice(), &theirs, alice.voice());
    desk.switch.api(&format!("uuid_setvar {} park_after_bridge true", caller.uuid()));
    let parked = desk.api(&format!("park {} default 705", theirs.uuid()));
    assert_eq!(parked.trim(), "+OK default 705");
    desk.action(&theirs, "park");
    let before = only(&desk);
    let (his, daves) = desk.talk(&bob, &dave);
    assert_eq!(theirs.refer_replaces(&his, ReferredBy::Yes), 202);
    took_the_place(&desk, &before, &theirs, &daves, &["lot", "orbit", "parker", "parked_at"]);
    assert!(caller.ended().is_none());
    desk.take(&carol, "705", &daves, dave.voice(), Ends::Other);
    caller.hangup();
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

/// The consultation rings at first: Dave has not answered when Alice transfers him into the orbit.
#[test]
fn a_call_that_still_rings_can_not_wait_in_an_orbit_and_the_caller_stays() {
    let Some(desk) = Scene::start_real(with_note(LOT)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let (carol, dave) = (desk.phone("1002"), desk.phone("1004"));
    dave.set_policy(Policy::Ring);
    let caller = parked_by_bob(&desk, &alice, &bob, "705");
    let hers = alice.call("1004");
    dave.incoming(SOON);
    hers.wait_ringing(SOON);
    caller.refer_replaces(&hers, ReferredBy::Yes);
    caller.wait_referred("403", SOON);
    caller.wait_hears(MUSIC, SOON);
    hers.hangup();
    desk.take(&carol, "705", &caller, alice.voice(), Ends::Other);
    desk.wait_empty();
}
