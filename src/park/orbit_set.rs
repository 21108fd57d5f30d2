//! A set of orbit numbers that can count.

use std::collections::HashMap;

/// Numbers 0 to `size - 1`. Kept is what differs from the set in which all of them are, or none: bits, 64 to a word, with a
/// Fenwick tree of counts over the words. So member, n-th and next are O(log n) however full the set is, and ten million
/// orbits that nobody uses cost nothing.
#[derive(Clone, Debug)]
pub(super) struct OrbitSet {
    /// Whether a number is in the set of which nothing is kept.
    all: bool,
    /// The numbers that are not as `all` says, a bit each; words without any are left out.
    words: HashMap<u32, u64>,
    /// `sums[i]` counts such numbers in the `(i + 1) & -(i + 1)` words that end with word `i`; without those that count none.
    sums: HashMap<u32, u32>,
    size: u32,
    len: u32,
}

impl OrbitSet {
    pub(super) fn empty(size: u32) -> Self {
        OrbitSet { all: false, words: HashMap::new(), sums: HashMap::new(), size, len: 0 }
    }

    pub(super) fn full(size: u32) -> Self {
        OrbitSet { all: true, len: size, ..OrbitSet::empty(size) }
    }

    pub(super) fn size(&self) -> u32 {
        self.size
    }

    pub(super) fn len(&self) -> u32 {
        self.len
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        number < self.size && self.word(number / 64) & bit(number) != 0
    }

    /// Returns false if it was a member already, or is not below `size`.
    pub(super) fn insert(&mut self, number: u32) -> bool {
        let new = number < self.size && !self.contains(number);
        if new {
            self.flip(number / 64, bit(number));
            self.len += 1;
        }
        new
    }

    /// Returns false if it was not a member.
    pub(super) fn remove(&mut self, number: u32) -> bool {
        let was = self.contains(number);
        if was {
            self.flip(number / 64, bit(number));
            self.len -= 1;
        }
        was
    }

    /// As [`insert`](Self::insert) for each of them. Many of one word that follow each other cost as much as one.
    pub(super) fn insert_all(&mut self, numbers: &[u32]) {
        for (at, bits) in words(numbers) {
            let new = bits & self.there(at) & !self.word(at);
            self.flip(at, new);
            self.len += new.count_ones();
        }
    }

    /// As [`remove`](Self::remove) for each of them, at the same price.
    pub(super) fn remove_all(&mut self, numbers: &[u32]) {
        for (at, bits) in words(numbers) {
            let members = bits & self.word(at);
            self.flip(at, members);
            self.len -= members.count_ones();
        }
    }

    /// These numbers of a word are the other way round from now on.
    fn flip(&mut self, at: u32, bits: u64) {
        if bits == 0 {
            return;
        }
        let word = self.words.entry(at).or_default();
        let before = word.count_ones();
        *word ^= bits;
        let after = word.count_ones();
        if *word == 0 {
            self.words.remove(&at);
        }
        let mut i = at;
        while i < self.size.div_ceil(64) {
            let sum = self.sums.entry(i).or_default();
            *sum = (*sum + after).saturating_sub(before);
            if *sum == 0 {
                self.sums.remove(&i);
            }
            i |= i + 1;
        }
    }

    /// The members of a word.
    fn word(&self, at: u32) -> u64 {
        let other = self.words.get(&at).copied().unwrap_or_default();
        if self.all { self.there(at) & !other } else { other }
    }

    /// The numbers of a word that are below `size`.
    fn there(&self, at: u32) -> u64 {
        let numbers = self.size.saturating_sub(at * 64);
        if numbers < 64 { (1 << numbers) - 1 } else { u64::MAX }
    }

    /// How many members are in the words from `from` up to and with `at`, of which `sums` has the count at `at`.
    fn sum(&self, from: u32, at: u32) -> u32 {
        let other = self.sums.get(&at).copied().unwrap_or_default();
        if !self.all {
            return other;
        }
        let numbers = (u64::from(at) + 1) * 64;
        let numbers = numbers.min(self.size.into()) - u64::from(from) * 64;
        (numbers as u32).saturating_sub(other)
    }

    /// The member with `n` smaller ones before it.
    pub(super) fn nth(&self, n: u32) -> Option<u32> {
        if n >= self.len {
            return None;
        }
        let words = self.size.div_ceil(64);
        let (mut left, mut at) = (n, 0u32);
        let mut step = words.checked_ilog2().map_or(0, |log| 1u32 << log);
        while step > 0 {
            if at + step <= words {
                let sum = self.sum(at, at + step - 1);
                if sum <= left {
                    left -= sum;
                    at += step;
                }
            }
            step /= 2;
        }
        let mut bits = self.word(at);
        for _ in 0..left {
            bits &= bits - 1;
        }
        Some(at * 64 + bits.trailing_zeros())
    }

    /// The smallest member that is not below `number`.
    pub(super) fn at_or_after(&self, number: u32) -> Option<u32> {
        if number >= self.size {
            return None;
        }
        let mut below = (self.word(number / 64) & (bit(number) - 1)).count_ones();
        let mut i = number / 64;
        while i > 0 {
            let from = i & (i - 1);
            below += self.sum(from, i - 1);
            i = from;
        }
        self.nth(below)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let mut words: Vec<u32> = match self.all {
            true => (0..self.size.div_ceil(64)).collect(),
            false => self.words.keys().copied().collect(),
        };
        words.sort_unstable();
        words.into_iter().flat_map(|at| numbers(at, self.word(at)))
    }

    /// Whether all numbers are in the set except some, or none except some, and these. They are as many as it keeps.
    pub(super) fn exceptions(&self) -> (bool, impl Iterator<Item = u32>) {
        let mut words: Vec<(u32, u64)> = self.words.iter().map(|(at, bits)| (*at, *bits)).collect();
        words.sort_unstable();
        (self.all, words.into_iter().flat_map(|(at, bits)| numbers(at, bits)))
    }

    /// What it keeps, in words and sums.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.words.len() + self.sums.len()
    }
}

/// Words and bits of the numbers, those that follow each other in a word taken together.
fn words(numbers: &[u32]) -> impl Iterator<Item = (u32, u64)> {
    numbers.chunk_by(|one, next| one / 64 == next / 64).filter_map(|of_a_word| {
        let at = of_a_word.first()? / 64;
        Some((at, of_a_word.iter().fold(0, |bits, number| bits | bit(*number))))
    })
}

/// The numbers of the bits of a word.
fn numbers(at: u32, mut bits: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        if bits == 0 {
            return None;
        }
        let number = at * 64 + bits.trailing_zeros();
        bits &= bits - 1;
        Some(number)
    })
}

fn bit(number: u32) -> u64 {
    1 << (number % 64)
}
