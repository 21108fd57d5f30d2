//! What is known of a user's phones.

use crate::park::Availability;
use crate::switch::{api, core};

/// Whether the user (`user@domain`) can be reached now: asks FreeSWITCH, which takes a moment.
#[must_use]
pub fn availability(user: &str) -> Availability {
    Availability { registered: is_registered(user), busy: is_busy(user) }
}

fn is_registered(user: &str) -> bool {
    let contact = |command: &str, whom: &str, proto: &str| {
        api::execute(command, whom).is_some_and(|contact| contact.contains(proto))
    };
    contact("sofia_contact", &format!("*/{user}"), "sofia/")
        || (crate::switch::module::is_loaded("mod_verto")
            && contact("verto_contact", user, "verto.rtc/"))
}

/// FreeSWITCH gives every leg to and from a user's phones this variable.
fn is_busy(user: &str) -> bool {
    core::has_channel("presence_id", user)
}

/// Whether there is such a voicemail box: a user of the directory, and the module.
///
/// # Errors
/// What is missing.
pub fn has_mailbox(user: &str, domain: &str) -> Result<(), &'static str> {
    if !crate::switch::module::is_loaded("mod_voicemail") {
        return Err("mod_voicemail is not loaded");
    }
    let exists = api::execute("user_exists", &format!("id {user} {domain}"));
    match exists.as_deref().map(str::trim) {
        Some("false") => Err("there is no such user"),
        _ => Ok(()),
    }
}
