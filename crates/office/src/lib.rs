//! What mod_callpark remembers of parked calls, and what can be asked about them.
//!
//! This crate knows neither FreeSWITCH nor the module. The module maps its events to [`entry::Entry`]s and records them with
//! [`journal::Journal::record`].

#![forbid(unsafe_code)]

pub mod entry;
pub mod journal;
#[cfg(test)]
mod testing;
mod words;

pub use words::UnknownWord;
