//! `callpark doctor`: what to change on this machine.

use std::fs;
use std::path::{Path, PathBuf};

use kit::Setup;
use serde_json::Value;

use super::lot::{Scene, setup};

const LOT: &str = r#"<lot name="default" orbits="701-705"/>"#;
const MEMORY: &str = "/dev/shm";

/// A folder of the test's own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn in_(parent: &str) -> Self {
        let path = Path::new(parent).join(format!("callpark-doctor-{}", kit::new_uuid()));
        fs::create_dir(&path).expect("a folder");
        Folder(path)
    }

    fn on_disk() -> Self {
        Self::in_(env!("CARGO_TARGET_TMPDIR"))
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn with(settings: &[(&str, &str)]) -> Setup {
    let params: String = settings
        .iter()
        .map(|(name, value)| format!("<param name=\"{name}\" value=\"{value}\"/>"))
        .collect();
    setup(LOT).callpark_conf(&format!(
        "<configuration name=\"callpark.conf\"><settings>{params}</settings><lots>{LOT}</lots></configuration>"
    ))
}

fn json(scene: &Scene, verb: &str) -> Value {
    let text = scene.api(&format!("{verb} json"));
    serde_json::from_str(&text).expect(&text)
}

/// What each finding is about, and what to change.
fn findings(scene: &Scene) -> Vec<(String, String)> {
    let all = json(scene, "doctor");
    let found = all["findings"].as_array().expect("findings");
    assert!(found.is_empty() || all["ok"] == false, "{all}");
    let text = |finding: &Value, key: &str| finding[key].as_str().expect(key).to_owned();
    found
        .iter()
        .map(|finding| {
            assert!(!text(finding, "text").is_empty(), "{finding}");
            (text(finding, "about"), text(finding, "change"))
        })
        .collect()
}

#[track_caller]
fn only(scene: &Scene, about: &str) -> String {
    let found = findings(scene);
    assert!(found.len() == 1 && found[0].0 == about, "{found:?}");
    found[0].1.clone()
}

#[test]
fn nothing_is_found_where_all_is_right() {
    let folder = Folder::on_disk();
    let scene = Scene::start(with(&[("journal-path", &format!("{}/j.sqlite", folder.path()))]));
    assert_eq!(findings(&scene), []);
    let (doctor, health) = (json(&scene, "doctor"), json(&scene, "health"));
    assert_eq!(doctor["ok"], true, "{doctor}");
    let names = |document: &Value| -> Vec<Value> {
        let parts = document["parts"].as_array().expect("parts");
        parts.iter().map(|part| part["name"].clone()).collect()
    };
    assert_eq!(names(&doctor), names(&health));
    let text = scene.api("doctor");
    assert!(text.ends_with("\n+OK findings: 0\n"), "{text}");
    assert!(text.starts_with("worker: ok for "), "{text}");
    let refused = scene.api("doctor xml");
    assert!(refused.starts_with("-ERR bad_arguments usage: callpark doctor [json]"), "{refused}");
}

#[test]
fn a_journal_in_memory_is_to_be_moved() {
    if !fs::read_to_string("/proc/mounts").is_ok_and(|all| all.contains(" /dev/shm tmpfs rw")) {
        return;
    }
    let folder = Folder::in_(MEMORY);
    let scene = Scene::start(with(&[("journal-path", &format!("{}/j.sqlite", folder.path()))]));
    let change = only(&scene, "journal");
    assert!(
        change.contains("callpark.conf.xml, in <settings>: <param name=\"journal-path\" value=\"/")
    );
    assert!(change.contains("/callpark.sqlite\"/>, and load the module again"), "{change}");
    // The parts are in order, and the text says it too.
    assert_eq!(json(&scene, "health")["ok"], true);
    let text = scene.api("doctor");
    assert!(
        text.contains(&format!("\njournal: to change, the folder {} is in memory", folder.path()))
    );
    assert!(text.ends_with(&format!("\n  {change}\n+OK findings: 1\n")), "{text}");
}

#[test]
fn a_journal_whose_folder_is_missing_or_that_is_off_is_named() {
    let folder = Folder::on_disk();
    let missing = format!("{}/not there", folder.path());
    let scene = Scene::start(with(&[("journal-path", &format!("{missing}/j.sqlite"))]));
    assert_eq!(only(&scene, "journal"), format!("mkdir -p '{missing}'"));
    // What it says to do helps.
    fs::create_dir(&missing).expect("a folder");
    scene.switch.eventually(kit::SOON, "the journal is written", || {
        (json(&scene, "doctor")["ok"] == true).then_some(())
    });
    let off = Scene::start(with(&[("journal", "false")]));
    let change = only(&off, "journal");
    assert!(change.contains("<param name=\"journal\" value=\"true\"/>"), "{change}");
}

#[test]
fn an_orbit_that_no_number_leads_to_is_named_with_the_line_that_does() {
    let folder = Folder::on_disk();
    let far = r#"<lot name="far" orbits="611-613,620"/>"#;
    let conf = format!(
        "<configuration name=\"callpark.conf\"><settings><param name=\"journal-path\" value=\"{}/j.sqlite\"/></settings>\
         <lots>{LOT}{far}</lots></configuration>",
        folder.path()
    );
    let start = || setup(LOT).callpark_conf(&conf);
    let scene = Scene::start(start());
    let change = only(&scene, "dialplan");
    assert!(change.contains("expression=\"^(61[1-3]|620)$\""), "{change}");
    let (_, line) = change.split_once("phones: ").expect("a line");
    let (line, _) = line.rsplit_once(", and run").expect("a line");
    // What it says to do helps.
    let led = Scene::start(start().dialplan(line));
    assert_eq!(findings(&led), []);
    let taken = start().extension("6\\d\\d", &[("answer", "")]).dialplan(line);
    let change = only(&Scene::start(taken), "dialplan");
    assert!(
        change.contains("move <extension name=\"callpark_key\"> before <extension name="),
        "{change}"
    );
}

#[test]
fn phrases_and_sounds_that_are_missing_are_named() {
    let folder = Folder::on_disk();
    let sounds = folder.path();
    let languages = |macros: &str| {
        format!(
            "<section name=\"languages\"><language name=\"en\" sound-prefix=\"{sounds}/none\" say-module=\"en\"><phrases>\
             <macros>{macros}</macros></phrases></language></section>"
        )
    };
    let path = format!("{sounds}/j.sqlite");
    let scene = Scene::start(
        with(&[("journal-path", &path)]).sections(&languages("<macro name=\"callpark_full\"/>")),
    );
    let found = findings(&scene);
    let abouts: Vec<&str> = found.iter().map(|(about, _)| about.as_str()).collect();
    assert_eq!(abouts, ["phrases", "sounds", "sounds"], "{found:?}");
    assert!(found[0].1.contains("lang/en/ivr/callpark.xml"), "{found:?}");
    assert!(found[1].1.contains("<load module=\"mod_say_en\"/>"), "{found:?}");
    assert!(found[2].1.contains(&format!("{sounds}/none")), "{found:?}");
}

#[test]
fn mod_valet_parking_is_to_be_removed() {
    let folder = Folder::on_disk();
    let path = format!("{}/j.sqlite", folder.path());
    let scene = Scene::start(with(&[("journal-path", &path)]).module("mod_valet_parking"));
    if scene.switch.is_real() {
        let change = only(&scene, "modules");
        assert!(change.contains("modules.conf.xml: remove <load module=\"mod_valet_parking\"/>"));
    }
    let other = [("journal-path", path.as_str()), ("presence-proto", "orbit")];
    let scene = Scene::start(with(&other).module("mod_valet_parking"));
    assert_eq!(findings(&scene), []);
}
