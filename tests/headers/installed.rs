//! Where headers lie.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of our own header.
pub fn ours() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("include")
}

/// The folder of FreeSWITCH's `switch.h`; without one says loudly what is skipped.
pub fn headers(what: &str) -> Option<PathBuf> {
    let found =
        given("FREESWITCH_INCLUDE", "").or_else(|| given("FREESWITCH", "include/freeswitch"));
    let found = found.or_else(pkg_config);
    if found.is_none() {
        kit::skipped(&format!(
            "FreeSWITCH's headers for {what} (FREESWITCH=<prefix> or FREESWITCH_INCLUDE=<folder>)"
        ));
    }
    found
}

/// Who names a folder means it: then there must be headers in it.
fn given(variable: &str, below: &str) -> Option<PathBuf> {
    let dir = PathBuf::from(env::var_os(variable).filter(|dir| !dir.is_empty())?).join(below);
    assert!(dir.join("switch.h").is_file(), "{variable}: there is no switch.h in {dir:?}");
    Some(dir)
}

fn pkg_config() -> Option<PathBuf> {
    let args = ["--variable=includedir", "freeswitch"];
    let output = Command::new("pkg-config").args(args).output().ok()?;
    let dir = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    (output.status.success() && dir.join("switch.h").is_file()).then_some(dir)
}
