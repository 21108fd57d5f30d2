//! The kit proves what else the scenarios lean on, on a real FreeSWITCH: recovery after a crash,
//! display updates, presence, messages, music from a file.

use std::time::Duration;

use kit::phone::{Phase, Policy, Sound};
use kit::{Phone, SOON, Setup, Switch};

fn setup() -> Setup {
    Setup::new()
        .sip(true)
        .load_module(false)
        .no_sample_dialplan()
        .extension("(10[01]\\d)", &[("bridge", "user/$1@$${domain}")])
        .extension("9000", &[("answer", ""), ("playback", "tone_stream://%(500,0,850);loops=-1")])
        .extension("9002", &[("answer", ""), ("playback", "local_stream://moh")])
}

#[test]
fn an_answered_call_survives_a_crash() {
    let Some(switch) = Switch::start_real(setup().track_calls()) else { return };
    let alice = Phone::new(&switch, "1000");
    let call = alice.call_up("9000");
    call.wait_hears(Sound::Tone(850), SOON);
    // The core writes its database from a queue.
    std::thread::sleep(Duration::from_secs(1));
    switch.crash();
    call.wait_hears(Sound::Nothing, SOON);
    switch.launch();
    let answer = switch.api("sofia recover");
    assert!(answer.contains("Recovered 1"), "{answer}");
    call.wait_hears(Sound::Tone(850), SOON);
    assert!(call.reinvites() >= 1 && call.phase() == Phase::Up);
    assert_eq!(switch.getvar(call.uuid(), "recovered").as_deref(), Some("true"));
    call.hangup();
    switch.wait_gone(call.uuid());
}

#[test]
fn a_display_follows_a_transfer() {
    let Some(switch) = Switch::start_real(setup()) else { return };
    let alice = Phone::new(&switch, "1000").display("Alice").user_agent("Yealink SIP-T46S");
    let bob = Phone::new(&switch, "1001").display("Bob").policy(Policy::Answer);
    let carol = Phone::new(&switch, "1002").policy(Policy::Answer);
    bob.register();
    carol.register();
    let call = alice.call_up("1001");
    assert_eq!(bob.incoming(SOON).wait_shows("1000", SOON).name, "Alice");
    let answer = switch.api(&format!("uuid_transfer {} 1002", call.uuid()));
    assert!(answer.starts_with("+OK"), "{answer}");
    call.wait_hears(carol.voice(), SOON);
    let shown = call.wait_shows("1002", SOON);
    assert_ne!(shown.header, "From");
    assert!(call.identities().len() >= 2, "{:?}", call.identities());
}

#[test]
fn presence_and_messages_arrive() {
    let Some(switch) = Switch::start_real(setup().module("mod_sms")) else { return };
    let alice = Phone::new(&switch, "1000");
    let bob = Phone::new(&switch, "1001").policy(Policy::Answer);
    bob.register();
    let lamp = alice.subscribe("1001", "dialog");
    let status = alice.subscribe("1001", "presence");
    let call = alice.call_up("1001");
    lamp.wait(SOON, |body| body.contains("confirmed"));
    status.wait(SOON, |body| body.contains("on the phone") || body.contains("On The Phone"));
    call.hangup();
    lamp.wait(SOON, |body| body.contains("terminated"));
    let chat = "sip|kit@test.local|internal/1001@test.local|hello there|text/plain";
    switch.api(&format!("chat {chat}"));
    let (_, message) = bob.wait_request(SOON, |request| request.method() == "MESSAGE");
    assert!(message.body.contains("hello there"), "{message:?}");
}

#[test]
fn a_file_is_streamed() {
    let Some(switch) = Switch::start_real(setup().local_stream()) else { return };
    let call = Phone::new(&switch, "1000");
    let call = call.call_up("9002");
    call.wait_hears(Sound::Tone(500), SOON);
}
