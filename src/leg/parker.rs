//! The parker of a call: a user of this switch who really took part in it, or unknown.

use crate::leg::departed::Departed;
use crate::leg::party::{self, Facts, Marks, Party};
use crate::module::variables;
use crate::park::{Untrusted, User};
use crate::switch::{Channel, SentField, log};
use crate::tell::cdr;

/// The parker that the dialplan names in `callpark_parker`, unless the module has written that value itself. A name that
/// is not a user's is logged.
#[must_use]
pub(crate) fn named(channel: Channel<'_>) -> Option<User> {
    let named = cdr::named_parker(channel)?;
    let why = match named.parse::<User>() {
        Ok(user) if party::exists(&user) => return Some(user),
        Ok(_) => "it is not a user of the directory",
        Err(_) => "it is not a user@domain",
    };
    let named: String = named.chars().take(80).collect();
    log::warning(
        None,
        format_args!("callpark_parker {named:?} of {} is ignored: {why}", channel.name()),
    );
    None
}

/// The domain of the parker that the dialplan names.
#[must_use]
pub(crate) fn named_domain(channel: Channel<'_>) -> Option<String> {
    let user: User = cdr::named_parker(channel)?.parse().ok()?;
    party::exists(&user).then(|| user.domain().to_owned())
}

/// The party that transferred the call: that of the leg it was connected to (`from`, if known), even if the leg has hung up
/// meanwhile. Only if nothing is known of that leg does the header Referred-By count, which can be left over from an earlier
/// transfer.
#[must_use]
pub(crate) fn of_transfer(
    departed: &Departed,
    channel: Channel<'_>,
    from: Option<String>,
) -> Party {
    let own = Marks::of(channel);
    let from = from.or_else(|| channel.variable("last_bridge_to"));
    let from = from.and_then(|uuid| departed.marks(&uuid));
    let transferor = match from {
        Some(marks) => marks.party(),
        None => {
            let user = referred_by(channel).and_then(|address| own.user_at(&address));
            let domain = user.as_ref().map(|user| user.domain().to_owned());
            let own = user.as_ref();
            let own = own.and_then(|user| party::directory_variable(user, variables::ALLOW));
            Party { domain, user, facts: Facts { own, ..Facts::of(channel) } }
        }
    };
    if transferor.domain.is_some() {
        return transferor;
    }
    // The sender has no lots, so the call's own dialplan decides.
    Party { domain: own.party().domain, ..transferor }
}

/// The party that Referred-By names, unless the call was connected to another one.
fn referred_by(channel: Channel<'_>) -> Option<Untrusted> {
    let referred = channel.sent(SentField::REFERRED_BY)?.sip_address()?;
    let talked_to =
        channel.sent(SentField::BRIDGE_CHANNEL).and_then(|name| name.user_of_channel_name());
    match (talked_to, referred.address()) {
        (Some(user), Some((named, _))) if user != named => None,
        _ => Some(referred),
    }
}
