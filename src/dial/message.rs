//! SIP messages to the phones of the parker, and of the user for whom a call is meant.

use std::collections::BTreeSet;

use crate::dial::link;
use crate::leg::{actor, caller_id};
use crate::module::Module;
use crate::park::{CallView, Known, Shown, User};
use crate::render::masked;
use crate::switch::dial_string::endpoints;
use crate::switch::event::{Event, Kind};
use crate::switch::{api, log};

/// Sends the parker's phones a message that says where the call is. Returns at once.
pub(crate) fn send(module: &Module, call: &CallView) {
    if let Some(parker) = call.info.parker.clone() {
        send_to(module, call, parker, "Parked");
    }
}

/// Sends the phones of `to` a message that says where the call is. Returns at once.
pub(crate) fn send_to(module: &Module, call: &CallView, to: User, what: &'static str) {
    let (call, uuid, id) = (call.clone(), call.info.uuid.clone(), call.info.uuid.clone());
    let thread = module.threads.tell(move || {
        let Some(module) = Module::running() else { return };
        let text = text_for(&module, &call, &to, what);
        let profiles = profiles(&to);
        if profiles.is_empty() {
            log::info(
                Some(uuid.as_str()),
                format_args!(
                    "no message is sent to {to}, because no phone of that user is registered"
                ),
            );
        }
        for profile in profiles {
            fire(&profile, &to, &text);
        }
    });
    if let Err(reason) = thread {
        log::warning(Some(id.as_str()), format_args!("no message is sent, because {reason}"));
    }
}

/// The text, with as much of the caller as that user may see.
fn text_for(module: &Module, call: &CallView, to: &User, what: &str) -> String {
    let actor = actor::of_user(module, to, &call.lot);
    let (text, shown) = module.look(|park| {
        let config = park.lot_config(&call.lot);
        let text = config.map(|config| config.notify_text.clone()).unwrap_or_default();
        (text, park.seen_by(&actor, &call.lot, &call.info))
    });
    let info = masked::call(call.info.clone(), shown.unwrap_or(Shown::Nothing));
    let seen = CallView { info, ..call.clone() };
    text.filled(|known| match known {
        Known::Notice => what.to_owned(),
        Known::Lot => call.lot.to_string(),
        Known::Orbit => call.orbit.to_string(),
        Known::Name => caller_id::shown_name(&seen),
        Known::Number => caller_id::shown_number(&seen),
        Known::Parker => call.info.parker.as_ref().map(User::to_string).unwrap_or_default(),
        Known::For => call.info.addressee().as_ref().map(User::to_string).unwrap_or_default(),
        Known::Note => seen.info.note.to_string(),
        Known::Link => link_for(module, call, to),
    })
}

/// A link for that user, or nothing.
fn link_for(module: &Module, call: &CallView, to: &User) -> String {
    link::to(module, call, to, link::GOOD_FOR).unwrap_or_else(|why| {
        log::warning(
            Some(call.info.uuid.as_str()),
            format_args!("the message to {to} is without a link, because {why}"),
        );
        String::new()
    })
}

/// Sends the message through one profile of mod_sofia, to all phones that the user has registered there.
fn fire(profile: &str, to: &User, text: &str) {
    let Some(message) = Event::new(Kind::SendMessage, None) else { return };
    message
        .with("profile", profile)
        .with("user", to.user())
        .with("host", to.domain())
        .with("subject", "Parked call")
        .with("content-type", "text/plain")
        .with_body(text)
        .fire();
}

/// The profiles on which phones of the user are registered.
fn profiles(user: &User) -> BTreeSet<String> {
    profiles_of(&api::execute("sofia_contact", &format!("*/{user}")).unwrap_or_default())
}

/// Those of an answer such as `sofia/internal/sip:1001@192.0.2.1:5060,sofia/external/sip:…`.
pub(crate) fn profiles_of(contacts: &str) -> BTreeSet<String> {
    endpoints(contacts)
        .filter_map(|contact| contact.strip_prefix("sofia/"))
        .filter_map(|rest| rest.split_once('/'))
        .filter(|(_, contact)| contact.starts_with("sip"))
        .map(|(profile, _)| profile.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::profiles_of;

    #[test]
    fn a_user_s_phones_can_be_on_several_profiles() {
        for (contacts, expected) in [
            ("error/user_not_registered", &[][..]),
            ("", &[]),
            ("sofia/internal/sip:1001@192.0.2.1:5060;fs_path=sip:x", &["internal"]),
            ("sofia/a/sip:1@x,sofia/b/sip:1@y, sofia/a/sips:2@x", &["a", "b"]),
            ("sofia/a/sip:1;x=sofia/b/sip@x", &["a"]),
        ] {
            assert_eq!(profiles_of(contacts).into_iter().collect::<Vec<_>>(), expected);
        }
    }
}
