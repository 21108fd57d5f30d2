//! The web server: who is let in, what is seen, and what is done.

use std::time::Duration;

use kit::http::Response;
use kit::{Http, SOON, Setup};

use super::lot::{MOMENT, Scene, setup};

mod garbage;
mod killed;
mod matrix;
mod routes;
mod schema;
mod tls;

const LOTS: &str = r#"
  <lot name="default" orbits="701-705">
    <param name="timeout" value="90"/>
    <param name="announce" value="false"/>
    <return><step to="transfer:7777 XML default"/></return>
  </lot>
  <lot name="sales" domain="a.local" orbits="801-803">
    <param name="timeout" value="0"/><param name="announce" value="false"/><param name="exclusive" value="60"/><return/>
  </lot>
  <lot name="sales" domain="b.local" orbits="801-803">
    <param name="timeout" value="0"/><param name="announce" value="false"/><param name="privacy" value="true"/>
  </lot>"#;

/// Tokens that are called as they read: the name, the hash that `sha256sum` prints, the scope, and what else there is.
pub const TOKENS: [(&str, &str, &str, &str); 10] = [
    ("all-read", "ba3816000da93c3363b42dfe540ccb4028061ac69f2029d4a8fba4c5b3e806a7", "read", ""),
    ("all-act", "3f52160b558e58fd054faec8a3031bd376e950f9dd207bd056b71bf692a56959", "act", ""),
    ("all-admin", "603b706a310205826707afeec44af11c6ca206d2ff99494605185af02d83edac", "admin", ""),
    (
        "a-read",
        "3ebebba21baa3a12dc568457cdcb76c8ad0f053027ed0568481cd544ab5a4635",
        "read",
        "domain=\"a.local\"",
    ),
    (
        "a-act",
        "c11c00e5f95687aaac88f533967d44230f824fa53a391cc9f9a507703c099a95",
        "act",
        "domain=\"a.local\"",
    ),
    (
        "a-admin",
        "4c8735ec5d8f23005a57c43b74e27e014f78309eceb0c7249751820a308b632b",
        "admin",
        "domain=\"a.local\"",
    ),
    (
        "b-read",
        "a8594d2e8ccbee156b4b65053771a8025c6706115bc9f3bf49f9813cc51456bd",
        "read",
        "domain=\"b.local\"",
    ),
    (
        "b-act",
        "281ea5bcb36cb2df5e0a7f46900a456eddbdef66518366f37a492a214b7e17b3",
        "act",
        "domain=\"b.local\"",
    ),
    (
        "b-admin",
        "1ad2f55defdc56b72dda60dfa9708bcc0db7596898b85bea4abcdaf878d138c5",
        "admin",
        "domain=\"b.local\"",
    ),
    (
        "some",
        "a6b46dd0d1ae5e86cbc8f37e75ceeb6760230c1ca4ffbcb0c97b96dd7d9c464b",
        "admin",
        "lots=\"sales@b.local\"",
    ),
];

/// A configuration with the tokens, and with these settings.
pub fn conf(settings: &str) -> String {
    let token = |(name, sha256, scope, more): &(&str, &str, &str, &str)| {
        format!("<token name=\"{name}\" sha256=\"{sha256}\" scope=\"{scope}\" {more}/>\n")
    };
    let tokens: String = TOKENS.iter().map(token).collect();
    format!(
        "<configuration name=\"callpark.conf\">\n<settings>\n{settings}{tokens}</settings>\n<lots>\n{LOTS}\n</lots>\n</configuration>\n"
    )
}

pub const LISTEN: &str = "<param name=\"web-listen\" value=\"127.0.0.1:{{web_port}}\"/>\n";

/// A switch whose module has a web server.
pub fn with_web() -> Setup {
    setup("").callpark_conf(&conf(LISTEN)).domain("a.local").domain("b.local")
}

fn open() -> (Scene, Http) {
    let scene = Scene::start(with_web());
    let web = scene.switch.web();
    (scene, web)
}

#[track_caller]
fn problem(response: &Response, status: u16, code: &str) {
    assert_eq!(response.status, status, "{response:?}");
    assert_eq!(response.header("content-type"), Some("application/problem+json"), "{response:?}");
    let json = response.json();
    assert_eq!((&json["code"], &json["status"]), (&code.into(), &status.into()), "{json}");
}

const A: [(&str, &str); 1] = [("domain_name", "a.local")];
const B: [(&str, &str); 1] = [("domain_name", "b.local")];

#[test]
fn a_parked_call_is_listed_as_the_command_lists_it() {
    let (scene, web) = open();
    let vars =
        [("callpark_note", "<script>alert(1)</script>"), ("callpark_parker", "1000@test.local")];
    let (caller, _) = scene.park_with("park_701", &vars);
    let all = web.bearer("all-read");
    let calls = all.get("/v1/calls");
    let list: serde_json::Value = serde_json::from_str(&scene.api("list json")).expect("a list");
    let (call, listed) = (calls.json()["calls"][0].clone(), &list["calls"][0]);
    for (column, value) in listed.as_object().expect("columns") {
        if !["waiting_ms", "timeout_ms_left"].contains(&column.as_str()) {
            assert_eq!(&call[column], value, "{column}");
        }
    }
    assert_eq!(call["uuid"], *caller);
    assert!(call["next"]["in_ms"].as_u64().expect("when") <= 90_000, "{call}");
    assert!(call["next"]["what"].as_str().expect("what").contains("7777"), "{call}");
    let one = all.get(&format!("/v1/calls/{caller}")).json();
    assert_eq!((&one["orbit"], &one["call"]["uuid"]), (&"701".into(), &call["uuid"]), "{one}");
    let lots = all.get("/v1/lots").json();
    assert_eq!(
        (&lots["lots"][0]["lot"], &lots["lots"][0]["parked"]),
        (&"default".into(), &1.into())
    );
    assert_eq!(lots["lots"].as_array().expect("lots").len(), 3, "{lots}");
    let orbits = all.get("/v1/lots/default/orbits?limit=2").json();
    assert_eq!(orbits["orbits"][0]["uuid"], *caller, "{orbits}");
    assert_eq!(orbits["orbits"][1]["state"], "free", "{orbits}");
    let rest = all.get("/v1/lots/default/orbits?limit=9&after=702").json();
    assert_eq!((&orbits["next"], &rest["orbits"][0]["orbit"]), (&"702".into(), &"703".into()));
    assert_eq!(rest["next"], serde_json::Value::Null, "{rest}");
    let history = all.get("/v1/history?limit=1").json();
    assert_eq!(history["calls"][0]["uuid"], *caller, "{history}");
    let at = all.get("/v1/at?time=now").json();
    assert_eq!(at["calls"][0]["then"]["orbit"], "701", "{at}");
    let usage = all.get("/v1/reports/usage?from=-1h").json();
    assert_eq!(usage["parks"], 1, "{usage}");
    let health = all.get("/v1/health").json();
    assert_eq!(health["ok"], true, "{health}");
    let metrics = all.get("/metrics").body;
    assert!(metrics.contains("callpark_orbits{lot=\"default\",state=\"parked\"} 1"), "{metrics}");
    // What has not changed is not sent again.
    let tag = calls.header("etag").expect("an ETag").to_owned();
    assert_eq!(all.with("If-None-Match", &tag).get("/v1/calls").status, 304);
    scene.switch.kill(&caller);
    scene.wait_empty();
    assert_eq!(all.with("If-None-Match", &tag).get("/v1/calls").status, 200);
    problem(&all.get(&format!("/v1/calls/{caller}")), 404, "gone");
}

#[test]
fn nobody_is_let_in_without_a_token_and_guesses_are_limited() {
    let (_scene, web) = open();
    let routes = [
        "/v1/me",
        "/v1/lots",
        "/v1/calls",
        "/v1/calls/x",
        "/v1/history",
        "/v1/at?time=now",
        "/v1/events",
        "/v1/reports/usage",
        "/v1/lots/default/orbits",
        "/metrics",
    ];
    for route in routes {
        problem(&web.get(route), 401, "denied");
    }
    for route in ["/v1/park", "/v1/logout", "/v1/calls/x/drop", "/v1/calls/x/retrieve"] {
        problem(&web.post(route, "{}"), 401, "denied");
    }
    assert_eq!(web.get("/v1/health").body, r#"{"ok":true}"#);
    problem(&web.get("/nowhere"), 404, "bad_arguments");
    problem(&web.post("/v1/lots", "{}"), 405, "bad_arguments");
    let page = web.get("/");
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for _ in 0..10 {
        problem(&web.bearer("wrong").get("/v1/lots"), 401, "denied");
    }
    problem(&web.bearer("wrong").get("/v1/lots"), 401, "denied");
    let late = web.bearer("all-read").get("/v1/lots");
    problem(&late, 429, "denied");
    assert!(late.header("retry-after").is_some());
}

#[test]
fn a_session_needs_its_mark_to_change_something() {
    let (scene, web) = open();
    let login = web.post("/v1/login", r#"{"token":"all-admin"}"#);
    assert_eq!(login.status, 200, "{login:?}");
    let cookie = login.header("set-cookie").expect("a cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let session = web.with("Cookie", cookie.split(';').next().expect("a pair"));
    let me = session.get("/v1/me").json();
    assert_eq!((&me["name"], &me["scope"]), (&"all-admin".into(), &"admin".into()), "{me}");
    let (caller, _) = scene.park("park_701");
    let path = format!("/v1/calls/{caller}/set");
    problem(&session.post(&path, r#"{"note":"x"}"#), 403, "denied");
    let marked = session.with("X-CSRF-Token", me["csrf"].as_str().expect("a mark"));
    assert_eq!(marked.post(&path, r#"{"note":"x"}"#).status, 200);
    assert_eq!(marked.post("/v1/logout", "").status, 204);
    problem(&session.get("/v1/me"), 401, "denied");
    problem(&web.post("/v1/login", r#"{"user":"1000@test.local","password":"x"}"#), 401, "denied");
    problem(&web.post("/v1/login", "{}"), 400, "bad_arguments");
}

#[test]
fn calls_are_changed_moved_returned_and_dropped_and_it_is_written_down_who_did_it() {
    let (scene, web) = open();
    let admin = web.bearer("all-admin");
    let (caller, _) = scene.park("park_701");
    let first = caller.clone();
    let act = |what: &str, json: &str| admin.post(&format!("/v1/calls/{first}/{what}"), json);
    let set = act("set", r#"{"priority":7,"note":"soon","timeout":60,"for":"1001@test.local"}"#);
    assert_eq!((set.status, set.body.as_str()), (200, r#"{"lot":"default","orbit":"701"}"#));
    let call = admin.get("/v1/calls").json()["calls"][0].clone();
    let seen = (&call["priority"], &call["note"], &call["for"]);
    assert_eq!(seen, (&7.into(), &"soon".into(), &"1001@test.local".into()), "{call}");
    for (what, json) in [
        ("set", "{}"),
        ("set", r#"{"priority":10}"#),
        ("set", r#"{"colour":"red"}"#),
        ("move", r#"{"orbit":7}"#),
        ("move", "["),
        ("set", r#"{"for":"no user"}"#),
        ("drop", r#"{"cause":"NO_SUCH"}"#),
        ("retrieve", "{}"),
    ] {
        problem(&act(what, json), 400, "bad_arguments");
    }
    problem(&act("move", r#"{"orbit":"799"}"#), 404, "unknown_orbit");
    problem(&act("move", r#"{"lot":"nowhere"}"#), 404, "unknown_lot");
    problem(&act("announce", ""), 409, "failed");
    problem(&act("dance", ""), 404, "bad_arguments");
    problem(&admin.post("/v1/calls/nobody/drop", ""), 404, "gone");
    let moved = act("move", r#"{"orbit":"703"}"#);
    assert_eq!(moved.json()["orbit"], "703");
    let moved = act("move", r#"{"lot":"sales@a.local"}"#);
    assert_eq!(moved.json()["lot"], "sales@a.local");
    problem(&act("return", ""), 409, "failed");
    act("move", r#"{"lot":"default","orbit":"705"}"#);
    assert_eq!(act("return", "").status, 200);
    scene.outcome(&caller, "returned");
    scene.switch.kill(&caller);
    let (caller, _) = scene.park("park_701");
    let drop = admin.with("Idempotency-Key", "k1").post(&format!("/v1/calls/{caller}/drop"), "");
    assert_eq!(drop.status, 200, "{drop:?}");
    scene.outcome(&caller, "dropped");
    // The same again: it was done.
    let again = admin.with("Idempotency-Key", "k1").post(&format!("/v1/calls/{caller}/drop"), "");
    assert_eq!((again.status, &again.body), (200, &drop.body));
    let other = admin.with("Idempotency-Key", "k1").post(&format!("/v1/calls/{caller}/return"), "");
    problem(&other, 422, "bad_arguments");
    let audit = scene.api("audit json");
    assert!(audit.contains("token all-admin") && !audit.contains("soon"), "{audit}");
}

#[test]
fn a_call_is_connected_to_a_channel_and_to_whoever_a_dial_string_reaches() {
    let (scene, web) = open();
    let admin = web.bearer("all-admin");
    let (caller, _) = scene.park("park_701");
    let phone = scene.dial("7778");
    let path = format!("/v1/calls/{caller}/retrieve");
    problem(&admin.post(&path, r#"{"to":"nobody"}"#), 400, "bad_arguments");
    problem(&web.bearer("all-read").post(&path, &format!(r#"{{"to":"{phone}"}}"#)), 403, "denied");
    problem(&web.bearer("all-act").post(&path, r#"{"to":"loopback/7777"}"#), 403, "denied");
    let taken = admin.post(&path, &format!(r#"{{"to":"{phone}"}}"#));
    assert_eq!(taken.status, 200, "{taken:?}");
    scene.outcome(&caller, "retrieved");
    scene.switch.kill(&caller);
    scene.wait_empty();
    let busy = scene.dial("7777");
    let parked = admin.post("/v1/park", &format!(r#"{{"uuid":"{busy}","orbit":"704"}}"#));
    assert_eq!(parked.json()["orbit"], "704", "{parked:?}");
    scene.action(&busy, "park");
    problem(&admin.post("/v1/park", r#"{"uuid":"nobody"}"#), 404, "gone");
}

/// Where a full lot sends its calls, the one who parks needs the right as well.
#[test]
fn a_call_is_parked_in_no_overflow_lot_of_others() {
    let lots = r#"<lot name="default" orbits="701"><param name="when-full" value="lot:spare"/></lot>
      <lot name="spare" orbits="801-802"/>"#;
    let conf =
        conf(LISTEN).replace(LOTS, lots).replace("lots=\"sales@b.local\"", "lots=\"default\"");
    let scene = Scene::start(setup("").callpark_conf(&conf).domain("a.local").domain("b.local"));
    let web = scene.switch.web();
    let (first, _) = scene.park("park_701");
    let busy = scene.dial("7777");
    let park = |token: &str| web.bearer(token).post("/v1/park", &format!(r#"{{"uuid":"{busy}"}}"#));
    problem(&park("some"), 409, "full");
    assert_eq!(scene.calls().len(), 1);
    assert_eq!(scene.switch.api(&format!("uuid_exists {busy}")).trim(), "true");
    let parked = park("all-admin");
    assert_eq!(parked.json()["lot"], "spare", "{parked:?}");
    scene.action(&busy, "park");
    scene.switch.kill(&first);
    scene.switch.kill(&busy);
    scene.wait_empty();
}

#[test]
fn what_waits_for_one_user_or_has_a_pin_is_not_simply_taken() {
    let (scene, web) = open();
    let act = web.bearer("a-act");
    let waits = [A[0], ("callpark_for", "1002@a.local")];
    let (caller, _) = scene.park_with("park_sales_801", &waits);
    let leg = scene.dial_with("7778", &A);
    let to = |leg: &str| format!(r#"{{"to":"{leg}"}}"#);
    let take =
        |caller: &str, leg: &str| act.post(&format!("/v1/calls/{caller}/retrieve"), &to(leg));
    problem(&take(&caller, &leg), 403, "denied");
    problem(&take(&caller, "1003@a.local"), 403, "denied");
    assert_eq!(scene.calls().len(), 1);
    let every = web.bearer("all-admin");
    let retrieve = format!("/v1/calls/{caller}/retrieve");
    assert_eq!(every.post(&retrieve, &to(&leg)).status, 200);
    scene.outcome(&caller, "retrieved");
    scene.switch.kill(&caller);
    scene.wait_empty();
    let locked = [A[0], ("callpark_pin", "4711")];
    let (caller, _) = scene.park_with("park_sales_802", &locked);
    let leg = scene.dial_with("7778", &A);
    // It stays where it is, because it would have nothing to go back to after a wrong PIN.
    problem(&take(&caller, &leg), 403, "denied");
    assert_eq!(scene.calls().len(), 1);
    assert_eq!(scene.switch.api(&format!("uuid_exists {leg}")).trim(), "true");
    scene.switch.kill(&caller);
}

#[test]
fn the_stream_begins_with_everything_and_misses_nothing() {
    let (scene, web) = open();
    let all = web.bearer("all-read");
    let (first, _) = scene.park("park_701");
    let mut stream = all.stream("/v1/events", None);
    let snapshot = stream.next(SOON).expect("a snapshot");
    assert_eq!(
        (snapshot.event.as_str(), &snapshot.data["calls"][0]["uuid"]),
        ("snapshot", &first.as_str().into())
    );
    let (second, _) = scene.park("park_702");
    let parked = stream.wait(SOON, |told| told.data["uuid"] == *second);
    assert_eq!(
        (&parked.data["action"], &parked.data["call"]["orbit"]),
        (&"park".into(), &"702".into())
    );
    assert_eq!(parked.data["status"]["parked"], 2, "{:?}", parked.data);
    drop(stream);
    // What happens while nobody listens.
    scene.switch.kill(&first);
    scene.outcome(&first, "abandoned");
    let (third, _) = scene.park("park_703");
    let last = parked.id.expect("an id");
    let mut stream = all.stream("/v1/events", Some(&last));
    assert_eq!(stream.next(SOON).expect("a snapshot").event, "snapshot");
    let gone = stream.next(SOON).expect("an event");
    assert_eq!(
        (&gone.data["uuid"], &gone.data["outcome"]),
        (&first.as_str().into(), &"abandoned".into())
    );
    assert_eq!(gone.data["call"], serde_json::Value::Null);
    let came = stream.next(SOON).expect("an event");
    assert_eq!(came.data["uuid"], *third);
    let number =
        |id: &Option<String>| id.as_ref().and_then(|id| id.parse::<i64>().ok()).expect("a number");
    assert_eq!(number(&came.id), number(&gone.id) + 1);
    assert_eq!(number(&gone.id), last.parse::<i64>().expect("a number") + 1);
}

#[test]
fn a_closed_orbit_is_shown_within_a_second_and_so_is_who_has_looked() {
    let (scene, web) = open();
    let all = web.bearer("all-read");
    let mut stream = all.stream("/v1/events", None);
    assert_eq!(stream.next(SOON).expect("a snapshot").event, "snapshot");
    let mut fastest = SOON;
    for (verb, closed) in [("close", 1), ("open", 0)] {
        let began = std::time::Instant::now();
        assert!(scene.api(&format!("{verb} default 703")).starts_with("+OK"));
        let told = stream.next(SOON).expect("a snapshot");
        fastest = fastest.min(began.elapsed());
        assert_eq!((told.event.as_str(), told.id), ("snapshot", None));
        assert_eq!(told.data["lots"][0]["closed"], closed, "{}", told.data);
    }
    assert!(fastest < Duration::from_secs(1), "{fastest:?}");
    let caller = "/v1/history?caller=%2B49301234567&lot=default";
    for path in
        ["/v1/calls", "/v1/calls", caller, caller, "/v1/lots/default/orbits", "/v1/calls/nobody"]
    {
        all.get(path);
    }
    let rows = |action: &str| {
        let audit = scene.api(&format!("audit action={action} json"));
        let audit: serde_json::Value = serde_json::from_str(&audit).expect("an audit");
        let rows = audit["audit"].as_array().expect("rows").clone();
        let of_token = rows.into_iter().filter(|row| row["actor"] == "token all-read");
        of_token
            .map(|row| (row["detail"].as_str().unwrap_or_default().to_owned(), row))
            .collect::<Vec<_>>()
    };
    let show = kit::eventually(SOON, "they are written down", || {
        let show = rows("show");
        (show.len() >= 2).then_some(show)
    });
    let list = rows("list");
    // Once each, however often it is asked.
    let mut details: Vec<&str> = list.iter().map(|(detail, _)| detail.as_str()).collect();
    details.sort_unstable();
    assert_eq!(details, ["", "events"]);
    let history = rows("history");
    assert_eq!(history.len(), 1, "{history:?}");
    assert_eq!(history[0].0, "caller=+49301234*** lot=default");
    let result = |detail: &str| {
        let row = show.iter().find(|(known, _)| known == detail).expect("a row");
        (row.1["result"].clone(), row.1["lot"].clone())
    };
    assert_eq!(result(""), ("ok".into(), "default".into()));
    assert_eq!(result("nobody").0, "gone");
}

#[test]
fn each_tenant_hears_of_its_own_calls_and_a_private_caller_is_masked() {
    let (scene, web) = open();
    let mut a = web.bearer("a-read").stream("/v1/events", None);
    let mut b = web.bearer("b-admin").stream("/v1/events", None);
    let mut all = web.bearer("all-read").stream("/v1/events", None);
    for stream in [&mut a, &mut b, &mut all] {
        assert_eq!(stream.next(SOON).expect("a snapshot").event, "snapshot");
    }
    let named = |domain: (&'static str, &'static str)| {
        [
            domain,
            ("origination_caller_id_name", "Ada"),
            ("origination_caller_id_number", "+49301234567"),
        ]
    };
    let (in_b, _) = scene.park_with("park_sales_801", &named(B[0]));
    let (in_a, _) = scene.park_with("park_sales_801", &named(A[0]));
    let told = a.wait(SOON, |told| told.event == "call");
    assert_eq!(told.data["uuid"], *in_a, "the call of another tenant was told: {told:?}");
    let told = b.wait(SOON, |told| told.event == "call");
    assert_eq!(told.data["uuid"], *in_b, "{told:?}");
    let shown = &told.data["call"]["caller_id_number"];
    assert!(shown.as_str().expect("a number").ends_with("***"), "{told:?}");
    let told = all.wait(SOON, |told| told.data["uuid"] == *in_b);
    assert!(
        !told.data["call"]["caller_id_number"].as_str().expect("a number").contains('*'),
        "{told:?}"
    );
    let history = web.bearer("b-admin").get("/v1/history").json();
    assert_eq!(history["calls"].as_array().expect("calls").len(), 1, "{history}");
    assert!(history["calls"][0]["caller_id_number"].as_str().expect("a number").ends_with("***"));
    let found = web.bearer("b-admin").get("/v1/history?caller=%2B49301234567").json();
    assert_eq!(found["calls"].as_array().expect("calls").len(), 0, "{found}");
}

#[test]
fn without_an_address_there_is_no_port_and_no_thread() {
    let scene = Scene::start(setup("").callpark_conf(&conf("")));
    assert!(!scene.switch.listens_to_web());
    assert_eq!(threads(&scene), 0);
    scene.switch.write_callpark_conf(Some(&conf(LISTEN)));
    assert!(scene.api("reload").starts_with("+OK"));
    let web = scene.switch.web();
    assert_eq!(web.bearer("all-read").get("/v1/lots").status, 200);
    assert!(threads(&scene) >= 6);
    scene.switch.write_callpark_conf(Some(&conf("")));
    assert!(scene.api("reload").starts_with("+OK"));
    kit::eventually(SOON, "the server has ended", || {
        (!scene.switch.listens_to_web() && threads(&scene) == 0).then_some(())
    });
}

/// How many threads of the server the switch has.
fn threads(scene: &Scene) -> usize {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", scene.switch.pid())).expect("threads");
    let names =
        tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| ["callpark-io", "callpark-cmd"].contains(&name.trim_end())).count()
}

#[test]
fn a_port_that_is_taken_is_reported_and_taken_when_it_is_free() {
    let scene = Scene::start(setup("").callpark_conf(&conf("")));
    let port = scene.switch.web_port();
    let taken = std::net::TcpListener::bind(("127.0.0.1", port)).expect("the port");
    scene.switch.write_callpark_conf(Some(&conf(LISTEN)));
    assert!(scene.api("reload").starts_with("+OK"));
    let health = kit::eventually(SOON, "it is reported", || {
        let health = scene.api("health");
        health.contains("web: wrong").then_some(health)
    });
    assert!(health.contains("it cannot listen on 127.0.0.1"), "{health}");
    scene.park("park_701");
    drop(taken);
    let web = scene.switch.web();
    kit::eventually(SOON, "it is all right", || {
        scene.api("health").contains("web: ok").then_some(())
    });
    assert_eq!(web.bearer("all-read").get("/v1/calls").json()["calls"][0]["orbit"], "701");
    assert_eq!(scene.switch.log().matches("cannot listen").count(), 1);
}

#[test]
fn an_unload_ends_the_server_though_somebody_listens() {
    let (scene, web) = open();
    let mut stream = web.bearer("all-read").stream("/v1/events", None);
    stream.next(SOON).expect("a snapshot");
    scene.park("park_701");
    assert!(scene.switch.api("unload -f mod_callpark").contains("+OK"));
    assert!(!scene.switch.listens_to_web());
    assert_eq!(threads(&scene), 0);
    assert!(scene.switch.api("load mod_callpark").contains("+OK"));
    assert_eq!(scene.switch.web().bearer("all-read").get("/v1/lots").status, 200);
}

#[test]
fn what_is_too_long_or_too_slow_is_refused() {
    use std::io::{Read, Write};
    let (scene, web) = open();
    let admin = web.bearer("all-admin");
    let long = format!(r#"{{"note":"{}"}}"#, "x".repeat(65 * 1024));
    problem(&admin.post("/v1/calls/x/set", &long), 413, "bad_arguments");
    let no_json = admin.with("Content-Type", "text/plain").with("Content-Length", "2");
    assert_eq!(no_json.send("POST", "/v1/calls/x/drop", None).status, 415);
    // 256 connections that say nothing, and one more.
    let connect = || std::net::TcpStream::connect(("127.0.0.1", scene.switch.web_port()));
    let idle: Vec<_> = (0..256).map(|_| connect().expect("a connection")).collect();
    let refused = kit::eventually(SOON, "it is refused", || {
        let mut more = connect().ok()?;
        more.set_read_timeout(Some(MOMENT)).ok()?;
        let mut text = String::new();
        let _ = more.read_to_string(&mut text);
        text.starts_with("HTTP/1.1 503").then_some(text)
    });
    assert!(refused.contains("Retry-After"), "{refused}");
    scene.park("park_701");
    // Who begins a request and does not go on is cut.
    let mut slow = idle.into_iter().next().expect("one");
    slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").expect("it is written");
    slow.set_read_timeout(Some(Duration::from_secs(15))).expect("a limit");
    let mut text = Vec::new();
    assert!(slow.read_to_end(&mut text).is_ok(), "it was not cut");
    assert_eq!(scene.switch.web().bearer("all-read").get("/v1/lots").status, 200);
}

#[test]
fn a_link_is_opened_by_scanners_and_used_once_by_its_user() {
    let (scene, web) = open();
    let name = "<script>alert(1)</script>";
    let (caller, _) = scene.park_with("park_701", &[("origination_caller_id_name", name)]);
    let link = |seconds: &str| {
        let answer = scene.api(&format!("link default 701 1000@test.local {seconds}"));
        let (_, token) = answer.trim().split_once("/r/").unwrap_or_else(|| panic!("{answer}"));
        format!("/r/{token}")
    };
    let path = link("");
    for _ in 0..50 {
        let page = web.get(&path);
        assert_eq!(page.status, 200, "{page:?}");
        assert!(
            page.body.contains("<form method=\"post\">") && !page.body.contains(name),
            "{page:?}"
        );
    }
    let both: Vec<u16> = std::thread::scope(|scope| {
        let taps = [0; 2].map(|_| scope.spawn(|| web.send("POST", &path, None).status));
        taps.map(|tap| tap.join().expect("an answer")).to_vec()
    });
    assert!(both == [200, 410] || both == [410, 200], "{both:?}");
    assert_eq!(web.get(&path).status, 410);
    let (late, other) = (link("1"), link(""));
    std::thread::sleep(Duration::from_millis(1_100));
    assert!(web.get(&late).body.contains("expired"));
    assert!(scene.api("move default 701 default 702").starts_with("+OK"));
    assert!(web.send("POST", &other, None).body.contains("another orbit"));
    assert!(scene.api("move default 702 default 701").starts_with("+OK"));
    assert_eq!(web.get(&other).status, 200, "it was not used up");
    scene.switch.kill(&caller);
    scene.wait_empty();
    assert_eq!(web.send("POST", &other, None).status, 410);
    assert_eq!(web.get("/r/x.y").status, 404);
    for bad in [
        "default 701",
        "default 701 nobody",
        "default 701 1000@test.local 0",
        "default 701 1000@test.local x",
    ] {
        assert!(scene.api(&format!("link {bad}")).starts_with("-ERR bad_arguments"), "{bad}");
    }
    assert!(scene.api("link default 701 1000@test.local").starts_with("-ERR empty"));
    let log = scene.switch.log();
    assert!(!log.contains(path.strip_prefix("/r/").expect("a token")), "a token is in the log");
}
