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

pub(crate) mod api;
pub(crate) mod application;
pub(crate) mod background;
pub(crate) mod calling;
pub(crate) mod cause;
pub(crate) mod channel;
pub(crate) mod clock;
pub(crate) mod codec;
pub(crate) mod console;
pub(crate) mod core;
pub(crate) mod db;
pub(crate) mod dial_string;
pub(crate) mod event;
pub(crate) mod folder;
pub(crate) mod guard;
pub(crate) mod hangup;
pub(crate) mod hooks;
pub(crate) mod inside;
pub(crate) mod ivr;
pub(crate) mod lock;
pub(crate) mod log;
pub(crate) mod module;
pub(crate) mod recording;
pub(crate) mod sent;
pub(crate) mod session;
pub(crate) mod sound_file;
pub(crate) mod stop;
pub(crate) mod stream;
pub(crate) mod sys;
pub(crate) mod text;
pub(crate) mod wake;
pub(crate) mod xml;

pub(crate) use cause::Cause;
pub(crate) use channel::Channel;
pub(crate) use guard::guard;
pub(crate) use sent::SentField;
pub(crate) use session::{Located, Session};
pub(crate) use stop::Stop;
