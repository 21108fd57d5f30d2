//! What is measured by the clock has the machine to itself: cargo runs one file of tests after another.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test says what is wrong by a panic"
)]

mod sip {
    pub mod deadlines;
    #[allow(dead_code, reason = "shared with the scenarios of tests/sip.rs")]
    pub mod desk;
}
