//! What parking does, seen from outside: written once, run on the stand-in switch, and on a real FreeSWITCH when
//! `FREESWITCH=<prefix>` is given.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test says what is wrong by a panic"
)]

mod scenarios {
    mod addressed;
    mod audit;
    mod bad_input;
    mod basic;
    mod board;
    mod browser;
    mod busy_machine;
    mod choices;
    mod contrib;
    mod crowd;
    mod database;
    mod doctor;
    mod guessing;
    mod health;
    mod help;
    mod hostile;
    mod import;
    mod journal;
    mod lasting;
    mod lot;
    mod monitoring;
    mod moves;
    mod partings;
    mod people;
    mod pins;
    mod promises;
    mod races;
    mod retrievers;
    mod returns;
    mod rules;
    #[path = "../../crates/office/tests/database/same.rs"]
    mod same;
    mod settings;
    mod steps;
    mod storms;
    mod stress;
    mod taken;
    mod tenant_matrix;
    mod tenants;
    mod threads;
    mod trouble;
    mod unload;
    mod valet;
    mod web;
    mod webhooks;
}
