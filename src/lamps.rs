//! Which lamp shows what to whom. Lamps of everybody's lots are shown to all who watch them in the switch's domain at once,
//! others to each phone, or each domain, by itself: a few at a time, so that a lamp with many watchers holds up no other.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::lamp_queue::Job;
use crate::module::Module;
use crate::park::{LotKey, OrbitName, domain_name, host_of};
use crate::presence::{Asked, Shown, domain_of, lot_now, orbit_now};
use crate::switch::guard::Inside;
use crate::switch::{core, guard, log};
use crate::watchers::Watchers;

/// A subscription that there is not: what is said to it only those hear who listen to events.
const NO_SUBSCRIPTION: &str = "callpark";

/// How many are shown a lamp before it is looked whether there is something more urgent.
const AT_ONCE: usize = 16;
/// How many who watch under a domain that may not exist wait until there is nothing else to do.
const MOST_LATER: usize = 10_000;
/// With nothing to do.
const LONG: Duration = Duration::from_secs(3600);
/// How often it is said that phones have got no answer.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// A lamp.
type Place = (LotKey, OrbitName);

/// When lamps begin to blink.
#[derive(Default)]
struct Blinking {
    due: BTreeSet<(Instant, Place)>,
    at: HashMap<Place, Instant>,
}

impl Blinking {
    fn set(&mut self, place: Place, at: Option<Instant>) {
        let old = match at {
            Some(at) => self.at.insert(place.clone(), at),
            None => self.at.remove(&place),
        };
        if let Some(old) = old {
            self.due.remove(&(old, place.clone()));
        }
        self.due.extend(at.map(|at| (at, place)));
    }

    fn take_due(&mut self, now: Instant) -> Option<Place> {
        let (_, place) = self.due.first().filter(|(at, _)| *at <= now)?.clone();
        self.set(place.clone(), None);
        Some(place)
    }
}

/// Shows lamps and answers phones, until it is told to stop.
pub fn run(module: &Arc<Module>) {
    let _inside = Inside::enter();
    let _beating = module.health.showing.beat();
    let mut lamps = Lamps::default();
    let mut blinking = Blinking::default();
    let mut said: Option<Instant> = None;
    let show = |lamps: &mut Lamps, blinking: &mut Blinking, place: Place| {
        let wait = guard("lamps", None, || lamps.show(module, &place.0, &place.1));
        blinking.set(place, wait.map(|wait| Instant::now() + wait));
    };
    loop {
        while let Some(place) = blinking.take_due(Instant::now()) {
            show(&mut lamps, &mut blinking, place);
        }
        let until_blink =
            blinking.due.first().map(|(at, _)| at.saturating_duration_since(Instant::now()));
        let patience = match lamps.rest.is_empty() && lamps.later.is_empty() {
            true => until_blink.unwrap_or(LONG),
            false => Duration::ZERO,
        };
        module.health.showing.waits();
        let job = module.lamps.next(patience);
        module.health.showing.works();
        match job {
            Job::Lamp(lot, orbit) => show(&mut lamps, &mut blinking, (lot, orbit)),
            Job::Lot(lot) => guard("lamps", (), || lamps.show_lot(module, &lot)),
            Job::Asked(asked) if may_be_made_up(module, &asked.domain) => {
                if lamps.later.len() < MOST_LATER {
                    lamps.later.push_back(asked);
                } else {
                    module.lamps.leave_unanswered();
                }
            }
            Job::Asked(asked) => guard("lamps", (), || lamps.answer(module, asked)),
            Job::Configured => guard("lamps", (), || lamps.configured(module)),
            Job::Nothing => {
                if let Some(asked) = lamps.later.pop_front() {
                    guard("lamps", (), || lamps.answer(module, asked));
                }
            }
            Job::Stop => {
                while !lamps.rest.is_empty() {
                    guard("lamps", (), || lamps.show_more(module));
                }
                return;
            }
        }
        guard("lamps", (), || lamps.show_more(module));
        if said.is_none_or(|at| at.elapsed() > SAY_EVERY) {
            let unanswered = module.lamps.take_unanswered();
            if unanswered > 0 {
                said = Some(Instant::now());
                log::warning(
                    None,
                    format_args!(
                        "{unanswered} times a phone asked for a lamp and got no answer: too many ask at once"
                    ),
                );
            }
        }
    }
}

/// The lamps as they were shown last: what has not changed is not shown again. Only one thread has them, and only it
/// answers who asks, so that the last one shown is the last one that was true.
#[derive(Default)]
pub struct Lamps {
    /// Those of their own domain that are not off.
    lit: HashMap<(String, String), Shown>,
    /// Who is told by itself.
    watchers: Watchers,
    /// The lamps of which watchers are still to be told, and behind which of them.
    rest: VecDeque<(String, Option<String>)>,
    /// Those who are answered when nobody else is to be.
    later: VecDeque<Asked>,
    /// The proto of those that are lit.
    proto: String,
}

/// What `login` means to somebody in `domain`: an orbit, or a lot as a whole.
fn meant(module: &Module, login: &str, domain: &str) -> Option<(LotKey, Option<OrbitName>)> {
    // Whoever watches under an address of the switch watches under its domain.
    let host = host_of(domain);
    let domain = host.parse::<IpAddr>().ok().and_then(|_| core::domain());
    let domain = domain.as_deref().unwrap_or(host);
    module.look(|park| match park.orbit_at(login, Some(domain)) {
        Some((lot, orbit)) => Some((lot, Some(orbit))),
        None => park.resolve(login, Some(domain)).ok().map(|lot| (lot, None)),
    })
}

fn now(module: &Module, meant: &(LotKey, Option<OrbitName>)) -> Shown {
    match meant {
        (lot, Some(orbit)) => orbit_now(module, lot, orbit).0,
        (lot, None) => lot_now(module, lot),
    }
}

impl Lamps {
    /// Shows the lamp of an orbit as it is now. Some: look at it again after so long.
    fn show(&mut self, module: &Module, lot: &LotKey, orbit: &OrbitName) -> Option<Duration> {
        self.follow_proto(module);
        let (shown, later) = orbit_now(module, lot, orbit);
        self.show_as(module, lot, orbit.as_str(), &shown);
        later
    }

    /// Shows the lamp of a lot as it is now.
    fn show_lot(&mut self, module: &Module, lot: &LotKey) {
        self.follow_proto(module);
        self.show_as(module, lot, lot.name.as_str(), &lot_now(module, lot));
    }

    fn show_as(&mut self, module: &Module, lot: &LotKey, login: &str, shown: &Shown) {
        let Some(home) = domain_of(lot) else { return };
        let one_by_one = is_told_one_by_one(module, lot, login);
        self.change(login, &home, shown, one_by_one.then_some(NO_SUBSCRIPTION));
        self.tell_watchers(login);
    }

    /// Whoever watches that lamp by itself is told soon.
    fn tell_watchers(&mut self, login: &str) {
        match self.rest.iter_mut().find(|(waits, _)| waits == login) {
            Some((_, after)) => *after = None,
            None => self.rest.push_back((login.to_owned(), None)),
        }
    }

    /// Shows a few of those watchers what their lamp means to them now: that of this lot, or after a reload of another, or
    /// nothing any more.
    fn show_more(&mut self, module: &Module) {
        let Some((login, after)) = self.rest.pop_front() else { return };
        let (some, last) = self.watchers.some_of(Instant::now(), &login, after.as_deref(), AT_ONCE);
        let mut known: Option<((LotKey, Option<OrbitName>), Shown)> = None;
        for watcher in some {
            let meant = meant(module, &login, &watcher.domain);
            let shown = match (meant, &known) {
                (None, _) => Shown::off(),
                (Some(meant), Some((same, shown))) if *same == meant => shown.clone(),
                (Some(meant), _) => {
                    let shown = now(module, &meant);
                    known = Some((meant, shown.clone()));
                    shown
                }
            };
            if watcher.shown != shown {
                shown.fire(&self.proto, &login, &watcher.domain, watcher.call_id.as_deref());
                watcher.shown = shown;
            }
        }
        if last.is_some() {
            self.rest.push_back((login, last));
        }
    }

    /// Answers a phone that asks.
    fn answer(&mut self, module: &Arc<Module>, asked: Asked) {
        self.follow_proto(module);
        let (login, domain) = (asked.login.as_str(), asked.domain.as_str());
        let Some(meant) = meant(module, login, domain) else { return };
        let lot = &meant.0;
        match asked.is_stranger(module, lot) {
            Some(false) => {}
            // As if it were not there.
            Some(true) => return,
            None => {
                let from = asked.from_domain().unwrap_or_default().to_owned();
                // If it cannot be looked for, it is not shown.
                module.domains.look_for(module, &from, asked);
                return;
            }
        }
        let shown = now(module, &meant);
        if asked.expires_s > 0 && !asked.is_answered {
            shown.fire(&self.proto, login, domain, asked.call_id.as_deref());
        }
        self.note(module, lot, asked, shown);
    }

    /// Remembers that a phone watches, if what is said to all does not reach it.
    fn note(&mut self, module: &Arc<Module>, lot: &LotKey, asked: Asked, shown: Shown) {
        let time = Instant::now();
        if is_told_one_by_one(module, lot, &asked.login) {
            // A phone that names an address instead may be any of the switch's.
            let from = asked.from_domain().map(str::to_owned).or_else(core::domain);
            let from = from.filter(|from| module.domains.exists(module, from) == Some(true));
            self.watchers.note(time, &asked, from.as_deref(), false, shown);
            return;
        }
        let host = domain_name(host_of(&asked.domain)).unwrap_or_default();
        if host.parse::<IpAddr>().is_ok() || domain_of(lot).is_none_or(|home| home == asked.domain)
        {
            return;
        }
        match module.domains.exists(module, &host) {
            Some(true) => self.watchers.note(time, &asked, Some(&host), true, shown),
            exists => {
                self.watchers.note(time, &asked, None, false, shown);
                if exists.is_none() {
                    module.domains.look_for(module, &host, asked.answered());
                }
            }
        }
    }

    /// The configuration was read again.
    fn configured(&mut self, module: &Module) {
        self.follow_proto(module);
        let is_there = |login: &str, domain: &str| meant(module, login, domain).is_some();
        for (login, watcher) in self.watchers.retain(is_there) {
            if !watcher.shown.is_off() {
                Shown::off().fire(&self.proto, &login, &watcher.domain, watcher.call_id.as_deref());
            }
        }
        for login in self.watchers.lamps() {
            self.tell_watchers(&login);
        }
    }

    /// If lamps are called otherwise now, those of the old name go out, and those of the new one are lit.
    fn follow_proto(&mut self, module: &Module) {
        let proto = module.settings.read().presence_proto.clone();
        if proto == self.proto {
            return;
        }
        for ((login, domain), shown) in &self.lit {
            Shown::off().fire(&self.proto, login, domain, None);
            shown.fire(&proto, login, domain, None);
        }
        for (login, watcher) in self.watchers.take_all() {
            let call_id = watcher.call_id.as_deref();
            Shown::off().fire(&self.proto, &login, &watcher.domain, call_id);
        }
        self.proto = proto;
    }

    fn change(&mut self, login: &str, domain: &str, shown: &Shown, to: Option<&str>) {
        let key = (login.to_owned(), domain.to_owned());
        let before = self.lit.get(&key);
        if before.map_or(shown.is_off(), |before| before == shown) {
            return;
        }
        shown.fire(&self.proto, login, domain, to);
        if shown.is_off() {
            self.lit.remove(&key);
        } else {
            self.lit.insert(key, shown.clone());
        }
    }
}

/// Whether each phone is told of that lamp by itself: it is a tenant's, or a tenant has one of the same name.
fn is_told_one_by_one(module: &Module, lot: &LotKey, login: &str) -> bool {
    lot.domain.is_some() || module.look(|park| park.is_of_a_tenant(login))
}

/// Whether a domain is not known to exist: phones that watch in one that does go first, however many others ask.
fn may_be_made_up(module: &Module, domain: &str) -> bool {
    let host = host_of(domain);
    host.parse::<IpAddr>().is_err() && module.domains.exists(module, host) != Some(true)
}
