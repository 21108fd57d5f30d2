//! Many at once: what a call costs does not depend on how many there are.

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

use kit::SOON;

use super::lot::{MOMENT, Scene, setup};

const CALLS: usize = 60;
/// How many phones may ring at one time.
const RINGING: usize = 8;
/// The most threads of the module besides those: its worker, that of its lamps, and a few for what takes a moment.
const OTHERS: usize = 8;

/// A lot whose only step rings a phone that nobody answers.
const LOT: &str = r#"<lot name="default" orbits="701-760"><param name="timeout" value="0"/>
    <param name="announce" value="false"/><return><step to="loopback/silent" ring="100"/></return></lot>"#;

fn crowded() -> Scene {
    let scene = Scene::start(setup(LOT).extension("silent", &[("sleep", "300000")]));
    scene.switch.write_callpark_conf(Some(&format!(
        r#"<configuration name="callpark.conf">
        <settings><param name="max-ringing" value="{RINGING}"/></settings><lots>{LOT}</lots></configuration>"#
    )));
    assert!(scene.api("reload").starts_with("+OK"));
    scene
}

/// The names of the module's threads in the switch.
fn threads(scene: &Scene) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", scene.switch.pid())).expect("its threads");
    let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm")).ok();
    let names = tasks.flatten().filter_map(name).map(|name| name.trim().to_owned());
    names.filter(|name| name.starts_with("callpark")).collect()
}

/// How many phones ring, each with both halves of a loopback leg, besides so many other channels.
fn rings(scene: &Scene, others: usize) -> usize {
    scene.switch.channels().saturating_sub(others) / 2
}

fn wait_rings(scene: &Scene, others: usize, count: usize) {
    scene.switch.eventually(SOON, &format!("{count} phones ring"), || {
        (rings(scene, others) == count).then_some(())
    });
}

/// Every call of the lot is due at once, and as many phones ring as may.
fn all_due() -> (Scene, Vec<String>) {
    let scene = crowded();
    let callers = (0..CALLS).map(|n| scene.park(&format!("park_{}", 701 + n)).0).collect();
    for n in 0..CALLS {
        assert!(scene.api(&format!("return default {}", 701 + n)).starts_with("+OK"));
    }
    wait_rings(&scene, CALLS, RINGING);
    (scene, callers)
}

fn unload(scene: &Scene) {
    let mut esl = scene.switch.esl_patient();
    let answer = esl.api("unload -f mod_callpark").expect("an answer");
    assert!(answer.starts_with("+OK"), "{answer}");
}

fn wait_nothing_left(scene: &Scene) {
    scene.switch.eventually(SOON, "no phone rings and no thread is left", || {
        (rings(scene, 0) == 0 && threads(scene).is_empty()).then_some(())
    });
}

#[test]
fn however_many_deadlines_a_few_threads_ring_and_stop() {
    let (scene, callers) = all_due();
    let begun = Instant::now();
    while begun.elapsed() < MOMENT {
        let names = threads(&scene);
        // A thread of FreeSWITCH bears the name of the thread that has started it: both halves of a loopback leg do.
        assert!(names.len() <= 3 * RINGING + OTHERS, "{names:?}");
        assert!(rings(&scene, CALLS) <= RINGING);
    }
    let health = scene.api("health");
    assert!(health.contains(&format!("{} calls wait for their turn", CALLS - RINGING)), "{health}");
    assert_eq!(scene.switch.log().matches("calls wait for their turn").count(), 1);

    // The last one is taken before its turn: its phone never rings.
    let mut left = callers.clone();
    let retriever = scene.dial("take_760");
    let last = left.pop().expect("the last one");
    scene.outcome(&last, "retrieved");
    scene.switch.wait_bridged(&last, &retriever);
    // A phone that rings stops though others wait, and the next one rings.
    scene.dial("take_701");
    scene.outcome(&left.remove(0), "retrieved");
    for n in 1..20 {
        assert!(scene.api(&format!("drop default {}", 701 + n)).starts_with("+OK"));
        scene.outcome(&left.remove(0), "dropped");
    }
    wait_rings(&scene, left.len() + 4, RINGING);
    // More may ring at one time, from now on.
    scene.switch.write_callpark_conf(Some(&format!(
        r#"<configuration name="callpark.conf"><lots>{LOT}</lots></configuration>"#
    )));
    assert!(scene.api("reload").starts_with("+OK"));
    wait_rings(&scene, left.len() + 4, left.len());
    assert!(scene.api("health").contains("calls: ok for "), "{}", scene.api("health"));

    unload(&scene);
    let mut ends: HashMap<String, usize> = HashMap::new();
    let end = |e: &kit::Event| e.is("Callpark-Outcome", "shutdown");
    while let Some(end) = scene.events.try_wait(Duration::from_secs(1), end) {
        *ends.entry(end.text("Callpark-UUID").to_owned()).or_default() += 1;
    }
    assert_eq!(ends.len(), left.len());
    assert!(ends.values().all(|count| *count == 1), "{ends:?}");
    wait_nothing_left(&scene);
}

/// What waits for its turn when the module is unloaded is not rung, and everything has ended in time.
#[test]
fn an_unload_drops_what_waits_for_its_turn() {
    let (scene, callers) = all_due();
    unload(&scene);
    for caller in &callers {
        scene.outcome(caller, "shutdown");
    }
    wait_nothing_left(&scene);
}
