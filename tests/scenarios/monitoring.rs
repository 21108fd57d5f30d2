//! Alerts and dashboards: every query of them is asked, of a real Prometheus that reads the figures of the module, and of a
//! real PostgreSQL that the module has sent its journal to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kit::prometheus::promtool;
use kit::{Postgres, Prometheus};
use serde_json::Value;

use super::lot::{LOTS, Scene, setup};
use super::web::{LISTEN, TOKENS};

mod sql;

const LONG: Duration = Duration::from_secs(60);
/// What becomes of the calls of [`some_calls`], and how often.
const ENDS: [(&str, u32); 3] = [("retrieved", 1), ("returned", 1), ("abandoned", 2)];

fn contrib(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib").join(file)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(contrib(file)).expect(file)
}

fn board(file: &str) -> Value {
    serde_json::from_str(&read(file)).expect(file)
}

/// A switch with figures, and a database.
fn monitored(server: &Postgres) -> Scene {
    let (name, sha256, ..) = TOKENS[0];
    Scene::start(setup(LOTS).callpark_conf(&format!(
        "<configuration name=\"callpark.conf\">\n<settings>{LISTEN}\
         <token name=\"{name}\" sha256=\"{sha256}\" scope=\"read\"/>\
         <webhook name=\"crm\" url=\"http://127.0.0.1:9/dead\" secret=\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"/>\
         <param name=\"database\" value=\"{}\"/></settings>\n<lots>{LOTS}</lots>\n</configuration>",
        server.url().replace('&', "&amp;")
    )))
}

/// Parks calls that end in each way, one that nobody can park, and one that stays.
fn some_calls(scene: &Scene) -> String {
    let parker = [("callpark_parker", "1000@test.local")];
    let (caller, _) = scene.park_with("park_701", &parker);
    let retriever = scene.dial("take_701");
    scene.outcome(&caller, "retrieved");
    scene.switch.kill(&retriever);
    let (caller, _) = scene.park_with("park_quick", &parker);
    scene.outcome(&caller, "returned");
    scene.switch.kill(&caller);
    let (caller, _) = scene.park_with("park_one", &parker);
    let refused = scene.dial("park_one");
    let refusal = scene.action(&refused, "refuse");
    assert_eq!(refusal.text("Callpark-Reason"), "full", "{}", refusal.summary());
    for leg in [&refused, &caller] {
        scene.switch.kill(leg);
    }
    scene.outcome(&caller, "abandoned");
    let (caller, _) = scene.park("park_702");
    scene.switch.kill(&caller);
    scene.outcome(&caller, "abandoned");
    scene.park_with("park_default_705", &parker).0
}

/// The texts of all queries of a board, each with the title of its panel.
fn queries<'a>(board: &'a Value, key: &str) -> Vec<(&'a str, &'a Value, &'a str)> {
    let panels = board["panels"].as_array().expect("panels");
    let mut queries = Vec::new();
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let title = panel["title"].as_str().expect("a title");
        assert!(panel["description"].as_str().is_some_and(|text| !text.is_empty()), "{title}");
        for target in panel["targets"].as_array().expect(title) {
            queries.push((title, target, target[key].as_str().expect(title)));
        }
    }
    queries
}

/// The series that a query names: `callpark_…` or `up`, each with its labels.
fn series(query: &str) -> Vec<String> {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = query;
    while let Some(at) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        let word = rest[at..].split(|c| !name(c)).next().unwrap_or_default();
        rest = &rest[at + word.len()..];
        let labels = match rest.find('}') {
            Some(end) if rest.starts_with('{') => &rest[..=end],
            _ => "",
        };
        if word.starts_with("callpark_") || word == "up" {
            found.push(format!("{word}{labels}"));
        }
        rest = &rest[labels.len()..];
    }
    found
}

#[test]
fn the_series_of_a_query_are_found() {
    assert_eq!(
        series(
            "sum by (le) (rate(callpark_a_bucket{x=\"1\", y=~\"a|b\"}[5m])) > callpark_b or up{job=\"c\"}"
        ),
        ["callpark_a_bucket{x=\"1\", y=~\"a|b\"}", "callpark_b", "up{job=\"c\"}"]
    );
}

#[test]
fn alerts_fire_when_they_should_and_not_otherwise() {
    let rules = contrib("prometheus/callpark.rules.yml").display().to_string();
    let tests = contrib("prometheus/callpark.test.yml").display().to_string();
    let Some(checked) = promtool(&["check", "rules", &rules]) else { return };
    let checked = checked.expect("the rules are in order");
    let names = alerts();
    assert!(checked.contains(&format!("{} rules found", names.len())), "{checked}");
    promtool(&["test", "rules", &tests]).expect("promtool").expect("the alerts are as tested");
    let (tests, manual) = (read("prometheus/callpark.test.yml"), read("../docs/operating.md"));
    for name in names {
        assert!(tests.contains(&format!("alertname=\"{name}\"")), "{name} is not tested");
        assert!(manual.contains(&format!("`{name}`")), "{name} is not in docs/operating.md");
    }
}

fn alerts() -> Vec<String> {
    let rules = read("prometheus/callpark.rules.yml");
    let names = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    names.map(str::to_owned).collect()
}

/// Has the calls counted by a Prometheus: some before its first look, and some after it, so that something has changed.
fn counted(scene: &Scene) -> Option<Prometheus> {
    let figures = scene.switch.web().url("");
    let figures = figures.trim_start_matches("http://").to_owned();
    some_calls(scene);
    let rules = contrib("prometheus/callpark.rules.yml");
    let prometheus = Prometheus::start(&figures, TOKENS[0].0, &rules)?;
    let ends: u32 = ENDS.iter().map(|(_, count)| count).sum();
    for rounds in 1..=2 {
        if rounds == 2 {
            some_calls(scene);
        }
        kit::eventually(LONG, "Prometheus has counted the calls", || {
            let counted = prometheus.number("sum(callpark_ends_total)")?;
            (counted >= f64::from(rounds * ends)).then_some(())
        });
    }
    Some(prometheus)
}

#[test]
fn every_query_for_prometheus_finds_what_the_module_tells() {
    let Some(server) = Postgres::start() else { return };
    let scene = monitored(&server);
    let Some(prometheus) = counted(&scene) else { return };
    for (outcome, count) in ENDS {
        let query = format!("sum(callpark_ends_total{{outcome=\"{outcome}\"}})");
        assert_eq!(prometheus.number(&query), Some(f64::from(2 * count)), "{query}");
    }
    // Two were retrieved, two taken by a return step's transfer, which no leg has claimed.
    assert_eq!(prometheus.number("callpark_retrieval_seconds_count"), Some(2.0));
    assert_eq!(prometheus.number("callpark_deadline_lateness_seconds_count"), Some(2.0));
    let late = prometheus.number("callpark_deadline_lateness_seconds_sum").expect("a sum");
    assert!((0.0..4.0).contains(&late), "{late}");
    let board = board("grafana/callpark-prometheus.json");
    let put = |text: &str| {
        [("$node", ".*"), ("$lot", ".*"), ("$__rate_interval", "1m"), ("$__range", "1h")]
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    };
    let found = |query: &str, from: &str| {
        assert!(!query.contains('$'), "{from}: {query}");
        let found = prometheus.query(query).unwrap_or_else(|error| panic!("{from}: {error}"));
        let numbers = found.iter().filter(|found| found["value"][1] != "NaN");
        assert!(numbers.count() > 0, "{from} finds nothing: {query}\n{found:?}");
    };
    let queries = queries(&board, "expr");
    assert!(queries.len() > 25, "{}", queries.len());
    for (title, _, query) in queries {
        found(&put(query), title);
        for series in series(&put(query)) {
            found(&series, title);
        }
    }
    for variable in board["templating"]["list"].as_array().expect("variables") {
        let Some(query) = variable["query"]["query"].as_str() else { continue };
        let inner = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
        let (of, label) = inner.and_then(|inner| inner.rsplit_once(", ")).expect(query);
        found(&format!("count by ({label}) ({}) > 0", put(of)), query);
    }
    let rules = prometheus.api("rules").expect("rules");
    let rules = rules["groups"][0]["rules"].as_array().expect("rules").clone();
    assert_eq!(rules.len(), alerts().len());
    for rule in &rules {
        assert_eq!((&rule["health"], &rule["lastError"]), (&"ok".into(), &Value::Null), "{rule}");
        for text in ["summary", "description"] {
            assert!(
                rule["annotations"][text].as_str().is_some_and(|text| text.len() > 20),
                "{rule}"
            );
        }
        let query = rule["query"].as_str().expect("a query");
        prometheus.query(query).expect(query);
        for series in series(query) {
            let negative =
                "!~\"worker|hooks|configuration|journal|promises|errors|database|webhooks\"";
            assert!(!series.contains("!~") || series.contains(negative), "{series}");
            found(&series, query);
        }
    }
    // The full lot is told, by its name.
    kit::eventually(LONG, "an alert fires", || {
        let alerts = prometheus.api("alerts").ok()?;
        let mut alerts = alerts["alerts"].as_array()?.iter();
        let full = alerts.find(|alert| alert["labels"]["alertname"] == "CallparkCallsRefused")?;
        let summary = full["annotations"]["summary"].as_str()?;
        (full["state"] == "firing" && summary.starts_with("Lot one was full on 127.0.0.1:"))
            .then_some(())
    });
}
