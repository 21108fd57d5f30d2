//! All the orbits of a lot or a domain. They are computed and never stored, so a million of them cost as much as ten.

use super::names::OrbitName;
use super::range::{OrbitRange, Piece};

/// Which orbit belongs to which `T`, by arithmetic: a table of range ends, searched in O(log ranges).
#[derive(Clone, Debug)]
pub(super) struct Finder<T>(Vec<(Piece, T)>);

impl<T> Default for Finder<T> {
    fn default() -> Self {
        Finder(Vec::new())
    }
}

impl<T: Clone> Finder<T> {
    /// Of ranges that do not overlap.
    pub(super) fn new<'a>(ranges: impl Iterator<Item = (&'a OrbitRange, T)>) -> Self {
        let mut pieces: Vec<(Piece, T)> = ranges
            .flat_map(|(range, tag)| range.pieces().map(move |piece| (piece, tag.clone())))
            .collect();
        pieces.sort_by(|a, b| a.0.place().cmp(&b.0.place()));
        Finder(pieces)
    }

    fn piece(&self, name: &OrbitName) -> Option<&(Piece, T)> {
        let (value, digits) = name.number();
        self.piece_of(name.prefix(), digits, value)
    }

    fn piece_of(&self, prefix: &str, digits: u8, value: u64) -> Option<&(Piece, T)> {
        let compare = |(piece, _): &(Piece, T)| piece.compare_parts(prefix, digits, value);
        self.0.get(self.0.binary_search_by(compare).ok()?)
    }

    /// The owner of that orbit.
    pub(super) fn owner(&self, name: &OrbitName) -> Option<&T> {
        self.piece(name).map(|(_, owner)| owner)
    }
}

/// The orbits of one lot, numbered 0, 1, 2, … in the order of its configuration.
#[derive(Clone, Debug)]
pub(super) struct Orbits {
    /// Each piece with the number of its first orbit, in that order.
    pieces: Vec<(u32, Piece)>,
    finder: Finder<u32>,
    count: u32,
}

impl Orbits {
    pub(super) fn new(ranges: &[OrbitRange]) -> Self {
        let mut pieces = Vec::new();
        let mut count = 0u32;
        for piece in ranges.iter().flat_map(OrbitRange::pieces) {
            let size = u32::try_from(piece.high - piece.low + 1).unwrap_or(u32::MAX);
            pieces.push((count, piece));
            count = count.saturating_add(size);
        }
        let mut sorted: Vec<(Piece, u32)> =
            pieces.iter().map(|(base, piece)| (piece.clone(), *base)).collect();
        sorted.sort_by(|a, b| a.0.place().cmp(&b.0.place()));
        Orbits { pieces, finder: Finder(sorted), count }
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The number of that orbit. `None` if the lot does not have it.
    pub(super) fn number(&self, name: &OrbitName) -> Option<u32> {
        let (value, digits) = name.number();
        self.number_of(name.prefix(), digits, value)
    }

    /// The number of the orbit that has that number in `others`. `None` if the lot does not have it.
    pub(super) fn number_from(&self, others: &Orbits, number: u32) -> Option<u32> {
        let (piece, value) = others.value(number)?;
        self.number_of(&piece.prefix, piece.width, value)
    }

    fn number_of(&self, prefix: &str, digits: u8, value: u64) -> Option<u32> {
        let (piece, base) = self.finder.piece_of(prefix, digits, value)?;
        let offset = u32::try_from(value.checked_sub(piece.low)?).ok()?;
        base.checked_add(offset)
    }

    /// The numbers of those orbits whose names are numbers from `first` to `last`, without leading zeros: pieces of
    /// consecutive ones, each with its first and its last.
    pub(super) fn between(&self, first: u64, last: u64) -> impl Iterator<Item = (u32, u32)> + '_ {
        let is_plain = |piece: &Piece| {
            let digits = piece.low.checked_ilog10().map_or(1, |log| log + 1);
            piece.prefix.is_empty() && u32::from(piece.width) == digits
        };
        self.pieces.iter().filter(move |(_, piece)| is_plain(piece)).filter_map(
            move |(base, piece)| {
                let (low, high) = (first.max(piece.low), last.min(piece.high));
                let at = |value: u64| base.checked_add(u32::try_from(value - piece.low).ok()?);
                if low > high { None } else { Some((at(low)?, at(high)?)) }
            },
        )
    }

    /// The piece of that orbit, and which of its numbers it is.
    fn value(&self, number: u32) -> Option<(&Piece, u64)> {
        let at = self.pieces.partition_point(|(base, _)| *base <= number).checked_sub(1)?;
        let (base, piece) = self.pieces.get(at)?;
        let value = piece.low.checked_add(u64::from(number - base))?;
        (value <= piece.high).then_some((piece, value))
    }

    /// The name of that orbit.
    pub(super) fn name(&self, number: u32) -> Option<OrbitName> {
        let (piece, value) = self.value(number)?;
        if piece.width == 0 {
            return piece.prefix.parse().ok();
        }
        let width = usize::from(piece.width);
        format!("{}{value:0width$}", piece.prefix).parse().ok()
    }
}
