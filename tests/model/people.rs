//! Three callers from outside, three users of two tenants, and the orbits of these.

use std::fmt;

/// Whose domain the callers are in: nobody's tenant.
pub const OUTSIDE: &str = kit::DOMAIN;

/// Somebody with a phone, by number in [`PEOPLE`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Person(pub usize);

/// Their users and domains. Two tenants have a 1001.
const PEOPLE: [(&str, &str); 6] = [
    ("1015", OUTSIDE),
    ("1016", OUTSIDE),
    ("1017", OUTSIDE),
    ("1001", "a.local"),
    ("1002", "a.local"),
    ("1001", "b.local"),
];

impl Person {
    /// How many there are.
    pub const COUNT: usize = PEOPLE.len();

    pub fn all() -> impl Iterator<Item = Person> {
        (0..Self::COUNT).map(Person)
    }

    pub fn user(self) -> &'static str {
        PEOPLE[self.0].0
    }

    pub fn domain(self) -> &'static str {
        PEOPLE[self.0].1
    }

    /// The tenant this person belongs to.
    pub fn tenant(self) -> Option<&'static str> {
        Some(self.domain()).filter(|domain| *domain != OUTSIDE)
    }

    /// `user@domain`.
    pub fn address(self) -> String {
        format!("{}@{}", self.user(), self.domain())
    }

    /// Who has that address.
    pub fn of(user: &str, domain: &str) -> Option<Person> {
        Self::all().find(|person| person.user() == user && person.domain() == domain)
    }

    /// What others dial.
    pub fn number(self) -> String {
        let domain = match self.domain() {
            "a.local" => "a",
            "b.local" => "b",
            _ => "x",
        };
        format!("to_{}_{domain}", self.user())
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(["Anna", "Ben", "Cleo", "Uma", "Vic", "Wim"][self.0])
    }
}

/// A lot's bare name; and whose it is, as the command names it.
#[derive(Debug, PartialEq)]
pub struct Lot {
    pub name: &'static str,
    pub domain: Option<&'static str>,
    pub orbits: &'static [&'static str],
}

/// The lots of both tenants, and one of everybody's.
pub static LOTS: [Lot; 7] = [
    Lot { name: "default", domain: Some("a.local"), orbits: &["701", "702", "703"] },
    Lot { name: "quick", domain: Some("a.local"), orbits: &["711", "712"] },
    Lot { name: "default", domain: Some("b.local"), orbits: &["701", "702", "703"] },
    Lot { name: "quick", domain: Some("b.local"), orbits: &["711", "712"] },
    Lot { name: "common", domain: None, orbits: &["801", "802"] },
    // These are made, by `valet_park`.
    Lot { name: "made", domain: Some("a.local"), orbits: &["901", "902"] },
    Lot { name: "made", domain: Some("b.local"), orbits: &["901", "902"] },
];

/// How many of them are configured.
const CONFIGURED: usize = 5;

/// The lots of a switch that stands in for mod_valet_parking, or of another.
pub fn lots(valet: bool) -> &'static [Lot] {
    if valet { &LOTS } else { LOTS.get(..CONFIGURED).unwrap_or_default() }
}

impl Lot {
    /// As commands and events name it.
    pub fn full(&self) -> String {
        match self.domain {
            Some(domain) => format!("{}@{domain}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// The tenant, in a number.
    pub fn letter(&self) -> &'static str {
        match self.domain {
            Some("a.local") => "a",
            Some(_) => "b",
            None => "x",
        }
    }

    /// The domain of its lamps.
    pub fn lamps(&self) -> &'static str {
        self.domain.unwrap_or(OUTSIDE)
    }

    /// What a channel of that tenant means by a bare name.
    pub fn meant(name: &str, tenant: Option<&str>) -> Option<&'static Lot> {
        LOTS.iter().find(|lot| lot.name == name && (lot.domain == tenant || lot.domain.is_none()))
    }

    /// The lot of an orbit, for a channel of that tenant.
    pub fn with(orbit: &str, tenant: Option<&str>) -> Option<&'static Lot> {
        let mine = |lot: &&Lot| lot.domain.is_none() || lot.domain == tenant;
        LOTS.iter().filter(mine).find(|lot| lot.orbits.contains(&orbit))
    }
}
