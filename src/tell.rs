//! What others see and hear: events, the log, lamps, speech and messages.

pub(crate) mod cdr;
pub(crate) mod event;
pub(crate) mod feed;
pub(crate) mod history;
pub(crate) mod lamps;
pub(crate) mod speech;
pub(crate) mod valet;
