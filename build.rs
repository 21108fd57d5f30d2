//! Makes the bindings and compiles the shim.
//!
//! FreeSWITCH's own headers are used where they are found (`FREESWITCH_INCLUDE`, or `pkg-config freeswitch`), otherwise
//! `include/freeswitch.h`. Both give the same module: `tests/headers.rs` proves it.

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

const OURS: &str = "include/freeswitch.h";

fn main() -> Result<(), Box<dyn Error>> {
    for path in [OURS, "include/shim.h", "src/shim.c"] {
        println!("cargo:rerun-if-changed={path}");
    }
    println!("cargo:rerun-if-env-changed=FREESWITCH_INCLUDE");
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");

    let include_dirs = freeswitch_include_dirs();
    let mut cc = cc::Build::new();
    cc.file("src/shim.c").include("include").warnings(true).extra_warnings(true);
    let mut bindgen = bindgen::Builder::default()
        .default_enum_style(bindgen::EnumVariation::NewType {
            is_bitfield: false,
            is_global: false,
        })
        .prepend_enum_name(false)
        .layout_tests(false)
        .generate_comments(false)
        .merge_extern_blocks(true)
        .header("include/shim.h")
        .clang_arg("-Iinclude");
    for name in names(&std::fs::read_to_string(OURS)?) {
        bindgen = bindgen.allowlist_item(name);
    }
    bindgen = bindgen.allowlist_item("callpark_.*");
    for dir in &include_dirs {
        cc.include(dir);
        bindgen = bindgen.clang_arg(format!("-I{}", dir.display()));
    }
    if !include_dirs.is_empty() {
        cc.define("CALLPARK_REAL_HEADERS", None);
        bindgen = bindgen.clang_arg("-DCALLPARK_REAL_HEADERS");
    }
    cc.compile("callpark_shim");
    // Rust's thread-locals leave destructors of ours with FreeSWITCH's threads, which run them when they end, seconds
    // after an unload: the code must stay mapped, or the switch dies.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    let out = PathBuf::from(env::var("OUT_DIR")?).join("freeswitch.rs");
    bindgen.generate()?.write_to_file(out)?;
    Ok(())
}

/// Where FreeSWITCH's `switch.h` lives on this machine, if it does.
fn freeswitch_include_dirs() -> Vec<PathBuf> {
    if let Some(dir) = env::var_os("FREESWITCH_INCLUDE").filter(|dir| !dir.is_empty()) {
        return vec![PathBuf::from(dir)];
    }
    let Ok(output) = Command::new("pkg-config").args(["--cflags-only-I", "freeswitch"]).output()
    else {
        return Vec::new();
    };
    if !output.status.success() {
        return Vec::new();
    }
    String::from_utf8_lossy(&output.stdout)
        .split_whitespace()
        .filter_map(|flag| flag.strip_prefix("-I"))
        .map(PathBuf::from)
        .collect()
}

/// The types, functions and constants our header names: with FreeSWITCH's own headers, bindgen is asked for just these.
fn names(header: &str) -> Vec<String> {
    let mut names: Vec<String> = header
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| {
            [
                "switch_", "_switch_", "SWITCH_", "cJSON", "CC_", "CF_", "CS_", "SAF_", "SFF_",
                "SMBF_", "SCC_", "SCF_", "SCCT_", "SOF_", "SMODF_",
            ]
            .iter()
            .any(|prefix| word.starts_with(prefix))
        })
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}
