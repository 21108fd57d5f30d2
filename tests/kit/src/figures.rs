//! What was measured, many times, and how it is told: ours, mod_valet_parking's, and the ratio.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A number from the environment, or another one.
pub fn number<T: std::str::FromStr>(name: &str, otherwise: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Measurements of the same thing.
#[derive(Debug, Clone, Default)]
pub struct Series {
    values: Vec<f64>,
}

impl Series {
    /// One more.
    pub fn add(&mut self, value: f64) {
        self.values.push(value);
    }

    /// One more, in ms.
    pub fn add_ms(&mut self, time: Duration) {
        self.add(time.as_secs_f64() * 1000.0);
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// From the least to the greatest.
    pub fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    /// The least value that so great a share of all does not exceed; 0 of none.
    pub fn at(&self, share: f64) -> f64 {
        let count = (self.values.len() as f64 * share).ceil() as usize;
        self.sorted().get(count.max(1) - 1).copied().unwrap_or(0.0)
    }

    /// The median; of an even number, what is in the middle between two.
    pub fn median(&self) -> f64 {
        let (sorted, middle) = (self.sorted(), self.values.len() / 2);
        let value = |index: usize| sorted.get(index).copied().unwrap_or(0.0);
        if sorted.len() % 2 == 1 {
            value(middle)
        } else {
            value(middle.saturating_sub(1)).midpoint(value(middle))
        }
    }

    /// What [`Series`] prints, in the same columns.
    pub const HEAD: &'static str = "     n     min  median     p95     p99     max";
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:6}", self.len())?;
        [self.at(0.0), self.median(), self.at(0.95), self.at(0.99), self.at(1.0)]
            .iter()
            .try_for_each(|value| write!(f, " {value:7.1}"))
    }
}

/// Ours beside theirs: a line each, and the ratio of the medians.
pub fn beside(what: &str, ours: &Series, theirs: &Series) -> f64 {
    let ratio = ours.median() / theirs.median();
    println!("{what:<34} {}", Series::HEAD);
    println!("  {:<32} {ours}", "mod_callpark");
    println!("  {:<32} {theirs}", "mod_valet_parking");
    println!("  ratio{:>40.2} {:>15.2}", ratio, ours.at(0.99) / theirs.at(0.99));
    ratio
}

/// Writes a plot where `PLOTS=<folder>` says, if it says so.
///
/// # Panics
/// When it cannot be written.
pub fn keep_plot(name: &str, svg: &str) {
    let Some(folder) = std::env::var_os("PLOTS").filter(|folder| !folder.is_empty()) else {
        return;
    };
    let path = PathBuf::from(folder).join(name);
    let written: io::Result<()> = std::fs::write(&path, svg);
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    println!("wrote {}", path.display());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_rest_exceeds_a_percentile() {
        let mut series = Series::default();
        assert_eq!(series.median(), 0.0);
        (1..=101).rev().for_each(|n| series.add(f64::from(n)));
        assert_eq!((series.at(0.0), series.median(), series.at(0.99)), (1.0, 51.0, 100.0));
        // One of 102, and no more, exceeds the share of 99 in 100.
        series.add(102.0);
        assert_eq!((series.median(), series.at(0.99), series.at(1.0)), (51.5, 101.0, 102.0));
    }
}
