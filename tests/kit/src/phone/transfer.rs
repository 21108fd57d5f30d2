//! Transfers: REFER, blind and attended.

use std::time::Duration;

use super::call::Call;

/// Whether the phone says who it is when it transfers. Not all do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferredBy {
    /// With a header `Referred-By`.
    Yes,
    /// Without.
    No,
}

impl Call {
    /// Blind transfer of the other party; the code that the switch answers (202).
    #[track_caller]
    pub fn refer(&self, target: &str, referred_by: ReferredBy) -> u16 {
        let target = self.agent.lock().settings.address_of(target);
        self.send_refer(&format!("<{target}>"), referred_by)
    }

    /// Attended transfer: this call's other party takes the place of this phone in `consultation`.
    #[track_caller]
    pub fn refer_replaces(&self, consultation: &Call, referred_by: ReferredBy) -> u16 {
        let to = consultation.look(|call| super::message::uri_of(&call.dialog.remote).to_owned());
        let replaces = consultation.replaces().replace(';', "%3B").replace('=', "%3D");
        self.send_refer(&format!("<{to}?Replaces={replaces}>"), referred_by)
    }

    /// The value of a header `Replaces` that names this call to the switch.
    pub fn replaces(&self) -> String {
        self.look(|call| {
            let dialog = &call.dialog;
            let (to, from) = (dialog.remote_tag(), dialog.local_tag());
            format!("{};to-tag={to};from-tag={from}", dialog.call_id)
        })
    }

    /// Waits for a NOTIFY about the transfer whose body contains `text`, such as `200`.
    ///
    /// # Panics
    /// When none comes.
    #[track_caller]
    pub fn wait_referred(&self, text: &str, timeout: Duration) -> String {
        self.expect(timeout, &format!("a NOTIFY with {text}"), |call| {
            let mut bodies = call.sipfrags.iter().map(|(_, body)| body);
            bodies.find(|body| body.contains(text)).cloned()
        })
    }

    /// The bodies of all NOTIFYs about transfers.
    pub fn sipfrags(&self) -> Vec<String> {
        self.look(|call| call.sipfrags.iter().map(|(_, body)| body.clone()).collect())
    }

    #[track_caller]
    fn send_refer(&self, refer_to: &str, referred_by: ReferredBy) -> u16 {
        let response = self.agent.request(|state| {
            let by = format!("<{}>", state.settings.uri());
            let call = state.calls.get_mut(&self.id).expect("a call of this phone");
            let refer = call.dialog.request("REFER").with("Refer-To", refer_to);
            match referred_by {
                ReferredBy::Yes => refer.with("Referred-By", by),
                ReferredBy::No => refer,
            }
        });
        response.status().unwrap_or(0)
    }
}
