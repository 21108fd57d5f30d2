//! The configuration.

use crate::config::Config;
use crate::park::{MOST_STEPS, Park};
use crate::switch::clock;

/// The longest complaint, in characters.
const LONGEST: usize = 2_048;

/// A file.
pub fn configuration(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let config = match Config::parse(&text) {
        Ok(config) => config,
        Err(error) => {
            let lines = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
            assert!(error.line.is_none_or(|line| (1..=lines).contains(&line)), "{error}");
            assert!(error.to_string().chars().count() <= LONGEST, "{error}");
            return;
        }
    };
    assert!(!config.lots.is_empty());
    assert!(config.lots.iter().all(|lot| lot.returns.len() <= MOST_STEPS));
    let orbits: u64 =
        config.lots.iter().flat_map(|lot| &lot.ranges).map(|range| range.count()).sum();
    let mut park = Park::new(1);
    park.configure(clock::now(), config.lots.clone());
    let lots = park.lots();
    assert_eq!(lots.len(), config.lots.len());
    assert_eq!(lots.iter().map(|lot| u64::from(lot.capacity)).sum::<u64>(), orbits);
    // The same again changes nothing.
    park.configure(clock::now(), config.lots);
    assert!(park.take_effects().is_empty());
    assert_eq!(park.lots(), lots);
}
