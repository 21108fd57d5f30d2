//! The words after an application's name or a command's verb.

use crate::park::{LotKey, OrbitName, Park, Refusal, Want};

/// The lot when none is named.
pub(crate) const DEFAULT_LOT: &str = "default";
/// The longest argument, in bytes. A longer one is a mistake.
const LONGEST: usize = 1024;

/// A lot, and a word that says which of its calls or orbits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The lot.
    pub lot: LotKey,
    /// What stands behind it.
    pub word: Option<String>,
}

/// Splits at blanks, if that makes sense.
///
/// # Errors
/// `BadArguments`: more than `most` words, or endless ones.
pub(crate) fn words(data: &str, most: usize) -> Result<Vec<&str>, Refusal> {
    let words: Vec<&str> = data.split_whitespace().take(most + 1).collect();
    if data.len() > LONGEST || words.len() > most { Err(Refusal::BadArguments) } else { Ok(words) }
}

/// Reads `[<lot>] [<word>]`. One word alone is a lot if there is one of that name, otherwise something in the lot
/// `default`.
///
/// # Errors
/// `UnknownLot`, `BadArguments`.
pub(crate) fn place(park: &Park, data: &str, domain: Option<&str>) -> Result<Place, Refusal> {
    let (lot, word) = match *words(data, 2)?.as_slice() {
        [] => (DEFAULT_LOT, None),
        [lot, word] => (lot, Some(word)),
        // A `+` is in no lot's name: `park+701` is what a phone makes of an orbit.
        [one] if is_keyword(one) || one.contains('+') || one.parse::<OrbitName>().is_ok() => {
            match park.resolve(one, domain) {
                Ok(lot) => return Ok(Place { lot, word: None }),
                Err(_) => (DEFAULT_LOT, Some(one)),
            }
        }
        [lot] => (lot, None),
        _ => return Err(Refusal::BadArguments),
    };
    Ok(Place { lot: self::lot(park, lot, domain)?, word: word.map(str::to_owned) })
}

fn is_keyword(word: &str) -> bool {
    ["auto", "next", "ask", "mine", "last"].contains(&word) || word.contains(':')
}

/// The lot of that name.
///
/// # Errors
/// `UnknownLot`; `BadArguments`: no lot could be called so.
pub(crate) fn lot(park: &Park, name: &str, domain: Option<&str>) -> Result<LotKey, Refusal> {
    name.parse::<LotKey>().map_err(|_| Refusal::BadArguments)?;
    park.resolve(name, domain)
}

/// The orbit of that name.
///
/// # Errors
/// `BadArguments`: no orbit could be called so.
pub(crate) fn orbit(word: &str) -> Result<OrbitName, Refusal> {
    word.parse().map_err(|_| Refusal::BadArguments)
}

/// Reads `[<orbit>|auto]`.
///
/// # Errors
/// `BadArguments`.
pub(crate) fn want(word: Option<&str>) -> Result<Want, Refusal> {
    match word {
        None | Some("auto") => Ok(Want::Auto),
        Some(word) => orbit(word).map(Want::Orbit),
    }
}

/// The orbit that a BLF key means: the one of exactly this name if the lot has it, else what is left when the phone's own
/// decoration is taken off: `701` of `park+701` and `**701`.
///
/// # Errors
/// `BadArguments`: no orbit could be called so.
pub(crate) fn key(park: &Park, lot: &LotKey, word: &str) -> Result<OrbitName, Refusal> {
    let without_stars = |word| str::strip_prefix(word, "**").unwrap_or(word);
    let plain = word.split_once('+').map_or(word, |(_, orbit)| orbit);
    let bare = without_stars(word.rsplit_once('+').map_or(word, |(_, orbit)| orbit));
    [word, plain, without_stars(plain), bare]
        .into_iter()
        .filter_map(|name| name.parse().ok())
        .find(|orbit| park.has_orbit(lot, orbit))
        .map_or_else(|| orbit(bare), Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::park::LotConfig;

    fn park(orbits: &str) -> (Park, LotKey) {
        let lot: LotKey = DEFAULT_LOT.parse().expect("a lot");
        let ranges = crate::park::OrbitRange::parse_list(orbits).expect("orbits");
        let mut park = Park::new(1);
        park.configure(crate::switch::clock::now(), vec![LotConfig::new(lot.clone(), ranges)]);
        (park, lot)
    }

    #[test]
    fn a_key_means_the_orbit_of_its_very_name_or_else_what_the_phone_has_decorated() {
        let (plain, lot) = park("701-720");
        for word in ["701", "**701", "park+701", "+701", "park+**701"] {
            assert_eq!(key(&plain, &lot, word).expect(word).to_string(), "701", "{word}");
        }
        let (own, lot) = park("701-720,+701-+703,**702");
        for (word, orbit) in [
            ("701", "701"),
            ("+701", "+701"),
            ("park++701", "+701"),
            ("park+701", "701"),
            ("**702", "**702"),
            ("****702", "**702"),
            ("park+**702", "**702"),
            ("**703", "703"),
            ("+704", "704"),
        ] {
            assert_eq!(key(&own, &lot, word).expect(word).to_string(), orbit, "{word}");
        }
        assert!(key(&plain, &lot, "sales").is_err());
    }
}
