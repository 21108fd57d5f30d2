//! Users, which a switch can call by name.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use super::text::{BadName, LONGEST_DOMAIN, LONGEST_USER_PART};

/// `user@domain`. Nothing that means something in a dial string, in a command or in the dialplan can be in it, neither as
/// it stands nor behind a percent sign. The domain is kept in its one spelling (see [`domain_name`]), the user as it was
/// written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct User {
    text: Arc<str>,
    at: usize,
}

impl User {
    /// The user `user` of `domain`.
    ///
    /// # Errors
    /// One of them is not a valid name.
    pub fn new(user: &str, domain: &str) -> Result<Self, BadName> {
        let legal = |c: char| c.is_alphanumeric() || "-_.+*#".contains(c);
        let bad = || BadName::new(&format!("{user:.64}@{domain:.64}"), "user@domain");
        if user.is_empty() || user.len() > LONGEST_USER_PART || !user.chars().all(legal) {
            return Err(bad());
        }
        let domain = domain_name(domain).ok_or_else(bad)?;
        Ok(User { text: format!("{user}@{domain}").into(), at: user.len() })
    }

    /// `user@domain`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`.
    pub fn user(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// The part behind the `@`.
    pub fn domain(&self) -> &str {
        self.text.get(self.at + 1..).unwrap_or_default()
    }
}

/// A domain in its one spelling, in which it is compared: lower case, without the dot at the end that stands for the root
/// of all names. `None` if the text is not the name or the address of a domain.
pub fn domain_name(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_empty() || text.len() > LONGEST_DOMAIN || text.ends_with('.') {
        return None;
    }
    // What that is in lower case is looked at, which can be something else: that of an İ is two characters.
    let domain = text.to_lowercase();
    let legal = |c: char| c.is_alphanumeric() || "-_.:".contains(c);
    (domain.len() <= LONGEST_DOMAIN && domain.chars().all(legal)).then_some(domain)
}

impl FromStr for User {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        match text.split_once('@') {
            Some((user, domain)) => User::new(user, domain),
            None => Err(BadName::new(&format!("{text:.64}"), "user@domain")),
        }
    }
}

impl Deref for User {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
