//! What events say of a call.

use super::Session;
use crate::event::Event;
use crate::state::{CF_ANSWERED, STATES};
use crate::{bus, causes};

impl Session {
    /// The headers FreeSWITCH adds for a channel.
    pub fn data(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        let mut add = |name: &str, value: &str| out.push((name.to_owned(), value.to_owned()));
        add("Unique-ID", &self.uuid());
        add("Channel-Name", &self.name.to_string_lossy());
        let state = self.state();
        add("Channel-State", STATES.get(state as usize).unwrap_or(&"CS_NONE"));
        add("Channel-State-Number", &state.to_string());
        add("Call-Direction", if self.outbound { "outbound" } else { "inbound" });
        let answered = if !self.up() {
            "hangup"
        } else if self.flag(CF_ANSWERED) {
            "answered"
        } else {
            "ringing"
        };
        add("Answer-State", answered);
        for (name, header) in [
            ("caller_id_name", "Caller-Caller-ID-Name"),
            ("caller_id_number", "Caller-Caller-ID-Number"),
            ("callee_id_name", "Caller-Callee-ID-Name"),
            ("callee_id_number", "Caller-Callee-ID-Number"),
            ("destination_number", "Caller-Destination-Number"),
            ("context", "Caller-Context"),
        ] {
            if let Some(value) = self.profile.lock().get(name) {
                add(header, value);
            }
        }
        if self.cause() != 0 {
            add("Hangup-Cause", &causes::name(self.cause()).to_string_lossy());
        }
        for (name, value) in self.variables.lock().iter() {
            add(&format!("variable_{name}"), value);
        }
        out
    }

    pub fn fire(&self, name: &str) {
        self.fire_with(name, &[]);
    }

    pub fn fire_with(&self, name: &str, more: &[(&str, &str)]) {
        let mut event = Event::named(name);
        event.headers.extend(self.data());
        for (name, value) in more {
            event.add(name, value);
        }
        bus::fire(event);
    }
}
