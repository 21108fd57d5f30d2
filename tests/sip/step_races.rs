//! While a return step rings: somebody else takes the call, or the caller hangs up; also at the very moment at which the
//! parker answers. One is connected at the most, and no phone rings for nobody.

use std::time::{Duration, Instant};

use kit::phone::{Call, Phase, Policy, Sound};
use kit::{Ends, MUSIC, Phone, SOON, Scene, Setup, hang_up, two_way};

use super::desk::MOMENT;
use super::steps::{returned, returning};

const ROUNDS: u64 = 100;
/// So soon no phone rings any more.
const STOPS_WITHIN: Duration = Duration::from_millis(100);

fn parker_s() -> Setup {
    let take = [("callpark_retrieve", "default 701"), ("hangup", "USER_BUSY")];
    returning("", r#"<step to="parker"/>"#).extension("take", &take)
}

/// Fresh phones: those of earlier rounds keep their sockets.
fn phones(desk: &Scene) -> [Phone; 3] {
    let phones = ["1000", "1001", "1002"].map(|user| desk.phone(user));
    phones[1].set_policy(Policy::Ring);
    phones
}

/// Everything is as if nothing had been parked.
#[track_caller]
fn nothing_left(desk: &Scene) {
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

#[test]
fn the_ringing_stops_at_once_and_says_why() {
    let Some(desk) = Scene::start_real(parker_s()) else { return };
    for taken in [true, false] {
        let [alice, bob, carol] = phones(&desk);
        let caller = returned(&desk, &alice);
        let ringing = bob.incoming(SOON);
        let since = if taken {
            let call = carol.call_up("701");
            two_way(&call, alice.voice(), &caller, carol.voice());
            call.up_at().expect("an answer")
        } else {
            caller.hangup();
            caller.ended_at().expect("an end")
        };
        let end = ringing.wait_ended(SOON);
        let took = ringing.ended_at().expect("an end").saturating_duration_since(since);
        println!("taken={taken}: CANCEL after {took:?}, {:?}", end.reason);
        assert!(took < STOPS_WITHIN, "{took:?}");
        // A call that nobody has taken is a missed one.
        assert_eq!(end.reason.contains("completed elsewhere"), taken, "{}", end.reason);
        desk.outcome(&caller, if taken { "retrieved" } else { "abandoned" });
        bob.no_incoming_for(MOMENT);
        drop((alice, carol));
        nothing_left(&desk);
    }
}

/// Phones that may be left without a BYE, of a hundred: an answer that is in the switch and not through it when the leg is
/// hung up is dropped by mod_sofia, whoever hangs up. It takes phones that answer within that very millisecond, as here,
/// to see it: up to 4 of a hundred in FreeSWITCH 1.10.12. They are connected to nobody, and the switch has no channel for them.
const LEFT_ALONE: usize = 5;

/// Waits until the call is let go; false: the phone is left alone, and hangs up by itself.
fn let_go(call: &Call) -> bool {
    let since = Instant::now();
    while call.ended().is_none() && since.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let ended = call.ended().is_some();
    if !ended {
        call.hangup();
    }
    ended
}

/// One of the two has the caller: who lost hears nobody and its call ends.
#[test]
fn the_parker_answers_as_somebody_dials_the_orbit_a_hundred_times() {
    let Some(desk) = Scene::start_real(parker_s()) else { return };
    let (mut won, mut left_alone) = ([0, 0], 0);
    for round in 0..ROUNDS {
        let [alice, bob, carol] = phones(&desk);
        let caller = returned(&desk, &alice);
        let ringing = bob.incoming(SOON);
        // What the switch needs for each is not the same: now this one is ahead, now that one.
        let ahead = Duration::from_micros(round % 20 * 500);
        let call = carol.call("take");
        std::thread::sleep(ahead);
        ringing.answer();
        let winner = kit::eventually(SOON, "one has the caller", || {
            let heard = caller.heard();
            [bob.voice(), carol.voice()].iter().position(|voice| heard == *voice)
        });
        won[winner] += 1;
        let ends = [(&ringing, &bob), (&call, &carol)];
        let ((winner, phone), (loser, other)) = (ends[winner], ends[1 - winner]);
        two_way(winner, alice.voice(), &caller, phone.voice());
        left_alone += usize::from(!let_go(loser));
        assert_eq!(loser.first_heard(alice.voice()), None, "round {round}: both heard the caller");
        let met = |call: &Call, voice: Sound| call.first_heard(voice).is_some();
        assert!(!met(&caller, other.voice()) && !met(winner, other.voice()), "round {round}");
        assert!(!met(loser, phone.voice()), "round {round}");
        let returned = std::ptr::eq(winner, &ringing);
        desk.outcome(&caller, if returned { "returned" } else { "retrieved" });
        hang_up(winner, &caller, if round % 2 == 0 { Ends::Caller } else { Ends::Other });
        nothing_left(&desk);
        one_outcome(&desk, &caller);
    }
    println!("the parker had the call {} times, the retriever {} times", won[0], won[1]);
    println!("{left_alone} phones were left alone");
    assert!(left_alone <= LEFT_ALONE, "{left_alone}");
    assert!(won.iter().all(|won| *won > 0), "no race: {won:?}");
}

#[track_caller]
fn one_outcome(desk: &Scene, caller: &Call) {
    let more = desk.events.drain();
    let more = more
        .iter()
        .filter(|e| e.is("Callpark-UUID", caller.uuid()) && !e.text("Callpark-Outcome").is_empty());
    assert_eq!(more.count(), 0, "two outcomes");
}

/// Whether the answer or the hang-up is first: the parker's phone is let go at once.
#[test]
fn the_parker_answers_as_the_caller_hangs_up_a_hundred_times() {
    let Some(desk) = Scene::start_real(parker_s()) else { return };
    let (mut longest, mut left_alone) = (Duration::ZERO, 0);
    for round in 0..ROUNDS {
        let [alice, bob, _] = phones(&desk);
        let caller = returned(&desk, &alice);
        let ringing = bob.incoming(SOON);
        let apart = Duration::from_micros(round % 50 * 400);
        if round % 2 == 0 {
            ringing.answer();
            std::thread::sleep(apart);
            caller.hangup();
        } else {
            caller.hangup();
            std::thread::sleep(apart);
            ringing.answer();
        }
        let since = Instant::now();
        if let_go(&ringing) {
            let at = ringing.ended_at().expect("an end");
            longest = longest.max(at.saturating_duration_since(since));
        } else {
            left_alone += 1;
        }
        nothing_left(&desk);
        bob.no_incoming_for(Duration::ZERO);
        let outcome = desk.events.wait(SOON, |e| {
            e.is("Callpark-UUID", caller.uuid()) && !e.text("Callpark-Outcome").is_empty()
        });
        let outcome = outcome.text("Callpark-Outcome");
        assert!(["returned", "abandoned"].contains(&outcome), "round {round}: {outcome}");
        one_outcome(&desk, &caller);
    }
    println!("the parker's phone was let go after {longest:?} at the most; {left_alone} were not");
    assert!(left_alone <= LEFT_ALONE, "{left_alone}");
    assert!(longest < Duration::from_millis(250), "{longest:?}");
}

#[test]
fn a_parker_who_answers_and_hangs_up_has_had_the_call() {
    let Some(desk) = Scene::start_real(parker_s()) else { return };
    let [alice, bob, _] = phones(&desk);
    let caller = returned(&desk, &alice);
    let ringing = bob.incoming(SOON);
    ringing.answer();
    two_way(&ringing, alice.voice(), &caller, bob.voice());
    desk.outcome(&caller, "returned");
    ringing.hangup();
    assert!(caller.wait_ended(SOON).remote);
    bob.no_incoming_for(MOMENT);
    nothing_left(&desk);
}

/// Three rounds in which nobody answers, and the call is hung up or goes elsewhere.
#[test]
fn after_three_returns_the_lot_says_what_becomes_of_it() {
    for (after, outcome) in
        [("hangup:USER_BUSY", "dropped"), ("transfer:7777 XML default", "returned")]
    {
        let params = format!(
            r#"<param name="max-returns" value="3"/><param name="after-return" value="{after}"/>"#
        );
        let steps = r#"<step to="parker" ring="1"/><step to="user/1002@$${domain}" ring="1"/>"#;
        let lot = returning(&params, steps).extension(
            "soon",
            &[
                ("set", "callpark_parker=1001@test.local"),
                ("set", "callpark_timeout=1"),
                ("callpark", "default 701"),
            ],
        );
        let Some(desk) = Scene::start_real(lot) else { return };
        let [alice, bob, carol] = phones(&desk);
        carol.set_policy(Policy::Ring);
        let caller = alice.call_up("soon");
        desk.wait_parked(&caller, "default", "701", "1001");
        for round in 0..3 {
            for phone in [&bob, &carol] {
                let ringing = phone.incoming(SOON);
                assert_eq!(ringing.wait_ended(SOON).code, Some(487), "round {round}");
            }
            desk.events.wait(SOON, |e| {
                e.is("Callpark-Action", "remind")
                    && e.text("Callpark-Reason").contains("no return step")
            });
        }
        let end = desk.outcome(&caller, outcome);
        assert!(
            end.text("Callpark-Wait-Ms")
                .parse::<u64>()
                .is_ok_and(|ms| (8_900..9_900).contains(&ms)),
            "{}",
            end.summary()
        );
        if outcome == "dropped" {
            let ended = caller.wait_ended(SOON);
            assert!(ended.reason.contains("USER_BUSY"), "{ended:?}");
        } else {
            desk.switch.wait_var(caller.uuid(), "callpark_outcome", "returned");
            assert_eq!(caller.phase(), Phase::Up);
            kit::eventually(SOON, "no music", || (caller.heard() != MUSIC).then_some(()));
            caller.hangup();
        }
        nothing_left(&desk);
    }
}
