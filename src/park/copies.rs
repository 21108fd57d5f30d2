//! Lots of which each domain has its own copy (`per-domain`): made at first use, and removed with its last call.
//!
//! The configured lot itself, which belongs to no domain, is for channels without one. A lot that is configured for a domain
//! under the same name takes the place of that domain's copy.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Park;
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

    /// Those lots that are in use become what the new configuration makes of them.
    pub(super) fn keep_copies(&self, lots: &mut BTreeMap<LotKey, Lot>) {
        let mut copies = Vec::new();
        for key in self.lots.keys().filter(|key| key.domain.is_some() && !lots.contains_key(key)) {
            let original = lots.get(&LotKey { name: key.name.clone(), domain: None });
            let original = original.map(|lot| &lot.config).filter(|config| config.per_domain);
            let copy = original.map(|config| Lot::new(config.copied(key.clone())));
            copies.extend(copy.map(|copy| (key.clone(), copy)));
        }
        lots.extend(copies);
    }
}
