//! What lots, orbits and calls are called.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use super::text::BadName;
use super::untrusted::is_plain;
use super::user::domain_name;

/// The name of a lot: 1 to 64 of `A-Z a-z 0-9 _ . -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LotName(Arc<str>);

impl LotName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LotName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
        if (1..=64).contains(&text.len()) && text.bytes().all(legal) {
            Ok(LotName(text.into()))
        } else {
            Err(BadName::new(text, "lot name"))
        }
    }
}

impl fmt::Display for LotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The name of an orbit: what is dialled to reach it, 1 to 32 of `0-9 * # +`.
///
/// Orbits sort as people count: `99` before `100`, `*5901` after all of them; `7` and `07` are two orbits.
#[derive(Clone)]
pub struct OrbitName {
    text: Arc<str>,
    split: u8,
    value: u64,
}

/// The longest name of an orbit, in bytes.
const LONGEST_ORBIT: usize = 32;
/// How many digits a `u64` always holds. Digits before them belong to the prefix.
const DIGITS: usize = 18;

impl OrbitName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// A slot as mod_valet_parking takes it: 1 to 32 of `A-Z a-z 0-9 _ . - + * #`, which is more than a configuration can name.
    ///
    /// # Errors
    /// Another length, another character, or a `.` in front.
    pub fn slot(text: &str) -> Result<Self, BadName> {
        if (1..=LONGEST_ORBIT).contains(&text.len()) && is_plain(text) {
            Ok(OrbitName::of(text))
        } else {
            Err(BadName::new(text, "slot"))
        }
    }

    fn of(text: &str) -> Self {
        let digits = text.bytes().rev().take(DIGITS).take_while(u8::is_ascii_digit).count();
        let split = text.len() - digits;
        let value = text
            .bytes()
            .skip(split)
            .fold(0u64, |n, b| n.saturating_mul(10).saturating_add(u64::from(b - b'0')));
        OrbitName { text: text.into(), split: split as u8, value }
    }

    /// What stands before the number: empty in `701`, `*` in `*5901`.
    pub(super) fn prefix(&self) -> &str {
        self.text.get(..usize::from(self.split)).unwrap_or_default()
    }

    /// The number at the end, and the number of its digits, which is 0 if the name does not end in a digit.
    pub(super) fn number(&self) -> (u64, u8) {
        // At most 32 bytes long, so the difference fits.
        (self.value, (self.text.len() - usize::from(self.split)) as u8)
    }
}

impl FromStr for OrbitName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let legal = |b: u8| b.is_ascii_digit() || matches!(b, b'*' | b'#' | b'+');
        if !(1..=LONGEST_ORBIT).contains(&text.len()) || !text.bytes().all(legal) {
            return Err(BadName::new(text, "orbit"));
        }
        Ok(OrbitName::of(text))
    }
}

impl PartialEq for OrbitName {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for OrbitName {}

impl Hash for OrbitName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Ord for OrbitName {
    fn cmp(&self, other: &Self) -> Ordering {
        // Prefix, number and number of digits make up the name, so this agrees with Eq.
        (self.prefix(), self.number()).cmp(&(other.prefix(), other.number()))
    }
}

impl PartialOrd for OrbitName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for OrbitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for OrbitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrbitName({})", self.text)
    }
}

/// The uuid of a channel, as the switch writes it. The rules accept any text and do not look into it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallUuid(Arc<str>);

impl CallUuid {
    /// Names the channel with this uuid.
    pub fn new(uuid: impl Into<Arc<str>>) -> Self {
        CallUuid(uuid.into())
    }

    /// The uuid as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for CallUuid {
    fn from(uuid: &str) -> Self {
        CallUuid(uuid.into())
    }
}

/// So that a table keyed by uuid can be asked with a plain text.
impl Borrow<str> for CallUuid {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One lot of one tenant: `name`, or `name@domain` for a lot that belongs to a domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LotKey {
    /// What the lot is called.
    pub name: LotName,
    /// The tenant it belongs to. `None` means that every tenant may use it.
    pub domain: Option<Arc<str>>,
}

impl LotKey {
    /// The lot `name` of `domain`, which is kept in its one spelling (see [`domain_name`]).
    ///
    /// # Errors
    /// That is not a domain.
    pub fn new(name: LotName, domain: Option<&str>) -> Result<Self, BadName> {
        let domain = match domain {
            None => None,
            Some(text) => {
                let domain = domain_name(text).ok_or_else(|| BadName::new(text, "domain"))?;
                Some(domain.into())
            }
        };
        Ok(LotKey { name, domain })
    }
}

impl FromStr for LotKey {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        match text.split_once('@') {
            None => LotKey::new(text.parse()?, None),
            Some((name, domain)) => LotKey::new(name.parse()?, Some(domain)),
        }
    }
}

impl fmt::Display for LotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.domain {
            None => f.write_str(self.name.as_str()),
            Some(domain) => write!(f, "{}@{domain}", self.name),
        }
    }
}

/// One orbit of one lot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrbitKey {
    /// The lot.
    pub lot: LotKey,
    /// The orbit.
    pub orbit: OrbitName,
}

impl fmt::Display for OrbitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.lot, self.orbit)
    }
}

/// The run of one return step of one call. A run that was stopped or has failed can claim nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

/// One claim on one call. An old ticket is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// One call-back, as commands name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallbackId(pub u64);

impl fmt::Display for CallbackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
