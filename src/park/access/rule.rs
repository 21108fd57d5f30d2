//! One `<allow>` or `<deny>`.

use std::fmt;
use std::sync::Arc;

use super::{BadPattern, BadRight, Patterns, Person, Right, Rights};
use crate::park::user::domain_name;

/// One rule of a lot. It fits a person whom every condition fits; without conditions it fits everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    allow: bool,
    rights: Rights,
    /// The line of the configuration that has it.
    line: usize,
    conditions: Vec<Condition>,
}

/// What a rule says of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Domain(Patterns),
    Context(Patterns),
    /// The part before the `@`.
    User(Patterns),
    /// `user@domain`.
    Address(Patterns),
    CallerId(Patterns),
    Group(Patterns, Box<[Arc<str>]>),
    Variable(Arc<str>, Patterns),
}

/// What cannot be the attribute of a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// There is none of that name.
    #[error("a rule has no such attribute")]
    Attribute,
    /// An action that does not exist.
    #[error("{0}")]
    Right(#[from] BadRight),
    /// A pattern that cannot be.
    #[error("{0}")]
    Pattern(#[from] BadPattern),
    /// A domain that no domain fits.
    #[error("is not the name of a domain, or a pattern of some")]
    Domain,
    /// Users with and without a domain.
    #[error("must be users, or else user@domain each")]
    Address,
    /// Not `<name>=<value>`.
    #[error("must be <name>=<value>, with the name of a channel variable")]
    Variable,
}

/// The longest name of a variable, in bytes.
const LONGEST_VARIABLE: usize = 64;

impl Rule {
    /// A rule that stands in that line, for every action and everybody.
    pub fn new(allow: bool, line: usize) -> Self {
        Rule { allow, rights: Rights::ALL, line, conditions: Vec::new() }
    }

    /// Sets an attribute.
    ///
    /// # Errors
    /// It does not exist, or cannot have that value.
    pub fn set(&mut self, attribute: &str, value: &str) -> Result<(), BadRule> {
        let condition = match attribute {
            "action" => {
                self.rights = value.parse()?;
                return Ok(());
            }
            "domain" => Condition::Domain(domains(value)?),
            "context" => Condition::Context(value.parse()?),
            "user" if value.contains('@') => Condition::Address(addresses(value)?),
            "user" => Condition::User(value.parse()?),
            "caller-id" => Condition::CallerId(value.parse()?),
            "group" => {
                let patterns: Patterns = value.parse()?;
                let names = patterns.names()?.map(group).collect::<Result<_, _>>()?;
                Condition::Group(patterns, names)
            }
            "variable" => {
                let (name, value) = value.split_once('=').ok_or(BadRule::Variable)?;
                let legal = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
                let name = name.trim();
                if name.is_empty() || name.len() > LONGEST_VARIABLE || !name.chars().all(legal) {
                    return Err(BadRule::Variable);
                }
                Condition::Variable(name.into(), value.trim().parse()?)
            }
            _ => return Err(BadRule::Attribute),
        };
        self.conditions.push(condition);
        Ok(())
    }

    /// Whether it allows what it is about, or denies it.
    pub fn allows(&self) -> bool {
        self.allow
    }

    pub(super) fn rights(&self) -> Rights {
        self.rights
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = &Arc<str>> {
        self.conditions.iter().flat_map(|condition| match condition {
            Condition::Group(_, names) => &names[..],
            _ => &[],
        })
    }

    pub(super) fn variable(&self) -> impl Iterator<Item = &Arc<str>> {
        self.conditions.iter().filter_map(|condition| match condition {
            Condition::Variable(name, _) => Some(name),
            _ => None,
        })
    }

    /// Whether it is about that right of that person. What is not known of a person is taken to fit a `<deny>` and not to
    /// fit an `<allow>`.
    pub fn fits(&self, right: Right, person: &Person) -> bool {
        self.rights.has(right)
            && self.conditions.iter().all(|one| one.fits(person).unwrap_or(!self.allow))
    }
}

impl Condition {
    /// `None`: it was not looked up.
    fn fits(&self, person: &Person) -> Option<bool> {
        Some(match self {
            Condition::Domain(domains) => {
                person.domain.as_ref().is_some_and(|domain| domains.fit(domain))
            }
            Condition::Context(contexts) => contexts.fit(&person.context),
            Condition::User(users) => {
                person.user.as_ref().is_some_and(|user| users.fit(user.user()))
            }
            Condition::Address(users) => {
                person.user.as_ref().is_some_and(|user| users.fit(user.as_str()))
            }
            Condition::CallerId(numbers) => numbers.fit(&person.number),
            Condition::Group(_, groups) => {
                let in_group = |group: &Arc<str>| person.groups.get(group).copied();
                let all: Option<Vec<bool>> = groups.iter().map(in_group).collect();
                // Known to be in one of them is enough.
                if groups.iter().any(|group| in_group(group) == Some(true)) {
                    return Some(true);
                }
                return all.map(|_| false);
            }
            Condition::Variable(name, values) => {
                let value = person.variables.get(name)?;
                value.as_ref().is_some_and(|value| values.fit(value))
            }
        })
    }

    fn attribute(&self) -> (&'static str, String) {
        match self {
            Condition::Domain(patterns) => ("domain", patterns.to_string()),
            Condition::Context(patterns) => ("context", patterns.to_string()),
            Condition::User(patterns) | Condition::Address(patterns) => {
                ("user", patterns.to_string())
            }
            Condition::CallerId(patterns) => ("caller-id", patterns.to_string()),
            Condition::Group(patterns, _) => ("group", patterns.to_string()),
            Condition::Variable(name, patterns) => ("variable", format!("{name}={patterns}")),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} action=\"{}\"", if self.allow { "allow" } else { "deny" }, self.rights)?;
        for condition in &self.conditions {
            let (attribute, value) = condition.attribute();
            write!(f, " {attribute}=\"{value}\"")?;
        }
        write!(f, " (line {})", self.line)
    }
}

/// Patterns of domains, which are compared in lower case and without a dot at their end.
fn domains(value: &str) -> Result<Patterns, BadRule> {
    let one = |part: &str| {
        let part = part.trim();
        // A domain in which each sign for anything is a letter.
        let plain = part.replace(['*', '?'], "x");
        if !part.is_empty() && domain_name(&plain).is_none() {
            return Err(BadRule::Domain);
        }
        Ok(part.strip_suffix('.').unwrap_or(part).to_lowercase())
    };
    let parts = value.split([',', '|']).map(one).collect::<Result<Vec<_>, _>>()?;
    Ok(parts.join(",").parse()?)
}

/// Patterns of `user@domain`; all of them must have a domain.
fn addresses(value: &str) -> Result<Patterns, BadRule> {
    let one = |part: &str| {
        let (user, domain) = part.trim().split_once('@').ok_or(BadRule::Address)?;
        if user.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(BadRule::Address);
        }
        Ok(format!("{user}@{}", domains(domain)?))
    };
    let parts = value.split([',', '|']).map(one).collect::<Result<Vec<_>, _>>()?;
    Ok(parts.join(",").parse()?)
}

/// A group is looked up by its name with a command, whose words end at a comma.
fn group(name: &str) -> Result<Arc<str>, BadPattern> {
    match name.chars().find(|c| c.is_whitespace() || "@\"'`$\\{}".contains(*c)) {
        Some(c) => Err(BadPattern::Character(c)),
        None => Ok(name.into()),
    }
}
