//! The journal in PostgreSQL: whatever happens to the server, the file or the way between them, both have the same rows in the
//! end.

#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test stops where it fails"
)]

mod database {
    mod cost;
    mod erase;
    mod rig;
    mod same;
    mod texts;
    mod trouble;
    mod twice;
    mod views;
}
