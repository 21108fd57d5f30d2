//! What it costs does not depend on how many calls, lots and orbits there are.

use std::time::{Duration, Instant};

use super::*;
use crate::park::range::MOST_ORBITS;

/// So many lots of so many orbits each, of tenants.
fn tenants(lots: u32, orbits: u32) -> Vec<LotConfig> {
    let config = |n: u32| {
        let key = format!("l{n}@t{n}.example").parse().expect("a lot");
        let ranges = OrbitRange::parse_list(&format!("00000001-{orbits:08}")).expect("a range");
        LotConfig::new(key, ranges)
    };
    (0..lots).map(config).collect()
}

/// Of several tries the fastest: others use the machine as well.
fn fastest(mut body: impl FnMut()) -> Duration {
    let once = |_| {
        let began = Instant::now();
        body();
        began.elapsed()
    };
    (0..15).map(once).min().unwrap_or_default()
}

/// A thousand lots with ten million orbits each would be more memory than any machine has, if orbits that nobody uses took
/// any.
#[test]
fn a_hostile_configuration_costs_what_it_says_and_not_what_it_means() {
    let mut park = Park::new(1);
    park.configure(Moment(0), tenants(1_000, MOST_ORBITS));
    let status = park.lots();
    assert_eq!(status.len(), 1_000);
    assert!(status.iter().all(|lot| lot.capacity == MOST_ORBITS && lot.free == MOST_ORBITS));
    // Out of service and back, and configured otherwise.
    let key: LotKey = "l7@t7.example".parse().expect("a lot");
    park.close(&key, None).expect("it is there");
    assert_eq!(park.lots().iter().filter(|lot| lot.free == 0).count(), 1);
    park.configure(Moment(1), tenants(1_000, MOST_ORBITS - 1));
    let closed = |park: &Park| park.lots().iter().map(|lot| u64::from(lot.closed)).sum::<u64>();
    assert_eq!(closed(&park), u64::from(MOST_ORBITS) - 1);
    park.open(&key, None).expect("it is there");
    assert_eq!(closed(&park), 0);
    assert!(OrbitRange::parse_list("0-99999999999999999").is_err());
}

#[test]
fn what_a_lamp_is_asked_for_does_not_depend_on_the_number_of_lots() {
    let ask = |lots| {
        let mut park = Park::new(1);
        park.configure(Moment(0), tenants(lots, 1_000));
        assert!(park.is_of_a_tenant("00000001") && park.is_of_a_tenant("l0"));
        assert!(!park.is_of_a_tenant("00001001") && !park.is_of_a_tenant("x"));
        fastest(|| {
            for _ in 0..100 {
                assert!(!park.is_of_a_tenant("99999"));
                assert!(park.orbit_at("99999", Some("t0.example")).is_none());
                assert!(!park.has_tenant("x.example"));
            }
        })
    };
    let (few, many) = (ask(10), ask(2_000));
    assert!(many < few * 10, "10 lots {few:?}, 2,000 lots {many:?}");
}

#[test]
fn what_a_reload_has_taken_away_is_still_a_tenant_s_until_it_is_empty() {
    let mut park = Park::new(1);
    park.configure(Moment(0), tenants(3, 10));
    let info = CallInfo::new("a".into(), Caller::new("Alice", "100"));
    let lot = "l1@t1.example".parse().expect("a lot");
    let orbit = Want::Orbit("00000009".parse().expect("an orbit"));
    let request = ParkRequest::by_administrator(info, lot, orbit);
    park.park(Moment(0), request).expect("a free orbit");
    park.configure(Moment(1), tenants(1, 5));
    assert!(park.is_of_a_tenant("00000009") && park.is_of_a_tenant("l1"));
    assert!(park.orbit_at("00000009", Some("t1.example")).is_some());
    assert!(park.has_tenant("t1.example") && !park.has_tenant("t2.example"));
    park.gone(Moment(2), &"a".into(), End::HungUp);
    assert!(!park.is_of_a_tenant("00000009") && !park.is_of_a_tenant("l1"));
    assert!(
        park.orbit_at("00000009", Some("t1.example")).is_none() && !park.has_tenant("t1.example")
    );
}

fn full(calls: u32) -> Park {
    let mut park = Park::new(1);
    let mut configs = tenants(1_000, 10);
    let ranges = OrbitRange::parse_list(&format!("100001-{}", 100_000 + calls)).expect("a range");
    configs.push(LotConfig::new("default".parse().expect("a lot"), ranges));
    park.configure(Moment(0), configs);
    for n in 1..calls {
        park.park(Moment(0), request(&format!("call-{n}"))).expect("a free orbit");
    }
    drop(park.take_effects());
    park
}

fn request(uuid: &str) -> ParkRequest {
    let info = CallInfo::new(uuid.into(), Caller::new("Alice", "100"));
    let lot = "default".parse().expect("a lot");
    ParkRequest::by_administrator(info, lot, Want::Auto)
}

#[test]
fn the_last_free_orbit_is_found_as_fast_among_ten_thousand_as_among_a_hundred() {
    let park_last = |calls| {
        let mut park = full(calls);
        fastest(|| {
            for _ in 0..100 {
                park.park(Moment(1), request("last")).expect("the last orbit");
                park.gone(Moment(2), &"last".into(), End::HungUp);
            }
            drop(park.take_effects());
        })
    };
    let (few, many) = (park_last(100), park_last(10_000));
    assert!(many < few * 10, "100 calls {few:?}, 10,000 calls {many:?}");
}

#[test]
fn a_long_list_is_read_a_few_calls_at_a_time() {
    let park = full(1_000);
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let some = park.some_calls(Moment(5), None, after.as_ref(), 64);
        assert!(some.calls.len() <= 64);
        all.extend(some.calls);
        after = some.after;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(all, park.calls(Moment(5), None));
    let one = "default".parse().expect("a lot");
    assert_eq!(park.calls(Moment(5), Some(&one)).len(), 999);
    assert!(park.calls(Moment(5), Some(&"none".parse().expect("a lot"))).is_empty());
    let turn = |calls| {
        let park = full(calls);
        let first = park.some_calls(Moment(5), None, None, 64).after;
        fastest(|| drop(park.some_calls(Moment(5), None, first.as_ref(), 64)))
    };
    let (few, many) = (turn(200), turn(10_000));
    assert!(many < few * 10, "200 calls {few:?}, 10,000 calls {many:?}");
}

/// The longest of the turns in which something is done, each as long as it took in the fastest of several rounds.
fn longest_turn(prepare: impl Fn() -> Park, mut turn: impl FnMut(&mut Park) -> bool) -> Duration {
    let mut fastest: Vec<Duration> = Vec::new();
    for _ in 0..9 {
        let mut park = prepare();
        // So that no turn has to clear up what was freed before.
        drop(std::hint::black_box(vec![0u8; 100_000]));
        for n in 0.. {
            let began = Instant::now();
            let more = turn(&mut park);
            let effects = park.take_effects();
            let took = began.elapsed();
            drop(effects);
            match fastest.get_mut(n) {
                Some(fastest) => *fastest = took.min(*fastest),
                None => fastest.push(took),
            }
            if !more {
                break;
            }
        }
    }
    fastest.into_iter().max().unwrap_or_default()
}

#[test]
fn the_lock_is_held_no_longer_when_the_module_stops_with_thousands_of_calls() {
    let longest = |calls| {
        let prepare = || {
            let mut park = full(calls);
            park.stop();
            park
        };
        let mut done = None;
        longest_turn(prepare, move |park| {
            let more = park.wind_up(Moment(1), &mut done);
            done.take_if(|_| !more);
            more
        })
    };
    let (few, many) = (longest(100), longest(10_000));
    assert!(many < few * 10, "100 calls {few:?}, 10,000 calls {many:?}");
}

#[test]
fn an_orbit_is_found_as_fast_among_a_thousand_lots_that_were_made() {
    let ask = |lots: u32| {
        let mut park = Park::new(1);
        park.make_lots();
        for n in 0..lots {
            let lot = format!("l{n}@a.example").parse().expect("a lot");
            let info = CallInfo::new(format!("call-{n}").as_str().into(), Caller::new("", "1"));
            let orbit = Want::Orbit(n.to_string().parse().expect("an orbit"));
            let request = ParkRequest::by_administrator(info, lot, orbit);
            park.park(Moment(0), request).expect("a lot is made");
        }
        fastest(|| {
            for _ in 0..100 {
                assert!(park.orbit_at("99999", Some("a.example")).is_none());
                assert!(park.orbit_at("7", Some("a.example")).is_some());
                assert!(!park.is_of_a_tenant("99999"));
            }
        })
    };
    let (few, many) = (ask(10), ask(10_000));
    assert!(many < few * 10, "10 lots {few:?}, 10,000 lots {many:?}");
}

#[test]
fn a_reload_takes_not_much_longer_for_orbits_that_were_used_or_closed() {
    const CALLS: u32 = 10_000;
    let key: LotKey = "default".parse().expect("a lot");
    let uuid = |n: u32| format!("call-{n}");
    let fill = |park: &mut Park| {
        for n in 0..CALLS {
            park.park(Moment(0), request(&uuid(n))).expect("a free orbit");
        }
    };
    let reload = |prepare: &dyn Fn(&mut Park)| {
        let config = |last: u32| {
            let ranges = OrbitRange::parse_list(&format!("100001-{last}")).expect("a range");
            LotConfig { assign: Assign::LongestFree, ..LotConfig::new(key.clone(), ranges) }
        };
        let once = |_| {
            let mut park = Park::new(1);
            park.configure(Moment(0), vec![config(120_000)]);
            prepare(&mut park);
            drop(park.take_effects());
            let layout = Layout::of(vec![config(120_001)]);
            let began = Instant::now();
            let old = park.lay_out(Moment(1), layout);
            let took = began.elapsed();
            drop(old);
            took
        };
        // The fastest of several, because others use the processor as well.
        (0..9).map(once).min().unwrap_or_default()
    };
    let full = reload(&fill);
    let used = reload(&|park| {
        fill(park);
        for n in 0..CALLS {
            park.gone(Moment(0), &uuid(n).as_str().into(), End::HungUp);
        }
    });
    assert!(used < full * 7, "{full:?} with calls in the orbits, {used:?} after them");
    let closed = reload(&|park| {
        for n in 0..CALLS / 2 {
            let orbit = (100_001 + 2 * n).to_string().parse().expect("an orbit");
            park.close(&key, Some(&orbit)).expect("an orbit of the lot");
        }
    });
    assert!(closed < full * 4, "{full:?} with calls in the orbits, {closed:?} with closed ones");
}

#[test]
fn a_reload_makes_no_copy_while_the_table_is_locked() {
    let config = |last| {
        let ranges = OrbitRange::parse_list(&format!("101-{last}")).expect("a range");
        let key = "default".parse().expect("a lot");
        LotConfig { per_domain: true, ..LotConfig::new(key, ranges) }
    };
    let mut park = Park::new(1);
    park.configure(Moment(0), vec![config(199)]);
    for n in 0..1_000 {
        let info = CallInfo::new(format!("{n}").as_str().into(), Caller::new("", "1"));
        let lot = format!("default@d{n}.example").parse().expect("a lot");
        let request = ParkRequest::by_administrator(info, lot, Want::Auto);
        park.park(Moment(0), request).expect("a free orbit");
    }
    let layout = Layout::of(vec![config(200)]).with_copies(&park.of_domains());
    let ready: Vec<_> = layout.copies.values().map(|copy| Arc::clone(&copy.config)).collect();
    assert_eq!(ready.len(), 1_000);
    drop(park.lay_out(Moment(1), layout));
    for config in ready {
        let used = park.lot_config(&config.key).expect("a copy");
        assert!(Arc::ptr_eq(&used, &config), "{} was made anew", config.key);
    }
}
