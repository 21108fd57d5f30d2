use super::*;

#[test]
fn parking_gives_an_orbit_an_event_and_a_lamp() {
    let mut park = park_of_five();
    let done = park.park(T0, request("a", "default")).unwrap();
    assert_eq!((done.lot, done.orbit), (key("default"), orbit("701")));
    let effects = park.take_effects();
    assert_eq!(told(&effects), ["park"]);
    assert_eq!(lamps(&effects), ["default 701"]);
    assert_eq!(counts(&park, "default"), [5, 1, 4, 0, 0, 0]);
    assert_eq!(park.poll_timeout(), Some(at(60_000)));
    assert_eq!(park.verdict(&"a".into()), Verdict::Hold);
}

#[test]
fn an_orbit_that_is_asked_for_is_given() {
    let mut park = park_of_five();
    assert_eq!(parked(&mut park, wanting("a", "default", "704")), "default 704");
    assert_eq!(refused(&mut park, wanting("b", "default", "706")).0, Refusal::UnknownOrbit);
    assert_eq!(refused(&mut park, request("b", "other")).0, Refusal::UnknownLot);
    assert_eq!(refused(&mut park, request("a", "default")).0, Refusal::AlreadyParked);
    let eager = known(request("b", "default"), |info| info.priority = 10);
    assert_eq!(refused(&mut park, eager).0, Refusal::BadArguments);
}

#[test]
fn an_occupied_orbit_is_next_to_another() {
    let mut park = park_of_five();
    parked(&mut park, wanting("a", "default", "705"));
    assert_eq!(parked(&mut park, wanting("b", "default", "705")), "default 701");
    assert_eq!(parked(&mut park, wanting("c", "default", "701")), "default 702");
}

#[test]
fn an_occupied_orbit_can_refuse() {
    for (when, then) in [
        (WhenOccupied::Continue, AfterRefusal::Continue),
        (WhenOccupied::Parker, AfterRefusal::Parker),
    ] {
        let config = LotConfig { when_occupied: when, ..lot("default", "701-705") };
        let mut park = park_with(vec![config]);
        parked(&mut park, wanting("a", "default", "705"));
        assert_eq!(refused(&mut park, wanting("b", "default", "705")), (Refusal::Occupied, then));
        assert_eq!(counts(&park, "default"), [5, 1, 4, 0, 0, 0]);
    }
}

#[test]
fn a_full_lot_says_what_becomes_of_the_call() {
    let there: Destination = "4000 XML default".parse().unwrap();
    for (when, then) in [
        (WhenFull::Continue, AfterRefusal::Continue),
        (WhenFull::Parker, AfterRefusal::Parker),
        (WhenFull::Hangup, AfterRefusal::Hangup),
        (WhenFull::Transfer(there.clone()), AfterRefusal::Transfer(there)),
    ] {
        let mut park = park_with(vec![LotConfig { when_full: when, ..lot("default", "701") }]);
        parked(&mut park, request("a", "default"));
        assert_eq!(refused(&mut park, request("b", "default")), (Refusal::Full, then.clone()));
        assert_eq!(refused(&mut park, wanting("b", "default", "701")), (Refusal::Full, then));
    }
}

fn overflowing(name: &str, orbits: &str, into: &str) -> LotConfig {
    LotConfig { when_full: WhenFull::Lot(into.into()), ..lot(name, orbits) }
}

#[test]
fn a_full_lot_overflows_in_the_same_step() {
    let spill = LotConfig { when_full: WhenFull::Hangup, ..lot("c", "31") };
    let mut park = park_with(vec![overflowing("a", "11", "b"), overflowing("b", "21", "c"), spill]);
    assert_eq!(parked(&mut park, request("1", "a")), "a 11");
    assert_eq!(parked(&mut park, wanting("2", "a", "11")), "b 21");
    assert_eq!(parked(&mut park, request("3", "a")), "c 31");
    assert_eq!(refused(&mut park, request("4", "a")), (Refusal::Full, AfterRefusal::Hangup));
}

#[test]
fn overflow_in_a_circle_ends() {
    let mut park = park_with(vec![
        overflowing("a", "11", "b"),
        overflowing("b", "21", "c"),
        overflowing("c", "31", "b"),
    ]);
    for uuid in ["1", "2", "3"] {
        parked(&mut park, request(uuid, "a"));
    }
    for lot in ["a", "b", "c"] {
        assert_eq!(refused(&mut park, request("4", lot)), (Refusal::Full, AfterRefusal::Continue));
    }
}

#[test]
fn overflow_goes_on_for_so_many_lots() {
    let chain = |n: u32| overflowing(&format!("l{n}"), &n.to_string(), &format!("l{}", n + 1));
    let mut park = park_with((1..=65).map(chain).collect());
    for n in 1..=64 {
        assert_eq!(parked(&mut park, request(&n.to_string(), "l1")), format!("l{n} {n}"));
    }
    assert_eq!(refused(&mut park, request("x", "l1")).0, Refusal::Full);
    assert_eq!(parked(&mut park, request("x", "l2")), "l65 65");
}

#[test]
fn overflow_finds_the_tenants_own_lot_first() {
    let mut park = park_with(vec![
        overflowing("main@x.com", "11", "spill"),
        lot("spill", "21"),
        lot("spill@x.com", "22"),
        lot("spill@y.com", "23"),
    ]);
    parked(&mut park, request("1", "main@x.com"));
    assert_eq!(parked(&mut park, request("2", "main@x.com")), "spill@x.com 22");
}

#[test]
fn names_mean_the_viewers_own_lot_first() {
    let park = park_with(vec![lot("default", "1"), lot("default@x.com", "1"), lot("p@y.com", "2")]);
    let resolve = |name, domain| park.resolve(name, domain).map(|key| key.to_string());
    assert_eq!(resolve("default", Some("X.com")).unwrap(), "default@x.com");
    assert_eq!(resolve("default", Some("y.com")).unwrap(), "default");
    assert_eq!(resolve("default", None).unwrap(), "default");
    for viewer in [None, Some("x.com"), Some("X.com.")] {
        assert_eq!(resolve("default@X.com", viewer).unwrap(), "default@x.com");
    }
    // As if it were not there.
    assert_eq!(resolve("default@x.com", Some("y.com")), Err(Refusal::UnknownLot));
    assert_eq!(resolve("p", Some("y.com")).unwrap(), "p@y.com");
    for (name, domain) in [("p", Some("x.com")), ("p", None), ("p@x.com", None), ("", None)] {
        assert_eq!(resolve(name, domain), Err(Refusal::UnknownLot));
    }
    let orbit_at = |orbit, domain| park.orbit_at(orbit, domain).map(|place| place.lot.to_string());
    assert_eq!(orbit_at("1", Some("x.com")).unwrap(), "default@x.com");
    assert_eq!(orbit_at("1", Some("y.com")).unwrap(), "default");
    assert_eq!(orbit_at("2", Some("x.com")), None);
    assert_eq!(orbit_at("2", Some("Y.com")).unwrap(), "p@y.com");
    assert_eq!(orbit_at("nonsense", None), None);
}

#[test]
fn a_reserved_orbit_is_for_its_channel() {
    let mut park = park_of_five();
    let want = Want::Orbit(orbit("703"));
    let held = park.reserve(T0, &"a".into(), &key("default"), want, 5_000).unwrap();
    assert_eq!(held, orbit_key("default", "703"));
    assert_eq!(counts(&park, "default"), [5, 0, 4, 0, 1, 0]);
    assert_eq!(parked(&mut park, wanting("b", "default", "703")), "default 704");
    let nobody =
        park.claim(T0, Some(&key("default")), Target::Orbit(&orbit("703")), retriever("r"));
    assert_eq!(nobody.unwrap_err(), Refusal::Empty);
    assert_eq!(parked(&mut park, wanting("a", "nonsense", "1")), "default 703");
    assert_eq!(counts(&park, "default"), [5, 2, 3, 0, 0, 0]);
    assert_eq!(park.reservation(&"a".into()), None);
    assert_eq!(park.poll_timeout(), Some(at(60_000)));
}

#[test]
fn a_reservation_lapses() {
    let mut park = park_of_five();
    let uuid: CallUuid = "a".into();
    park.reserve(T0, &uuid, &key("default"), Want::Auto, 5_000).unwrap();
    // The same want again prolongs it, another one replaces it.
    park.reserve(at(1_000), &uuid, &key("default"), Want::Auto, 5_000).unwrap();
    assert_eq!(park.poll_timeout(), Some(at(6_000)));
    park.reserve(at(1_000), &uuid, &key("default"), Want::Orbit(orbit("705")), 5_000).unwrap();
    assert_eq!(counts(&park, "default"), [5, 0, 4, 0, 1, 0]);
    assert_eq!(effects!(park.handle_timeout(at(5_999))), []);
    let place = orbit_key("default", "705");
    assert_eq!(
        effects!(park.handle_timeout(at(6_000))),
        [Effect::Lapsed { uuid: uuid.clone(), place }]
    );
    assert_eq!(counts(&park, "default"), [5, 0, 5, 0, 0, 0]);
    assert_eq!((park.poll_timeout(), park.unreserve(&uuid)), (None, None));
}

#[test]
fn a_parked_channel_reserves_nothing() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let held = park.reserve(T0, &"a".into(), &key("default"), Want::Auto, 5_000);
    assert_eq!(held, Err(Refusal::AlreadyParked));
}
