//! The steps of "Installing", done as they stand there.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kit::{SOON, Scene, Setup, Switch};

use super::readme;

/// The digits of the orbit as the voice of the vanilla configuration would say them: 7, 0, 1.
pub const DIGITS: [(u32, &str); 3] = [
    (950, "en/us/callie/digits/8000/7.wav"),
    (1050, "en/us/callie/digits/8000/0.wav"),
    (1150, "en/us/callie/digits/8000/1.wav"),
];

/// An installation has music and a voice: here a tone each.
pub fn vanilla() -> Setup {
    let setup = Setup::vanilla().sound("music/8000/tone.wav", 400.0, 10_000);
    DIGITS.iter().fold(setup, |setup, (hz, path)| setup.sound(path, *hz as f32, 300))
}

/// A vanilla FreeSWITCH, not running, in which the steps have been done.
pub fn installed() -> Option<Switch> {
    let switch = Switch::start_real(vanilla())?;
    switch.stop();
    follow(&switch.folder().join("prefix"));
    Some(switch)
}

/// The same, running.
pub fn desk() -> Option<Scene> {
    installed().map(running)
}

/// Starts it.
pub fn running(switch: Switch) -> Scene {
    launch(&switch);
    Scene::of(switch)
}

pub fn launch(switch: &Switch) {
    switch.launch();
    switch.eventually(SOON, "the core is ready", || {
        switch.api("status").contains("is ready").then_some(())
    });
}

/// `make install`, and steps 1 to 3.
fn follow(prefix: &Path) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let conf = prefix.join("etc/freeswitch");
    // The module is built: what is tested is what is installed.
    let made = Command::new("make")
        .args(["--old-file=build", "install"])
        .arg(format!("FREESWITCH={}", prefix.display()))
        .arg(format!("MODULE={}", kit::module().display()))
        .current_dir(repository)
        .output()
        .expect("make runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let modules = readme::block("Installing", "xml", "<load module=");
    let valet = "<load module=\"mod_valet_parking\"/>";
    edit(&conf.join("autoload_configs/modules.conf.xml"), valet, &modules);
    let dialplan = conf.join("dialplan");
    copy(&repository.join("conf/dialplan/callpark.xml"), &dialplan.join("default"));
    let context = "<context name=\"default\">";
    let include = readme::block("Installing", "xml", "<X-PRE-PROCESS");
    edit(&dialplan.join("default.xml"), context, &format!("{context}\n{include}"));
    copy(&repository.join("conf/lang/en/callpark.xml"), &conf.join("lang/en/ivr"));
    let said = readme::text();
    for place in ["`dialplan/default/`", "`lang/en/ivr/`", "`dialplan/default.xml`"] {
        assert!(said.contains(place), "the README does not say {place}");
    }
}

fn copy(file: &Path, folder: &Path) {
    let name = file.file_name().expect("a file");
    fs::copy(file, folder.join(name)).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
}

pub fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    assert!(text.contains(from), "{}: there is no {from}", file.display());
    fs::write(file, text.replace(from, to)).expect("it can be written");
}

/// What the module has said that is worse than a notice.
pub fn complaints(switch: &Switch) -> Vec<String> {
    let log = switch.log();
    let worse = ["[WARNING] mod_callpark", "[ERR] mod_callpark", "[CRIT] mod_callpark"];
    let ours = log.lines().filter(|line| worse.iter().any(|level| line.contains(level)));
    ours.map(str::to_owned).collect()
}

#[test]
fn the_steps_of_the_readme_work_without_a_restart_and_with_one() {
    let Some(switch) = Switch::start_real(vanilla()) else { return };
    let prefix = switch.folder().join("prefix");
    switch.eventually(SOON, "the core is ready", || {
        switch.api("status").contains("is ready").then_some(())
    });
    assert_eq!(switch.api("module_exists mod_valet_parking").trim(), "true");
    follow(&prefix);
    let console = readme::block("Installing", "console", "$ fs_cli -x");
    let mut last = String::new();
    for line in console.lines() {
        match line.strip_prefix("$ fs_cli -x ") {
            Some(command) => {
                last = fs_cli(&prefix, switch.esl_port(), command.trim_matches('"'));
                assert!(!last.contains("-ERR"), "{command}: {last}");
            }
            None => assert_eq!(last.trim(), line),
        }
    }
    let status = console.lines().last().expect("what it answers");
    let complained = complaints(&switch);
    assert_eq!(complained.len(), 1, "{complained:?}");
    assert!(complained[0].contains("mod_valet_parking is loaded too"), "{complained:?}");
    switch.stop();
    launch(&switch);
    assert_eq!(switch.api("callpark status").trim(), status);
    assert_eq!(switch.api("module_exists mod_callpark").trim(), "true");
    assert_eq!(switch.api("module_exists mod_valet_parking").trim(), "false");
    assert_eq!(complaints(&switch), complained, "new ones since the restart");
}

fn fs_cli(prefix: &Path, port: u16, command: &str) -> String {
    let output = Command::new(prefix.join("bin/fs_cli"))
        .args(["-H", "127.0.0.1", "-P", &port.to_string(), "-p", "ClueCon", "-t", "10000"])
        .args(["-x", command])
        .output()
        .expect("fs_cli runs");
    assert!(output.status.success(), "{command}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The macros and their sounds are where it looks for them, and in a second place they do no harm: older versions said
/// to copy them to `lang/en`, all of which the vanilla configuration includes.
#[test]
fn the_phrases_may_be_in_the_folder_of_the_language_too() {
    let Some(switch) = installed() else { return };
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let conf = switch.folder().join("conf");
    copy(&repository.join("conf/lang/en/callpark.xml"), &conf.join("lang/en"));
    edit(
        &conf.join("lang/en/en.xml"),
        "<macros>",
        "<macros>\n<X-PRE-PROCESS cmd=\"include\" data=\"callpark.xml\"/>\n",
    );
    launch(&switch);
    std::thread::sleep(Duration::from_millis(100));
    let macros = switch.api("xml_locate languages language name en");
    assert!(macros.contains("callpark_announce"), "{macros}");
    assert_eq!(complaints(&switch), Vec::<String>::new());
}
