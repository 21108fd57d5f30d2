//! The module as it is built, and what it wants from its host.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Builds the module by FreeSWITCH's headers in that folder, in a target folder of its own: neither build undoes the
/// other.
pub fn built_with(freeswitch_include: &Path) -> PathBuf {
    let target = ancestor(3).join("freeswitch-headers");
    let mut cargo = cargo();
    cargo.args(["build", "--quiet", "--lib"]).env("FREESWITCH_INCLUDE", freeswitch_include);
    finished(cargo.env("CARGO_TARGET_DIR", &target), "cargo build with FreeSWITCH's headers");
    target.join("debug/libmod_callpark.so")
}

/// The functions of FreeSWITCH that the module calls.
pub fn imports(module: &Path) -> BTreeSet<String> {
    let mut names = wanted(module);
    let is_theirs = |name: &str| name.starts_with("switch_") || name.starts_with("cJSON_");
    names.retain(|name| is_theirs(name.trim_start_matches('_')));
    names
}

/// Whatever the module wants from its process.
pub fn wanted(module: &Path) -> BTreeSet<String> {
    symbols(module, "--undefined-only")
}

/// What the module shows to everybody else in the process.
pub fn exports(module: &Path) -> BTreeSet<String> {
    symbols(module, "--defined-only")
}

fn symbols(module: &Path, which: &str) -> BTreeSet<String> {
    let mut nm = Command::new("nm");
    nm.args(["--dynamic", which, "--format=posix"]).arg(module);
    let text = String::from_utf8(finished(&mut nm, "nm").stdout).expect("text");
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Runs the scenarios of that name with that module.
pub fn scenario(module: &Path, name: &str) {
    let mut cargo = cargo();
    cargo.args(["test", "--quiet", "--test", "scenarios", name]);
    cargo.env("CARGO_TARGET_DIR", ancestor(3)).env("CALLPARK_SO", module);
    let output = finished(&mut cargo, name);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("test result: ok. 1 passed"), "{said}");
}

fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo
}

/// A folder above this test, which is `<target>/<profile>/deps/<test>`.
fn ancestor(above: usize) -> PathBuf {
    let exe = env::current_exe().expect("the path of this test");
    exe.ancestors().nth(above).expect("a folder of cargo's").to_owned()
}

fn finished(command: &mut Command, what: &str) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{what}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{what} failed: {}\n{out}\n{err}", output.status);
    output
}
