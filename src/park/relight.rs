//! Lamps that are to look otherwise after a reload. A lot may have thousands, so they are shown a few at a time.

use super::Park;
use super::effect::Effect;
use super::names::{OrbitKey, OrbitName};

/// How many orbits one turn is about.
const AT_ONCE: usize = 64;

/// Up to which orbit the lamps of a lot have been shown anew.
pub(super) type Relit = Option<OrbitName>;

impl Park {
    /// Shows some of the lamps anew that are to look otherwise since the last [`lay_out`](Self::lay_out). Returns whether there
    /// are more.
    pub fn relight(&mut self) -> bool {
        let Some((lot, relit)) = self.relit.pop_first() else { return false };
        let slots = self.lots.get(&lot).into_iter();
        let slots = slots.flat_map(|held| held.slots_after(relit.as_ref()).take(AT_ONCE));
        let some: Vec<OrbitName> = slots.map(|(orbit, _)| orbit.clone()).collect();
        let last = some.last().cloned();
        let places = some.into_iter().map(|orbit| OrbitKey { lot: lot.clone(), orbit });
        self.effects.extend(places.map(Effect::Presence));
        if last.is_some() {
            self.relit.insert(lot, last);
        }
        !self.relit.is_empty()
    }
}
