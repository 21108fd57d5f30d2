//! What happens to a leg after its bridge, which is what FreeSWITCH's own `bridge` would do with it.

use std::time::Duration;

use crate::module::variables;
use crate::switch::text::{is_false, is_true};
use crate::switch::{Cause, Channel, Session, application, clock, ivr};

/// Why the other leg of a bridge has hung up.
const HANGUP_CAUSE: &str = "bridge_hangup_cause";
/// How long after its partner has been hung up for a transfer a leg is sent.
const SENT_WITHIN: Duration = Duration::from_secs(1);

/// FreeSWITCH notes for each leg of a bridge why the other one has hung up. It does so if that one already has a cause, and
/// otherwise leaves what it noted of an earlier bridge.
pub(crate) fn note_cause(leg: Channel<'_>, other: Channel<'_>) {
    leg.set_variable(HANGUP_CAUSE, other.cause().map(Cause::name).as_deref());
}

/// What has been noted.
#[must_use]
pub(crate) fn noted_cause(leg: Channel<'_>) -> Option<Cause> {
    leg.variable(HANGUP_CAUSE).and_then(|cause| Cause::parse(&cause))
}

/// What shall happen to a leg after its bridge, by its own variables. Those of the parked leg are put aside while it
/// bridges, because they must not apply to a bridge that failed.
#[derive(Default)]
pub(crate) struct AfterBridge {
    kept: [(&'static str, Option<String>); Self::NAMES.len()],
}

/// Whether the dialplan of a leg continues after its bridge.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialplan {
    /// It continues if `hangup_after_bridge` is `false`.
    MayGoOn,
    /// It does not, because its next actions are meant for a call that could not be parked, or because there are none.
    Over,
}

/// The leg is about to be moved out of the bridge that it may be in. FreeSWITCH would instead run what is meant for after
/// the bridge.
pub(crate) fn hold_back(leg: Channel<'_>) {
    if let Some(application) = leg.variable(AfterBridge::EXECUTE) {
        leg.set_variable(variables::AFTER_BRIDGE, Some(&application));
        leg.set_variable(AfterBridge::EXECUTE, None);
    }
}

/// The leg has arrived, or does not leave.
pub(crate) fn put_back(leg: Channel<'_>) {
    if let Some(application) = leg.variable(variables::AFTER_BRIDGE) {
        leg.set_variable(variables::AFTER_BRIDGE, None);
        leg.set_variable(AfterBridge::EXECUTE, Some(&application));
    }
}

impl AfterBridge {
    const HANGUP: &str = "hangup_after_bridge";
    /// What that is while the others are put aside: false, for FreeSWITCH. Administrators write `false`, and so what a crash
    /// has left behind can be told from theirs.
    const HELD: &str = "inactive";
    const PARK: &str = "park_after_bridge";
    const PARK_EARLY: &str = "park_after_early_bridge";
    const TRANSFER: &str = "transfer_after_bridge";
    const TRANSFER_EARLY: &str = "transfer_after_early_bridge";
    const EXECUTE: &str = "exec_after_bridge_app";
    const ARGUMENT: &str = "exec_after_bridge_arg";
    const NAMES: [&'static str; 7] = [
        Self::HANGUP,
        Self::PARK,
        Self::PARK_EARLY,
        Self::TRANSFER,
        Self::TRANSFER_EARLY,
        Self::EXECUTE,
        Self::ARGUMENT,
    ];

    /// A leg for which a crash has put them aside for good ends with its bridge.
    pub(crate) fn end_of_before(channel: Channel<'_>) {
        if channel.variable(Self::HANGUP).as_deref() == Some(Self::HELD) {
            channel.set_variable(Self::HANGUP, Some("true"));
        }
    }

    /// Reads them.
    #[must_use]
    pub(crate) fn of(channel: Channel<'_>) -> Self {
        Self { kept: Self::NAMES.map(|name| (name, channel.variable(name))) }
    }

    /// Puts them aside for a bridge.
    #[must_use]
    pub(crate) fn take_from(channel: Channel<'_>) -> Self {
        let after = Self::of(channel);
        for (name, value) in &after.kept {
            if value.is_some() {
                channel.set_variable(name, None);
            }
        }
        channel.set_variable(Self::HANGUP, Some(Self::HELD));
        after
    }

    /// Puts them back. What was set while the two were talking counts instead: FreeSWITCH itself does that
    /// (`hold_hangup_xfer_exten`).
    pub(crate) fn restore_to(&self, channel: Channel<'_>) {
        for (name, value) in &self.kept {
            let now = channel.variable(name);
            if now.is_none() || (*name == Self::HANGUP && now.as_deref() == Some(Self::HELD)) {
                channel.set_variable(name, value.as_deref());
            }
        }
    }

    /// Ends a leg whose bridge is over: parked, transferred or sent to an application if it asked for that, else hung up
    /// with `cause`. Nothing if it has left already; but FreeSWITCH sends a leg that an attended transfer took out of its
    /// bridge back to its dialplan when the next one is over.
    pub(crate) fn end(&self, session: Session<'_>, cause: Cause, dialplan: Dialplan) {
        let channel = session.channel();
        let hangup = self.wish(Self::HANGUP).unwrap_or_default();
        let hangs_up = is_true(hangup) || hangup.eq_ignore_ascii_case("explicit");
        let goes_on = is_false(hangup) && dialplan == Dialplan::MayGoOn;
        if !goes_on {
            // Also if it leaves now for another bridge: FreeSWITCH brings it back to its dialplan after that.
            application::run_nothing(session);
        }
        if noted_cause(channel) == Some(Cause::ATTENDED_TRANSFER) {
            // FreeSWITCH may hang up the leg that transfers before it says that the other one is sent elsewhere.
            let leaves = || channel.is_being_sent() || !channel.executing();
            clock::poll(SENT_WITHIN, Duration::from_millis(1), leaves);
        }
        channel.wait_until_sent();
        if !channel.ready() || !channel.executing() {
            return;
        }
        if self.is_set(Self::PARK) || self.is_set(Self::PARK_EARLY) {
            ivr::transfer(session, "park", Some("inline"), None);
        } else if let Some(place) =
            self.wish(Self::TRANSFER).or_else(|| self.wish(Self::TRANSFER_EARLY))
        {
            channel.set_variable(Self::TRANSFER, None);
            let mut parts = place.splitn(3, ':');
            let extension = parts.next().unwrap_or_default();
            ivr::transfer(session, extension, parts.next(), parts.next());
        } else if let Some(app) = self.wish(Self::EXECUTE).filter(|_| !hangs_up) {
            application::run_next(session, app, self.wish(Self::ARGUMENT).unwrap_or_default());
        } else if !goes_on {
            channel.hangup(cause);
        }
    }

    fn wish(&self, wanted: &str) -> Option<&str> {
        self.kept.iter().find(|(name, _)| *name == wanted)?.1.as_deref()
    }

    fn is_set(&self, wanted: &str) -> bool {
        self.wish(wanted).is_some_and(is_true)
    }
}
