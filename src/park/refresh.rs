//! What a reload changes for calls that are parked. A lot may have thousands, so a few are looked at at a time.

use super::Park;
use super::effect::Effect;
use super::lot::Slot;
use super::lot_config::{LotConfig, Recording};
use super::moment::Moment;
use super::names::{CallUuid, OrbitKey, OrbitName};
use super::privacy::Privacy;

/// How many orbits one turn is about.
const AT_ONCE: usize = 64;

/// What is different for the calls of a lot, and up to which orbit that has been seen to.
#[derive(Debug)]
pub(super) struct Stale {
    /// How their lamps look.
    lamps: bool,
    /// How they wait.
    waiting: bool,
    after: Option<OrbitName>,
}

impl Stale {
    /// What is different in `new`, on top of what has been found before and is not seen to yet.
    pub(super) fn between(old: &LotConfig, new: &LotConfig, before: Option<&Self>) -> Option<Self> {
        let lamps = lamps(old) != lamps(new) || before.is_some_and(|before| before.lamps);
        let waiting = waiting(old) != waiting(new) || before.is_some_and(|before| before.waiting);
        (lamps || waiting).then_some(Self { lamps, waiting, after: None })
    }
}

/// The settings on which a lot's lamps depend.
fn lamps(config: &LotConfig) -> (bool, bool, Privacy, u64) {
    (config.blf, config.blf_privacy, config.privacy, config.blf_age_ms)
}

/// Those that a waiting call does not look at again by itself: for how long, with which keys, hearing what and recorded how.
fn waiting(config: &LotConfig) -> (u64, [Option<char>; 2], Option<u64>, Recording) {
    let keys = [config.exit_key, config.callback.key];
    (config.max_wait_ms, keys, config.comfort_every(), config.recording)
}

impl Park {
    /// Sees to some of the calls for which the last [`lay_out`](Self::lay_out) has changed something. Returns whether there are
    /// more.
    pub fn refresh(&mut self, now: Moment) -> bool {
        let Some((lot, stale)) = self.stale.pop_first() else { return false };
        let slots = self.lots.get(&lot).into_iter();
        let slots = slots.flat_map(|held| held.slots_after(stale.after.as_ref()).take(AT_ONCE));
        let some: Vec<(OrbitName, Slot)> =
            slots.map(|(orbit, slot)| (orbit.clone(), slot.clone())).collect();
        let last = some.last().map(|(orbit, _)| orbit.clone());
        for (orbit, slot) in some {
            if let Slot::Parked(uuid) = &slot
                && stale.waiting
            {
                self.wait_otherwise(now, uuid);
            }
            if stale.lamps {
                self.effects.push(Effect::Presence(OrbitKey { lot: lot.clone(), orbit }));
            }
        }
        if last.is_some() {
            self.stale.insert(lot, Stale { after: last, ..stale });
        }
        !self.stale.is_empty()
    }

    /// The call waits by the settings of its lot, which are others than before.
    pub(super) fn wait_otherwise(&mut self, now: Moment, uuid: &CallUuid) {
        let Some(call) = self.calls.get_mut(uuid) else { return };
        let Some(lot) = self.lots.get(&call.place.lot) else { return };
        call.leaves_at = lot.config.leaves_at(call.parked_at, now);
        let comfort_at = lot.config.comfort_every().map(|ms| now.after(ms));
        call.comfort_at = comfort_at.map(|at| call.comfort_at.map_or(at, |before| before.min(at)));
        self.deadlines.arm(call);
        if call.returning.ringing().is_some_and(|ringing| ringing.offer) {
            // Again, with the key that it has now.
            self.effects.push(Effect::Offer(uuid.clone()));
        } else if call.is_to_be_had() {
            self.effects.push(Effect::Wake(uuid.clone()));
        }
    }
}
