//! Whose name the phones show across a hand-over.

use crate::park::CallView;
use crate::switch::Session;

/// What the two legs showed before they were to be connected.
pub struct Names {
    leg: [(&'static str, String); 2],
    parked: [(&'static str, String); 2],
}

impl Names {
    /// Shows each the other: the leg that takes the call gets the caller's name and number, the caller gets those of the
    /// leg. When FreeSWITCH bridges, it sends the caller id of the leg that did not drive, and the callee id of the one
    /// that did (`switch_ivr_bridge_display`).
    #[must_use]
    pub fn exchange(leg: Session<'_>, parked: Session<'_>, call: &CallView) -> Self {
        let before = |session: Session<'_>, fields: [&'static str; 2]| {
            fields.map(|field| (field, session.channel().variable(field).unwrap_or_default()))
        };
        let was = Self {
            leg: before(leg, ["caller_id_name", "caller_id_number"]),
            parked: before(parked, ["callee_id_name", "callee_id_number"]),
        };
        let [(_, name), (_, number)] = &was.leg;
        parked.channel().set_profile("callee_id_name", name);
        parked.channel().set_profile("callee_id_number", number);
        leg.channel().step_caller_profile();
        leg.channel().set_profile("caller_id_name", &call.caller_id_name);
        leg.channel().set_profile("caller_id_number", &call.caller_id_number);
        was
    }

    /// They were not connected: everything as before.
    pub fn undo(&self, leg: Session<'_>, parked: Session<'_>) {
        for (session, fields) in [(leg, &self.leg), (parked, &self.parked)] {
            for (field, value) in fields {
                session.channel().set_profile(field, value);
            }
        }
    }
}
