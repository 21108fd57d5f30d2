//! Callers who hang up to be called back, and are.

use std::time::{Duration, Instant};

use kit::phone::{Call, Policy, Sound};
use kit::{Ends, Event, MUSIC, Phone, SOON, Scene, Setup, hang_up, two_way};

use super::desk::MOMENT;
use super::steps::{returned, returning, step};

const OFFER: Sound = Sound::Tone(1150);
const PROMISE: Sound = Sound::Tone(1350);
/// It is looked every five seconds whether the user is free.
const LOOKED: Duration = Duration::from_secs(12);

fn phrase(name: &str, pattern: &str, hz: u32) -> String {
    format!(
        r#"<macro name="{name}"><input pattern="{pattern}"><match>
        <action function="play-file" data="tone_stream://%(600,0,{hz})"/></match></input></macro>"#
    )
}

fn calls_back(params: &str, steps: &str) -> Setup {
    let macros = phrase("callpark_callback_offer", "^default:701:[17]$", 1150)
        + &phrase("callpark_callback", "^default:701$", 1350);
    let languages = format!(
        r#"<section name="languages"><language name="en" say-module="en" sound-prefix="/nowhere"><phrases><macros>
        {macros}</macros></phrases></language></section>"#
    );
    returning(params, steps).sections(&languages)
}

fn callback(desk: &Scene, state: &str) -> Event {
    desk.events.wait(LOOKED, |e| {
        e.is("Callpark-Action", "callback") && e.is("Callpark-Callback-State", state)
    })
}

fn owed(desk: &Scene) -> Vec<serde_json::Value> {
    let text = desk.api("callbacks json");
    let list: serde_json::Value = serde_json::from_str(&text).expect(&text);
    list["callbacks"].as_array().expect(&text).clone()
}

/// The caller presses the key, hears that somebody will call back, and is hung up.
#[track_caller]
fn hangs_up_to_be_called_back(desk: &Scene, caller: &Call, key: &str) {
    caller.dtmf(key);
    caller.wait_hears(PROMISE, SOON);
    assert!(caller.wait_ended(SOON).remote);
    let promised = caller.history().iter().filter(|(_, sound)| *sound == PROMISE).count();
    assert!(promised >= 28, "the promise was cut off after {promised} packets");
    let end = desk.outcome(caller, "callback");
    assert_eq!(end.text("Callpark-Action"), "leave", "{}", end.summary());
    desk.wait_empty();
}

/// Bob's phone rings for the call-back and he answers: alice's rings, she answers, and they talk.
#[track_caller]
fn is_called_back(bob: &Phone, alice: &Phone) -> (Call, Call) {
    let theirs = bob.incoming(LOOKED);
    let shown = theirs.identity().expect("a caller id");
    assert_eq!((&*shown.name, &*shown.number), ("Call back: 1000", "1000"));
    theirs.answer();
    let ours = alice.incoming(SOON);
    ours.answer();
    two_way(&ours, bob.voice(), &theirs, alice.voice());
    // One that ends within a tenth of a second was none, and is tried again.
    std::thread::sleep(MOMENT);
    (ours, theirs)
}

#[test]
fn the_key_ends_the_call_and_the_parker_calls_back() {
    let Some(desk) = Scene::start_real(calls_back(r#"<param name="callback-key" value="7"/>"#, ""))
    else {
        return;
    };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    alice.set_policy(Policy::Ring);
    bob.set_policy(Policy::Ring);
    let caller = alice.call_up("named");
    desk.wait_parked(&caller, "default", "701", "1001");
    hangs_up_to_be_called_back(&desk, &caller, "7");
    let (ours, theirs) = is_called_back(&bob, &alice);
    let done = callback(&desk, "connected");
    assert_eq!(done.text("Callpark-Callback-By"), "1001@test.local");
    assert_eq!(owed(&desk).len(), 0);
    hang_up(&theirs, &ours, Ends::Other);
    desk.switch.wait_channels(0);
    // Once.
    bob.no_incoming_for(Duration::from_secs(6));
    alice.no_incoming_for(Duration::ZERO);
}

#[test]
fn a_user_in_a_call_calls_back_afterwards_and_one_who_is_away_when_back() {
    let Some(desk) = Scene::start_real(calls_back(r#"<param name="callback-key" value="7"/>"#, ""))
    else {
        return;
    };
    let (alice, bob, dave) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1003"));
    alice.set_policy(Policy::Ring);
    let (busy, other) = desk.talk(&bob, &dave);
    bob.set_policy(Policy::Ring);
    let caller = alice.call_up("named");
    desk.wait_parked(&caller, "default", "701", "1001");
    hangs_up_to_be_called_back(&desk, &caller, "7");
    bob.no_incoming_for(Duration::from_secs(6));
    let list = owed(&desk);
    assert_eq!(list.len(), 1);
    println!("callpark callbacks json: {}", list[0]);
    println!("callpark callbacks:\n{}", desk.api("callbacks"));
    assert!(list[0].to_string().contains("the user is in a call"), "{}", list[0]);
    hang_up(&busy, &other, Ends::Other);
    let since = Instant::now();
    let (ours, theirs) = is_called_back(&bob, &alice);
    println!("called back {:?} after the user was free", since.elapsed());
    hang_up(&theirs, &ours, Ends::Other);
    desk.switch.wait_channels(0);

    // 1005 has no phone yet.
    let actions = [("set", "callpark_for=1005@test.local")];
    let _ = actions;
    let caller = alice.call_up("named");
    desk.wait_parked(&caller, "default", "701", "1001");
    desk.api("set default 701 for 1005@test.local");
    hangs_up_to_be_called_back(&desk, &caller, "7");
    std::thread::sleep(Duration::from_secs(1));
    assert!(owed(&desk)[0].to_string().contains("no phone of the user"), "{:?}", owed(&desk));
    let erin = desk.phone("1005");
    erin.set_policy(Policy::Ring);
    let (ours, theirs) = is_called_back(&erin, &alice);
    hang_up(&theirs, &ours, Ends::Caller);
    bob.no_incoming_for(Duration::ZERO);
}

#[test]
fn attempts_and_time_run_out_and_it_can_be_cancelled() {
    let params =
        r#"<param name="callback-key" value="7"/><param name="callback-attempts" value="1"/>"#;
    let Some(desk) = Scene::start_real(calls_back(params, "")) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    bob.set_policy(Policy::Reject(603));
    let park = || {
        let caller = alice.call_up("named");
        desk.wait_parked(&caller, "default", "701", "1001");
        hangs_up_to_be_called_back(&desk, &caller, "7");
    };
    park();
    bob.incoming(LOOKED).wait_ended(SOON);
    let failed = callback(&desk, "failed");
    println!("failed: {}", failed.text("Callpark-Reason"));
    assert_eq!(owed(&desk).len(), 0);

    // While it rings.
    bob.set_policy(Policy::Ring);
    park();
    let ringing = bob.incoming(LOOKED);
    let id = owed(&desk)[0]["id"].clone();
    let answer = desk.api(&format!("callback cancel {id}"));
    assert!(answer.starts_with("+OK"), "{answer}");
    assert!(ringing.wait_ended(Duration::from_secs(1)).remote);
    callback(&desk, "cancelled");
    assert!(desk.api(&format!("callback cancel {id}")).starts_with("-ERR empty"));
    alice.no_incoming_for(Duration::from_millis(300));

    // The caller does not answer: the user is let go.
    bob.set_policy(Policy::Answer);
    alice.set_policy(Policy::Reject(486));
    park();
    alice.incoming(LOOKED).wait_ended(SOON);
    assert!(bob.incoming(SOON).wait_ended(SOON).remote);
    callback(&desk, "failed");
    desk.switch.wait_channels(0);

    let params = r#"<param name="callback-key" value="7"/><param name="callback-expires" value="2"/>
        <param name="callback-by" value="1009@$${domain}"/>"#;
    let Some(desk) = Scene::start_real(calls_back(params, "")) else { return };
    let alice = desk.phone("1000");
    let caller = alice.call_up("named");
    desk.wait_parked(&caller, "default", "701", "1001");
    hangs_up_to_be_called_back(&desk, &caller, "7");
    let expired = callback(&desk, "expired");
    assert_eq!(expired.text("Callpark-Callback-By"), "1009@test.local");
    assert_eq!(owed(&desk).len(), 0);
}

#[test]
fn a_return_step_offers_it() {
    let steps = r#"<step to="parker" ring="1"/><step to="callback" ring="3"/><step to="user/1002@$${domain}"/>"#;
    let Some(desk) = Scene::start_real(calls_back("", steps)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for phone in [&alice, &bob, &carol] {
        phone.set_policy(Policy::Ring);
    }
    // Before it is offered the key means nothing.
    let caller = returned(&desk, &alice);
    caller.dtmf("1");
    bob.incoming(SOON).wait_ended(SOON);
    caller.wait_hears(OFFER, SOON);
    caller.wait_hears(MUSIC, SOON);
    // Who does not want it waits on, and the next step runs.
    let (_, event) = step(&desk, &caller, "2 callback", "the caller did not ask to be called back");
    assert_eq!(event.text("Callpark-Action"), "return");
    let ringing = carol.incoming(SOON);
    ringing.answer();
    two_way(&ringing, alice.voice(), &caller, carol.voice());
    hang_up(&ringing, &caller, Ends::Other);
    desk.wait_empty();

    // In the middle of the offer.
    let caller = returned(&desk, &alice);
    bob.incoming(SOON).wait_ended(SOON);
    caller.wait_hears(OFFER, SOON);
    hangs_up_to_be_called_back(&desk, &caller, "1");
    let (ours, theirs) = is_called_back(&bob, &alice);
    hang_up(&theirs, &ours, Ends::Other);
    desk.switch.wait_channels(0);
}
