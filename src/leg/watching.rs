//! What FreeSWITCH reports of every channel: how it moves, to what it is connected, and what it dials.

use std::time::Instant;

use crate::leg::called;
use crate::leg::in_calls::InCalls;
use crate::leg::origin::{Bridge, CONTROLLER, Dialled, Sent, SentBy, Ways, mover};
use crate::leg::parked;
use crate::leg::pin::{self, Pins};
use crate::leg::placed::Placed;
use crate::leg::recovered;
use crate::leg::rung::Rung;
use crate::leg::talking::Talking;
use crate::module::Module;
use crate::switch::hooks::{Move, Watcher};
use crate::switch::{Located, Session, application, core};

/// Gets to know the channels that are there already when the module is loaded: the one look at all of them that there is.
pub(crate) fn know_all(module: &Module) {
    let (placed, talking) = (Placed::of(module), Talking::of(module));
    let in_calls = InCalls::of(module);
    for leg in core::all_channels().iter().filter_map(|uuid| Located::find(uuid)) {
        placed.began(leg.session());
        in_calls.note(leg.session());
        talking.bridged(leg.session());
    }
}

/// Listens to how channels move.
pub(crate) struct Watching;

impl Watcher for Watching {
    fn began(session: Session<'_>) {
        let Some(module) = Module::running() else { return };
        called::began(session);
        Ways::of(&module).begins(session);
        Rung::of(&module).began(session);
        Placed::of(&module).began(session);
        InCalls::of(&module).note(session);
        recovered::began(&module, session);
    }

    fn moved(session: Session<'_>, how: Move) {
        let Some(module) = Module::running() else { return };
        let by_its_controller = how.own_thread
            && how.commanded
            && application::names(session).iter().any(|application| application == CONTROLLER);
        Ways::of(&module).with(session, |way| {
            let how =
                Move { bridged: how.bridged || (!how.own_thread && way.bridge.just_now()), ..how };
            // A key with an action (`bind_digit_action`) runs it as a command would.
            let by_its_key = how.own_thread && way.dialled().just_now();
            let Some(by) = mover(how, by_its_controller || by_its_key) else { return };
            let again = way.sent.as_ref().is_some_and(|sent| sent.dialled.from.is_none());
            way.sent = Some(Sent { by, again, from: None, dialled: Dialled::default() });
        });
    }

    fn routed(session: Session<'_>) {
        let Some(module) = Module::running() else { return };
        InCalls::of(&module).note(session);
        let channel = session.channel();
        let applications = application::names(session);
        // A leg that was called for a place in the dialplan (`originate <dial string> 701`) begins there. One that was
        // called for another leg, or is sent elsewhere before it has got there, does not.
        let begins = channel.variable("direction").as_deref() == Some("outbound")
            && ["originator", "current_application", "last_bridge_to"]
                .into_iter()
                .all(|name| channel.variable(name).is_none());
        let talked_to = channel.variable("last_bridge_to");
        Ways::of(&module).with(session, |way| {
            if let Some(sent) = &mut way.sent
                && sent.by == SentBy::Party
                && sent.dialled.from.is_none()
            {
                // Before it is in a bridge with another leg.
                sent.from = talked_to;
            }
            if begins
                && way.sent.as_ref().is_some_and(|sent| sent.by == SentBy::Other && !sent.again)
            {
                way.sent = None;
            }
            way.settle(&applications);
            let dialled = way.dialled();
            dialled.from.get_or_insert(applications.len());
        });
    }

    fn bridged(session: Session<'_>, with: Option<&str>) {
        let Some(module) = Module::running() else { return };
        Ways::of(&module).with(session, |way| way.bridge = Bridge::In);
        Placed::of(&module).bridged(session);
        Talking::of(&module).bridged(session);
        InCalls::of(&module).note(session);
        parked::connected(&module, session, with);
    }

    fn unbridged(session: Session<'_>) {
        let Some(module) = Module::running() else { return };
        Ways::of(&module).with(session, |way| way.bridge = Bridge::Over(Instant::now()));
    }

    fn keyed(session: Session<'_>) {
        let Some(module) = Module::running() else { return };
        let applications = session.in_its_thread().then(|| application::names(session));
        Ways::of(&module).with(session, |way| way.key(applications.as_deref()));
    }

    fn hung_up(session: Session<'_>) {
        pin::forget(session.channel());
    }

    fn ended(session: Session<'_>) {
        let Some(module) = Module::running() else { return };
        Ways::of(&module).ends(session);
        Placed::of(&module).ended(session);
        Talking::of(&module).ended(session);
        InCalls::of(&module).ended(session);
        Pins::of(&module).ended(session);
    }
}
