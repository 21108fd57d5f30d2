//! Who may park, and who may retrieve.

use kit::{Event, SOON};

use super::lot::{Scene, setup};

const LOTS: &str = r#"
  <lot name="default" orbits="701-705">
    <param name="timeout" value="0"/>
    <deny action="park" user="1003"/>
    <deny action="retrieve" user="1003@test.local"/>
    <allow action="park|list|see|admin"/>
    <allow action="retrieve" user="100?"/>
    <allow action="retrieve" variable="badge=gold*"/>
  </lot>
  <lot name="open" orbits="801-805"><param name="timeout" value="0"/></lot>
  <lot name="shy" orbits="901-905"><param name="timeout" value="0"/><deny caller-id="666*"/></lot>"#;

const DENY_PARK: &str = "deny action=\"park\" user=\"1003\"";
const DENY_RETRIEVE: &str = "deny action=\"retrieve\" user=\"1003@test.local\"";
const NO_ALLOW: &str = "no <allow> for retrieve fits";

fn open() -> Scene {
    Scene::start(setup(LOTS))
}

fn user(name: &str) -> Vec<(&str, &str)> {
    vec![("user_name", name), ("domain_name", "test.local")]
}

/// The leg got that status, and the event says that rule.
#[track_caller]
fn refused(scene: &Scene, exten: &str, vars: &[(&str, &str)], rule: &str) -> Event {
    let leg = scene.dial_with(exten, vars);
    scene.switch.wait_var(&leg, "went_on", "denied");
    let event = scene.events.wait(SOON, |event| {
        event.is("Callpark-Action", "refuse")
            && (event.is("Callpark-UUID", &leg) || event.is("Callpark-Retriever-UUID", &leg))
    });
    assert_eq!(event.text("Callpark-Reason"), "denied", "{}", event.summary());
    assert!(event.text("Callpark-Rule").starts_with(rule), "{}", event.summary());
    assert_eq!(event.text("Callpark-Outcome"), "");
    scene.switch.kill(&leg);
    event
}

#[track_caller]
fn taken(scene: &Scene, exten: &str, vars: &[(&str, &str)], caller: &str) {
    scene.dial_with(exten, vars);
    scene.outcome(caller, "retrieved");
    scene.switch.kill(caller);
    scene.wait_empty();
}

#[test]
fn a_user_who_may_not_park_goes_on_and_the_event_names_the_rule() {
    let scene = open();
    for exten in ["park", "park_auto", "park_702", "park_default_702"] {
        let parks = [("callpark_parker", "1003@test.local")];
        let event = refused(&scene, exten, &parks, DENY_PARK);
        assert_eq!(event.text("Callpark-Lot"), "default");
        assert_eq!(event.text("Callpark-Right"), "");
    }
    refused(&scene, "park_701", &user("1003"), DENY_PARK);
    let other = [("callpark_parker", "1003@b.local")];
    scene.park_with("park_open_801", &other);
    scene.park_with("park_701", &[("callpark_parker", "1004@test.local")]);
    scene.park_with("park_702", &[]);
}

#[test]
fn who_may_not_retrieve_is_refused_on_every_way_and_learns_nothing() {
    let scene = open();
    let (caller, _) = scene.park("park_701");
    for exten in ["take_default_701", "take_default_next", "key_default_701", "take_default"] {
        let event = refused(&scene, exten, &user("1003"), DENY_RETRIEVE);
        assert_eq!(event.text("Callpark-Right"), "retrieve");
        assert_eq!(event.text("Callpark-Retriever"), "1003@test.local");
        let there = if exten.contains("701") { caller.as_str() } else { "" };
        assert_eq!(event.text("Callpark-UUID"), there);
        // Somebody who is nobody's user, and has no badge.
        refused(&scene, exten, &[], NO_ALLOW);
    }
    // The same for an empty orbit, and for one that does not exist.
    for exten in ["take_default_702", "key_default_702", "take_default_799"] {
        refused(&scene, exten, &user("1003"), DENY_RETRIEVE);
    }
    taken(&scene, "key_default_701", &user("1004"), &caller);
    let (caller, _) = scene.park("park_701");
    taken(&scene, "take_default_next", &[("badge", "golden")], &caller);
}

#[test]
fn the_command_is_an_administrator_s_unless_it_is_for_a_user() {
    let scene = open();
    let (caller, _) = scene.park("park_701");
    let leg = scene.dial_with("7777", &user("1003"));
    let answer = scene.api(&format!("retrieve default 701 {leg}"));
    assert!(answer.starts_with(&format!("-ERR denied {DENY_RETRIEVE} (line ")), "{answer}");
    let answer = scene.api("retrieve default 701 user/1003@test.local");
    assert!(answer.starts_with(&format!("-ERR denied {DENY_RETRIEVE} (line ")), "{answer}");
    scene.switch.kill(&leg);
    let leg = scene.dial("7777");
    assert_eq!(scene.api(&format!("retrieve default 701 {leg}")), "+OK default 701\n");
    scene.outcome(&caller, "retrieved");
    scene.switch.kill(&caller);
    let leg = scene.dial_with("7777", &user("1003"));
    assert_eq!(scene.api(&format!("park {leg} default 702")), "+OK default 702\n");
}

#[test]
fn a_user_s_own_list_counts_whatever_the_lots_say() {
    let scene = open();
    let with = |list| [user("1003"), vec![("callpark_allow", list)]].concat();
    let (caller, _) = scene.park("park_701");
    refused(&scene, "take_open_801", &with("park:*"), "callpark_allow=park:*");
    refused(&scene, "park_open", &with("retrieve:default"), "callpark_allow=retrieve:default");
    refused(&scene, "park_open", &with("fly:default"), "callpark_allow=none");
    taken(&scene, "take_default_701", &with("retrieve:def*"), &caller);
}

#[test]
fn a_caller_s_number_counts_as_well() {
    let scene = open();
    let from = |number| [("origination_callee_id_number", number)];
    refused(&scene, "park_shy", &from("66612"), "deny action=\"*\" caller-id=\"666*\"");
    scene.park_with("park_shy", &from("77712"));
}

#[test]
fn may_says_what_the_rules_say() {
    let scene = open();
    for (question, answer) in [
        ("1003@test.local park default", format!("no: {DENY_PARK} (line ")),
        ("1003@b.local retrieve default", "-ERR".to_owned()),
        ("1003 retrieve default", format!("no: {DENY_RETRIEVE} (line ")),
        (
            "1004 retrieve default 701",
            "yes: allow action=\"retrieve\" user=\"100?\" (line ".to_owned(),
        ),
        ("1012 retrieve default", format!("no: {NO_ALLOW}\n")),
        ("1012 retrieve open", "yes: no rule\n".to_owned()),
        ("1004 retrieve default 799", "-ERR unknown_orbit".to_owned()),
        ("1004 retrieve nowhere", "-ERR unknown_lot".to_owned()),
        ("1004 fly default", "-ERR bad_arguments".to_owned()),
        ("9999 park default", "-ERR bad_arguments".to_owned()),
        ("1004 park", "-ERR bad_arguments".to_owned()),
    ] {
        let said = scene.api(&format!("may {question}"));
        assert!(said.starts_with(&answer), "{question}: {said}");
    }
}

#[test]
fn a_reload_with_a_bad_rule_changes_nothing_and_names_its_place() {
    let scene = open();
    let bad = LOTS.replace("user=\"100?\"", "user=\"100?,\"");
    scene.switch.write_callpark_conf(Some(&format!(
        "<configuration name=\"callpark.conf\">\n<lots>\n{bad}\n</lots>\n</configuration>\n"
    )));
    let answer = scene.api("reload");
    assert!(answer.starts_with("-ERR"), "{answer}");
    assert!(answer.contains("line 9") && answer.contains("lot \"default\""), "{answer}");
    assert!(answer.contains("user=\"100?,\""), "{answer}");
    refused(&scene, "park", &user("1003"), DENY_PARK);
}

#[test]
fn a_list_for_a_user_has_what_this_user_may_see() {
    let lots = r#"
      <lot name="default" orbits="701-705">
        <param name="timeout" value="0"/>
        <param name="privacy" value="true"/>
        <deny action="list" user="1003"/>
        <allow action="see" user="1004"/>
        <allow action="list"/>
      </lot>
      <lot name="open" orbits="801-805"><param name="timeout" value="0"/></lot>"#;
    let scene = Scene::start(setup(lots));
    let from = |parker| {
        let number = ("origination_callee_id_number", "+49301234567");
        [number, ("origination_callee_id_name", "Ada"), ("callpark_parker", parker)]
    };
    scene.park_with("park_default_701", &from("1000@test.local"));
    scene.park_with("park_open_801", &from("1000@test.local"));
    for (user, expected) in [
        // Nobody's rule says that 1001 may see; 1000 has parked the call.
        ("1001", &[("701", "+49301234***"), ("801", "+49301234567")][..]),
        ("1000@test.local", &[("701", "+49301234567"), ("801", "+49301234567")]),
        ("1003", &[("801", "+49301234567")]),
        ("1004", &[("701", "+49301234567"), ("801", "+49301234567")]),
    ] {
        let list = scene.api(&format!("list json for {user}"));
        let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
        let calls = list["calls"].as_array().expect("calls");
        let seen: Vec<(&str, &str)> = calls
            .iter()
            .map(|call| {
                (call["orbit"].as_str().unwrap(), call["caller_id_number"].as_str().unwrap())
            })
            .collect();
        assert_eq!(seen, expected, "{user}: {list}");
    }
    assert!(!scene.api("list default for 1003").contains("701"));
    for (words, answer) in
        [("list for", "-ERR"), ("list for 9999", "-ERR"), ("list for 1001 json", "-ERR")]
    {
        assert!(scene.api(words).starts_with(answer), "{words}");
    }
}
