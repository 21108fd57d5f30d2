//! Calling a phone about a parked call, and sending the leg that answers on an errand.

use std::time::Duration;

use crate::dial::reachable;
use crate::leg::caller_id;
use crate::module::tokens::Tokens;
use crate::module::variables;
use crate::park::CallView;
use crate::switch::calling::{self, CallOff, Dial};
use crate::switch::dial_string::DialString;
use crate::switch::{Cause, Located, clock};

/// With this variable, mod_sofia asks the phone to answer by itself.
pub(super) const ANSWERS_ITSELF: &str = "sip_auto_answer";
/// How long a leg that has answered may take to start its application.
const STARTS_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A call to be made.
pub(crate) struct Outgoing<'a> {
    /// The lot of the parked call.
    pub lot: String,
    /// The orbit of the parked call.
    pub orbit: &'a str,
    /// What it calls.
    pub dial_string: &'a DialString,
    /// For how many seconds it rings.
    pub ring_s: u32,
    /// The name that the phone shows.
    pub name: String,
    /// The number that the phone shows.
    pub number: String,
    /// More variables of the new leg.
    pub variables: Vec<(&'a str, &'a str)>,
}

impl<'a> Outgoing<'a> {
    /// A call about that parked call, which shows that name and the caller's number.
    #[must_use]
    pub(crate) fn about(
        call: &'a CallView,
        dial_string: &'a DialString,
        ring_s: u32,
        name: String,
    ) -> Self {
        Self {
            lot: call.lot.to_string(),
            orbit: call.orbit.as_str(),
            dial_string,
            ring_s,
            name,
            number: caller_id::shown_number(call),
            variables: Vec::new(),
        }
    }

    /// Adds a variable.
    #[must_use]
    pub(crate) fn with(mut self, name: &'a str, value: &'a str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// Calls and waits for the answer.
    ///
    /// # Errors
    /// Why nobody answered, by FreeSWITCH's cause name.
    pub(crate) fn reach(self, call_off: &CallOff) -> Result<Located, String> {
        let name = match reachable::by_sofia(self.dial_string.as_str()) {
            true => caller_id::for_sip(&self.name),
            false => self.name,
        };
        let ring_s = self.ring_s.to_string();
        let mut variables = vec![
            // The phone has to be answered. Early media does not count.
            ("ignore_early_media", "true"),
            // For `user/`, `group/` and the like, which otherwise ignore the timeout and use their own.
            ("leg_timeout", ring_s.as_str()),
            (variables::LOT, self.lot.as_str()),
            (variables::ORBIT, self.orbit),
        ];
        variables.extend(self.variables);
        let dial = Dial {
            dial_string: self.dial_string,
            ring_s: self.ring_s,
            caller_id_name: &name,
            caller_id_number: &self.number,
            variables: &variables,
        };
        calling::call(&dial, call_off)
    }
}

/// Has a leg that has answered run an application for an errand, and waits until it has begun.
///
/// # Errors
/// The leg hung up before that.
pub(crate) fn dispatch<T>(
    tokens: &Tokens<T>,
    errand: T,
    leg: Located,
    application: &str,
) -> Result<(), String> {
    let uuid = leg.session().uuid();
    let token = tokens.issue(errand, application, "");
    calling::run_application(leg.session(), application, &token);
    drop(leg);
    // From here on the leg's own thread continues, unless the leg hangs up first.
    clock::poll(STARTS_WITHIN, LOOK_EVERY, || {
        !tokens.is_out(&token) || Located::find(&uuid).is_none()
    });
    if tokens.take(&token).is_none() {
        return Ok(());
    }
    if let Some(leg) = Located::find(&uuid) {
        leg.session().channel().hangup(Cause::NORMAL_CLEARING);
        return Err(format!("the phone that answered did not start {application}"));
    }
    Err("the phone that answered hung up".to_owned())
}
