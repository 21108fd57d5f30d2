//! Phones that ask for lamps far too often, and under names that there are not.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use kit::{Esl, Phone, SOON, Scene, new_uuid};

use super::desk::{LOT, MOMENT, setup};
use super::lamp::{read, wait_state, watch};

const MANY: usize = 10_000;

/// A phone asks for a lamp, as mod_sofia says it.
fn ask(esl: &mut Esl, to: &str, from: &str, call_id: &str, expires: &str) {
    let headers = [
        ("proto", "park"),
        ("to", to),
        ("from", from),
        ("expires", expires),
        ("sub-call-id", call_id),
    ];
    esl.send_event("PRESENCE_PROBE", &headers, "").expect("the event socket");
}

/// How many are told when a call is parked in 701, and how soon the lamp of 702 is lit.
fn told(desk: &Scene, phone: &Phone) -> usize {
    let events = desk.switch.events(&["PRESENCE_IN"]);
    let other = watch(phone, "702");
    events.drain();
    let (first, second) = (new_uuid(), new_uuid());
    desk.switch.originate(&first, "park_default_701", &[]);
    let begun = Instant::now();
    desk.switch.originate(&second, "park_default_702", &[]);
    wait_state(&other, "confirmed");
    let lit = begun.elapsed();
    std::thread::sleep(Duration::from_secs(2));
    let told = events.drain().iter().filter(|e| e.text("login") == "701").count();
    println!("FIGURE: {told} are told of 701; the lamp of 702 is lit after {lit:?}");
    assert!(lit < Duration::from_secs(1), "{lit:?}");
    desk.switch.kill(&first);
    desk.switch.kill(&second);
    wait_state(&other, "terminated");
    other.end();
    desk.wait_empty();
    told
}

#[test]
fn made_up_domains_and_names_leave_no_trace() {
    let setup = setup(LOT)
        .domain("tenant.local")
        .without_sip_param("force-subscription-domain")
        .without_sip_param("presence-hosts");
    let Some(desk) = Scene::start_real(setup) else { return };
    let carol = desk.phone("1002");
    let before = desk.switch.rss_kib();
    let mut esl = desk.switch.esl_patient();
    for n in 0..MANY {
        let domain = format!("d{n}.example");
        let (to, from) = (format!("park+701@{domain}"), format!("1@{domain}"));
        ask(&mut esl, &to, &from, &n.to_string(), "3600");
    }
    let huge = "7".repeat(60_000);
    for to in [format!("park+{huge}@test.local"), format!("park+701@{huge}")] {
        ask(&mut esl, &to, "1@test.local", "huge", "18446744073709551616");
    }
    ask(&mut esl, "park+701@tenant.local", "1@tenant.local", "for-ever", "18446744073709551616");
    // A real phone of another domain comes last, and is told all the same.
    let lamp = carol.subscribe("park+701@tenant.local", "dialog");
    wait_state(&lamp, "terminated");
    let told = told(&desk, &carol);
    assert!(told < 400, "{told} are told");
    wait_state(&lamp, "confirmed");
    wait_state(&lamp, "terminated");
    lamp.none_for(MOMENT, |body| read(body).state != "terminated");
    println!("FIGURE: {} KiB more", desk.switch.rss_kib().saturating_sub(before));
}

#[test]
fn one_phone_with_many_subscriptions_is_one_phone() {
    let lots = r#"<lot name="default" domain="a.local" orbits="701-720"><param name="timeout" value="0"/></lot>
        <lot name="default" orbits="801-820"><param name="timeout" value="0"/></lot>"#;
    let setup = setup(lots)
        .domain("a.local")
        .sip_param("presence-hosts", "test.local,a.local,127.0.0.1")
        .extension("parks_at_a", &[("set", "domain_name=a.local"), ("callpark", "default 701")]);
    let Some(desk) = Scene::start_real(setup) else { return };
    let ann = Phone::new(&desk.switch, "1000").domain("a.local");
    let lamp = ann.subscribe("park+701", "dialog");
    wait_state(&lamp, "terminated");
    let mut esl = desk.switch.esl_patient();
    for n in 0..2 * MANY {
        ask(&mut esl, "park+701@a.local", "1001@a.local", &format!("c{n}"), "3600");
    }
    for n in 0..100 {
        // These end what they have never begun.
        ask(&mut esl, "park+701@a.local", &format!("{n}@a.local"), &format!("e{n}"), "0");
    }
    // All have got their answer when this one has.
    lamp.refresh();
    wait_state(&lamp, "terminated");
    let events = desk.switch.events(&["PRESENCE_IN"]);
    let caller = new_uuid();
    desk.switch.originate(&caller, "parks_at_a", &[]);
    wait_state(&lamp, "confirmed");
    std::thread::sleep(Duration::from_secs(1));
    let told = events.drain().iter().filter(|e| e.text("login") == "701").count();
    println!("FIGURE: {told} are told");
    assert!(told < 20, "{told} are told");
    desk.switch.kill(&caller);
    wait_state(&lamp, "terminated");
}

#[test]
fn a_storm_delays_no_deadline() {
    let lots = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
        <return><step to="user/1019@$${domain}"/></return></lot>"#;
    let setup = setup(lots)
        .without_sip_param("force-subscription-domain")
        .without_sip_param("presence-hosts")
        .extension("waits", &[("set", "callpark_timeout=2"), ("callpark", "default 710")]);
    let Some(desk) = Scene::start_real(setup) else { return };
    let carol = desk.phone("1002");
    let lamp = watch(&carol, "701");
    let mut esl = desk.switch.esl_patient();
    for n in 0..MANY {
        let domain = format!("d{n}.example");
        ask(&mut esl, &format!("park+701@{domain}"), &format!("1@{domain}"), &n.to_string(), "60");
    }
    lamp.refresh();
    wait_state(&lamp, "terminated");
    let caller = new_uuid();
    desk.switch.originate(&caller, "waits", &[]);
    desk.events.wait(SOON, |e| e.is("Callpark-UUID", &caller) && e.is("Callpark-Action", "park"));
    std::thread::sleep(Duration::from_millis(1_950));
    for n in 0..5 {
        let uuid = new_uuid();
        desk.switch.originate(&uuid, "park_default_701", &[]);
        desk.switch.kill(&uuid);
        ask(&mut esl, "park+701@test.local", "1@test.local", &format!("x{n}"), "60");
    }
    let due = desk
        .events
        .wait(SOON, |e| e.is("Callpark-UUID", &caller) && e.is("Callpark-Action", "return"));
    let late = due.text("Callpark-Wait-Ms").parse::<i64>().expect("ms") - 2000;
    println!("FIGURE: the deadline was {late} ms late");
    assert!((0..100).contains(&late), "{late} ms late");
}

#[test]
fn a_watched_lamp_goes_before_those_that_nobody_watches() {
    let lots = r#"<lot name="default" orbits="701-800"><param name="timeout" value="0"/></lot>"#;
    let Some(desk) = Scene::start_real(setup(lots)) else { return };
    let carol = desk.phone("1002");
    let lamp = watch(&carol, "800");
    let events = desk.switch.events(&["PRESENCE_IN"]);
    let others: Vec<String> = (0..90).map(|_| new_uuid()).collect();
    for uuid in &others {
        desk.switch.originate(uuid, "park_default_auto", &[]);
    }
    let watched = new_uuid();
    let begun = Instant::now();
    desk.switch.originate(&watched, "park_default_800", &[]);
    wait_state(&lamp, "confirmed");
    let lit = begun.elapsed();
    for uuid in &others[..45] {
        desk.switch.kill(uuid);
    }
    desk.switch.kill(&watched);
    wait_state(&lamp, "terminated");
    lamp.end();
    std::thread::sleep(MOMENT);
    let mut states = HashMap::new();
    let mut shown = || {
        let shown = events.drain().into_iter().filter(|e| e.is("proto", "park"));
        let shown = shown.filter(|e| !e.is("login", "800") && !e.is("login", "default"));
        states
            .extend(shown.map(|e| (e.text("login").to_owned(), e.text("answer-state").to_owned())));
        (states.len(), states.values().filter(|state| *state == "confirmed").count())
    };
    let (early, _) = shown();
    println!("FIGURE: the watched lamp is lit after {lit:?}; {early} others are shown meanwhile");
    assert!(lit < Duration::from_secs(1), "{lit:?}");
    assert!(early < 85, "{early} lamps that nobody watches are shown at once");
    // In the end each is shown as it is.
    desk.switch.eventually(Duration::from_secs(60), "all lamps are shown", || {
        (shown().1 == 45).then_some(())
    });
    for uuid in &others[45..] {
        desk.switch.kill(uuid);
    }
    desk.wait_empty();
}

#[test]
fn one_phone_that_asks_all_the_time_is_answered_last() {
    let Some(desk) = Scene::start_real(setup(LOT)) else { return };
    let carol = desk.phone("1002");
    let mut esl = desk.switch.esl_patient();
    let events = desk.switch.events(&["PRESENCE_IN"]);
    for n in 0..1_000 {
        ask(&mut esl, "park+701@test.local", "1001@test.local", &format!("c{n}"), "60");
    }
    let lamp = watch(&carol, "702");
    std::thread::sleep(Duration::from_secs(2));
    let answers = events.drain().iter().filter(|e| e.text("login") == "701").count();
    println!("FIGURE: {answers} of 1,000 are answered");
    assert!((500..530).contains(&answers), "{answers} are answered");
    lamp.end();
}
