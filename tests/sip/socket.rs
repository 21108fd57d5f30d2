//! FreeSWITCH's JSON API `callpark`, as users of mod_verto reach it, and as an administrator's program does.

use kit::phone::Policy;
use kit::{SOON, Scene, two_way};
use serde_json::{Value, json};

use super::desk::setup;

const LOT: &str = r#"<lot name="default" domain="test.local" orbits="701-720"><param name="timeout" value="0"/>
  <deny action="retrieve" user="1003"/><deny action="admin" user="1003"/></lot>
  <lot name="other" domain="b.local" orbits="901-905"><param name="timeout" value="0"/></lot>"#;

/// What FreeSWITCH answers, and the answer in it.
#[track_caller]
fn asked(scene: &Scene, request: &str) -> (String, Value) {
    let answer = scene.switch.api(&format!("json {request}"));
    let answer: Value =
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
    let status = answer["status"].as_str().unwrap_or_default().to_owned();
    (status, answer["response"].clone())
}

/// As mod_verto sends it for that user.
#[track_caller]
fn by(scene: &Scene, user: &str, data: &Value) -> (String, Value) {
    let socket = json!({ "verto_user": user, "verto_domain": "test.local" });
    asked(scene, &json!({ "command": "callpark", "data": data, "sockData": socket }).to_string())
}

#[test]
fn a_user_with_a_socket_sees_and_takes_what_the_rules_allow() {
    let Some(scene) = Scene::start_real(setup(LOT).domain("b.local")) else { return };
    let (alice, carol) = (scene.phone("1001"), scene.phone("1002").policy(Policy::Ring));
    let (_, before) = by(&scene, "1002@test.local", &json!({ "look": "events" }));
    assert_eq!(before["snapshot"]["calls"], json!([]), "{before}");
    let caller = alice.call_up("park_default_701");
    let uuid = caller.uuid().to_owned();
    scene.action(&uuid, "park");
    let (status, seen) = by(&scene, "1002@test.local", &json!({ "look": "calls" }));
    assert_eq!((status.as_str(), &seen["calls"][0]["uuid"]), ("success", &json!(uuid)), "{seen}");
    // What has happened, once it is in the journal.
    let parked = scene.switch.eventually(SOON, "the event", || {
        let (_, told) =
            by(&scene, "1002@test.local", &json!({ "look": "events", "after": before["seq"] }));
        told["events"].get(0).is_some_and(|event| event["action"] == "park").then_some(told)
    });
    assert_eq!(parked["events"][0]["call"]["orbit"], "701", "{parked}");
    assert_eq!(parked["more"], false);
    let nothing = json!({ "look": "events", "after": parked["seq"] });
    assert_eq!(by(&scene, "1002@test.local", &nothing).1["events"], json!([]));
    // Users whom a rule denies it, of another tenant, unknown, and who say that they are somebody else.
    let take = json!({ "do": "retrieve", "uuid": uuid });
    for (user, code) in
        [("1003@test.local", "denied"), ("1002@b.local", "gone"), ("nobody@test.local", "denied")]
    {
        let (status, answer) = by(&scene, user, &take);
        assert_eq!((status.as_str(), &answer["code"]), ("error", &json!(code)), "{user}: {answer}");
    }
    let forged = format!(
        r#"{{"command":"callpark","sockData":{{"verto_user":"1002@test.local"}},"data":{take},"sockData":{{"verto_user":"1003@test.local"}}}}"#
    );
    assert_eq!(asked(&scene, &forged).1["code"], "denied");
    let (_, answer) = by(&scene, "1002@test.local", &json!({ "do": "explode", "uuid": uuid }));
    assert_eq!(answer["code"], "bad_arguments", "{answer}");
    // And the user who may.
    let (status, answer) = by(&scene, "1002@test.local", &take);
    assert_eq!((status.as_str(), &answer["orbit"]), ("success", &json!("701")), "{answer}");
    let call = carol.incoming(SOON);
    call.answer();
    let event = scene.outcome(&uuid, "retrieved");
    assert_eq!(event.text("Callpark-Retriever"), "1002@test.local");
    two_way(&caller, carol.voice(), &call, alice.voice());
}

#[test]
fn a_program_without_a_user_is_an_administrator() {
    let Some(scene) = Scene::start_real(setup(LOT)) else { return };
    let alice = scene.phone("1001");
    let caller = alice.call_up("park_default_701");
    let uuid = caller.uuid().to_owned();
    scene.action(&uuid, "park");
    for bad in [r#"{"command":"callpark","data":7}"#, r#"{"command":"callpark","data":{}}"#] {
        let (status, answer) = asked(&scene, bad);
        assert_eq!((status.as_str(), &answer["code"]), ("error", &json!("bad_arguments")), "{bad}");
    }
    let data = json!({ "do": "move", "uuid": uuid, "orbit": "705" });
    let (_, moved) = asked(&scene, &json!({ "command": "callpark", "data": data }).to_string());
    assert_eq!(moved["orbit"], "705", "{moved}");
    let data = json!({ "do": "drop", "uuid": uuid });
    asked(&scene, &json!({ "command": "callpark", "data": data }).to_string());
    scene.outcome(&uuid, "dropped");
}
