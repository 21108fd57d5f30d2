//! Which names are those of lots and orbits that belong to tenants, of whichever.

use std::collections::HashSet;
use std::sync::Arc;

use super::lot_config::LotConfig;
use super::names::{LotName, OrbitName};
use super::range::{OrbitRange, Piece};

/// The names, without saying whose.
#[derive(Clone, Debug, Default)]
pub(super) struct Tenants {
    lots: HashSet<LotName>,
    /// Pieces that do not overlap, in order: tenants may well have the same orbits.
    orbits: Vec<Piece>,
}

impl Tenants {
    pub(super) fn of<'a>(configs: impl Iterator<Item = &'a Arc<LotConfig>>) -> Self {
        let mut tenants = Tenants::default();
        let mut pieces = Vec::new();
        for config in configs.filter(|config| config.key.domain.is_some() || config.per_domain) {
            tenants.lots.insert(config.key.name.clone());
            pieces.extend(config.ranges.iter().flat_map(OrbitRange::pieces));
        }
        pieces.sort_by(|a, b| a.place().cmp(&b.place()));
        for piece in pieces {
            match tenants.orbits.last_mut() {
                Some(last) if last.joins(&piece) => last.high = last.high.max(piece.high),
                _ => tenants.orbits.push(piece),
            }
        }
        tenants
    }

    /// Whether a lot or an orbit is called so.
    pub(super) fn have(&self, login: &str, orbit: Option<&OrbitName>) -> bool {
        let is_orbit = |orbit| self.orbits.binary_search_by(|piece| piece.compare(orbit)).is_ok();
        orbit.is_some_and(is_orbit) || login.parse().is_ok_and(|name| self.lots.contains(&name))
    }
}
