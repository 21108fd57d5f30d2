//! PINs, which a retriever has to key before a call is handed over.

use std::fmt;
use std::str::FromStr;

use subtle::{Choice, ConstantTimeEq};

use super::names::CallUuid;

/// The longest PIN, in digits.
pub const LONGEST_PIN: usize = 32;

/// Some digits. They are never shown, and compared in a time that does not depend on them.
#[derive(Clone)]
pub struct Pin {
    digits: [u8; LONGEST_PIN],
    length: u8,
}

/// Not a PIN. It does not say what it was instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {LONGEST_PIN} digits")]
pub struct BadPin;

impl Pin {
    /// A PIN that no digits are: for a call that is to have one, and whose PIN is not known.
    pub const UNKNOWN: Pin = Pin { digits: [0xff; LONGEST_PIN], length: u8::MAX };
}

impl FromStr for Pin {
    type Err = BadPin;

    fn from_str(text: &str) -> Result<Self, BadPin> {
        let plain =
            (1..=LONGEST_PIN).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if !plain {
            return Err(BadPin);
        }
        let mut digits = [0; LONGEST_PIN];
        for (place, digit) in digits.iter_mut().zip(text.bytes()) {
            *place = digit;
        }
        // It is at most LONGEST_PIN.
        Ok(Pin { digits, length: u8::try_from(text.len()).map_err(|_| BadPin)? })
    }
}

impl PartialEq for Pin {
    fn eq(&self, other: &Self) -> bool {
        let known = Choice::from(u8::from(self.length != u8::MAX));
        (known & self.digits.ct_eq(&other.digits) & self.length.ct_eq(&other.length)).into()
    }
}

impl Eq for Pin {}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(***)")
    }
}

/// What has to be keyed before a call is handed over.
#[derive(Clone, Debug, Default)]
pub(super) struct Lock {
    /// The call's own PIN.
    pub(super) pin: Option<Pin>,
    /// The legs that have keyed what they had to.
    pub(super) opened: Vec<CallUuid>,
}

impl Lock {
    /// With that PIN.
    pub(super) fn of(pin: Option<Pin>) -> Self {
        Lock { pin, opened: Vec::new() }
    }
}
