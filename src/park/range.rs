//! Ranges of orbits, as a configuration writes them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::names::OrbitName;

/// The most orbits a lot may have.
pub const MOST_ORBITS: u32 = 10_000_000;

/// What is wrong with a list of orbit ranges.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// An end of the range is not an orbit, the ends do not belong together, or the range is empty.
    #[error("bad orbit range {0:?}")]
    Bad(String),
    /// It counts backwards.
    #[error("orbit range {0:?} is reversed")]
    Reversed(String),
    /// Two ranges hold the same orbit.
    #[error("orbit ranges {0} and {1} overlap")]
    Overlap(String, String),
    /// More than [`MOST_ORBITS`] orbits.
    #[error("there are more than 10000000 orbits")]
    TooMany,
}

/// Consecutive orbits, as written in a configuration: `701-720`, `*5901-*5999`, `0701-0720`, `8`.
///
/// Numbers have as many digits as the start if the start begins with 0 or both ends are equally long. Otherwise they
/// have no leading zeros: `98-102` is 98, 99, 100, 101, 102.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrbitRange {
    prefix: Arc<str>,
    low: u64,
    high: u64,
    width: u8,
}

impl OrbitRange {
    /// Reads a list of ranges with commas between them.
    ///
    /// # Errors
    /// One of the ranges is wrong, two overlap, or they are more than [`MOST_ORBITS`].
    pub fn parse_list(text: &str) -> Result<Vec<OrbitRange>, RangeError> {
        let ranges: Vec<OrbitRange> =
            text.split(',').map(|part| part.trim().parse()).collect::<Result<_, _>>()?;
        let total = ranges.iter().fold(0u64, |sum, range| sum.saturating_add(range.count()));
        if total > u64::from(MOST_ORBITS) {
            return Err(RangeError::TooMany);
        }
        match overlap(ranges.iter().map(|range| (range, ()))) {
            Some((a, (), b, ())) => Err(RangeError::Overlap(a.to_string(), b.to_string())),
            None => Ok(ranges),
        }
    }

    /// How many orbits it holds.
    pub fn count(&self) -> u64 {
        self.high.saturating_sub(self.low).saturating_add(1)
    }

    /// Every `step`th of its orbits, and the last one.
    pub fn some(&self, step: u64) -> impl Iterator<Item = OrbitName> + '_ {
        let step = usize::try_from(step.max(1)).unwrap_or(usize::MAX);
        let some = (self.low..=self.high).step_by(step).chain([self.high]);
        some.filter_map(|value| self.name(value).parse().ok())
    }

    fn name(&self, value: u64) -> String {
        if self.width == 0 {
            return self.prefix.to_string();
        }
        format!("{}{value:0width$}", self.prefix, width = usize::from(self.width))
    }

    /// The range cut where its numbers get longer, so that in each piece all are equally long. Two pieces share an
    /// orbit only if prefix and width agree and the numbers meet.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece> + '_ {
        let mut low = self.low;
        let mut done = false;
        std::iter::from_fn(move || {
            if done {
                return None;
            }
            let digits = low.checked_ilog10().unwrap_or(0) + 1;
            let width = if self.width == 0 { 0 } else { u32::from(self.width).max(digits) };
            let longest = 10u64.saturating_pow(width.max(1)) - 1;
            let high = self.high.min(longest);
            let piece = Piece { prefix: self.prefix.clone(), width: width as u8, low, high };
            done = high >= self.high;
            low = high.saturating_add(1);
            Some(piece)
        })
    }
}

impl FromStr for OrbitRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let bad = || RangeError::Bad(text.to_owned());
        let orbit = |end: &str| end.trim().parse::<OrbitName>().map_err(|_| bad());
        let (first, last) = match text.split_once('-') {
            None => (orbit(text)?, None),
            Some((first, last)) => (orbit(first)?, Some(orbit(last)?)),
        };
        let (low, digits) = first.number();
        let prefix: Arc<str> = first.prefix().into();
        let Some(last) = last else {
            return Ok(OrbitRange { prefix, low, high: low, width: digits });
        };
        let (high, last_digits) = last.number();
        if digits == 0 || last_digits == 0 || first.prefix() != last.prefix() {
            return Err(bad());
        }
        if high < low {
            return Err(RangeError::Reversed(text.to_owned()));
        }
        let zero = first.as_str().get(prefix.len()..).is_some_and(|number| number.starts_with('0'));
        let padded = zero || digits == last_digits;
        let range = OrbitRange { prefix, low, high, width: if padded { digits } else { 1 } };
        // `8-010` would end in 10, which is not what is written.
        if range.name(high) != last.as_str() { Err(bad()) } else { Ok(range) }
    }
}

impl fmt::Display for OrbitRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name(self.low))?;
        if self.high > self.low { write!(f, "-{}", self.name(self.high)) } else { Ok(()) }
    }
}

/// The first pair of ranges that share an orbit. Works on the ends, so a million orbits cost nothing.
pub(crate) fn overlap<'a, T: Copy>(
    ranges: impl Iterator<Item = (&'a OrbitRange, T)>,
) -> Option<(&'a OrbitRange, T, &'a OrbitRange, T)> {
    let mut pieces: Vec<(Piece, &OrbitRange, T)> = ranges
        .flat_map(|(range, tag)| range.pieces().map(move |piece| (piece, range, tag)))
        .collect();
    pieces.sort_by(|a, b| a.0.place().cmp(&b.0.place()));
    pieces.windows(2).find_map(|pair| match pair {
        [(a, first, x), (b, second, y)]
            if a.prefix == b.prefix && a.width == b.width && b.low <= a.high =>
        {
            Some((*first, *x, *second, *y))
        }
        _ => None,
    })
}

/// Orbits whose names differ in nothing but a number of fixed length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) prefix: Arc<str>,
    pub(super) width: u8,
    pub(super) low: u64,
    pub(super) high: u64,
}

impl Piece {
    pub(super) fn place(&self) -> (&str, u8, u64) {
        (&self.prefix, self.width, self.low)
    }

    /// Whether `next`, which does not begin before this piece, begins in it or right behind it.
    pub(super) fn joins(&self, next: &Piece) -> bool {
        self.prefix == next.prefix
            && self.width == next.width
            && next.low <= self.high.saturating_add(1)
    }

    /// Where this piece stands relative to the name.
    pub(super) fn compare(&self, name: &OrbitName) -> Ordering {
        let (value, digits) = name.number();
        self.compare_parts(name.prefix(), digits, value)
    }

    /// As [`compare`](Self::compare), with a name of that prefix and that number, which has so many digits.
    pub(super) fn compare_parts(&self, prefix: &str, digits: u8, value: u64) -> Ordering {
        (&*self.prefix, self.width).cmp(&(prefix, digits)).then_with(|| {
            if self.high < value {
                Ordering::Less
            } else if self.low > value {
                Ordering::Greater
            } else {
                Ordering::Equal
            }
        })
    }
}
