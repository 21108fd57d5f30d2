//! What is measured by the clock has the machine to itself: cargo runs one file of tests after another.

mod sip {
    pub mod deadlines;
    #[allow(dead_code, reason = "shared with the scenarios of tests/sip.rs")]
    pub mod desk;
}
