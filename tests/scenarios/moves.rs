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
    let scene = Scene::start(busy());
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
    let scene = Scene::start(busy());
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
    let scene = Scene::start(busy());
    let uuid = scene.dial("stuck_and_over_2.5");
    scene.switch.wait_var(&uuid, "stuck", "yes");
    assert_eq!(scene.api(&format!("park {uuid}")).trim(), "+OK default 701");
    scene.action(&uuid, "park");
    assert!(scene.switch.alive(&uuid));
}

/// A channel that is to take a call stays where it is until it can have the call.
#[test]
fn a_channel_that_does_not_come_in_time_retrieves_nothing_and_goes_on() {
    let scene = Scene::start(busy());
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
    let scene = Scene::start(busy());
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
    let scene = Scene::start(busy());
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
    let scene = Scene::start(busy().lots(
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
    let scene = Scene::start(busy());
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

/// Two commands at once for one channel: it is parked once, and stays.
#[test]
fn a_channel_that_two_commands_park_is_parked_once() {
    let scene = Scene::start(busy());
    for round in 0..rounds().min(20) {
        let uuid = scene.dial(["plays", "sleeps", "7777", "talks"][round % 4]);
        let park = || scene.switch.esl().api(&format!("callpark park {uuid}")).expect("an answer");
        let answers = std::thread::scope(|scope| {
            let both = [scope.spawn(park), scope.spawn(park)];
            both.map(|answer| answer.join().expect("a thread"))
        });
        for answer in &answers {
            let fine = answer.starts_with("+OK default 70") || answer.starts_with("-ERR occupied ");
            assert!(fine, "round {round}: {answers:?}");
        }
        assert!(answers.iter().any(|answer| answer.starts_with("+OK")), "{answers:?}");
        scene.action(&uuid, "park");
        scene.events.none_for(Duration::from_millis(250), |e| e.is("Callpark-UUID", &uuid));
        assert!(scene.switch.alive(&uuid) && in_table(&scene, &uuid), "round {round}: {answers:?}");
        scene.switch.kill(&uuid);
        scene.outcome(&uuid, "abandoned");
        scene.wait_empty();
    }
}

/// A dialplan parks its own channel by the command, and a script another one.
#[test]
fn a_channel_parks_itself_by_the_command() {
    let scene = Scene::start(busy().extension(
        "itself",
        &[
            ("answer", ""),
            ("set", "answer=${callpark(park ${uuid} default 703)}"),
            ("playback", TONE),
        ],
    ));
    if !scene.switch.is_real() {
        return;
    }
    let uuid = scene.dial("itself");
    let parked = scene.action(&uuid, "park");
    assert_eq!(parked.text("Callpark-Orbit"), "703");
    assert_eq!(scene.switch.getvar(&uuid, "answer").as_deref(), Some("+OK default 703"));
    std::thread::sleep(Duration::from_millis(300));
    assert!(scene.switch.alive(&uuid) && in_table(&scene, &uuid));
}

/// What FreeSWITCH's own applications do with a channel: each of them lets go of it in its own way, or not.
#[test]
fn a_channel_is_parked_out_of_any_application_of_freeswitch_s() {
    let conference = r#"<configuration name="conference.conf"><profiles><profile name="default">
        <param name="rate" value="8000"/><param name="interval" value="20"/></profile></profiles></configuration>
        <configuration name="fifo.conf"><settings/><fifos/></configuration>"#;
    let applications = [
        ("record", "$${temp_dir}/r.wav 60"),
        ("read", "1 5 silence_stream://20000 digits 20000 #"),
        ("play_and_get_digits", "1 5 3 20000 # silence_stream://20000 silence_stream://9 d [0-9]+"),
        ("echo", ""),
        ("delay_echo", "500"),
        ("endless_playback", TONE),
        ("gentones", "%(500,0,700)|-1"),
        ("conference", "room@default"),
        ("fifo", "queue in"),
        ("valet_park", "valet 6001"),
        ("eavesdrop", "all"),
        ("wait_for_silence", "200 1000 10 60000"),
        ("execute_extension", "plays XML default"),
        ("loop_playback", "+100 silence_stream://300"),
    ];
    let mut setup = busy()
        .module("mod_sndfile")
        .module("mod_conference")
        .module("mod_fifo")
        .module("mod_valet_parking")
        .configurations(conference);
    for (at, (application, data)) in applications.iter().enumerate() {
        setup = setup.extension(
            &format!("in_{at}"),
            &[("answer", ""), (application, data), ("set", "went_on=yes"), ("playback", TONE)],
        );
    }
    let scene = Scene::start(setup);
    if !scene.switch.is_real() {
        return;
    }
    let _heard = scene.dial("plays");
    for (at, (application, _)) in applications.iter().enumerate() {
        let uuid = scene.dial(&format!("in_{at}"));
        std::thread::sleep(Duration::from_millis(400));
        let began = Instant::now();
        let answer = scene.api(&format!("park {uuid}"));
        println!("{application}: {} after {:?}", answer.trim(), began.elapsed());
        if !answer.starts_with("+OK") {
            continue;
        }
        scene.action(&uuid, "park");
        std::thread::sleep(Duration::from_millis(150));
        assert!(in_table(&scene, &uuid), "{application}");

        // Back into it, and out again for a call that waits.
        assert!(scene.switch.api(&format!("uuid_transfer {uuid} in_{at}")).starts_with("+OK"));
        scene.outcome(&uuid, "transferred");
        let (caller, _) = scene.park("park_702");
        std::thread::sleep(Duration::from_millis(400));
        let answer = scene.api(&format!("retrieve default 702 {uuid}"));
        println!("{application}: {}", answer.trim());
        if answer.starts_with("+OK") {
            scene.outcome(&caller, "retrieved");
            scene.switch.wait_bridged(&caller, &uuid);
        } else {
            assert!(scene.switch.alive(&uuid) && in_table(&scene, &caller), "{application}");
            scene.switch.kill(&caller);
        }
        scene.switch.kill(&uuid);
        scene.switch.wait_gone(&caller);
        scene.wait_empty();
        scene.events.drain();
    }
}

/// Several want one call: a channel that does not get it goes on with what it did, and is not hung up.
#[test]
fn of_two_busy_channels_the_one_that_is_late_goes_on() {
    let scene = Scene::start(busy());
    for round in 0..rounds().min(30) {
        let (caller, _) = scene.park("park_701");
        let legs = [scene.dial("plays"), scene.dial(["sleeps", "7777"][round % 2])];
        let take = |leg: &str| {
            let command = format!("callpark retrieve default 701 {leg}");
            scene.switch.esl().api(&command).expect("an answer")
        };
        let dialled = (round % 3 == 0).then(|| scene.dial("take_701"));
        let answers = std::thread::scope(|scope| {
            let both = legs.each_ref().map(|leg| scope.spawn(|| take(leg)));
            both.map(|answer| answer.join().expect("a thread"))
        });
        let taken = scene.outcome(&caller, "retrieved").text("Callpark-Retriever-UUID").to_owned();
        for (leg, answer) in legs.iter().zip(&answers) {
            assert_eq!(answer.starts_with("+OK"), *leg == taken, "round {round}: {answers:?}");
            assert!(scene.switch.alive(leg), "round {round}: {answers:?}");
        }
        std::thread::sleep(Duration::from_millis(150));
        for leg in legs.iter().chain(&dialled) {
            assert!(scene.switch.alive(leg), "round {round}: {answers:?}");
            scene.switch.kill(leg);
        }
        scene.switch.wait_gone(&caller);
        scene.wait_empty();
        scene.events.drain();
    }
}
