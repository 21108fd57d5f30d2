//! Who is really behind a leg: `bridge loopback/701` runs the application on a leg that FreeSWITCH made for it, and the
//! caller is at the other end of the pair. So is one whose call leaves by SIP and comes back to this very switch.

use crate::leg::placed::Placed;
use crate::module::Module;
use crate::switch::channel::Flag;
use crate::switch::{Located, Session};

/// A dialplan that goes through more of them goes round in circles.
const MOST_HOPS: usize = 8;

/// How a leg leads to another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    /// It is the far half of a loopback pair.
    Loopback,
    /// It is a SIP call that this switch has placed to itself.
    Sip,
}

/// All legs behind this one, nearest first; empty for a phone's own.
#[must_use]
pub(crate) fn legs(module: &Module, session: Session<'_>) -> Vec<Located> {
    links(module, session).into_iter().map(|(leg, _)| leg).collect()
}

/// The call that is really meant when an application runs on a loopback leg: the channel that bridges to it, through any
/// number of pairs. `None`: the leg stands for itself, or for a call that somebody has placed for it by a command.
#[must_use]
pub(crate) fn caller(module: &Module, session: Session<'_>) -> Option<Located> {
    let loopback = |(leg, link)| (link == Link::Loopback).then_some(leg);
    links(module, session).into_iter().map_while(loopback).last()
}

/// Whether the channel behind a loopback leg has another party on hold meanwhile (`att_xfer`): it asks, and may hand the
/// other one over to what it hears.
#[must_use]
pub(crate) fn is_consulting(caller: Session<'_>) -> bool {
    caller.channel().variable("soft_holding_uuid").is_some()
}

fn links(module: &Module, session: Session<'_>) -> Vec<(Located, Link)> {
    let mut found: Vec<(Located, Link)> = Vec::new();
    while found.len() < MOST_HOPS {
        let here = found.last().map_or(session, |(leg, _)| leg.session());
        let Some((next, link)) = next_hop(module, here) else { break };
        let uuid = next.session().uuid();
        if uuid == session.uuid() || found.iter().any(|(leg, _)| leg.session().uuid() == uuid) {
            break;
        }
        found.push((next, link));
    }
    found
}

/// The channel that has called this leg, if another one of this switch has.
fn next_hop(module: &Module, here: Session<'_>) -> Option<(Located, Link)> {
    let channel = here.channel();
    if channel.variable("direction").as_deref() != Some("inbound") {
        return None;
    }
    if let Some(near) = channel.variable("other_loopback_leg_uuid") {
        return Some((who_called(Located::find(&near)?.session())?, Link::Loopback));
    }
    // What FreeSWITCH sends it says so.
    channel.variable("sip_h_X-FS-Support")?;
    let placed = Placed::of(module).leg(&channel.variable("sip_call_id")?)?;
    Some((who_called(placed.session())?, Link::Sip))
}

/// The channel for which a leg was called, or that it is bridged to now.
fn who_called(leg: Session<'_>) -> Option<Located> {
    let channel = leg.channel();
    let bridged = channel.test(Flag::Bridged).then(|| channel.partner_uuid()).flatten();
    let caller = bridged
        .or_else(|| channel.variable("ent_originate_aleg_uuid"))
        .or_else(|| channel.partner_uuid())
        .or_else(|| channel.variable("loopback_from_uuid"))?;
    let caller = Located::find(&caller)?;
    let elsewhere = caller.session().channel().test(Flag::Bridged)
        && caller.session().channel().partner_uuid().as_deref() != Some(&leg.uuid());
    // Bridged to somebody else, it is here no more, unless it merely asks.
    (!elsewhere || is_consulting(caller.session())).then_some(caller)
}
