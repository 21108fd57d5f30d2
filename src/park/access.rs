//! Who may do what in a lot: its `<allow>` and `<deny>` rules, and what a user's own list allows.
//!
//! [`Access::decide`] is the one place that decides. Whatever [`Person`] it is asked about has been looked up before, so
//! that it can be asked with a lock held.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::names::LotKey;

mod own;
mod pattern;
mod person;
mod right;
mod rule;

pub use own::{BadOwnList, OwnList};
pub use pattern::{BadPattern, LONGEST_PATTERN, MOST_ALTERNATIVES, Patterns};
pub use person::{Actor, Person};
pub use right::{BadRight, Right, Rights};
pub use rule::{BadRule, Rule};

/// The most rules of one lot.
pub const MOST_RULES: usize = 1_000;
/// The most groups, and the most variables, that the rules of one lot name.
pub const MOST_ASKED: usize = 64;

/// The rules of one lot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    rules: Arc<Vec<Rule>>,
    /// The rights for which there is an `<allow>`: somebody whom no rule fits does not have them.
    granted: Rights,
    asks: Arc<Asks>,
}

/// What has to be looked up about a person before rules can be asked about that person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// The groups of the directory that the rules name.
    pub groups: BTreeSet<Arc<str>>,
    /// The channel variables that they name.
    pub variables: BTreeSet<Arc<str>>,
}

impl Asks {
    /// Whether nothing has to be known.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.variables.is_empty()
    }

    /// Adds what another lot asks.
    pub fn merge(&mut self, other: &Asks) {
        self.groups.extend(other.groups.iter().cloned());
        self.variables.extend(other.variables.iter().cloned());
    }
}

/// More than can be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooMany {
    /// Rules.
    #[error("there are more than {MOST_RULES} rules")]
    Rules,
    /// Groups or variables.
    #[error("the rules of this lot name more than {MOST_ASKED} groups or variables")]
    Asked,
}

impl Access {
    /// Adds a rule behind the others.
    ///
    /// # Errors
    /// There are too many.
    pub fn push(&mut self, rule: Rule) -> Result<(), TooMany> {
        if self.rules.len() >= MOST_RULES {
            return Err(TooMany::Rules);
        }
        let asks = Arc::make_mut(&mut self.asks);
        asks.groups.extend(rule.groups().cloned());
        asks.variables.extend(rule.variable().cloned());
        if asks.groups.len().max(asks.variables.len()) > MOST_ASKED {
            return Err(TooMany::Asked);
        }
        if rule.allows() {
            self.granted = self.granted.and(rule.rights());
        }
        Arc::make_mut(&mut self.rules).push(rule);
        Ok(())
    }

    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What the rules have to know of a person.
    pub fn asks(&self) -> &Arc<Asks> {
        &self.asks
    }

    /// Whether `actor` may do that in the lot `lot`, whose rules these are, and which rule says so.
    ///
    /// An administrator may. Nobody may in the lot of another domain. Otherwise the user's own list decides, if there is
    /// one, and then the first rule that fits. If none fits, everybody may, unless the lot has an `<allow>` for that right.
    pub fn decide<'a>(&'a self, right: Right, lot: &LotKey, actor: &'a Actor) -> Decision<'a> {
        let Actor::Person(person) = actor else { return Decision::by(true, By::Administrator) };
        let person: &Person = person;
        if let (Some(owner), Some(domain)) = (&lot.domain, &person.domain)
            && owner != domain
        {
            return Decision::by(false, By::OtherDomain);
        }
        if let Some(own) = &person.own {
            return Decision::by(own.lists(right, lot), By::Own(own));
        }
        match self.rules.iter().find(|rule| rule.fits(right, person)) {
            Some(rule) => Decision::by(rule.allows(), By::Rule(rule)),
            None => Decision::by(!self.granted.has(right), By::NoRule(right)),
        }
    }
}

/// Whether somebody may do something, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    /// Whether it is allowed.
    pub allowed: bool,
    /// What has decided. As text it is what `Callpark-Rule` says.
    pub by: By<'a>,
}

/// What has decided whether somebody may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By<'a> {
    /// Administrators may do everything.
    Administrator,
    /// The lot belongs to another domain.
    OtherDomain,
    /// The user's own list.
    Own(&'a OwnList),
    /// A rule of the lot.
    Rule(&'a Rule),
    /// None of its rules fits.
    NoRule(Right),
}

impl<'a> Decision<'a> {
    fn by(allowed: bool, by: By<'a>) -> Self {
        Decision { allowed, by }
    }
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.by {
            By::Administrator => f.write_str("administrator"),
            By::OtherDomain => f.write_str("the lot belongs to another domain"),
            By::Own(own) => write!(f, "callpark_allow={own}"),
            By::Rule(rule) => rule.fmt(f),
            By::NoRule(_) if self.allowed => f.write_str("no rule"),
            By::NoRule(right) => write!(f, "no <allow> for {right} fits"),
        }
    }
}

#[cfg(test)]
mod tests;
