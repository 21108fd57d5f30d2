//! A phone that has another call dials an orbit that is taken, and completes an attended transfer onto it.

use std::time::Duration;

use kit::phone::{Call, ReferredBy};
use kit::{Ends, MUSIC, Phone, SOON, Scene, two_way};

use super::desk::open;
use super::transferred::{still_there, stranger};

/// Alice has called Bob, who holds her and calls `number`.
fn consult(desk: &Scene, alice: &Phone, bob: &Phone, number: &str) -> (Call, Call, Call) {
    let (caller, theirs) = desk.talk(alice, bob);
    theirs.hold();
    caller.wait_hears(MUSIC, SOON);
    let consultation = bob.call_up(number);
    (caller, theirs, consultation)
}

/// 0 to 60 ms after the answer, in either dialog, by the key and by the application: the customer is in the next orbit,
/// the stranger where it was.
#[test]
fn a_transfer_that_completes_at_once_onto_a_taken_orbit_parks_in_the_next() {
    let Some(desk) = open() else { return };
    let (alice, bob, carol, dave) =
        (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"), desk.phone("1003"));
    for (round, after) in (0..=60).step_by(10).enumerate() {
        for number in ["701", "take_default_701"] {
            let other = stranger(&desk, &dave);
            let (caller, theirs, consultation) = consult(&desk, &alice, &bob, number);
            std::thread::sleep(Duration::from_millis(after));
            let code = if round % 2 == 0 {
                theirs.refer_replaces(&consultation, ReferredBy::Yes)
            } else {
                consultation.refer_replaces(&theirs, ReferredBy::No)
            };
            assert_eq!(code, 202);
            desk.wait_parked(&caller, "default", "702", "1001");
            theirs.wait_ended(SOON);
            consultation.wait_ended(SOON);
            desk.take(&carol, "702", &caller, alice.voice(), Ends::Caller);
            still_there(&desk, &other, &dave, &carol);
        }
    }
}

/// A colleague who talks to the retrieved call may hand it over.
#[test]
fn a_colleague_who_listens_hands_the_call_over() {
    let Some(desk) = open() else { return };
    let (alice, bob, dave) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1003"));
    let other = stranger(&desk, &dave);
    let (caller, theirs, consultation) = consult(&desk, &alice, &bob, "take_default_701");
    two_way(&consultation, dave.voice(), &other, bob.voice());
    desk.outcome(&other, "retrieved");
    assert_eq!(theirs.refer_replaces(&consultation, ReferredBy::Yes), 202);
    two_way(&caller, dave.voice(), &other, alice.voice());
    theirs.wait_ended(SOON);
    consultation.wait_ended(SOON);
    caller.hangup();
    other.wait_ended(SOON);
}

/// A command sends a customer out of a call with a user, onto the orbit that a stranger waits in.
#[test]
fn commands_out_of_a_bridge_park_the_customer_in_the_next() {
    let Some(desk) = open() else { return };
    let (alice, bob, carol, dave) =
        (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"), desk.phone("1003"));
    for command in [
        "uuid_transfer {customer} 701 XML default",
        "uuid_transfer {user} -bleg 701 XML default",
        "uuid_dual_transfer {user} 7777 701",
        "uuid_dual_transfer {customer} 701 7777",
        "sched_transfer +0 {customer} 701 XML default",
        "uuid_broadcast {customer} transfer::701",
    ] {
        println!("{command}");
        let other = stranger(&desk, &dave);
        let (customer, user) = desk.talk(&alice, &bob);
        let command = command.replace("{customer}", customer.uuid()).replace("{user}", user.uuid());
        desk.switch.api(&command);
        desk.wait_parked(&customer, "default", "702", "1001");
        user.hangup();
        desk.take(&carol, "702", &customer, alice.voice(), Ends::Caller);
        still_there(&desk, &other, &dave, &carol);
    }
}

/// Both are sent there: each gets an orbit of its own.
#[test]
fn a_command_that_sends_both_parks_both() {
    let Some(desk) = open() else { return };
    let (alice, bob, carol, dave) =
        (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"), desk.phone("1003"));
    let other = stranger(&desk, &dave);
    let (customer, user) = desk.talk(&alice, &bob);
    desk.switch.api(&format!("uuid_transfer {} -both 701 XML default", customer.uuid()));
    for (call, voice) in [(&customer, alice.voice()), (&user, bob.voice())] {
        let orbit = desk.action(call, "park").text("Callpark-Orbit").to_owned();
        assert_ne!(orbit, "701");
        desk.take(&carol, &orbit, call, voice, Ends::Caller);
    }
    still_there(&desk, &other, &dave, &carol);
}
