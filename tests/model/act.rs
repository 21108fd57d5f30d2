//! Carries a step out: picks whom it concerns, tells the model what may follow, and tells the switch.

use std::time::Duration;

use crate::ask::{Number, Slot};
use crate::hands::Hands;
use crate::office::{self, Office};
use crate::op::{Do, Kind, Op};
use crate::people::{Lot, Person, lots};
use crate::world::{Leg, World};

/// More legs than this, and somebody hangs up first.
const CROWD: usize = 14;

/// Who acts on what.
pub struct Stage<'a> {
    pub world: &'a mut World,
    pub office: &'a mut Office,
    pub hands: &'a mut dyn Hands,
}

impl Stage<'_> {
    /// Does it; what was done, for people. None: there was nothing it could be done to.
    pub fn step(&mut self, op: &Op) -> Option<String> {
        let clears = matches!(op, Op::One(one) if one.kind == Kind::Clear);
        if self.world.live().count() > CROWD && !clears {
            let oldest = self.world.live().next()?.uuid.clone();
            self.hang_up(&oldest);
            return Some(format!("{} hangs up, there are too many", self.world.described(&oldest)));
        }
        match op {
            Op::One(one) => self.act(one),
            Op::Race(first, ms, then) => {
                self.office.racing = true;
                let first = self.act(first);
                self.office.racing = false;
                let first = first?;
                std::thread::sleep(Duration::from_millis(*ms));
                let then = self.act(then).unwrap_or_else(|| "nothing".to_owned());
                Some(format!("{first}; {ms} ms later {then}"))
            }
        }
    }

    fn act(&mut self, one: &Do) -> Option<String> {
        match one.kind {
            Kind::Dial => self.dial(one),
            Kind::TwoRetrievers => self.two_retrievers(one),
            Kind::HangUp => {
                let live: Vec<_> = self.world.live().collect();
                let leg = one.pick(0, &live)?.uuid.clone();
                self.hang_up(&leg);
                Some(format!("{} hangs up", self.world.described(&leg)))
            }
            Kind::Keys => {
                let leg = self.leg(one, 0)?;
                let keys = *one.pick(1, &["#", "1", "0", "*1"])?;
                self.nested(&leg);
                self.hands.keys(self.office, &leg, keys);
                Some(format!("{} presses {keys}", self.world.described(&leg)))
            }
            Kind::Blind => self.blind(one),
            Kind::Transfer | Kind::TransferBoth => self.transfer(one),
            Kind::Bridge => self.bridge(one),
            Kind::Break => {
                let leg = self.leg(one, 0)?;
                self.command(format!("uuid_break {leg}"))
            }
            Kind::Park => self.park(one),
            Kind::RetrieveLeg | Kind::RetrieveDial => self.retrieve(one),
            Kind::Move | Kind::Set | Kind::Return | Kind::Drop => self.manage(one),
            Kind::Close | Kind::Open => self.close(one),
            Kind::Reload => {
                let variant = one.index(0, 4);
                self.office
                    .switch
                    .write_callpark_conf(Some(&office::conf(variant, self.office.valet)));
                self.callpark(format!("callpark reload (variant {variant})"), "callpark reload")
            }
            Kind::Nonsense => self.nonsense(one),
            Kind::Module => self.module(one),
            Kind::Wait => {
                std::thread::sleep(Duration::from_millis(one.index(0, 1200) as u64));
                Some("time passes".to_owned())
            }
            Kind::Clear => Some(self.everybody_hangs_up()),
            Kind::Hold => {
                let leg = self.leg(one, 0)?;
                let on = one.chance(1, 50);
                self.hands.hold(&leg, on)?;
                Some(format!(
                    "{} {}",
                    self.world.described(&leg),
                    if on { "holds" } else { "resumes" }
                ))
            }
            Kind::Attended => self.attended(one),
            Kind::Rush => self.rush(one),
            Kind::Broadcast => self.broadcast(one),
            Kind::Feature => self.feature(one),
        }
    }

    fn hang_up(&mut self, uuid: &str) {
        self.hands.hang_up(self.office, uuid);
        if let Some(leg) = self.world.leg_mut(uuid) {
            leg.ends = true;
        }
    }

    pub fn leg(&self, one: &Do, n: usize) -> Option<String> {
        self.some_leg(one, n, |_| true)
    }

    fn some_leg(&self, one: &Do, n: usize, fits: impl Fn(&Leg) -> bool) -> Option<String> {
        // FreeSWITCH does not survive every command to the half of a loopback, or to what rings: those only come and go.
        let persons = |leg: &&Leg| leg.person.is_some() && fits(leg);
        let live: Vec<_> = self.world.live().filter(persons).collect();
        one.pick(n, &live).map(|leg| leg.uuid.clone())
    }

    /// An orbit, rather one that is taken.
    pub fn orbit(
        &self,
        one: &Do,
        n: usize,
        tenant: Option<Option<&str>>,
    ) -> (&'static Lot, &'static str) {
        let mine =
            |lot: &Lot| tenant.is_none_or(|tenant| lot.domain.is_none() || lot.domain == tenant);
        let all: Vec<(&'static Lot, &'static str)> = lots(self.office.valet)
            .iter()
            .filter(|lot| mine(lot))
            .flat_map(|lot| lot.orbits.iter().map(move |orbit| (lot, *orbit)))
            .collect();
        let taken: Vec<_> = all
            .iter()
            .filter(|(lot, orbit)| self.world.parked_at(&lot.full(), orbit).is_some())
            .collect();
        match one.pick(n, &taken).filter(|_| one.chance(n, 80)) {
            Some(place) => **place,
            None => all[one.index(n, all.len())],
        }
    }

    /// A number that somebody of that tenant would dial.
    fn number(&self, one: &Do, n: usize, tenant: Option<&'static str>) -> Number {
        let own = if one.chance(n + 1, 90) { Some(tenant) } else { None };
        let (lot, orbit) = self.orbit(one, n + 1, own);
        let auto = |orbit: &'static str| Some(orbit).filter(|_| one.chance(n, 40));
        // Each second one that is for a lot is for `valet_park`.
        let valet = self.office.valet && one.chance(n + 2, 50);
        let simple = match one.index(n, 100) {
            20..55 if valet => Number::Valet(lot, auto(orbit).map_or(Slot::In, Slot::Of)),
            55..60 if valet => Number::Valet(lot, Slot::Out),
            60..97 if valet => Number::Valet(lot, Slot::Of(orbit)),
            0..20 => Number::Phone(Person(one.index(n + 1, Person::COUNT))),
            20..55 => Number::Park(lot.name, auto(orbit)),
            55..72 => Number::Take(lot.name, if one.chance(n, 70) { Some(orbit) } else { None }),
            72..97 => Number::Key(orbit),
            _ => Number::Rest,
        };
        match one.index(n + 1, 100) {
            0..6 => Number::Loop(Box::new(simple)),
            6..12 => Number::Hop(Box::new(simple)),
            _ => simple,
        }
    }

    fn dials(&mut self, who: Person, number: &Number) -> String {
        let uuid = self.hands.dial(self.office, who, number);
        self.world.expect(&uuid, who, number);
        format!("{who} dials {} ({})", number.dialled(), uuid.get(..8).unwrap_or_default())
    }

    fn dial(&mut self, one: &Do) -> Option<String> {
        let who = Person(one.index(0, Person::COUNT));
        let number = self.number(one, 1, who.tenant());
        Some(self.dials(who, &number))
    }

    fn two_retrievers(&mut self, one: &Do) -> Option<String> {
        let (lot, orbit) = self.orbit(one, 0, None);
        let may = |who: &Person| lot.domain.is_none() || who.tenant() == lot.domain;
        let people: Vec<Person> = Person::all().filter(may).collect();
        let number = if self.office.valet && one.chance(1, 70) {
            Number::Valet(lot, Slot::Of(orbit))
        } else if one.chance(1, 50) {
            Number::Key(orbit)
        } else {
            Number::Take(lot.name, Some(orbit))
        };
        let both = [*one.pick(2, &people)?, *one.pick(3, &people)?];
        let both = both.map(|who| self.dials(who, &number));
        Some(format!("at once {}", both.join(" and ")))
    }

    fn blind(&mut self, one: &Do) -> Option<String> {
        let leg = self.some_leg(one, 0, |leg| leg.bridged.is_some())?;
        let party = self.world.leg(&leg)?.bridged.clone()?;
        let tenant = self.world.leg(&leg)?.person.and_then(Person::tenant);
        let number = self.number(one, 1, tenant);
        let said = format!(
            "{} sends {} to {}",
            self.world.described(&leg),
            self.world.described(&party),
            number.dialled()
        );
        self.world.comes_to(&party, &number, true);
        self.for_whoever_sends(&party, &number, tenant);
        self.hands.blind(self.office, &leg, &party, &number, one.chance(3, 50))?;
        Some(said)
    }

    /// Somebody sends a leg to a number, and means what is there for that tenant.
    fn for_whoever_sends(&mut self, party: &str, number: &Number, tenant: Option<&str>) {
        if let Some(ask) = number.asks(tenant, true) {
            self.world.wants(party, ask);
        }
    }

    fn transfer(&mut self, one: &Do) -> Option<String> {
        let leg = self.leg(one, 0)?;
        let tenant = self.world.leg(&leg)?.person.and_then(Person::tenant);
        let number = self.number(one, 1, tenant);
        let partner = self.world.leg(&leg)?.bridged.clone();
        let both = if one.kind == Kind::TransferBoth { "-both " } else { "" };
        self.world.comes_to(&leg, &number, true);
        if let Some(partner) = partner.filter(|_| !both.is_empty()) {
            self.world.comes_to(&partner, &number, true);
        }
        self.command(format!("uuid_transfer {leg} {both}{} XML default", number.dialled()))
    }

    fn bridge(&mut self, one: &Do) -> Option<String> {
        let (a, b) = (self.leg(one, 0)?, self.leg(one, 1)?);
        if a == b {
            return None;
        }
        self.world.grant(&a, &b);
        self.world.may_go_back(&a);
        self.world.may_go_back(&b);
        self.command(format!("uuid_bridge {a} {b}"))
    }

    fn everybody_hangs_up(&mut self) -> String {
        self.office.switch.write_callpark_conf(Some(&office::conf(0, self.office.valet)));
        for lot in lots(self.office.valet) {
            self.office.api(&format!("callpark open {}", lot.full()));
        }
        self.office.api("callpark reload");
        let live: Vec<_> = self.world.legs.iter().map(|leg| leg.uuid.clone()).collect();
        for uuid in live {
            self.hang_up(&uuid);
        }
        "everybody hangs up".to_owned()
    }

    fn attended(&mut self, one: &Do) -> Option<String> {
        let call = self.some_leg(one, 0, |leg| leg.bridged.is_some())?;
        let person = self.world.leg(&call)?.person?;
        let partner = self.world.leg(&call)?.bridged.clone();
        let consultation = self.some_leg(one, 1, |leg| {
            let other = leg.uuid != call && Some(&leg.uuid) != partner.as_ref();
            other && leg.person == Some(person)
        })?;
        if !self.hands.is_phone(&call) || !self.hands.is_phone(&consultation) {
            return None;
        }
        let party = |uuid: &str| self.world.leg(uuid).and_then(|leg| leg.bridged.clone());
        match (party(&call), party(&consultation)) {
            (Some(one), Some(other)) => {
                self.world.grant(&one, &other);
                self.world.may_go_back(&one);
                self.world.may_go_back(&other);
            }
            // It is sent where the consultation leg is.
            (Some(one), None) => {
                let number = self.world.leg(&consultation)?.numbers.last().cloned();
                if let Some(number) = number {
                    self.world.comes_to(&one, &number, true);
                    self.for_whoever_sends(&one, &number, person.tenant());
                }
            }
            (None, _) => {}
        }
        self.hands.attended(self.office, &call, &consultation)?;
        Some(format!(
            "{} is transferred to {}",
            self.world.described(&call),
            self.world.described(&consultation)
        ))
    }

    fn rush(&mut self, one: &Do) -> Option<String> {
        let call = self.some_leg(one, 0, |leg| leg.bridged.is_some())?;
        let leg = self.world.leg(&call)?;
        let (person, party) = (leg.person?, leg.bridged.clone()?);
        let number = self.number(one, 1, person.tenant());
        let ms = one.index(3, 60) as u64;
        if !self.hands.is_phone(&call) {
            return None;
        }
        // Whoever is transferred onto that leg is sent where it is.
        self.world.comes_to(&party, &number, true);
        self.for_whoever_sends(&party, &number, person.tenant());
        let consultation = self.hands.rush(self.office, &call, &number, ms)?;
        self.world.expect(&consultation, person, &number);
        Some(format!(
            "{person} dials {}, and {ms} ms after the answer sends {} there",
            number.dialled(),
            self.world.described(&party)
        ))
    }

    /// An application as a private event of a leg, whatever it is doing.
    fn broadcast(&mut self, one: &Do) -> Option<String> {
        let leg = self.leg(one, 0)?;
        let (lot, orbit) = self.orbit(one, 1, None);
        let tenant = self.world.leg(&leg)?.person.and_then(Person::tenant);
        let what = match one.index(2, 3) {
            0 => "tone_stream://%(300,0,450)".to_owned(),
            1 => "playback::tone_stream://%(300,0,450)".to_owned(),
            _ => {
                let number = Number::Take(lot.name, Some(orbit));
                if let Some(ask) = number.asks(tenant, false) {
                    self.world.wants(&leg, ask);
                }
                format!("'callpark_retrieve::{} {orbit}'", lot.name)
            }
        };
        self.nested(&leg);
        self.command(format!("uuid_broadcast {leg} {what} aleg"))
    }

    fn nested(&mut self, leg: &str) {
        if let Some(leg) = self.world.leg_mut(leg) {
            leg.nested = true;
        }
    }

    /// The other party of a bridge is parked: by a feature code, or by the application as a private event.
    fn feature(&mut self, one: &Do) -> Option<String> {
        let leg = self.some_leg(one, 0, |leg| leg.bridged.is_some())?;
        self.nested(&leg);
        if one.chance(1, 50) {
            self.hands.keys(self.office, &leg, "*1");
            return Some(format!("{} presses *1", self.world.described(&leg)));
        }
        let lot = ["default", "quick", "common"][one.index(2, 3)];
        self.command(format!("uuid_broadcast {leg} 'callpark::{lot} auto' aleg"))
    }
}
