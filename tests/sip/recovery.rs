//! After a crash of FreeSWITCH, parked callers are back in their orbits. Their phones know nothing of it but an INVITE in the
//! old dialog.

use std::time::{Duration, Instant};

use kit::phone::{Call, Exchange, Policy, ReferredBy};
use kit::{Ends, MUSIC, Phone, SOON, Scene, Setup};
use serde_json::Value;

use super::desk::{MOMENT, refer, setup};

/// How long a crash, a start and the recovery may take on a busy machine.
const BACK_WITHIN: Duration = Duration::from_secs(25);

/// The lots of most scenarios, phones, and a profile with `track-calls`.
fn tracked(settings: &str, lots: &str) -> Setup {
    let conf = format!(
        "<configuration name=\"callpark.conf\"><settings>{settings}</settings><lots>{lots}</lots></configuration>"
    );
    setup(lots).callpark_conf(&conf).track_calls()
}

/// FreeSWITCH dies and is started again. What it has not written by then is lost.
fn crash(desk: &mut Scene) {
    // The core writes its state of calls twice a second.
    std::thread::sleep(Duration::from_millis(1200));
    desk.switch.crash_and_restart();
    desk.events = desk.switch.events(&["CUSTOM callpark::info", "CHANNEL_BRIDGE"]);
}

fn text<'a>(call: &'a Value, name: &str) -> &'a str {
    call[name].as_str().unwrap_or_default()
}

/// Waits until nothing is awaited any more, and says what was logged of it.
#[track_caller]
fn wait_over(desk: &Scene, says: &str) {
    desk.switch.eventually(BACK_WITHIN, says, || desk.switch.log_contains(says).then_some(()));
}

#[track_caller]
fn orbit_of(desk: &Scene, caller: &Call) -> Value {
    desk.switch.eventually(BACK_WITHIN, "the caller is back", || {
        desk.calls().into_iter().find(|call| call["uuid"] == caller.uuid())
    })
}

/// So many calls of that phone, from 701 on.
fn parked_calls(desk: &Scene, alice: &Phone, calls: usize) -> Vec<Call> {
    let parked = (701..701 + calls).map(|orbit| {
        let caller = alice.call_up(&format!("park_default_{orbit}"));
        desk.action(&caller, "park");
        caller
    });
    parked.collect()
}

/// Two phones that share their audio.
fn two_phones(desk: &Scene) -> [Phone; 2] {
    let exchange = Exchange::open(desk.switch.ip());
    let phones = ["1000", "1001"].map(|user| Phone::new(&desk.switch, user).on(&exchange));
    phones.iter().for_each(Phone::register);
    phones
}

/// Calls of phones that share their audio tell each other by their marks.
#[track_caller]
fn hears(call: &Call, other: &Call, n: usize) {
    let mark = Some(other.mark());
    let end = Instant::now() + SOON;
    while !call.voices().iter().any(|voice| voice.mark == mark) {
        assert!(Instant::now() < end, "{n}: {mark:?} is not among {:?}", call.voices());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn fifty_calls_are_back_in_their_orbits_and_can_be_retrieved() {
    const CALLS: usize = 50;
    let lots = r#"<lot name="default" orbits="701-760"><param name="timeout" value="300"/></lot>"#;
    let Some(mut desk) = Scene::start_real(tracked("", lots)) else { return };
    let [alice, bob] = two_phones(&desk);
    let callers = parked_calls(&desk, &alice, CALLS);
    desk.api("set default 703 note a note | with \"quotes\"");
    desk.api("set default 703 priority 7");
    desk.api("set default 704 timeout 3");
    std::thread::sleep(Duration::from_secs(1));
    let before = desk.calls();
    assert_eq!(before.len(), CALLS);
    crash(&mut desk);
    wait_over(&desk, &format!("recovered {CALLS}, called back 0, lost 0"));
    let after = desk.calls();
    assert_eq!(after.len(), CALLS);
    for (before, after) in before.iter().zip(&after) {
        for same in ["uuid", "lot", "orbit", "parker", "priority", "note", "caller_id_number"] {
            assert_eq!(before[same], after[same], "{same}");
        }
        let waited = |call: &Value| call["waiting_ms"].as_u64().expect("a wait");
        assert!(waited(after) > waited(before) + 1_000, "{before} {after}");
        let left = |call: &Value| call["timeout_ms_left"].as_u64().expect("a deadline");
        match text(before, "orbit") {
            "704" => assert!(left(after) <= 10_000, "{after}"),
            _ => assert!(left(after) < left(before) && left(after) > 250_000, "{after}"),
        }
    }
    for (n, caller) in callers.iter().enumerate() {
        let retriever = bob.call_up(&format!("take_default_{}", 701 + n));
        hears(&retriever, caller, n);
        hears(caller, &retriever, n);
        desk.outcome(caller, "retrieved");
        caller.hangup();
        assert!(retriever.wait_ended(SOON).remote);
    }
    let verified = desk.api("journal verify");
    assert!(verified.contains("50 calls, 0 waiting, 0 without"), "{verified}");
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

/// However a call was parked, it comes back to its orbit and never to what its channel was in the middle of.
#[test]
fn calls_parked_in_every_way_come_back_to_their_orbits_and_to_nobody() {
    let lot = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/></lot>"#;
    let features = tracked("", lot).extension(
        "55(10[01]\\d)",
        &[("bind_meta_app", "1 ab s callpark::default auto"), ("bridge", "user/$1@$${domain}")],
    );
    let Some(mut desk) = Scene::start_real(features) else { return };
    let phones: Vec<Phone> = (0..8).map(|n| desk.phone(&format!("100{n}"))).collect();
    let [by_refer, by_code, by_api, by_command, called, bob, carol, _] = &phones[..] else {
        panic!("eight phones");
    };
    let mut parked = Vec::new();
    // A phone's blind transfer.
    let (caller, theirs) = desk.talk(by_refer, bob);
    refer(&theirs, "701", ReferredBy::Yes);
    desk.wait_parked(&caller, "default", "701", "1005");
    parked.push(("701", caller, by_refer));
    // A feature code.
    let caller = by_code.call_up("551005");
    let theirs = bob.incoming(SOON);
    theirs.wait_hears(by_code.voice(), SOON);
    theirs.dtmf("*1");
    let event = desk.action(&caller, "park");
    assert_eq!(event.text("Callpark-Orbit"), "702");
    parked.push(("702", caller, by_code));
    theirs.wait_ended(SOON);
    // The command.
    let (caller, theirs) = desk.talk(by_api, bob);
    let answer = desk.api(&format!("park {} default 703", caller.uuid()));
    assert!(answer.starts_with("+OK"), "{answer}");
    desk.action(&caller, "park");
    parked.push(("703", caller, by_api));
    theirs.hangup();
    let (caller, theirs) = desk.talk(by_command, bob);
    desk.switch.api(&format!("uuid_transfer {} park_default_704 XML default", caller.uuid()));
    desk.action(&caller, "park");
    parked.push(("704", caller, by_command));
    theirs.hangup();
    // Whom bob has called himself.
    let (theirs, caller) = desk.talk(bob, called);
    refer(&theirs, "705", ReferredBy::Yes);
    desk.wait_parked(&caller, "default", "705", "1005");
    parked.push(("705", caller, called));
    // Nobody has parked these two.
    let (one, other) = desk.talk(carol, bob);
    crash(&mut desk);
    wait_over(&desk, "recovered 5, called back 0, lost 0");
    let lamp = carol.subscribe("park+701", "dialog");
    lamp.wait(SOON, |body| body.contains("confirmed"));
    for (orbit, caller, phone) in &parked {
        let call = orbit_of(&desk, caller);
        assert_eq!(text(&call, "orbit"), *orbit, "{call}");
        caller.wait_hears(MUSIC, SOON);
        phone.no_incoming_for(Duration::ZERO);
    }
    one.wait_hears(bob.voice(), SOON);
    other.wait_hears(carol.voice(), SOON);
    one.hangup();
    other.wait_ended(SOON);
    bob.no_incoming_for(MOMENT);
    for (orbit, caller, phone) in &parked {
        desk.take(bob, orbit, caller, phone.voice(), Ends::Other);
    }
    lamp.wait(SOON, |body| body.contains("terminated"));
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

/// Bob puts the caller into that orbit.
fn parked_by(desk: &Scene, alice: &Phone, bob: &Phone, orbit: &str) -> Call {
    let (caller, theirs) = desk.talk(alice, bob);
    refer(&theirs, orbit, ReferredBy::Yes);
    desk.wait_parked(&caller, "default", orbit, "1001");
    caller
}

#[test]
fn a_caller_whose_phone_is_gone_is_called_back_and_the_others_are_back() {
    let lots = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/></lot>"#;
    let settings = r#"<param name="recover-within" value="6"/>"#;
    let Some(mut desk) = Scene::start_real(tracked(settings, lots)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let lost = parked_by(&desk, &alice, &bob, "701");
    let kept = parked_by(&desk, &carol, &bob, "702");
    bob.set_policy(Policy::Ring);
    std::thread::sleep(Duration::from_millis(1200));
    desk.switch.crash();
    let uuid = lost.uuid().to_owned();
    drop((lost, alice));
    desk.switch.launch();
    desk.events = desk.switch.events(&["CUSTOM callpark::info", "CHANNEL_BRIDGE"]);
    let mut called_back = bob.incoming(BACK_WITHIN);
    assert_eq!(called_back.identity().expect("a caller id").name, "Call back: 1000");
    called_back.reject(486);
    wait_over(&desk, "recovered 1, called back 1, lost 0");
    assert_eq!(text(&orbit_of(&desk, &kept), "orbit"), "702");
    let history: Value =
        serde_json::from_str(&desk.api("history outcome=lost json")).expect("json");
    assert_eq!(history["calls"][0]["uuid"], *uuid);
    let owed: Value = serde_json::from_str(&desk.api("callbacks json")).expect("json");
    assert_eq!(owed["callbacks"][0]["note"], "cut off by a restart", "{owed}");
    bob.set_policy(Policy::Answer);
    desk.take(&bob, "702", &kept, carol.voice(), Ends::Other);
    called_back = bob.incoming(Duration::from_secs(90));
    called_back.hangup();
    desk.wait_empty();
}

/// As `docs/operating.md` has an administrator do it; and it can be done again.
#[test]
fn after_a_checkpoint_a_restart_loses_no_call() {
    let lots = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/></lot>"#;
    let Some(mut desk) = Scene::start_real(tracked("", lots)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let callers = ["701", "702", "703"].map(|orbit| parked_by(&desk, &alice, &bob, orbit));
    for round in 1..=3 {
        let answer = desk.api("checkpoint");
        assert_eq!(answer.trim(), "+OK 3 of 3 parked calls would come back");
        assert!(desk.api("health").contains("after a crash, 3 of 3 parked calls would come back"));
        desk.switch.crash_and_restart();
        desk.events = desk.switch.events(&["CUSTOM callpark::info", "CHANNEL_BRIDGE"]);
        desk.switch.eventually(BACK_WITHIN, "all are back", || {
            let says = "recovered 3, called back 0, lost 0";
            (desk.switch.log().matches(says).count() == round).then_some(())
        });
    }
    for (caller, orbit) in callers.iter().zip(["701", "702", "703"]) {
        desk.take(&bob, orbit, caller, alice.voice(), Ends::Other);
    }
    desk.wait_empty();
    assert!(desk.api("journal verify").contains("3 calls, 0 waiting, 0 without"));
}

/// Wherever the retrieval was: the two talk, or the caller waits in its orbit, or the call has ended.
#[test]
fn a_caller_who_was_just_being_retrieved_is_with_the_retriever_or_in_the_orbit() {
    let lots = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/></lot>"#;
    let settings = r#"<param name="recover-within" value="6"/><param name="lost" value="none"/>"#;
    let Some(mut desk) = Scene::start_real(tracked(settings, lots)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for ms in [0, 5, 15, 30, 60, 120, 300] {
        let caller = alice.call_up("park_default_701");
        desk.action(&caller, "park");
        std::thread::sleep(Duration::from_millis(1200));
        let retriever = bob.call("take_default_701");
        std::thread::sleep(Duration::from_millis(ms));
        desk.switch.crash_and_restart();
        desk.events = desk.switch.events(&["CUSTOM callpark::info", "CHANNEL_BRIDGE"]);
        nothing_is_held(&desk);
        let calls = desk.calls();
        println!("{ms} ms: in its orbit: {}; {}", calls.len(), desk.api("history limit=1 csv"));
        carol.no_incoming_for(MOMENT);
        if calls.len() == 1 {
            retriever.hangup();
            desk.take(&carol, "701", &caller, alice.voice(), Ends::Other);
        } else {
            caller.hangup();
            retriever.hangup();
        }
        desk.switch.api("hupall");
        desk.switch.wait_channels(0);
        desk.wait_empty();
        assert!(desk.api("journal verify").starts_with("+OK "), "{ms} ms");
    }
}

#[track_caller]
fn nothing_is_held(desk: &Scene) {
    desk.switch.eventually(BACK_WITHIN, "nothing is held", || {
        let status: Value = serde_json::from_str(&desk.api("status json")).expect("json");
        (status["lots"][0]["reserved"] == 0).then_some(())
    });
}

/// FreeSWITCH dies again at several moments of the recovery: some of the calls are back then, others are not. Its notes of a call
/// that is back are up to two seconds late, so a call may be lost, but then that is its end.
#[test]
fn after_a_second_crash_in_the_middle_of_a_recovery_each_call_is_back_or_lost() {
    const CALLS: usize = 20;
    let lots = r#"<lot name="default" orbits="701-760"><param name="timeout" value="300"/></lot>"#;
    let settings = r#"<param name="recover-within" value="6"/><param name="lost" value="none"/>"#;
    let Some(mut desk) = Scene::start_real(tracked(settings, lots)) else { return };
    let [alice, bob] = two_phones(&desk);
    for ms in [0, 300, 1_000, 4_000] {
        let callers = parked_calls(&desk, &alice, CALLS);
        crash(&mut desk);
        std::thread::sleep(Duration::from_millis(ms));
        let before = desk.calls().len();
        desk.switch.crash_and_restart();
        desk.events = desk.switch.events(&["CUSTOM callpark::info", "CHANNEL_BRIDGE"]);
        nothing_is_held(&desk);
        let calls = desk.calls();
        assert!(ms < 4_000 || calls.len() == CALLS, "{calls:?}");
        println!("{ms} ms after the start {before} were back, and after the next {}", calls.len());
        let lost: Value =
            serde_json::from_str(&desk.api("history outcome=lost from=-1h limit=1000 json"))
                .expect("json");
        for (n, caller) in callers.iter().enumerate() {
            let is = |call: &&Value| call["uuid"] == caller.uuid();
            let lost = lost["calls"].as_array().expect("calls").iter().filter(is).count();
            let back: Vec<_> = calls.iter().filter(is).collect();
            assert_eq!(
                (lost, back.len()),
                (usize::from(back.is_empty()), usize::from(lost == 0)),
                "{n}"
            );
            if let [call] = &back[..] {
                assert_eq!(text(call, "orbit"), (701 + n).to_string());
                let retriever = bob.call_up(&format!("take_default_{}", 701 + n));
                hears(&retriever, caller, n);
                hears(caller, &retriever, n);
                desk.outcome(caller, "retrieved");
                caller.hangup();
                retriever.wait_ended(SOON);
            }
        }
        drop(callers);
        desk.switch.api("hupall");
        desk.switch.wait_channels(0);
        desk.wait_empty();
        assert!(desk.api("journal verify").starts_with("+OK "), "{ms} ms");
    }
}

/// Bob holds the caller, has heard the orbit, and completes the transfer after the crash, or gives up.
#[test]
fn an_attended_transfer_can_be_completed_after_a_crash() {
    let lots = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/></lot>"#;
    let settings = r#"<param name="recover-within" value="6"/>"#;
    let Some(mut desk) = Scene::start_real(tracked(settings, lots)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for completes in [true, false] {
        let (caller, theirs) = desk.talk(&alice, &bob);
        theirs.hold();
        caller.wait_hears(MUSIC, SOON);
        let consultation = bob.call_up("700");
        std::thread::sleep(Duration::from_secs(2));
        crash(&mut desk);
        desk.switch.eventually(BACK_WITHIN, "the legs are back", || {
            let count = desk.switch.api("show channels count");
            count.contains("3 total").then_some(())
        });
        carol.no_incoming_for(MOMENT);
        if completes {
            assert_eq!(theirs.refer_replaces(&consultation, ReferredBy::Yes), 202);
            assert_eq!(text(&orbit_of(&desk, &caller), "orbit"), "701");
            assert_eq!(desk.calls().len(), 1);
            desk.take(&carol, "701", &caller, alice.voice(), Ends::Other);
        } else {
            consultation.hangup();
            theirs.resume();
            caller.wait_hears(bob.voice(), SOON);
            caller.hangup();
        }
        theirs.wait_ended(SOON);
        desk.wait_empty();
        desk.switch.wait_channels(0);
    }
}
