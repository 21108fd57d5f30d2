//! Lots that are made when they are first used.

use super::*;
use crate::park::lot::Lot;

fn open() -> Park {
    let mut park = Park::new(1);
    park.make_lots();
    park
}

fn slot(name: &str) -> OrbitName {
    OrbitName::slot(name).unwrap()
}

fn at_slot(uuid: &str, lot: &str, name: &str) -> ParkRequest {
    ParkRequest { orbit: Want::Orbit(slot(name)), ..request(uuid, lot) }
}

fn between(uuid: &str, lot: &str, first: u64, last: u64) -> ParkRequest {
    ParkRequest { orbit: Want::Between(first, last), ..request(uuid, lot) }
}

fn place(lot: &str, name: &str) -> OrbitKey {
    OrbitKey { lot: key(lot), orbit: slot(name) }
}

#[test]
fn a_lot_is_made_with_its_first_call_and_goes_with_its_last() {
    let mut park = open();
    for name in ["*5901", "bob", "0701", "701", "99999999"] {
        let parked = park.park(T0, at_slot(name, "park@a.com", name)).unwrap();
        assert_eq!(parked, place("park@a.com", name));
        let refused = park.park(T0, at_slot("second", "park@a.com", name)).unwrap_err();
        assert_eq!((refused.refusal, refused.then), (Refusal::Occupied, AfterRefusal::Parker));
    }
    let lots = park.lots();
    assert_eq!((lots.len(), lots[0].parked, lots[0].draining), (1, 5, 0));
    assert_eq!(lots[0].capacity, lots[0].parked + lots[0].free);
    assert_eq!(park.orbit_at("*5901", Some("a.com")), Some(place("park@a.com", "*5901")));
    assert_eq!(park.orbit_at("*5901", Some("b.com")), None);
    assert!(park.has_tenant("a.com") && park.is_of_a_tenant("bob"));
    for name in ["*5901", "bob", "0701", "701", "99999999"] {
        park.gone(at(5), &name.into(), End::HungUp);
    }
    assert!(park.lots().is_empty() && !park.has_tenant("a.com") && !park.is_of_a_tenant("bob"));
    // A call that cannot be parked leaves no lot behind.
    park.park(T0, between("x", "other", 9, 5)).unwrap_err();
    assert!(park.lots().is_empty());
}

#[test]
fn without_it_no_lot_is_made() {
    let mut park = Park::new(1);
    let refused = park.park(T0, at_slot("a", "park", "1")).unwrap_err();
    assert_eq!(refused.refusal, Refusal::UnknownLot);
}

#[test]
fn the_first_free_number_of_a_range_is_given() {
    let mut park = open();
    let mut given = |uuid: &str, first, last| {
        park.park(T0, between(uuid, "park", first, last)).map(|place| place.orbit.to_string())
    };
    assert_eq!(given("a", 5901, 5902).unwrap(), "5901");
    assert_eq!(given("b", 5901, 5902).unwrap(), "5902");
    assert_eq!(given("c", 5901, 5902).unwrap_err().refusal, Refusal::Full);
    assert_eq!(given("c", 1, u64::MAX).unwrap(), "1");
    assert_eq!(given("d", 99, 10_001).unwrap(), "99");
    park.gone(at(1), &"a".into(), End::HungUp);
    let again = park.park(at(2), between("e", "park", 5901, 5902)).unwrap();
    assert_eq!(again.orbit.to_string(), "5901");
    // In a lot that is configured, among its orbits.
    park.configure(T0, vec![lot("default", "0701-0705,*1-*3,98-101")]);
    for expected in ["99", "100", "101"] {
        let place = park.park(T0, between(expected, "default", 99, 800)).unwrap();
        assert_eq!(place.orbit.to_string(), expected);
    }
    let refused = park.park(T0, between("f", "default", 99, 800)).unwrap_err();
    assert_eq!(refused.refusal, Refusal::Full);
}

#[test]
fn an_orbit_has_just_been_emptied_for_ten_seconds() {
    let mut park = open();
    let there = place("park", "5901");
    assert_eq!(park.slot_state(T0, &there), SlotState::Free);
    park.park(T0, at_slot("a", "park", "5901")).unwrap();
    assert_eq!(park.slot_state(at(60_000), &there), SlotState::Taken);
    park.gone(at(60_000), &"a".into(), End::HungUp);
    assert_eq!(park.slot_state(at(69_999), &there), SlotState::JustEmptied);
    assert_eq!(park.slot_state(at(69_999), &place("park", "5902")), SlotState::Free);
    assert_eq!(park.slot_state(at(70_000), &there), SlotState::Free);
}

#[test]
fn a_reload_keeps_a_lot_that_was_made_and_configures_it_if_it_is_named() {
    let mut park = open();
    park.park(T0, at_slot("a", "park", "*5901")).unwrap();
    park.park(T0, at_slot("b", "park", "701")).unwrap();
    park.configure(T0, vec![lot("default", "801")]);
    park.park(T0, at_slot("c", "park", "*5902")).unwrap();
    park.configure(T0, vec![lot("park", "701-702")]);
    let view = &park.lots()[0];
    assert_eq!((view.capacity, view.parked, view.draining), (2, 3, 2));
    let refused = park.park(T0, at_slot("d", "park", "*5903")).unwrap_err();
    assert_eq!(refused.refusal, Refusal::UnknownOrbit);
    // It is made again when it is configured no longer, with calls in it or without.
    park.configure(T0, vec![lot("default", "801")]);
    park.park(T0, at_slot("d", "park", "*5903")).unwrap();
    for uuid in ["a", "b", "c", "d"] {
        park.gone(T0, &uuid.into(), End::HungUp);
    }
    let left: Vec<String> = park.lots().iter().map(|lot| lot.lot.to_string()).collect();
    assert_eq!(left, ["default"]);
}

#[test]
fn a_reservation_keeps_a_lot_and_a_closed_one_stays() {
    let mut park = open();
    let held = park.reserve(T0, &"a".into(), &key("park"), Want::Between(5, 6), 1_000).unwrap();
    assert_eq!(held, place("park", "5"));
    assert_eq!(park.unreserve(&"a".into()), Some(held));
    assert!(park.lots().is_empty());
    park.park(T0, at_slot("a", "park", "5")).unwrap();
    park.close(&key("park"), None).unwrap();
    park.gone(T0, &"a".into(), End::HungUp);
    let refused = park.park(T0, at_slot("b", "park", "*7")).unwrap_err();
    assert_eq!(refused.refusal, Refusal::Closed);
    park.open(&key("park"), None).unwrap();
    assert!(park.lots().is_empty());
}

#[test]
fn there_is_a_limit_of_calls_in_a_lot_and_of_lots() {
    let mut park = open();
    for n in 0..MOST_SLOTS {
        park.park(T0, between(&n.to_string(), "park", 1, u64::MAX)).unwrap();
    }
    for want in [Want::Between(1, u64::MAX), Want::Orbit(slot("*1")), Want::Auto] {
        let refused = park.park(T0, ParkRequest { orbit: want, ..request("x", "park") });
        assert_eq!(refused.unwrap_err().refusal, Refusal::Full);
    }
    for n in 1..MOST_MADE_LOTS {
        park.park(T0, at_slot(&format!("l{n}"), &format!("lot{n}"), "1")).unwrap();
    }
    let refused = park.park(T0, at_slot("x", "another", "1")).unwrap_err();
    assert_eq!(refused.refusal, Refusal::UnknownLot);
}

#[test]
fn a_consultation_hands_on_its_slot_though_its_lot_was_empty() {
    let mut park = open();
    park.park(T0, at_slot("a", "park@a.com", "*5901")).unwrap();
    park.hand_on(T0, &"a".into(), &"b".into(), 5_000);
    let parked = park.park(T0, between("b", "park@a.com", 1, 2)).unwrap();
    assert_eq!(parked, place("park@a.com", "*5901"));
}

#[test]
fn another_orbit_of_a_lot_keeps_the_lot() {
    let mut park = open();
    for name in ["5", "*7", "5"] {
        let want = Want::Orbit(slot(name));
        let held = park.reserve(T0, &"a".into(), &key("park"), want, 1_000).unwrap();
        assert_eq!(held, place("park", name));
        assert_eq!(park.lots().iter().map(|lot| lot.reserved).collect::<Vec<_>>(), [1]);
    }
    assert_eq!(park.park(T0, at_slot("a", "park", "5")), Ok(place("park", "5")));
    park.gone(T0, &"a".into(), End::HungUp);
    assert!(park.lots().is_empty());
}

/// What is known of lots that were made, and of what is in them, is what looking at each of them would find.
#[test]
fn what_is_known_of_all_of_them_is_what_is_true_of_each() {
    const DOMAINS: [Option<&str>; 3] = [None, Some("a.com"), Some("b.com")];
    let mut rng = fastrand::Rng::with_seed(7);
    let mut park = open();
    let shared = LotConfig { per_domain: true, ..lot("shared", "701-703") };
    for turn in 0..3_000u64 {
        let name = ["p", "q", "shared"][rng.usize(..3)];
        let lot_name = match DOMAINS[rng.usize(..3)] {
            Some(domain) => format!("{name}@{domain}"),
            None => name.to_owned(),
        };
        let uuid = rng.u32(..12).to_string();
        let at_orbit = ["701", "702", "*9", "bob"][rng.usize(..4)];
        match rng.u32(..12) {
            0..6 => drop(park.park(Moment(turn), at_slot(&uuid, &lot_name, at_orbit))),
            6..9 => park.gone(Moment(turn), &uuid.as_str().into(), End::HungUp),
            9 => {
                let want = Want::Orbit(slot(at_orbit));
                drop(park.reserve(Moment(turn), &uuid.as_str().into(), &key(&lot_name), want, 9));
                park.handle_timeout(Moment(turn));
            }
            10 => {
                let from = park.find(T0, &uuid.as_str().into()).map(|call| call.place());
                let want = Want::Orbit(slot(at_orbit));
                drop(from.map(|from| park.move_call(T0, &from, &key(&lot_name), want)));
            }
            _ => {
                let lots =
                    [vec![], vec![shared.clone()], vec![lot("p@a.com", "701"), lot("q", "9")]];
                park.configure(Moment(turn), lots[rng.usize(..3)].clone());
            }
        }
        drop(park.take_effects());
        let is_made = |lot: &Lot| lot.has_any_orbit() || lot.is_copy();
        let made: Vec<(&LotKey, &Lot)> = park.lots.iter().filter(|(_, lot)| is_made(lot)).collect();
        for name in ["701", "702", "*9", "bob", "p", "q", "shared"] {
            let holds = |lot: &Lot| lot.slot(&slot(name)).is_some();
            for domain in DOMAINS.map(|domain| domain.map(std::sync::Arc::from)) {
                let here = made.iter().find(|(key, lot)| key.domain == domain && holds(lot));
                let found = here.map(|(key, _)| (*key).clone());
                assert_eq!(park.made_with(&domain, &slot(name)), found, "turn {turn}");
                let has = made.iter().any(|(key, _)| key.domain == domain);
                assert_eq!(park.made.has_domain(&domain), has);
            }
            let is_tenants = made.iter().any(|(key, lot)| {
                key.domain.is_some() && (key.name.as_str() == name || holds(lot))
            });
            assert_eq!(park.is_made_of_a_tenant(name), is_tenants, "turn {turn}");
        }
    }
}
