//! Fifty phones dial one orbit after another: each is kept away soon, and a retrieval beside them does not notice.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kit::phone::Policy;
use kit::{Phone, SOON, Scene};

use super::desk::setup;

const LOT: &str = r#"<lot name="default" orbits="701-799">
    <param name="timeout" value="0"/><param name="announce" value="false"/>
    <param name="probe-window" value="600"/></lot>"#;
const PHONES: usize = 50;
/// Wrong orbits that a phone can dial.
const LIMIT: usize = 10;
/// How many orbits each phone dials.
const DIALS: usize = 14;
const ROUNDS: usize = 12;
/// Fifty phones and their calls share the processors with the retrieval.
const AT_MOST: f64 = 2.0;

/// How long a retrieval takes from the call to the bridge.
fn retrieval(desk: &Scene, [caller, retriever]: [&Phone; 2]) -> Duration {
    let parked = caller.call_up("park_default_701");
    desk.action(&parked, "park");
    let begun = Instant::now();
    let call = retriever.call_up("take_default_701");
    let bridged = |event: &kit::Event| event.name() == "CHANNEL_BRIDGE";
    let (at, _) = desk.events.wait_timed(SOON, bridged);
    desk.outcome(&parked, "retrieved");
    call.hangup();
    parked.wait_ended(SOON);
    desk.wait_empty();
    at.saturating_duration_since(begun)
}

/// A quarter of these are shorter: what the machine does otherwise delays some of them.
fn quartile(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 4]
}

#[test]
fn scanning_is_limited_and_a_retrieval_beside_it_takes_no_longer() {
    let Some(desk) = Scene::start_real(setup(LOT)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let measure = || quartile((0..ROUNDS).map(|_| retrieval(&desk, [&alice, &bob])).collect());
    let quiet = measure();
    let (found, denied) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let scanning = AtomicBool::new(true);
    let beside = std::thread::scope(|scope| {
        for n in 0..PHONES {
            let (desk, found, denied, scanning) = (&desk, &found, &denied, &scanning);
            scope.spawn(move || {
                let phone = Phone::new(&desk.switch, &format!("+4930{n:04}"));
                let phone = phone.domain("carrier.example").policy(Policy::Answer);
                for dial in 0..DIALS {
                    // Nothing is in these while the retrievals beside it are measured.
                    let call = phone.call_up(&format!("take_default_{}", 710 + (n + dial) % 90));
                    let status = desk.switch.getvar(call.uuid(), "callpark_status");
                    match status.as_deref() {
                        Some("denied") => denied.fetch_add(1, Ordering::Relaxed),
                        _ => found.fetch_add(1, Ordering::Relaxed),
                    };
                    call.hangup();
                    if !scanning.load(Ordering::Relaxed) && dial > LIMIT + 1 {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(500));
                }
            });
        }
        let beside = measure();
        scanning.store(false, Ordering::Relaxed);
        beside
    });
    let (found, denied) = (found.into_inner(), denied.into_inner());
    println!("{quiet:?} quiet, {beside:?} beside {PHONES} phones; {found} looks, {denied} denied");
    // The one that is too many is still answered.
    assert_eq!(found, PHONES * (LIMIT + 1));
    assert!(denied >= PHONES, "{denied}");
    let said = desk.events.drain();
    let said = said.iter().filter(|event| event.text("Callpark-Rule") == "probe-limit");
    assert_eq!(said.count(), PHONES);
    let ratio = beside.as_secs_f64() / quiet.as_secs_f64();
    assert!(ratio <= AT_MOST, "a retrieval takes {ratio:.2} times as long");
}
