//! What the fuzz targets in `fuzz/` call: one function for each kind of text from outside. Each panics if what it
//! promises does not hold. See "Fuzzing" in CONTRIBUTING.md.

mod command;
mod configuration;
mod dial_strings;
mod names;
mod words;

use std::borrow::Cow;

use crate::park::{LotConfig, OrbitRange, Park, is_invisible};
use crate::switch::clock;

/// The entry of the journal for that event, for a bench.
pub fn journal_entry(event: &crate::park::ParkEvent) -> office::entry::Entry {
    crate::journal::entry(event)
}

pub use command::command;
pub use configuration::configuration;
pub use dial_strings::dial_strings;
pub use names::names;
pub use words::arguments;

/// The texts of an input: what a byte separates that is in no UTF-8. There are always as many as asked for.
fn texts<const N: usize>(data: &[u8]) -> [Cow<'_, str>; N] {
    let mut texts = data.splitn(N, |byte| *byte == 0xff).map(String::from_utf8_lossy);
    std::array::from_fn(|_| texts.next().unwrap_or_default())
}

/// Two lots of the same orbits, of which one is a tenant's.
fn lots() -> Vec<LotConfig> {
    [("default", "701-705,*5901-*5999"), ("default@a.b", "701-702"), ("sales", "0001-0002,+8")]
        .into_iter()
        .map(|(key, orbits)| {
            let ranges = OrbitRange::parse_list(orbits).expect("orbits");
            LotConfig::new(key.parse().expect("a lot"), ranges)
        })
        .collect()
}

fn park() -> Park {
    let mut park = Park::new(1);
    park.configure(clock::now(), lots());
    park
}

/// It cannot pass for more than one line, nor for another line.
fn is_one_line(text: &str) {
    assert!(!text.contains(is_invisible), "{text:?}");
}
