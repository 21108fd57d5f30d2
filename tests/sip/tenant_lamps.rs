//! The lamps of several tenants on one SIP profile, and of phones that watched before the module was there.

use kit::phone::{Call, Policy, Subscription};
use kit::{Phone, SOON, Scene, Setup};

use super::desk::{LOT, MOMENT, setup};
use super::lamp::{read, wait_state};

const LOTS: &str = r#"
    <lot name="default" domain="a.local" orbits="701-720"><param name="timeout" value="0"/></lot>
    <lot name="default" domain="b.local" orbits="701-720"><param name="timeout" value="0"/></lot>"#;

/// Two tenants, whose profile takes the watchers of each of these domains for those of any other.
fn tenants(lots: &str) -> Setup {
    setup(lots)
        .domain("a.local")
        .domain("b.local")
        .sip_param("presence-hosts", "test.local,a.local,b.local,127.0.0.1")
}

fn phone(desk: &Scene, user: &str, domain: &str) -> Phone {
    let name = format!("{user} of {domain}");
    Phone::new(&desk.switch, user).domain(domain).display(&name).policy(Policy::Answer)
}

fn watch(phone: &Phone, lamp: &str) -> Subscription {
    phone.subscribe(&format!("park+{lamp}"), "dialog")
}

/// Nobody has been shown anything on it that was not dark.
#[track_caller]
fn was_dark(lamp: &Subscription) {
    let lit: Vec<_> =
        lamp.all().into_iter().filter(|it| read(&it.body).state != "terminated").collect();
    assert!(lit.is_empty(), "{lit:#?}");
}

#[track_caller]
fn parks(desk: &Scene, phone: &Phone, orbit: &str) -> Call {
    let call = phone.call_up(&format!("park_default_{orbit}"));
    desk.action(&call, "park");
    call
}

#[test]
fn each_tenant_has_its_own_lamp_of_one_number() {
    [LOTS, super::tenants::COPIES].into_iter().for_each(own_lamps);
}

fn own_lamps(lots: &str) {
    let Some(desk) = Scene::start_real(tenants(lots)) else { return };
    let (ann, bob) = (phone(&desk, "1000", "a.local"), phone(&desk, "1001", "b.local"));
    let (at_a, at_b) = (phone(&desk, "1002", "a.local"), phone(&desk, "1002", "b.local"));
    let (lamp_a, lamp_b) = (watch(&at_a, "701"), watch(&at_b, "701"));
    let (lot_a, lot_b) = (watch(&at_a, "default"), watch(&at_b, "default"));
    for lamp in [&lamp_a, &lamp_b, &lot_a, &lot_b] {
        wait_state(lamp, "terminated");
    }
    let of_b = parks(&desk, &bob, "701");
    assert_eq!(wait_state(&lamp_b, "confirmed").name, "1001 of b.local");
    wait_state(&lot_b, "confirmed");
    std::thread::sleep(MOMENT);
    was_dark(&lamp_a);
    was_dark(&lot_a);
    // A phone that comes later learns its own tenant's state, too.
    let late = phone(&desk, "1003", "a.local");
    let late_a = watch(&late, "701");
    wait_state(&late_a, "terminated");
    let of_a = parks(&desk, &ann, "701");
    for lamp in [&lamp_a, &late_a] {
        assert_eq!(wait_state(lamp, "confirmed").name, "1000 of a.local");
    }
    lamp_b.none_for(MOMENT, |_| true);
    of_b.hangup();
    wait_state(&lamp_b, "terminated");
    wait_state(&lot_b, "terminated");
    lamp_a.none_for(MOMENT, |_| true);
    of_a.hangup();
    wait_state(&lamp_a, "terminated");
    wait_state(&lot_a, "terminated");
    lamp_b.none_for(MOMENT, |_| true);
}

/// The number is an orbit of a lot of everybody's as well.
#[test]
fn a_tenant_does_not_see_the_lamp_of_everybody_s_lot_in_place_of_its_own() {
    let lots = r#"
        <lot name="default" orbits="701-720"><param name="timeout" value="0"/></lot>
        <lot name="default" domain="b.local" orbits="701-710"><param name="timeout" value="0"/></lot>"#;
    let Some(desk) = Scene::start_real(tenants(lots)) else { return };
    let (alice, bob) = (desk.phone("1000"), phone(&desk, "1001", "b.local"));
    let (home, at_b) = (desk.phone("1002"), phone(&desk, "1002", "b.local"));
    let (lamp, lamp_b, shared_b) = (watch(&home, "701"), watch(&at_b, "701"), watch(&at_b, "711"));
    for lamp in [&lamp, &lamp_b, &shared_b] {
        wait_state(lamp, "terminated");
    }
    let call = parks(&desk, &alice, "701");
    wait_state(&lamp, "confirmed");
    std::thread::sleep(MOMENT);
    was_dark(&lamp_b);
    let of_b = parks(&desk, &bob, "701");
    assert_eq!(wait_state(&lamp_b, "confirmed").name, "1001 of b.local");
    lamp.none_for(MOMENT, |_| true);
    let shared = parks(&desk, &alice, "711");
    assert_eq!(wait_state(&shared_b, "confirmed").number, "1000");
    for (call, lamp) in [(&call, &lamp), (&of_b, &lamp_b), (&shared, &shared_b)] {
        call.hangup();
        wait_state(lamp, "terminated");
    }
}

#[test]
fn another_tenant_s_lamp_stays_dark() {
    let Some(desk) = Scene::start_real(tenants(LOTS)) else { return };
    let bob = phone(&desk, "1001", "b.local");
    let spy = phone(&desk, "1002", "a.local");
    let early = [watch(&spy, "701@b.local"), watch(&spy, "default@B.LOCAL")];
    let call = parks(&desk, &bob, "701");
    let late = [watch(&spy, "701@b.local"), watch(&spy, "default@b.local")];
    // Nor does it help to be of the switch's own domain, or to watch by the switch's address.
    let other_spy = phone(&desk, "1003", "test.local");
    let by_address = [watch(&other_spy, "701@b.local"), watch(&spy, "701@127.0.0.1")];
    std::thread::sleep(MOMENT);
    for lamp in early.iter().chain(&late).chain(&by_address) {
        lamp.refresh();
    }
    call.hangup();
    desk.wait_empty();
    std::thread::sleep(MOMENT);
    for lamp in early.iter().chain(&late).chain(&by_address) {
        was_dark(lamp);
    }
}

#[test]
fn a_domain_may_be_spelled_in_any_way() {
    let Some(desk) = Scene::start_real(tenants(LOTS)) else { return };
    let (bob, carol) = (phone(&desk, "1001", "b.local"), phone(&desk, "1002", "b.local"));
    let shouting = phone(&desk, "1003", "B.Local");
    let lamps = [watch(&carol, "701@B.LOCAL"), watch(&shouting, "701"), watch(&carol, "701")];
    for lamp in &lamps {
        wait_state(lamp, "terminated");
    }
    let call = parks(&desk, &bob, "701");
    for lamp in &lamps {
        wait_state(lamp, "confirmed");
    }
    call.hangup();
    for lamp in &lamps {
        wait_state(lamp, "terminated");
    }
}

/// Loads the module and waits until it has said what it has to.
#[track_caller]
fn load(desk: &Scene) {
    assert!(desk.switch.api("load mod_callpark").contains("+OK"));
}

#[test]
fn a_phone_that_watched_before_the_module_was_loaded_is_shown_what_is_true() {
    for lots in [LOT, LOTS] {
        let setup = tenants(lots).load_module(false);
        let Some(desk) = Scene::start_real(setup) else { return };
        let (bob, carol) = (phone(&desk, "1001", "b.local"), phone(&desk, "1002", "b.local"));
        let ann = phone(&desk, "1002", "a.local");
        let (lamp, whole, other) =
            (watch(&carol, "701"), watch(&carol, "default"), watch(&ann, "701"));
        load(&desk);
        for lamp in [&lamp, &whole, &other] {
            // At once, without subscribing again.
            wait_state(lamp, "terminated");
        }
        let call = parks(&desk, &bob, "701");
        wait_state(&lamp, "confirmed");
        wait_state(&whole, "confirmed");
        // Loaded again, with a call parked that the unloading ends.
        assert!(desk.switch.api("unload -f mod_callpark").starts_with("+OK"));
        call.wait_ended(SOON);
        wait_state(&lamp, "terminated");
        wait_state(&whole, "terminated");
        load(&desk);
        let call = parks(&desk, &bob, "701");
        wait_state(&lamp, "confirmed");
        wait_state(&whole, "confirmed");
        call.hangup();
        wait_state(&lamp, "terminated");
        wait_state(&whole, "terminated");
        if lots == LOTS {
            was_dark(&other);
        }
    }
}

/// The tenant's lot loses the orbit, or the whole lot goes, while a call is in it.
#[test]
fn the_lamp_of_an_orbit_that_was_taken_away_goes_out_with_its_call() {
    let Some(desk) = Scene::start_real(tenants(LOTS)) else { return };
    let (ann, watcher) = (phone(&desk, "1000", "a.local"), phone(&desk, "1002", "a.local"));
    let conf = |lots: &str| {
        format!(
            "<configuration name=\"callpark.conf\">\n<lots>\n{lots}\n</lots>\n</configuration>\n"
        )
    };
    let fewer = LOTS.replace("701-720", "701");
    for lots in [fewer.as_str(), LOT] {
        desk.switch.write_callpark_conf(Some(&conf(LOTS)));
        assert!(desk.api("reload").starts_with("+OK"));
        let (lamp, whole) = (watch(&watcher, "705"), watch(&watcher, "default"));
        let call = parks(&desk, &ann, "705");
        wait_state(&lamp, "confirmed");
        wait_state(&whole, "confirmed");
        desk.switch.write_callpark_conf(Some(&conf(lots)));
        assert!(desk.api("reload").starts_with("+OK"));
        call.hangup();
        wait_state(&lamp, "terminated");
        wait_state(&whole, "terminated");
        lamp.end();
        whole.end();
    }
}
