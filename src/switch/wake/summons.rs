//! Work that one thread does for all who ask for it.

use super::primitives::{AtomicBool, Ordering};

/// Whether a thread is on its way that has not begun. It serves everybody who asks until it does.
#[derive(Default)]
pub(crate) struct Summons(AtomicBool);

impl Summons {
    /// Asks for the work, after what it is about was noted down. True: nobody is on the way, so the asker has to send a thread,
    /// or to call [`begin`](Self::begin) and do the work.
    #[must_use]
    pub(crate) fn is_first(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    /// The work begins: what was noted down is looked at after this. Whoever notes down more sends another thread.
    pub(crate) fn begin(&self) {
        // An exchange, not a store: it sees what was noted down by those who were told that somebody is on the way.
        self.0.swap(false, Ordering::AcqRel);
    }
}
