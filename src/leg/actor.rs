//! Parties as the rules of a lot see them.

use std::sync::Arc;

use crate::leg::party::{self, Facts, Party};
use crate::module::{Module, variables};
use crate::park::{Actor, Asks, LotKey, OwnList, Person, User, domain_name};
use crate::switch::{api, log};

/// That party, with what the rules of `lot` have to know of it. This may ask the directory, which can take a moment.
#[must_use]
pub(crate) fn of(module: &Module, party: &Party, lot: &LotKey) -> Actor {
    let asks = module.look(|park| park.asks(lot));
    knowing(&asks, party)
}

/// That party, with what these rules have to know of it.
fn knowing(asks: &Asks, party: &Party) -> Actor {
    let Party { user, domain, facts } = party;
    let domain = domain.as_deref().or_else(|| user.as_ref().map(|user| user.domain()));
    let variables = asks.variables.iter().map(|name| (Arc::clone(name), facts.value(name)));
    Actor::from(Person {
        domain: domain.and_then(domain_name).map(Arc::from),
        context: facts.context.clone(),
        number: facts.number.clone(),
        address: facts.address.clone(),
        groups: asks.groups.iter().map(|group| (Arc::clone(group), is_in(user, group))).collect(),
        variables: variables.collect(),
        own: facts.own.as_ref().map(|list| own_list(list, user.as_ref())),
        user: user.clone(),
    })
}

/// The same, or the user that the dialplan has named as the parker.
#[must_use]
pub(crate) fn of_named(
    module: &Module,
    party: &Party,
    named: Option<&User>,
    lot: &LotKey,
) -> Actor {
    let named = named.filter(|user| party.user.as_ref() != Some(user));
    let Some(user) = named else { return of(module, party, lot) };
    let own = party::directory_variable(user, variables::ALLOW);
    let facts = Facts { own, ..party.facts.clone() };
    // The lots are those of the call's own tenant, if it has one.
    let domain = party.domain.clone().or_else(|| Some(user.domain().to_owned()));
    of(module, &Party { user: Some(user.clone()), domain, facts }, lot)
}

/// That user, of whom only the directory is known, with what the rules of `lot` have to know.
#[must_use]
pub(crate) fn of_user(module: &Module, user: &User, lot: &LotKey) -> Actor {
    let asks = module.look(|park| park.asks(lot));
    of(module, &party(user, &asks), lot)
}

/// That user, with what these rules have to know. This may ask the directory, which can take a moment.
#[cfg(feature = "web")]
#[must_use]
pub(crate) fn of_user_knowing(user: &User, asks: &Asks) -> Actor {
    knowing(asks, &party(user, asks))
}

/// The party that this user's phone would be.
fn party(user: &User, asks: &Asks) -> Party {
    let variable = |name: &str| party::directory_variable(user, name);
    let variables = asks.variables.iter().map(|name| (Arc::clone(name), variable(name)));
    let facts = Facts {
        context: variable("user_context").unwrap_or_default(),
        number: user.user().to_owned(),
        address: String::new(),
        own: variable(variables::ALLOW),
        listed: false,
        variables: variables.collect(),
    };
    Party { user: Some(user.clone()), domain: Some(user.domain().to_owned()), facts }
}

/// Whether the directory has the user in that group. Without mod_commands nobody is in any.
fn is_in(user: &Option<User>, group: &str) -> bool {
    let Some(user) = user else { return false };
    let asked = api::execute("in_group", &format!("{user},{group}"));
    asked.is_some_and(|answer| answer.trim() == "true")
}

/// A list that cannot be read lists nothing.
fn own_list(text: &str, user: Option<&User>) -> Arc<OwnList> {
    let list = text.parse().unwrap_or_else(|error| {
        let who = user.map_or("a call", User::as_str);
        let name = variables::ALLOW;
        log::warning(None, format_args!("{name} of {who} lists nothing, because it {error}"));
        OwnList::nothing()
    });
    Arc::new(list)
}
