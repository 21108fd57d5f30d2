//! The thread of our own that waits for deadlines and for bridges to prove real. Lamps have one of their own, so that
//! nobody who watches them can delay a deadline.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::dial::ring;
#[cfg(feature = "web")]
use crate::hooks::Webhooks;
use crate::journal::Keeper;
use crate::leg::handover;
use crate::leg::replaces;
use crate::module::Module;
use crate::module::message::Message;
use crate::module::source;
use crate::park::{CallUuid, RunId};
use crate::service::registrations;
use crate::switch::clock;
use crate::switch::guard;
use crate::switch::guard::Inside;
use crate::tell::lamps::queue::LampQueue;
use crate::tell::lamps::subscriptions;
#[cfg(feature = "web")]
use crate::web::Web;

/// How soon it is looked again what runs on a parked leg.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// When a return step that had no thread has failed, and the next one begins: where threads are short, not at once.
const NOT_RUNG_AGAIN: Duration = Duration::from_millis(500);
/// When a reload is tried again for which there was no thread.
const RELOAD_AGAIN: Duration = Duration::from_millis(500);
/// When FreeSWITCH should have registered what we offer, and how often that is looked at until it has.
const REGISTERED_BY: Duration = Duration::from_secs(3);

/// A return step that has failed from that moment on.
type NotRung = (Instant, CallUuid, RunId, String);

/// Runs until [`Message::Stop`].
pub(crate) fn run(module: &Arc<Module>, messages: &Receiver<Message>) {
    let _inside = Inside::enter();
    let _beating = module.health.worker.beat();
    let mut ran: VecDeque<(Instant, CallUuid)> = VecDeque::new();
    let mut reload_at: Option<Instant> = None;
    let mut not_rung: VecDeque<NotRung> = VecDeque::new();
    let mut check_registration = Some(Instant::now() + REGISTERED_BY);
    loop {
        let next = guard("deadlines", None, || due(module));
        while ran.front().is_some_and(|(at, _)| *at <= Instant::now()) {
            if let Some((_, uuid)) = ran.pop_front() {
                guard("replaces", (), || replaces::renew(module, &uuid));
            }
        }
        let next_bridge = handover::look_at_bridges(module);
        if check_registration.is_some_and(|at| Instant::now() >= at) {
            let again = guard("registration", false, || registrations::check(module));
            check_registration = again.then(|| Instant::now() + REGISTERED_BY);
        }
        while not_rung.front().is_some_and(|(at, ..)| *at <= Instant::now()) {
            if let Some((_, uuid, run, reason)) = not_rung.pop_front() {
                guard("return steps", (), || ring::failed(module, &uuid, run, &reason));
            }
        }
        if reload_at.is_some_and(|at| Instant::now() >= at) {
            let started = guard("reload", true, || source::follow_soon(module));
            reload_at = (!started).then(|| Instant::now() + RELOAD_AGAIN);
        }
        let wait = [
            next,
            not_rung.front().map(|(at, ..)| at.saturating_duration_since(Instant::now())),
            reload_at.map(|at| at.saturating_duration_since(Instant::now())),
            ran.front().map(|(at, _)| at.saturating_duration_since(Instant::now())),
            next_bridge,
            check_registration.map(|at| at.saturating_duration_since(Instant::now())),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(Duration::from_secs(3600));
        module.health.worker.waits();
        let message = messages.recv_timeout(wait);
        module.health.worker.works();
        match message {
            Ok(Message::Look) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Message::Ran(uuid)) => {
                guard("replaces", (), || replaces::renew(module, &uuid));
                ran.push_back((Instant::now() + LOOK_AGAIN, uuid));
            }
            Ok(Message::NotRung { uuid, run, reason }) => {
                not_rung.push_back((Instant::now() + NOT_RUNG_AGAIN, uuid, run, reason));
            }
            Ok(Message::Configured) => guard("lamps", (), || {
                LampQueue::of(module).configured();
                Keeper::of(module).configured(module);
                #[cfg(feature = "web")]
                Web::of(module).configured_soon(module);
                #[cfg(feature = "web")]
                Webhooks::of(module).configured_soon(module);
                subscriptions::answer_all(module);
            }),
            Ok(Message::Reload) => reload_at = Some(Instant::now()),
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Has everything done that is due, and says how long until the next.
fn due(module: &Arc<Module>) -> Option<Duration> {
    loop {
        let more = module.tick().map(clock::until);
        if more.is_none_or(|wait| !wait.is_zero()) {
            return more;
        }
    }
}
