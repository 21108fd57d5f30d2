//! How many calls of one caller are parked.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::call::Call;
use super::names::{CallUuid, LotKey};

/// The words that replace a missing number.
const NOBODY: [&str; 6] =
    ["anonymous", "unknown", "unavailable", "restricted", "private", "withheld"];

/// The number by which a caller is known. `None` if there is no number, because callers without
/// one are not the same caller.
pub(super) fn known(number: &str) -> Option<&str> {
    let number = number.trim();
    let zeros = number.bytes().all(|digit| digit == b'0');
    let nobody = NOBODY.iter().any(|word| number.eq_ignore_ascii_case(word));
    (!zeros && !nobody).then_some(number)
}

/// The parked calls by their callers' numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Callers(BTreeSet<(Arc<str>, LotKey, CallUuid)>);

impl Callers {
    fn entry(call: &Call) -> Option<(Arc<str>, LotKey, CallUuid)> {
        let number = known(&call.info.caller.number)?;
        Some((number.into(), call.place.lot.clone(), call.info.uuid.clone()))
    }

    /// Counts a call that has been parked.
    pub(super) fn add(&mut self, call: &Call) {
        self.0.extend(Self::entry(call));
    }

    /// Stops counting a call. Its place must not have changed since `add`.
    pub(super) fn remove(&mut self, call: &Call) {
        if let Some(entry) = Self::entry(call) {
            self.0.remove(&entry);
        }
    }

    /// Whether that many calls of that caller are in the lot, or more.
    pub(super) fn has(&self, number: &str, lot: &LotKey, most: u32) -> bool {
        let Some(number) = known(number) else { return false };
        let from = (Arc::from(number), lot.clone(), CallUuid::from(""));
        let of_caller = self.0.range(from..);
        let of_caller = of_caller.take_while(|(other, at, _)| &**other == number && at == lot);
        of_caller.take(most as usize).count() >= most as usize
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
