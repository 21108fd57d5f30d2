//! The parties that rules are about.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Asks, OwnList};
use crate::park::user::{User, domain_name};

/// Whoever asks for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An administrator, who may do everything: a command that names no user, or the module itself.
    Administrator,
    /// A party of calls, or a user for whom a command was given.
    Person(Arc<Person>),
}

/// What is known of a party.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The user, if it is one of this switch.
    pub user: Option<User>,
    /// The tenant, in the one spelling of domains. `None` if that is not known: a caller from outside.
    pub domain: Option<Arc<str>>,
    /// The dialplan context of the party's call, or empty.
    pub context: String,
    /// The party's own number, or empty.
    pub number: String,
    /// The network address of its call, or empty.
    pub address: String,
    /// For each group that was asked for whether the user is in it.
    pub groups: BTreeMap<Arc<str>, bool>,
    /// The value of each variable that was asked for.
    pub variables: BTreeMap<Arc<str>, Option<String>>,
    /// The user's own list (`callpark_allow`).
    pub own: Option<Arc<OwnList>>,
}

impl Actor {
    /// The user, if it is one.
    pub fn user(&self) -> Option<&User> {
        match self {
            Actor::Administrator => None,
            Actor::Person(person) => person.user.as_ref(),
        }
    }

    /// The tenant, if it is known.
    pub fn domain(&self) -> Option<&str> {
        match self {
            Actor::Administrator => None,
            Actor::Person(person) => person.domain.as_deref(),
        }
    }

    /// What its failures are counted by: the user, or else the number and the address. `None` if it cannot be told from others.
    pub fn source(&self) -> Option<String> {
        let Actor::Person(person) = self else { return None };
        match &person.user {
            Some(user) => Some(user.to_string()),
            None if person.address.is_empty() => None,
            None => Some(format!("{} {}", person.number, person.address)),
        }
    }

    /// Whether it may do everything.
    pub fn is_administrator(&self) -> bool {
        matches!(self, Actor::Administrator)
    }
}

impl From<Person> for Actor {
    fn from(person: Person) -> Self {
        Actor::Person(Arc::new(person))
    }
}

impl Person {
    /// A user of whom nothing else is known yet.
    pub fn of(user: User) -> Self {
        let domain = domain_name(user.domain()).map(Arc::from);
        Person { user: Some(user), domain, ..Person::default() }
    }

    /// Whether everything is known of that person that these rules ask.
    pub fn knows(&self, asks: &Asks) -> bool {
        asks.groups.iter().all(|group| self.groups.contains_key(group))
            && asks.variables.iter().all(|name| self.variables.contains_key(name))
    }
}
