//! What is known of every leg, by what was done to it and what the switch said of it; and who may meet whom.

use std::collections::{BTreeMap, BTreeSet};

use crate::ask::{Ask, Number};
use crate::people::Person;

/// A wish, and in which steps it stood.
#[derive(Debug, Clone)]
pub struct Wish {
    pub ask: Ask,
    pub from: usize,
    pub to: Option<usize>,
}

/// A channel.
#[derive(Debug, Default)]
pub struct Leg {
    pub uuid: String,
    pub name: String,
    pub person: Option<Person>,
    /// It has been seen; until then it is expected.
    pub created: bool,
    pub answered: bool,
    pub hung_up: bool,
    /// It had a private event: FreeSWITCH goes on naming the application of that as the one it runs.
    pub nested: bool,
    /// How many applications of ours it runs, one on top of another.
    pub ours: usize,
    /// Somebody has hung it up.
    pub ends: bool,
    pub gone: bool,
    /// The module called it for a parked call.
    pub errand: bool,
    /// Somebody else has sent it where it is.
    pub sent: bool,
    /// `uuid_bridge` had it: when the other one goes elsewhere meanwhile, FreeSWITCH leaves it where it is.
    pub commanded: bool,
    /// Who sent it to an orbit without having talked to it: by completing an attended transfer.
    pub sent_by: Option<Person>,
    /// Everybody it was sent to, for whoever sends it back there.
    pub numbers: Vec<Number>,
    pub wishes: Vec<Wish>,
    /// The other leg of its bridge.
    pub bridged: Option<String>,
    /// Whom it met since it was parked last, and ever.
    pub met: BTreeSet<String>,
    pub ever_met: BTreeSet<String>,
    /// Where it is parked, by the events.
    pub orbit: Option<(String, String)>,
    /// In the lots of which tenants somebody wanted to park it.
    pub parks_for: BTreeSet<String>,
}

impl Leg {
    pub fn is_loopback(&self) -> bool {
        self.name.starts_with("loopback/")
    }

    /// Its channel can be asked about.
    pub fn is_live(&self) -> bool {
        self.created && !self.hung_up && !self.ends
    }

    pub fn is_called(&self, uuid: &str) -> bool {
        self.uuid == uuid
    }
}

/// Who was where, and when.
#[derive(Debug)]
pub struct Stay {
    pub uuid: String,
    pub place: (String, String),
    pub from: usize,
    pub to: Option<usize>,
}

/// The model.
#[derive(Default)]
pub struct World {
    pub step: usize,
    pub legs: Vec<Leg>,
    pub stays: Vec<Stay>,
    granted: BTreeSet<(String, String)>,
    /// Bridges with a leg whose beginning has not been told yet.
    pub early: Vec<(String, String)>,
    /// The lamps that are lit, `701@a.local`.
    pub lit: BTreeSet<String>,
    /// What must never have happened.
    pub wrong: Vec<String>,
    pub parks: usize,
    pub outcomes: BTreeMap<String, usize>,
}

fn pair(one: &str, other: &str) -> (String, String) {
    if one < other { (one.into(), other.into()) } else { (other.into(), one.into()) }
}

impl World {
    pub fn leg(&self, uuid: &str) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.is_called(uuid))
    }

    pub fn leg_mut(&mut self, uuid: &str) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.is_called(uuid))
    }

    pub fn live(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(|leg| leg.is_live())
    }

    /// A leg that somebody is about to have.
    pub fn expect(&mut self, uuid: &str, person: Person, number: &Number) {
        let leg = Leg { uuid: uuid.into(), person: Some(person), ..Leg::default() };
        self.legs.push(leg);
        self.comes_to(uuid, number, false);
    }

    /// A leg comes to a number: by itself, or sent by somebody else.
    pub fn comes_to(&mut self, uuid: &str, number: &Number, sent: bool) {
        let step = self.step;
        let Some(leg) = self.leg_mut(uuid) else { return };
        leg.sent |= sent;
        leg.parks_for.extend(number.parks_for().map(str::to_owned));
        for wish in leg.wishes.iter_mut().filter(|wish| wish.to.is_none()) {
            wish.to = Some(step);
        }
        let tenant = leg.person.and_then(Person::tenant);
        if let Some(ask) = number.asks(tenant, leg.sent) {
            leg.wishes.push(Wish { ask, from: step, to: None });
        }
        if sent && number.may_go_back() {
            let met = leg.ever_met.clone();
            let senders: Vec<Person> = met.iter().filter_map(|met| self.leg(met)?.person).collect();
            let wish = |person| Wish { ask: Ask::Sender(person), from: step, to: None };
            if let Some(leg) = self.leg_mut(uuid) {
                leg.wishes.extend(senders.into_iter().map(wish));
            }
        }
        let Some(leg) = self.leg_mut(uuid) else { return };
        leg.numbers.push(number.clone());
    }

    /// A leg is to take what is in that orbit.
    pub fn wants(&mut self, uuid: &str, ask: Ask) {
        let from = self.step;
        if let Some(leg) = self.leg_mut(uuid) {
            leg.wishes.push(Wish { ask, from, to: None });
        }
    }

    /// What a leg once dialled it may come to again: FreeSWITCH sends it back there when a `uuid_bridge` fails.
    pub fn may_go_back(&mut self, uuid: &str) {
        let from = self.step;
        let Some(leg) = self.leg_mut(uuid) else { return };
        leg.commanded = true;
        let tenant = leg.person.and_then(Person::tenant);
        let asks: Vec<_> = leg.numbers.iter().filter_map(|n| n.asks(tenant, false)).collect();
        leg.wishes.extend(asks.into_iter().map(|ask| Wish { ask, from, to: None }));
    }

    /// Somebody wants these two to talk.
    pub fn grant(&mut self, one: &str, other: &str) {
        self.granted.insert(pair(one, other));
    }

    /// The switch has come to rest: whoever found nobody has given up. A phone that rings still may answer.
    pub fn rest(&mut self) {
        let step = self.step;
        for leg in &mut self.legs {
            let takes = |wish: &&mut Wish| matches!(wish.ask, Ask::Take(..)) && wish.to.is_none();
            if !leg.errand {
                leg.wishes.iter_mut().filter(takes).for_each(|wish| wish.to = Some(step));
            }
        }
    }

    /// Did anybody ask for these two to be connected? Loopbacks that a leg was connected with act for it: when they bow
    /// out, those behind them are connected directly.
    pub fn may_meet(&self, one: &str, other: &str) -> bool {
        let acting = |uuid: &str| {
            let met = self.leg(uuid).map(|leg| leg.ever_met.clone()).unwrap_or_default();
            let loops = met.iter().filter_map(|met| self.leg(met)).filter(|leg| leg.is_loopback());
            let twins = loops.flat_map(|leg| [vec![leg.uuid.clone()], self.twins(leg)].concat());
            twins.chain([uuid.to_owned()]).collect::<Vec<_>>()
        };
        let (ones, others) = (acting(one), acting(other));
        ones.iter().any(|one| others.iter().any(|other| self.may_meet_itself(one, other)))
    }

    /// The other half of a loopback, or what could be it.
    pub fn twins(&self, leg: &Leg) -> Vec<String> {
        let twin = match (leg.name.strip_suffix("-a"), leg.name.strip_suffix("-b")) {
            (Some(stem), _) => format!("{stem}-b"),
            (_, Some(stem)) => format!("{stem}-a"),
            _ => return Vec::new(),
        };
        let twins = self.legs.iter().filter(|other| other.name == twin);
        twins.map(|other| other.uuid.clone()).collect()
    }

    fn may_meet_itself(&self, one: &str, other: &str) -> bool {
        self.granted.contains(&pair(one, other))
            || self.asks_for(one, other)
            || self.asks_for(other, one)
    }

    fn asks_for(&self, one: &str, other: &str) -> bool {
        let (Some(one), Some(other)) = (self.leg(one), self.leg(other)) else { return false };
        one.wishes.iter().any(|wish| match &wish.ask {
            Ask::Talk(person) => other.person == Some(*person) && !other.errand,
            Ask::Sender(person) => other.person == Some(*person),
            Ask::Take(lot, orbit) => self.stays.iter().any(|stay| {
                stay.uuid == other.uuid
                    && stay.place.0 == *lot
                    && orbit.as_ref().is_none_or(|orbit| *orbit == stay.place.1)
                    && wish.to.is_none_or(|to| stay.from <= to)
                    && stay.to.is_none_or(|to| wish.from <= to)
            }),
        })
    }

    /// May this leg hear that person: over some leg, directly or through a loopback?
    pub fn may_hear(&self, uuid: &str, person: Person) -> bool {
        let theirs = || self.legs.iter().filter(|leg| leg.person == Some(person));
        let between = || self.legs.iter().filter(|leg| leg.is_loopback());
        theirs().any(|leg| self.may_meet(uuid, &leg.uuid))
            || between().any(|leg| self.may_meet(uuid, &leg.uuid))
            || between().any(|leg| theirs().any(|their| self.may_meet(&leg.uuid, &their.uuid)))
    }

    /// Whoever is parked there.
    pub fn parked_at(&self, lot: &str, orbit: &str) -> Option<&Leg> {
        self.legs
            .iter()
            .find(|leg| leg.orbit.as_ref().is_some_and(|at| at.0 == lot && at.1 == orbit))
    }
}
