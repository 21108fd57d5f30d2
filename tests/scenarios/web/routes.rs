//! Every route that `/openapi.json` describes, for everybody: two tenants, three scopes, users, and those who are not let in.

use std::collections::BTreeSet;

use kit::{Http, SOON};

use super::{A, B, LISTEN, Scene, conf, setup};

/// Who asks, in the order of [`Expected`].
const TOKENS: [&str; 10] = [
    "all-read",
    "all-act",
    "all-admin",
    "a-read",
    "a-act",
    "a-admin",
    "b-read",
    "b-act",
    "b-admin",
    "some",
];
/// Users for whom a proxy vouches, after the tokens.
const USERS: [&str; 2] = ["1000@a.local", "1000@b.local"];

/// The status for each token and each user.
type Expected = [u16; 12];

/// Everybody who is logged in.
const LET_IN: Expected = [200; 12];
/// Whoever sees the lots of that tenant.
const A_ONLY: Expected = [200, 200, 200, 200, 200, 200, 404, 404, 404, 404, 200, 404];
const B_ONLY: Expected = [200, 200, 200, 404, 404, 404, 200, 200, 200, 200, 404, 200];

/// What is asked, and what is answered.
struct Row {
    /// The route as the document has it.
    route: &'static str,
    /// The path. `{a}` and `{b}` are calls of these tenants, `{leg}` is a leg of b that is not parked.
    path: String,
    /// The body of a POST. None: a GET.
    body: Option<&'static str>,
    expected: Expected,
    /// Also without a login.
    public: bool,
}

fn get(route: &'static str, path: &str, expected: Expected) -> Row {
    Row { route, path: path.to_owned(), body: None, expected, public: false }
}

fn post(route: &'static str, path: &str, body: &'static str, expected: Expected) -> Row {
    Row { body: Some(body), ..get(route, path, expected) }
}

/// Every route at least once.
fn rows(link: &str, late: &str) -> Vec<Row> {
    let public = |row: Row| Row { public: true, ..row };
    let mut rows = vec![
        get("/v1/me", "/v1/me", LET_IN),
        get("/v1/lots", "/v1/lots", LET_IN),
        get("/v1/lots/{lot}/orbits", "/v1/lots/sales@a.local/orbits", A_ONLY),
        get("/v1/lots/{lot}/orbits", "/v1/lots/sales@b.local/orbits", B_ONLY),
        get("/v1/calls", "/v1/calls", LET_IN),
        get("/v1/calls", "/v1/calls?lot=sales@a.local", A_ONLY),
        get("/v1/calls/{uuid}", "/v1/calls/{a}", A_ONLY),
        get("/v1/calls/{uuid}", "/v1/calls/{b}", B_ONLY),
        get("/v1/history", "/v1/history", LET_IN),
        get("/v1/history", "/v1/history?lot=sales@b.local", B_ONLY),
        get("/v1/at", "/v1/at?time=now", LET_IN),
        get("/v1/reports/{name}", "/v1/reports/people?lot=sales@a.local", A_ONLY),
        get("/v1/reports/{name}", "/v1/reports/people?lot=sales@b.local", B_ONLY),
        get(
            "/v1/reports/{name}",
            "/v1/reports/lots",
            [200, 200, 200, 200, 200, 200, 200, 200, 200, 403, 200, 200],
        ),
        get("/v1/events", "/v1/events", LET_IN),
        get("/metrics", "/metrics", [200, 200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 403]),
        public(get("/v1/health", "/v1/health", LET_IN)),
        public(get("/openapi.json", "/openapi.json", LET_IN)),
        public(get("/r/{token}", link, LET_IN)),
        public(post("/r/{token}", late, "", [410; 12])),
        public(post("/v1/login", "/v1/login", "{}", [400; 12])),
    ];
    // What the scope does not allow comes first, then what is not seen.
    let of_a = |done| [403, done, done, 403, done, done, 403, 404, 404, 404, done, 404];
    let of_b = |done| [403, done, done, 403, 404, 404, 403, done, done, done, 404, done];
    for (route, body, in_a, in_b) in [
        ("/v1/calls/{uuid}/set", r#"{"priority":3}"#, 200, 200),
        ("/v1/calls/{uuid}/move", r#"{"orbit":"auto"}"#, 200, 200),
        ("/v1/calls/{uuid}/announce", "", 409, 409),
    ] {
        let path = route.replace("{uuid}", "{a}");
        rows.push(post(route, &path, body, of_a(in_a)));
        rows.push(post(route, &path.replace("{a}", "{b}"), body, of_b(in_b)));
    }
    // Without return steps.
    rows.push(post("/v1/calls/{uuid}/return", "/v1/calls/{a}/return", "", of_a(409)));
    // A dial string rings whatever phone, so it needs a token without a domain.
    let dial = r#"{"to":"loopback/1"}"#;
    rows.extend([
        post(
            "/v1/calls/{uuid}/retrieve",
            "/v1/calls/{a}/retrieve",
            dial,
            [403, 403, 202, 403, 403, 403, 403, 404, 404, 404, 403, 404],
        ),
        post(
            "/v1/calls/{uuid}/retrieve",
            "/v1/calls/{b}/retrieve",
            dial,
            [403, 403, 202, 403, 404, 404, 403, 403, 403, 202, 404, 403],
        ),
        post(
            "/v1/calls/{uuid}/drop",
            "/v1/calls/{a}/drop",
            "",
            [403, 403, 200, 403, 403, 200, 403, 403, 404, 404, 200, 404],
        ),
        post(
            "/v1/calls/{uuid}/drop",
            "/v1/calls/{b}/drop",
            "",
            [403, 403, 200, 403, 403, 404, 403, 403, 200, 200, 404, 200],
        ),
    ]);
    let park = r#"{"uuid":"{leg}","lot":"default"}"#;
    rows.push(post("/v1/park", "/v1/park", park, PARK));
    // Last, because it ends sessions.
    rows.push(post("/v1/logout", "/v1/logout", "", [204; 12]));
    rows
}

/// Of a leg of b, into a lot of everybody.
const PARK: Expected = [403, 200, 200, 403, 404, 404, 403, 200, 200, 404, 404, 404];

const PROXY: &str = "<param name=\"web-proxy-header\" value=\"X-User 127.0.0.1\"/>\n";

/// The calls and the leg that rows are about. Whatever has ended is replaced.
struct Calls {
    a: String,
    b: String,
    leg: String,
}

impl Calls {
    fn fill(&mut self, scene: &Scene) {
        let parked: BTreeSet<String> = scene
            .calls()
            .iter()
            .map(|call| call["uuid"].as_str().unwrap_or_default().into())
            .collect();
        let named = |domain: (&'static str, &'static str), name, number| {
            [domain, ("origination_caller_id_name", name), ("origination_caller_id_number", number)]
        };
        if !parked.contains(&self.a) {
            self.a = scene.park_with("park_sales_auto", &named(A[0], "Ada", "4930815942")).0;
        }
        if !parked.contains(&self.b) {
            self.b = scene.park_with("park_sales_auto", &named(B[0], "Bob", "4930726853")).0;
        }
        if self.leg.is_empty() || parked.contains(&self.leg) {
            if !self.leg.is_empty() {
                scene.switch.kill(&self.leg);
            }
            self.leg = scene.dial_with("7777", &named(B[0], "Bob", "4930726853"));
        }
    }

    fn put(&self, text: &str) -> String {
        text.replace("{a}", &self.a).replace("{b}", &self.b).replace("{leg}", &self.leg)
    }
}

/// Somebody who asks.
struct Asker {
    name: String,
    http: Http,
    /// Which column of [`Expected`] holds for a GET; none: nobody is let in.
    column: Option<usize>,
    /// What is changed is refused, because the request may be forged.
    unmarked: bool,
    /// The tenant whose calls may be seen; none: all, or nobody's.
    tenant: Option<char>,
}

fn askers(web: &Http) -> Vec<Asker> {
    let tenant = |name: &str| match name {
        "some" => Some('b'),
        name if name.starts_with("a-") || name.ends_with("a.local") => Some('a'),
        name if name.starts_with("b-") || name.ends_with("b.local") => Some('b'),
        _ => None,
    };
    let mut askers = Vec::new();
    for (column, name) in TOKENS.into_iter().enumerate() {
        let http = web.bearer(name);
        let (name, tenant) = (name.to_owned(), tenant(name));
        askers.push(Asker { name, http, column: Some(column), unmarked: false, tenant });
    }
    let mark = |http: &Http| http.get("/v1/me").json()["csrf"].as_str().expect("a mark").to_owned();
    for (number, name) in USERS.into_iter().enumerate() {
        let column = Some(TOKENS.len() + number);
        let user = web.with("X-User", name);
        let marked = user.with("X-CSRF-Token", &mark(&user));
        let tenant = tenant(name);
        askers.push(Asker { name: name.into(), http: marked, column, unmarked: false, tenant });
        let name = format!("{name} without a mark");
        askers.push(Asker { name, http: user, column, unmarked: true, tenant });
    }
    let session = |token: &str| {
        let login = web.post("/v1/login", &format!(r#"{{"token":"{token}"}}"#));
        let cookie = login.header("set-cookie").expect("a cookie").to_owned();
        web.with("Cookie", cookie.split(';').next().expect("a pair"))
    };
    let (every, of_a) = (session("all-admin"), session("a-admin"));
    let foreign = of_a.with("X-CSRF-Token", &mark(&every));
    for (name, http, column) in
        [("a session without a mark", every, 2), ("a session with another's mark", foreign, 5)]
    {
        let tenant = if column == 5 { Some('a') } else { None };
        askers.push(Asker {
            name: name.into(),
            http,
            column: Some(column),
            unmarked: true,
            tenant,
        });
    }
    let forged = web.with("Cookie", "callpark_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let unknown = web.with("X-User", "1000@nowhere.local");
    for (name, http) in
        [("nobody", web.clone()), ("a forged cookie", forged), ("an unknown user", unknown)]
    {
        askers.push(Asker { name: name.into(), http, column: None, unmarked: false, tenant: None });
    }
    askers
}

/// The status that somebody gets.
fn status(row: &Row, asker: &Asker) -> u16 {
    let changes = row.body.is_some();
    match asker.column {
        _ if row.public => row.expected[0],
        None => 401,
        Some(_) if changes && asker.unmarked => 403,
        Some(column) => row.expected[column],
    }
}

/// Asks. Returns the status and everything that is in the answer.
fn ask(http: &Http, row: &Row, path: &str, body: Option<&str>, expected: u16) -> (u16, String) {
    if row.route == "/v1/events" && expected == 200 {
        let snapshot = http.stream(path, None).next(SOON).expect("a snapshot");
        return (200, snapshot.data.to_string());
    }
    let response = match body {
        Some(body) => http.post(path, body),
        None => http.get(path),
    };
    (response.status, format!("{:?}\n{}", response.headers, response.body))
}

#[test]
fn everybody_gets_on_every_route_what_they_may_and_nothing_of_another_tenant() {
    let conf = conf(&format!("{LISTEN}{PROXY}"));
    let setup = setup("").callpark_conf(&conf).domain("a.local").domain("b.local");
    let scene = Scene::start(setup);
    let web = scene.switch.web();
    let mut calls = Calls { a: String::new(), b: String::new(), leg: String::new() };
    calls.fill(&scene);
    let link = |seconds: &str| {
        let call = web.bearer("all-read").get(&format!("/v1/calls/{}", calls.a)).json();
        let orbit = call["orbit"].as_str().expect("an orbit").to_owned();
        let answer = scene.api(&format!("link sales@a.local {orbit} 1000@a.local {seconds}"));
        format!("/r/{}", answer.trim().split_once("/r/").expect("a link").1)
    };
    let (good, late) = (link(""), link("1"));
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let rows = rows(&good, &late);

    // A route without a row is not tested, and a row without a route tests nothing.
    let document = web.get("/openapi.json").json();
    let mut routes = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in ["get", "post", "put", "patch", "delete"] {
            if methods.get(method).is_some() {
                routes.insert(format!("{method} {path}"));
            }
        }
    }
    routes.insert("get /openapi.json".into());
    let tested: BTreeSet<String> = rows
        .iter()
        .map(|row| format!("{} {}", if row.body.is_some() { "post" } else { "get" }, row.route))
        .collect();
    assert_eq!(routes, tested);

    let askers = askers(&web);
    let mut wrong = Vec::new();
    for row in &rows {
        for asker in &askers {
            calls.fill(&scene);
            let (path, body) = (calls.put(&row.path), row.body.map(|body| calls.put(body)));
            let expected = status(row, asker);
            let (got, text) = ask(&asker.http, row, &path, body.as_deref(), expected);
            let what =
                format!("{} {path} by {}", if body.is_some() { "POST" } else { "GET" }, asker.name);
            if got == 200 && path.ends_with("/drop") {
                let uuid = path.trim_start_matches("/v1/calls/").trim_end_matches("/drop");
                scene.outcome(uuid, "dropped");
            }
            if got != expected {
                wrong.push(format!("{what}: {got} instead of {expected}: {text}"));
            }
            let (in_a, in_b) = (
                ["a.local", "Ada", "30815942", &calls.a],
                ["b.local", "Bob", "30726853", &calls.b],
            );
            let foreign: Vec<&str> = match (asker.tenant, asker.column) {
                // Whoever has a link sees the caller.
                _ if row.route == "/r/{token}" => Vec::new(),
                (Some('a'), _) => in_b.to_vec(),
                (Some(_), _) => in_a.to_vec(),
                (None, Some(_)) => Vec::new(),
                (None, None) => [in_a, in_b].concat(),
            };
            for secret in foreign {
                // What was sent may come back.
                if text.contains(secret) && !path.contains(secret) {
                    wrong.push(format!("{what}: {secret} is in the answer: {text}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
