//! What a retriever's phone does in the tenth of a second between the first packet of the bridge and the moment the table
//! counts it: nobody is lost by it, and nobody meets a stranger.

use std::time::Duration;

use kit::phone::{Call, Direction, Phase, ReferredBy};
use kit::{Event, Events, MUSIC, SOON, Scene, two_way};

use super::desk::open;
use super::transferred::stranger;

/// Waits until FreeSWITCH says that the bridge of the two begins.
pub fn bridge_begins(bridges: &Events, one: &Call) {
    let of = |e: &Event| e.summary().contains(one.uuid()) && e.name() == "CHANNEL_BRIDGE";
    bridges.wait(SOON, of);
}

/// The outcome of a parked call, if it has one within that time.
pub fn outcome(desk: &Scene, call: &Call, within: Duration) -> Option<String> {
    let last =
        |e: &Event| e.is("Callpark-UUID", call.uuid()) && !e.text("Callpark-Outcome").is_empty();
    let event = desk.events.try_wait(within, last)?;
    Some(event.text("Callpark-Outcome").to_owned())
}

/// Bob's customer is with Bob, or parked, but not with the stranger, which is where it was.
#[test]
fn a_transfer_that_completes_before_the_bridge_counts_connects_no_stranger() {
    let Some(desk) = open() else { return };
    let bridges = desk.switch.events(&["CHANNEL_BRIDGE"]);
    let (alice, bob, dave) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1003"));
    for (round, after) in [0, 0, 20, 20, 40, 60, 80].into_iter().enumerate() {
        let other = stranger(&desk, &dave);
        let (caller, theirs) = desk.talk(&alice, &bob);
        theirs.hold();
        caller.wait_hears(MUSIC, SOON);
        bridges.drain();
        let consultation = bob.call_up(if round % 2 == 0 { "701" } else { "key_default_701" });
        bridge_begins(&bridges, &consultation);
        std::thread::sleep(Duration::from_millis(after));
        let code = if round % 2 == 0 {
            theirs.refer_replaces(&consultation, ReferredBy::Yes)
        } else {
            consultation.refer_replaces(&theirs, ReferredBy::No)
        };
        assert_eq!(code, 202);
        match outcome(&desk, &other, Duration::from_millis(1500)) {
            // It counted already: Bob talks to both, and hands the one to the other.
            Some(outcome) => assert_eq!(outcome, "retrieved", "after {after} ms"),
            None => {
                other.wait_hears(MUSIC, SOON);
                assert_eq!(desk.calls()[0]["uuid"], other.uuid(), "after {after} ms");
                assert_eq!(caller.phase(), Phase::Up, "after {after} ms: the customer is lost");
                let met = caller.first_heard(dave.voice()).or(other.first_heard(alice.voice()));
                assert_eq!(met, None, "after {after} ms: the customer met the stranger");
            }
        }
        println!("after {after} ms: {}", desk.calls().len());
        for call in [&consultation, &theirs, &caller, &other] {
            call.hangup();
        }
        desk.wait_empty();
        desk.switch.wait_channels(0);
        desk.events.drain();
    }
}

/// The retriever holds and hangs up, or is sent elsewhere: FreeSWITCH ends the call of whoever is on hold then.
#[test]
fn a_retriever_that_holds_and_leaves_at_once_does_not_take_the_caller_along() {
    let Some(desk) = open() else { return };
    let (bob, dave, carol) = (desk.phone("1001"), desk.phone("1003"), desk.phone("1002"));
    for (round, leaves) in
        ["BYE", "uuid_transfer", "uuid_kill"].into_iter().cycle().take(18).enumerate()
    {
        let other = stranger(&desk, &dave);
        let retriever = bob.call_up("take_default_701");
        std::thread::sleep(Duration::from_millis(round as u64 / 3 * 5));
        retriever.reinvite(Direction::SendOnly);
        match leaves {
            "BYE" => retriever.hangup(),
            "uuid_kill" => drop(desk.switch.kill(retriever.uuid())),
            _ => {
                let order = format!("uuid_transfer {} 7777 XML default", retriever.uuid());
                drop(desk.switch.api(&order));
            }
        }
        let outcome = outcome(&desk, &other, Duration::from_millis(700));
        println!("{leaves}: {outcome:?}");
        match outcome {
            Some(outcome) => assert_eq!(outcome, "retrieved", "{leaves}"),
            None => {
                assert_eq!(other.phase(), Phase::Up, "{leaves}: the caller is lost");
                assert_eq!(desk.calls()[0]["state"], "waiting", "{leaves}");
                other.wait_hears(MUSIC, SOON);
                let again = carol.call_up("take_default_701");
                two_way(&again, dave.voice(), &other, carol.voice());
                desk.outcome(&other, "retrieved");
                again.hangup();
            }
        }
        for call in [&retriever, &other] {
            call.hangup();
        }
        desk.wait_empty();
        desk.switch.wait_channels(0);
        desk.events.drain();
    }
}

/// Before the bridge counts, a phone cannot transfer its partner: the two remain connected.
#[test]
fn a_blind_transfer_before_the_bridge_counts_is_refused() {
    let Some(desk) = open() else { return };
    let (bob, dave) = (desk.phone("1001"), desk.phone("1003"));
    for (round, after) in [0, 0, 10, 10, 20, 20, 40, 40, 60].into_iter().enumerate() {
        let other = stranger(&desk, &dave);
        let retriever = bob.call_up("take_default_701");
        std::thread::sleep(Duration::from_millis(after));
        let by = if round % 2 == 0 { &retriever } else { &other };
        assert_eq!(by.refer("7777", ReferredBy::Yes), 202);
        let answer = kit::eventually(SOON, "an answer", || by.sipfrags().pop());
        println!("after {after} ms, round {round}: {answer}");
        if answer.contains("403") {
            two_way(&retriever, dave.voice(), &other, bob.voice());
        }
        // With 200 it counted already.
        desk.outcome(&other, "retrieved");
        for call in [&retriever, &other] {
            call.hangup();
        }
        desk.wait_empty();
        desk.switch.wait_channels(0);
    }
}
