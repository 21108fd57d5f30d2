//! How long a call is parked before its return steps start.

use super::*;

fn adaptive() -> Park {
    let timeout = Timeout {
        base: TimeoutRule::Adaptive,
        min_ms: 20_000,
        max_ms: 200_000,
        ..Timeout::default()
    };
    park_with(vec![LotConfig { timeout, ..lot("default", "701-705") }])
}

/// Parks a call, has it retrieved after so long, and says what timeout it had.
fn takes(park: &mut Park, ms: u64) -> u64 {
    parked(park, request("a", "default"));
    let timeout = park.find(T0, &"a".into()).unwrap().timeout_ms_left.unwrap();
    let claim = claim_call(park, at(ms), "a", retriever("r"));
    park.complete(at(ms), &"a".into(), claim.ticket);
    timeout
}

#[test]
fn it_adapts_to_what_the_lots_calls_took() {
    let mut park = adaptive();
    for ms in [10_000, 20_000, 30_000, 40_000] {
        assert_eq!(takes(&mut park, ms), NEW_MS);
    }
    assert_eq!(takes(&mut park, 50_000), NEW_MS);
    assert_eq!(takes(&mut park, 60_000), 50_000, "the 90th percentile of five is the longest");
    for _ in 0..WINDOW {
        takes(&mut park, 1_000);
    }
    assert_eq!(takes(&mut park, 1_000), 20_000, "not under timeout-min");
    for _ in 0..WINDOW {
        takes(&mut park, 900_000);
    }
    assert_eq!(takes(&mut park, 1), 200_000, "not over timeout-max");
}

#[test]
fn calls_that_came_back_count_and_abandoned_ones_do_not() {
    let mut park = adaptive();
    for n in 0..LEAST {
        parked(&mut park, request("a", "default"));
        park.gone(at(1), &"a".into(), End::HungUp);
        parked(&mut park, request("b", "default"));
        let run = rings(&effects!(park.handle_timeout(at(90_000))))[0].run;
        let claim = claim_call(&mut park, at(100_000), "b", step_leg("s", run));
        park.complete(at(100_000), &"b".into(), claim.ticket);
        let expected = if n + 1 < LEAST { NEW_MS } else { 100_000 };
        parked(&mut park, request("c", "default"));
        assert_eq!(park.find(T0, &"c".into()).unwrap().timeout_ms_left, Some(expected));
        park.gone(T0, &"c".into(), End::HungUp);
    }
}

#[test]
fn priorities_scale() {
    let by_priority = "5:45,9:20".parse::<ByPriority>().unwrap().0;
    let timeout = Timeout { by_priority, ..Timeout::fixed(90_000) };
    let mut park = park_with(vec![LotConfig { timeout, ..lot("default", "701-705") }]);
    for (uuid, priority, ms) in
        [("a", 0, 90_000), ("b", 4, 90_000), ("c", 5, 45_000), ("d", 9, 20_000)]
    {
        parked(&mut park, known(request(uuid, "default"), |info| info.priority = priority));
        assert_eq!(park.find(T0, &uuid.into()).unwrap().timeout_ms_left, Some(ms));
    }
    // More urgent now: its time is counted from when it was parked.
    let set = |park: &mut Park, ms, name: &str, priority| {
        park.set(at(ms), &orbit_key("default", name), Setting::Priority(priority)).unwrap();
    };
    set(&mut park, 10_000, "701", 9);
    assert_eq!(park.find(at(10_000), &"a".into()).unwrap().timeout_ms_left, Some(10_000));
    // A timeout of its own stays.
    park.set(at(10_000), &orbit_key("default", "702"), Setting::TimeoutMs(5_000)).unwrap();
    set(&mut park, 10_000, "702", 9);
    assert_eq!(park.find(at(10_000), &"b".into()).unwrap().timeout_ms_left, Some(5_000));
}
