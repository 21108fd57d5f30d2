//! The domain against a model: long random sequences of everything that can be done to a lot, in every order, with stale
//! tickets and reloads, and what must be true after each step.
//!
//! The model believes only what the effects say, as the edge does. So an event, a ring or a deadline that the domain
//! forgets is a difference.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test says what is wrong by a panic"
)]

use proptest::prelude::*;

#[path = "properties/check.rs"]
mod check;
#[path = "properties/op.rs"]
mod op;
#[path = "properties/play.rs"]
mod play;
#[path = "properties/rules.rs"]
mod rules;
#[path = "properties/setup.rs"]
mod setup;
#[path = "properties/world.rs"]
mod world;

use op::{Op, op};
use world::World;

/// Three tests with 128 sequences of 400 steps each: 153,600 steps a run.
const SEQUENCES: u32 = 128;
const STEPS: usize = 400;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: SEQUENCES,
        failure_persistence: None,
        max_shrink_iters: 4_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_the_lots_stay_in_order(ops in prop::collection::vec(op(), STEPS)) {
        run(&ops, false, false);
    }

    #[test]
    fn whatever_happens_a_shutdown_ends_it(ops in prop::collection::vec(op(), STEPS)) {
        run(&ops, true, false);
    }

    #[test]
    fn whatever_happens_lots_that_are_made_end_with_their_calls(
        ops in prop::collection::vec(op(), STEPS),
        shutdown: bool,
    ) {
        run(&ops, shutdown, true);
    }
}

fn run(ops: &[Op], shutdown: bool, makes: bool) {
    let mut world = World::new(makes);
    for op in ops {
        world.step(op);
        world.check();
    }
    world.clear(shutdown);
}
