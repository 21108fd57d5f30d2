//! The audit: who did what.
//!
//! Each [`Act`] is a row of the table `audit` in the journal's file, with a SHA-256 hash over the row and the hash of the row
//! before. A row that was changed, or removed from the middle, does not fit its neighbours any more. Rows have no name and no
//! number of a caller, so that the chain survives when a caller is erased.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::entry::{Action, Entry, Place};

pub(crate) mod file;

pub use crate::journal::callers::{masked, masked_name};

/// A SHA-256 hash.
pub(crate) type Hash = [u8; 32];

/// Who acts when nobody does: the module, at a deadline or after a restart.
pub const MODULE: &str = "module";
/// Whoever gives commands: the console, an event socket, a script.
pub const API: &str = "api";
/// A parked caller.
pub const CALLER: &str = "caller";

/// Something that somebody did, or was not allowed to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// When, in ms since 1970.
    pub at_ms: i64,
    /// `user@domain`, [`API`], [`MODULE`], [`CALLER`], or empty if that is not known.
    pub actor: String,
    /// What: the action of an entry, or a verb of the command.
    pub action: String,
    /// Where. Either part can be empty.
    pub place: Place,
    /// The channel of the call, or empty.
    pub uuid: String,
    /// `ok`, the outcome of a call that ended with this, or the code of what was refused.
    pub result: String,
    /// What else there is to say.
    pub detail: String,
}

impl Act {
    /// What an entry says about its actor.
    pub(crate) fn of(entry: &Entry) -> Self {
        let refused = entry.action == Action::Refuse;
        let result = match entry.outcome {
            Some(outcome) => outcome.as_str(),
            None if refused => &entry.reason,
            None => "ok",
        };
        let step = entry.step.as_ref();
        let step = step.map(|step| format!("step {} ({}) {}", step.number, step.to, step.result));
        let taken = (!entry.retriever.is_empty() && entry.retriever != entry.actor)
            .then(|| format!("by {}", entry.retriever));
        let rule = (!entry.rule.is_empty()).then(|| format!("rule {}", entry.rule));
        let reason = (!refused && !entry.reason.is_empty()).then(|| entry.reason.clone());
        let detail: Vec<String> = [step, taken, rule, reason].into_iter().flatten().collect();
        Act {
            at_ms: entry.at_ms,
            actor: entry.actor.clone(),
            action: entry.action.as_str().to_owned(),
            place: entry.place.clone(),
            uuid: entry.uuid.clone(),
            result: result.to_owned(),
            detail: detail.join("; "),
        }
    }
}

/// A row of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Audited {
    /// Its number. There is no gap.
    pub seq: i64,
    /// When, in ms since 1970.
    pub at_ms: i64,
    /// The node.
    pub node: String,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// In which lot.
    pub lot: String,
    /// In which orbit.
    pub orbit: String,
    /// Which channel.
    pub uuid: String,
    /// What came of it.
    pub result: String,
    /// What else there is to say.
    pub detail: String,
    /// The hash over this row and the one before, in hexadecimal digits.
    pub hash: String,
}

/// The last row, which stands for all before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 if there is none.
    pub seq: i64,
    pub(crate) hash: Hash,
}

impl Head {
    /// The head after that act by that node.
    pub(crate) fn after(&self, node: &str, act: &Act) -> Head {
        let seq = self.seq + 1;
        let (number, at) = (seq.to_string(), act.at_ms.to_string());
        let fields = [
            &number,
            &at,
            node,
            &act.actor,
            &act.action,
            &act.place.lot,
            &act.place.orbit,
            &act.uuid,
            &act.result,
            &act.detail,
        ];
        Head { seq, hash: chained(&self.hash, fields.map(str::as_bytes)) }
    }
}

/// `<number>:<hash>`, as it is in the log.
impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, hex(&self.hash))
    }
}

impl std::str::FromStr for Head {
    type Err = crate::UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (seq, hash) = text.split_once(':')?;
            Some(Head { seq: seq.parse().ok()?, hash: unhex(hash)? })
        };
        read().ok_or(crate::UnknownWord)
    }
}

/// The hash of a row: over the hash before, and over each field, behind its length in bytes as eight bytes, the lowest first.
/// Numbers are written with decimal digits.
pub(crate) fn chained<'a>(before: &Hash, fields: impl IntoIterator<Item = &'a [u8]>) -> Hash {
    let mut hash = Sha256::new();
    hash.update(before);
    for field in fields {
        hash.update((field.len() as u64).to_le_bytes());
        hash.update(field);
    }
    hash.finalize().into()
}

/// Hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The hash that is written so.
pub(crate) fn unhex(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_can_be_read_again() {
        let act = Act {
            at_ms: 1,
            actor: API.to_owned(),
            action: "reload".to_owned(),
            place: Place::default(),
            uuid: String::new(),
            result: "ok".to_owned(),
            detail: String::new(),
        };
        let head = Head::default().after("node", &act);
        assert_eq!(head.seq, 1);
        assert_eq!(head.to_string().parse(), Ok(head));
        for wrong in ["", "1", "1:", "x:00", "1:zz", &format!("1:{}", "é".repeat(32))] {
            assert!(wrong.parse::<Head>().is_err(), "{wrong}");
        }
    }

    /// Fields cannot be shifted into each other.
    #[test]
    fn where_a_field_ends_is_part_of_the_hash() {
        let hash = |fields: [&str; 2]| chained(&[0; 32], fields.map(str::as_bytes));
        assert_ne!(hash(["ab", "c"]), hash(["a", "bc"]));
        assert_ne!(hash(["ab", ""]), hash(["", "ab"]));
    }
}
