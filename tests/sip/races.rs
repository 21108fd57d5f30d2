//! Two transfers at the same instant: two callers who have nothing to do with each other never meet.

use std::time::Instant;

use kit::phone::{Call, Phase, ReferredBy, Sound};
use kit::{MUSIC, SOON, Scene};

use super::desk::{LOT, WENT_ON, open, setup};

const ROUNDS: usize = 100;

/// Alice talks to Bob and Carol to Dave; Bob and Dave transfer them to `target` at the same instant. Both calls hear
/// `then`, and nobody else. The two callers' orbits, "" for who was not parked.
fn round(desk: &Scene, target: &str, then: Sound) -> [String; 2] {
    // New phones in each round: an old one's calls keep their sockets.
    let phones = ["1000", "1001", "1002", "1003"].map(|user| desk.phone(user));
    let pair = |from: usize, to: usize| -> (Call, Call) {
        let call = phones[from].call_up(&phones[to].user());
        let theirs = phones[to].incoming(SOON);
        // A REFER that is faster than the bridge transfers nobody.
        desk.switch.wait_bridged(call.uuid(), theirs.uuid());
        (call, theirs)
    };
    let ((first, by_first), (second, by_second)) = (pair(0, 1), pair(2, 3));
    let since = Instant::now();
    std::thread::scope(|scope| {
        for by in [&by_first, &by_second] {
            scope.spawn(|| assert_eq!(by.refer(target, ReferredBy::Yes), 202));
        }
    });
    for (call, stranger) in [(&first, phones[2].voice()), (&second, phones[0].voice())] {
        call.wait_hears(then, SOON);
        assert_eq!(call.phase(), Phase::Up);
        let heard = call.history().into_iter().filter(|(at, _)| *at >= since);
        let met = heard.filter(|(_, sound)| *sound == stranger).count();
        assert_eq!(met, 0, "two callers were connected with each other");
    }
    for by in [&by_first, &by_second] {
        by.wait_ended(SOON);
    }
    let calls = desk.calls();
    let orbit = |call: &Call| {
        let found = calls.iter().find(|entry| entry["uuid"] == call.uuid());
        found.and_then(|entry| entry["orbit"].as_str()).unwrap_or_default().to_owned()
    };
    let orbits = [orbit(&first), orbit(&second)];
    for call in [&first, &second] {
        call.hangup();
        desk.switch.wait_gone(call.uuid());
    }
    orbits
}

/// Who was bridged to whom: only phone calls to the phones they called, never two that were transferred.
fn bridged_to(desk: &Scene, uuid: &str) -> usize {
    let bridges = desk.events.drain();
    let bridges = bridges.iter().filter(|event| event.name() == "CHANNEL_BRIDGE");
    bridges
        .filter(|event| {
            event.is("Bridge-A-Unique-ID", uuid) || event.is("Bridge-B-Unique-ID", uuid)
        })
        .count()
}

#[test]
fn two_transfers_to_one_taken_orbit_a_hundred_times() {
    let lots = format!(
        r#"{LOT}<lot name="strict" orbits="801"><param name="timeout" value="0"/>
        <param name="when-occupied" value="continue"/></lot>"#
    );
    let Some(desk) = Scene::start_real(setup(&lots)) else { return };
    let eve = desk.phone("1010");
    let waiting = eve.call_up("park_default_705");
    desk.wait_parked(&waiting, "default", "705", "");
    let strict = eve.call_up("park_strict_801");
    desk.wait_parked(&strict, "strict", "801", "");
    let since = Instant::now();
    for n in 0..ROUNDS {
        match n % 3 {
            0 => assert_eq!(round(&desk, "key_strict_801", WENT_ON), ["", ""], "round {n}"),
            1 => assert_eq!(round(&desk, "park_strict_801", WENT_ON), ["", ""], "round {n}"),
            _ => {
                let mut orbits = round(&desk, "705", MUSIC);
                orbits.sort();
                assert_eq!(orbits, ["706", "707"], "round {n}");
            }
        }
    }
    for call in [&waiting, &strict] {
        let mut heard = call.history().into_iter().filter(|(at, _)| *at >= since);
        // A busy machine may tear the music apart: then it is heard as something else, but never as a voice.
        let voice = |sound: Sound| matches!(sound, Sound::Tone(_)) && sound != MUSIC;
        assert_eq!(heard.find(|(_, sound)| voice(*sound)), None, "the parked caller met somebody");
        assert_eq!(bridged_to(&desk, call.uuid()), 0);
    }
}

#[test]
fn two_automatic_parks_at_the_same_instant_a_hundred_times() {
    let Some(desk) = open() else { return };
    for n in 0..ROUNDS {
        let mut orbits = round(&desk, "700", MUSIC);
        orbits.sort();
        assert_eq!(orbits, ["701", "702"], "round {n}");
    }
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

/// One orbit and two who want it: one has it, the other gets the lot's answer.
#[test]
fn two_transfers_to_one_free_orbit_a_hundred_times() {
    let lots = r#"<lot name="default" orbits="801"><param name="timeout" value="0"/>
        <param name="when-full" value="lot:other"/></lot>
        <lot name="other" orbits="901-902"><param name="timeout" value="0"/></lot>"#;
    let Some(desk) = Scene::start_real(setup(lots)) else { return };
    for n in 0..ROUNDS {
        let target = ["key_default_801", "park_default_auto"][n % 2];
        let mut orbits = round(&desk, target, MUSIC);
        orbits.sort();
        assert_eq!(orbits, ["801", "901"], "round {n}");
    }
    desk.wait_empty();
    desk.switch.wait_channels(0);
}
