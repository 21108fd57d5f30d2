//! Whoever looks or acts over the web, as the rules of the lots see it.

use office::web::{Scope, Who};

use crate::leg::actor;
use crate::module::Module;
use crate::park::{
    Access, Actor, Asks, CallView, Caller, LotConfig, LotKey, Person, Right, Shown, User,
    domain_name,
};

/// Somebody, with what the rules have to know.
#[derive(Clone)]
pub(super) struct Viewer {
    pub(super) who: Who,
    pub(super) actor: Actor,
}

impl Viewer {
    /// That one. This may ask the directory, which can take a moment.
    pub(super) fn of(module: &Module, who: &Who) -> Self {
        let user = who.user.as_deref().and_then(|user| user.parse::<User>().ok());
        let domain = who.domain.as_deref().and_then(domain_name);
        let actor = match (user, domain) {
            (Some(user), _) => actor::of_user_knowing(&user, &asked_of(module, user.domain())),
            (None, Some(domain)) => {
                Actor::from(Person { domain: Some(domain.into()), ..Person::default() })
            }
            // What a token has is limited by its scope and its lots.
            (None, None) => Actor::Administrator,
        };
        Viewer { who: who.clone(), actor }
    }

    /// A viewer whom nothing has to be looked up about.
    #[cfg(test)]
    pub(super) fn known(who: Who, actor: Actor) -> Self {
        Viewer { who, actor }
    }

    /// Whether everything is known that the rules of this lot ask.
    pub(super) fn knows(&self, lot: &LotConfig) -> bool {
        match &self.actor {
            Actor::Administrator => true,
            // A token is no user: it is in no group and has no variables.
            Actor::Person(person) => person.user.is_none() || person.knows(lot.access.asks()),
        }
    }

    /// Whether it may do that in that lot.
    pub(super) fn may(&self, right: Right, lot: &LotKey, config: Option<&LotConfig>) -> bool {
        self.has(lot) && in_scope(self.who.scope, right) && self.rules_allow(right, lot, config)
    }

    /// Whether the calls in that lot are any of its business.
    pub(super) fn sees(&self, lot: &LotKey, config: Option<&LotConfig>) -> bool {
        self.may(Right::List, lot, config)
    }

    /// How much of the caller of that call it sees.
    pub(super) fn shown(&self, config: Option<&LotConfig>, call: &CallView) -> Shown {
        let info = &call.info;
        let own = self.is_one_of([
            info.parker.as_deref(),
            Some(&*info.addressed_to),
            call.retriever.as_deref(),
        ]);
        self.shown_of(config, &call.lot, own, &info.caller)
    }

    /// The same of a caller of whom it is known whether the call is the viewer's own.
    pub(super) fn shown_of(
        &self,
        config: Option<&LotConfig>,
        lot: &LotKey,
        own: bool,
        caller: &Caller,
    ) -> Shown {
        config.map_or(Shown::All, |config| config.shown_to_party(lot, &self.actor, own, caller))
    }

    /// Whether it is one of these users.
    pub(super) fn is_one_of<'a>(&self, users: impl IntoIterator<Item = Option<&'a str>>) -> bool {
        let Some(me) = self.who.user.as_deref() else { return false };
        users.into_iter().flatten().any(|user| user == me)
    }

    /// Whether the rules allow it.
    fn rules_allow(&self, right: Right, lot: &LotKey, config: Option<&LotConfig>) -> bool {
        let none = Access::default();
        let access = config.map_or(&none, |config| &config.access);
        access.decide(right, lot, &self.actor).allowed
    }

    /// Whether the lot is among those that it is limited to.
    pub(super) fn has(&self, lot: &LotKey) -> bool {
        let Who { lots, domain, .. } = &self.who;
        let named = lot.to_string();
        lots.is_empty()
            || lots.contains(&named)
            || (domain.is_some()
                && domain.as_deref() == lot.domain.as_deref()
                && lots.iter().any(|name| *name == lot.name.to_string()))
    }

    /// The tenant whose lots it means by their bare names.
    pub(super) fn domain(&self) -> Option<&str> {
        self.actor.domain()
    }

    /// What is written down as the actor.
    pub(super) fn name(&self) -> String {
        match &self.who.user {
            Some(user) => user.clone(),
            None => format!("token {}", self.who.name),
        }
    }
}

/// Whether a scope allows a right.
fn in_scope(scope: Scope, right: Right) -> bool {
    match right {
        Right::List | Right::See => true,
        Right::Park | Right::Retrieve | Right::Admin => scope >= Scope::Act,
    }
}

/// What the rules of the lots have to know that a user of that domain sees.
fn asked_of(module: &Module, domain: &str) -> Asks {
    let mut asks = Asks::default();
    let seen = module.look(|park| park.asks_of_domain(domain));
    seen.iter().for_each(|more| asks.merge(more));
    asks
}
