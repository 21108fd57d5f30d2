//! `include/freeswitch.h` says the same as FreeSWITCH's own headers, and as the module needs: nothing missing, nothing
//! unused.
//!
//! FreeSWITCH's headers are those of `FREESWITCH_INCLUDE`, of `FREESWITCH=<prefix>`, or of `pkg-config freeswitch`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test says what is wrong by a panic"
)]

mod headers {
    pub mod cc;
    pub mod declarations;
    pub mod installed;
    pub mod module;
    pub mod probe;
}

use std::collections::BTreeSet;

use headers::cc::Scratch;
use headers::declarations::Declarations;
use headers::{installed, module, probe};

#[test]
fn sizes_offsets_and_values_are_those_of_freeswitch() {
    let Some(theirs) = installed::headers("sizes, offsets and values") else { return };
    let ours = Declarations::of_our_header();
    let scratch = Scratch::new();
    let probe = |include: &str, dir: &std::path::Path| -> Vec<String> {
        let source = probe::layout(include, &ours);
        let printed = scratch.run(&source, dir);
        printed.lines().map(str::to_owned).collect()
    };
    let said = probe("freeswitch.h", &installed::ours());
    let true_values = probe("switch.h", &theirs);
    assert_eq!(said.len(), true_values.len());
    let wrong: Vec<String> = said
        .iter()
        .zip(&true_values)
        .filter(|(ours, theirs)| ours != theirs)
        .map(|(ours, theirs)| format!("ours: {ours}; FreeSWITCH's: {theirs}"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("{} sizes, offsets and values agree with {}", said.len(), theirs.display());
}

/// FreeSWITCH has an SQLite of its own, which must not meet ours.
#[test]
fn the_module_shows_nothing_but_its_table() {
    let built = kit::module();
    let shown = module::exports(&built);
    assert_eq!(shown.into_iter().collect::<Vec<_>>(), ["mod_callpark_module_interface"]);
    let theirs = module::wanted(&built).into_iter().filter(|name| name.starts_with("sqlite3"));
    assert_eq!(theirs.collect::<Vec<_>>(), Vec::<String>::new(), "of FreeSWITCH's SQLite");
}

#[test]
fn prototypes_and_types_are_those_of_freeswitch() {
    let Some(theirs) = installed::headers("prototypes and types") else { return };
    let ours = Declarations::of_our_header();
    let scratch = Scratch::new();
    if let Err(errors) = scratch.compile(&probe::redeclarations(&ours), &theirs) {
        panic!("these declarations do not fit {}:\n{errors}", theirs.display());
    }
    // The proof can fail: a wrong prototype is refused.
    let mut wrong = ours;
    let prototype = wrong.prototypes.iter_mut().find(|p| p.name == "switch_channel_get_state");
    let prototype = prototype.expect("a prototype to falsify");
    prototype.text = prototype.text.replace("switch_channel_state_t", "double");
    assert!(scratch.compile(&probe::redeclarations(&wrong), &theirs).is_err());
}

#[test]
fn the_module_imports_what_our_header_declares() {
    let declared: BTreeSet<String> =
        Declarations::of_our_header().prototypes.into_iter().map(|p| p.name).collect();
    let imported: BTreeSet<String> = module::imports(&kit::module());
    let undeclared: Vec<_> = imported.difference(&declared).collect();
    assert!(undeclared.is_empty(), "imported, and not in include/freeswitch.h: {undeclared:?}");
    let unused: Vec<_> = declared.difference(&imported).collect();
    assert!(unused.is_empty(), "in include/freeswitch.h, and never called: {unused:?}");
}

#[test]
fn the_module_builds_with_freeswitchs_headers_and_runs() {
    let Some(theirs) = installed::headers("a build with FreeSWITCH's headers") else { return };
    let built = module::built_with(&theirs);
    let ours = module::imports(&kit::module());
    assert_eq!(module::imports(&built), ours, "the two builds import different functions");
    // On FreeSWITCH if there is one, else on the stand-in.
    module::scenario(&built, "scenarios::basic::a_call_is_parked");
}
