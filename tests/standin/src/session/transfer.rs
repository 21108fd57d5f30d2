//! Sending a call elsewhere in the dialplan.

use std::time::Duration;

use super::Session;
use crate::state::{CF_TRANSFER, CS_ROUTING};
use crate::{live, switch};

impl Session {
    /// As `switch_ivr_session_transfer`.
    pub fn transfer(&self, extension: &str, dialplan: Option<&str>, context: Option<&str>) -> bool {
        fn given(text: Option<&str>) -> Option<&str> {
            text.filter(|text| !text.is_empty())
        }
        let own = |name: &str| {
            self.variables.lock().get(name).and_then(|value| value.parse::<i32>().ok())
        };
        let (counter, left) = match own("max_session_transfers") {
            Some(left) => ("max_session_transfers", left - 1),
            None => ("max_forwards", own("max_forwards").map_or(70, |left| left - 1)),
        };
        if left <= 0 {
            self.hangup(25);
            return false;
        }
        self.set(counter, Some(&left.to_string()));
        self.set("temp_hold_music", None);
        {
            let mut profile = self.profile.lock();
            let old = |name: &str| profile.get(name).cloned().filter(|value| !value.is_empty());
            let plan = given(dialplan).map(str::to_owned);
            let plan = plan
                .or_else(|| old("dialplan").filter(|plan| !plan.eq_ignore_ascii_case("inline")));
            let context = given(context).map(str::to_owned).or_else(|| old("context"));
            let fields = [
                ("rdnis", old("destination_number").unwrap_or_default()),
                ("destination_number", given(Some(extension)).unwrap_or("service").to_owned()),
                ("dialplan", plan.unwrap_or_else(|| "XML".to_owned())),
                ("context", context.unwrap_or_else(|| "default".to_owned())),
            ];
            profile.extend(fields.map(|(name, value)| (name.to_owned(), value)));
        }
        self.set("signal_bond", None);
        self.set_flag(CF_TRANSFER, true);
        if let Some(other) = self.get("bridge_to").and_then(|uuid| live::get(&uuid)) {
            other.set("signal_bond", None);
        }
        std::thread::sleep(self.milliseconds("late_transfer"));
        self.set_state(CS_ROUTING);
        // The channel may be running elsewhere already, as in FreeSWITCH.
        if !self.in_thread() {
            std::thread::sleep(Duration::from_millis(2));
        }
        let source = format!("{}:{}:bl_xfer:{extension}", switch::epoch().as_secs(), self.uuid());
        self.set("transfer_source", Some(&source));
        true
    }
}
