//! Everything at once, from eight sides.

use std::collections::HashMap;
use std::time::Duration;

use kit::{Esl, Switch, new_uuid};

use super::lot::{Scene, setup};

const THREADS: usize = 8;

const LOTS: &str = r#"
  <lot name="default" orbits="700-719">
    <param name="timeout" value="2"/>
    <param name="announce" value="false"/>
    <param name="assign" value="random"/>
    <return><step to="error/USER_BUSY" ring="2"/><step to="null/backup" ring="2"/></return>
  </lot>
  <lot name="quick" orbits="800-809">
    <param name="timeout" value="1"/>
    <param name="announce" value="false"/>
    <param name="when-full" value="lot:default"/>
    <return><step to="transfer:7778 XML default"/></return>
  </lot>"#;

/// One thread's share: each round does one random thing to one random call or orbit.
fn rounds(switch: &Switch, seed: u64, count: usize) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut esl: Esl = switch.esl();
    let mut mine: Vec<String> = Vec::new();
    for _ in 0..count {
        let lot = if rng.bool() { "default" } else { "quick" };
        let orbit = if lot == "default" { rng.u32(700..720) } else { rng.u32(800..810) };
        let call = (!mine.is_empty()).then(|| mine[rng.usize(..mine.len())].clone());
        let start = |uuid: &str, exten: String| {
            format!("originate {{origination_uuid={uuid}}}null/1 {exten} XML default")
        };
        let uuid = new_uuid();
        let mut keep = |uuid: &str| mine.push(uuid.to_owned());
        let command = match rng.u32(..20) {
            0..=4 => {
                keep(&uuid);
                start(&uuid, format!("park_{lot}"))
            }
            5 => {
                keep(&uuid);
                start(&uuid, format!("park_{lot}_{orbit}"))
            }
            6..=8 => {
                keep(&uuid);
                start(&uuid, format!("take_{lot}_next"))
            }
            9 => {
                keep(&uuid);
                start(&uuid, format!("take_{lot}_{orbit}"))
            }
            10..=12 => match call {
                Some(call) => format!("uuid_kill {call}"),
                None => continue,
            },
            13 => match call {
                Some(call) => format!("callpark park {call} {lot} auto"),
                None => continue,
            },
            14 => format!("callpark move {lot} {orbit} default auto"),
            15 => format!("callpark drop {lot} {orbit}"),
            16 => format!("callpark return {lot} {orbit}"),
            17 => format!("callpark retrieve {lot} next null/2"),
            18 => match call {
                Some(call) => format!("uuid_transfer {call} 7778 XML default"),
                None => continue,
            },
            _ => [
                "callpark reload",
                "callpark close quick",
                "callpark open quick",
                "callpark list json",
            ][rng.usize(..4)]
            .to_owned(),
        };
        esl.api(&command).expect(&command);
        std::thread::sleep(Duration::from_millis(rng.u64(..30)));
    }
}

#[test]
fn random_rounds_from_eight_threads_leave_nothing_behind() {
    let scene = Scene::start(setup(LOTS));
    let all = if scene.switch.is_real() { 300 } else { 2000 };
    let all = std::env::var("STRESS").ok().and_then(|n| n.parse().ok()).unwrap_or(all);
    let seed = fastrand::u64(..);
    println!("seed {seed}, {all} rounds");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let switch = &scene.switch;
            scope.spawn(move || rounds(switch, seed.wrapping_add(thread as u64), all / THREADS));
        }
    });
    scene.api("open quick");
    let patience = Duration::from_secs(30);
    scene.switch.eventually(patience, "no channel left", || {
        scene.switch.api("hupall");
        (scene.switch.channels() == 0).then_some(())
    });
    scene.wait_empty();

    // Every park has exactly one outcome.
    let mut parks: HashMap<String, (u32, u32)> = HashMap::new();
    scene.switch.eventually(patience, "as many outcomes as parks", || {
        for event in scene.events.drain() {
            let counts = parks.entry(event.text("Callpark-UUID").to_owned()).or_default();
            let action = event.text("Callpark-Action");
            let parked =
                counts.0 > counts.1 || ["", "park", "refuse", "callback"].contains(&action);
            assert!(parked || scene.switch.is_real(), "told too late: {}", event.summary());
            counts.0 += u32::from(event.is("Callpark-Action", "park"));
            counts.1 += u32::from(!event.text("Callpark-Outcome").is_empty());
            // In their order, so that what is told twice does not cancel out. FreeSWITCH's threads may swap two of them.
            let told = (0..=1).contains(&(i64::from(counts.0) - i64::from(counts.1)));
            assert!(told || scene.switch.is_real(), "told twice: {}", event.summary());
        }
        parks.values().all(|(parks, outcomes)| parks == outcomes).then_some(())
    });
    scene.events.none_for(Duration::from_millis(300), |e| !e.text("Callpark-Outcome").is_empty());
    let total: u32 = parks.values().map(|(parks, _)| parks).sum();
    assert!(total as usize > all / 8, "only {total} calls were parked");
    println!("{total} calls parked, each with one outcome");
    assert!(!scene.switch.log_contains("this is a bug in mod_callpark"));
    assert!(scene.switch.api("unload mod_callpark").starts_with("+OK"));
}
