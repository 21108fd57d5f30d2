//! What was not tested. The test runner knows only passed and failed of a test that has begun, and counts the rest as
//! passed: so a line for each, and at the end how many there were.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

static SKIPPED: AtomicUsize = AtomicUsize::new(0);

/// Says, past the runner's capture, that the running test is skipped, and what it needs.
pub fn skipped(needs: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let _ = writeln!(io::stderr(), "SKIPPED: {test} needs {needs}");
    if SKIPPED.fetch_add(1, Ordering::Relaxed) == 0 {
        // SAFETY: the function only writes to stderr, and nothing of this library is gone before the process is.
        unsafe { libc::atexit(closing_line) };
    }
}

extern "C" fn closing_line() {
    let count = SKIPPED.load(Ordering::Relaxed);
    let _ = writeln!(io::stderr(), "SKIPPED: {count} of the tests above, counted there as ok\n");
}
