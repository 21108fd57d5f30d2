//! Calling people: for a return step, a command, a page or a call-back.

pub(crate) mod callback;
pub(crate) mod errand;
pub(crate) mod link;
pub(crate) mod message;
pub(crate) mod outgoing;
pub(crate) mod page;
pub(crate) mod reachable;
pub(crate) mod ring;
pub(crate) mod ringing;
pub(crate) mod targets;
