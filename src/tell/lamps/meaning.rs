//! Which lamp a name means in which domain.

use std::net::IpAddr;

use crate::module::Module;
use crate::park::{LotKey, OrbitKey, OrbitName, host_of};
use crate::switch::core;
use crate::tell::lamps::shown::{Shown, lot_now, orbit_now};

/// The lamp of an orbit, or of a lot as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct LampKey {
    /// The lot.
    pub(super) lot: LotKey,
    /// The orbit, if it is an orbit's.
    pub(super) orbit: Option<OrbitName>,
}

impl From<OrbitKey> for LampKey {
    fn from(OrbitKey { lot, orbit }: OrbitKey) -> Self {
        LampKey { lot, orbit: Some(orbit) }
    }
}

impl LampKey {
    /// What it is called.
    pub(super) fn login(&self) -> &str {
        self.orbit.as_ref().map_or(self.lot.name.as_str(), OrbitName::as_str)
    }
}

/// What `login` means in `domain`, which is an orbit or a lot as a whole.
pub(super) fn meant(module: &Module, login: &str, domain: &str) -> Option<LampKey> {
    // A phone that watches under an address of the switch watches under its domain.
    let host = host_of(domain);
    let domain = host.parse::<IpAddr>().ok().and_then(|_| core::domain());
    let domain = domain.as_deref().unwrap_or(host);
    let found = module.look(|park| match park.orbit_at(login, Some(domain)) {
        Some(place) => Some(LampKey::from(place)),
        None => park.resolve(login, Some(domain)).ok().map(|lot| LampKey { lot, orbit: None }),
    });
    found.or_else(|| module.valet.then(|| not_made_yet(login, domain)).flatten())
}

/// The lamp of a lot that is made when it is first used, or of a slot of such a lot: it is dark.
fn not_made_yet(login: &str, domain: &str) -> Option<LampKey> {
    if let Ok(name) = login.parse() {
        return Some(LampKey { lot: LotKey::new(name, Some(domain)).ok()?, orbit: None });
    }
    // In which lot it will be is not known, nor is it asked.
    let lot = LotKey::new("park".parse().ok()?, Some(domain)).ok()?;
    Some(LampKey { lot, orbit: Some(OrbitName::slot(login).ok()?) })
}

/// What a lamp means in each domain in which it is watched. After a reload it can be that of another lot, or of none.
pub(super) struct Meanings<'a> {
    module: &'a Module,
    login: &'a str,
    /// The meaning that was asked for last, which is the same in most domains.
    known: Option<(LampKey, Shown)>,
}

impl<'a> Meanings<'a> {
    pub(super) fn new(module: &'a Module, login: &'a str) -> Self {
        Self { module, login, known: None }
    }

    /// What it shows in that domain.
    pub(super) fn to(&mut self, domain: &str) -> Shown {
        let Some(meant) = meant(self.module, self.login, domain) else { return Shown::off() };
        match &self.known {
            Some((same, shown)) if *same == meant => shown.clone(),
            _ => {
                let shown = now(self.module, &meant);
                self.known = Some((meant, shown.clone()));
                shown
            }
        }
    }
}

/// What a lamp shows now.
pub(super) fn now(module: &Module, lamp: &LampKey) -> Shown {
    match &lamp.orbit {
        Some(orbit) => {
            let place = OrbitKey { lot: lamp.lot.clone(), orbit: orbit.clone() };
            orbit_now(module, &place).0
        }
        None => lot_now(module, &lamp.lot),
    }
}
