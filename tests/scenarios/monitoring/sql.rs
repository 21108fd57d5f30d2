//! The board of the history: its SQL, with Grafana's macros expanded as Grafana does.

use kit::Postgres;
use serde_json::{Map, Value};

use super::{LONG, board, monitored, queries, read, some_calls};

/// Grafana replaces `$__name(arguments)`, up to the first closing bracket.
fn expanded(sql: &str, from: &str, to: &str) -> String {
    let (mut done, mut rest) = (String::new(), sql);
    while let Some((before, after)) = rest.split_once("$__") {
        done.push_str(before);
        let (name, after) = after.split_once('(').expect(sql);
        let (arguments, after) = after.split_once(')').expect(sql);
        assert!(!arguments.contains('('), "Grafana takes {arguments:?} for all of it: {sql}");
        let arguments: Vec<&str> = arguments.split(',').map(str::trim).collect();
        done.push_str(&match (name, arguments.as_slice()) {
            ("timeFilter", [column]) => format!("{column} BETWEEN '{from}' AND '{to}'"),
            ("timeGroup", [column, every]) => {
                let seconds = match every.trim_matches('\'') {
                    "5m" => 300,
                    "1h" => 3_600,
                    other => panic!("{other}: {sql}"),
                };
                format!("floor(extract(epoch from {column})/{seconds})*{seconds}")
            }
            _ => panic!("$__{name}: {sql}"),
        });
        rest = after;
    }
    done + rest
}

/// The rows, by the names of their columns.
#[track_caller]
fn rows(server: &Postgres, sql: &str) -> Vec<Map<String, Value>> {
    let rows =
        server.sql(&format!("SET ROLE grafana; SELECT row_to_json(r) FROM (\n{sql}\n) AS r"));
    rows.lines().map(|row| serde_json::from_str(row).expect("a row")).collect()
}

/// What a variable can be, as `${name:sqlstring}` of all of them.
fn all(server: &Postgres, sql: &str) -> String {
    let found = server.sql(&format!("SET ROLE grafana; {sql}"));
    assert!(!found.is_empty(), "nothing to choose from: {sql}");
    let quoted = found.lines().map(|value| format!("'{}'", value.replace('\'', "''")));
    quoted.collect::<Vec<_>>().join(",")
}

#[test]
fn macros_are_expanded_as_grafana_does() {
    assert_eq!(
        expanded("SELECT $__timeGroup(at, '1h'), x WHERE $__timeFilter(at) AND y", "a", "b"),
        "SELECT floor(extract(epoch from at)/3600)*3600, x WHERE at BETWEEN 'a' AND 'b' AND y"
    );
}

#[test]
fn every_query_for_postgresql_finds_what_the_module_has_sent() {
    let Some(server) = Postgres::start() else { return };
    let scene = monitored(&server);
    let waiting = some_calls(&scene);
    scene.switch.eventually(LONG, "the calls are in the database", || {
        let there = server.sql(&format!("SELECT 1 FROM callpark_call WHERE uuid = '{waiting}'",));
        (there == "1").then_some(())
    });
    // What docs/operating.md says, and no more.
    server.sql("CREATE ROLE grafana");
    let manual = read("../docs/operating.md");
    for grant in manual.lines().filter(|line| line.starts_with("GRANT SELECT")) {
        server.sql(grant);
    }
    let board = board("grafana/callpark-postgresql.json");
    let moment = |shift: &str| {
        server.sql(&format!(
            "SELECT to_char((now() {shift}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
        ))
    };
    let (from, to) = (moment("- interval '2 days'"), moment("+ interval '1 minute'"));
    let variables = board["templating"]["list"].as_array().expect("variables");
    let variable = |name: &str| {
        let found = variables.iter().find(|variable| variable["name"] == name);
        found.and_then(|variable| variable["query"].as_str()).expect(name).to_owned()
    };
    let nodes = all(&server, &variable("node"));
    let lots = all(&server, &variable("lot").replace("${node:sqlstring}", &nodes));
    assert_eq!(lots, "'default','one','quick'");
    let queries = queries(&board, "rawSql");
    assert!(queries.len() > 15, "{}", queries.len());
    for (title, target, sql) in queries {
        let sql = sql.replace("${node:sqlstring}", &nodes).replace("${lot:sqlstring}", &lots);
        let sql = expanded(&sql.replace("$__interval", "5m"), &from, &to);
        assert!(!sql.contains('$'), "{title}: {sql}");
        let rows = rows(&server, &sql);
        assert!(!rows.is_empty(), "{title} finds nothing: {sql}");
        if target["format"] != "time_series" {
            continue;
        }
        let mut before = f64::MIN;
        for row in &rows {
            let time = row.get("time").and_then(Value::as_f64).expect(title);
            assert!(time >= before, "{title} is in no order: {rows:?}");
            before = time;
            let others = row.iter().filter(|(name, _)| *name != "time");
            for (name, value) in others {
                let good = if name == "metric" { value.is_string() } else { value.is_number() };
                assert!(good, "{title}: {name} is {value}");
            }
            assert!(row.keys().any(|name| !["time", "metric"].contains(&name.as_str())), "{title}");
        }
    }
    let of = |wanted: &str| {
        let (_, _, sql) = super::queries(&board, "rawSql")
            .into_iter()
            .find(|(title, ..)| *title == wanted)
            .expect(wanted);
        let sql = sql.replace("${node:sqlstring}", &nodes).replace("${lot:sqlstring}", &lots);
        rows(&server, &expanded(&sql, &from, &to))
    };
    // What was done, as the tables tell it.
    let back = of("Calls that came back, by parker");
    assert_eq!(
        (&back[0]["parker"], &back[0]["parked"], &back[0]["came_back"], &back[0]["returned"]),
        (&"1000@test.local".into(), &4.into(), &1.into(), &1.into()),
        "{back:?}"
    );
    assert_eq!(of("Parked")[0]["parked"], 5);
    assert_eq!(of("Waiting now")[0]["waiting"], 1);
    assert_eq!(of("Abandoned calls").len(), 2);
    let refused = of("Refusals, by reason");
    assert_eq!((&refused[0]["lot"], &refused[0]["reason"]), (&"one".into(), &"full".into()));
}
