//! Another leg takes the place of a parked one.

use super::*;

fn new_leg(uuid: &str) -> NewLeg {
    NewLeg { uuid: uuid.into(), caller: Caller::new("Dave", "200"), parker: None }
}

fn replaced(park: &mut Park, now: Moment, old: &str, new: &str) -> Vec<Effect> {
    effects!(park.replace(now, &old.into(), new_leg(new)).unwrap())
}

/// Everything that is known of the one call, but its uuid and its caller.
fn place(park: &Park, now: Moment) -> CallView {
    let mut calls = park.calls(now, None);
    assert_eq!(calls.len(), 1);
    let mut call = calls.remove(0);
    (call.info.uuid, call.info.caller) = ("any".into(), Caller::default());
    call
}

/// In both orders: the old leg goes first, or the new one comes first.
#[test]
fn the_new_leg_has_everything_the_old_one_had() {
    for awaited in [false, true] {
        let mut park = park_of_five();
        let asks = known(wanting("a", "default", "703"), |info| {
            info.priority = 5;
            info.note = "a note".into();
            info.addressed_to = "1002@example.com".into();
        });
        parked(&mut park, asks);
        let before = place(&park, at(40_000));
        if awaited {
            assert!(park.await_heir(at(39_000), &"a".into(), 5_000));
        }
        let effects = replaced(&mut park, at(40_000), "a", "b");
        assert_eq!(told(&effects), ["replace"]);
        let event = events(&effects)[0];
        assert_eq!(event.info.uuid, "b".into());
        assert_eq!(event.from_uuid, Some("a".into()));
        assert_eq!(&*event.info.caller.name, "Dave");
        assert_eq!(lamps(&effects), ["default 703"]);
        assert_eq!(place(&park, at(40_000)), before);
        assert!(!park.is_parked(&"a".into()) && park.is_parked(&"b".into()));
        // What the old leg still says of itself is nothing to the call.
        assert_eq!(effects!(park.gone(at(41_000), &"a".into(), End::HungUp)), []);
        assert_eq!(park.verdict(&"a".into()), Verdict::Unknown);
        // The deadline is the old one.
        assert_eq!(park.poll_timeout(), Some(at(60_000)));
        let rung = effects!(park.handle_timeout(at(60_000)));
        assert_eq!(rings(&rung)[0].call.info.uuid, "b".into());
        assert_eq!(
            told(&effects!(park.gone(at(61_000), &"b".into(), End::HungUp))),
            ["abandon =abandoned"]
        );
        assert_eq!(counts(&park, "default"), [5, 0, 5, 0, 0, 0]);
    }
}

#[test]
fn it_is_next_when_the_old_leg_would_have_been() {
    let mut park = park_of_five();
    for uuid in ["a", "b", "c"] {
        parked(&mut park, request(uuid, "default"));
    }
    replaced(&mut park, at(1_000), "a", "z");
    for uuid in ["z", "b", "c"] {
        let claim = park.claim(at(2_000), Some(&key("default")), Target::Next, retriever("r"));
        let claim = claim.unwrap();
        assert_eq!(claim.call.info.uuid, uuid.into());
        park.complete(at(2_000), &uuid.into(), claim.ticket);
    }
}

#[test]
fn a_parker_who_was_not_known_is_the_one_the_new_leg_brings() {
    let mut park = park_of_five();
    parked(&mut park, known(request("a", "default"), |info| info.parker = None));
    let brings = NewLeg { parker: Some(user("1001@example.com")), ..new_leg("b") };
    park.replace(at(0), &"a".into(), brings.clone()).unwrap();
    assert_eq!(place(&park, at(0)).info.parker.as_deref(), Some("1001@example.com"));
    // One that is known stays.
    let brings = NewLeg { uuid: "c".into(), parker: Some(user("9@example.com")), ..brings };
    park.replace(at(0), &"b".into(), brings).unwrap();
    assert_eq!(place(&park, at(0)).info.parker.as_deref(), Some("1001@example.com"));
}

#[test]
fn nobody_gets_a_call_between_two_legs_and_it_ends_if_none_comes() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    assert!(park.await_heir(at(1_000), &"a".into(), 5_000));
    assert!(park.awaits_heir(&"a".into()));
    let default = key("default");
    for target in [Target::Orbit(&orbit("701")), Target::Next, Target::Call(&"a".into())] {
        let claim = park.claim(at(2_000), Some(&default), target, retriever("r"));
        assert_eq!(claim.unwrap_err(), Refusal::Empty);
    }
    assert!(park.changes_hands(&default, Target::Orbit(&orbit("701")), false));
    let drop = park.drop_call(at(2_000), &orbit_key("default", "701"), CauseName::NORMAL_CLEARING);
    assert_eq!(drop, Err(Refusal::Gone));
    assert_eq!(park.poll_timeout(), Some(at(6_000)));
    assert_eq!(
        told(&effects!(park.handle_timeout(at(6_000)))),
        ["abandon (the leg that was to replace the call did not arrive) =abandoned"]
    );
    assert_eq!(counts(&park, "default"), [5, 0, 5, 0, 0, 0]);
    assert_eq!(park.replace(at(7_000), &"a".into(), new_leg("b")), Err(Refusal::Gone));
}

#[test]
fn a_retriever_of_the_old_leg_has_nobody_and_the_new_one_waits() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let claim = claim_call(&mut park, at(1_000), "a", retriever("r"));
    let effects = replaced(&mut park, at(1_000), "a", "b");
    assert!(effects.contains(&Effect::ClaimLost { leg: "r".into(), ticket: claim.ticket }));
    assert_eq!(told(&effects), ["resume (another leg has replaced the parked one)", "replace"]);
    assert_eq!(effects!(park.complete(at(1_100), &"a".into(), claim.ticket)), []);
    assert_eq!(effects!(park.unclaim(at(1_100), &"a".into(), claim.ticket)), []);
    assert_eq!(park.verdict(&"b".into()), Verdict::Hold);
    // The next one gets it, by its old name too: it was meant for the call.
    let claim = claim_call(&mut park, at(2_000), "a", retriever("s"));
    assert_eq!(claim.call.info.uuid, "b".into());
}

/// Its phone rings on, and whoever answers has the call; one that fails is followed by the next step.
#[test]
fn a_return_step_that_rings_goes_on_for_the_new_leg() {
    for awaited in [false, true] {
        let mut park = park_of_five();
        let steps = Step::parse_list("parker|user/1005@example.com").unwrap();
        parked(&mut park, ParkRequest { returns: Some(steps), ..request("a", "default") });
        let rung = effects!(park.handle_timeout(at(60_000)));
        let run = rings(&rung)[0].run;
        if awaited {
            assert!(park.await_heir(at(61_000), &"a".into(), 5_000));
        }
        assert_eq!(stops(&replaced(&mut park, at(61_000), "a", "b")), []);
        assert!(park.rings(&"a".into(), run));
        let claim = claim_call(&mut park, at(62_000), "a", step_leg("s", run));
        assert_eq!(claim.call.info.uuid, "b".into());
        let failed = effects!(park.unclaim(at(62_500), &"b".into(), claim.ticket));
        assert_eq!(rings(&failed)[0].call.info.uuid, "b".into());
    }
}

#[test]
fn a_step_that_fails_between_two_legs_is_followed_by_the_next_for_the_new_one() {
    let mut park = park_of_five();
    let steps = Step::parse_list("parker|user/1005@example.com").unwrap();
    parked(&mut park, ParkRequest { returns: Some(steps), ..request("a", "default") });
    let run = rings(&effects!(park.handle_timeout(at(60_000))))[0].run;
    assert!(park.await_heir(at(61_000), &"a".into(), 5_000));
    let failed = effects!(park.step_failed(at(61_500), &"a".into(), run, "USER_BUSY"));
    assert_eq!(
        (rings(&failed).len(), told(&failed)),
        (0, vec!["return 1 parker (USER_BUSY)".into()])
    );
    replaced(&mut park, at(62_000), "a", "b");
    let next = effects!(park.handle_timeout(at(62_000)));
    assert_eq!(told(&next), ["return 2 user/1005@example.com"]);
    assert_eq!(rings(&next)[0].call.info.uuid, "b".into());
}

/// What the old leg was to do itself, the new one does; but nobody takes the place of a leg that is hung up.
#[test]
fn a_call_that_is_leaving_leaves_with_the_new_leg() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let to: Destination = "4000 XML default".parse().unwrap();
    let claim = claim_call(&mut park, at(1), "a", Claimant::Leave(Exit::Transfer(to.clone())));
    replaced(&mut park, at(2), "a", "b");
    assert_eq!(park.verdict(&"b".into()), Verdict::Transfer { ticket: claim.ticket, to });
    assert_eq!(told(&effects!(park.complete(at(3), &"b".into(), claim.ticket))), ["leave =left"]);

    parked(&mut park, request("c", "default"));
    park.drop_call(at(4), &orbit_key("default", "701"), "USER_BUSY".parse().unwrap()).unwrap();
    assert!(!park.await_heir(at(5), &"c".into(), 5_000));
    assert_eq!(park.replace(at(5), &"c".into(), new_leg("d")), Err(Refusal::Gone));
    assert_eq!(told(&effects!(park.gone(at(6), &"c".into(), End::HungUp))), ["drop =dropped"]);
}

#[test]
fn a_call_between_two_legs_ends_with_the_module() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    assert!(park.await_heir(at(1), &"a".into(), 5_000));
    assert_eq!(told(&effects!(park.shutdown(at(2)))), ["drop =shutdown"]);
    assert_eq!(park.replace(at(3), &"a".into(), new_leg("b")), Err(Refusal::Closed));
}

#[test]
fn a_leg_that_is_parked_itself_takes_no_other_place() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    parked(&mut park, request("b", "default"));
    assert_eq!(park.replace(at(1), &"a".into(), new_leg("b")), Err(Refusal::AlreadyParked));
    assert_eq!(park.calls(at(1), None).len(), 2);
}

#[test]
fn a_lamp_names_the_call_and_no_other() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let named = |park: &Park| match park.lamp(at(1), &orbit_key("default", "701")) {
        Lamp::Parked { dialog, .. } => dialog,
        Lamp::Idle => panic!("nobody is parked"),
    };
    let dialog = named(&park);
    assert_eq!(dialog.to_string().parse(), Ok(dialog));
    for foreign in ["", "a", "callpark-", "callpark-1", "callpark-x-1", "0a1b-2c3d@192.0.2.1"] {
        assert!(foreign.parse::<Dialog>().is_err(), "{foreign}");
    }
    let find = |park: &Park, lot: &str, at: Option<&str>| {
        park.offered_as(dialog, &key(lot), at.map(orbit).as_ref())
    };
    assert_eq!(find(&park, "default", Some("701")), Some("a".into()));
    assert_eq!(find(&park, "default", Some("702")), None);
    assert_eq!(find(&park, "other", None), None);
    // It goes with the call, to another leg and another orbit, and ends with it.
    replaced(&mut park, at(2), "a", "b");
    let to = Want::Orbit(orbit("704"));
    park.move_call(at(3), &orbit_key("default", "701"), &key("default"), to).unwrap();
    assert_eq!(find(&park, "default", None), Some("b".into()));
    park.gone(at(4), &"b".into(), End::HungUp);
    parked(&mut park, request("b", "default"));
    assert_eq!(find(&park, "default", None), None);
    assert_ne!(named(&park), dialog);
}

/// A caller can be handed on as often as its parker likes.
#[test]
fn only_the_last_legs_whose_place_was_taken_are_remembered() {
    let mut park = park_of_five();
    parked(&mut park, request("0", "default"));
    for n in 0..100 {
        replaced(&mut park, at(n), &n.to_string(), &(n + 1).to_string());
    }
    let is_meant_by = |park: &Park, n: u32| {
        let uuid = n.to_string().as_str().into();
        park.peek(at(100), &key("default"), Target::Call(&uuid), Taker::Anybody).is_ok()
    };
    assert!((36..=100).all(|n| is_meant_by(&park, n)));
    assert!(!(0..36).any(|n| is_meant_by(&park, n)));
    park.gone(at(101), &"100".into(), End::HungUp);
    assert!(!(0..=100).any(|n| is_meant_by(&park, n)));
}
