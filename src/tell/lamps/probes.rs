//! Phones that ask what a lamp shows.

use crate::module::Module;
use crate::switch::event::{Heard, Kind, Listener};
use crate::tell::lamps::asked::{Asked, expires_s};
use crate::tell::lamps::queue::LampQueue;

/// Receives the questions of phones. FreeSWITCH does not send a first NOTIFY for a lamp of ours, and asks the module.
pub(crate) struct Probes;

impl Listener for Probes {
    const KIND: Kind = Kind::PresenceProbe;

    fn heard(event: Heard<'_>) {
        let Some(module) = Module::running() else { return };
        let proto = module.settings.read().presence_proto.clone();
        let Some(to) = event.header("to") else { return };
        let asked = to.strip_prefix(proto.as_str()).and_then(|rest| rest.strip_prefix('+'));
        let Some((login, domain)) = asked.and_then(|rest| rest.split_once('@')) else { return };
        let from = event.header("from").unwrap_or_default();
        let expires_s = expires_s(event.header("expires").as_deref());
        let call_id = event.header("sub-call-id");
        if let Some(asked) = Asked::new(login, domain, call_id, &from, expires_s) {
            LampQueue::of(&module).ask(asked);
        }
    }
}
