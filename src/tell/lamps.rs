//! What each lamp shows, and to which phones. Lamps of lots without a domain are shown at once to all phones that watch them
//! in the switch's domain. Others are shown to each phone, or each domain, separately and a few at a time, so that a lamp
//! with many watchers does not delay other lamps. Lamps that no phone is known to watch come last.

pub(crate) mod asked;
pub(crate) mod backlog;
mod blinking;
pub(crate) mod domains;
mod meaning;
pub(crate) mod probes;
pub(crate) mod queue;
pub(crate) mod sent;
pub(crate) mod shown;
pub(crate) mod subscriptions;
pub(crate) mod watchers;

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::module::Module;
use crate::park::{LotKey, OrbitKey, domain_name, host_of};
use crate::switch::guard::Inside;
use crate::switch::{core, guard, log};
use crate::tell::lamps::asked::{Asked, LONGEST_S};
use crate::tell::lamps::backlog::{Backlog, Pace, Paces, Watched};
use crate::tell::lamps::blinking::Blinking;
use crate::tell::lamps::domains::Domains;
use crate::tell::lamps::meaning::{LampKey, Meanings, meant, now};
use crate::tell::lamps::queue::{Job, LampQueue, Sent};
use crate::tell::lamps::shown::{Shown, domain_of, lot_now, orbit_now};
use crate::tell::lamps::watchers::Watchers;

/// The name of a subscription that does not exist. Only listeners of events receive what is sent to it.
const NO_SUBSCRIPTION: &str = "callpark";

/// How many watchers are shown a lamp before the thread looks for something more urgent.
const AT_ONCE: usize = 16;
/// The pace of lamps that no phone is known to watch: the time that one takes, and how many are shown at once after a quiet
/// time.
const UNWATCHED: (Duration, u32) = (Duration::from_millis(50), 50);
/// The pace of the questions of one phone.
const A_PHONE: (Duration, u32) = (Duration::from_secs(1), 500);
/// The common pace of all phones that ask more often, or that ask or watch under a domain that the directory does not have.
const STRANGERS: (Duration, u32) = (Duration::from_secs(1), 10);
/// How many questions may wait under domains that have not been looked up, and under domains that do not exist.
const MOST_UNSURE: usize = 10_000;
const MOST_OF_STRANGERS: usize = 64;
/// The wait while there is no room to look up another domain.
const FULL: Duration = Duration::from_millis(50);
/// The wait with nothing to do.
const LONG: Duration = Duration::from_secs(3600);
/// The interval at which the log says that phones have got no answer.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// Shows lamps and answers phones, until [`Job::Stop`].
pub(crate) fn run(module: &Arc<Module>) {
    let _inside = Inside::enter();
    let _beating = module.health.showing.beat();
    let mut lamps = Lamps::new();
    let mut blinking = Blinking::default();
    let mut said: Option<Instant> = None;
    let show = |lamps: &mut Lamps, blinking: &mut Blinking, place: OrbitKey| {
        let wait = guard("lamps", None, || lamps.show(module, &place));
        blinking.set(place, wait.map(|wait| Instant::now() + wait));
    };
    loop {
        while let Some(place) = blinking.take_due(Instant::now()) {
            show(&mut lamps, &mut blinking, place);
        }
        let now = Instant::now();
        let until_blink = blinking.next().map(|at| at.saturating_duration_since(now));
        let patience = lamps.patience(now).min(until_blink.unwrap_or(LONG));
        module.health.showing.waits();
        let queue = LampQueue::of(module);
        queue.leave(lamps.unwatched.len());
        let job = queue.next(patience);
        module.health.showing.works();
        match job {
            Job::Lamp(orbit) => show(&mut lamps, &mut blinking, orbit),
            Job::Lot(lot) => guard("lamps", (), || lamps.show_lot(module, lot)),
            Job::Asked(asked) => guard("lamps", (), || lamps.ask(module, asked)),
            // Whoever asked may have stopped waiting.
            Job::Sent(to) => drop(to.try_send(lamps.sent())),
            Job::Configured => guard("lamps", (), || lamps.configured(module)),
            Job::Nothing => guard("lamps", (), || lamps.look_for_domains(module)),
            Job::Stop => {
                guard("lamps", (), || lamps.finish(module));
                return;
            }
        }
        guard("lamps", (), || lamps.show_more(module));
        guard("lamps", (), || lamps.show_unwatched(module));
        guard("lamps", (), || lamps.serve_strangers(module));
        if said.is_none_or(|at| at.elapsed() > SAY_EVERY) {
            let unanswered = LampQueue::of(module).take_unanswered();
            if unanswered > 0 {
                said = Some(Instant::now());
                log::warning(
                    None,
                    format_args!(
                        "{unanswered} lamp subscriptions got no answer, because too many phones subscribed at once"
                    ),
                );
            }
        }
    }
}

/// The lamps as they were shown last. A lamp that has not changed is not shown again. Only one thread has them, and only
/// that thread answers questions, so that what is shown last is what was true last.
pub(crate) struct Lamps {
    /// Those of their own domain that are not off.
    lit: HashMap<(String, String), Shown>,
    /// The watchers that are notified separately.
    watchers: Watchers,
    /// The lamps with watchers that are still to be notified, and the watcher after which to continue.
    rest: Backlog<String>,
    behind: HashMap<String, String>,
    /// The questions under domains that have not been looked up.
    unsure: VecDeque<Asked>,
    /// Whether these questions have to wait, because too many domains are being looked up.
    is_full: bool,
    /// The lamps that are watched in their own domain.
    watched: Watched,
    /// Those that are shown although no phone is known to watch them.
    unwatched: Backlog<LampKey>,
    unwatched_pace: Pace,
    /// How often each phone asks, and how often the module finds that it watches: reloads take nothing from what it may ask.
    phones: Paces,
    found: Paces,
    /// The questions of phones that ask too often or under a domain that does not exist, and the lamps with watchers under
    /// such a domain that are still to be notified.
    strangers: VecDeque<Asked>,
    strangers_rest: Backlog<String>,
    strangers_pace: Pace,
    /// The proto of those that are lit.
    proto: String,
}

impl Lamps {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            lit: HashMap::new(),
            watchers: Watchers::default(),
            rest: Backlog::default(),
            behind: HashMap::new(),
            unsure: VecDeque::new(),
            is_full: false,
            watched: Watched::default(),
            unwatched: Backlog::default(),
            unwatched_pace: Pace::new(now, UNWATCHED.0, UNWATCHED.1),
            phones: Paces::new(A_PHONE.0, A_PHONE.1),
            found: Paces::new(A_PHONE.0, A_PHONE.1),
            strangers: VecDeque::new(),
            strangers_rest: Backlog::default(),
            strangers_pace: Pace::new(now, STRANGERS.0, STRANGERS.1),
            proto: String::new(),
        }
    }

    /// How long the thread may wait if nothing else happens.
    fn patience(&self, now: Instant) -> Duration {
        let strangers = !self.strangers.is_empty() || !self.strangers_rest.is_empty();
        let waits = [
            (!self.rest.is_empty(), Duration::ZERO),
            (!self.unsure.is_empty(), if self.is_full { FULL } else { Duration::ZERO }),
            (!self.unwatched.is_empty(), self.unwatched_pace.wait(now)),
            (strangers, self.strangers_pace.wait(now)),
        ];
        let waits = waits.into_iter().filter(|(is_waiting, _)| *is_waiting);
        waits.map(|(_, wait)| wait).min().unwrap_or(LONG)
    }

    /// Shows all that is left to show.
    fn finish(&mut self, module: &Module) {
        while !self.rest.is_empty() {
            self.show_more(module);
        }
        while let Some(lamp) = self.unwatched.pop() {
            self.show_unwatched_one(module, &lamp);
        }
        while let Some(login) = self.strangers_rest.pop() {
            self.show_strangers(module, &login);
        }
    }

    /// Shows the lamp of an orbit as it is now. Returns after how long it has to be shown again, if it has.
    fn show(&mut self, module: &Module, orbit: &OrbitKey) -> Option<Duration> {
        self.follow_proto(module);
        let (shown, later) = orbit_now(module, orbit);
        self.show_as(module, LampKey::from(orbit.clone()), &shown);
        later
    }

    /// Shows the lamp of a lot as it is now.
    fn show_lot(&mut self, module: &Module, lot: LotKey) {
        self.follow_proto(module);
        let shown = lot_now(module, &lot);
        self.show_as(module, LampKey { lot, orbit: None }, &shown);
    }

    fn show_as(&mut self, module: &Module, lamp: LampKey, shown: &Shown) {
        let Some(home) = domain_of(&lamp.lot) else { return };
        let login = lamp.login().to_owned();
        if self.differs(&login, &home, shown) {
            if self.watched.contains(Instant::now(), &login)
                && !is_told_one_by_one(module, &lamp.lot, &login)
            {
                self.change(&login, &home, shown, None);
            } else {
                self.unwatched.push(lamp);
            }
        }
        self.tell_watchers(&login);
    }

    /// Shows as many as may be shown now of those that no phone is known to watch.
    fn show_unwatched(&mut self, module: &Module) {
        while self.unwatched_pace.wait(Instant::now()).is_zero() {
            let Some(lamp) = self.unwatched.pop() else { return };
            if self.show_unwatched_one(module, &lamp) {
                self.unwatched_pace.spend(Instant::now());
            }
        }
    }

    /// Whether there was anything to show.
    fn show_unwatched_one(&mut self, module: &Module, lamp: &LampKey) -> bool {
        let Some(home) = domain_of(&lamp.lot) else { return false };
        let (login, shown) = (lamp.login(), now(module, lamp));
        let differs = self.differs(login, &home, &shown);
        if differs {
            let one_by_one = is_told_one_by_one(module, &lamp.lot, login);
            self.change(login, &home, &shown, one_by_one.then_some(NO_SUBSCRIPTION));
        }
        differs
    }

    /// The watchers of that lamp that are notified separately are notified soon.
    fn tell_watchers(&mut self, login: &str) {
        self.behind.remove(login);
        self.rest.push(login.to_owned());
        self.strangers_rest.push(login.to_owned());
    }

    /// Shows a few of those watchers what their lamp means to them now.
    fn show_more(&mut self, module: &Module) {
        let Some(login) = self.rest.pop() else { return };
        let after = self.behind.remove(&login);
        let now = Instant::now();
        let (some, last) = self.watchers.some_of(now, &login, true, after.as_deref(), AT_ONCE);
        let mut meanings = Meanings::new(module, &login);
        for watcher in some {
            watcher.show(&self.proto, &login, meanings.to(&watcher.domain));
        }
        if let Some(last) = last {
            self.behind.insert(login.clone(), last);
            self.rest.push(login);
        }
    }

    /// Shows that lamp to the next watcher under a domain that does not exist. Returns whether there was one.
    fn show_strangers(&mut self, module: &Module, login: &str) -> bool {
        let (all, _) = self.watchers.some_of(Instant::now(), login, false, None, usize::MAX);
        let mut meanings = Meanings::new(module, login);
        for watcher in all {
            if watcher.show(&self.proto, login, meanings.to(&watcher.domain)) {
                // The others wait until it is their turn.
                self.strangers_rest.push(login.to_owned());
                return true;
            }
        }
        false
    }

    /// Answers phones that ask too often or under a domain that does not exist, and notifies those that watch under one, as
    /// many as may be now.
    fn serve_strangers(&mut self, module: &Arc<Module>) {
        while self.strangers_pace.wait(Instant::now()).is_zero() {
            let served = if let Some(asked) = self.strangers.pop_front() {
                self.answer(module, asked);
                true
            } else {
                let Some(login) = self.strangers_rest.pop() else { return };
                self.show_strangers(module, &login)
            };
            if served {
                self.strangers_pace.spend(Instant::now());
            }
        }
    }

    /// A phone asks. Phones of domains that exist are answered first, however many others ask.
    fn ask(&mut self, module: &Arc<Module>, asked: Asked) {
        let host = host_of(&asked.domain);
        let exists = match host.parse::<IpAddr>() {
            Ok(_) => Some(true),
            Err(_) => Domains::of(module).exists(module, host),
        };
        let paces = if asked.is_found { &mut self.found } else { &mut self.phones };
        match exists {
            Some(true) if asked.is_answered || paces.may(Instant::now(), asked.source()) => {
                self.answer(module, asked);
            }
            None if self.unsure.len() < MOST_UNSURE => self.unsure.push_back(asked),
            Some(_) if self.strangers.len() < MOST_OF_STRANGERS => {
                self.strangers.push_back(asked);
            }
            _ => LampQueue::of(module).leave_unanswered(),
        }
    }

    /// Has the next domain looked up. Then the questions under it are asked again.
    fn look_for_domains(&mut self, module: &Arc<Module>) {
        let Some(asked) = self.unsure.pop_front() else { return };
        let host = host_of(&asked.domain).to_owned();
        if Domains::of(module).exists(module, &host).is_some() {
            return self.ask(module, asked);
        }
        self.is_full = !Domains::of(module).look_for(module, &host, asked.clone());
        if self.is_full {
            self.unsure.push_front(asked);
        }
    }

    /// Answers a phone that asks.
    fn answer(&mut self, module: &Arc<Module>, asked: Asked) {
        self.follow_proto(module);
        let (login, domain) = (asked.login.as_str(), asked.domain.as_str());
        let Some(meant) = meant(module, login, domain) else { return };
        let lot = &meant.lot;
        match Domains::of(module).is_stranger(module, &asked, lot) {
            Some(false) => {}
            // As if the lamp did not exist.
            Some(true) => return,
            None => {
                let from = asked.phone_domain().unwrap_or_default().to_owned();
                // If the domain cannot be looked up, the lamp is not shown.
                Domains::of(module).look_for(module, &from, asked);
                return;
            }
        }
        let shown = now(module, &meant);
        if asked.expires_s > 0 && !asked.is_answered {
            shown.fire(&self.proto, login, domain, asked.call_id.as_deref());
        }
        self.note(module, lot, asked, shown);
    }

    /// Remembers that a phone watches, if it is not reached by what is sent to all.
    fn note(&mut self, module: &Arc<Module>, lot: &LotKey, asked: Asked, shown: Shown) {
        let time = Instant::now();
        if is_told_one_by_one(module, lot, &asked.login) {
            // A phone that names an address instead may belong to any domain of the switch.
            let from = asked.phone_domain().map(str::to_owned).or_else(core::domain);
            let from = from.filter(|from| Domains::of(module).exists(module, from) == Some(true));
            self.watchers.note(time, &asked, from.as_deref(), false, shown);
            return;
        }
        let host = domain_name(host_of(&asked.domain)).unwrap_or_default();
        if host.parse::<IpAddr>().is_ok() || domain_of(lot).is_none_or(|home| home == asked.domain)
        {
            let lasts = Duration::from_secs(asked.expires_s.min(LONGEST_S));
            self.watched.note(time, &asked.login, time + lasts);
            return;
        }
        match Domains::of(module).exists(module, &host) {
            Some(true) => self.watchers.note(time, &asked, Some(&host), true, shown),
            exists => {
                self.watchers.note(time, &asked, None, false, shown);
                if exists.is_none() {
                    Domains::of(module).look_for(module, &host, asked.answered());
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

    /// Which lamps are lit.
    fn sent(&self) -> Sent {
        let is_to_come = |lamp: &LampKey| Some((lamp.login().to_owned(), domain_of(&lamp.lot)?));
        Sent {
            lit: self.lit.keys().cloned().collect(),
            to_come: self.unwatched.iter().filter_map(is_to_come).collect(),
        }
    }

    fn differs(&self, login: &str, domain: &str, shown: &Shown) -> bool {
        let before = self.lit.get(&(login.to_owned(), domain.to_owned()));
        before.map_or(!shown.is_off(), |before| before != shown)
    }

    fn change(&mut self, login: &str, domain: &str, shown: &Shown, to: Option<&str>) {
        shown.fire(&self.proto, login, domain, to);
        let key = (login.to_owned(), domain.to_owned());
        if shown.is_off() {
            self.lit.remove(&key);
        } else {
            self.lit.insert(key, shown.clone());
        }
    }
}

/// Whether each phone is notified of that lamp separately, because it is a tenant's, or a tenant has one of the same name.
fn is_told_one_by_one(module: &Module, lot: &LotKey, login: &str) -> bool {
    lot.domain.is_some() || module.look(|park| park.is_of_a_tenant(login))
}
