//! What mod_callpark remembers of parked calls, and what can be asked about them.
//!
//! This crate knows neither FreeSWITCH nor the module. The module maps its events to [`entry::Entry`]s and records them with
//! [`journal::Journal::record`]; a [`query::Reader`] answers questions from the same file over a connection of its own.

#![forbid(unsafe_code)]

pub mod audit;
pub mod database;
pub mod entry;
pub mod hooks;
pub mod journal;
pub mod query;
pub mod report;
#[cfg(test)]
mod testing;
pub mod time;
pub mod web;
mod words;

pub use words::UnknownWord;
