//! A user's voicemail.

use crate::park::{Destination, User};
use crate::switch::{api, module};

/// Whether there is such a voicemail box: a user of the directory, and the module.
///
/// # Errors
/// What is missing.
pub(crate) fn exists(user: &User) -> Result<(), &'static str> {
    if !module::is_loaded("mod_voicemail") {
        return Err("mod_voicemail is not loaded");
    }
    let exists = api::execute("user_exists", &format!("id {} {}", user.user(), user.domain()));
    match exists.as_deref().map(str::trim) {
        Some("false") => Err("there is no such user"),
        _ => Ok(()),
    }
}

/// The voicemail box of a user, in the dialplan's own words.
pub(crate) fn place(user: &User) -> Destination {
    Destination {
        exten: format!("voicemail:default {} {}", user.domain(), user.user()),
        dialplan: Some("inline".to_owned()),
        context: None,
    }
}
