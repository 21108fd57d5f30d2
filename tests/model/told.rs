//! What the switch says, taken into the model; and what must never be said.

use std::collections::BTreeSet;

use kit::Event;

use crate::ask::Ask;
use crate::people::Person;
use crate::world::{Leg, Stay, Wish, World};

fn is_ours(event: &Event) -> bool {
    event.text("Application").starts_with("callpark")
}

impl World {
    /// What the switch says.
    pub fn absorb(&mut self, event: &Event) {
        match event.name() {
            "CHANNEL_CREATE" => self.created(event),
            "CHANNEL_ANSWER" => self.change(event, |leg| leg.answered = true),
            "CHANNEL_HANGUP" => self.change(event, |leg| leg.hung_up = true),
            "CHANNEL_DESTROY" => self.change(event, |leg| (leg.hung_up, leg.gone) = (true, true)),
            "CHANNEL_EXECUTE" if is_ours(event) => self.change(event, |leg| leg.ours += 1),
            "CHANNEL_EXECUTE_COMPLETE" if is_ours(event) => {
                self.change(event, |leg| leg.ours = leg.ours.saturating_sub(1));
            }
            "CHANNEL_BRIDGE" => {
                self.bridged(event.text("Bridge-A-Unique-ID"), event.text("Bridge-B-Unique-ID"));
            }
            "CHANNEL_UNBRIDGE" => {
                let ids = ["Bridge-A-Unique-ID", "Bridge-B-Unique-ID"].map(|name| event.text(name));
                for (here, there) in [(ids[0], ids[1]), (ids[1], ids[0])] {
                    let leg = self.leg_mut(here);
                    // It may be in the next bridge already.
                    if let Some(leg) = leg.filter(|leg| leg.bridged.as_deref() == Some(there)) {
                        leg.bridged = None;
                    }
                }
            }
            "PRESENCE_IN" if event.is("proto", "park") => self.lamp(event),
            "CUSTOM" => self.told(event),
            _ => {}
        }
    }

    fn change(&mut self, event: &Event, change: impl FnOnce(&mut Leg)) {
        if let Some(leg) = self.leg_mut(event.uuid()) {
            change(leg);
        }
    }

    fn created(&mut self, event: &Event) {
        let uuid = event.uuid();
        if self.leg(uuid).is_none() {
            let mut leg = Leg { uuid: uuid.into(), ..Leg::default() };
            let called = |name: &str| event.text(&format!("variable_{name}")).to_owned();
            leg.person = Person::of(&called("dialed_user"), &called("dialed_domain"));
            let (lot, orbit) = (called("callpark_lot"), called("callpark_orbit"));
            if event.is("Call-Direction", "outbound") && !orbit.is_empty() {
                leg.errand = true;
                let ask = Ask::Take(lot, Some(orbit));
                // Whoever wanted it called did so a moment ago; the call may have been moved since then.
                let from = self.step.saturating_sub(3);
                leg.wishes.push(Wish { ask, from, to: None });
            }
            self.legs.push(leg);
        }
        self.change(event, |leg| {
            leg.created = true;
            leg.name = event.text("Channel-Name").to_owned();
        });
        for (one, other) in std::mem::take(&mut self.early) {
            self.bridged(&one, &other);
        }
    }

    fn bridged(&mut self, one: &str, other: &str) {
        if self.leg(one).is_none() || self.leg(other).is_none() {
            // Each leg tells of its own beginning, which can come later.
            return self.early.push((one.into(), other.into()));
        }
        let through = |uuid: &str| self.leg(uuid).is_none_or(Leg::is_loopback);
        if !through(one) && !through(other) && !self.may_meet(one, other) {
            let what = format!(
                "{} and {} were connected, and nobody asked for it",
                self.described(one),
                self.described(other)
            );
            self.wrong.push(what);
        }
        for (here, there) in [(one, other), (other, one)] {
            if let Some(leg) = self.leg_mut(here) {
                leg.bridged = Some(there.to_owned());
                leg.met.insert(there.to_owned());
                leg.ever_met.insert(there.to_owned());
            }
        }
    }

    /// A leg, for people.
    pub fn described(&self, uuid: &str) -> String {
        let Some(leg) = self.leg(uuid) else { return format!("an unknown leg {uuid}") };
        let whose = leg.person.map_or("nobody".to_owned(), |person| person.to_string());
        format!("{whose}'s {} ({})", uuid.get(..8).unwrap_or(uuid), leg.name)
    }

    fn lamp(&mut self, event: &Event) {
        let lamp = event.text("from").to_owned();
        // What is said to one phone is looked at there. The lamps of tenants are told of to each phone, and once to a
        // subscription that there is not, for whoever listens to events.
        if event.get("call-id").is_some_and(|phone| phone != "callpark") {
            return;
        }
        if event.is("answer-state", "terminated") {
            self.lit.remove(&lamp);
        } else {
            self.lit.insert(lamp);
        }
    }

    /// The parker is somebody whom the call was connected with, and the lot is that of whoever parks.
    fn parked_by_a_stranger(&self, uuid: &str, event: &Event) -> Option<&'static str> {
        let leg = self.leg(uuid)?;
        let met: Vec<&Leg> = leg.ever_met.iter().filter_map(|met| self.leg(met)).collect();
        if leg.is_loopback() || met.iter().any(|met| met.is_loopback() || met.person.is_none()) {
            // It acts for somebody else.
            return None;
        }
        let known: BTreeSet<Person> =
            met.iter().filter_map(|leg| leg.person).chain(leg.person).chain(leg.sent_by).collect();
        let parker = event.text("Callpark-Parker");
        if !parker.is_empty() && !known.iter().any(|person| person.address() == parker) {
            return Some("the parker was never in that call");
        }
        let lot = event.text("Callpark-Lot").split_once('@').map(|(_, domain)| domain);
        let tenants = known.iter().filter_map(|person| person.tenant());
        let theirs = lot.is_none_or(|lot| {
            leg.parks_for.contains(lot) || tenants.clone().any(|tenant| tenant == lot)
        });
        (!theirs).then_some("parked in the lot of a tenant who has nothing to do with it")
    }

    /// A leg takes the place of a parked one: an attended transfer to it, or an INVITE that replaces it.
    fn replaced(&mut self, old: &str, new: &str) {
        let orbit = self.leg_mut(old).and_then(|leg| leg.orbit.take());
        let step = self.step;
        let open = |stay: &&mut Stay| stay.uuid == old && stay.to.is_none();
        let closed: Vec<_> = self.stays.iter_mut().filter(open).collect();
        if let (Some(place), Some(leg)) =
            (orbit, self.legs.iter_mut().find(|leg| leg.is_called(new)))
        {
            leg.met.clear();
            leg.orbit = Some(place.clone());
            closed.into_iter().for_each(|stay| stay.to = Some(step));
            self.stays.push(Stay { uuid: new.into(), place, from: step, to: None });
        }
    }

    fn told(&mut self, event: &Event) {
        let action = event.text("Callpark-Action");
        if ["refuse", "callback"].contains(&action) {
            return;
        }
        let step = self.step;
        let uuid = event.text("Callpark-UUID").to_owned();
        let place = (event.text("Callpark-Lot").into(), event.text("Callpark-Orbit").into());
        let outcome = event.text("Callpark-Outcome").to_owned();
        let retriever = event.text("Callpark-Retriever-UUID").to_owned();
        let summary = event.summary();
        if action == "replace" {
            self.replaced(event.text("Callpark-From-UUID"), &uuid);
        }
        let Some(leg) = self.leg_mut(&uuid) else {
            return self.wrong.push(format!("an event of an unknown leg: {summary}"));
        };
        let mut wrong = None;
        match (action, leg.orbit.is_some()) {
            ("park", false) => {
                leg.met.clear();
                leg.orbit = Some(place.clone());
            }
            ("park", true) => wrong = Some("parked twice"),
            (_, false) => wrong = Some("an event of a call that is not parked"),
            ("move", true) => leg.orbit = Some(place.clone()),
            (_, true) => {}
        }
        if !outcome.is_empty() {
            leg.orbit = None;
            let connected = retriever.is_empty() || leg.met.contains(&retriever);
            if !connected || outcome == "retrieved" && retriever.is_empty() {
                wrong = Some("they were never connected");
            }
        }
        if action == "park" {
            wrong = wrong.or(self.parked_by_a_stranger(&uuid, event));
        }
        let what = self.described(&uuid);
        if let Some(wrong) = wrong {
            self.wrong.push(format!("{wrong}: {what}: {summary}"));
        }
        if ["park", "move"].contains(&action) || !outcome.is_empty() {
            let open = |stay: &&mut Stay| stay.uuid == uuid && stay.to.is_none();
            self.stays.iter_mut().filter(open).for_each(|stay| stay.to = Some(step));
        }
        if outcome.is_empty() && ["park", "move"].contains(&action) {
            self.parks += usize::from(action == "park");
            self.stays.push(Stay { uuid, place, from: step, to: None });
        } else if !outcome.is_empty() {
            *self.outcomes.entry(outcome).or_default() += 1;
        }
    }
}
