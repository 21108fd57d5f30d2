//! Deadlines are on the clock: a thousand parked calls, whose time is up all over ten seconds, start their first return
//! step when it is; also callers who have us on hold, and those who send no packet.

use std::collections::HashMap;
use std::time::Duration;

use kit::phone::{Call, Direction, Phone};
use kit::{SOON, Scene, new_uuid};

use super::desk::setup;

const CALLS: usize = 1000;
/// The timeouts, in seconds: long enough for all to be parked before the first is over.
const TIMEOUTS: std::ops::Range<usize> = 40..50;
/// 99 of 100 steps start at most so late.
const LATE_MS: i64 = 50;

/// What callers' phones do while they wait.
const WAYS: [fn(&Call); 4] = [
    |_| {},
    // The caller has us on hold.
    |call| call.hold(),
    // No packet at all: so negotiated, or speech only.
    |call| assert_eq!(call.reinvite(Direction::RecvOnly), 200),
    Call::fall_silent,
];

fn timeout_s(number: usize) -> usize {
    TIMEOUTS.start + number % TIMEOUTS.len()
}

#[test]
fn a_thousand_first_steps_start_when_the_time_is_up() {
    let lot = r#"<lot name="default" orbits="10001-12000"><param name="timeout" value="0"/>
        <param name="hold-music" value="silence_stream://-1"/>
        <return><step to="user/1019@$${domain}"/></return></lot>"#;
    let mut setup = setup(lot).extension("park", &[("answer", ""), ("callpark", "default auto")]);
    for s in TIMEOUTS {
        let timeout = format!("callpark_timeout={s}");
        setup = setup
            .extension(&format!("wait{s}"), &[("set", &timeout), ("callpark", "default auto")]);
    }
    let Some(desk) = Scene::start_real(setup) else { return };
    desk.switch.api("fsctl loglevel notice");

    let mut due: HashMap<String, (i64, bool)> = HashMap::new();
    let phones: Vec<Phone> = (0..20).map(|n| desk.phone(&format!("{}", 1000 + n % 10))).collect();
    let calls: Vec<Call> = (0..)
        .zip(&phones)
        .map(|(n, phone)| {
            let call = phone.call_up(&format!("wait{}", timeout_s(n)));
            due.insert(call.uuid().to_owned(), (timeout_s(n) as i64 * 1000, true));
            WAYS[n % WAYS.len()](&call);
            call
        })
        .collect();
    for number in phones.len()..CALLS {
        let (uuid, s) = (new_uuid(), timeout_s(number));
        desk.switch.originate(&uuid, "park", &[("callpark_timeout", &s.to_string())]);
        due.insert(uuid, (s as i64 * 1000, false));
    }
    assert_eq!(desk.calls().len(), CALLS, "one was over before all were parked");

    let (mut late, mut phones_late) = (Vec::new(), Vec::new());
    while !due.is_empty() {
        let event = desk
            .events
            .wait(Duration::from_secs(60), |e| e.is("Callpark-Step", "1 user/1019@test.local"));
        let Some((timeout_ms, phone)) = due.remove(event.text("Callpark-UUID")) else { continue };
        let number = |name: &str| event.text(name).parse::<i64>().expect(name);
        // On the wall clock, and on the module's own.
        let parked_at = number("variable_callpark_parked_at");
        let ms =
            (number("Event-Date-Timestamp") / 1000 - parked_at).max(number("Callpark-Wait-Ms"));
        late.push(ms - timeout_ms);
        if phone {
            phones_late.push(ms - timeout_ms);
        }
    }
    late.sort_unstable();
    phones_late.sort_unstable();
    let at = |share: usize| late[(late.len() - 1) * share / 100];
    println!(
        "{} first steps late, ms: median {}, p95 {}, p99 {}, max {}; phones' max {:?}",
        late.len(),
        at(50),
        at(95),
        at(99),
        at(100),
        phones_late.last()
    );
    assert!(late[0] >= 0, "too early: {}", late[0]);
    assert!(at(99) <= LATE_MS, "p99 is {} ms", at(99));
    assert!(phones_late.last() <= Some(&LATE_MS), "{phones_late:?}");
    drop(calls);
    desk.switch.eventually(SOON, "the phones are still parked", || {
        (desk.calls().len() == CALLS).then_some(())
    });
}
