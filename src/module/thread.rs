//! Threads for what takes a while.

use crate::switch::guard;
use crate::switch::guard::Inside;

/// FreeSWITCH's own stacks are of this size.
const STACK: usize = 240 * 1024;

/// Runs something that waits for people on a thread of its own.
///
/// # Errors
/// There is none to be had.
pub(crate) fn in_thread(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let inside = Inside::enter();
    std::thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK)
        .spawn(move || {
            let _inside = inside;
            guard("calling for a parked call", (), body);
        })
        .map(drop)
        .map_err(|error| error.to_string())
}
