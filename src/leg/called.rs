//! For whom a leg was called. FreeSWITCH says so in variables of the leg, and overwrites them as soon as that leg calls a user
//! itself. So it is noted when the leg begins.

use crate::module::variables::CALLED_FOR;
use crate::park::User;
use crate::switch::{Channel, Session};

const NOBODY: &str = "-";

/// A channel begins. One that comes back after a crash has its note already.
pub(super) fn began(session: Session<'_>) {
    let channel = session.channel();
    if was_called(channel) && channel.variable(CALLED_FOR).is_none() {
        let user = dialled(channel);
        channel.set_variable(CALLED_FOR, Some(user.as_ref().map_or(NOBODY, User::as_str)));
    }
}

/// The user for whose phone that leg was called. None: it came in, or it was called for no user.
#[must_use]
pub(crate) fn user(channel: Channel<'_>) -> Option<User> {
    if !was_called(channel) {
        return None;
    }
    match channel.variable(CALLED_FOR) {
        Some(noted) => noted.parse().ok(),
        // It is older than the module.
        None => dialled(channel),
    }
}

fn was_called(channel: Channel<'_>) -> bool {
    channel.variable("direction").as_deref() == Some("outbound")
}

/// What FreeSWITCH says now, on the channel itself: a global variable of such a name says nothing about one leg.
fn dialled(channel: Channel<'_>) -> Option<User> {
    let own = channel.own_variables();
    User::of(&own.get("dialed_user")?, &own.get("dialed_domain")?)
}
