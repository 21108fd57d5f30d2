//! Attended transfers: the parker puts the caller on hold, calls the park extension, hears the orbit, and completes or
//! gives up.

use std::time::{Duration, Instant};

use kit::phone::{Call, ReferredBy};
use kit::{Ends, MUSIC, Phone, SOON, Scene, two_way};

use super::desk::{music_after, open};

/// In whose dialog the phone sends its REFER; the other call stands in Replaces.
#[derive(Debug, Clone, Copy)]
enum In {
    CallersDialog,
    Consultation,
}

fn complete(theirs: &Call, consultation: &Call, order: In, referred_by: ReferredBy) {
    let code = match order {
        In::CallersDialog => theirs.refer_replaces(consultation, referred_by),
        In::Consultation => consultation.refer_replaces(theirs, referred_by),
    };
    assert_eq!(code, 202);
    theirs.wait_ended(SOON);
    consultation.wait_ended(SOON);
}

/// Alice has called Bob, who holds her and calls `number`.
fn consult(desk: &Scene, alice: &Phone, bob: &Phone, number: &str) -> (Call, Call, Call) {
    let (caller, theirs) = desk.talk(alice, bob);
    theirs.hold();
    caller.wait_hears(MUSIC, SOON);
    let consultation = bob.call_up(number);
    (caller, theirs, consultation)
}

/// `thinks`: how long the parker listens before completing.
fn both_orders(thinks: Duration) {
    let Some(desk) = open() else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for (number, orbit) in [("700", "701"), ("park_default_705", "705")] {
        let lamp = carol.subscribe(&format!("park+{orbit}"), "dialog");
        for order in [In::CallersDialog, In::Consultation] {
            for referred_by in [ReferredBy::Yes, ReferredBy::No] {
                let (caller, theirs, consultation) = consult(&desk, &alice, &bob, number);
                std::thread::sleep(thinks);
                complete(&theirs, &consultation, order, referred_by);
                desk.wait_parked(&caller, "default", orbit, "1001");
                lamp.wait(SOON, |body| body.contains("confirmed"));
                let calls = desk.calls();
                assert_eq!(calls.len(), 1, "{order:?}: {calls:?}");
                assert_eq!(calls[0]["uuid"], caller.uuid());
                desk.take(&carol, orbit, &caller, alice.voice(), Ends::Other);
                lamp.wait(SOON, |body| body.contains("terminated"));
                desk.wait_empty();
            }
        }
    }
    desk.switch.wait_channels(0);
}

#[test]
fn the_caller_lands_in_the_orbit_that_was_told() {
    both_orders(Duration::from_secs(2));
}

#[test]
fn a_parker_who_does_not_listen_to_the_end_parks_all_the_same() {
    both_orders(Duration::ZERO);
}

/// Alice holds Bob, whom she called.
#[test]
fn who_called_parks_who_was_called() {
    let Some(desk) = open() else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for order in [In::CallersDialog, In::Consultation] {
        let (hers, parked) = desk.talk(&alice, &bob);
        hers.hold();
        parked.wait_hears(MUSIC, SOON);
        let consultation = alice.call_up("700");
        complete(&hers, &consultation, order, ReferredBy::Yes);
        desk.wait_parked(&parked, "default", "701", "1000");
        desk.take(&carol, "701", &parked, bob.voice(), Ends::Other);
        desk.wait_empty();
    }
}

#[test]
fn the_caller_hears_music_within_200_ms_of_the_transfer() {
    let Some(desk) = open() else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let mut took: Vec<Duration> = Vec::new();
    for order in [In::CallersDialog, In::Consultation].into_iter().cycle().take(7) {
        let (caller, theirs, consultation) = consult(&desk, &alice, &bob, "700");
        // Not the music of the hold before: silence would be heard in between.
        let since = Instant::now();
        complete(&theirs, &consultation, order, ReferredBy::Yes);
        desk.wait_parked(&caller, "default", "701", "1001");
        took.push(longest_gap(&caller, since));
        caller.hangup();
        desk.wait_empty();
    }
    took.sort();
    println!("without music: {took:?}");
    assert!(took[3] < Duration::from_millis(200), "{took:?}");
}

/// The longest time without a packet of music since then.
fn longest_gap(call: &Call, since: Instant) -> Duration {
    let first = music_after(call, since);
    let music = call.history().into_iter().filter(|(at, heard)| *at >= since && *heard == MUSIC);
    let times: Vec<Instant> = music.map(|(at, _)| at).collect();
    times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(first).max(first)
}

#[test]
fn a_transfer_that_is_given_up_leaves_no_reserved_orbit_and_the_caller_comes_back() {
    let Some(desk) = open() else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let lamp = carol.subscribe("park+701", "dialog");
    let (caller, theirs, consultation) = consult(&desk, &alice, &bob, "700");
    std::thread::sleep(Duration::from_secs(1));
    consultation.hangup();
    let since = Instant::now();
    desk.wait_empty();
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    theirs.resume();
    two_way(&caller, bob.voice(), &theirs, alice.voice());
    // The orbit is free for the next one.
    let next = carol.call_up("park_default_701");
    desk.wait_parked(&next, "default", "701", "");
    next.hangup();
    theirs.hangup();
    caller.wait_ended(SOON);
    desk.wait_empty();
    let dark = |body: &str| body.contains("terminated");
    assert!(dark(&lamp.last().expect("a NOTIFY").body) || !lamp.wait(SOON, dark).state.is_empty());
}

#[test]
fn a_caller_who_hangs_up_during_the_consultation_leaves_nothing_behind() {
    let Some(desk) = open() else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let (caller, theirs, consultation) = consult(&desk, &alice, &bob, "700");
    caller.hangup();
    theirs.wait_ended(SOON);
    consultation.hangup();
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

/// Nobody else gets the orbit that was told, however many are parked in the meantime.
#[test]
fn the_told_orbit_is_held_until_the_caller_comes() {
    let Some(desk) = open() else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let (caller, theirs, consultation) = consult(&desk, &alice, &bob, "700");
    let other = carol.call_up("park_default_auto");
    desk.wait_parked(&other, "default", "702", "");
    complete(&theirs, &consultation, In::CallersDialog, ReferredBy::Yes);
    desk.wait_parked(&caller, "default", "701", "1001");
    desk.take(&bob, "701", &caller, alice.voice(), Ends::Other);
    other.hangup();
    desk.wait_empty();
}
