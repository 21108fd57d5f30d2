//! Legs that we send to the application `callpark`, and what for.

use std::sync::Arc;
use std::time::Duration;

use crate::clock;
use crate::hops::Hops;
use crate::message;
use crate::module::Module;
use crate::park::{CallUuid, LotConfig, LotKey, OrbitName, User, Want};
use crate::recordings;
use crate::replaces::Replacement;
use crate::ring;
use crate::switch::{Session, ivr};
use crate::tokens::Tokens;

/// How long an orbit is held for a leg that is on its way, in ms.
pub const ARRIVES_WITHIN_MS: u64 = 5_000;

/// What a leg is to do when it arrives.
pub enum Arrival {
    /// Be parked.
    Park {
        /// The lot.
        lot: LotKey,
        /// The orbit, if the one that is held for it has lapsed.
        orbit: Want,
        /// Who parks it.
        parker: Option<User>,
        /// The consultation leg whose orbit it takes over.
        heir_of: Option<CallUuid>,
    },
    /// Take the place of a parked leg.
    Replace(Replacement),
    /// Hear where the call is, and be let go.
    Tell {
        /// The lot.
        lot: LotKey,
        /// The orbit.
        orbit: OrbitName,
    },
}

/// How often a channel is told to go, and how long each time it may take to get there.
const TRIES: u32 = 3;
const GETS_THERE_WITHIN: Duration = Duration::from_millis(700);

/// Sends a channel, whatever it is doing, to an application of ours on an errand. True: it is there. A channel that is
/// just being routed can lose a transfer, so it is told again.
pub fn send<T>(tokens: &Tokens<T>, errand: T, leg: Session<'_>, application: &str) -> bool {
    let token = tokens.send(errand);
    let destination = format!("{application}:{token}");
    recordings::follow_out_of_bridge(leg);
    let hops = Hops::of(leg.channel());
    for _ in 0..TRIES {
        // Told more than once, it is still one transfer.
        hops.restore(leg.channel());
        Hops::spare_one(leg.channel());
        if !ivr::transfer(leg, &destination, Some("inline"), None) {
            break;
        }
        // On its own thread it goes there when what it is doing right now, asking us, has ended.
        let up = || leg.channel().up();
        if leg.in_its_thread() {
            tokens.unwatched(&token);
            return true;
        }
        if tokens.wait_until_taken(&token, GETS_THERE_WITHIN, up) {
            return true;
        }
    }
    tokens.take(&token).is_none()
}

/// The name under which an orbit is held whose consultation leg has gone before its heir came.
#[must_use]
pub fn heir_without_name(token: &str) -> CallUuid {
    CallUuid::from(token)
}

/// The leg takes over what the consultation leg `holder` has: it is still in the orbit, or has left it for whoever
/// comes with `token`.
pub fn inherit(module: &Arc<Module>, heir: Session<'_>, holder: &CallUuid, token: &str) {
    let heir = CallUuid::from(heir.uuid().as_str());
    module.act(None, |park, now| {
        let mut effects = park.hand_on(now, holder, &heir, ARRIVES_WITHIN_MS);
        if park.reservation(&heir).is_none() {
            effects.extend(park.hand_on(now, &heir_without_name(token), &heir, ARRIVES_WITHIN_MS));
        }
        ((), effects)
    });
}

/// Pages the phones of the lot and sends the parker a message, if the lot wants that.
pub fn tell_others(module: &Arc<Module>, lot: Option<&LotConfig>, uuid: &CallUuid) {
    let Some(lot) = lot.filter(|lot| lot.notify || lot.page.is_some()) else { return };
    let Some(call) = module.look(|park| park.find(clock::now(), uuid)) else { return };
    if lot.notify {
        message::send(&call);
    }
    if let Some(dial_string) = &lot.page {
        ring::page(module, call, dial_string.clone());
    }
}
