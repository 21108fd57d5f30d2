//! Which domains the directory has. Looking a domain up takes a moment, or seconds if a web server has the directory. One
//! thread looks up one domain after the other, and the results are remembered for a while.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::switch::lock::Mutex;

use crate::module::Module;
use crate::park::LotKey;
use crate::switch::guard::OnPanic;
use crate::switch::{api, core};
use crate::tell::lamps::asked::Asked;
use crate::tell::lamps::queue::LampQueue;

/// How many are remembered.
const MOST_KNOWN: usize = 4_096;
/// How many are waited for.
const MOST_WANTED: usize = 256;
/// For how long one that exists is remembered, and one that does not.
const KNOWN_FOR: [Duration; 2] = [Duration::from_secs(300), Duration::from_secs(60)];

/// What is known of domains.
#[derive(Default)]
pub(crate) struct Domains(Mutex<Table>);

#[derive(Default)]
struct Table {
    /// Whether they exist, and since when that is known.
    known: HashMap<String, (bool, Instant)>,
    /// Those that are to be looked up, and the questions to be answered then.
    wanted: VecDeque<(String, Asked)>,
    /// Whether a thread is looking domains up.
    looks: bool,
}

impl Table {
    fn get(&self, domain: &str) -> Option<bool> {
        let (exists, since) = self.known.get(domain)?;
        (since.elapsed() < KNOWN_FOR[usize::from(!exists)]).then_some(*exists)
    }

    fn learn(&mut self, domain: String, exists: bool) {
        if self.known.len() >= MOST_KNOWN {
            // Callers can make up any number of domains that do not exist.
            self.known.retain(|_, (exists, since)| *exists && since.elapsed() < KNOWN_FOR[0]);
        }
        if self.known.len() >= MOST_KNOWN {
            self.known.clear();
        }
        self.known.insert(domain, (exists, Instant::now()));
    }
}

impl Domains {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// Whether that domain is the switch's own, a tenant's, or any other of the directory. `None` if it has not been looked
    /// up yet.
    #[must_use]
    pub(crate) fn exists(&self, module: &Module, domain: &str) -> Option<bool> {
        let ours = core::domain().is_some_and(|own| own.eq_ignore_ascii_case(domain))
            || module.look(|park| park.has_tenant(domain));
        if ours { Some(true) } else { self.0.lock().get(domain) }
    }

    /// Whether a phone that asks for a lamp of `owner` belongs to another tenant. `None` if the directory has to be asked,
    /// which can take a moment.
    pub(crate) fn is_stranger(
        &self,
        module: &Module,
        asked: &Asked,
        owner: &LotKey,
    ) -> Option<bool> {
        match (asked.phone_domain(), owner.domain.as_deref()) {
            (Some(from), Some(owner)) if from != owner => self.exists(module, from),
            // The lamp belongs to no tenant or to the phone's own, or the phone's domain is not known.
            _ => Some(false),
        }
    }

    /// Has it looked up soon, and `asked` answered then. Returns false if too many are being looked up, or no thread can be
    /// started.
    pub(crate) fn look_for(&self, module: &Arc<Module>, domain: &str, asked: Asked) -> bool {
        let starts = {
            let mut table = self.0.lock();
            if table.wanted.len() >= MOST_WANTED {
                return false;
            }
            table.wanted.push_back((domain.to_owned(), asked));
            !std::mem::replace(&mut table.looks, true)
        };
        if !starts {
            return true;
        }
        let theirs = Arc::clone(module);
        let started = module.threads.ask(move || Domains::of(&theirs).look(&theirs));
        if started.is_err() {
            let mut table = self.0.lock();
            table.looks = false;
            table.wanted.clear();
        }
        started.is_ok()
    }

    fn look(&self, module: &Module) {
        let _ends = OnPanic(|| self.0.lock().looks = false);
        loop {
            let next = {
                let mut table = self.0.lock();
                let next = table.wanted.pop_front().filter(|_| !module.is_stopping());
                table.looks = next.is_some();
                next
            };
            let Some((domain, asked)) = next else { return };
            if self.0.lock().get(&domain).is_none() {
                let answer = api::execute("domain_exists", &domain);
                let exists = answer.is_some_and(|answer| answer.trim() == "true");
                self.0.lock().learn(domain, exists);
            }
            LampQueue::of(module).ask(asked);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_KNOWN, Table};

    #[test]
    fn made_up_domains_do_not_crowd_out_the_real_ones() {
        let mut table = Table::default();
        table.learn("real.example".to_owned(), true);
        for n in 0..2 * MOST_KNOWN {
            table.learn(format!("d{n}.example"), false);
        }
        assert!(table.known.len() <= MOST_KNOWN);
        assert_eq!(table.get("real.example"), Some(true));
        assert_eq!(table.get(&format!("d{}.example", 2 * MOST_KNOWN - 1)), Some(false));
        assert_eq!(table.get("other.example"), None);
    }
}
