//! A call that is lost in its orbit says what broke it.

use kit::{SOON, Scene};

use super::desk::{LOT, setup};

#[test]
fn a_caller_whose_packets_stop_is_abandoned_for_that_reason() {
    let silent = [("set", "media_timeout=1000"), ("answer", ""), ("callpark", "default 701")];
    let Some(desk) = Scene::start_real(setup(LOT).extension("silent", &silent)) else { return };
    let ends = desk.switch.events(&["CHANNEL_HANGUP_COMPLETE"]);
    let alice = desk.phone("1000");
    let caller = alice.call("silent");
    caller.wait_up(SOON);
    desk.action(&caller, "park");
    caller.fall_silent();
    let end = desk.outcome(&caller, "abandoned");
    assert_eq!(end.text("Callpark-Reason"), "MEDIA_TIMEOUT", "{}", end.summary());
    let record = ends.wait(SOON, |event| event.uuid() == caller.uuid());
    assert_eq!(record.text("variable_callpark_reason"), "MEDIA_TIMEOUT");
    assert!(desk.switch.log().contains("s: MEDIA_TIMEOUT"), "{}", desk.switch.log_tail(20));
    // A call that ends in the usual way has no reason, even if an earlier park of it had a broken end.
    let caller = alice.call_up("park_default_701");
    desk.action(&caller, "park");
    caller.hangup();
    let end = desk.outcome(&caller, "abandoned");
    assert_eq!(end.text("Callpark-Reason"), "");
}

/// Every event of a call has one line in the log, and no line says what another has said.
#[test]
fn each_fact_is_told_once() {
    let steps = r#"<step to="user/1003@$${domain}"/><step to="user/1009@$${domain}"/>"#;
    let Some(desk) = Scene::start_real(super::steps::returning("", steps)) else { return };
    let (alice, carol, dave) = (desk.phone("1000"), desk.phone("1002"), desk.phone("1003"));
    dave.set_policy(kit::phone::Policy::Reject(486));
    let caller = super::steps::returned(&desk, &alice);
    super::steps::step(&desk, &caller, "2 user/1009@test.local", "USER_NOT_REGISTERED");
    let nothing = carol.call("take_default_702");
    desk.switch.wait_var(nothing.uuid(), "callpark_status", "empty");
    nothing.hangup();
    let call = carol.call_up("take_default_701");
    desk.outcome(&caller, "retrieved");
    caller.hangup();
    call.wait_ended(SOON);
    desk.switch.wait_channels(0);
    let log = desk.switch.log();
    let ours: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("mod_callpark:0") && !line.contains("[DEBUG]"))
        .filter(|line| line.starts_with(caller.uuid()) || line.starts_with(call.uuid()))
        .filter_map(|line| line.split("mod_callpark:0 ").nth(1))
        .filter(|line| line.contains(": ") && !line.contains("Hangup "))
        .collect();
    // Parked, step 1, its failure, step 2, its failure, no step took it, retrieved.
    assert_eq!(ours.len(), 7, "{ours:#?}");
    for (n, line) in ours.iter().enumerate() {
        assert!(!ours[..n].contains(line), "{line:?} twice in {ours:#?}");
    }
    let about_702 = log.lines().filter(|line| line.contains("take") || line.contains("702"));
    let refused =
        about_702.filter(|line| line.contains("mod_callpark:0") && line.contains("empty"));
    assert_eq!(refused.count(), 1);
}
