//! The bindings, as bindgen makes them: the only file with its lint allows.
#![allow(
    missing_docs,
    dead_code,
    non_camel_case_types,
    non_upper_case_globals,
    non_snake_case,
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    unreachable_pub,
    unsafe_op_in_unsafe_fn
)]

include!(concat!(env!("OUT_DIR"), "/freeswitch.rs"));
