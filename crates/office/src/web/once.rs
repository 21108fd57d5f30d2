//! What was done under an Idempotency-Key is not done again: whoever asks again is told what came of it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How many keys are remembered.
const MOST: usize = 4_096;
/// For how long.
const REMEMBERED: Duration = Duration::from_secs(3_600);

/// The keys that were used.
pub(super) struct Once<T>(Mutex<HashMap<Key, Used<T>>>);

/// A key, and whose it is.
pub(super) type Key = (String, String);

struct Used<T> {
    /// What was asked for.
    what: [u8; 32],
    at: Instant,
    /// What came of it; none: it is being done.
    came: Option<T>,
}

/// What a key is good for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn<T> {
    /// It was not used yet.
    First,
    /// It was, and that came of it.
    Known(T),
    /// It is being done.
    UnderWay,
    /// It was used for something else.
    Other,
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Once(Mutex::default())
    }
}

impl<T: Clone> Once<T> {
    /// Begins to do something under that key.
    pub(super) fn begin(&self, key: &Key, what: [u8; 32], now: Instant) -> Turn<T> {
        let mut used = self.0.lock();
        match used.get(key).filter(|used| now < used.at + REMEMBERED) {
            Some(known) if known.what != what => return Turn::Other,
            Some(known) => return known.came.clone().map_or(Turn::UnderWay, Turn::Known),
            None => {}
        }
        if used.len() >= MOST {
            used.retain(|_, used| now < used.at + REMEMBERED);
        }
        if used.len() >= MOST {
            let oldest = used.iter().min_by_key(|(_, used)| used.at).map(|(key, _)| key.clone());
            oldest.map(|key| used.remove(&key));
        }
        used.insert(key.clone(), Used { what, at: now, came: None });
        Turn::First
    }

    /// That came of it. None: nothing did, so it may be tried again.
    pub(super) fn end(&self, key: &Key, came: Option<T>) {
        let mut used = self.0.lock();
        match came {
            Some(came) => {
                if let Some(used) = used.get_mut(key) {
                    used.came = Some(came);
                }
            }
            None => drop(used.remove(key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_used_once_by_each_of_its_owners_and_for_one_thing() {
        let (once, now) = (Once::default(), Instant::now());
        let key = |owner: &str| (owner.to_owned(), "k".to_owned());
        assert_eq!(once.begin(&key("a"), [1; 32], now), Turn::First);
        assert_eq!(once.begin(&key("a"), [1; 32], now), Turn::UnderWay);
        once.end(&key("a"), Some(7));
        assert_eq!(once.begin(&key("a"), [1; 32], now), Turn::Known(7));
        assert_eq!(once.begin(&key("a"), [2; 32], now), Turn::Other);
        assert_eq!(once.begin(&key("b"), [2; 32], now), Turn::First);
        once.end(&key("b"), None);
        assert_eq!(once.begin(&key("b"), [3; 32], now), Turn::First);
        assert_eq!(once.begin(&key("a"), [2; 32], now + REMEMBERED), Turn::First);
        for number in 0..3 * MOST {
            let key = ("c".to_owned(), number.to_string());
            once.begin(&key, [0; 32], now + REMEMBERED);
        }
        assert!(once.0.lock().len() <= MOST);
    }
}
