//! Who parked a call: a user of ours who was really in it, or nobody that is known.

use crate::leg::departed::Departed;
use crate::leg::party::{self, Marks, Party};
use crate::park::{Untrusted, User};
use crate::switch::{Channel, SentField, log};
use crate::tell::cdr;

/// Who is named as the parker by the dialplan: `callpark_parker`, unless that is what we wrote there ourselves. A name that
/// is not that of a user is logged.
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

/// The domain of the user who is named as the parker by the dialplan.
#[must_use]
pub(crate) fn named_domain(channel: Channel<'_>) -> Option<String> {
    let user: User = cdr::named_parker(channel)?.parse().ok()?;
    party::exists(&user).then(|| user.domain().to_owned())
}

/// Who transferred the call: the leg it was connected to (`from`, if that is known), even if that has hung up meanwhile. Only when nothing is known
/// of that leg the transfer's own word counts (Referred-By), which can be left over from an earlier transfer.
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
            Party { domain: user.as_ref().map(|user| user.domain().to_owned()), user }
        }
    };
    if transferor.domain.is_some() {
        return transferor;
    }
    // Whoever sent it here has no lots: those of its own dialplan are meant.
    Party { domain: own.party().domain, ..transferor }
}

/// Whom Referred-By names, unless the call was connected to somebody else.
fn referred_by(channel: Channel<'_>) -> Option<Untrusted> {
    let referred = channel.sent(SentField::REFERRED_BY)?.sip_address()?;
    let talked_to =
        channel.sent(SentField::BRIDGE_CHANNEL).and_then(|name| name.user_of_channel_name());
    match (talked_to, referred.address()) {
        (Some(user), Some((named, _))) if user != named => None,
        _ => Some(referred),
    }
}
