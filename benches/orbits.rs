//! How long the lock is held: assigning an orbit in lots that are all but full, what is read, and 10,000 deadlines at once.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test says what is wrong by a panic"
)]

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use mod_callpark::park::*;

fn lot(size: u32, assign: Assign) -> Park {
    let mut park = Park::new(1);
    let ranges = OrbitRange::parse_list(&format!("0000001-{size:07}")).unwrap();
    let config = LotConfig { assign, ..LotConfig::new("default".parse().unwrap(), ranges) };
    park.configure(Moment(0), vec![config]);
    park
}

fn request(uuid: CallUuid) -> ParkRequest {
    let info = CallInfo {
        parker: "1000@example.com".parse().ok(),
        ..CallInfo::new(uuid, Caller::new("Alice", "100"))
    };
    let lot = "default".parse().unwrap();
    ParkRequest::by_administrator(info, lot, Want::Auto)
}

/// How many calls there are.
const CALLS: u32 = 10_000;

/// As many orbits, and a call in each.
fn full(assign: Assign) -> Park {
    let mut park = lot(CALLS, assign);
    for n in 0..CALLS {
        park.park(Moment(0), request(CallUuid::new(format!("call-{n}")))).unwrap();
    }
    drop(park.take_effects());
    // So that what is measured need not clear up what was freed here.
    drop(black_box(vec![0u8; 100_000]));
    park
}

/// Everything taken but one orbit: park a call there, and hang it up again.
fn assign(c: &mut Criterion) {
    for size in [10_000, 100_000, 1_000_000] {
        let mut group = c.benchmark_group(format!("park+gone, {size} orbits, one free"));
        for assign in [Assign::First, Assign::Next, Assign::LongestFree, Assign::Random] {
            let mut park = lot(size, assign);
            for n in 1..size {
                park.park(Moment(0), request(CallUuid::new(format!("call-{n}")))).unwrap();
            }
            drop(park.take_effects());
            let last: CallUuid = "the-last-one".into();
            group.bench_function(BenchmarkId::from_parameter(assign.as_str()), |b| {
                b.iter_batched(
                    || request(last.clone()),
                    |request| {
                        let parked = park.park(Moment(1), request).unwrap();
                        park.gone(Moment(2), &last, End::HungUp);
                        (parked, park.take_effects())
                    },
                    BatchSize::SmallInput,
                );
            });
        }
        group.finish();
    }
}

/// So many lots, one of them with an orbit for each call.
fn lots(calls: usize, lots: usize) -> Vec<LotConfig> {
    let config = |n: usize| {
        let key = format!("l{n}@t{n}.example").parse().unwrap();
        LotConfig::new(key, OrbitRange::parse_list("701-720").unwrap())
    };
    let ranges = OrbitRange::parse_list(&format!("100001-{}", 100_000 + calls)).unwrap();
    let all = LotConfig::new("default".parse().unwrap(), ranges);
    (1..lots).map(config).chain([all]).collect()
}

/// What is read under the lock with 10,000 calls and 1,000 lots: `status`, a turn of `list`, and what a lamp asks. And a
/// reload.
fn read(c: &mut Criterion) {
    for (calls, count) in [(100, 10), (10_000, 1_000)] {
        let mut park = Park::new(1);
        park.configure(Moment(0), lots(calls, count));
        for n in 0..calls {
            park.park(Moment(0), request(CallUuid::new(format!("call-{n}")))).unwrap();
        }
        drop(park.take_effects());
        let mut group = c.benchmark_group(format!("{calls} calls, {count} lots"));
        group.bench_function("status", |b| b.iter(|| park.lots()));
        let after = park.some_calls(Moment(1), None, None, 32).after;
        group.bench_function("a turn of list", |b| {
            b.iter(|| park.some_calls(Moment(1), None, after.as_ref(), 64))
        });
        group.bench_function("a lamp that is nobody's", |b| {
            b.iter(|| (park.orbit_at("99", Some("t1.example")), park.is_of_a_tenant("99")))
        });
        group.bench_function("a reload", |b| {
            b.iter_batched(
                || Layout::of(lots(calls, count)),
                |layout| park.lay_out(Moment(1), layout),
                BatchSize::PerIteration,
            );
        });
        group.finish();
    }
}

/// With 10,000 calls: a reload after which another lot has all of their orbits, the end of the module, and the turns in which
/// what they leave is done.
fn turns(c: &mut Criterion) {
    let other = || {
        let ranges = OrbitRange::parse_list(&format!("0000001-{CALLS:07}")).unwrap();
        Layout::of(vec![LotConfig::new("other".parse().unwrap(), ranges)])
    };
    let mut group = c.benchmark_group(format!("{CALLS} calls"));
    group.sample_size(10);
    group.bench_function("a reload that moves all of them", |b| {
        b.iter_batched_ref(
            || (full(Assign::LongestFree), Some(other())),
            |(park, layout)| layout.take().map(|layout| park.lay_out(Moment(1), layout)),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("a turn of the end", |b| {
        let stopped = || {
            let mut park = full(Assign::LongestFree);
            park.stop();
            park
        };
        let turn = |park: &mut Park| (park.wind_up(Moment(1), &mut None), park.take_effects());
        b.iter_batched_ref(stopped, turn, BatchSize::PerIteration);
    });
    group.finish();
}

/// A reload of a lot of a million orbits.
fn configure(c: &mut Criterion) {
    c.bench_function("configure 1000000 orbits", |b| b.iter(|| lot(1_000_000, Assign::Random)));
}

/// 10,000 calls whose time is up in the same ms; each rings its parker.
fn deadlines(c: &mut Criterion) {
    let full = || full(Assign::First);
    c.bench_function("handle_timeout, 10000 due, all", |b| {
        b.iter_batched(
            full,
            |mut park| {
                while park.poll_timeout().is_some_and(|due| due <= Moment(90_000)) {
                    park.handle_timeout(Moment(90_000));
                    black_box(park.take_effects());
                }
                park
            },
            BatchSize::PerIteration,
        );
    });
    c.bench_function("handle_timeout, 10000 due, one turn of the lock", |b| {
        b.iter_batched(
            full,
            |mut park| {
                park.handle_timeout(Moment(90_000));
                let effects = park.take_effects();
                (park, effects)
            },
            BatchSize::PerIteration,
        );
    });
}

/// A thousand rules, of which the last one fits: what stands before it is about others.
fn rules(c: &mut Criterion) {
    let mut access = Access::default();
    for n in 0..1_000 {
        let mut rule = Rule::new(n % 2 == 0, n);
        let user = if n == 999 { "2*,30??".to_owned() } else { format!("1{n:03},4{n:03}*") };
        rule.set("user", &user).unwrap();
        rule.set("domain", "*.example.com").unwrap();
        rule.set("action", "retrieve").unwrap();
        access.push(rule).unwrap();
    }
    let lot: LotKey = "default".parse().unwrap();
    let actor = Actor::from(Person::of("3099@office.example.com".parse().unwrap()));
    assert!(matches!(access.decide(Right::Retrieve, &lot, &actor).by, By::Rule(_)));
    c.bench_function("1000 rules", |b| {
        b.iter(|| access.decide(Right::Retrieve, black_box(&lot), black_box(&actor)).allowed)
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = assign, read, turns, configure, deadlines, rules
}
criterion_main!(benches);
