//! The kit proves itself: legs without phones, events, files, restarts. No mod_callpark needed.

use kit::{SOON, Setup, Switch, new_uuid};

fn setup() -> Setup {
    Setup::new()
        .load_module(false)
        .no_sample_dialplan()
        .extension("9000", &[("answer", ""), ("playback", "tone_stream://%(500,0,850);loops=-1")])
}

#[test]
fn a_leg_runs_an_extension_and_hangs_up() {
    let switch = Switch::start(setup());
    let events = switch.events(&["CHANNEL_ANSWER", "CHANNEL_HANGUP_COMPLETE"]);
    let uuid = new_uuid();
    let awkward = " it's, \\ \"so\" a=b <&> é ";
    switch.originate(&uuid, "9000", &[("greeting", awkward), ("plain", "1")]);
    events.wait(SOON, |e| e.name() == "CHANNEL_ANSWER" && e.uuid() == uuid);
    assert!(switch.alive(&uuid));
    switch.wait_channels(1);
    assert_eq!(switch.getvar(&uuid, "greeting").as_deref(), Some(awkward));
    assert_eq!(switch.getvar(&uuid, "nothing"), None);
    switch.setvar(&uuid, "later", "a 'b' \\ c");
    switch.wait_var(&uuid, "later", "a 'b' \\ c");
    assert!(switch.kill(&uuid));
    let end = events.wait(SOON, |e| e.name() == "CHANNEL_HANGUP_COMPLETE");
    assert_eq!(end.text("Hangup-Cause"), "NORMAL_CLEARING");
    switch.wait_gone(&uuid);
    assert!(!switch.kill(&uuid));
    assert!(switch.rss_kib() > 1000 && switch.threads() > 1);
}

#[test]
fn two_legs_are_bridged() {
    let switch = Switch::start(setup());
    let events = switch.events(&["CHANNEL_BRIDGE"]);
    let (one, other) = (new_uuid(), new_uuid());
    switch.originate(&one, "9000", &[]);
    switch.originate_bg(&other, "9000", &[]);
    assert!(switch.alive(&other));
    // A leg that is still on its way can lose the command.
    for leg in [&one, &other] {
        switch.wait_var(leg, "current_application", "playback");
    }
    switch.api(&format!("uuid_bridge {one} {other}"));
    events.wait(SOON, |e| e.is("Bridge-B-Unique-ID", &other) || e.is("Bridge-A-Unique-ID", &other));
    switch.wait_bridged(&one, &other);
}

#[test]
fn a_switch_crashes_stops_and_comes_back() {
    let switch = Switch::start(setup());
    let first = switch.pid();
    switch.crash_and_restart();
    assert_ne!(switch.pid(), first);
    assert!(switch.stop().success());
    assert!(!switch.running());
    switch.launch();
    assert!(switch.running());
    assert!(!switch.log().is_empty());
}
