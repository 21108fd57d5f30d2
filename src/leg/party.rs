//! The party to which a channel belongs: a user of this switch, at least a tenant, or unknown.

use std::sync::Arc;

use crate::leg::{called, caller_id};
use crate::module::{Module, variables};
use crate::park::{Untrusted, User, domain_name, host_of};
use crate::switch::{Channel, api, core};

/// The party to which a leg belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Party {
    /// The user, who exists in the switch's directory.
    pub user: Option<User>,
    /// The tenant.
    pub domain: Option<String>,
    /// What rules may ask about it.
    pub facts: Facts,
}

/// What rules may ask about the party of a leg.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The dialplan context of the leg.
    pub context: String,
    /// The number of the party.
    pub number: String,
    /// The network address from which the leg came, or empty.
    pub address: String,
    /// The user's own list of what the user may do.
    pub own: Option<String>,
    /// FreeSWITCH has given the leg the variables that the directory has for its user.
    pub listed: bool,
    /// The variables that rules name.
    pub variables: Vec<(Arc<str>, Option<String>)>,
}

impl Facts {
    /// Those of a leg.
    #[must_use]
    pub(crate) fn of(channel: Channel<'_>) -> Self {
        let asks = Module::running().map(|module| module.look(|park| park.asks_of_all()));
        let asks = asks.unwrap_or_default();
        let value = |name: &Arc<str>| (Arc::clone(name), channel.variable(name));
        // A phone that was called shows its caller's number as its own.
        let number = called::user(channel).map(|user| user.user().to_owned());
        Self {
            context: channel.variable("context").unwrap_or_default(),
            number: number.unwrap_or_else(|| caller_id::number_of_caller(channel).to_string()),
            address: channel.variable("network_addr").unwrap_or_default(),
            own: channel.variable(variables::ALLOW),
            listed: false,
            variables: asks.variables.iter().map(value).collect(),
        }
    }

    /// The value of that variable, if it was looked up and the leg has it.
    #[must_use]
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let found = self.variables.iter().find(|(known, _)| **known == *name);
        found.and_then(|(_, value)| value.clone())
    }
}

impl Party {
    /// The party of a channel. This may ask the directory, which can take a moment.
    #[must_use]
    pub(crate) fn of(channel: Channel<'_>) -> Self {
        Marks::of(channel).party()
    }
}

/// What a leg has that says to whom it belongs. None of it has been checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Of a leg that came in: the user as which its phone logged in. Of one that we called: the user for whose phone it was.
    user: Option<Untrusted>,
    /// The domain of that user, or the one that the dialplan has set.
    domain: Option<Untrusted>,
    /// The directory has been asked for that user already, by FreeSWITCH.
    known: bool,
    /// The user whose presence it shows. A caller who did not log in has written this in From.
    presence_id: Option<Untrusted>,
    /// What that caller may have called the switch.
    addresses: Vec<String>,
    /// What rules may ask, if anything else is known.
    facts: Facts,
}

impl Marks {
    /// Reads them. Only what the channel has itself: a global variable of such a name says nothing about one leg.
    #[must_use]
    pub(crate) fn of(channel: Channel<'_>) -> Self {
        let own = channel.own_variables();
        let part = |text: &str| Untrusted::from(text.to_owned());
        let for_user = called::user(channel).map(|user| (part(user.user()), part(user.domain())));
        let logged_in = || own.get("user_name").zip(own.get("domain_name"));
        let known = for_user.is_some() || own.get("sip_authorized").is_some_and(|is| is.is("true"));
        let (user, domain) = match for_user.or_else(logged_in) {
            Some((user, domain)) => (Some(user), Some(domain)),
            None => (None, own.get("domain_name")),
        };
        let profile = own.of_switch("sofia_profile_url");
        let profile = profile.as_deref().and_then(|url| url.rsplit_once('@'));
        let profile = profile.map(|(_, host)| host_of(host).to_owned());
        let presence_id = own.get("presence_id");
        Self {
            user,
            domain,
            known,
            presence_id,
            addresses: own.of_switch("sip_local_network_addr").into_iter().chain(profile).collect(),
            facts: Facts::of(channel),
        }
    }

    /// The party to which they point.
    #[must_use]
    pub(crate) fn party(&self) -> Party {
        let user = match (&self.user, &self.domain) {
            (Some(user), Some(domain)) => {
                User::of(user, domain).filter(|user| self.known || exists(user))
            }
            _ => self.presence_id.as_ref().and_then(|address| self.user_at(address)),
        };
        let domain = self.domain.as_ref().and_then(Untrusted::domain);
        let domain = domain.or_else(|| user.as_ref().map(|user| user.domain().to_owned()));
        let mut facts = Facts { listed: self.known, ..self.facts.clone() };
        if let (false, None, Some(user)) = (facts.listed, &facts.own, &user) {
            facts.own = directory_variable(user, variables::ALLOW);
        }
        Party { user, domain, facts }
    }

    /// The user of this switch that another party means by `user@host`. An address at which this leg reached the switch
    /// stands for the switch's own domain. Any other host must be a domain of the directory.
    #[must_use]
    pub(crate) fn user_at(&self, address: &Untrusted) -> Option<User> {
        let (user, host) = address.address()?;
        let user_of = |domain: &Untrusted| User::of(&user, domain).filter(exists);
        user_of(&host).or_else(|| {
            let host = host.domain()?;
            let ours = self.addresses.iter().any(|own| domain_name(own).as_ref() == Some(&host));
            ours.then(core::domain).flatten().and_then(|domain| user_of(&domain.into()))
        })
    }
}

/// A variable that the directory has for a user.
#[must_use]
pub(crate) fn directory_variable(user: &User, name: &str) -> Option<String> {
    let value = api::execute("user_data", &format!("{user} var {name}"))?;
    let value = value.trim();
    (!value.is_empty() && !value.starts_with("-ERR")).then(|| value.to_owned())
}

/// Whether the directory has such a user. Without mod_commands this is not known, and the answer is no.
#[must_use]
pub(crate) fn exists(user: &User) -> bool {
    let asked = api::execute("user_exists", &format!("id {} {}", user.user(), user.domain()));
    asked.is_some_and(|answer| answer.trim() == "true")
}
