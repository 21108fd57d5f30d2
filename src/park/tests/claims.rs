use super::*;

#[test]
fn a_retriever_takes_the_call() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let by = retriever("r");
    drop(park.take_effects());
    let claim =
        park.claim(at(10), Some(&key("default")), Target::Orbit(&orbit("701")), by).unwrap();
    assert_eq!(park.take_effects(), [Effect::Wake("a".into())]);
    assert_eq!(claim.call.state, CallState::Connecting);
    assert_eq!(claim.call.retriever.as_deref(), Some("1001@example.com"));
    let bridge = Verdict::Bridge { ticket: claim.ticket, leg: "r".into() };
    assert_eq!(park.verdict(&"a".into()), bridge);
    let effects = effects!(park.complete(at(30), &"a".into(), claim.ticket));
    assert_eq!(told(&effects), ["retrieve =retrieved"]);
    assert_eq!(lamps(&effects), ["default 701"]);
    let event = events(&effects)[0];
    assert_eq!(event.wait_ms, 30);
    assert_eq!(event.retriever.as_deref(), Some("1001@example.com"));
    assert_eq!(event.retriever_uuid, Some("r".into()));
    assert_eq!(counts(&park, "default"), [5, 0, 5, 0, 0, 0]);
    assert_eq!(park.poll_timeout(), None);
    // What comes later does nothing.
    assert_eq!(effects!(park.complete(at(31), &"a".into(), claim.ticket)), []);
    assert_eq!(effects!(park.gone(at(32), &"a".into(), End::HungUp)), []);
    assert_eq!(effects!(park.unclaim(at(33), &"a".into(), claim.ticket)), []);
    assert_eq!(park.verdict(&"a".into()), Verdict::Unknown);
}

#[test]
fn the_second_retriever_finds_nothing() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let lot = key("default");
    claim_call(&mut park, T0, "a", retriever("r"));
    let orbit = orbit("701");
    for target in [Target::Orbit(&orbit), Target::Next, Target::Call(&"a".into())] {
        let second = park.claim(T0, Some(&lot), target, retriever("s"));
        assert_eq!(second.unwrap_err(), Refusal::Empty);
    }
}

#[test]
fn claims_say_what_is_wrong() {
    let mut park = park_with(vec![lot("default", "701-702"), lot("other", "801")]);
    parked(&mut park, request("a", "default"));
    let mut claim = |lot: Option<&str>, target: Target<'_>, by| {
        let lot = lot.map(key);
        park.claim(T0, lot.as_ref(), target, by).map(|_| ()).unwrap_err()
    };
    let (full, empty, none) = (orbit("701"), orbit("702"), orbit("703"));
    assert_eq!(claim(Some("x"), Target::Next, retriever("r")), Refusal::UnknownLot);
    assert_eq!(claim(Some("default"), Target::Orbit(&none), retriever("r")), Refusal::UnknownOrbit);
    assert_eq!(claim(Some("default"), Target::Orbit(&empty), retriever("r")), Refusal::Empty);
    assert_eq!(claim(Some("other"), Target::Next, retriever("r")), Refusal::Empty);
    assert_eq!(claim(Some("other"), Target::Call(&"a".into()), retriever("r")), Refusal::Empty);
    assert_eq!(claim(None, Target::Next, retriever("r")), Refusal::BadArguments);
    assert_eq!(claim(None, Target::Orbit(&full), retriever("r")), Refusal::BadArguments);
    assert_eq!(claim(None, Target::Call(&"b".into()), retriever("r")), Refusal::Empty);
    assert_eq!(claim(None, Target::Call(&"a".into()), retriever("a")), Refusal::BadArguments);
    assert_eq!(claim(None, Target::Call(&"a".into()), step_leg("s", RunId(1))), Refusal::Gone);
    assert_eq!(claim(None, Target::Call(&"b".into()), step_leg("s", RunId(1))), Refusal::Gone);
}

#[test]
fn next_is_the_highest_priority_and_then_the_longest_waiting() {
    let mut park = park_of_five();
    for (ms, uuid, priority) in [(0, "a", 0), (1, "b", 5), (2, "c", 9), (2, "d", 9), (3, "e", 5)] {
        park.park(at(ms), known(request(uuid, "default"), |info| info.priority = priority))
            .unwrap();
    }
    let lot = key("default");
    park.set(at(4), &orbit_key("default", "705"), Setting::Priority(9)).unwrap();
    let mut order = String::new();
    while let Ok(claim) = park.claim(at(9), Some(&lot), Target::Next, retriever("r")) {
        order.push_str(claim.call.info.uuid.as_str());
    }
    assert_eq!(order, "cdeba");
}

#[test]
fn a_claim_given_back_leaves_everything_as_it_was() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let claim = claim_call(&mut park, at(10), "a", retriever("r"));
    assert_eq!(park.poll_timeout(), None);
    let effects = effects!(park.unclaim(at(20), &"a".into(), claim.ticket));
    assert_eq!(told(&effects), ["resume (the retriever left before it was connected)"]);
    assert_eq!(events(&effects)[0].retriever.as_deref(), Some("1001@example.com"));
    assert_eq!(park.poll_timeout(), Some(at(60_000)));
    assert_eq!(park.verdict(&"a".into()), Verdict::Hold);
    // The old ticket is worth nothing, also after somebody else has claimed the call.
    let second = claim_call(&mut park, at(30), "a", retriever("s"));
    assert_eq!(effects!(park.complete(at(40), &"a".into(), claim.ticket)), []);
    assert_eq!(effects!(park.unclaim(at(40), &"a".into(), claim.ticket)), []);
    assert_eq!(
        told(&effects!(park.complete(at(50), &"a".into(), second.ticket))),
        ["retrieve =retrieved"]
    );
}

#[test]
fn a_deadline_that_passed_under_a_claim_is_due_at_once() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let claim = claim_call(&mut park, at(59_999), "a", retriever("r"));
    assert_eq!(effects!(park.handle_timeout(at(70_000))), []);
    park.unclaim(at(80_000), &"a".into(), claim.ticket);
    assert_eq!(park.poll_timeout(), Some(at(60_000)));
    assert_eq!(rings(&effects!(park.handle_timeout(at(80_000)))).len(), 1);
}

#[test]
fn a_call_that_hangs_up_under_a_claim_is_abandoned() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let ticket = claim_call(&mut park, T0, "a", retriever("r")).ticket;
    let effects = effects!(park.gone(at(5), &"a".into(), End::HungUp));
    assert_eq!(told(&effects), ["abandon =abandoned"]);
    assert!(effects.contains(&Effect::ClaimLost { leg: "r".into(), ticket }));
    assert_eq!(events(&effects)[0].retriever, None);
    assert_eq!(effects!(park.complete(at(6), &"a".into(), ticket)), []);
}

#[test]
fn each_end_has_its_outcome() {
    for (end, event) in [
        (End::HungUp, "abandon =abandoned"),
        (End::TakenAway, "leave =transferred"),
        (End::Shutdown, "drop =shutdown"),
    ] {
        let mut park = park_of_five();
        parked(&mut park, request("a", "default"));
        let effects = effects!(park.gone(at(5), &"a".into(), end));
        assert_eq!(told(&effects), [event]);
        assert_eq!(lamps(&effects), ["default 701"]);
        assert_eq!(counts(&park, "default"), [5, 0, 5, 0, 0, 0]);
        assert_eq!(effects!(park.gone(at(6), &"a".into(), end)), []);
        let next = park.claim(at(6), Some(&key("default")), Target::Next, retriever("r"));
        assert_eq!(next.unwrap_err(), Refusal::Empty);
    }
}

#[test]
fn an_exit_key_is_a_claim_of_the_call_itself() {
    let to: Destination = "5000".parse().unwrap();
    let leave = || Claimant::Leave(Exit::Transfer(to.clone()));
    for by_itself in [true, false] {
        let mut park = park_of_five();
        parked(&mut park, request("a", "default"));
        let ticket = claim_call(&mut park, T0, "a", leave()).ticket;
        assert_eq!(park.verdict(&"a".into()), Verdict::Transfer { ticket, to: to.clone() });
        let effects = match by_itself {
            true => effects!(park.complete(at(5), &"a".into(), ticket)),
            false => effects!(park.gone(at(5), &"a".into(), End::TakenAway)),
        };
        assert_eq!(told(&effects), ["leave =left"]);
    }
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let ticket = claim_call(&mut park, T0, "a", leave()).ticket;
    assert_eq!(
        told(&effects!(park.unclaim(T0, &"a".into(), ticket))),
        ["resume (the transfer failed)"]
    );
}

#[test]
fn after_shutdown_every_end_is_the_shutdown() {
    let mut park = park_of_five();
    for uuid in ["a", "b", "c"] {
        parked(&mut park, request(uuid, "default"));
    }
    park.reserve(T0, &"d".into(), &key("default"), Want::Auto, 5_000).unwrap();
    let claimed = claim_call(&mut park, T0, "b", retriever("r")).ticket;
    let given_back = claim_call(&mut park, T0, "c", retriever("s")).ticket;
    park.shutdown(T0);
    assert_eq!(refused(&mut park, request("e", "default")).0, Refusal::Closed);
    let late = park.claim(T0, None, Target::Call(&"a".into()), retriever("t"));
    assert_eq!(late.unwrap_err(), Refusal::Closed);
    park.unclaim(T0, &"c".into(), given_back);
    assert_eq!((park.poll_timeout(), effects!(park.handle_timeout(at(99_999)))), (None, vec![]));
    assert_eq!(told(&effects!(park.gone(T0, &"a".into(), End::HungUp))), ["drop =shutdown"]);
    assert_eq!(told(&effects!(park.complete(T0, &"b".into(), claimed))), ["retrieve =retrieved"]);
    assert_eq!(told(&effects!(park.gone(T0, &"c".into(), End::TakenAway))), ["drop =shutdown"]);
    assert_eq!(counts(&park, "default"), [5, 0, 5, 0, 0, 0]);
}
