//! The phones that a dial string names.

use crate::leg::expand::expand;
use crate::switch::dial_string::{DialString, MOST};
use crate::switch::{Located, Session};

/// What FreeSWITCH writes into a channel for which it looks up a group.
const WRITTEN: [&str; 3] = ["dialed_user", "dialed_domain", "dialed_group"];

/// A text of the configuration or of a command, with `${…}` replaced as the channel `uuid` has it.
///
/// # Errors
/// The channel has gone, or holds what must not go into a dial string.
pub(crate) fn filled(uuid: &str, text: &str) -> Result<DialString, String> {
    let located = Located::find(uuid).ok_or("the caller has hung up")?;
    in_session(located.session(), text)
}

fn in_session(session: Session<'_>, text: &str) -> Result<DialString, String> {
    let text = expand(session.channel(), text).map_err(|unfit| unfit.to_string())?;
    Ok(DialString::filled(text))
}

/// Each phone of a dial string, so that all of them can be called and not only the fastest. These are the members of
/// `group/sales@example.com`, or what commas separate.
///
/// # Errors
/// The channel has gone, or holds what must not go into a dial string.
pub(crate) fn phones(uuid: &str, text: &str) -> Result<Vec<DialString>, String> {
    let located = Located::find(uuid).ok_or("the caller has hung up")?;
    let session = located.session();
    let mut phones = Vec::new();
    for phone in in_session(session, text)?.each() {
        match phone.group() {
            Some(group) => {
                for member in DialString::filled(members(session, group)).each() {
                    phones.push(in_session(session, member.as_str())?);
                }
            }
            None => phones.push(phone),
        }
    }
    phones.truncate(MOST);
    Ok(phones)
}

/// The dial string of a group from FreeSWITCH's directory, in which `${…}` is still to be replaced.
fn members(session: Session<'_>, group: &str) -> String {
    // It goes into a command.
    if group.contains(['$', '{', '}', '(', ')']) {
        return String::new();
    }
    let channel = session.channel();
    let before = WRITTEN.map(|name| (name, channel.variable(name)));
    let members = channel.expand(&format!("${{group_call({group})}}"));
    for (name, value) in before {
        channel.set_variable(name, value.as_deref());
    }
    members
}
