//! No thread is to be had: what needs one fails by itself, one after another, and works again when there are threads.

use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use kit::{SOON, skipped};

use super::lot::{Scene, setup};

/// Eight steps with 20 tries each, to somebody who answers at once.
fn lot(orbits: &str) -> String {
    let steps = r#"<step to="null/desk" repeat="20"/>"#.repeat(8);
    format!(
        r#"<lot name="default" orbits="{orbits}"><param name="timeout" value="0"/>
        <param name="announce" value="false"/><return>{steps}</return></lot>"#
    )
}

fn scene() -> Option<Scene> {
    if std::fs::metadata("/proc/self").map(|own| own.uid()).ok() != Some(0) {
        skipped("root, to start a switch whose threads are limited");
        return None;
    }
    Some(Scene::start(setup(&lot("701-705")).own_user()))
}

/// When steps of that call failed, within two seconds.
fn failures(scene: &Scene, caller: &str) -> Vec<Instant> {
    let end = Instant::now() + Duration::from_secs(2);
    let mut all = Vec::new();
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        let failed = scene.events.try_wait(left, |e| {
            e.is("Callpark-UUID", caller) && !e.text("Callpark-Reason").is_empty()
        });
        let Some(failed) = failed else { break };
        assert!(failed.text("Callpark-Reason").contains("unavailable"), "{}", failed.summary());
        all.push(Instant::now());
    }
    all
}

#[test]
fn return_steps_without_a_thread_fail_one_after_another() {
    let Some(scene) = scene() else { return };
    let (caller, _) = scene.park("park_701");
    scene.switch.limit_threads(false);
    assert_eq!(scene.api("return default 701").trim(), "+OK default 701");
    let failed = failures(&scene, &caller);
    assert!(scene.switch.running());
    assert!((2..=5).contains(&failed.len()), "{} steps failed in two seconds", failed.len());
    let gaps: Vec<Duration> = failed.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap > Duration::from_millis(300)), "{gaps:?}");
    // The call waits, and the next try has its thread.
    assert_eq!(scene.calls()[0]["orbit"], "701");
    scene.switch.limit_threads(true);
    scene.outcome(&caller, "returned");
}

/// So it is for several calls at once, for a lot that tells people of a parked call, and for a reload.
#[test]
fn nothing_is_lost_for_want_of_a_thread() {
    let Some(scene) = scene() else { return };
    let callers: Vec<String> =
        (701..=704).map(|orbit| scene.park(&format!("park_{orbit}")).0).collect();
    scene.switch.limit_threads(false);
    for orbit in 701..=704 {
        assert!(scene.api(&format!("return default {orbit}")).starts_with("+OK"));
    }
    let conf = format!(
        "<configuration name=\"callpark.conf\"><lots>{}</lots></configuration>",
        lot("701-709")
    );
    scene.switch.write_callpark_conf(Some(&conf));
    scene.switch.api("reloadxml");
    for caller in &callers {
        let failed = failures(&scene, caller);
        assert!(!failed.is_empty(), "no step of {caller} failed");
    }
    assert_eq!(scene.calls().len(), 4);
    scene.switch.limit_threads(true);
    scene.switch.eventually(SOON, "the reload", || {
        scene.api("status").contains("capacity 9,").then_some(())
    });
    for caller in &callers {
        scene.outcome(caller, "returned");
    }
}
