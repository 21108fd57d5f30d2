//! A set of orbit numbers that can count.

/// Numbers 0 to `size - 1`, a bit each, with a Fenwick tree of counts over the words: member, n-th and next are O(log n)
/// however full the set is, and a million orbits take 190 kB.
#[derive(Clone, Debug)]
pub(super) struct OrbitSet {
    words: Vec<u64>,
    /// `sums[i]` counts the members in the `(i + 1) & -(i + 1)` words that end with word `i`.
    sums: Vec<u32>,
    size: u32,
    len: u32,
}

impl OrbitSet {
    pub(super) fn empty(size: u32) -> Self {
        let words = size.div_ceil(64) as usize;
        OrbitSet { words: vec![0; words], sums: vec![0; words], size, len: 0 }
    }

    pub(super) fn full(size: u32) -> Self {
        let mut set = OrbitSet::empty(size);
        set.words.fill(u64::MAX);
        let rest = size % 64;
        if rest > 0
            && let Some(last) = set.words.last_mut()
        {
            *last = (1 << rest) - 1;
        }
        for i in 0..set.words.len() {
            let own = set.sums.get(i).copied().unwrap_or(0)
                + set.words.get(i).map_or(0, |word| word.count_ones());
            if let Some(sum) = set.sums.get_mut(i) {
                *sum = own;
            }
            if let Some(parent) = set.sums.get_mut(above(i)) {
                *parent += own;
            }
        }
        set.len = size;
        set
    }

    pub(super) fn size(&self) -> u32 {
        self.size
    }

    pub(super) fn len(&self) -> u32 {
        self.len
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        self.words.get(word(number)).is_some_and(|bits| bits & bit(number) != 0)
    }

    /// Returns false if it was a member already, or is not below `size`.
    pub(super) fn insert(&mut self, number: u32) -> bool {
        if number >= self.size || self.contains(number) {
            return false;
        }
        if let Some(bits) = self.words.get_mut(word(number)) {
            *bits |= bit(number);
        }
        let mut i = word(number);
        while let Some(sum) = self.sums.get_mut(i) {
            *sum += 1;
            i = above(i);
        }
        self.len += 1;
        true
    }

    /// Returns false if it was not a member.
    pub(super) fn remove(&mut self, number: u32) -> bool {
        if !self.contains(number) {
            return false;
        }
        if let Some(bits) = self.words.get_mut(word(number)) {
            *bits &= !bit(number);
        }
        let mut i = word(number);
        while let Some(sum) = self.sums.get_mut(i) {
            *sum -= 1;
            i = above(i);
        }
        self.len -= 1;
        true
    }

    /// The member with `n` smaller ones before it.
    pub(super) fn nth(&self, n: u32) -> Option<u32> {
        if n >= self.len {
            return None;
        }
        let mut left = n;
        let mut at = 0usize;
        let mut step = self.sums.len().checked_ilog2().map_or(0, |log| 1usize << log);
        while step > 0 {
            if let Some(&sum) = self.sums.get(at + step - 1)
                && sum <= left
            {
                left -= sum;
                at += step;
            }
            step /= 2;
        }
        let mut bits = *self.words.get(at)?;
        for _ in 0..left {
            bits &= bits - 1;
        }
        Some(at as u32 * 64 + bits.trailing_zeros())
    }

    /// The smallest member that is not below `number`.
    pub(super) fn at_or_after(&self, number: u32) -> Option<u32> {
        if number >= self.size {
            return None;
        }
        let below_in_word = self.words.get(word(number))? & (bit(number) - 1);
        let mut below = below_in_word.count_ones();
        let mut i = word(number);
        while i > 0 {
            below += self.sums.get(i - 1).copied().unwrap_or(0);
            i &= i - 1;
        }
        self.nth(below)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let mut bits = word;
            std::iter::from_fn(move || {
                if bits == 0 {
                    return None;
                }
                let number = at as u32 * 64 + bits.trailing_zeros();
                bits &= bits - 1;
                Some(number)
            })
        })
    }
}

fn word(number: u32) -> usize {
    (number / 64) as usize
}

fn bit(number: u32) -> u64 {
    1 << (number % 64)
}

/// The next tree node that also counts word `i`.
fn above(i: usize) -> usize {
    i | (i + 1)
}
