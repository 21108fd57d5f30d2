//! Two tenants with the same names of lots and orbits: nothing of one is seen or reached by the other, on any way.

use kit::SOON;

use super::lot::{MOMENT, Scene, setup};

/// Lots of each domain, or one of which each has its copy.
const EACH: [&str; 2] = [
    r#"<lot name="default" domain="a.local" orbits="701-703"><param name="timeout" value="0"/></lot>
       <lot name="default" domain="b.local" orbits="701-703"><param name="timeout" value="0"/></lot>"#,
    r#"<lot name="default" per-domain="true" orbits="701-703"><param name="timeout" value="0"/></lot>"#,
];

fn start(lots: &str) -> Scene {
    let mut setup = setup(lots).domain("a.local").domain("b.local");
    for domain in ["a.local", "b.local"] {
        for (prefix, application) in
            [("park", "callpark"), ("take", "callpark_retrieve"), ("key", "callpark_key")]
        {
            let data = format!("default@{domain} $1");
            let went_on = ("set", "went_on=${callpark_status}");
            let number = format!("{prefix}at{domain}_([^_]+)");
            setup = setup.extension(&number, &[(application, &data), went_on, ("park", "")]);
        }
    }
    Scene::start(setup)
}

fn of(domain: &str) -> [(&str, &str); 2] {
    [("user_name", "1001"), ("domain_name", domain)]
}

#[track_caller]
fn refused(scene: &Scene, exten: &str, domain: &str, status: &str) {
    let leg = scene.dial_with(exten, &of(domain));
    scene.switch.wait_var(&leg, "went_on", status);
    scene.switch.kill(&leg);
}

#[test]
fn nothing_of_one_tenant_is_seen_or_reached_by_the_other() {
    for lots in EACH {
        let scene = start(lots);
        for (mine, theirs) in [("a.local", "b.local"), ("b.local", "a.local")] {
            let lot = format!("default@{mine}");
            let (caller, event) = scene.park_with("park_default_701", &of(mine));
            assert_eq!(event.text("Callpark-Lot"), lot);
            // The other one has the same orbits, and they are empty.
            for exten in ["take_default_701", "key_default_701", "take_default_next", "key_701"] {
                refused(&scene, exten, theirs, "empty");
            }
            for prefix in ["park", "take", "key"] {
                refused(&scene, &format!("{prefix}at{mine}_701"), theirs, "unknown_lot");
            }
            refused(&scene, &format!("takeat{mine}_next"), theirs, "unknown_lot");
            let asking = scene.dial_with("take_default_ask", &of(theirs));
            scene.switch.wait_var(&asking, "current_application", "callpark_retrieve");
            std::thread::sleep(MOMENT * 3);
            scene.switch.api(&format!("uuid_recv_dtmf {asking} 701#"));
            scene.switch.wait_var(&asking, "went_on", "empty");
            scene.switch.kill(&asking);
            // By command, in the other's lot or for the other's user.
            let other = format!("default@{theirs}");
            let leg = scene.dial_with("7777", &of(theirs));
            for command in [
                format!("retrieve {other} 701 {leg}"),
                format!("retrieve {other} next {leg}"),
                format!("drop {other} 701"),
                format!("set {other} 701 note x"),
                format!("return {other} 701"),
                format!("move {other} 701 {other} 702"),
            ] {
                let answer = scene.api(&command);
                assert!(answer.starts_with("-ERR empty"), "{command}: {answer}");
            }
            for user in [leg.clone(), format!("user/1001@{theirs}")] {
                let answer = scene.api(&format!("retrieve {lot} 701 {user}"));
                assert!(answer.starts_with("-ERR denied"), "{user}: {answer}");
            }
            scene.switch.kill(&leg);
            let may = scene.api(&format!("may 1001@{theirs} retrieve {lot}"));
            assert!(may.starts_with("no: "), "{may}");
            assert!(!scene.api(&format!("list {other} json")).contains(&caller));
            assert!(!scene.api(&format!("list json for 1001@{theirs}")).contains(&caller));
            assert!(scene.api(&format!("list json for 1001@{mine}")).contains(&caller));
            assert!(scene.api(&format!("list {lot} json")).contains(&caller));
            assert!(!scene.api(&format!("show {other} 701")).contains(&caller));
            let history = scene.api(&format!("history {other} json"));
            assert!(!history.contains(&caller), "{history}");
            // The same orbit for both at once.
            let (second, event) = scene.park_with("park_default_701", &of(theirs));
            assert_eq!(event.text("Callpark-Lot"), other);
            scene.dial_with("take_default_next", &of(theirs));
            scene.outcome(&second, "retrieved");
            std::thread::sleep(MOMENT);
            assert_eq!(scene.calls().len(), 1);
            scene.dial_with("key_default_701", &of(mine));
            scene.outcome(&caller, "retrieved");
            scene.switch.kill(&second);
            scene.switch.kill(&caller);
            scene.wait_empty();
        }
    }
}

#[test]
fn copies_come_and_go_with_their_calls() {
    let scene = start(EACH[1]);
    let lots = || scene.api("status").lines().count();
    let before = lots();
    let domains: Vec<String> = (0..40).map(|n| format!("d{n}.example")).collect();
    let calls: Vec<String> = domains
        .iter()
        .map(|domain| {
            let (caller, event) = scene.park_with("park_default_701", &[("domain_name", domain)]);
            assert_eq!(event.text("Callpark-Lot"), format!("default@{domain}"));
            caller
        })
        .collect();
    assert_eq!(lots(), before + domains.len());
    assert_eq!(scene.api("reload").split_whitespace().next(), Some("+OK"));
    let taken = [("domain_name", "d7.example")];
    scene.dial_with("take_default_701", &taken);
    scene.outcome(&calls[7], "retrieved");
    for caller in &calls {
        scene.switch.kill(caller);
    }
    scene.wait_empty();
    scene.switch.eventually(SOON, "no copy", || (lots() == before).then_some(()));
    // From nobody's channel, and by its name from outside.
    let (caller, event) = scene.park("park_default_701");
    assert_eq!(event.text("Callpark-Lot"), "default");
    let leg = scene.dial("7777");
    assert_eq!(
        scene.api(&format!("park {leg} default@new.example 702")),
        "+OK default@new.example 702\n"
    );
    refused(&scene, "take_default_701", "a.local", "empty");
    scene.switch.kill(&caller);
    scene.switch.kill(&leg);
    scene.wait_empty();
}
