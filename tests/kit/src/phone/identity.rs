//! Whom the phone's display shows.

use super::message::{Message, display_of, tag_of, user_of};

/// The other party, as a message names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its name; empty when only a number was told.
    pub name: String,
    /// Its number.
    pub number: String,
    /// The header that told.
    pub header: &'static str,
    /// `Privacy`, or the privacy of `Remote-Party-ID`, asks to hide it.
    pub private: bool,
}

impl Identity {
    /// The most trustworthy one in the message, if it bears any. `From` counts in the request
    /// that begins a dialog; later it only names the dialog.
    pub(crate) fn of(message: &Message) -> Option<Identity> {
        let first = message.status().is_none() && tag_of(message.text("To")).is_none();
        let from = first.then_some("From");
        let headers = ["P-Asserted-Identity", "Remote-Party-ID"].into_iter().chain(from);
        for header in headers {
            if let Some(value) = message.get(header) {
                let asked = message.get("Privacy").is_some_and(|value| value != "none");
                return Some(Identity {
                    name: display_of(value),
                    number: user_of(value).to_owned(),
                    header,
                    private: asked || value.contains("privacy=full"),
                });
            }
        }
        None
    }
}
