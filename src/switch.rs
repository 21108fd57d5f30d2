//! FreeSWITCH, safe. All `unsafe` of the module is in here, one file per noun of the host.
//!
//! What cuts across the files:
//!
//! * A [`Session`] borrows: it is valid while FreeSWITCH runs our callback on that session's thread, or while a
//!   [`Located`] guard holds its read lock. None is ever stored; tables keep uuids.
//! * None of our locks is held across any call in here: a call can run a queued BYE, its hang-up and its hooks.
//! * Every `extern "C"` function of ours runs its body in [`guard()`]: nothing unwinds into C.
//! * Strings go in as C strings made for the call (cut at the first NUL byte) and come out copied, so that no pointer
//!   into FreeSWITCH outlives the call that gave it.
//! * No text is ever a printf format: only functions without one are called, and the log's is fixed in `shim.c`.

pub mod api;
pub mod application;
pub mod calling;
pub mod cause;
pub mod channel;
pub mod console;
pub mod core;
pub mod db;
pub mod dial_string;
pub mod event;
pub mod guard;
pub mod hangup;
pub mod hooks;
pub mod inside;
pub mod ivr;
pub mod log;
pub mod module;
pub mod sent;
pub mod session;
pub mod stop;
pub mod stream;
pub(crate) mod sys;
pub mod text;
pub mod xml;

pub use cause::Cause;
pub use channel::Channel;
pub use guard::guard;
pub use sent::SentField;
pub use session::{Located, Session};
pub use stop::Stop;
