//! Waiting with a deadline, and names for channels.

use std::time::{Duration, Instant};

/// Long enough for anything that should happen at once, on a busy machine too.
pub const SOON: Duration = Duration::from_secs(10);

/// Asks again and again, every 10 ms, until there is an answer.
///
/// # Panics
/// When there was none before the deadline.
#[track_caller]
pub fn eventually<T>(deadline: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < deadline, "not within {deadline:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A random version 4 UUID in FreeSWITCH's spelling.
pub fn new_uuid() -> String {
    let n = fastrand::u128(..);
    let n = n & !(0xf000_c000 << 48) | (0x4000_8000 << 48);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        n >> 96,
        n >> 80 & 0xffff,
        n >> 64 & 0xffff,
        n >> 48 & 0xffff,
        n & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn uuids_are_of_version_4_and_differ() {
        let (a, b) = (super::new_uuid(), super::new_uuid());
        assert_ne!(a, b);
        assert_eq!(a.len(), 36);
        assert_eq!(&a[14..15], "4");
        assert!("89ab".contains(&a[19..20]), "{a}");
    }
}
