//! A call may be parked, returned and parked again as often as anybody likes. FreeSWITCH counts a call's transfers down
//! (`max_forwards`, `max_session_transfers`) and hangs it up at zero: being parked does not count.

use kit::phone::{Phase, ReferredBy};
use kit::{Ends, MUSIC, SOON, Scene, hang_up, two_way};

use super::desk::{LOT, refer, setup};

const COUNTERS: [&str; 2] = ["max_forwards", "max_session_transfers"];

#[test]
fn return_steps_that_transfer_in_circles_end_no_call() {
    let lot = r#"<lot name="default" orbits="701-720"><param name="timeout" value="1"/>
        <return><step to="transfer:700 XML default"/></return></lot>"#;
    for (counter, left) in
        [(COUNTERS[0], "3"), (COUNTERS[1], "3"), (COUNTERS[0], "1"), (COUNTERS[0], "0")]
    {
        let counts = format!("{counter}={left}");
        let setup =
            setup(lot).extension("begin", &[("set", &counts), ("callpark", "default auto")]);
        let Some(desk) = Scene::start_real(setup) else { return };
        let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
        let caller = alice.call_up("begin");
        for round in 0..7 {
            desk.wait_parked(&caller, "default", "701", "");
            desk.outcome(&caller, "returned");
            assert_eq!(caller.phase(), Phase::Up, "{counts}, round {round}");
        }
        desk.wait_parked(&caller, "default", "701", "");
        let now = desk.switch.getvar(caller.uuid(), counter);
        assert!(now.as_deref() <= Some("4"), "{counter} was {left} and is {now:?}");
        desk.take(&carol, "701", &caller, alice.voice(), Ends::Other);
        desk.wait_empty();
    }
}

#[test]
fn who_is_parked_again_and_again_by_phones_is_not_hung_up() {
    for counter in COUNTERS {
        let Some(desk) = Scene::start_real(setup(LOT)) else { return };
        let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
        let (caller, mut theirs) = desk.talk(&alice, &bob);
        desk.switch.setvar(caller.uuid(), counter, "3");
        for round in 0..8 {
            let (parker, next) = if round % 2 == 0 { (&bob, &carol) } else { (&carol, &bob) };
            refer(&theirs, "700", ReferredBy::Yes);
            desk.wait_parked(&caller, "default", "701", &parker.user());
            theirs = next.call_up("701");
            two_way(&theirs, alice.voice(), &caller, next.voice());
            desk.outcome(&caller, "retrieved");
        }
        hang_up(&theirs, &caller, Ends::Other);
        desk.wait_empty();
    }
}

/// The command parks whatever the channel is doing, and is no transfer that counts either.
#[test]
fn a_command_that_parks_costs_nothing() {
    let Some(desk) = Scene::start_real(setup(LOT)) else { return };
    let alice = desk.phone("1000");
    let caller = alice.call_up("7777");
    desk.switch.setvar(caller.uuid(), "max_forwards", "1");
    let answer = desk.api(&format!("park {} default 701", caller.uuid()));
    assert!(answer.starts_with("+OK"), "{answer}");
    desk.action(&caller, "park");
    caller.wait_hears(MUSIC, SOON);
    assert_eq!(caller.phase(), Phase::Up);
}
