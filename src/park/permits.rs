//! What the rules of a lot mean for what is asked of it: it is done, or refused with the rule that says no.

use std::borrow::Cow;
use std::sync::Arc;

use super::Park;
use super::access::{Access, Actor, Asks, Right};
use super::caller::Caller;
use super::event::{Action, ParkEvent};
use super::fallback::WhenFull;
use super::info::CallInfo;
use super::lot::Slot;
use super::moment::Moment;
use super::names::{CallUuid, LotKey, OrbitName};
use super::outcome::Refusal;
use super::privacy::Shown;

/// Through how many lots a call overflows while it is asked what their rules have to know.
const MOST_OVERFLOWS: usize = 16;

/// The answer to whether somebody may do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// Whether it is allowed.
    pub allowed: bool,
    /// The rule that says so.
    pub rule: String,
}

/// Somebody asks for something that concerns parked calls.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The party.
    pub actor: &'a Actor,
    /// What the party wants to do.
    pub right: Right,
    /// Where.
    pub lot: &'a LotKey,
    /// In which orbit, if one is named.
    pub orbit: Option<&'a OrbitName>,
    /// The leg of the party, if it has one.
    pub leg: Option<&'a CallUuid>,
}

impl Park {
    /// Whether `actor` may do that in `lot`, and which rule says so. A lot that does not exist has no rules.
    pub fn may(&self, right: Right, lot: &LotKey, actor: &Actor) -> Permit {
        let none = Access::default();
        let access = self.lot_or_original(lot).map_or(&none, |held| &held.config.access);
        let decision = access.decide(right, lot, actor);
        Permit { allowed: decision.allowed, rule: decision.to_string() }
    }

    /// How much a party sees of the caller of a call in `lot`. `None`: not even that there is a call.
    pub fn seen_by(&self, actor: &Actor, lot: &LotKey, call: &CallInfo) -> Option<Shown> {
        let config = &self.lot_or_original(lot)?.config;
        if !config.access.decide(Right::List, lot, actor).allowed {
            return None;
        }
        let user = actor.user();
        let own =
            user.is_some() && (call.parker.as_ref() == user || call.addressee().as_ref() == user);
        Some(config.shown_to_party(lot, actor, own, &call.caller))
    }

    /// What has to be known of a party before the rules of `lot` can be asked about it, and those of the lots that `lot`
    /// overflows into.
    pub fn asks(&self, lot: &LotKey) -> Arc<Asks> {
        let Some(first) = self.lot_or_original(lot) else { return Arc::default() };
        let mut asks = Arc::clone(first.config.access.asks());
        let mut here = first;
        for _ in 0..MOST_OVERFLOWS {
            let WhenFull::Lot(name) = &here.config.when_full else { break };
            let Ok(next) = self.named(name, lot.domain.as_deref()) else { break };
            let Some(next) = self.lot_or_original(&next) else { break };
            let more = next.config.access.asks();
            if !more.is_empty() {
                Arc::make_mut(&mut asks).merge(more);
            }
            here = next;
        }
        asks
    }

    /// The same for each lot that a user of that domain sees, if it asks anything.
    pub fn asks_of_domain(&self, domain: &str) -> Vec<Arc<Asks>> {
        let is_seen = |key: &LotKey| key.domain.as_deref().is_none_or(|owner| owner == domain);
        let seen = self.lots.iter().filter(|(key, _)| is_seen(key));
        let asks = seen.map(|(key, lot)| match &lot.config.when_full {
            // Those of the same domain that it overflows into are seen themselves.
            WhenFull::Lot(name) if name.contains('@') => self.asks(key),
            _ => Arc::clone(lot.config.access.asks()),
        });
        asks.filter(|asks| !asks.is_empty()).collect()
    }

    /// The same for all lots.
    pub fn asks_of_all(&self) -> Arc<Asks> {
        Arc::clone(&self.asked)
    }

    /// The rule that says no, if one does.
    pub(super) fn forbidden(&self, right: Right, lot: &LotKey, actor: &Actor) -> Option<String> {
        if actor.is_administrator() {
            return None;
        }
        let held = self.lot_or_original(lot)?;
        let decision = held.config.access.decide(right, lot, actor);
        (!decision.allowed).then(|| decision.to_string())
    }

    /// Whether that is allowed. If it is not, that is reported.
    ///
    /// # Errors
    /// `Denied`.
    pub fn permit(&mut self, now: Moment, asking: Asking<'_>) -> Result<(), Refusal> {
        match self.forbidden(asking.right, asking.lot, asking.actor) {
            None => Ok(()),
            Some(rule) => {
                self.deny(now, asking, rule.into());
                Err(Refusal::Denied)
            }
        }
    }

    /// Reports that it was refused, and by which rule.
    pub(super) fn deny(&mut self, now: Moment, asking: Asking<'_>, rule: Cow<'static, str>) {
        let Asking { actor, right, lot, orbit, leg } = asking;
        let slot = orbit.and_then(|orbit| self.lots.get(lot)?.slot(orbit));
        let there = match slot {
            Some(Slot::Parked(uuid)) => self.calls.get(uuid),
            _ => None,
        };
        let event = match there {
            Some(call) => call.event(now, Action::Refuse),
            None => {
                let info = CallInfo::new(CallUuid::from(""), Caller::default());
                ParkEvent { orbit: orbit.cloned(), ..ParkEvent::refusal(info, lot.clone()) }
            }
        };
        self.effects.push(
            ParkEvent {
                retriever: actor.user().cloned(),
                retriever_uuid: leg.cloned(),
                reason: Some(Refusal::Denied.code().to_owned()),
                rule: Some(rule),
                right: Some(right),
                timeout_ms_left: None,
                ..event
            }
            .into(),
        );
    }
}
