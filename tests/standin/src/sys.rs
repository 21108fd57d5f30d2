//! The module's view of FreeSWITCH, as bindgen makes it.
#![allow(dead_code, non_camel_case_types, non_upper_case_globals, non_snake_case, clippy::all)]

include!(concat!(env!("OUT_DIR"), "/freeswitch.rs"));
