//! What can be dialled, and whom it asks for.

use crate::people::{Lot, Person};

/// A number of the dialplan.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    /// Somebody's phone.
    Phone(Person),
    /// `callpark <lot> <orbit>|auto`.
    Park(&'static str, Option<&'static str>),
    /// `callpark_retrieve <lot> <orbit>|next`.
    Take(&'static str, Option<&'static str>),
    /// A key: `callpark_key <lot> <orbit>`.
    Key(&'static str),
    /// `valet_park <lot> <slot>|auto in|auto out`.
    Valet(&'static Lot, Slot),
    /// A place where nothing happens.
    Rest,
    /// A loopback to the number.
    Loop(Box<Number>),
    /// The dialplan's own `transfer` to the number.
    Hop(Box<Number>),
}

/// What `valet_park` is to do in a lot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slot {
    /// Park here, or retrieve what is here.
    Of(&'static str),
    /// Park anywhere.
    In,
    /// Retrieve the oldest.
    Out,
}

/// Whom a leg wants to meet.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// A person, by the dialplan calling that phone.
    Talk(Person),
    /// What is in that orbit, or anything in the lot.
    Take(String, Option<String>),
    /// Whoever sent it, who is called if the slot is taken.
    Sender(Person),
}

impl Number {
    pub fn dialled(&self) -> String {
        match self {
            Number::Phone(person) => person.number(),
            Number::Park(lot, orbit) => format!("park_{lot}_{}", orbit.unwrap_or("auto")),
            Number::Take(lot, orbit) => format!("take_{lot}_{}", orbit.unwrap_or("next")),
            Number::Key(orbit) => (*orbit).to_owned(),
            Number::Valet(lot, slot) => {
                let slot = match slot {
                    Slot::Of(slot) => slot,
                    Slot::In => "in",
                    Slot::Out => "out",
                };
                format!("valet_{}_{}_{slot}", lot.name, lot.letter())
            }
            Number::Rest => "7777".to_owned(),
            Number::Loop(number) => format!("loop_{}", number.dialled()),
            Number::Hop(number) => format!("hop_{}", number.dialled()),
        }
    }

    /// Whom a leg of that tenant asks for when it comes to this number. A key asks for nobody on behalf of a leg that
    /// somebody else has sent here.
    pub fn asks(&self, tenant: Option<&str>, sent: bool) -> Option<Ask> {
        let take = |lot: &Lot, orbit: Option<&str>| Ask::Take(lot.full(), orbit.map(str::to_owned));
        match self {
            Number::Phone(person) => Some(Ask::Talk(*person)),
            Number::Take(lot, orbit) => Some(take(Lot::meant(lot, tenant)?, *orbit)),
            Number::Key(orbit) if !sent => Some(take(Lot::with(orbit, tenant)?, Some(orbit))),
            // Its lots are literal, whoever dials.
            Number::Valet(lot, Slot::Of(slot)) if !sent => Some(take(lot, Some(slot))),
            Number::Valet(lot, Slot::Out) => Some(take(lot, None)),
            Number::Loop(number) | Number::Hop(number) => number.asks(tenant, sent),
            Number::Key(_) | Number::Valet(..) | Number::Park(..) | Number::Rest => None,
        }
    }

    /// Whether a call that is sent there goes back to its sender if the slot is taken.
    pub fn may_go_back(&self) -> bool {
        match self {
            Number::Valet(_, Slot::Of(_)) => true,
            Number::Loop(number) | Number::Hop(number) => number.may_go_back(),
            _ => false,
        }
    }

    /// The tenant in whose lot a call may be parked by it, whoever comes to it.
    pub fn parks_for(&self) -> Option<&'static str> {
        match self {
            Number::Valet(lot, Slot::Of(_) | Slot::In) => lot.domain,
            Number::Loop(number) | Number::Hop(number) => number.parks_for(),
            _ => None,
        }
    }
}
