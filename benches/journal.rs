//! What one entry of the journal costs the thread of a call: making it from the module's event, and recording it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test says what is wrong by a panic"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use mod_callpark::fuzzing::journal_entry;
use mod_callpark::park::*;
use office::journal::{Journal, Settings};

/// As many as there is room for in memory, several times over.
const AT_ONCE: u64 = 1_000;
const LONG: Duration = Duration::from_secs(60);

/// A folder that goes away with this.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("callpark-bench-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The park of a call with everything that is known of one, and its end.
fn events() -> [ParkEvent; 2] {
    let lot: LotKey = "default".parse().unwrap();
    let mut park = Park::new(1);
    let ranges = OrbitRange::parse_list("701-720").unwrap();
    park.configure(Moment(0), vec![LotConfig::new(lot.clone(), ranges)]);
    let uuid: CallUuid = "0b1f7a53-4f0e-4c1d-9c1d-0242ac120002".into();
    let caller = Caller::new("Ada Lovelace <&\"'> 王", "+49301234567");
    let info = CallInfo {
        parker: "1001@example.com".parse().ok(),
        note: "wants to know where her engine is".into(),
        addressed_to: "1002@example.com".into(),
        parked_at_epoch_ms: 1_700_000_000_000,
        ..CallInfo::new(uuid.clone(), caller)
    };
    let request = ParkRequest {
        timeout_ms: Some(90_000),
        ..ParkRequest::by_administrator(info, lot, Want::Auto)
    };
    park.park(Moment(0), request).unwrap();
    park.gone(Moment(45_000), &uuid, End::HungUp);
    let events = park.take_effects().into_iter().filter_map(|effect| match effect {
        Effect::Event(event) => Some(*event),
        _ => None,
    });
    events.collect::<Vec<_>>().try_into().expect("a park and its end")
}

/// Half of the entries begin a call and half end one, as in a real journal.
fn record(c: &mut Criterion) {
    let folder = Folder::new();
    let settings =
        Settings { history_days: 0, ..Settings::new(folder.0.join("callpark.sqlite"), "pbx") };
    let journal = Journal::start(settings).unwrap();
    let events = events();
    c.bench_function("journal: one entry, made and recorded", |b| {
        b.iter_custom(|count| {
            let (mut spent, mut left) = (Duration::ZERO, count);
            while left > 0 {
                let some = left.min(AT_ONCE);
                let start = Instant::now();
                for event in events.iter().cycle().take(usize::try_from(some).unwrap()) {
                    journal.record(journal_entry(event));
                }
                spent += start.elapsed();
                left -= some;
                // What waits for the disk is not this thread.
                assert!(journal.flush(LONG));
            }
            spent
        });
    });
    assert_eq!(journal.health().shed, 0);
    assert!(journal.stop(LONG));
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = record
}
criterion_main!(benches);
