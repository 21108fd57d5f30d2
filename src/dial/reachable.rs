//! What is known of a user's phones.

use crate::leg::in_calls::InCalls;
use crate::leg::mailbox;
use crate::module::Module;
use crate::park::{Precondition, User};
use crate::switch::api;
use crate::switch::dial_string::endpoints;

/// Why a precondition is not met, if it is not. This asks FreeSWITCH, which takes a moment.
#[must_use]
pub(crate) fn obstacle(module: &Module, asks: &Precondition) -> Option<&'static str> {
    match asks {
        Precondition::Mailbox(user) => mailbox::exists(user).err(),
        Precondition::Registered(user) => unreachable(&contacts(user)),
        Precondition::Idle(user) => not_free(module, user),
    }
}

/// Why a user is not free to take a call, which is that no phone is registered or that one is in a call.
#[must_use]
pub(crate) fn not_free(module: &Module, user: &User) -> Option<&'static str> {
    let contacts = contacts(user);
    let busy = || InCalls::of(module).has(user, &contacts);
    unreachable(&contacts).or_else(|| busy().then_some("the user is in a call"))
}

fn unreachable(contacts: &str) -> Option<&'static str> {
    (!leads_somewhere(contacts)).then_some("no phone of the user is registered")
}

/// Whether mod_sofia makes the call, because it needs names in a form of its own. If several kinds of phones are called at
/// once, or if this is not known, the answer is yes, because most phones are SIP phones.
#[must_use]
pub(crate) fn by_sofia(dial_string: &str) -> bool {
    let called = match dial_string.strip_prefix("user/") {
        Some(user) => user.parse().map_or_else(|_| String::new(), |user| contacts(&user)),
        None => dial_string.to_owned(),
    };
    called.contains("sofia/") || called.contains("group/") || !leads_somewhere(&called)
}

/// Where a user's phones are, by the dial string of the directory. In the usual ones `${sofia_contact(…)}` and
/// `${verto_contact(…)}` give `error/user_not_registered` where no phone is.
fn contacts(whom: &User) -> String {
    let dial_string = api::execute("user_data", &format!("{whom} param dial-string"));
    let dial_string = dial_string
        .unwrap_or_default()
        .replace("${dialed_user}", whom.user())
        .replace("${dialed_domain}", whom.domain());
    if dial_string.is_empty() {
        return dial_string;
    }
    api::execute("expand", &format!("echo {dial_string}")).unwrap_or_default()
}

pub(crate) fn leads_somewhere(dial_string: &str) -> bool {
    endpoints(dial_string).any(|endpoint| {
        endpoint.contains('/') && !endpoint.starts_with("error/") && !endpoint.starts_with("-ERR")
    })
}

#[cfg(test)]
mod tests {
    use super::leads_somewhere;

    #[test]
    fn a_dial_string_leads_somewhere_or_not() {
        for (dial_string, expected) in [
            ("sofia/internal/sip:1000@192.0.2.1:5060", true),
            ("{presence_id=1000@a.b}error/user_not_registered", false),
            ("{a=b,c=d}error/user_not_registered,verto.rtc/u:1", true),
            ("{a=b}[x=y]sofia/a/sip:1@b,[x=y]sofia/a/sip:1@c", true),
            ("error/user_not_registered,error/user_not_registered", false),
            ("{a=b}", false),
            ("-ERR no/reply", false),
            ("", false),
        ] {
            assert_eq!(leads_somewhere(dial_string), expected, "{dial_string}");
        }
    }
}
