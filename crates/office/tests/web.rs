//! The server with a host that is made up: what it lets in, what it passes on, and what slow readers do to others.

#![cfg(feature = "web")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit::Http;
use kit::http::Response;
use office::entry::{Action, Entry, Place};
use office::journal::{Journal, Settings as JournalSettings};
use office::web::{
    Act, Answer, Attempt, Change, Gauges, Happened, Host, Look, Proxy, Reply, Scope, Server,
    Settings, Sight, Token, View, Who,
};

mod web {
    mod tls;
}

const SOON: Duration = Duration::from_secs(30);

/// Answers everything with what it was asked.
#[derive(Default)]
struct Echo {
    at: Mutex<Option<SocketAddr>>,
    acts: AtomicU32,
    failed: Mutex<Vec<String>>,
    said: Mutex<Vec<Change>>,
}

impl Host for Echo {
    fn look(&self, who: &Who, look: Look) -> Answer {
        Ok(Reply::json(
            serde_json::json!({ "who": who.name, "look": format!("{look:?}") }).to_string(),
        ))
    }

    fn act(&self, who: &Who, act: Act) -> Answer {
        std::thread::sleep(Duration::from_millis(100));
        let number = self.acts.fetch_add(1, Ordering::SeqCst);
        let body =
            serde_json::json!({ "who": who.name, "act": format!("{act:?}"), "number": number });
        Ok(Reply::json(body.to_string()))
    }

    fn user(&self, attempt: &Attempt) -> Option<Who> {
        let user = match attempt {
            Attempt::Password { user, password } if password == "right" => user,
            Attempt::Vouched(user) => user,
            Attempt::Password { .. } => return None,
        };
        user.contains('@').then(|| Who {
            name: user.clone(),
            user: Some(user.clone()),
            domain: None,
            scope: Scope::Admin,
            lots: Vec::new(),
        })
    }

    fn view(&self, _who: &Who, seq: i64) -> View {
        let eyes = |event: &Happened| Sight::Json(Arc::from(format!("{{\"seq\":{}}}", event.seq)));
        View { snapshot: format!("{{\"seq\":{seq}}}"), eyes: Box::new(eyes) }
    }

    fn told(&self, happened: Vec<Happened>) -> Vec<Happened> {
        happened
    }

    fn is_kept_away(&self, source: &str) -> bool {
        self.failed.lock().unwrap().iter().filter(|failed| *failed == source).count() > 3
    }

    fn failed(&self, source: &str) -> bool {
        self.failed.lock().unwrap().push(source.to_owned());
        self.is_kept_away(source)
    }

    fn logged_in(&self, _who: &str, _result: &'static str) {}

    fn gauges(&self) -> Gauges {
        Gauges::default()
    }

    fn is_well(&self) -> bool {
        true
    }

    fn say(&self, change: &Change) {
        if let Change::Listens(at) = change {
            *self.at.lock().unwrap() = Some(*at);
        }
        self.said.lock().unwrap().push(change.clone());
    }

    fn node(&self) -> String {
        "pbx1".to_owned()
    }

    fn version(&self) -> &'static str {
        "0"
    }
}

struct Rig {
    server: Server,
    host: Arc<Echo>,
    journal: Arc<Journal>,
    http: Http,
    folder: PathBuf,
}

impl Drop for Rig {
    fn drop(&mut self) {
        assert!(self.server.stop(Duration::from_secs(2)), "it goes on");
        self.journal.stop(SOON);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Rig {
    fn start() -> Rig {
        let mut rig = Rig::start_with(settings_of());
        rig.http = Http::at(rig.at());
        rig
    }

    /// Where it listens, as soon as it does.
    fn at(&self) -> SocketAddr {
        kit::eventually(SOON, "it listens", || *self.host.at.lock().unwrap())
    }

    /// The same, and it may not listen yet.
    fn start_with(settings: Settings) -> Rig {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("callpark-web-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut kept = JournalSettings::new(folder.join("callpark.sqlite"), "pbx1");
        kept.history_days = 0;
        let journal = Arc::new(Journal::start(kept).unwrap());
        drop(journal.opened(SOON));
        let host = Arc::new(Echo::default());
        let begin: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
        let theirs = Arc::clone(&host) as Arc<dyn Host>;
        let server =
            Server::start(settings, theirs, Some(Arc::clone(&journal)), Arc::default(), begin)
                .unwrap();
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Rig { server, host, journal, http: Http::at(nowhere), folder }
    }

    fn record(&self, count: i64) {
        for number in 0..count {
            let place = Place { lot: "default".into(), orbit: "701".into() };
            self.journal.record(Entry::new(number, Action::Park, &format!("u{number}"), place));
        }
    }
}

fn settings_of() -> Settings {
    // sha256 of "secret".
    let sha256 = [
        0x2b, 0xb8, 0x0d, 0x53, 0x7b, 0x1d, 0xa3, 0xe3, 0x8b, 0xd3, 0x03, 0x61, 0xaa, 0x85, 0x56,
        0x86, 0xbd, 0xe0, 0xea, 0xcd, 0x71, 0x62, 0xfe, 0xf6, 0xa2, 0x5f, 0xe9, 0x7b, 0xf5, 0x27,
        0xa2, 0x5b,
    ];
    let token = |name: &str, scope| Token {
        name: name.to_owned(),
        sha256,
        scope,
        domain: None,
        lots: Vec::new(),
    };
    Settings {
        listen: "127.0.0.1:0".parse().unwrap(),
        tls: None,
        https: false,
        tokens: vec![token("all", Scope::Admin)],
        users: true,
        proxy: Some(Proxy { header: "x-user".into(), from: vec!["127.0.0.1".parse().unwrap()] }),
    }
}

fn status(response: &Response) -> (u16, String) {
    (response.status, response.json()["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn every_address_of_the_document_is_there_and_no_method_beside_it() {
    let rig = Rig::start();
    let http = rig.http.bearer("secret");
    let document = http.get("/openapi.json").json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 19, "{}", paths.len());
    for (path, methods) in paths {
        let path =
            path.replace("{lot}", "default").replace("{uuid}", "u").replace("{name}", "usage");
        if path == "/v1/events" || path.starts_with("/r/") {
            continue;
        }
        let get = http.get(&path).status;
        let post = http.send("POST", &path, Some("{}")).status;
        if methods.get("get").is_some() {
            assert!(get == 200, "GET {path}: {get}");
            assert_eq!(post, 405, "POST {path}");
        } else {
            assert!([200, 204, 400].contains(&post), "POST {path}: {post}");
            assert_eq!(get, 405, "GET {path}");
        }
    }
}

/// Everything that the document refers to, `#/components/…`.
fn references(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) => {
            if let Some(serde_json::Value::String(to)) = map.get("$ref") {
                found.push(to.clone());
            }
            map.values().for_each(|value| references(value, found));
        }
        serde_json::Value::Array(all) => all.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_document_is_whole_and_each_operation_is_described() {
    let rig = Rig::start();
    let response = rig.http.get("/openapi.json");
    let document = response.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100, "{}", found.len());
    for to in found {
        assert!(document.pointer(to.trim_start_matches('#')).is_some(), "{to} is not there");
    }
    for name in ["token", "session"] {
        assert!(document["components"]["securitySchemes"][name].is_object(), "{name}");
    }
    let mut ids = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let what = format!("{method} {path}");
            ids.push(operation["operationId"].as_str().unwrap().to_owned());
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{what}");
            for (name, response) in operation["responses"].as_object().unwrap() {
                assert!(response["description"].is_string(), "{what} {name}");
                let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
                let is_problem = name.starts_with(['4', '5']) && !path.starts_with("/r/");
                let expected = is_problem.then_some("#/components/schemas/Problem");
                assert!(expected.is_none() || problem.as_str() == expected, "{what} {name}");
            }
            for name in path.split('{').skip(1).filter_map(|rest| rest.split_once('}')) {
                let params = operation["parameters"].as_array().unwrap();
                assert!(params.iter().any(|param| param["name"] == name.0), "{what}: {}", name.0);
            }
            if let Some(body) = operation.get("requestBody") {
                let schema = body["content"]["application/json"]["schema"]["$ref"].as_str();
                let schema = document.pointer(schema.unwrap().trim_start_matches('#')).unwrap();
                assert_eq!(schema["additionalProperties"], false, "{what}");
            }
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an operationId is used twice");
    // The same at every start.
    assert_eq!(Rig::start().http.get("/openapi.json").body, response.body);
}

#[test]
fn a_user_logs_in_and_wrong_passwords_are_limited() {
    let rig = Rig::start();
    let login = |user: &str, password: &str| {
        let json = serde_json::json!({ "user": user, "password": password }).to_string();
        rig.http.with("X-Forwarded-For", "192.0.2.7, 192.0.2.9").post("/v1/login", &json)
    };
    let in_ = login("1000@a", "right");
    assert_eq!((in_.status, &in_.json()["user"]), (200, &"1000@a".into()));
    for _ in 0..4 {
        assert_eq!(status(&login("1000@a", "wrong")), (401, "denied".into()));
    }
    assert_eq!(status(&login("1000@a", "right")), (429, "denied".into()));
    let failed = rig.host.failed.lock().unwrap().clone();
    assert!(
        failed.contains(&"192.0.2.9".into()) && failed.contains(&"user 1000@a".into()),
        "{failed:?}"
    );
    // The user is not kept away by somebody else's wrong passwords, but only one is looked at in some seconds.
    let from = |address: &str, password: &str| {
        let json = serde_json::json!({ "user": "1000@a", "password": password }).to_string();
        rig.http.with("X-Forwarded-For", address).post("/v1/login", &json)
    };
    assert_eq!(status(&from("192.0.2.10", "wrong")), (401, "denied".into()));
    let early = from("192.0.2.11", "right");
    assert_eq!(status(&early), (429, "denied".into()));
    let after: u64 = early.header("retry-after").unwrap().parse().unwrap();
    assert!(after <= 10, "{after}");
    std::thread::sleep(Duration::from_secs(after));
    assert_eq!(from("192.0.2.11", "right").status, 200);
    // From there it is known from now on.
    assert_eq!(status(&from("192.0.2.10", "right")), (429, "denied".into()));
    assert_eq!(from("192.0.2.11", "right").status, 200);
    // From somewhere else, and as somebody else.
    assert_eq!(rig.http.post("/v1/login", r#"{"user":"1001@a","password":"right"}"#).status, 200);
    assert_eq!(rig.http.bearer("secret").get("/v1/lots").status, 200);
}

#[test]
fn a_proxy_is_believed_once_and_its_users_need_a_mark() {
    let rig = Rig::start();
    let user = rig.http.with("X-User", "1000@a");
    let me = user.get("/v1/me").json();
    assert_eq!(me["user"], "1000@a");
    assert_eq!(user.with("X-User", "1001@a").get("/v1/me").status, 401, "two of them");
    assert_eq!(rig.http.with("X-User", "nobody").get("/v1/me").status, 401);
    assert_eq!(user.post("/v1/calls/u/return", "").status, 403);
    let marked = user.with("X-CSRF-Token", me["csrf"].as_str().unwrap());
    assert_eq!(marked.post("/v1/calls/u/return", "").status, 200);
    let other =
        rig.http.with("X-User", "1001@a").with("X-CSRF-Token", me["csrf"].as_str().unwrap());
    assert_eq!(other.post("/v1/calls/u/return", "").status, 403, "the mark of another user");
    // Without the proxy in the settings nobody is believed.
    rig.server.configure(Settings { proxy: None, ..settings_of() });
    assert_eq!(user.get("/v1/me").status, 401);
}

#[test]
fn what_two_ask_for_under_one_key_is_done_once() {
    let rig = Rig::start();
    let http = rig.http.bearer("secret").with("Idempotency-Key", "k");
    let both: Vec<Response> = std::thread::scope(|scope| {
        let one = || http.post("/v1/calls/u/return", "");
        let threads = [scope.spawn(one), scope.spawn(one)];
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut statuses: Vec<u16> = both.iter().map(|response| response.status).collect();
    statuses.sort_unstable();
    assert!(statuses == [200, 409] || statuses == [200, 200], "{both:?}");
    assert_eq!(http.post("/v1/calls/u/return", "").json()["number"], 0);
    assert_eq!(rig.host.acts.load(Ordering::SeqCst), 1);
    assert_eq!(status(&http.post("/v1/calls/v/return", "")), (422, "bad_arguments".into()));
}

#[test]
fn a_reader_that_does_not_read_is_cut_and_the_others_hear_everything() {
    const COUNT: i64 = 6_000;
    let rig = Rig::start();
    let http = rig.http.bearer("secret");
    let stuck: Vec<_> = (0..5).map(|_| http.stream("/v1/events", None)).collect();
    let mut reader = http.stream("/v1/events", None);
    assert_eq!(reader.next(SOON).unwrap().event, "snapshot");
    rig.record(COUNT);
    let mut last = 0;
    while last < COUNT {
        match reader.next(SOON) {
            Some(told) => {
                let seq = told.data["seq"].as_i64().unwrap();
                assert!(seq == last + 1 || told.event == "snapshot", "{seq} after {last}");
                last = last.max(seq);
            }
            // It was too slow itself, and comes again.
            None => reader = http.stream("/v1/events", Some(&last.to_string())),
        }
    }
    drop(stuck);
    assert_eq!(http.get("/v1/lots").status, 200);
}

#[test]
fn requests_that_make_no_sense_are_problems_and_no_errors_of_the_server() {
    let rig = Rig::start();
    let http = rig.http.bearer("secret");
    let deep = "[".repeat(30_000);
    let bodies =
        ["", "{", "[]", "null", "{\"to\":1}", "{\"to\":\"\\ud800\"}", deep.as_str(), "{\"x\":{}}"];
    for path in [
        "/v1/park",
        "/v1/login",
        "/v1/calls/%00/retrieve",
        "/v1/calls/%ff/drop",
        "/v1/calls/%2e%2e/set",
    ] {
        for body in bodies {
            let status = http.post(path, body).status;
            assert!((200..500).contains(&status), "{path} {body:.20}: {status}");
        }
    }
    for path in [
        "/v1/history?%ff=%00",
        "/v1/lots/%2F/orbits?limit",
        "/v1/reports/../x",
        "//",
        "/v1/calls/?",
        "/%",
    ] {
        let status = http.get(path).status;
        assert!((200..500).contains(&status), "{path}: {status}");
    }
    for method in ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "X"] {
        let status = http.send(method, "/v1/lots", None).status;
        assert!((200..500).contains(&status), "{method}: {status}");
    }
}
