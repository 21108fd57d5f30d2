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
    /// A place where nothing happens.
    Rest,
    /// A loopback to the number.
    Loop(Box<Number>),
    /// The dialplan's own `transfer` to the number.
    Hop(Box<Number>),
}

/// Whom a leg wants to meet.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// A person, by the dialplan calling that phone.
    Talk(Person),
    /// What is in that orbit, or anything in the lot.
    Take(String, Option<String>),
}

impl Number {
    pub fn dialled(&self) -> String {
        match self {
            Number::Phone(person) => person.number(),
            Number::Park(lot, orbit) => format!("park_{lot}_{}", orbit.unwrap_or("auto")),
            Number::Take(lot, orbit) => format!("take_{lot}_{}", orbit.unwrap_or("next")),
            Number::Key(orbit) => (*orbit).to_owned(),
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
            Number::Loop(number) | Number::Hop(number) => number.asks(tenant, sent),
            Number::Key(_) | Number::Park(..) | Number::Rest => None,
        }
    }
}
