//! Which lots there are: configured once, and again by every reload.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Park;
use super::access::Asks;
use super::lot::{Lot, Slot};
use super::lot_config::LotConfig;
use super::moment::Moment;
use super::names::{LotKey, OrbitKey, OrbitName};
use super::orbits::Finder;
use super::outcome::Refusal;
use super::refresh::Stale;
use super::tenants::Tenants;
use super::user::domain_name;

/// Which lot has which orbit, with one table for each domain.
pub(super) type Directory = HashMap<Option<Arc<str>>, Finder<LotKey>>;

/// Lots by their names.
pub(super) type Lots = BTreeMap<LotKey, Lot>;

/// Lots, and what follows from their configurations alone. It takes a while to make for thousands of them, so it is made before
/// the table is locked.
pub struct Layout {
    pub(super) lots: Lots,
    /// The copies that are ready if they are in use.
    pub(super) copies: Lots,
    directory: Directory,
    tenants: Tenants,
    asked: Arc<Asks>,
}

/// What [`Park::lay_out`] has replaced, to be dropped when the table is not locked any more.
#[must_use]
pub struct Former {
    _lots: [Lots; 2],
    _over: Vec<Lot>,
    _directory: Directory,
    _tenants: Tenants,
    _asked: Arc<Asks>,
}

impl Layout {
    /// The lots of one `config::Config`, which has seen to it that no orbit is in two of them.
    #[must_use]
    pub fn of(lots: Vec<LotConfig>) -> Self {
        let configs: BTreeMap<LotKey, Arc<LotConfig>> =
            lots.into_iter().map(|config| (config.key.clone(), Arc::new(config))).collect();
        let mut asked = Asks::default();
        configs.values().for_each(|config| asked.merge(config.access.asks()));
        Self {
            directory: directory(configs.values()),
            tenants: Tenants::of(configs.values()),
            asked: Arc::new(asked),
            lots: configs.into_iter().map(|(key, config)| (key, Lot::new(config))).collect(),
            copies: Lots::new(),
        }
    }
}

impl Park {
    /// As [`lay_out`](Self::lay_out), with all that it leaves to be done.
    pub fn configure(&mut self, now: Moment, lots: Vec<LotConfig>) {
        drop(self.lay_out(now, Layout::of(lots)));
        while self.refresh(now) {}
    }

    /// Sets the lots. On a reload parked calls stay, with orbit, deadline and claim. Orbits and lots that are gone take no
    /// new calls and vanish when they are empty; if another lot of the same domain has the orbit now, the call is in that
    /// lot from now on (`move` event), so that one orbit of a domain never means two calls. Closed orbits stay closed.
    ///
    /// Lamps that are to look otherwise, and calls that are to wait otherwise, are left to [`refresh`](Self::refresh).
    pub fn lay_out(&mut self, now: Moment, layout: Layout) -> Former {
        let Layout { mut lots, mut copies, directory, tenants, asked } = layout;
        let directory = std::mem::replace(&mut self.directory, directory);
        let tenants = std::mem::replace(&mut self.tenants, tenants);
        let asked = std::mem::replace(&mut self.asked, asked);
        self.changes.closed();
        self.remember_privacy();
        self.keep_copies(&mut lots, &mut copies);
        for (key, lot) in &mut self.lots {
            if !lots.contains_key(key) && !lot.has_any_orbit() {
                lot.retire();
                self.made.note(key, Some(lot), false);
            }
        }
        let mut new = Vec::new();
        for (key, configured) in &mut lots {
            let Some(lot) = self.lots.get_mut(key) else {
                new.push(key.clone());
                continue;
            };
            let before = self.stale.get(key);
            if let Some(stale) = Stale::between(&lot.config, &configured.config, before) {
                self.stale.insert(key.clone(), stale);
            }
            lot.configure(configured);
            self.made.note(key, Some(lot), lot.is_copy());
        }
        let new: Vec<(LotKey, Lot)> = new.iter().filter_map(|key| lots.remove_entry(key)).collect();
        self.lots.extend(new);
        self.hand_over_strays(now);
        let over = self.lots.iter().filter(|(_, lot)| lot.is_over()).map(|(key, _)| key.clone());
        let over: Vec<LotKey> = over.collect();
        over.iter().for_each(|key| self.made.note(key, None, false));
        let over = over.iter().filter_map(|key| self.lots.remove(key)).collect();
        let draining = self.lots.iter().filter(|(_, lot)| lot.is_draining());
        self.draining = draining.map(|(key, _)| key.clone()).collect();
        let lots = [lots, copies];
        Former { _lots: lots, _over: over, _directory: directory, _tenants: tenants, _asked: asked }
    }

    /// Calls and reservations in an orbit that another lot of the domain has now move to that lot, if nothing is there.
    fn hand_over_strays(&mut self, now: Moment) {
        let strays: Vec<(OrbitKey, LotKey, Slot)> = self
            .lots
            .iter()
            .flat_map(|(lot, held)| held.strays().map(move |orbit| (lot, held, orbit)))
            .filter_map(|(lot, held, orbit)| {
                let from = OrbitKey { lot: lot.clone(), orbit: orbit.clone() };
                let owner = self.owner(&from)?;
                Some((from, owner, held.slot(orbit)?.clone()))
            })
            .collect();
        for (from, lot, slot) in strays {
            let to = OrbitKey { lot, orbit: from.orbit.clone() };
            // It may be a copy that is not in use yet.
            self.make_lot(&to.lot);
            if self.slot(&to).is_some() || !self.lots.contains_key(&to.lot) {
                continue;
            }
            match slot {
                Slot::Parked(uuid) => self.shift(now, &uuid, &to),
                Slot::Reserved(uuid) => {
                    if let Some(mut held) = self.forget_reservation(&uuid) {
                        held.place = to;
                        self.hold(&uuid, held);
                    } else if let Some(place) = self.absent.place_mut(&uuid) {
                        *place = to.clone();
                        self.occupy(&to, Slot::Reserved(uuid));
                    }
                    self.vacate(&from);
                }
            }
        }
    }

    /// The lot of the same domain that has that orbit by the configuration, or is the copy of one that has it.
    pub(super) fn owner(&self, place: &OrbitKey) -> Option<LotKey> {
        let OrbitKey { lot: LotKey { domain, .. }, orbit } = place;
        let owner = |domain| self.directory.get(domain)?.owner(orbit).cloned();
        owner(domain).or_else(|| {
            let copy = LotKey { domain: Some(domain.clone()?), ..owner(&None)? };
            let is_copy = self.is_copied(&copy) && self.lot_or_original(&copy)?.has_orbit(orbit);
            is_copy.then_some(copy)
        })
    }

    /// What is in that orbit.
    pub(super) fn slot(&self, place: &OrbitKey) -> Option<&Slot> {
        self.lots.get(&place.lot)?.slot(&place.orbit)
    }

    /// Which lot a name means to a viewer. `name@domain` is exactly that tenant's lot, which another tenant does not see. A
    /// viewer without a domain may name it. A bare name is first the lot of the viewer's own domain, or its copy, then the
    /// one without a domain; another tenant's lot is never meant by it. A lot that is draining is meant only if no configured
    /// one is.
    ///
    /// # Errors
    /// `UnknownLot`.
    pub fn resolve(&self, name: &str, viewer_domain: Option<&str>) -> Result<LotKey, Refusal> {
        let key = self.named(name, viewer_domain)?;
        let viewer = viewer_domain.and_then(domain_name);
        match (viewer.as_deref(), key.domain.as_deref()) {
            (Some(viewer), Some(owner)) if viewer != owner => Err(Refusal::UnknownLot),
            _ => Ok(key),
        }
    }

    /// As [`resolve`](Self::resolve), for what an administrator has written: it may lead to any tenant.
    pub(super) fn named(&self, name: &str, viewer_domain: Option<&str>) -> Result<LotKey, Refusal> {
        let lookup = |key: &LotKey, removed| match removed {
            false => self.is_configured(key),
            true => self.lots.contains_key(key),
        };
        let candidates = candidates(name, viewer_domain);
        [false, true]
            .into_iter()
            .find_map(|removed| candidates.iter().find(|key| lookup(key, removed)))
            .cloned()
            .ok_or(Refusal::UnknownLot)
    }

    /// Whether that domain has lots of its own.
    pub fn has_tenant(&self, domain: &str) -> bool {
        let tenant = domain_name(domain).map(Arc::from);
        // Phones ask for made-up domains as often as they like: lots are looked at only while they are draining.
        tenant.is_some()
            && (self.directory.contains_key(&tenant)
                || self.made.has_domain(&tenant)
                || self.draining.iter().any(|key| key.domain == tenant))
    }

    /// Whether `login` is an orbit or a lot of some tenant.
    pub fn is_of_a_tenant(&self, login: &str) -> bool {
        let orbit = login.parse::<OrbitName>().ok();
        self.tenants.have(login, orbit.as_ref())
            || self.draining.iter().filter(|key| key.domain.is_some()).any(|key| {
                let holds = |orbit| self.lots.get(key).is_some_and(|lot| lot.slot(orbit).is_some());
                key.name.as_str() == login || orbit.as_ref().is_some_and(holds)
            })
            || self.is_made_of_a_tenant(login)
    }

    /// Which lot the orbit `orbit` belongs to, as seen from `viewer_domain`: the tenant's own lots first, then those
    /// without a domain. Draining orbits that hold a call are found as well.
    pub fn orbit_at(&self, orbit: &str, viewer_domain: Option<&str>) -> Option<OrbitKey> {
        let orbit = OrbitName::slot(orbit).ok()?;
        let own: Option<Arc<str>> = viewer_domain.and_then(domain_name).map(Arc::from);
        own.clone().map(Some).into_iter().chain([None]).find_map(|domain| {
            let owner = self.directory.get(&domain).and_then(|finder| finder.owner(&orbit));
            let draining = || {
                let holds = |lot: &Lot| lot.slot(&orbit).is_some();
                let of_domain = self.draining.iter().filter(|key| key.domain == domain);
                of_domain.into_iter().find(|key| self.lots.get(*key).is_some_and(holds))
            };
            let lot = owner.or_else(draining).cloned();
            let lot = lot.or_else(|| self.made_with(&domain, &orbit))?;
            let lot = self.as_seen_from(own.as_ref(), lot);
            Some(OrbitKey { lot, orbit: orbit.clone() })
        })
    }
}

/// The lots that `name` can mean to a viewer in `viewer_domain`, best first.
pub(crate) fn candidates(name: &str, viewer_domain: Option<&str>) -> Vec<LotKey> {
    let Ok(key) = name.parse::<LotKey>() else { return Vec::new() };
    if key.domain.is_some() {
        return vec![key];
    }
    let own = viewer_domain.and_then(|domain| LotKey::new(key.name.clone(), Some(domain)).ok());
    own.into_iter().chain([key]).collect()
}

fn directory<'a>(configs: impl Iterator<Item = &'a Arc<LotConfig>>) -> Directory {
    let mut domains: HashMap<Option<Arc<str>>, Vec<&Arc<LotConfig>>> = HashMap::new();
    for config in configs {
        domains.entry(config.key.domain.clone()).or_default().push(config);
    }
    domains
        .into_iter()
        .map(|(domain, configs)| {
            let ranges = configs
                .iter()
                .flat_map(|config| config.ranges.iter().map(|range| (range, config.key.clone())));
            (domain, Finder::new(ranges))
        })
        .collect()
}
