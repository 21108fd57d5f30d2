//! Hang-up causes, by their FreeSWITCH names.

use super::sys;
use super::text::{from_c, to_c};
use crate::park::CauseName;

/// A hang-up cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cause(pub(super) sys::switch_call_cause_t);

impl Cause {
    /// `NORMAL_CLEARING` (16).
    pub(crate) const NORMAL_CLEARING: Self =
        Self(sys::switch_call_cause_t::SWITCH_CAUSE_NORMAL_CLEARING);
    /// `LOSE_RACE` (702): another leg was faster.
    pub(crate) const LOSE_RACE: Self = Self(sys::switch_call_cause_t::SWITCH_CAUSE_LOSE_RACE);
    /// `MANAGER_REQUEST` (703): what FreeSWITCH hangs calls up with that are in a module it unloads.
    pub(crate) const MANAGER_REQUEST: Self =
        Self(sys::switch_call_cause_t::SWITCH_CAUSE_MANAGER_REQUEST);
    /// `SYSTEM_SHUTDOWN` (701): what FreeSWITCH hangs every call up with when it ends.
    pub(crate) const SYSTEM_SHUTDOWN: Self =
        Self(sys::switch_call_cause_t::SWITCH_CAUSE_SYSTEM_SHUTDOWN);
    /// `BLIND_TRANSFER` (800): the party that transferred is hung up.
    pub(crate) const BLIND_TRANSFER: Self =
        Self(sys::switch_call_cause_t::SWITCH_CAUSE_BLIND_TRANSFER);
    /// `ATTENDED_TRANSFER` (801): a consultation leg whose other party was transferred to where it was.
    pub(crate) const ATTENDED_TRANSFER: Self =
        Self(sys::switch_call_cause_t::SWITCH_CAUSE_ATTENDED_TRANSFER);
    /// `NO_ANSWER` (19).
    pub(crate) const NO_ANSWER: Self = Self(sys::switch_call_cause_t::SWITCH_CAUSE_NO_ANSWER);
    /// `CALL_REJECTED` (21).
    pub(crate) const CALL_REJECTED: Self =
        Self(sys::switch_call_cause_t::SWITCH_CAUSE_CALL_REJECTED);
    /// `ORIGINATOR_CANCEL` (487).
    pub(crate) const ORIGINATOR_CANCEL: Self =
        Self(sys::switch_call_cause_t::SWITCH_CAUSE_ORIGINATOR_CANCEL);
    pub(super) const NONE: Self = Self(sys::switch_call_cause_t::SWITCH_CAUSE_NONE);

    /// The cause of that name (any case) or number; `None` if FreeSWITCH knows none.
    #[must_use]
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let cause = Self::looked_up(name);
        // An unknown name gives NORMAL_CLEARING: only believe that one where it was asked for.
        let known = cause != Self::NONE
            && (cause != Self::NORMAL_CLEARING
                || name.eq_ignore_ascii_case("NORMAL_CLEARING")
                || name == "16");
        known.then_some(cause)
    }

    /// Whether FreeSWITCH has a cause of that name. Asked where the name is read, and nowhere else.
    #[must_use]
    pub(crate) fn exists(name: &CauseName) -> bool {
        Self::parse(name.as_str()).is_some()
    }

    /// FreeSWITCH's own answer: NORMAL_CLEARING for a name that it does not know.
    fn looked_up(name: &str) -> Self {
        let name = to_c(name);
        // SAFETY: a C string that outlives the call.
        Self(unsafe { sys::switch_channel_str2cause(name.as_ptr()) })
    }

    /// Its name.
    #[must_use]
    pub(crate) fn name(self) -> String {
        // SAFETY: any value is allowed; what comes back is a literal or NULL.
        unsafe { from_c(sys::switch_channel_cause2str(self.0)) }.unwrap_or_default()
    }
}

/// The cause of a name that [exists](Cause::exists).
impl From<&CauseName> for Cause {
    fn from(name: &CauseName) -> Self {
        Self::looked_up(name.as_str())
    }
}
