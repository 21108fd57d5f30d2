//! Lamps over time: through every kind of end, a reload, an unloading, and many at once.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kit::phone::Subscription;
use kit::{Phone, SOON, Scene, new_uuid, two_way};

use super::desk::{LOT, MOMENT, open, setup};
use super::lamp::{read, wait_state, watch};

#[test]
fn however_a_call_ends_its_lamp_goes_out() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let lamp = watch(&carol, "705");
    let whole = watch(&carol, "default");
    let other = watch(&carol, "706");
    for end in ["caller", "kill", "drop", "transfer", "bridge", "move"] {
        let caller = alice.call_up("park_default_705");
        wait_state(&lamp, "confirmed");
        wait_state(&whole, "confirmed");
        match end {
            "caller" => caller.hangup(),
            "kill" => assert!(desk.switch.kill(caller.uuid())),
            "drop" => assert!(desk.api("drop default 705").starts_with("+OK")),
            "transfer" => {
                desk.switch.api(&format!("uuid_transfer {} 7777 XML default", caller.uuid()));
            }
            "bridge" => {
                let leg = new_uuid();
                desk.switch.originate(&leg, "7777", &[]);
                desk.switch.api(&format!("uuid_bridge {} {leg}", caller.uuid()));
            }
            _ => {
                assert!(desk.api("move default 705 default 706").starts_with("+OK"));
                assert_eq!(wait_state(&other, "confirmed").number, "1000");
            }
        }
        wait_state(&lamp, "terminated");
        caller.hangup();
        wait_state(&whole, "terminated");
        if end == "move" {
            wait_state(&other, "terminated");
        }
        lamp.none_for(MOMENT, |body| read(body).state != "terminated");
    }
}

/// The call waits on, so nothing has changed for who looks at the lamp.
#[test]
fn a_retriever_who_comes_to_nothing_does_not_make_the_lamp_flicker() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let bob = Phone::new(&desk.switch, "1001");
    bob.register();
    let lamp = watch(&carol, "705");
    let caller = alice.call_up("park_default_705");
    wait_state(&lamp, "confirmed");
    assert!(desk.api("retrieve default 705 user/1001@test.local").starts_with("+OK"));
    let ringing = bob.incoming(SOON);
    ringing.reject(486);
    lamp.none_for(MOMENT, |_| true);
    let call = carol.call_up("705");
    two_way(&call, alice.voice(), &caller, carol.voice());
    wait_state(&lamp, "terminated");
    lamp.none_for(MOMENT, |_| true);
}

/// The module reads after each reload who watches what. That is nothing that the phone has asked.
#[test]
fn reloads_take_nothing_from_what_a_phone_may_ask() {
    let Some(desk) = open() else { return };
    let carol = desk.phone("1002");
    let _lamps: Vec<_> = (0..60).map(|n| watch(&carol, &(701 + n % 20).to_string())).collect();
    for _ in 0..12 {
        assert!(desk.api("reload").starts_with("+OK"));
        std::thread::sleep(MOMENT);
    }
    for orbit in 701..=720 {
        let _ = watch(&carol, &orbit.to_string());
    }
}

fn conf(lots: &str) -> String {
    format!("<configuration name=\"callpark.conf\"><lots>{lots}</lots></configuration>")
}

#[test]
fn lamps_are_right_after_a_reload() {
    let Some(desk) = open() else { return };
    let alice = Phone::new(&desk.switch, "1000").display("Alice");
    let carol = desk.phone("1002");
    let lamp = watch(&carol, "705");
    let caller = alice.call_up("park_default_705");
    wait_state(&lamp, "confirmed");
    let reload = |lots: &str| {
        desk.switch.write_callpark_conf(Some(&conf(lots)));
        let answer = desk.api("reload");
        assert!(answer.starts_with("+OK"), "{answer}");
    };
    // Nothing about lamps has changed.
    reload(LOT);
    lamp.none_for(MOMENT, |body| read(body).state != "confirmed");
    let with = |param: &str| LOT.replace("</lot>", &format!("{param}</lot>"));
    reload(&with(r#"<param name="blf" value="false"/>"#));
    wait_state(&lamp, "terminated");
    reload(LOT);
    assert_eq!(wait_state(&lamp, "confirmed").name, "Alice");
    reload(&with(r#"<param name="blf-privacy" value="true"/>"#));
    let hidden = lamp.wait(SOON, |body| !body.contains("Alice"));
    assert_eq!(read(&hidden.body).state, "confirmed");
    reload(&with(r#"<param name="blf-age" value="1"/>"#));
    assert_eq!(wait_state(&lamp, "early").name, "Alice");
    caller.hangup();
    wait_state(&lamp, "terminated");
}

/// Lamps can be given another name while one is lit.
#[test]
fn a_lamp_of_the_old_name_goes_out_and_the_new_one_is_lit() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let before = watch(&carol, "705");
    let after = carol.subscribe("orbit+705", "dialog");
    let caller = alice.call_up("park_default_705");
    wait_state(&before, "confirmed");
    let renamed = conf(LOT).replace(
        "<lots>",
        r#"<settings><param name="presence-proto" value="orbit"/></settings><lots>"#,
    );
    desk.switch.write_callpark_conf(Some(&renamed));
    assert!(desk.api("reload").starts_with("+OK"));
    wait_state(&before, "terminated");
    assert_eq!(wait_state(&after, "confirmed").number, "1000");
    caller.hangup();
    wait_state(&after, "terminated");
}

#[test]
fn lamps_go_out_when_the_module_is_unloaded_and_work_when_it_is_back() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let lamp = watch(&carol, "705");
    let whole = watch(&carol, "default");
    let caller = alice.call_up("park_default_705");
    wait_state(&lamp, "confirmed");
    assert!(desk.switch.api("unload -f mod_callpark").starts_with("+OK"));
    caller.wait_ended(SOON);
    wait_state(&lamp, "terminated");
    wait_state(&whole, "terminated");
    assert!(desk.switch.api("load mod_callpark").contains("+OK"));
    let caller = alice.call_up("park_default_705");
    wait_state(&lamp, "confirmed");
    wait_state(&whole, "confirmed");
    caller.hangup();
    wait_state(&lamp, "terminated");
}

const MANY: usize = 200;

/// When an event was made, by the switch's clock, which is ours.
fn made(event: &kit::Event) -> Instant {
    let micros: u64 = event.text("Event-Date-Timestamp").parse().expect("a time in µs");
    let age = SystemTime::now().duration_since(UNIX_EPOCH + Duration::from_micros(micros));
    Instant::now() - age.unwrap_or_default()
}

/// How long the `percent`th of these took.
fn percentile(took: &mut [Duration], percent: usize) -> Duration {
    took.sort();
    took[(took.len() * percent / 100).min(took.len() - 1)]
}

#[test]
fn two_hundred_lamps_each_told_once_a_change_within_100_ms() {
    let lots = r#"<lot name="default" orbits="2001-2200"><param name="timeout" value="0"/></lot>"#;
    let Some(desk) = Scene::start_real(setup(lots)) else { return };
    let carol = desk.phone("1002");
    let orbits: Vec<usize> = (2001..2001 + MANY).collect();
    let lamps: Vec<Subscription> =
        orbits.iter().map(|orbit| carol.subscribe(&format!("park+{orbit}"), "dialog")).collect();
    for lamp in &lamps {
        lamp.wait(SOON, |body| read(body).state == "terminated");
    }
    std::thread::sleep(MOMENT);
    // Again if it took too long: a machine that does other things as well says nothing about the module.
    let longest = |_| changes_of_all(&desk, &orbits, &lamps);
    let quick = (0..3).map(longest).find(|p95| *p95 < Duration::from_millis(100));
    assert!(quick.is_some(), "three times it took too long");
}

/// Every orbit is taken and left again, and every lamp told once of each; the longer 95th percentile of the two.
fn changes_of_all(desk: &Scene, orbits: &[usize], lamps: &[Subscription]) -> Duration {
    let before: Vec<usize> = lamps.iter().map(|lamp| lamp.all().len()).collect();
    let uuids: Vec<String> = orbits.iter().map(|_| new_uuid()).collect();
    for (orbit, uuid) in orbits.iter().zip(&uuids) {
        desk.switch.originate(uuid, &format!("park_default_{orbit}"), &[]);
    }
    let change = |n: usize, state: &str, of: &dyn Fn(&kit::Event) -> bool| -> Duration {
        let took = |((lamp, uuid), before): ((&Subscription, &String), &usize)| {
            let event = desk.events.wait(SOON, |e| e.is("Callpark-UUID", uuid) && of(e));
            let begun = made(&event);
            let told = desk
                .switch
                .eventually(SOON, "a lamp is told", || lamp.all().get(before + n).cloned());
            assert_eq!(read(&told.body).state, state);
            told.at.saturating_duration_since(begun)
        };
        let mut took: Vec<_> = lamps.iter().zip(&uuids).zip(&before).map(took).collect();
        let (p50, p95) = (percentile(&mut took, 50), percentile(&mut took, 95));
        println!("{state}: median {p50:?}, p95 {p95:?}, longest {:?}", took.last());
        p95
    };
    let lit = change(0, "confirmed", &|e| e.is("Callpark-Action", "park"));
    for uuid in &uuids {
        desk.switch.kill(uuid);
        // As fast as calls come, not all at one instant: that measures how fast FreeSWITCH sends.
        std::thread::sleep(Duration::from_millis(10));
    }
    let dark = change(1, "terminated", &|e| !e.text("Callpark-Outcome").is_empty());
    std::thread::sleep(Duration::from_secs(1));
    for (lamp, before) in lamps.iter().zip(before) {
        let all = lamp.all();
        assert_eq!(all.len(), before + 2, "one for each change: {all:#?}");
    }
    lit.max(dark)
}
