//! What the README says to copy works: FreeSWITCH's own vanilla configuration, with the module installed as the README
//! says. Runs on a real FreeSWITCH (`FREESWITCH=<prefix>`) whose configuration is the vanilla one; without one every test
//! says that it was skipped.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test says what is wrong by a panic"
)]

#[allow(dead_code, reason = "shared with the scenarios of tests/sip.rs")]
#[path = "sip/desk.rs"]
mod desk;

mod vanilla {
    mod calls;
    mod commands;
    mod doctor;
    mod install;
    mod readme;
    mod snippets;
    mod valet;
}
