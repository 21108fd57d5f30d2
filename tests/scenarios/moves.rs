//! Channels that are moved while they are busy: each arrives, or goes on as before, and the command says which.

use std::time::{Duration, Instant};

use kit::{SOON, Setup, Switch, new_uuid};

use super::lot::{LOTS, Scene, setup};

const TONE: &str = "tone_stream://%(500,0,700);loops=-1";

fn rounds() -> usize {
    std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(40)
}

/// Extensions that are busy in all ways: `stuck_<seconds>` takes no notice of anything for so long, and then sets
/// `went_on` and plays.
fn busy() -> Setup {
    setup(LOTS)
        .extension("plays", &[("answer", ""), ("playback", TONE), ("set", "went_on=yes")])
        .extension("sleeps", &[("answer", ""), ("sleep", "60000"), ("set", "went_on=yes")])
        .extension(
            r"stuck_([\d.]+)",
            &[("answer", ""), ("system", "sleep $1"), ("set", "went_on=yes"), ("playback", TONE)],
        )
        .extension(
            r"stuck_and_over_([\d.]+)",
            &[("answer", ""), ("set", "stuck=yes"), ("system", "sleep $1")],
        )
        .extension(
            "calls",
            &[("answer", ""), ("bridge", "{null_enable_auto_answer=false}null/200")],
        )
        .extension("talks", &[("answer", ""), ("bridge", "null/200")])
}

fn in_table(scene: &Scene, uuid: &str) -> bool {
    scene.calls().iter().any(|call| call["uuid"] == uuid)
}

#[test]
fn a_busy_channel_is_parked_at_once() {
    let scene = Scene::with(busy());
    for exten in ["plays", "sleeps", "7777", "calls", "talks"] {
        let uuid = scene.dial(exten);
        // Somewhere between its first step and its last.
        std::thread::sleep(Duration::from_millis(300));
        let began = Instant::now();
        assert_eq!(scene.api(&format!("park {uuid}")).trim(), "+OK default 701", "{exten}");
        assert!(began.elapsed() < Duration::from_millis(900), "{exten}: {:?}", began.elapsed());
        assert!(in_table(&scene, &uuid), "{exten}");
        scene.action(&uuid, "park");
        scene.switch.kill(&uuid);
        scene.outcome(&uuid, "abandoned");
        scene.switch.wait_channels(0);
    }
    scene.wait_empty();
}

#[test]
fn a_channel_that_is_stuck_arrives_when_it_can() {
    let scene = Scene::with(busy());
    // Told within its 5 s, and after them: it is on its way then, and its orbit is held.
    for stuck in ["3", "7"] {
        let uuid = scene.dial(&format!("stuck_{stuck}"));
        let answer = scene.api(&format!("park {uuid} default 704"));
        assert_eq!(answer.trim(), "+OK default 704", "{stuck}");
        if stuck == "7" {
            assert!(!in_table(&scene, &uuid), "it cannot be there yet");
            assert!(scene.api("show default 704").contains("reserved"));
            assert!(scene.api("park nobody default 704").starts_with("-ERR"));
        }
        let parked = scene.action(&uuid, "park");
        assert_eq!(parked.text("Callpark-Orbit"), "704");
        assert!(scene.switch.alive(&uuid));
        scene.switch.kill(&uuid);
        scene.outcome(&uuid, "abandoned");
    }
    scene.wait_empty();
}

/// Its dialplan would be over when it is free again.
#[test]
fn a_channel_that_is_stuck_in_its_last_application_is_parked_too() {
    let scene = Scene::with(busy());
    let uuid = scene.dial("stuck_and_over_2.5");
    scene.switch.wait_var(&uuid, "stuck", "yes");
    assert_eq!(scene.api(&format!("park {uuid}")).trim(), "+OK default 701");
    scene.action(&uuid, "park");
    assert!(scene.switch.alive(&uuid));
}

/// A channel that is to take a call stays where it is until it can have the call.
#[test]
fn a_channel_that_does_not_come_in_time_retrieves_nothing_and_goes_on() {
    let scene = Scene::with(busy());
    let (caller, _) = scene.park("park");
    let uuid = scene.dial("stuck_7");
    let answer = scene.api(&format!("retrieve default 701 {uuid}"));
    assert!(answer.starts_with("-ERR failed "), "{answer}");
    scene.switch.wait_var(&uuid, "went_on", "yes");
    scene.events.none_for(Duration::from_millis(500), |e| e.is("Callpark-Action", "retrieve"));
    assert!(scene.switch.alive(&uuid) && in_table(&scene, &caller));
    // Free again, it can have the call.
    assert!(scene.api(&format!("retrieve default 701 {uuid}")).starts_with("+OK "));
    scene.outcome(&caller, "retrieved");
    scene.switch.wait_bridged(&caller, &uuid);
}

#[test]
fn a_busy_channel_retrieves_and_one_that_comes_too_late_goes_on() {
    let scene = Scene::with(busy());
    for exten in ["plays", "sleeps", "7777"] {
        let (caller, _) = scene.park("park");
        let uuid = scene.dial(exten);
        let began = Instant::now();
        assert_eq!(scene.api(&format!("retrieve default 701 {uuid}")).trim(), "+OK default 701");
        assert!(began.elapsed() < Duration::from_millis(900), "{exten}: {:?}", began.elapsed());
        scene.outcome(&caller, "retrieved");
        scene.switch.wait_bridged(&caller, &uuid);
        scene.switch.kill(&uuid);
        scene.switch.wait_gone(&caller);
    }
    // The call is gone before the channel can be asked.
    let (caller, _) = scene.park("park");
    let uuid = scene.dial("stuck_2");
    let answer = std::thread::scope(|scope| {
        let retrieve = scope
            .spawn(|| scene.switch.esl().api(&format!("callpark retrieve default 701 {uuid}")));
        std::thread::sleep(Duration::from_millis(400));
        scene.switch.kill(&caller);
        retrieve.join().expect("a thread").expect("an answer")
    });
    assert!(answer.starts_with("-ERR empty "), "{answer}");
    scene.switch.wait_var(&uuid, "went_on", "yes");
    std::thread::sleep(Duration::from_millis(300));
    assert!(scene.switch.alive(&uuid));
}

#[test]
fn a_phone_that_rings_keeps_what_it_was_called_for() {
    let scene = Scene::with(busy());
    let (caller, _) = scene.park("park");
    for command in ["park {} default 704", "retrieve default 701 {}"] {
        let uuid = new_uuid();
        let call = format!(
            "originate {{origination_uuid={uuid},null_enable_auto_answer=true,null_auto_answer_delay=1500}}null/100 7777 XML default"
        );
        scene.switch.esl().bgapi(&call).expect("bgapi");
        scene.switch.eventually(SOON, "it rings", || scene.switch.alive(&uuid).then_some(()));
        let answer = scene.api(&command.replace("{}", &uuid));
        assert!(answer.starts_with("-ERR failed "), "{command}: {answer}");
        scene.switch.wait_var(&uuid, "current_application", "park");
        scene.events.none_for(Duration::from_millis(300), |e| {
            !["park", ""].contains(&e.text("Callpark-Action")) || e.is("Callpark-UUID", &uuid)
        });
        assert!(in_table(&scene, &caller) && scene.switch.alive(&uuid));
        scene.switch.kill(&uuid);
    }
}

/// What a command that parks said, and what became of the channel.
fn judge(switch: &Switch, scene: &Scene, uuid: &str, stuck: f64) {
    let answer = switch.esl().api(&format!("callpark park {uuid}")).expect("an answer");
    if answer.starts_with("+OK") {
        switch.eventually(SOON, "it is parked", || in_table(scene, uuid).then_some(()));
        std::thread::sleep(Duration::from_millis(300));
        assert!(switch.alive(uuid) && in_table(scene, uuid), "{stuck} s: {answer}, then gone");
    } else {
        switch.wait_var(uuid, "went_on", "yes");
        std::thread::sleep(Duration::from_millis(300));
        assert!(switch.alive(uuid) && !in_table(scene, uuid), "{stuck} s: {answer}");
    }
    switch.kill(uuid);
    switch.wait_gone(uuid);
}

/// The moments at which a command gives up, or takes another way, are tried more often than others.
#[test]
fn whatever_a_channel_is_stuck_in_the_answer_is_true() {
    const AT_ONCE: usize = 8;
    let scene = Scene::with(busy().lots(
        r#"<lot name="default" orbits="701-750"><param name="timeout" value="0"/>
           <param name="announce" value="false"/></lot>"#,
    ));
    let boundaries = [0.7, 1.0, 1.4, 2.1, 5.0];
    let waves = rounds().div_ceil(AT_ONCE);
    for wave in 0..waves {
        std::thread::scope(|scope| {
            for at in 0..AT_ONCE {
                let boundary = boundaries.get((wave + at) % 7).copied();
                let stuck = match boundary {
                    Some(boundary) => boundary - 0.06 + fastrand::f64() * 0.1,
                    None => fastrand::f64() * 3.0,
                };
                let scene = &scene;
                scope.spawn(move || {
                    let uuid = new_uuid();
                    let command = format!(
                        "originate {{origination_uuid={uuid}}}null/100 stuck_{stuck:.3} XML default"
                    );
                    let mut esl = scene.switch.esl();
                    assert!(esl.api(&command).expect("originate").starts_with("+OK"));
                    judge(&scene.switch, scene, &uuid, stuck);
                });
            }
        });
        scene.wait_empty();
    }
}

/// A channel that is just called, routed, or started: one of the ways it could go would be lost.
#[test]
fn a_channel_that_is_only_just_there_gets_where_it_is_sent() {
    let scene = Scene::with(busy());
    for round in 0..rounds() {
        let uuid = new_uuid();
        let exten = ["plays", "sleeps", "7777", "talks"][round % 4];
        scene.switch.originate_bg(&uuid, exten, &[]);
        std::thread::sleep(Duration::from_micros(fastrand::u64(..6_000)));
        let answer = scene.api(&format!("park {uuid}"));
        if answer.starts_with("+OK") {
            scene.action(&uuid, "park");
            std::thread::sleep(Duration::from_millis(100));
            assert!(in_table(&scene, &uuid), "round {round}, {exten}: {answer}");
        } else {
            // Called, and nobody has answered yet.
            assert!(answer.starts_with("-ERR failed "), "round {round}, {exten}: {answer}");
            std::thread::sleep(Duration::from_millis(150));
            assert!(!in_table(&scene, &uuid), "round {round}, {exten}: {answer}");
        }
        assert!(scene.switch.alive(&uuid), "round {round}, {exten}: {answer}");
        scene.switch.kill(&uuid);
        scene.switch.wait_gone(&uuid);
        scene.wait_empty();
        scene.events.drain();
    }
}
