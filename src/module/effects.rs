//! Carries out what the table decided. Runs with none of our locks held.

use std::sync::Arc;

use crate::dial::callback;
use crate::dial::ring;
use crate::leg::handover;
use crate::leg::pickup_tone;
use crate::module::{Interlude, Module};
use crate::park::Effect;
use crate::switch::{Session, log};
use crate::tell::event;
use crate::tell::feed::Turn;

/// Whether something in there is told to the world, in its turn.
pub(crate) fn are_told(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Event(_) | Effect::Callback(_)))
}

/// Carries out `effects` in their order, but first, in `turn`, those that are told. `here`: the session on whose thread we
/// are.
pub(crate) fn carry_out(
    module: &Arc<Module>,
    effects: Vec<Effect>,
    turn: Option<Turn<'_>>,
    here: Option<Session<'_>>,
) {
    if let Some(mut turn) = turn {
        for effect in &effects {
            match effect {
                Effect::Event(event) => turn.tells(event::news(event, here)),
                Effect::Callback(news) => turn.tells(event::callback_news(news)),
                _ => {}
            }
        }
    }
    for effect in effects {
        match effect {
            Effect::Event(event) => pickup_tone::tone(module, &event),
            Effect::Callback(_) => {}
            // One thread shows lamps, so that the last one to be shown is the last one that was true.
            Effect::Presence(lot, orbit) => module.lamps.changed(lot, orbit),
            Effect::Wake(uuid) => module.wake(&uuid),
            Effect::Ring(step) => ring::step(module, *step),
            Effect::StopRing(run, why) => module.rings.stop(run, why),
            Effect::Comfort(uuid) => module.interlude(&uuid, Interlude::Comfort),
            Effect::Offer(uuid) => module.interlude(&uuid, Interlude::Offer),
            Effect::CallBack(callback) => callback::attempt(module, *callback),
            Effect::ClaimLost { ticket, .. } => {
                // The leg that waits in it sees the parked leg go and leaves by itself.
                handover::withdraw(module, ticket);
            }
            Effect::Lapsed { uuid, lot, orbit } => log::notice(
                Some(uuid.as_str()),
                format_args!(
                    "{lot} {orbit}: the orbit was held for {uuid}, which did not come; it is free again"
                ),
            ),
        }
    }
}
