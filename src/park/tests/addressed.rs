//! Calls for one user, at a user's extension, and the last one that a user has parked.

use super::*;

const BOSS: &str = "1002@example.com";

fn exclusive(ms: u64) -> Park {
    park_with(vec![LotConfig { exclusive_ms: ms, ..lot("default", "701-705") }])
}

fn meant_for(uuid: &str, whom: &str) -> ParkRequest {
    known(request(uuid, "default"), |info| info.addressed_to = whom.into())
}

fn by(name: &str) -> Claimant {
    let by = Person::of(user(name)).into();
    Claimant::Retriever { uuid: "r".into(), user: Some(user(name)), by }
}

fn nobody_known() -> Claimant {
    Claimant::Retriever { uuid: "r".into(), user: None, by: Person::default().into() }
}

fn take(park: &mut Park, ms: u64, target: Target<'_>, by: Claimant) -> Result<String, Refusal> {
    let claim = park.claim(at(ms), Some(&key("default")), target, by)?;
    let uuid = claim.call.info.uuid.clone();
    park.unclaim(at(ms), &uuid, claim.ticket);
    Ok(uuid.to_string())
}

#[test]
fn a_call_for_one_user_waits_for_that_user_alone_until_its_time_is_up() {
    let mut park = exclusive(10_000);
    parked(&mut park, meant_for("a", BOSS));
    let orbit = orbit("701");
    for target in [Target::Orbit(&orbit), Target::Call(&"a".into())] {
        for other in [by("1003@example.com"), by("1002@other.example"), nobody_known()] {
            assert_eq!(take(&mut park, 9_999, target, other), Err(Refusal::Exclusive));
        }
        // Its parker is 1000.
        for (ms, taker) in [(0, BOSS), (9_999, BOSS), (0, "1000@example.com")] {
            assert_eq!(take(&mut park, ms, target, by(taker)).as_deref(), Ok("a"));
        }
        let command =
            Claimant::Retriever { uuid: "r".into(), user: None, by: Actor::Administrator };
        assert_eq!(take(&mut park, 0, target, command).as_deref(), Ok("a"));
        assert_eq!(take(&mut park, 10_000, target, nobody_known()).as_deref(), Ok("a"));
    }
}

#[test]
fn next_brings_a_call_for_one_user_to_that_user_alone() {
    let mut park = exclusive(10_000);
    parked(&mut park, meant_for("a", BOSS));
    assert_eq!(take(&mut park, 0, Target::Next, by("1003@example.com")), Err(Refusal::Empty));
    parked(&mut park, request("b", "default"));
    assert_eq!(take(&mut park, 0, Target::Next, by("1003@example.com")).as_deref(), Ok("b"));
    assert_eq!(take(&mut park, 0, Target::Next, nobody_known()).as_deref(), Ok("b"));
    assert_eq!(take(&mut park, 0, Target::Next, by(BOSS)).as_deref(), Ok("a"));
    let command = Claimant::Retriever { uuid: "r".into(), user: None, by: Actor::Administrator };
    assert_eq!(take(&mut park, 0, Target::Next, command).as_deref(), Ok("a"));
    assert_eq!(park.poll_timeout(), Some(at(10_000)));
    let lit = effects!(park.handle_timeout(at(10_000)));
    assert_eq!(lit, [Effect::Presence(orbit_key("default", "701"))]);
    assert_eq!(take(&mut park, 10_000, Target::Next, nobody_known()).as_deref(), Ok("a"));
}

#[test]
fn its_lamp_has_no_name_meanwhile() {
    let mut park = exclusive(10_000);
    parked(&mut park, meant_for("a", BOSS));
    let place = orbit_key("default", "701");
    let name = |park: &Park, ms| match park.lamp(at(ms), &place) {
        Lamp::Parked { name, .. } => name.to_string(),
        Lamp::Idle => panic!("it is dark"),
    };
    assert_eq!(name(&park, 0), "");
    park.handle_timeout(at(10_000));
    assert_eq!(name(&park, 10_000), "Alice");
}

#[test]
fn a_new_addressee_begins_anew_and_none_opens_it() {
    let mut park = exclusive(10_000);
    parked(&mut park, request("a", "default"));
    let place = orbit_key("default", "701");
    park.set(at(5_000), &place, Setting::For(BOSS.into())).unwrap();
    let other = || by("1003@example.com");
    assert_eq!(take(&mut park, 14_999, Target::Next, other()), Err(Refusal::Empty));
    assert_eq!(take(&mut park, 14_999, Target::For(&user(BOSS)), by(BOSS)).as_deref(), Ok("a"));
    park.set(at(6_000), &place, Setting::For(String::new())).unwrap();
    assert_eq!(take(&mut park, 6_000, Target::Next, other()).as_deref(), Ok("a"));
    assert_eq!(take(&mut park, 6_000, Target::For(&user(BOSS)), by(BOSS)), Err(Refusal::Empty));
    // What is no user keeps nobody away.
    park.set(at(6_000), &place, Setting::For("the boss".into())).unwrap();
    assert_eq!(take(&mut park, 6_000, Target::Next, other()).as_deref(), Ok("a"));
}

#[test]
fn a_claim_given_back_and_a_move_leave_it_exclusive() {
    let mut park = exclusive(10_000);
    parked(&mut park, meant_for("a", BOSS));
    let to = park.move_call(
        T0,
        &orbit_key("default", "701"),
        &key("default"),
        Want::Orbit(orbit("703")),
    );
    assert_eq!(to.unwrap().to_string(), "default 703");
    let claim = park.claim(at(1), Some(&key("default")), Target::Next, by(BOSS)).unwrap();
    park.unclaim(at(20_000), &"a".into(), claim.ticket);
    // It was claimed when its time was up.
    assert_eq!(take(&mut park, 20_000, Target::Next, nobody_known()), Err(Refusal::Empty));
    park.handle_timeout(at(20_000));
    assert_eq!(take(&mut park, 20_000, Target::Next, nobody_known()).as_deref(), Ok("a"));
}

#[test]
fn a_retriever_who_must_not_have_it_is_reported() {
    let mut park = exclusive(10_000);
    parked(&mut park, meant_for("a", BOSS));
    let (lot, leg) = (key("default"), "r".into());
    let asking = Asking {
        actor: &Person::of(user("1003@example.com")).into(),
        right: Right::Retrieve,
        lot: &lot,
        orbit: None,
        leg: Some(&leg),
    };
    let target = Target::For(&user(BOSS));
    let effects = effects!(park.refuse_retriever(at(5), target, asking, Refusal::Exclusive));
    let events = events(&effects);
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].action, events[0].wait_ms), (Action::Refuse, 5));
    assert_eq!(
        (events[0].reason.as_deref(), events[0].rule.as_deref()),
        (Some("denied"), Some("exclusive"))
    );
    assert_eq!(events[0].retriever, Some(user("1003@example.com")));
    assert_eq!(events[0].outcome, None);
}

fn at_users(uuid: &str, users: &[&str]) -> ParkRequest {
    let users = users.iter().map(|name| user(name)).collect();
    ParkRequest { orbit: Want::At(users), ..request(uuid, "default") }
}

#[test]
fn one_call_waits_at_an_extension_in_the_orbit_of_that_name_or_in_any() {
    let mut park = park_with(vec![lot("default", "1001-1002,701")]);
    assert_eq!(parked(&mut park, at_users("a", &[BOSS])), "default 1002");
    assert_eq!(park.find(T0, &"a".into()).unwrap().info.addressed_to.as_ref(), BOSS);
    let occupied = (Refusal::Occupied, AfterRefusal::Continue);
    assert_eq!(refused(&mut park, at_users("b", &[BOSS])), occupied);
    // This user has no orbit.
    assert_eq!(parked(&mut park, at_users("b", &["7@example.com"])), "default 1001");
    // And the orbit of this one is taken, although not by a call that is meant for that user.
    assert_eq!(refused(&mut park, at_users("c", &["1001@example.com"])), occupied);
    for (whom, found) in [(BOSS, Ok("a")), ("7@example.com", Ok("b")), ("8@example.com", Err(()))] {
        let taken = take(&mut park, 0, Target::For(&user(whom)), nobody_known());
        assert_eq!(taken.as_deref().map_err(|_| ()), found, "{whom}");
    }
    park.gone(T0, &"a".into(), End::HungUp);
    assert_eq!(parked(&mut park, at_users("c", &[BOSS])), "default 1002");
    park.gone(T0, &"b".into(), End::HungUp);
    park.gone(T0, &"c".into(), End::HungUp);
    assert!(park.index.is_empty());
}

#[test]
fn an_orbit_may_have_a_star_before_the_user() {
    let mut park = park_with(vec![lot("default", "1001-1002,*1002-*1003")]);
    for (uuid, whom, place) in [
        ("a", BOSS, "*1002"),
        ("b", "1003@example.com", "*1003"),
        ("c", "1001@example.com", "1001"),
    ] {
        assert_eq!(parked(&mut park, at_users(uuid, &[whom])), format!("default {place}"));
    }
}

#[test]
fn a_group_is_hunted_for_its_first_free_member() {
    let mut park = park_with(vec![lot("default", "1001-1003")]);
    let group = ["1001@example.com", BOSS, "1003@example.com"];
    parked(&mut park, wanting("a", "default", "1002"));
    assert_eq!(parked(&mut park, at_users("b", &group)), "default 1001");
    assert_eq!(parked(&mut park, at_users("c", &group)), "default 1003");
    let full = (Refusal::Full, AfterRefusal::Continue);
    assert_eq!(refused(&mut park, at_users("d", &group)), full);
    assert_eq!(park.lots()[0].free, 0);
}

#[test]
fn an_orbit_held_at_an_extension_counts_and_the_call_that_comes_is_for_that_user() {
    let mut park = park_with(vec![lot("default", "701-705")]);
    let boss: Want = Want::At([user(BOSS)].into());
    let lot = key("default");
    park.reserve(T0, &"a".into(), &lot, boss.clone(), 5_000).unwrap();
    assert_eq!(park.reserve(T0, &"b".into(), &lot, boss.clone(), 5_000), Err(Refusal::Occupied));
    // The same want prolongs it.
    park.reserve(at(1), &"a".into(), &lot, boss.clone(), 5_000).unwrap();
    assert_eq!(park.reserved_at(&"a".into()), Some(&user(BOSS)));
    parked(&mut park, wanting("a", "default", "701"));
    assert_eq!(park.find(T0, &"a".into()).unwrap().info.addressed_to.as_ref(), BOSS);
    park.hand_on(T0, &"a".into(), &"h".into(), 5_000);
    assert_eq!(park.reserved_at(&"h".into()), Some(&user(BOSS)));
    parked(&mut park, wanting("h", "default", "701"));
    assert_eq!(take(&mut park, 0, Target::For(&user(BOSS)), nobody_known()).as_deref(), Ok("h"));
    park.gone(T0, &"h".into(), End::HungUp);
    park.reserve(T0, &"b".into(), &lot, boss, 5_000).unwrap();
    park.unreserve(&"b".into());
    assert!(park.index.is_empty());
}

#[test]
fn the_last_call_of_a_parker_may_be_in_a_lot_that_it_overflowed_into() {
    let first =
        LotConfig { when_full: WhenFull::Lot("more".parse().unwrap()), ..lot("default", "701") };
    let more = LotConfig {
        when_full: WhenFull::Lot("default".parse().unwrap()),
        ..lot("more", "801-802")
    };
    let mut park = park_with(vec![first, more]);
    let (me, other) = (user("1000@example.com"), user("1003@example.com"));
    for (uuid, place) in [("a", "default 701"), ("b", "more 801"), ("c", "more 802")] {
        assert_eq!(parked(&mut park, request(uuid, "default")), place);
    }
    let last = |park: &mut Park, whose: &User| {
        take(park, 0, Target::LastOf(whose), by("1000@example.com"))
    };
    // The lot that is asked for comes first.
    assert_eq!(last(&mut park, &me).as_deref(), Ok("a"));
    park.gone(T0, &"a".into(), End::HungUp);
    assert_eq!(last(&mut park, &me).as_deref(), Ok("c"));
    let claim = park.claim(T0, None, Target::Call(&"c".into()), by("1000@example.com")).unwrap();
    assert_eq!(last(&mut park, &me).as_deref(), Ok("b"));
    park.unclaim(T0, &"c".into(), claim.ticket);
    assert_eq!(last(&mut park, &me).as_deref(), Ok("c"));
    assert_eq!(last(&mut park, &other), Err(Refusal::Empty));
}
