//! Blind transfers, as phones send them: REFER to the park extension and straight to an orbit.

use std::time::{Duration, Instant};

use kit::phone::{Call, ReferredBy};
use kit::{Ends, MUSIC, SOON, hang_up, two_way};

use super::desk::{music_after, open, refer, refer_at_once};

/// A number to transfer to, the orbit the call gets, and a number under which it is taken: to the park extension, and
/// to a key, which phones write in three ways.
const WAYS: [(&str, &str, &str); 4] = [
    ("700", "701", "701"),
    ("705", "705", "**705"),
    ("**706", "706", "park+706"),
    ("park+707", "707", "take_default_707"),
];

const WITH_AND_WITHOUT: [ReferredBy; 2] = [ReferredBy::Yes, ReferredBy::No];

/// Who transfers whom.
#[derive(Clone, Copy)]
enum Transfers {
    /// Who was called transfers who called.
    Called,
    /// Who called transfers who was called.
    Calling,
}

/// Every way, with and without Referred-By: the right leg in the right orbit by the right parker, whose leg ends; then
/// somebody takes it, one hangs up, and the lamp goes out.
fn every_way(transfers: Transfers) {
    let Some(desk) = open() else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for (target, orbit, number) in WAYS {
        let lamp = carol.subscribe(&format!("park+{orbit}"), "dialog");
        for (referred_by, ends) in WITH_AND_WITHOUT.into_iter().zip([Ends::Caller, Ends::Other]) {
            let (calling, called) = desk.talk(&alice, &bob);
            let (caller, parker, by, voice) = match transfers {
                Transfers::Called => (calling, called, "1001", alice.voice()),
                Transfers::Calling => (called, calling, "1000", bob.voice()),
            };
            refer(&parker, target, referred_by);
            desk.wait_parked(&caller, "default", orbit, by);
            lamp.wait(SOON, |body| body.contains("confirmed"));
            desk.take(&carol, number, &caller, voice, ends);
            lamp.wait(SOON, |body| body.contains("terminated"));
            desk.wait_empty();
        }
    }
    desk.switch.wait_channels(0);
}

#[test]
fn who_was_called_parks_the_caller() {
    every_way(Transfers::Called);
}

#[test]
fn who_called_parks_who_was_called() {
    every_way(Transfers::Calling);
}

#[test]
fn a_phone_that_waits_for_the_confirmation_gets_it_and_is_let_go() {
    let Some(desk) = open() else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for (target, orbit, _) in WAYS {
        for referred_by in WITH_AND_WITHOUT {
            let (caller, theirs) = desk.talk(&alice, &bob);
            desk.switch.setvar(theirs.uuid(), "confirm_blind_transfer", "true");
            // Without an acknowledgement it would wait for ten minutes.
            refer(&theirs, target, referred_by);
            desk.wait_parked(&caller, "default", orbit, "1001");
            desk.take(&carol, orbit, &caller, alice.voice(), Ends::Other);
            desk.wait_empty();
        }
    }
}

/// Most phones put the call on hold when their user reaches for the transfer key.
#[test]
fn a_call_on_hold_is_transferred() {
    let Some(desk) = open() else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for target in ["700", "701"] {
        let (caller, theirs) = desk.talk(&alice, &bob);
        theirs.hold();
        caller.wait_hears(MUSIC, SOON);
        refer(&theirs, target, ReferredBy::Yes);
        desk.wait_parked(&caller, "default", "701", "1001");
        desk.take(&carol, "701", &caller, alice.voice(), Ends::Other);
        desk.wait_empty();
    }
}

/// The second parker may not say who it is; the first one did, and is not meant any more.
#[test]
fn a_call_parked_again_has_its_new_parker() {
    let Some(desk) = open() else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for (second, wanted) in [(ReferredBy::No, "1002"), (ReferredBy::Yes, "1002")] {
        let (caller, theirs) = desk.talk(&alice, &bob);
        refer(&theirs, "700", ReferredBy::Yes);
        desk.wait_parked(&caller, "default", "701", "1001");
        let call = carol.call_up("701");
        two_way(&call, alice.voice(), &caller, carol.voice());
        desk.outcome(&caller, "retrieved");
        refer(&call, "702", second);
        desk.wait_parked(&caller, "default", "702", wanted);
        let call = bob.call_up("702");
        two_way(&call, alice.voice(), &caller, bob.voice());
        desk.outcome(&caller, "retrieved");
        hang_up(&call, &caller, Ends::Caller);
        desk.wait_empty();
    }
}

#[test]
fn the_caller_hears_music_within_200_ms_of_the_transfer() {
    let Some(desk) = open() else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let round = |target: &str| {
        let (caller, theirs): (Call, Call) = desk.talk(&alice, &bob);
        let since = Instant::now();
        refer_at_once(&theirs, target, ReferredBy::Yes);
        let took = music_after(&caller, since);
        caller.hangup();
        desk.wait_empty();
        took
    };
    for target in ["700", "705"] {
        let mut took: Vec<Duration> = (0..7).map(|_| round(target)).collect();
        took.sort();
        println!("{target}: from REFER to music {took:?}");
        // The median: a busy machine may hold up one of them.
        assert!(took[3] < Duration::from_millis(200), "{target}: {took:?}");
    }
}
