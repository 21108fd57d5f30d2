//! The words after an application's name or a command's verb.

use crate::park::{LotKey, OrbitName, Park, Refusal, Want};

/// The lot when none is named.
pub const DEFAULT_LOT: &str = "default";
/// More than this is no argument but an accident.
const LONGEST: usize = 1024;

/// A lot, and a word that says which of its calls or orbits.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// The lot.
    pub lot: LotKey,
    /// What stands behind it.
    pub word: Option<String>,
}

/// Splits at blanks, if that makes sense.
///
/// # Errors
/// `BadArguments`: more than `most` words, or endless ones.
pub fn words(data: &str, most: usize) -> Result<Vec<&str>, Refusal> {
    let words: Vec<&str> = data.split_whitespace().take(most + 1).collect();
    if data.len() > LONGEST || words.len() > most { Err(Refusal::BadArguments) } else { Ok(words) }
}

/// Reads `[<lot>] [<word>]`. One word alone is a lot if there is one of that name, otherwise something in the lot
/// `default`.
///
/// # Errors
/// `UnknownLot`, `BadArguments`.
pub fn place(park: &Park, data: &str, domain: Option<&str>) -> Result<Place, Refusal> {
    let (lot, word) = match *words(data, 2)?.as_slice() {
        [] => (DEFAULT_LOT, None),
        [lot, word] => (lot, Some(word)),
        [one] if is_keyword(one) || one.parse::<OrbitName>().is_ok() => {
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
    ["auto", "next", "ask"].contains(&word)
}

/// The lot of that name.
///
/// # Errors
/// `UnknownLot`; `BadArguments`: no lot could be called so.
pub fn lot(park: &Park, name: &str, domain: Option<&str>) -> Result<LotKey, Refusal> {
    name.parse::<LotKey>().map_err(|_| Refusal::BadArguments)?;
    park.resolve(name, domain)
}

/// The orbit of that name.
///
/// # Errors
/// `BadArguments`: no orbit could be called so.
pub fn orbit(word: &str) -> Result<OrbitName, Refusal> {
    word.parse().map_err(|_| Refusal::BadArguments)
}

/// Reads `[<orbit>|auto]`.
///
/// # Errors
/// `BadArguments`.
pub fn want(word: Option<&str>) -> Result<Want, Refusal> {
    match word {
        None | Some("auto") => Ok(Want::Auto),
        Some(word) => orbit(word).map(Want::Orbit),
    }
}

/// What a BLF key dials for an orbit: `701`, and what phones make of it, `**701` and `park+701`.
#[must_use]
pub fn key(word: &str) -> &str {
    let word = word.rsplit_once('+').map_or(word, |(_, orbit)| orbit);
    word.strip_prefix("**").unwrap_or(word)
}
