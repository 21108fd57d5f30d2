//! Lots of which each domain has its own copy (`per-domain`): made at first use, and removed with its last call.
//!
//! The configured lot itself, which belongs to no domain, is for channels without one. A lot that is configured for a domain
//! under the same name takes the place of that domain's copy.

use std::sync::Arc;

use super::Park;
use super::configure::{Layout, Lots};
use super::lot::Lot;
use super::lot_config::LotConfig;
use super::names::LotKey;

/// The most lots that are copied.
pub const MOST_COPIED: usize = 64;
/// The most orbits of one of them.
pub const MOST_ORBITS_COPIED: u64 = 1_000;

impl LotConfig {
    /// The same for a lot of that domain.
    fn copied(&self, key: LotKey) -> Arc<Self> {
        Arc::new(LotConfig { key, per_domain: false, copy: true, ..self.clone() })
    }
}

impl Park {
    /// The lot of which `key` is the copy, whether that has been made or not.
    fn original(&self, key: &LotKey) -> Option<&Lot> {
        key.domain.as_ref()?;
        let original = LotKey { name: key.name.clone(), domain: None };
        self.lots.get(&original).filter(|lot| lot.config.per_domain && !lot.removed)
    }

    /// The lot, or the one of which it would be a copy. What is in the orbits of that one is not in those of the copy.
    pub(super) fn lot_or_original(&self, key: &LotKey) -> Option<&Lot> {
        self.lots.get(key).or_else(|| self.original(key))
    }

    /// Whether a call could be parked in that lot, because it is configured, or is the copy of one that is.
    pub(super) fn is_configured(&self, key: &LotKey) -> bool {
        self.lots.get(key).is_some_and(|lot| !lot.removed) || self.original(key).is_some()
    }

    /// Whether that lot is the copy of another one, whether it has been made or not.
    pub(super) fn is_copied(&self, key: &LotKey) -> bool {
        self.original(key).is_some()
    }

    /// What the copy of that name is to be, if there is one.
    pub(super) fn copy_of(&self, key: &LotKey) -> Option<Arc<LotConfig>> {
        self.original(key).map(|lot| lot.config.copied(key.clone()))
    }

    /// The lot that a viewer of that domain means by the lot `key`.
    pub(super) fn as_seen_from(&self, domain: Option<&Arc<str>>, key: LotKey) -> LotKey {
        let own = domain.map(|domain| LotKey { domain: Some(Arc::clone(domain)), ..key.clone() });
        let own = own.filter(|own| key.domain.is_none() && self.original(own).is_some());
        own.unwrap_or(key)
    }

    /// The lots that could be copies by another configuration, to be made [ready](Layout::with_copies) before it comes.
    pub fn of_domains(&self) -> Vec<LotKey> {
        self.lots.keys().filter(|key| key.domain.is_some()).cloned().collect()
    }

    /// Those lots that are in use become what the new configuration makes of them: the copies that are ready, and what has to
    /// be made because it came into use since.
    pub(super) fn keep_copies(&self, lots: &mut Lots, ready: &mut Lots) {
        let mut copies = Vec::new();
        for key in self.lots.keys().filter(|key| key.domain.is_some() && !lots.contains_key(key)) {
            let copy = ready.remove_entry(key);
            let copy = copy.or_else(|| Some((key.clone(), copy_among(lots, key)?)));
            copies.extend(copy);
        }
        lots.extend(copies);
    }
}

impl Layout {
    /// With those copies made that it takes to go on with these lots, so that none has to be made while the table is locked.
    #[must_use]
    pub fn with_copies(mut self, of_domains: &[LotKey]) -> Self {
        let missing = of_domains.iter().filter(|key| !self.lots.contains_key(key));
        let copy = |key: &LotKey| Some((key.clone(), copy_among(&self.lots, key)?));
        self.copies = missing.filter_map(copy).collect();
        self
    }
}

/// The copy of that name, if one of these lots is copied.
fn copy_among(lots: &Lots, key: &LotKey) -> Option<Lot> {
    let original = &lots.get(&LotKey { name: key.name.clone(), domain: None })?.config;
    original.per_domain.then(|| Lot::new(original.copied(key.clone())))
}
