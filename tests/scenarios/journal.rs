//! What the journal remembers, and that nothing which happens to it touches a call.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use kit::{SOON, Switch, new_uuid, skipped};
use serde_json::Value;

use super::lot::{LOTS, Scene, setup};

/// A name with everything in it that means something to somebody.
const NAME: &str = "=Bob <&\"'> %s%n $x \\ , ; </script> 王 ñ |";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

pub fn history(scene: &Scene, filters: &str) -> Vec<Value> {
    let answer = json(&scene.api(&format!("history {filters} json")));
    answer["calls"].as_array().expect("calls").clone()
}

pub fn verified(scene: &Scene) -> String {
    let answer = scene.api("journal verify");
    assert!(answer.starts_with("+OK "), "{answer}");
    answer
}

pub fn part(scene: &Scene) -> Value {
    let health = json(&scene.api("health json"));
    let parts = health["parts"].as_array().expect("parts");
    parts.iter().find(|part| part["name"] == "journal").expect("the journal").clone()
}

/// These settings, and the lots of most scenarios.
pub fn with_settings(params: &[(&str, &str)]) -> kit::Setup {
    let params: String = params
        .iter()
        .map(|(name, value)| format!("<param name=\"{name}\" value=\"{value}\"/>"))
        .collect();
    setup(LOTS).callpark_conf(&format!(
        "<configuration name=\"callpark.conf\">\n<settings>{params}</settings>\n<lots>{LOTS}</lots>\n</configuration>"
    ))
}

fn retrieve(scene: &Scene, orbit: &str, caller: &str) -> String {
    let retriever = scene.dial(&format!("take_{orbit}"));
    scene.outcome(caller, "retrieved");
    retriever
}

#[test]
fn each_call_is_in_the_history_with_its_one_end() {
    let scene = Scene::start(setup(LOTS));
    let mut expected = Vec::new();
    let (retrieved, _) = scene.park_with("park_701", &[("callpark_parker", "1001@test.local")]);
    let retriever = retrieve(&scene, "701", &retrieved);
    expected.push((retrieved.clone(), "retrieved"));
    let (abandoned, _) = scene.park("park_702");
    scene.switch.kill(&abandoned);
    scene.outcome(&abandoned, "abandoned");
    expected.push((abandoned, "abandoned"));
    let (dropped, _) = scene.park("park_703");
    assert!(scene.api("drop default 703").starts_with("+OK"));
    scene.outcome(&dropped, "dropped");
    expected.push((dropped, "dropped"));
    let (taken, _) = scene.park("park_704");
    assert!(scene.switch.api(&format!("uuid_transfer {taken} 7777")).starts_with("+OK"));
    scene.outcome(&taken, "transferred");
    expected.push((taken, "transferred"));
    let (returned, _) = scene.park("park_quick");
    scene.outcome(&returned, "returned");
    expected.push((returned.clone(), "returned"));
    let (waiting, _) = scene.park("park_one");
    let refused = scene.dial("park_one");
    scene.action(&refused, "refuse");
    assert!(scene.api("set one 901 note changed later").starts_with("+OK"));
    scene.action(&waiting, "set");
    assert!(scene.api("move one 901 default 705").starts_with("+OK"));
    scene.action(&waiting, "move");

    let calls = history(&scene, "");
    assert_eq!(calls.len(), expected.len() + 1, "{calls:?}");
    for (uuid, outcome) in &expected {
        let mine: Vec<_> = calls.iter().filter(|call| call["uuid"] == **uuid).collect();
        assert_eq!(mine.len(), 1, "{outcome}: {mine:?}");
        assert_eq!(mine[0]["outcome"], *outcome);
        let (parked, ended) = (&mine[0]["parked_at_ms"], &mine[0]["ended_at_ms"]);
        assert!(parked.as_i64() <= ended.as_i64() && parked.as_i64() > Some(1_700_000_000_000));
    }
    let of = |uuid: &str| calls.iter().find(|call| call["uuid"] == uuid).expect("a call");
    assert_eq!(of(&retrieved)["parker"], "1001@test.local");
    assert_eq!(of(&retrieved)["retriever_uuid"], retriever);
    let steps = &of(&returned)["steps"];
    assert_eq!((&steps[0]["result"], &steps[0]["number"]), (&"took".into(), &1.into()), "{steps}");
    let still = of(&waiting);
    assert_eq!((&still["outcome"], &still["note"]), (&Value::Null, &"changed later".into()));
    assert_eq!((&still["lot"], &still["earlier"][0]["lot"]), (&"default".into(), &"one".into()));
    assert_eq!(history(&scene, "outcome=waiting").len(), 1);
    assert_eq!(history(&scene, "quick outcome=returned from=-1h to=now limit=5").len(), 1);
    assert_eq!(history(&scene, "parker=1001").len(), 1);

    let now = json(&scene.api("at now json"));
    assert_eq!(now["calls"].as_array().map(Vec::len), Some(1), "{now}");
    assert_eq!(now["calls"][0]["then"]["orbit"], "705");
    let text = verified(&scene);
    assert!(text.contains("6 calls, 1 waiting, 0 without"), "{text}");
    assert_eq!(scene.api("journal rebuild").trim(), "+OK 6 calls");
    verified(&scene);
    let usage = json(&scene.api("report usage json"));
    assert_eq!(usage["report"], "usage");
    assert!(scene.api("report waits from=today").starts_with("waits from "));
    assert!(scene.api("report people csv").lines().count() > 1);
    assert!(part(&scene)["ok"] == true, "{}", part(&scene));
    reports_on_a_page(&scene);
}

fn reports_on_a_page(scene: &Scene) {
    for kind in ["usage", "waits", "timeouts", "people", "lots"] {
        let answer = scene.api(&format!("report {kind} html"));
        let path = PathBuf::from(answer.trim().strip_prefix("+OK ").expect(&answer));
        assert_eq!(path, scene.switch.folder().join(format!("log/callpark-{kind}.html")));
        let page = fs::read_to_string(&path).expect("a page");
        assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    }
}

#[test]
fn a_bad_question_says_what_is_wrong() {
    let scene = Scene::start(setup(LOTS));
    for (line, says) in [
        ("history outcome=eaten", "-ERR bad_arguments \"eaten\" is not an outcome"),
        ("history limit=5000", "-ERR bad_arguments the limit is a number from 1 to 1000"),
        ("history colour=red", "-ERR bad_arguments there is no filter"),
        ("history a b", "-ERR bad_arguments usage: callpark history"),
        ("report", "-ERR bad_arguments usage: callpark report"),
        ("report weather", "-ERR bad_arguments usage: callpark report"),
        ("report usage from=today to=-2d", "-ERR bad_arguments the period ends before it begins"),
        ("at", "-ERR bad_arguments usage: callpark at"),
        ("at noon", "-ERR bad_arguments"),
        ("journal", "-ERR bad_arguments usage: callpark journal"),
    ] {
        let answer = scene.api(line);
        assert!(answer.starts_with(says), "{line}: {answer}");
    }
}

/// Whatever a name can be made of, in pieces for which a name has room. The end of a line would end the command.
pub fn pieces() -> Vec<String> {
    let characters: Vec<char> = (0x01..0x300)
        .chain(0x2000..0x2070)
        .chain(0xfff0..0x1_0000)
        .chain(0x1_f600..0x1_f610)
        .filter_map(char::from_u32)
        .filter(|c| !matches!(c, '\n' | '\r'))
        .collect();
    characters.chunks(60).map(|piece| piece.iter().collect()).collect()
}

#[test]
fn names_with_everything_in_them_survive() {
    let scene = Scene::start(setup(LOTS));
    let long = "x\u{202e}".repeat(20_000);
    for name in [NAME.to_owned(), long].into_iter().chain(pieces()) {
        let name = name.as_str();
        let vars = [("origination_callee_id_name", name), ("callpark_note", name)];
        let (caller, parked) = scene.park_with("park_701", &vars);
        let name = parked.text("Callpark-Caller-ID-Name");
        scene.switch.kill(&caller);
        scene.outcome(&caller, "abandoned");
        let call = history(&scene, "limit=1").remove(0);
        assert_eq!(call["caller_id_name"], *name);
        let text = scene.api("history csv limit=1");
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let column = rows.headers().expect(&text).iter().position(|name| name == "caller_id_name");
        let row = rows.records().next().expect("a row").expect(&text);
        assert_eq!(row.get(column.expect("a column")), Some(name));
        let xml = scene.api("history xml limit=1");
        let found = quick_xml::escape::unescape(&xml).expect(&xml);
        // XML has no way to write most control characters.
        let cannot = |c: char| (c < ' ' && c != '\t') || matches!(c, '\u{fffe}' | '\u{ffff}');
        assert!(found.contains(&name.replace(cannot, "\u{fffd}")), "{xml}");
        let lines = scene.api("history limit=1");
        assert_eq!(lines.lines().count(), 3, "{lines}");
    }
    let path = scene.api("report usage html");
    let page = fs::read_to_string(path.trim().trim_start_matches("+OK ")).expect("a page");
    assert!(!page.contains("; </script> 王"), "a name has ended an element");
}

#[test]
fn a_caller_is_written_down_only_as_far_as_the_settings_say() {
    let scene = Scene::start(with_settings(&[("history-callers", "none"), ("node", "pbx7")]));
    let vars = [("origination_callee_id_name", "Ada"), ("origination_callee_id_number", "4711")];
    let (caller, _) = scene.park_with("park_701", &vars);
    scene.switch.kill(&caller);
    scene.outcome(&caller, "abandoned");
    let call = history(&scene, "").remove(0);
    assert_eq!((&call["caller_id_name"], &call["node"]), (&"".into(), &"pbx7".into()));
    assert_eq!(call["caller_id_number"], "");
}

#[test]
fn without_a_journal_everything_else_works() {
    let scene = Scene::start(with_settings(&[("journal", "false")]));
    let (caller, _) = scene.park("park_701");
    retrieve(&scene, "701", &caller);
    assert!(scene.api("history").starts_with("-ERR failed there is no journal"));
    assert!(scene.api("journal rebuild").starts_with("-ERR failed there is no journal"));
    assert_eq!(
        (&part(&scene)["ok"], &part(&scene)["text"]),
        (&true.into(), &"switched off".into())
    );
    assert!(!scene.switch.folder().join("db/callpark.sqlite").exists());
}

#[test]
fn the_history_survives_an_unload() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) = scene.park("park_701");
    retrieve(&scene, "701", &caller);
    let (parked, _) = scene.park("park_702");
    for round in 0..3 {
        let mut esl = scene.switch.esl_patient();
        assert!(esl.api("unload -f mod_callpark").expect("an answer").starts_with("+OK"));
        if round == 0 {
            scene.outcome(&parked, "shutdown");
        }
        assert!(esl.api("load mod_callpark").expect("an answer").contains("+OK"));
        let calls = history(&scene, "");
        let ends: Vec<_> = calls.iter().map(|call| call["outcome"].as_str()).collect();
        assert_eq!(ends, [Some("shutdown"), Some("retrieved")]);
    }
    verified(&scene);
}

/// The administrator learns that only a new load changes the journal.
#[test]
fn a_reload_says_that_the_journal_follows_at_the_next_load() {
    let scene = Scene::start(setup(LOTS));
    let conf = format!(
        "<configuration name=\"callpark.conf\"><settings><param name=\"history-days\" value=\"7\"/></settings>\
         <lots>{LOTS}</lots></configuration>"
    );
    scene.switch.write_callpark_conf(Some(&conf));
    assert!(scene.api("reload").starts_with("+OK"));
    scene.switch.eventually(SOON, "a warning", || {
        let says = "the settings of the journal have changed; they take effect when";
        scene.switch.log_contains(says).then_some(())
    });
}

/// A question waits for a file. A call does not.
#[test]
fn a_call_cannot_ask() {
    let setup = setup(LOTS).extension(
        "asks",
        &[
            ("answer", ""),
            ("set", "asked=${callpark(history)}"),
            ("set", "examined=${callpark(doctor)}"),
            ("set", "version=${callpark(version)}"),
            ("park", ""),
        ],
    );
    let scene = Scene::start(setup);
    if !scene.switch.is_real() {
        return;
    }
    let call = scene.dial("asks");
    scene.switch.eventually(SOON, "both", || scene.switch.getvar(&call, "version"));
    let asked = scene.switch.api(&format!("uuid_getvar {call} asked"));
    assert!(asked.starts_with("-ERR failed history waits for a file"), "{asked}");
    let examined = scene.switch.api(&format!("uuid_getvar {call} examined"));
    assert!(examined.starts_with("-ERR failed doctor waits for a file"), "{examined}");
}

/// Parks and retrieves a call while the journal is in trouble.
pub fn works(scene: &Scene) -> String {
    let (caller, _) = scene.park("park_701");
    let retriever = retrieve(scene, "701", &caller);
    scene.switch.kill(&retriever);
    scene.wait_empty();
    caller
}

/// A journal with that many calls, made by another node.
fn filled(path: &Path, calls: u32) {
    use office::entry::{Action, Entry, Outcome, Place};
    use office::journal::{Journal, Settings};
    let journal = Journal::start(Settings::new(path, "another")).expect("a journal");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now_ms = i64::try_from(now.expect("after 1970").as_millis()).expect("a time");
    for call in 0..calls {
        let place = Place { lot: "default".into(), orbit: (700 + call % 100).to_string() };
        let at_ms = now_ms - i64::from(calls - call) * 100;
        let park = Entry::new(at_ms, Action::Park, &format!("call-{call}"), place);
        let mut end = park.clone();
        (end.action, end.outcome) = (Action::Retrieve, Some(Outcome::Retrieved));
        (end.at_ms, end.wait_ms) = (at_ms + 50, 50);
        journal.record(park);
        journal.record(end);
        if call % 10_000 == 0 {
            assert!(journal.flush(SOON));
        }
    }
    assert!(journal.stop(2 * SOON));
}

/// A report reads the whole file, and an unload does not wait for that.
#[test]
fn an_unload_ends_the_questions() {
    const CALLS: u32 = 60_000;
    let place = Place::new();
    let path = place.0.join("journal.sqlite");
    filled(&path, CALLS);
    let scene = Scene::start(with_settings(&[("journal-path", &path.display().to_string())]));
    let began = Instant::now();
    assert!(verified(&scene).contains(&format!("{CALLS} calls")));
    println!("{CALLS} calls were verified in {:?}", began.elapsed());
    let answers: Vec<String> = std::thread::scope(|scope| {
        let ask = || {
            let mut esl = scene.switch.esl_patient();
            esl.api("callpark journal verify").expect("an answer")
        };
        let asked: Vec<_> = (0..3).map(|_| scope.spawn(ask)).collect();
        std::thread::sleep(Duration::from_millis(100));
        let began = Instant::now();
        let mut esl = scene.switch.esl_patient();
        assert!(esl.api("unload -f mod_callpark").expect("an answer").starts_with("+OK"));
        println!("unloaded in {:?}", began.elapsed());
        asked.into_iter().map(|asked| asked.join().expect("an answer")).collect()
    });
    let busy = |answer: &&String| answer.starts_with("-ERR failed another question");
    assert_eq!(answers.iter().filter(busy).count(), 2, "{answers:?}");
    assert!(scene.switch.api("load mod_callpark").contains("+OK"));
    works(&scene);
    verified(&scene);
}

/// How often the switch is killed, or as often as a minute allows.
fn kills() -> Option<u32> {
    std::env::var("CALLPARK_KILLS").ok()?.parse().ok()
}

/// Parks and retrieves as fast as it can, until the switch is killed.
fn traffic(switch: &Switch) {
    let mut esl = switch.esl();
    for _ in 0.. {
        let uuid = new_uuid();
        let exten = if fastrand::bool() { "park" } else { "take_default_next" };
        let start = format!("originate {{origination_uuid={uuid}}}null/1 {exten} XML default");
        if esl.api(&start).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(fastrand::u64(0..50)));
    }
}

#[test]
fn after_each_kill_no_park_has_two_ends_and_no_entry_is_missing() {
    let lots = r#"<lot name="default" orbits="700-799"><param name="timeout" value="2"/>
        <param name="announce" value="false"/></lot>"#;
    // Nothing brings these calls back, so their ends need not be waited for.
    let conf = format!(
        "<configuration name=\"callpark.conf\"><settings><param name=\"recover\" value=\"false\"/></settings>\
         <lots>{lots}</lots></configuration>"
    );
    let scene = Scene::start(setup(lots).callpark_conf(&conf));
    let (end, most) = (Instant::now() + Duration::from_secs(60), kills());
    let mut rounds = 0;
    while most.map_or(Instant::now() < end, |most| rounds < most) {
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| traffic(&scene.switch));
            }
            std::thread::sleep(Duration::from_millis(fastrand::u64(200..1_500)));
            scene.switch.crash();
        });
        scene.switch.launch();
        rounds += 1;
        verified(&scene);
        // What had no end has one now.
        assert_eq!(history(&scene, "outcome=waiting"), Vec::<Value>::new(), "round {rounds}");
    }
    let text = verified(&scene);
    println!("{rounds} kills: {text}");
    assert!(text.contains(" 0 without their beginning"), "{text}");
    assert!(!history(&scene, "outcome=lost").is_empty());
}

/// What can be brought back has its orbit, and nobody else has it.
#[test]
fn an_orbit_is_held_for_a_while_after_a_kill() {
    let mut scene = Scene::start(with_settings(&[("recover-within", "3")]));
    let (caller, _) = scene.park("park_701");
    scene.switch.eventually(SOON, "it is in the file", || {
        (history(&scene, "outcome=waiting").len() == 1).then_some(())
    });
    scene.switch.crash_and_restart();
    scene.events = scene.switch.events(&["CUSTOM callpark::info"]);
    let orbit = || json(&scene.api("show default 701 json"));
    let shown = orbit();
    assert_eq!(shown["state"], "reserved", "{shown}");
    let next = scene.api("show default 701");
    assert!(next.contains(&format!("unless {caller} comes back after the restart")), "{next}");
    let (other, parked) = scene.park("park");
    assert_ne!(parked.text("Callpark-Orbit"), "701");
    scene.switch.kill(&other);
    let lost = scene.outcome(&caller, "lost");
    assert_eq!(lost.text("Callpark-Action"), "recover");
    scene.switch.eventually(SOON, "the line", || {
        scene.switch.log_contains("recovered 0, called back 0, lost 1").then_some(())
    });
    assert_eq!(orbit()["state"], "free");
    assert_eq!(history(&scene, "outcome=lost")[0]["uuid"], caller);
    verified(&scene);
}

/// FreeSWITCH runs in a real-time class, and its threads make threads of that class.
#[test]
fn the_office_leaves_the_real_time_class() {
    // A database that nobody answers for has its thread all the same.
    let settings = with_settings(&[("database", "postgresql://127.0.0.1:1/none")]);
    let scene = Scene::start(settings.load_module(false));
    let pid = scene.switch.pid();
    let real_time =
        Command::new("chrt").args(["--all-tasks", "--rr", "-p", "10", &pid.to_string()]).output();
    if !real_time.is_ok_and(|output| output.status.success()) {
        skipped("leave to set a real-time class, and chrt of util-linux");
        return;
    }
    assert!(scene.switch.api("load mod_callpark").contains("+OK"));
    // Questions have a thread each, for a moment.
    let mut seen: BTreeMap<String, BTreeSet<Of>> = BTreeMap::new();
    let until = Instant::now() + SOON;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while Instant::now() < until {
                scene.switch.esl_patient().api("callpark journal verify").expect("an answer");
            }
        });
        while Instant::now() < until {
            for (name, found) in threads(pid) {
                // One that has only just begun is seen on its way.
                seen.entry(name).or_default().insert(found);
            }
        }
    });
    // Threads that parking waits for keep the class, as FreeSWITCH's own do. The kernel keeps 15 bytes of a name.
    assert!(seen["callpark"].iter().all(|found| found.0 == 2), "SCHED_RR: {seen:?}");
    let ordinary = (0, 5, "fffffffe7ffbfeff".to_owned());
    for name in
        ["callpark-journa", "callpark-databa", "callpark-keep", "callpark-audit", "callpark-report"]
    {
        let found = seen.get(name);
        assert!(found.is_some_and(|found| found.contains(&ordinary)), "{name}: {seen:?}");
    }
}

/// Policy, nice value, and the signals that are blocked, of a thread.
type Of = (u32, i32, String);

/// Our threads by name, without those that end meanwhile.
fn threads(pid: u32) -> Vec<(String, Of)> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("threads");
    let tasks = tasks.filter_map(|task| Some(task.ok()?.path()));
    let ours = tasks.filter_map(|task| {
        let name = fs::read_to_string(task.join("comm")).ok()?.trim().to_owned();
        name.starts_with("callpark").then_some(())?;
        Some((name, of_thread(&task)?))
    });
    ours.collect()
}

fn of_thread(task: &Path) -> Option<Of> {
    let stat = fs::read_to_string(task.join("stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let status = fs::read_to_string(task.join("status")).ok()?;
    let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:"))?;
    let number = |at: usize| fields[at].parse::<i32>().expect("a number");
    Some((number(38).unsigned_abs(), number(16), blocked.trim().to_owned()))
}

/// A folder that goes away with this.
pub struct Place(pub PathBuf);

impl Place {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("callpark-journal-{}", new_uuid()));
        fs::create_dir_all(&path).expect("a folder");
        Place(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
