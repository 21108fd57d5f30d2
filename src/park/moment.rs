//! The time.

/// A moment of a monotonic clock, in ms. The rules have no clock, and every operation receives the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// The moment `ms` later.
    pub fn after(self, ms: u64) -> Moment {
        Moment(self.0.saturating_add(ms))
    }

    /// The moment `ms` earlier.
    pub fn before(self, ms: u64) -> Moment {
        Moment(self.0.saturating_sub(ms))
    }

    /// How many ms lie between `earlier` and this moment. 0 if `earlier` is not earlier.
    pub fn since(self, earlier: Moment) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
