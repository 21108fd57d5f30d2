use super::*;

#[test]
fn the_same_again_changes_nothing() {
    let config = || vec![LotConfig { assign: Assign::Next, ..lot("default", "701-705") }];
    let mut park = park_with(config());
    parked(&mut park, request("a", "default"));
    park.gone(T0, &"a".into(), End::HungUp);
    assert_eq!(effects!(park.configure(T0, config())), []);
    assert_eq!(parked(&mut park, request("b", "default")), "default 702");
}

#[test]
fn orbits_that_are_gone_drain() {
    let mut park = park_of_five();
    parked(&mut park, wanting("a", "default", "701"));
    parked(&mut park, wanting("b", "default", "705"));
    assert_eq!(effects!(park.configure(at(10), vec![lot("default", "704-706")])), []);
    assert_eq!(counts(&park, "default"), [3, 2, 2, 0, 0, 1]);
    assert_eq!(park.poll_timeout(), Some(at(60_000)));
    assert_eq!(refused(&mut park, wanting("c", "default", "701")).0, Refusal::UnknownOrbit);
    assert_eq!(park.calls(T0, None).len(), 2);
    let show = park.show(T0, &orbit_key("default", "701"), &nobody).unwrap();
    assert_eq!(show.state, OrbitState::Draining);
    let found = park.orbit_at("701", None);
    assert_eq!(found, Some(orbit_key("default", "701")));
    let lot = key("default");
    let claim = park.claim(T0, Some(&lot), Target::Orbit(&orbit("701")), retriever("r")).unwrap();
    let effects = effects!(park.complete(T0, &"a".into(), claim.ticket));
    assert_eq!(lamps(&effects), ["default 701"]);
    assert_eq!(counts(&park, "default"), [3, 1, 2, 0, 0, 0]);
    assert_eq!(park.show(T0, &orbit_key("default", "701"), &nobody), Err(Refusal::UnknownOrbit));
    assert_eq!(park.orbit_at("701", None), None);
}

#[test]
fn a_lot_that_is_gone_drains_and_vanishes() {
    let mut park = park_with(vec![lot("default", "701"), lot("vip", "801-805")]);
    parked(&mut park, request("a", "vip"));
    park.reserve(T0, &"b".into(), &key("vip"), Want::Auto, 5_000).unwrap();
    park.configure(T0, vec![lot("default", "701")]);
    assert_eq!(counts(&park, "vip"), [0, 1, 0, 0, 1, 2]);
    assert!(park.lots()[1].removed);
    assert_eq!(refused(&mut park, request("c", "vip")).0, Refusal::UnknownLot);
    assert_eq!(park.resolve("vip", None), Ok(key("vip")));
    assert_ne!(park.lamp(Moment(0), &orbit_key("vip", "801")), Lamp::Idle);
    // The reservation had been told to somebody, so it still holds.
    assert_eq!(parked(&mut park, request("b", "vip")), "vip 802");
    park.gone(T0, &"b".into(), End::HungUp);
    let effects = effects!(park.gone(T0, &"a".into(), End::HungUp));
    assert_eq!(lamps(&effects), ["vip 801"]);
    assert_eq!(park.lots().len(), 1);
    assert_eq!(park.resolve("vip", None), Err(Refusal::UnknownLot));
}

#[test]
fn a_lot_that_comes_back_has_its_calls() {
    let mut park = park_with(vec![lot("vip", "801-802")]);
    parked(&mut park, request("a", "vip"));
    park.configure(T0, vec![]);
    park.configure(T0, vec![lot("vip", "801-802")]);
    assert_eq!(counts(&park, "vip"), [2, 1, 1, 0, 0, 0]);
    assert_eq!(parked(&mut park, request("b", "vip")), "vip 802");
}

#[test]
fn an_orbit_that_changes_hands_takes_its_call_along() {
    let mut park = park_with(vec![lot("a", "701-705"), lot("b", "801")]);
    parked(&mut park, wanting("1", "a", "705"));
    parked(&mut park, wanting("2", "a", "704"));
    claim_call(&mut park, T0, "1", retriever("r"));
    park.reserve(T0, &"3".into(), &key("a"), Want::Orbit(orbit("703")), 5_000).unwrap();
    let effects = effects!(park.configure(T0, vec![lot("a", "701-702"), lot("b", "703-705")]));
    assert_eq!(told(&effects), ["move", "move"]);
    assert_eq!(counts(&park, "a"), [2, 0, 2, 0, 0, 0]);
    assert_eq!(counts(&park, "b"), [3, 2, 0, 0, 1, 0]);
    assert_eq!(parked(&mut park, request("3", "x")), "b 703");
    let claim = park.claim(T0, Some(&key("b")), Target::Next, retriever("s")).unwrap();
    assert_eq!(claim.call.info.uuid, "2".into());
    assert!(matches!(park.verdict(&"1".into()), Verdict::Bridge { .. }));
}

#[test]
fn another_tenants_orbit_takes_nothing_along() {
    let mut park = park_with(vec![lot("a", "701-705")]);
    parked(&mut park, wanting("1", "a", "705"));
    park.configure(T0, vec![lot("a@x.com", "701-705")]);
    assert_eq!(counts(&park, "a"), [0, 1, 0, 0, 0, 1]);
    assert_eq!(counts(&park, "a@x.com"), [5, 0, 5, 0, 0, 0]);
}

#[test]
fn closed_orbits_stay_closed() {
    let mut park = park_with(vec![lot("default", "701-705"), lot("vip", "801-802")]);
    park.close(&key("default"), Some(&orbit("703"))).unwrap();
    park.close(&key("default"), Some(&orbit("701"))).unwrap();
    park.close(&key("vip"), None).unwrap();
    park.configure(T0, vec![lot("default", "702-720"), lot("vip", "801-805")]);
    assert_eq!(counts(&park, "default"), [19, 0, 18, 1, 0, 0]);
    assert_eq!(refused(&mut park, wanting("a", "default", "703")).0, Refusal::Closed);
    // A lot that was closed altogether is so still, new orbits and all.
    assert_eq!(counts(&park, "vip"), [5, 0, 0, 5, 0, 0]);
}

#[test]
fn a_lot_that_was_closed_but_for_some_orbits_stays_so() {
    let mut park = park_with(vec![lot("default", "701-705")]);
    park.close(&key("default"), None).unwrap();
    for name in ["702", "704"] {
        park.open(&key("default"), Some(&orbit(name))).unwrap();
    }
    parked(&mut park, wanting("a", "default", "704"));
    park.configure(T0, vec![lot("default", "703-709")]);
    assert_eq!(counts(&park, "default"), [7, 1, 0, 6, 0, 0]);
    park.gone(T0, &"a".into(), End::HungUp);
    assert_eq!(parked(&mut park, request("b", "default")), "default 704");
    assert_eq!(refused(&mut park, request("c", "default")).0, Refusal::Full);
    // As after a restart.
    let closed = ClosedLot { lot: "default".into(), all: true, orbits: vec!["704".into()] };
    assert_eq!(park.closed().lots(), [closed]);
    // One of which every orbit was opened, one by one, is open.
    for n in 703..=709 {
        park.open(&key("default"), Some(&orbit(&n.to_string()))).unwrap();
    }
    park.configure(T0, vec![lot("default", "701-709")]);
    assert_eq!(counts(&park, "default"), [9, 1, 8, 0, 0, 0]);
}

#[test]
fn assignment_goes_on_where_it_was() {
    let config = |orbits, assign| vec![LotConfig { assign, ..lot("default", orbits) }];
    let mut park = park_with(config("701-704", Assign::Next));
    for uuid in ["a", "b"] {
        parked(&mut park, request(uuid, "default"));
        park.gone(T0, &uuid.into(), End::HungUp);
    }
    park.configure(T0, config("700-704", Assign::Next));
    assert_eq!(parked(&mut park, request("c", "default")), "default 703");

    let mut park = park_with(config("701-704", Assign::LongestFree));
    for uuid in ["a", "b", "c", "d"] {
        parked(&mut park, request(uuid, "default"));
    }
    for uuid in ["c", "a", "b"] {
        park.gone(T0, &uuid.into(), End::HungUp);
    }
    park.configure(T0, config("700-704", Assign::LongestFree));
    let order: Vec<String> =
        (0..4).map(|n| parked(&mut park, request(&format!("n{n}"), "default"))).collect();
    assert_eq!(order, ["default 700", "default 703", "default 701", "default 702"]);
}

#[test]
fn parked_calls_get_the_new_steps_and_keep_their_deadline() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let returns = Step::parse_list("user/9").unwrap();
    park.configure(
        T0,
        vec![LotConfig { returns, timeout: Timeout::fixed(5_000), ..lot("default", "701") }],
    );
    assert_eq!(park.poll_timeout(), Some(at(60_000)));
    let effects = effects!(park.handle_timeout(at(60_000)));
    assert_eq!(told(&effects), ["return 1 user/9"]);
    park.step_failed(at(60_000), &"a".into(), rings(&effects)[0].run, "no answer");
    assert_eq!(park.poll_timeout(), Some(at(65_000)));
}

#[test]
fn lamps_follow_the_setting() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let dark = LotConfig { blf: false, ..lot("default", "701-705") };
    let effects = effects!(park.configure(T0, vec![dark.clone()]));
    assert_eq!(lamps(&effects), ["default 701"]);
    assert_eq!(park.lamp(Moment(0), &orbit_key("default", "701")), Lamp::Idle);
    assert_eq!(park.lot_lamp(&key("default")), 0);
    let effects = effects!(park.park(T0, request("b", "default")).unwrap());
    assert_eq!(lamps(&effects), Vec::<String>::new());
    let effects = effects!(park.configure(T0, vec![lot("default", "701-705")]));
    assert_eq!(lamps(&effects), ["default 701", "default 702"]);
    assert_eq!(park.lot_lamp(&key("default")), 2);
}

#[test]
fn lamps_that_are_to_look_otherwise_are_shown_a_few_at_a_time() {
    let mut park = park_with(vec![lot("a", "701-900"), lot("b", "1-9")]);
    for n in 0..200 {
        parked(&mut park, request(&n.to_string(), "a"));
    }
    parked(&mut park, request("b", "b"));
    drop(park.take_effects());
    let private = |name, orbits| LotConfig { blf_privacy: true, ..lot(name, orbits) };
    let lots = vec![private("a", "701-900"), private("b", "1-9")];
    drop(park.lay_out(T0, Layout::of(lots)));
    assert!(park.take_effects().is_empty());
    let mut shown = Vec::new();
    loop {
        let more = park.refresh(T0);
        let some = lamps(&park.take_effects());
        assert!(some.len() <= 64, "{} at once", some.len());
        shown.extend(some);
        if !more {
            break;
        }
    }
    assert_eq!(shown.len(), 201);
    assert_eq!(shown.last().unwrap(), "b 1");
}

#[test]
fn what_came_back_in_an_orbit_that_another_lot_has_is_in_that_lot() {
    let absent = |uuid: &str, place: OrbitKey| Absent {
        info: request(uuid, "a").info,
        place,
        waited_ms: 0,
        timeout_ms_left: None,
        call_back: false,
    };
    let mut park = park_with(vec![lot("b", "701-705")]);
    park.await_return(T0, absent("w", orbit_key("a", "702")), 5_000);
    assert_eq!(park.is_awaited(&"w".into()), Some(orbit_key("b", "702")));
    park.await_return(T0, absent("v", orbit_key("a", "801")), 5_000);
    assert_eq!(park.is_awaited(&"v".into()), Some(orbit_key("a", "801")));
    assert_eq!(counts(&park, "b"), [5, 0, 4, 0, 1, 0]);
    // An orbit in which there is something is not taken from it.
    parked(&mut park, wanting("x", "b", "703"));
    let effects = effects!(park.await_return(T0, absent("u", orbit_key("a", "703")), 5_000));
    assert_eq!(told(&effects), ["recover (another call is in its orbit) =lost"]);
}

/// The call that was to be put into the orbit by an attended transfer is not turned away by a reload meanwhile.
#[test]
fn an_orbit_that_is_gone_passes_to_an_heir() {
    for lots in [vec![], vec![lot("default", "702")]] {
        for parks in [true, false] {
            let mut park = park_of_five();
            match parks {
                true => drop(parked(&mut park, wanting("a", "default", "701"))),
                false => {
                    let want = Want::Orbit(orbit("701"));
                    park.reserve(T0, &"a".into(), &key("default"), want, 5_000).unwrap();
                }
            }
            park.configure(T0, lots.clone());
            park.hand_on(T0, &"a".into(), &"h".into(), 5_000);
            assert_eq!(park.reservation(&"h".into()), Some(orbit_key("default", "701")));
            assert_eq!(parked(&mut park, request("h", "default")), "default 701");
            assert_eq!(park.orbit_at("701", None), Some(orbit_key("default", "701")));
            let lot = key("default");
            let target = Target::Orbit(&orbit("701"));
            let claim = park.claim(T0, Some(&lot), target, retriever("r")).unwrap();
            park.complete(T0, &"h".into(), claim.ticket);
            assert_eq!(park.orbit_at("701", None), None);
            assert_eq!(park.lots().len(), lots.len());
        }
    }
}
