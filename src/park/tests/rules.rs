//! What the rules of a lot refuse.

use super::*;

fn with_rules(mut config: LotConfig, rules: &[(&str, &[(&str, &str)])]) -> LotConfig {
    for (line, (kind, attributes)) in rules.iter().enumerate() {
        let mut rule = Rule::new(*kind == "allow", line + 1);
        attributes.iter().for_each(|(name, value)| rule.set(name, value).unwrap());
        config.access.push(rule).unwrap();
    }
    config
}

fn actor(name: &str) -> Actor {
    Person::of(user(name)).into()
}

fn parked_by(name: &str, uuid: &str, lot: &str) -> ParkRequest {
    ParkRequest { by: actor(name), ..request(uuid, lot) }
}

fn by(name: &str, leg: &str) -> Claimant {
    Claimant::Retriever { uuid: leg.into(), user: Some(user(name)), by: actor(name) }
}

/// The one event, with its rule.
fn rule_of(effects: &[Effect]) -> (Action, String) {
    let events = events(effects);
    assert_eq!(events.len(), 1, "{effects:?}");
    assert_eq!(events[0].reason.as_deref(), Some("denied"));
    (events[0].action, events[0].rule.as_deref().unwrap_or_default().to_owned())
}

#[test]
fn who_may_not_park_is_refused_with_the_rule() {
    let denied =
        with_rules(lot("default", "701-705"), &[("deny", &[("action", "park"), ("user", "1001")])]);
    let mut park = park_with(vec![denied]);
    drop(park.take_effects());
    let refused = park.park(T0, parked_by("1001@a.com", "a", "default")).unwrap_err();
    assert_eq!((refused.refusal, refused.then), (Refusal::Denied, AfterRefusal::Continue));
    let rule = (Action::Refuse, "deny action=\"park\" user=\"1001\" (line 1)".to_owned());
    assert_eq!(rule_of(&park.take_effects()), rule);
    // Nor is an orbit held.
    let info = CallInfo::new("a".into(), Caller::new("Alice", "100"));
    let held = park.reserve_for(T0, (&info, &actor("1001@a.com")), &key("default"), Want::Auto, 9);
    assert_eq!(held, Err(Refusal::Denied));
    assert_eq!(rule_of(&park.take_effects()), rule);
    assert_eq!(parked(&mut park, parked_by("1002@a.com", "a", "default")), "default 701");
}

#[test]
fn an_overflow_leads_nowhere_where_the_party_may_not_park() {
    let mut one = lot("default", "701");
    one.when_full = WhenFull::Lot("vip".into());
    let vip = with_rules(lot("vip", "801"), &[("allow", &[("group", "managers")])]);
    let mut park = park_with(vec![one, vip]);
    assert_eq!(park.asks(&key("default")).groups.len(), 1);
    parked(&mut park, parked_by("1001@a.com", "a", "default"));
    assert_eq!(
        park.park(T0, parked_by("1001@a.com", "b", "default")).unwrap_err().refusal,
        Refusal::Denied
    );
    let mut manager = Person::of(user("1002@a.com"));
    manager.groups.insert("managers".into(), true);
    let request = ParkRequest { by: manager.into(), ..request("c", "default") };
    // The orbit was given back.
    assert_eq!(parked(&mut park, request), "vip 801");
}

#[test]
fn who_may_not_retrieve_claims_nothing() {
    let rules: [(&str, &[(&str, &str)]); 1] =
        [("allow", &[("action", "retrieve"), ("user", "1002")])];
    let mut park = park_with(vec![with_rules(lot("default", "701-705"), &rules)]);
    parked(&mut park, request("a", "default"));
    drop(park.take_effects());
    let lot = key("default");
    for target in [Target::Orbit(&orbit("701")), Target::Next, Target::Call(&"a".into())] {
        let refused = park.claim(at(5), Some(&lot), target, by("1001@a.com", "r"));
        assert_eq!(refused.unwrap_err(), Refusal::Denied);
        let effects = park.take_effects();
        assert_eq!(rule_of(&effects), (Action::Refuse, "no <allow> for retrieve fits".to_owned()));
        let event = events(&effects)[0];
        assert_eq!((event.info.uuid.as_str(), event.right), ("a", Some(Right::Retrieve)));
        assert_eq!(event.retriever, Some(user("1001@a.com")));
    }
    assert!(park.may(Right::Retrieve, &lot, &actor("1002@a.com")).allowed);
    // A return step asks nobody, nor does the caller's own exit.
    park.claim(at(6), Some(&lot), Target::Next, by("1002@a.com", "r")).unwrap();
}

#[test]
fn a_source_that_dials_wrong_orbits_is_kept_away_and_reported_once() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    drop(park.take_effects());
    let (lot, wrong, person) = (key("default"), orbit("703"), actor("1001@a.com"));
    let asking =
        |actor| Asking { actor, right: Right::Retrieve, lot: &lot, orbit: Some(&wrong), leg: None };
    for _ in 0..10 {
        park.failed(at(1), asking(&person));
    }
    assert!(!park.is_kept_away(at(1), &asking(&person)));
    assert_eq!(park.take_effects(), []);
    park.failed(at(1), asking(&person));
    assert_eq!(rule_of(&park.take_effects()), (Action::Refuse, "probe-limit".to_owned()));
    park.failed(at(2), asking(&person));
    assert_eq!(park.take_effects(), []);
    assert!(park.is_kept_away(at(60_000), &asking(&person)));
    assert!(!park.is_kept_away(at(60_001), &asking(&person)));
    let other = actor("1002@a.com");
    assert!(!park.is_kept_away(at(2), &asking(&other)));
    // Nobody knows from where that comes.
    let nobody = Actor::from(Person::default());
    for _ in 0..20 {
        park.failed(at(1), asking(&nobody));
    }
    assert!(!park.is_kept_away(at(2), &asking(&nobody)));
    assert_eq!(park.take_effects(), []);
}

#[test]
fn who_comes_too_late_for_a_call_has_dialled_no_wrong_orbit() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    park.gone(at(1), &"a".into(), End::HungUp);
    let (lot, late, person) = (key("default"), orbit("701"), actor("1001@a.com"));
    for _ in 0..50 {
        let orbit = Some(&late);
        park.failed(
            at(2),
            Asking { actor: &person, right: Right::Retrieve, lot: &lot, orbit, leg: None },
        );
    }
    let asking =
        Asking { actor: &person, right: Right::Retrieve, lot: &lot, orbit: None, leg: None };
    assert!(!park.is_kept_away(at(3), &asking));
}
