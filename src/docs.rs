//! The tables of `docs/reference.md` that are made from the code: `make docs` writes them, and a test compares them.

use std::fs;

use crate::config;

const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference.md");

/// A table, between the two remarks that name it.
fn replaced(text: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name}: made by `make docs` -->\n"), "<!-- end -->");
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
    let (_, after) = rest.split_once(end).unwrap_or_else(|| panic!("{name} does not end"));
    format!("{before}{begin}{table}{end}{after}")
}

fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn params<T>(params: &[config::Param<T>]) -> String {
    let mut table = row(&["param", "default", "meaning"]) + "|---|---|---|\n";
    for param in params {
        let default = match param.default {
            "" => "empty".to_owned(),
            default => format!("`{default}`"),
        };
        table += &row(&[&format!("`{}`", param.name), &default, param.meaning]);
    }
    table
}

#[test]
fn the_reference_says_what_the_code_says() {
    let old = fs::read_to_string(REFERENCE).expect("the reference");
    let new = replaced(&old, "params of a lot", &params(&config::LOT_PARAMS));
    let new = replaced(&new, "settings", &params(&config::SETTINGS));
    if std::env::var_os("CALLPARK_DOCS").is_some() {
        fs::write(REFERENCE, new).expect("it can be written");
    } else {
        assert!(new == old, "docs/reference.md is not what the code says: make docs");
    }
}
