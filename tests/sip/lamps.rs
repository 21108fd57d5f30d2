//! What the lamps of orbits and lots show, in both event packages.

use std::time::{Duration, Instant};

use kit::{DOMAIN, Ends, Phone, SOON, Scene};

use super::desk::{LOT, MOMENT, open, setup};
use super::lamp::{Lamp, read, wait_state, watch};

/// With everything in it that means something to XML, SIP, printf and FreeSWITCH; and one that is not ASCII.
const NAMES: [&str; 2] = [r#"Bob <&"'> %s"#, "王小明"];

#[test]
fn a_lamp_shows_who_waits_and_its_key_retrieves() {
    let Some(desk) = open() else { return };
    let alice = Phone::new(&desk.switch, "1000").display("Alice");
    let carol = desk.phone("1002");
    let lamp = watch(&carol, "705");
    let since = lamp.all().len();
    let caller = alice.call_up("park_default_705");
    let shown = wait_state(&lamp, "confirmed");
    assert_eq!((shown.name.as_str(), shown.number.as_str()), ("Alice", "1000"), "{shown:?}");
    // Pressed, the key dials what the lamp names.
    desk.take(&carol, &shown.target, &caller, alice.voice(), Ends::Other);
    wait_state(&lamp, "terminated");
    std::thread::sleep(MOMENT);
    let all = lamp.all();
    assert_eq!(all.len(), since + 2, "one NOTIFY for each change: {all:#?}");
}

#[test]
fn names_are_escaped_on_lamps_displays_lists_and_events() {
    let mut setup = setup(LOT);
    for (n, name) in NAMES.iter().enumerate() {
        let named = format!("caller_id_name={name}");
        let actions = [("set_profile_var", named.as_str()), ("callpark", "default auto")];
        setup = setup.extension(&format!("name{n}"), &actions);
    }
    let Some(desk) = Scene::start_real(setup) else { return };
    let carol = desk.phone("1002");
    let lamp = watch(&carol, "701");
    let status = carol.subscribe("park+701", "presence");
    for (n, name) in NAMES.iter().enumerate() {
        // As a dialplan names the caller, and as its phone does.
        for (display, number) in [("Alice", format!("name{n}")), (*name, "700".to_owned())] {
            let alice = Phone::new(&desk.switch, "1000").display(display);
            let caller = alice.call_up(&number);
            let event = desk.action(&caller, "park");
            assert_eq!(event.text("Callpark-Caller-ID-Name"), *name);
            assert_eq!(desk.calls()[0]["caller_id_name"], *name);
            let shown = wait_state(&lamp, "confirmed");
            assert_eq!((shown.name.as_str(), shown.number.as_str()), (*name, "1000"), "{shown:?}");
            let document =
                status.wait(SOON, |body| body.contains("open") || body.contains("Parked"));
            read(&document.body);
            caller.hangup();
            wait_state(&lamp, "terminated");
            desk.wait_empty();
        }
    }
}

/// A lot of everybody's, watched by the phone of a tenant.
#[test]
fn a_lamp_that_is_watched_in_another_domain_goes_out_too() {
    let setup = setup(LOT)
        .without_sip_param("force-subscription-domain")
        .without_sip_param("presence-hosts");
    let Some(desk) = Scene::start_real(setup) else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let home = watch(&carol, "705");
    let first = alice.call_up("park_default_705");
    wait_state(&home, "confirmed");
    let lamp = carol.subscribe("park+705@tenant.local", "dialog");
    wait_state(&lamp, "confirmed");
    first.hangup();
    for lamp in [&lamp, &home] {
        wait_state(lamp, "terminated");
    }
    let second = alice.call_up("park_default_705");
    wait_state(&lamp, "confirmed");
    second.hangup();
    for lamp in [&lamp, &home] {
        wait_state(lamp, "terminated");
        lamp.none_for(MOMENT, |_| true);
    }
}

#[test]
fn a_phone_that_subscribes_while_a_call_is_parked_learns_it_at_once() {
    let Some(desk) = open() else { return };
    let alice = Phone::new(&desk.switch, "1000").display("Alice");
    let carol = desk.phone("1002");
    let caller = alice.call_up("park_default_705");
    desk.action(&caller, "park");
    for login in ["705", "default"] {
        let begun = Instant::now();
        let lamp = carol.subscribe(&format!("park+{login}"), "dialog");
        let first = lamp.wait(SOON, |_| true);
        assert!(first.at - begun < Duration::from_millis(500), "{:?}", first.at - begun);
        let shown = read(&first.body);
        assert_eq!(shown.state, "confirmed", "the very first NOTIFY of {login}: {shown:?}");
        if login == "705" {
            assert_eq!((shown.name.as_str(), shown.number.as_str()), ("Alice", "1000"));
        }
        // A refresh is answered too.
        lamp.refresh();
        assert_eq!(wait_state(&lamp, "confirmed").name, shown.name);
        lamp.end();
    }
    let dark = carol.subscribe("park+706", "dialog");
    assert_eq!(read(&dark.wait(SOON, |_| true).body).state, "terminated");
}

#[test]
fn a_lot_s_lamp_says_how_many_wait() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let lamp = watch(&carol, "default");
    let status = carol.subscribe("park+default", "presence");
    let first = alice.call_up("park_default_705");
    wait_state(&lamp, "confirmed");
    status.wait(SOON, |body| body.contains("1 call"));
    let second = alice.call_up("park_default_706");
    status.wait(SOON, |body| body.contains("2 calls"));
    first.hangup();
    status.wait(SOON, |body| body.contains("1 call"));
    assert_eq!(read(&lamp.last().expect("a NOTIFY").body).state, "confirmed");
    second.hangup();
    wait_state(&lamp, "terminated");
    status.wait(SOON, |body| !body.contains("call<"));
}

#[test]
fn presence_says_parked_and_then_idle() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let status = carol.subscribe("park+705", "presence");
    let caller = alice.call_up("park_default_705");
    let parked = status.wait(SOON, |body| body.contains("Parked"));
    assert!(parked.body.contains(&format!("705@{DOMAIN}")), "{}", parked.body);
    caller.hangup();
    status.wait(SOON, |body| !body.contains("Parked"));
    status.none_for(MOMENT, |body| body.contains("Parked"));
}

/// What must not be on a lamp is nowhere in its document.
#[track_caller]
fn hides(shown: &str) {
    for secret in ["Alice", "1000"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn privacy_of_the_lot_or_of_the_caller_hides_who_waits() {
    let lots = format!(
        r#"{LOT}<lot name="quiet" orbits="801"><param name="timeout" value="0"/>
        <param name="blf-privacy" value="true"/></lot>"#
    );
    let Some(desk) = Scene::start_real(setup(&lots)) else { return };
    let alice = Phone::new(&desk.switch, "1000").display("Alice");
    let shy = Phone::new(&desk.switch, "1000").display("Alice").private();
    let carol = desk.phone("1002");
    for (phone, lot, orbit) in [(&alice, "quiet", "801"), (&shy, "default", "705")] {
        let lamp = watch(&carol, orbit);
        let caller = phone.call_up(&format!("park_{lot}_{orbit}"));
        hides(&lamp.wait(SOON, |body| read(body).state == "confirmed").body);
        let dave = desk.phone("1003");
        let late = dave.subscribe(&format!("park+{orbit}"), "dialog");
        hides(&late.wait(SOON, |body| read(body).state == "confirmed").body);
        caller.hangup();
        wait_state(&lamp, "terminated");
    }
}

#[test]
fn an_old_call_blinks() {
    let lots = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
        <param name="blf-age" value="2"/></lot>"#;
    let Some(desk) = Scene::start_real(setup(lots)) else { return };
    let alice = Phone::new(&desk.switch, "1000").display("Alice");
    let carol = desk.phone("1002");
    let lamp = watch(&carol, "705");
    let since = lamp.all().len();
    let caller = alice.call_up("park_default_705");
    let lit = lamp.wait(SOON, |body| read(body).state == "confirmed");
    let blinks = lamp.wait(SOON, |body| read(body).state == "early");
    let after = blinks.at - lit.at;
    assert!((1800..3000).contains(&after.as_millis()), "it blinks after {after:?}");
    assert_eq!(read(&blinks.body).name, "Alice");
    let dave = desk.phone("1003");
    let late = dave.subscribe("park+705", "dialog");
    assert_eq!(read(&late.wait(SOON, |_| true).body).state, "early");
    desk.take(&carol, "705", &caller, alice.voice(), Ends::Caller);
    wait_state(&lamp, "terminated");
    std::thread::sleep(MOMENT);
    assert_eq!(lamp.all().len(), since + 3, "lit, blinking, dark: {:#?}", lamp.all());
}

#[test]
fn lamps_can_be_switched_off_and_named_otherwise() {
    let conf = r#"<configuration name="callpark.conf"><settings>
        <param name="presence-proto" value="orbit"/></settings>
        <lots><lot name="default" orbits="701-720"><param name="timeout" value="0"/></lot>
        <lot name="dark" orbits="801"><param name="timeout" value="0"/>
        <param name="blf" value="false"/></lot></lots></configuration>"#;
    let Some(desk) = Scene::start_real(setup(LOT).callpark_conf(conf)) else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let lamp = carol.subscribe("orbit+705", "dialog");
    let dark = carol.subscribe("orbit+801", "dialog");
    let unnamed = carol.subscribe("park+705", "dialog");
    let caller = alice.call_up("park_default_705");
    assert_eq!(wait_state(&lamp, "confirmed").number, "1000");
    let other = alice.call_up("park_dark_801");
    desk.action(&other, "park");
    for lamp in [&dark, &unnamed] {
        lamp.none_for(MOMENT, |body| {
            read(body) != Lamp::default() && read(body).state != "terminated"
        });
    }
    caller.hangup();
    wait_state(&lamp, "terminated");
}
