//! SIP phones, and what they hear.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kit::Phone;
use kit::phone::{Call, Direction, Phase, Policy, ReferredBy, Sound, Subscription};

use crate::ask::Number;
use crate::hands::{Expected, Hands, Hears, NullLegs};
use crate::office::{MUSIC, Office};
use crate::people::{LOTS, Person};
use crate::world::World;

/// A sound that lasts for fewer packets is a stray one.
const PACKETS: usize = 3;
/// How long a consultation call may take to be answered.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);

/// Everybody's phone.
pub struct Phones {
    phones: Vec<Phone>,
    /// Calls on hold by their own phone.
    held: BTreeSet<String>,
    /// How many packets of each call have been listened to.
    listened: BTreeMap<String, usize>,
    /// What the users' phones watch: the lamp, and the subscription.
    lamps: Vec<(String, Subscription)>,
}

impl Phones {
    pub fn new(office: &Office) -> Phones {
        let phones: Vec<Phone> = Person::all()
            .map(|person| {
                let phone = Phone::new(&office.switch, person.user())
                    .domain(person.domain())
                    .display(&person.to_string())
                    .policy(Policy::Answer);
                phone.register();
                phone
            })
            .collect();
        let mut lamps = Vec::new();
        for person in Person::all() {
            for lot in
                LOTS.iter().filter(|lot| lot.domain.is_some() && lot.domain == person.tenant())
            {
                for name in lot.orbits.iter().chain([&lot.name]) {
                    let to = format!("park+{name}");
                    let lamp = format!("{name}@{}", person.domain());
                    lamps.push((lamp, phones[person.0].subscribe(&to, "dialog")));
                }
            }
        }
        Phones { phones, held: BTreeSet::new(), listened: BTreeMap::new(), lamps }
    }

    fn call(&self, uuid: &str) -> Option<Call> {
        let mut calls = self.phones.iter().flat_map(Phone::calls);
        calls.find(|call| call.uuid() == uuid)
    }

    fn call_up(&self, uuid: &str) -> Option<Call> {
        self.call(uuid).filter(|call| call.phase() == Phase::Up)
    }

    /// Whoever has this voice.
    fn whose(&self, sound: Sound) -> Option<Person> {
        self.phones.iter().position(|phone| phone.voice() == sound).map(Person)
    }

    /// Everybody whose voice came since the last time.
    fn voices(&mut self, call: &Call) -> BTreeSet<Person> {
        let history = call.history();
        let listened = self.listened.insert(call.uuid().to_owned(), history.len()).unwrap_or(0);
        let new = history.get(listened.saturating_sub(PACKETS - 1)..).unwrap_or_default();
        let lasting = new.windows(PACKETS).filter(|some| some.iter().all(|(_, s)| *s == some[0].1));
        lasting.filter_map(|some| self.whose(some[0].1)).collect()
    }

    fn strangers(&mut self, world: &mut World) {
        for n in 0..self.phones.len() {
            for call in self.phones[n].calls() {
                // The switch has called it just now, and what it says of that is yet to be read.
                if world.leg(call.uuid()).is_none() {
                    continue;
                }
                for voice in self.voices(&call) {
                    if !world.may_hear(call.uuid(), voice) {
                        let what = format!(
                            "{} heard {voice}, and nobody asked for it",
                            world.described(call.uuid())
                        );
                        world.wrong.push(what);
                    }
                }
            }
        }
    }
}

impl Hands for Phones {
    fn dial(&mut self, _office: &mut Office, who: Person, number: &Number) -> String {
        self.phones[who.0].call(&number.dialled()).uuid().to_owned()
    }

    fn hang_up(&mut self, office: &mut Office, uuid: &str) {
        match self.call(uuid) {
            Some(call) => call.hangup(),
            None => NullLegs.hang_up(office, uuid),
        }
    }

    fn keys(&mut self, office: &mut Office, uuid: &str, keys: &str) {
        match self.call_up(uuid) {
            Some(call) => call.dtmf(keys),
            None => NullLegs.keys(office, uuid, keys),
        }
    }

    fn blind(
        &mut self,
        office: &mut Office,
        call: &str,
        party: &str,
        number: &Number,
        referred_by: bool,
    ) -> Option<()> {
        let by = if referred_by { ReferredBy::Yes } else { ReferredBy::No };
        match self.call_up(call) {
            Some(call) => drop(call.refer(&number.dialled(), by)),
            None => return NullLegs.blind(office, call, party, number, referred_by),
        }
        Some(())
    }

    fn is_phone(&self, uuid: &str) -> bool {
        self.call_up(uuid).is_some()
    }

    fn attended(&mut self, _office: &mut Office, call: &str, consultation: &str) -> Option<()> {
        let (call, consultation) = (self.call_up(call)?, self.call_up(consultation)?);
        call.refer_replaces(&consultation, ReferredBy::Yes);
        Some(())
    }

    fn hold(&mut self, uuid: &str, on: bool) -> Option<()> {
        let call = self.call_up(uuid)?;
        if on {
            self.held.insert(uuid.to_owned());
        } else if !self.held.remove(uuid) {
            return None;
        }
        call.reinvite(if on { Direction::SendOnly } else { Direction::SendRecv });
        Some(())
    }

    fn rush(&mut self, _: &mut Office, call: &str, number: &Number, ms: u64) -> Option<String> {
        let phone = self.phones.iter().find(|phone| {
            phone.calls().iter().any(|its| its.uuid() == call && its.phase() == Phase::Up)
        })?;
        let first = self.call_up(call)?;
        let consultation = phone.call(&number.dialled());
        let until = std::time::Instant::now() + ANSWERED_WITHIN;
        while consultation.phase() < Phase::Up && std::time::Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        if consultation.phase() == Phase::Up {
            std::thread::sleep(Duration::from_millis(ms));
            first.refer_replaces(&consultation, ReferredBy::Yes);
        }
        Some(consultation.uuid().to_owned())
    }

    fn sense(&mut self, world: &mut World, expected: &Expected) -> Result<(), String> {
        self.strangers(world);
        for (uuid, hears) in &expected.sounds {
            let Some(call) = self.call_up(uuid) else { continue };
            let partner = world.leg(uuid).and_then(|leg| leg.bridged.clone()).unwrap_or_default();
            if self.held.contains(uuid) || self.held.contains(&partner) {
                continue;
            }
            let heard = call.heard();
            let right = match hears {
                Hears::Voice(person) => heard == self.phones[person.0].voice(),
                Hears::Music => heard == MUSIC,
                Hears::Nobody => self.whose(heard).is_none(),
            };
            if !right {
                let heard = match self.whose(heard) {
                    Some(person) => person.to_string(),
                    None => format!("{heard:?}"),
                };
                return Err(format!("{} hears {heard}, not {hears:?}", world.described(uuid)));
            }
        }
        for (lamp, subscription) in &self.lamps {
            let body = subscription.last().map(|notify| notify.body).unwrap_or_default();
            let lit =
                ["confirmed", "early"].iter().any(|state| body.contains(&format!(">{state}<")));
            if lit != expected.lit.contains(lamp) {
                return Err(format!("the lamp {lamp} says: {body}"));
            }
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.phones.iter().for_each(Phone::forget_ended);
        self.held.clear();
        self.listened.clear();
    }
}
