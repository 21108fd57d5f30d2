//! Whose leg a channel is: a user of ours, or of a tenant at least, or nobody's that is known.

use crate::park::{User, domain_name};
use crate::switch::{Channel, api, core};

/// Whose leg it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// The user, who exists in the switch's directory.
    pub user: Option<User>,
    /// The tenant.
    pub domain: Option<String>,
}

impl Party {
    /// Whose leg this is. May ask the directory, which can take a moment.
    #[must_use]
    pub fn of(channel: Channel<'_>) -> Self {
        Marks::of(channel).party()
    }
}

/// What a leg bears that says whose it is. Nothing of it has been checked.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Of a leg that came in: the user as which its phone logged in. Of one that we called: the user for whose phone it was.
    user: Option<String>,
    /// The domain of that user, or the one that the dialplan has set.
    domain: Option<String>,
    /// The directory has been asked for that user already, by FreeSWITCH.
    known: bool,
    /// Whose presence it shows. A caller who did not log in has written this in From.
    presence_id: Option<String>,
    /// What that caller may have called the switch.
    addresses: Vec<String>,
}

impl Marks {
    /// Reads them. Only what the channel has itself: a global variable of such a name says nothing about one leg.
    #[must_use]
    pub fn of(channel: Channel<'_>) -> Self {
        let own = channel.own_variables();
        let called = channel.variable("direction").as_deref() == Some("outbound");
        let for_user = own.get("dialed_user").zip(own.get("dialed_domain")).filter(|_| called);
        let logged_in = || own.get("user_name").zip(own.get("domain_name"));
        let known = for_user.is_some() || own.get("sip_authorized").as_deref() == Some("true");
        let (user, domain) = match for_user.or_else(logged_in) {
            Some((user, domain)) => (Some(user), Some(domain)),
            None => (None, own.get("domain_name")),
        };
        let profile = own.get("sofia_profile_url");
        let profile = profile.as_deref().and_then(|url| url.rsplit_once('@'));
        let profile = profile.map(|(_, host)| host_of(host).to_owned());
        Self {
            user,
            domain,
            known,
            presence_id: own.get("presence_id"),
            addresses: own.get("sip_local_network_addr").into_iter().chain(profile).collect(),
        }
    }

    /// Whose leg it is.
    #[must_use]
    pub fn party(&self) -> Party {
        let user = match (&self.user, &self.domain) {
            (Some(user), Some(domain)) => {
                User::new(user, domain).ok().filter(|user| self.known || exists(user))
            }
            _ => self.presence_id.as_deref().and_then(|address| self.user_at(address)),
        };
        let domain = self.domain.as_deref().and_then(domain_name);
        let domain = domain.or_else(|| user.as_ref().map(|user| user.domain().to_owned()));
        Party { user, domain }
    }

    /// The user of ours that somebody else means by `user@host`. An address at which this leg reached the switch stands for
    /// the switch's own domain; any other host must be a domain of the directory.
    #[must_use]
    pub fn user_at(&self, address: &str) -> Option<User> {
        let (user, host) = address.rsplit_once('@')?;
        let host = host_of(host);
        let user_of = |domain: &str| User::new(user, domain).ok().filter(exists);
        user_of(host).or_else(|| {
            let ours = self.addresses.iter().any(|own| own.eq_ignore_ascii_case(host));
            ours.then(core::domain).flatten().and_then(|domain| user_of(&domain))
        })
    }
}

/// Whether the directory has such a user. Without mod_commands nobody can tell, and nobody is.
#[must_use]
pub fn exists(user: &User) -> bool {
    let asked = api::execute("user_exists", &format!("id {} {}", user.user(), user.domain()));
    asked.is_some_and(|answer| answer.trim() == "true")
}

/// The host of `host:port`, without the brackets of IPv6.
pub(crate) fn host_of(text: &str) -> &str {
    match text.strip_prefix('[') {
        Some(ipv6) => ipv6.split_once(']').map_or(ipv6, |(host, _)| host),
        // Two colons are an IPv6 address that nobody has put in brackets.
        None if text.matches(':').count() == 1 => text.split(':').next().unwrap_or(text),
        None => text,
    }
}
