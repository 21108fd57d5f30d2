//! How much of a caller is written down: `history-callers`.

use std::collections::HashMap;

use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::Sha256;

use super::failure::Failure;
use crate::entry::Subject;
use crate::words::words;

words! {
    /// How much of a caller is written down.
    Callers {
        /// Name and number.
        Full = "full",
        /// The number without its last three digits, and the first letter of the name.
        Masked = "masked",
        /// A hash of the number, which is the same for one caller in one tenant and one month. No name.
        Hashed = "hashed",
        /// Nothing.
        None = "none",
    }
}

/// What a hashed number begins with.
const HASHED: &str = "hmac:";

/// The keys, as far as they have been used.
#[derive(Default)]
pub(super) struct Secrets(HashMap<(String, String), [u8; 32]>);

impl Secrets {
    /// Forgets what is in memory. The file knows it, or no longer does.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What may be written of this caller.
    pub(super) fn shown(
        &mut self,
        connection: &Connection,
        callers: Callers,
        subject: &Subject,
    ) -> Result<Subject, Failure> {
        let mut shown = subject.clone();
        match callers {
            Callers::Full => return Ok(shown),
            Callers::Masked => {
                shown.caller_name = masked_name(&subject.caller_name);
                shown.caller_number = masked(&subject.caller_number);
            }
            Callers::Hashed => {
                shown.caller_name.clear();
                if !subject.caller_number.is_empty() {
                    let month = month(subject.parked_at_ms);
                    let key = self.key(connection, &subject.domain, &month)?;
                    shown.caller_number = hashed(&key, &subject.caller_number);
                }
            }
            Callers::None => {
                shown.caller_name.clear();
                shown.caller_number.clear();
            }
        }
        Ok(shown)
    }

    fn key(
        &mut self,
        connection: &Connection,
        domain: &str,
        month: &str,
    ) -> Result<[u8; 32], Failure> {
        let name = (domain.to_owned(), month.to_owned());
        if let Some(key) = self.0.get(&name) {
            return Ok(*key);
        }
        let sql = "SELECT key FROM secret WHERE domain = ? AND month = ?";
        let found = connection
            .query_row(sql, params![domain, month], |row| row.get::<_, [u8; 32]>(0))
            .optional()?;
        let key = match found {
            Some(key) => key,
            None => {
                let mut key = [0; 32];
                getrandom::fill(&mut key).map_err(|err| Failure::Io(std::io::Error::other(err)))?;
                let sql = "INSERT INTO secret VALUES (?, ?, ?)";
                connection.execute(sql, params![domain, month, key])?;
                key
            }
        };
        self.0.insert(name, key);
        Ok(key)
    }
}

/// Every way in which this number may be written in the file: itself, masked, and with each key.
pub(crate) fn spellings(connection: &Connection, number: &str) -> rusqlite::Result<Vec<String>> {
    let mut all = exact(connection, number)?;
    all.push(masked(number));
    Ok(all)
}

/// Those that are of no other number: a masked one can be that of a thousand.
pub(crate) fn exact(connection: &Connection, number: &str) -> rusqlite::Result<Vec<String>> {
    let mut all = vec![number.to_owned()];
    let mut statement = connection.prepare_cached("SELECT key FROM secret")?;
    let keys = statement.query_map([], |row| row.get::<_, [u8; 32]>(0))?;
    for key in keys {
        all.push(hashed(&key?, number));
    }
    Ok(all)
}

/// `2026-11`, in UTC.
pub(super) fn month(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default();
    at.strftime("%Y-%m").to_string()
}

fn hashed(key: &[u8; 32], number: &str) -> String {
    use std::fmt::Write;
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else { return HASHED.into() };
    mac.update(number.as_bytes());
    let mut text = HASHED.to_owned();
    for byte in mac.finalize().into_bytes().iter().take(12) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A number without its last three digits, or almost nothing of a short one.
#[must_use]
pub fn masked(number: &str) -> String {
    let length = number.chars().count();
    let kept = if length > 5 { length - 3 } else { length.min(1) };
    let mut text: String = number.chars().take(kept).collect();
    if length > 0 {
        text.push_str("***");
    }
    text
}

/// The first letter of a name.
#[must_use]
pub fn masked_name(name: &str) -> String {
    // Many carriers send the number as the name.
    match name.chars().next() {
        Some(first) if first.is_alphabetic() => format!("{first}***"),
        Some(_) => "***".to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_keeps_its_area_and_a_short_one_almost_nothing() {
        for (number, expected) in [
            ("", ""),
            ("7", "7***"),
            ("1001", "1***"),
            ("123456", "123***"),
            ("+49301234567", "+49301234***"),
        ] {
            assert_eq!(masked(number), expected);
        }
        assert_eq!(masked_name("Ärztin Özil"), "Ä***");
        assert_eq!(masked_name("+49301234567"), "***");
        assert_eq!(masked_name(""), "");
    }

    #[test]
    fn a_hash_tells_callers_apart_and_depends_on_the_key() {
        let (one, other) = ([1; 32], [2; 32]);
        assert_eq!(hashed(&one, "0301234"), hashed(&one, "0301234"));
        assert_ne!(hashed(&one, "0301234"), hashed(&one, "0301235"));
        assert_ne!(hashed(&one, "0301234"), hashed(&other, "0301234"));
        assert_eq!(hashed(&one, "0301234").len(), HASHED.len() + 24);
    }

    #[test]
    fn a_month_is_that_of_utc() {
        assert_eq!(month(1_796_083_199_999), "2026-11");
        assert_eq!(month(1_796_083_200_000), "2026-12");
    }
}
