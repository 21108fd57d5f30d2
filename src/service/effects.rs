//! Carries out what the table decided. Runs with none of our locks held.

use std::sync::Arc;
use std::time::Duration;

use crate::dial::callback;
use crate::dial::ring;
use crate::dial::ringing;
#[cfg(feature = "web")]
use crate::hooks::Webhooks;
use crate::journal::{self, Keeper};
use crate::leg::handover;
use crate::leg::pickup_tone;
use crate::module::{Decided, Interlude, Module};
use crate::park::Effect;
use crate::service::recovery::Count;
use crate::switch::{Session, clock, log};
use crate::tell::event;
use crate::tell::feed::Feed;
use crate::tell::lamps::queue::LampQueue;
#[cfg(feature = "web")]
use crate::web::Web;

/// Carries out what was decided, events first and then the rest in its order. `here` is the session on whose thread this runs.
pub(crate) fn carry_out(module: &Arc<Module>, decided: Decided, here: Option<Session<'_>>) {
    let Decided { number, effects } = decided;
    tell(module, number, &effects, here);
    for effect in effects {
        match effect {
            Effect::Event(event) => {
                ringing::happened(module, &event);
                pickup_tone::tone(module, &event);
            }
            Effect::Callback(_) => {}
            // One thread shows lamps, so that the last one to be shown is the last one that was true.
            Effect::Presence(place) => LampQueue::of(module).changed(place),
            // Boards show all lots, so which one it is does not matter.
            #[cfg(feature = "web")]
            Effect::InService(_) => Web::of(module).refresh(),
            #[cfg(not(feature = "web"))]
            Effect::InService(_) => {}
            Effect::Wake(uuid) => module.wake(&uuid),
            Effect::TimeIsUp(at) => {
                let late_ms = clock::now().since(at);
                module.timings.lateness.took(Duration::from_millis(late_ms));
            }
            Effect::Ring(step) => ring::step(module, *step),
            Effect::StopRing(run, why) => ringing::stop(module, run, why),
            Effect::Comfort(uuid) => module.interlude(&uuid, Interlude::Comfort),
            Effect::Offer(uuid) => module.interlude(&uuid, Interlude::Offer),
            Effect::TryCallback(callback) => callback::attempt(module, *callback),
            Effect::ClaimLost { ticket, .. } => {
                // The leg that waits in it sees the parked leg go and leaves by itself.
                handover::withdraw(module, ticket);
            }
            Effect::Lapsed { uuid, place } => log::notice(
                Some(uuid.as_str()),
                format_args!("{place}: the orbit is free again, because {uuid} did not arrive"),
            ),
        }
    }
}

/// Tells the world, when it is the turn of this decision.
fn tell(module: &Module, number: u64, effects: &[Effect], here: Option<Session<'_>>) {
    let feed = Feed::of(module);
    let keeper = Keeper::of(module);
    #[cfg(feature = "web")]
    let hooks = Webhooks::of(module);
    let recovered = module.table::<Count>();
    let mut turn = feed.turn(number);
    for effect in effects {
        match effect {
            Effect::Event(event) => {
                recovered.event(event);
                let news = event::news(event, here, module.valet);
                // The journal is about calls that are parked, or were to be.
                if event.right.is_some() {
                    turn.tells(news);
                } else {
                    let (keeper, entry) = (Arc::clone(&keeper), Box::new(journal::entry(event)));
                    #[cfg(feature = "web")]
                    let hooks = Arc::clone(&hooks);
                    turn.tells(news.heard_by(move || {
                        #[cfg(feature = "web")]
                        hooks.heard(&entry);
                        keeper.record(*entry);
                    }));
                }
            }
            Effect::Callback(news) => {
                recovered.callback(news);
                turn.tells(event::callback_news(news));
            }
            _ => {}
        }
    }
}
