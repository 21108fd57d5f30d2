//! The module imports FreeSWITCH's functions. The few that a target gets to are in `switch.c`; the others end it, which is a
//! finding: it should not have got there.

use std::error::Error;
use std::path::PathBuf;

const DECLARED: &str = "../include/freeswitch.h";
const DEFINED: &str = "switch.c";

fn main() -> Result<(), Box<dyn Error>> {
    for path in [DECLARED, DEFINED] {
        println!("cargo:rerun-if-changed={path}");
    }
    let defined = functions(&std::fs::read_to_string(DEFINED)?);
    let mut others = String::from("#include <stdio.h>\n#include <stdlib.h>\n");
    for name in functions(&std::fs::read_to_string(DECLARED)?) {
        if !defined.contains(&name) {
            others.push_str(&format!(
                "void {name}(void) {{ fputs(\"{name}\\n\", stderr); abort(); }}\n"
            ));
        }
    }
    let path = PathBuf::from(std::env::var("OUT_DIR")?).join("others.c");
    std::fs::write(&path, others)?;
    cc::Build::new().file(DEFINED).file(path).warnings(false).compile("switch");
    Ok(())
}

/// What looks like a function of FreeSWITCH's.
fn functions(source: &str) -> Vec<String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names: Vec<String> = source
        .match_indices('(')
        .filter_map(|(at, _)| source[..at].rsplit(|c| !legal(c)).next())
        .filter(|name| name.starts_with("switch_") || name.starts_with("_switch_"))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}
