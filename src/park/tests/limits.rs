//! How often one caller may do what.

use super::*;

fn from(uuid: &str, lot: &str, number: &str) -> ParkRequest {
    known(request(uuid, lot), |info| info.caller = Caller::new("Alice", number))
}

fn at_most(name: &str, orbits: &str, most: u32) -> LotConfig {
    LotConfig { max_per_caller: Some(most), ..lot(name, orbits) }
}

#[test]
fn a_caller_has_so_many_calls_in_a_lot_and_no_more() {
    let lots = vec![at_most("default", "701-709", 2), at_most("other", "801-809", 2)];
    let mut park = park_with(lots);
    for (uuid, orbit) in [("a", "701"), ("b", "702")] {
        assert_eq!(parked(&mut park, from(uuid, "default", "555")), format!("default {orbit}"));
    }
    let (refusal, then) = refused(&mut park, from("c", "default", "555"));
    assert_eq!((refusal, then), (Refusal::TooManyOfCaller, AfterRefusal::Continue));
    assert_eq!(refusal.code(), "denied");
    // Nothing is taken by it, others are not meant, and nor is the other lot.
    assert_eq!(counts(&park, "default"), [9, 2, 7, 0, 0, 0]);
    assert_eq!(parked(&mut park, from("d", "default", "5555")), "default 703");
    assert_eq!(parked(&mut park, from("e", "other", "555")), "other 801");
    // Who is moved counts where they are.
    let there = orbit_key("default", "702");
    park.move_call(T0, &there, &key("other"), Want::Auto).unwrap();
    assert_eq!(refused(&mut park, from("f", "other", "555")).0, Refusal::TooManyOfCaller);
    assert_eq!(parked(&mut park, from("g", "default", "555")), "default 702");
    for uuid in ["a", "b", "d", "e", "g"] {
        park.gone(T0, &uuid.into(), End::HungUp);
    }
    assert!(park.index.is_empty());
}

#[test]
fn callers_without_a_number_are_not_one_caller() {
    let mut park = park_with(vec![at_most("default", "701-740", 1)]);
    for (n, number) in ["", "anonymous", "Anonymous", "0000000000", "unknown"].iter().enumerate() {
        for half in ["a", "b"] {
            parked(&mut park, from(&format!("{half}{n}"), "default", number));
        }
    }
}

#[test]
fn an_orbit_that_is_held_is_not_refused() {
    let mut park = park_with(vec![at_most("default", "701-709", 1)]);
    parked(&mut park, from("a", "default", "555"));
    park.reserve(T0, &"b".into(), &key("default"), Want::Auto, 5_000).unwrap();
    assert_eq!(parked(&mut park, from("b", "default", "555")), "default 702");
    assert_eq!(refused(&mut park, from("c", "default", "555")).0, Refusal::TooManyOfCaller);
}

#[test]
fn people_are_told_of_a_caller_once_in_a_while() {
    let mut park = park_of_five();
    let tell = |park: &mut Park, ms, uuid: &str, number: &str, notice| {
        park.park(at(ms), from(uuid, "default", number)).unwrap();
        let told = park.tell(at(ms), &uuid.into(), notice).is_ok();
        park.gone(at(ms), &uuid.into(), End::HungUp);
        told
    };
    for notice in [Notice::Page, Notice::Message] {
        assert!(tell(&mut park, 0, "a", "555", notice));
        // In and out again, also on another channel.
        for ms in 1..13 {
            assert!(!tell(&mut park, ms * 700, if ms % 2 == 0 { "a" } else { "b" }, "555", notice));
        }
        assert!(tell(&mut park, 10_000, "c", "556", notice));
        // Without a number, by the channel.
        assert!(tell(&mut park, 10_000, "d", "", notice));
        assert!(!tell(&mut park, 11_000, "d", "anonymous", notice));
        assert!(tell(&mut park, 11_000, "e", "anonymous", notice));
        assert!(tell(&mut park, 30_000, "a", "555", notice));
    }
}

#[test]
fn many_callers_are_not_told_of_one_by_one() {
    let mut park = park_of_five();
    let mut told = 0;
    for n in 0..100_u32 {
        let uuid = CallUuid::from(n.to_string().as_str());
        park.park(at(0), from(&n.to_string(), "default", &format!("555{n}"))).unwrap();
        told += usize::from(park.tell(at(0), &uuid, Notice::Page).is_ok());
        park.gone(at(0), &uuid, End::HungUp);
    }
    assert_eq!(told, MOST_TOLD);
}

#[test]
fn without_an_interval_people_are_told_each_time() {
    let config = LotConfig { page_interval_ms: 0, ..lot("default", "701-705") };
    let mut park = park_with(vec![config]);
    park.park(T0, from("a", "default", "555")).unwrap();
    for _ in 0..100 {
        assert_eq!(park.tell(T0, &"a".into(), Notice::Page), Ok(()));
    }
}

/// However many callers come, only those are remembered whose interval lasts.
#[test]
fn who_was_announced_long_ago_is_forgotten_though_others_come_all_the_time() {
    let mut park = park_with(vec![LotConfig { page_interval_ms: 1_000, ..lot("l", "1-2") }]);
    let mut most = 0;
    for n in 0..5_000u64 {
        let uuid = CallUuid::new(format!("call-{n}"));
        parked(&mut park, from(uuid.as_str(), "l", &format!("555{n}")));
        assert_eq!(park.tell(at(n * 200), &uuid, Notice::Page), Ok(()));
        park.gone(T0, &uuid, End::HungUp);
        drop(park.take_effects());
        most = most.max(park.pace.remembered());
    }
    assert!(most < 20, "{most} are remembered");
}
