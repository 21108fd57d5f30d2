//! Which lamps are lit, for whoever compares that with the calls.

use std::collections::BTreeMap;
use std::time::Duration;

use crossbeam_channel::bounded;

use crate::module::Module;
use crate::park::CallView;
use crate::tell::lamps::meaning::{LampKey, now};
use crate::tell::lamps::queue::{LampName, LampQueue, Sent};
use crate::tell::lamps::shown::domain_of;

/// Asks the thread that shows lamps, after the changes that wait now. `None`: it does not answer in that time.
pub(crate) fn sent(module: &Module, within: Duration) -> Option<Sent> {
    let (tell, answer) = bounded(1);
    LampQueue::of(module).tell_sent(tell);
    answer.recv_timeout(within).ok()
}

/// The lamps that these calls light, of orbits and of lots, each with one of its calls.
pub(crate) fn due<'a>(module: &Module, calls: &'a [CallView]) -> BTreeMap<LampName, &'a CallView> {
    let mut due = BTreeMap::new();
    for call in calls {
        let lot = LampKey { lot: call.lot.clone(), orbit: None };
        for lamp in [LampKey::from(call.place()), lot] {
            if let Some(domain) = domain_of(&lamp.lot)
                && !now(module, &lamp).is_off()
            {
                due.insert((lamp.login().to_owned(), domain), call);
            }
        }
    }
    due
}
