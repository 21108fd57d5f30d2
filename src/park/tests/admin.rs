use super::*;

#[test]
fn a_call_moves_with_its_deadline_and_its_waiting_time() {
    let mut park = park_with(vec![lot("default", "701-702"), lot("vip", "801-802")]);
    parked(&mut park, request("a", "default"));
    let want = Want::Orbit(orbit("802"));
    drop(park.take_effects());
    let to = park.move_call(at(10), &orbit_key("default", "701"), &key("vip"), want).unwrap();
    let effects = park.take_effects();
    assert_eq!(to, orbit_key("vip", "802"));
    assert_eq!(told(&effects), ["move"]);
    let event = events(&effects)[0];
    assert_eq!(event.from, Some(orbit_key("default", "701")));
    assert_eq!((&event.lot, event.orbit.as_ref()), (&key("vip"), Some(&orbit("802"))));
    assert_eq!(lamps(&effects), ["default 701", "vip 802"]);
    assert_eq!(park.poll_timeout(), Some(at(60_000)));
    assert_eq!(counts(&park, "default"), [2, 0, 2, 0, 0, 0]);
    assert_eq!(counts(&park, "vip"), [2, 1, 1, 0, 0, 0]);
    let claim = park.claim(at(20), Some(&key("vip")), Target::Next, retriever("r")).unwrap();
    assert_eq!(claim.call.waiting_ms, 20);
}

#[test]
fn a_move_is_refused_where_it_cannot_be() {
    let mut park = park_with(vec![lot("default", "701-702"), lot("vip", "801")]);
    parked(&mut park, request("a", "default"));
    parked(&mut park, request("b", "vip"));
    let try_move = |park: &mut Park, orbit_from: &str, to: &str, want: Option<&str>| {
        let want = want.map_or(Want::Auto, |name| Want::Orbit(orbit(name)));
        park.move_call(T0, &orbit_key("default", orbit_from), &key(to), want).unwrap_err()
    };
    assert_eq!(try_move(&mut park, "702", "vip", None), Refusal::Empty);
    assert_eq!(try_move(&mut park, "703", "vip", None), Refusal::UnknownOrbit);
    assert_eq!(try_move(&mut park, "701", "vip", None), Refusal::Full);
    assert_eq!(try_move(&mut park, "701", "vip", Some("801")), Refusal::Occupied);
    assert_eq!(try_move(&mut park, "701", "x", None), Refusal::UnknownLot);
    assert_eq!(try_move(&mut park, "701", "default", Some("701")), Refusal::Occupied);
    park.close(&key("default"), Some(&orbit("702"))).unwrap();
    assert_eq!(try_move(&mut park, "701", "default", Some("702")), Refusal::Closed);
    claim_call(&mut park, T0, "a", retriever("r"));
    assert_eq!(try_move(&mut park, "701", "default", None), Refusal::Gone);
}

#[test]
fn a_call_that_is_being_returned_moves_too() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let run = rings(&effects!(park.handle_timeout(at(60_000))))[0].run;
    let lot = key("default");
    park.move_call(at(60_001), &orbit_key("default", "701"), &lot, Want::Auto).unwrap();
    claim_call(&mut park, at(60_002), "a", step_leg("s", run));
    assert_eq!(counts(&park, "default"), [5, 1, 4, 0, 0, 0]);
}

#[test]
fn settings_change() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let at_701 = orbit_key("default", "701");
    let set = |park: &mut Park, ms, setting| park.set(at(ms), &at_701, setting);
    set(&mut park, 30_000, Setting::TimeoutMs(60_000)).unwrap();
    assert_eq!(park.poll_timeout(), Some(at(90_000)));
    set(&mut park, 30_000, Setting::TimeoutMs(0)).unwrap();
    assert_eq!(park.poll_timeout(), None);
    set(&mut park, 30_000, Setting::Note("line\nbreak".into())).unwrap();
    set(&mut park, 30_000, Setting::For("1005@example.com".into())).unwrap();
    set(&mut park, 30_000, Setting::Priority(9)).unwrap();
    assert_eq!(set(&mut park, 30_000, Setting::Priority(10)), Err(Refusal::BadArguments));
    let call = park.find(at(30_000), &"a".into()).unwrap();
    assert_eq!(
        (&*call.info.note, &*call.info.addressed_to, call.info.priority),
        ("line\nbreak", "1005@example.com", 9)
    );
    let empty = park.set(T0, &orbit_key("default", "702"), Setting::Priority(1));
    assert_eq!(empty, Err(Refusal::Empty));
}

#[test]
fn a_new_timeout_stops_a_return_and_waits_for_a_claim() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let at_701 = orbit_key("default", "701");
    let run = rings(&effects!(park.handle_timeout(at(60_000))))[0].run;
    let effects = effects!(park.set(at(60_000), &at_701, Setting::TimeoutMs(5_000)).unwrap());
    assert_eq!(stops(&effects), [run]);
    assert_eq!(park.poll_timeout(), Some(at(65_000)));
    let ticket = claim_call(&mut park, at(60_000), "a", retriever("r")).ticket;
    park.set(at(60_000), &at_701, Setting::TimeoutMs(7_000)).unwrap();
    assert_eq!(park.poll_timeout(), None);
    park.set(at(60_000), &at_701, Setting::Priority(4)).unwrap();
    park.unclaim(at(60_000), &"a".into(), ticket);
    assert_eq!(park.poll_timeout(), Some(at(67_000)));
    assert!(park.claim(at(60_000), Some(&at_701.lot), Target::Next, retriever("r")).is_ok());
}

#[test]
fn return_now_runs_the_steps() {
    let mut park = park_of_five();
    parked(&mut park, ParkRequest { timeout_ms: Some(0), ..request("a", "default") });
    let at_701 = orbit_key("default", "701");
    let effects = effects!(park.return_now(at(10), &at_701).unwrap());
    let run = rings(&effects)[0].run;
    assert_eq!(effects!(park.return_now(at(11), &at_701).unwrap()), []);
    // Interrupted and given back it goes on, although the call has no timeout.
    let ticket = claim_call(&mut park, at(12), "a", retriever("r")).ticket;
    assert_eq!(park.return_now(at(12), &at_701), Err(Refusal::Gone));
    park.unclaim(at(13), &"a".into(), ticket);
    let again = effects!(park.handle_timeout(at(13)));
    assert_ne!(rings(&again)[0].run, run);
    park.step_failed(at(14), &"a".into(), rings(&again)[0].run, "no answer");
    assert_eq!(park.poll_timeout(), None);

    let stepless = ParkRequest { returns: Some([].into()), ..request("b", "default") };
    parked(&mut park, stepless);
    assert_eq!(park.return_now(at(20), &orbit_key("default", "702")), Err(Refusal::Failed));
    assert_eq!(park.return_now(at(20), &orbit_key("default", "703")), Err(Refusal::Empty));
}

#[test]
fn a_dropped_call_is_dropped_whoever_says_so_first() {
    for hung_up in [false, true] {
        let mut park = park_of_five();
        parked(&mut park, request("a", "default"));
        let at_701 = orbit_key("default", "701");
        let effects = effects!(park.drop_call(T0, &at_701, CauseName::NORMAL_CLEARING).unwrap());
        assert_eq!(effects, [Effect::Wake("a".into())]);
        let Verdict::HangUp { ticket, cause } = park.verdict(&"a".into()) else {
            panic!("no drop")
        };
        assert_eq!(cause, CauseName::NORMAL_CLEARING);
        assert_eq!(park.drop_call(T0, &at_701, CauseName::NORMAL_CLEARING), Err(Refusal::Gone));
        let effects = match hung_up {
            false => effects!(park.complete(at(1), &"a".into(), ticket)),
            true => effects!(park.gone(at(1), &"a".into(), End::HungUp)),
        };
        assert_eq!(told(&effects), ["drop =dropped"]);
        assert_eq!(park.drop_call(T0, &at_701, CauseName::NORMAL_CLEARING), Err(Refusal::Empty));
    }
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    claim_call(&mut park, T0, "a", retriever("r"));
    assert_eq!(
        park.drop_call(T0, &orbit_key("default", "701"), CauseName::NORMAL_CLEARING),
        Err(Refusal::Gone)
    );
}

#[test]
fn a_closed_orbit_takes_no_calls_and_keeps_the_one_in_it() {
    let mut park = park_of_five();
    let lot = key("default");
    parked(&mut park, request("a", "default"));
    park.close(&lot, Some(&orbit("701"))).unwrap();
    park.close(&lot, Some(&orbit("702"))).unwrap();
    park.close(&lot, Some(&orbit("702"))).unwrap();
    assert_eq!(counts(&park, "default"), [5, 1, 3, 1, 0, 0]);
    assert_eq!(refused(&mut park, wanting("b", "default", "702")).0, Refusal::Closed);
    assert_eq!(parked(&mut park, request("b", "default")), "default 703");
    park.gone(T0, &"a".into(), End::HungUp);
    assert_eq!(counts(&park, "default"), [5, 1, 2, 2, 0, 0]);
    park.open(&lot, Some(&orbit("702"))).unwrap();
    park.open(&lot, Some(&orbit("702"))).unwrap();
    assert_eq!(parked(&mut park, request("c", "default")), "default 702");
    // One is empty, and in one there is a call.
    park.close(&lot, Some(&orbit("703"))).unwrap();
    park.open(&lot, None).unwrap();
    assert_eq!(counts(&park, "default"), [5, 2, 3, 0, 0, 0]);
    for free in ["701", "704", "705"] {
        assert_eq!(parked(&mut park, request(free, "default")), format!("default {free}"));
    }
    assert_eq!(refused(&mut park, request("d", "default")).0, Refusal::Full);
    assert_eq!(park.close(&lot, Some(&orbit("9"))), Err(Refusal::UnknownOrbit));
    assert_eq!(park.open(&key("x"), None), Err(Refusal::UnknownLot));
}

#[test]
fn a_closed_lot_refuses_and_one_orbit_of_it_can_be_opened() {
    for assign in [Assign::First, Assign::Next, Assign::LongestFree, Assign::Random] {
        let mut park = park_with(vec![LotConfig { assign, ..lot("default", "701-705") }]);
        let key = key("default");
        parked(&mut park, wanting("a", "default", "701"));
        park.close(&key, None).unwrap();
        assert_eq!(counts(&park, "default"), [5, 1, 0, 4, 0, 0]);
        assert_eq!(
            refused(&mut park, request("b", "default")),
            (Refusal::Closed, AfterRefusal::Continue)
        );
        assert!(park.claim(T0, Some(&key), Target::Next, retriever("r")).is_ok());
        park.open(&key, Some(&orbit("704"))).unwrap();
        assert_eq!(parked(&mut park, request("b", "default")), "default 704");
        assert_eq!(refused(&mut park, request("c", "default")).0, Refusal::Full);
        park.open(&key, None).unwrap();
        assert_eq!(counts(&park, "default"), [5, 2, 3, 0, 0, 0]);
        park.close(&key, None).unwrap();
        park.open(&key, None).unwrap();
        assert_eq!(counts(&park, "default"), [5, 2, 3, 0, 0, 0]);
    }
}
