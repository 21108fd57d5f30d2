//! The name under which a lamp offers a parked call to phones that pick up by SIP's `Replaces`.

use std::fmt;
use std::str::FromStr;

/// The name of a dialog that does not exist, which stands for a parked call. The caller's own dialog cannot be offered,
/// because FreeSWITCH takes a request to replace that one literally, and hangs the caller up. It stays the same for as
/// long as the call is parked, in whichever orbit and on whichever leg, and no other call ever has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dialog {
    parked_at_epoch_ms: u64,
    seq: u64,
}

impl Dialog {
    const PREFIX: &'static str = "callpark-";

    pub(super) fn of(parked_at_epoch_ms: u64, seq: u64) -> Self {
        Dialog { parked_at_epoch_ms, seq }
    }

    /// The tag of the watched party, which is the orbit.
    pub fn local_tag(self) -> String {
        format!("{:x}", self.parked_at_epoch_ms)
    }

    /// The tag of the caller.
    pub fn remote_tag(self) -> String {
        format!("{:x}", self.seq)
    }
}

/// The Call-ID.
impl fmt::Display for Dialog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:x}-{:x}", Self::PREFIX, self.parked_at_epoch_ms, self.seq)
    }
}

/// Not the Call-ID of a lamp's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotALamps;

impl FromStr for Dialog {
    type Err = NotALamps;

    fn from_str(call_id: &str) -> Result<Self, NotALamps> {
        let numbers = call_id.strip_prefix(Self::PREFIX).and_then(|rest| rest.split_once('-'));
        let (parked_at, seq) = numbers.ok_or(NotALamps)?;
        let number = |text| u64::from_str_radix(text, 16).map_err(|_| NotALamps);
        Ok(Self { parked_at_epoch_ms: number(parked_at)?, seq: number(seq)? })
    }
}
