//! Calls that a restart has taken: their orbits are held, and they come back or are lost.

use super::*;

const TTL_MS: u64 = 20_000;

fn absent(uuid: &str, place: &str) -> Absent {
    let (lot, orbit) = place.split_once('/').unwrap();
    let info = request(uuid, lot).info;
    Absent {
        info: CallInfo { note: "a note".into(), priority: 4, ..info },
        place: orbit_key(lot, orbit),
        waited_ms: 30_000,
        timeout_ms_left: Some(30_000),
        call_back: true,
    }
}

/// With that call awaited since T0.
fn awaiting(absent: Absent) -> Park {
    let mut park = park_of_five();
    assert_eq!(effects!(park.await_return(T0, absent, TTL_MS)), []);
    park
}

fn reserved(park: &Park) -> (u32, u32, u32) {
    let lot = park.lots().remove(0);
    (lot.parked, lot.reserved, lot.free)
}

#[test]
fn its_orbit_is_held_and_given_to_nobody() {
    let mut park = awaiting(absent("a", "default/702"));
    assert_eq!(reserved(&park), (0, 1, 4));
    assert_eq!(park.is_awaited(&"a".into()), Some(orbit_key("default", "702")));
    assert_eq!(park.awaited(), 1);
    let places: Vec<String> =
        ["b", "c", "d", "e"].map(|uuid| parked(&mut park, request(uuid, "default"))).into();
    assert!(!places.contains(&"default/702".to_owned()), "{places:?}");
    assert_eq!(refused(&mut park, request("f", "default")).0, Refusal::Full);
    let taken = park.claim(T0, Some(&key("default")), Target::Orbit(&orbit("702")), retriever("r"));
    assert_eq!(taken.unwrap_err(), Refusal::Empty);
    let shown = park.show(at(5_000), &orbit_key("default", "702"), &nobody).unwrap();
    assert_eq!((shown.state, shown.next[0].in_ms), (OrbitState::Reserved, TTL_MS - 5_000));
    assert_eq!(shown.next[0].what, "becomes free again unless a comes back after the restart");
    assert_eq!(park.lamp(T0, &orbit_key("default", "702")), Lamp::Idle);
}

#[test]
fn it_comes_back_as_it_was() {
    let mut park = awaiting(absent("a", "default/702"));
    let effects = effects!(park.recover(at(2_000), wanting("a", "default", "705")));
    let events = events(&effects);
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].action, events[0].outcome), (Action::Recover, None));
    assert_eq!((events[0].wait_ms, events[0].timeout_ms_left), (32_000, Some(28_000)));
    assert!(effects.contains(&Effect::Presence(orbit_key("default", "702"))));
    assert_eq!((reserved(&park), park.awaited()), ((1, 0, 4), 0));
    let call = park.find(at(2_000), &"a".into()).unwrap();
    assert_eq!((call.orbit.as_str(), call.waiting_ms), ("702", 32_000));
    assert_eq!((&*call.info.note, call.info.priority), ("a note", 4));
    assert_eq!(call.info.parker.as_deref(), Some("1000@example.com"));
    assert_eq!(park.poll_timeout(), Some(at(30_000)));
    let claim = claim_call(&mut park, at(3_000), "a", retriever("r"));
    assert!(park.complete(at(3_000), &"a".into(), claim.ticket));
    assert_eq!(reserved(&park), (0, 0, 5));
}

#[test]
fn its_timeout_passes_ten_seconds_after_its_return_at_the_earliest() {
    for (left_ms, back_ms, expected) in [
        (Some(30_000), 2_000, Some(30_000)),
        (Some(5_000), 2_000, Some(12_000)),
        (Some(0), 0, Some(10_000)),
        (Some(15_000), 10_000, Some(20_000)),
        (None, 2_000, None),
    ] {
        let mut park = awaiting(Absent { timeout_ms_left: left_ms, ..absent("a", "default/702") });
        park.recover(at(back_ms), request("a", "default")).unwrap();
        assert_eq!(park.poll_timeout(), expected.map(at), "{left_ms:?} {back_ms}");
    }
}

#[test]
fn its_longest_wait_counts_from_its_park() {
    for (max_wait_ms, expected) in [(60_000, 30_000), (31_000, 12_000), (10_000, 12_000)] {
        let config = LotConfig { max_wait_ms, ..lot("default", "701-705") };
        let mut park = park_with(vec![config]);
        let gone = Absent { timeout_ms_left: None, ..absent("a", "default/702") };
        park.await_return(T0, gone, TTL_MS);
        park.recover(at(2_000), request("a", "default")).unwrap();
        assert_eq!(park.poll_timeout(), Some(at(expected)), "{max_wait_ms}");
    }
}

#[test]
fn what_its_channel_says_counts_for_later_rounds() {
    let mut park = awaiting(absent("a", "default/702"));
    let mut said = request("a", "default");
    said.returns = Some(Step::parse_list("user/1").unwrap());
    said.info.caller.private = true;
    said.info.note = "another".into();
    park.recover(at(1_000), said).unwrap();
    let call = park.find(at(1_000), &"a".into()).unwrap();
    assert!(call.info.caller.private);
    assert_eq!(&*call.info.note, "a note");
    drop(park.take_effects());
    park.handle_timeout(at(30_000));
    let rings = park.take_effects();
    assert!(
        rings
            .iter()
            .any(|e| matches!(e, Effect::Ring(ring) if ring.to == RingTo::Dial("user/1".into())))
    );
}

#[test]
fn what_does_not_come_back_is_lost_and_its_caller_is_called_back() {
    let mut park = awaiting(absent("a", "default/702"));
    assert_eq!(park.poll_timeout(), Some(at(TTL_MS)));
    drop(park.take_effects());
    park.handle_timeout(at(TTL_MS));
    let effects = park.take_effects();
    let events = events(&effects);
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].action, events[0].outcome), (Action::Recover, Some(Outcome::Lost)));
    assert_eq!(events[0].wait_ms, 50_000);
    assert_eq!(events[0].reason.as_deref(), Some("it did not come back after the restart"));
    assert_eq!(reserved(&park), (0, 0, 5));
    let owed = park.callbacks(at(TTL_MS));
    assert_eq!((owed.len(), owed[0].note), (1, Some("cut off by a restart")));
    assert_eq!((&*owed[0].by, &*owed[0].caller.number), ("1000@example.com", "100"));
    assert_eq!(park.recover(at(TTL_MS), request("a", "default")).unwrap_err(), Refusal::Gone);
    assert!(!park.lost(at(TTL_MS), &"a".into(), "again"));
}

#[test]
fn nobody_is_called_back_who_cannot_be_or_is_not_to_be() {
    let call = || absent("a", "default/702");
    let mut anonymous = call();
    anonymous.info.caller = Caller::new("Alice", "anonymous");
    let mut parked_by_nobody = call();
    parked_by_nobody.info.parker = None;
    for absent in [Absent { call_back: false, ..call() }, anonymous, parked_by_nobody] {
        let mut park = awaiting(absent);
        assert!(park.lost(at(1_000), &"a".into(), "its phone is gone"));
        assert_eq!(park.callbacks(at(1_000)), []);
        assert_eq!(reserved(&park), (0, 0, 5));
    }
}

#[test]
fn a_lot_or_an_orbit_that_is_gone_drains() {
    for place in ["default/799", "old/798", "old@example.com/701"] {
        let mut park = awaiting(absent("a", place));
        let key = park.recover(at(1_000), request("a", "default")).unwrap();
        assert_eq!(key.to_string(), place.replace('/', " "));
        let claim = claim_call(&mut park, at(2_000), "a", retriever("r"));
        assert!(park.complete(at(2_000), &"a".into(), claim.ticket));
        assert_eq!((park.lots().len(), reserved(&park)), (1, (0, 0, 5)), "{place}");
        let mut park = awaiting(absent("a", place));
        assert!(park.lost(at(1_000), &"a".into(), "gone"));
        assert_eq!((park.lots().len(), reserved(&park)), (1, (0, 0, 5)), "{place}");
    }
}

#[test]
fn a_reload_takes_what_is_held_along() {
    let mut park = awaiting(absent("a", "default/702"));
    park.configure(at(1_000), vec![lot("default", "711-715"), lot("new", "701-705")]);
    assert_eq!(park.is_awaited(&"a".into()), Some(orbit_key("new", "702")));
    let place = park.recover(at(2_000), request("a", "default")).unwrap();
    assert_eq!(place, orbit_key("new", "702"));
}

#[test]
fn a_closed_orbit_is_held_as_well_and_stays_closed() {
    let mut park = park_of_five();
    park.close(&key("default"), Some(&orbit("702"))).unwrap();
    park.await_return(T0, absent("a", "default/702"), TTL_MS);
    park.recover(at(1_000), request("a", "default")).unwrap();
    let claim = claim_call(&mut park, at(2_000), "a", retriever("r"));
    assert!(park.complete(at(2_000), &"a".into(), claim.ticket));
    assert_eq!(reserved(&park), (0, 0, 4));
}

#[test]
fn two_calls_in_one_orbit_cannot_both_come_back() {
    let mut park = awaiting(absent("a", "default/702"));
    let effects = effects!(park.await_return(T0, absent("b", "default/702"), TTL_MS));
    assert_eq!(events(&effects)[0].outcome, Some(Outcome::Lost));
    assert_eq!((park.awaited(), reserved(&park)), (1, (0, 1, 4)));
    // The same one twice is one.
    assert_eq!(effects!(park.await_return(T0, absent("a", "default/703"), TTL_MS)), []);
    assert_eq!((park.awaited(), reserved(&park)), (1, (0, 1, 4)));
}

#[test]
fn its_channel_cannot_be_parked_in_another_way() {
    let mut park = awaiting(absent("a", "default/702"));
    assert_eq!(refused(&mut park, request("a", "default")).0, Refusal::AlreadyParked);
    let held = park.reserve(T0, &"a".into(), &key("default"), Want::Auto, 1_000);
    assert_eq!(held.unwrap_err(), Refusal::AlreadyParked);
    parked(&mut park, request("b", "default"));
    let new = NewLeg { uuid: "a".into(), caller: Caller::default(), parker: None };
    assert_eq!(park.replace(T0, &"b".into(), new).unwrap_err(), Refusal::AlreadyParked);
    assert_eq!(park.unreserve(&"a".into()), None);
    assert_eq!(park.awaited(), 1);
}

#[test]
fn it_can_be_awaited_for_longer_and_is_forgotten_when_the_module_stops() {
    let mut park = awaiting(absent("a", "default/702"));
    park.await_for(at(10_000), TTL_MS);
    park.handle_timeout(at(TTL_MS));
    assert_eq!((park.awaited(), park.poll_timeout()), (1, Some(at(30_000))));
    assert_eq!(effects!(park.shutdown(at(25_000))), []);
    assert_eq!((park.awaited(), park.poll_timeout()), (0, None));
    assert_eq!(park.recover(at(25_000), request("a", "default")).unwrap_err(), Refusal::Closed);
    park.await_return(at(26_000), absent("b", "default/702"), TTL_MS);
    assert_eq!(park.awaited(), 0);
}
