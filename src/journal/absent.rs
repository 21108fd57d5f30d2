//! The calls that a crash has left without an end: their orbits are held until they are back, or are known to be lost.

use std::sync::Arc;

use office::entry::{Action, Entry, Outcome};
use office::journal::{Call, Journal, Unfinished};

use crate::module::Module;
use crate::park::{Absent, CallInfo, CallUuid, Caller, Number, OrbitKey, Untrusted};
use crate::switch::{clock, log};

/// Holds their orbits, or, if the settings do not want them back, ends them. `entry` ends those whose place cannot be read.
pub(super) fn hold(module: &Arc<Module>, journal: &Journal, unfinished: &[Unfinished]) {
    /// From now on, until FreeSWITCH is ready to bring them back: `recover-within` counts from then.
    const STARTS_WITHIN_MS: u64 = 600_000;
    if unfinished.is_empty() {
        return;
    }
    let settings = module.settings.read().recovery.clone();
    log::warning(
        None,
        format_args!("calls that were parked when FreeSWITCH crashed: {}", unfinished.len()),
    );
    let now_ms = clock::epoch_ms();
    for Unfinished { call, .. } in unfinished {
        let Some(absent) = absent(call, now_ms, settings.call_back) else {
            journal.record(lost(call, now_ms));
            continue;
        };
        let uuid = absent.info.uuid.clone();
        module.act(None, |park, now| {
            park.await_return(now, absent, STARTS_WITHIN_MS);
            if !settings.on {
                park.lost(now, &uuid, "FreeSWITCH stopped without ending its calls");
            }
        });
    }
}

/// What the journal knows of a call. `None`: it does not know where it was parked.
fn absent(call: &Call, now_ms: u64, call_back: bool) -> Option<Absent> {
    let subject = &call.subject;
    let left = |at_ms: i64| u64::try_from(at_ms).unwrap_or_default().saturating_sub(now_ms);
    let parked_at_ms = u64::try_from(subject.parked_at_ms).unwrap_or_default();
    let caller = Caller::new(subject.caller_name.as_str(), subject.caller_number.as_str());
    Some(Absent {
        place: OrbitKey {
            lot: call.place.lot.parse().ok()?,
            orbit: call.place.orbit.parse().ok()?,
        },
        info: CallInfo {
            did: Number::of(&Untrusted::from(subject.did.as_str())),
            parker: subject.parker.parse().ok(),
            priority: subject.priority,
            note: subject.note.as_str().into(),
            addressed_to: subject.addressed_to.as_str().into(),
            parked_at_epoch_ms: parked_at_ms,
            ..CallInfo::new(CallUuid::from(call.uuid.as_str()), caller)
        },
        waited_ms: now_ms.saturating_sub(parked_at_ms),
        timeout_ms_left: call.deadline_ms.map(left),
        call_back,
    })
}

fn lost(call: &Call, now_ms: u64) -> Entry {
    let now_ms = i64::try_from(now_ms).unwrap_or(i64::MAX);
    let mut entry = Entry::new(now_ms, Action::Recover, &call.uuid, call.place.clone());
    entry.subject = call.subject.clone();
    entry.wait_ms = now_ms.saturating_sub(call.subject.parked_at_ms).max(0);
    entry.outcome = Some(Outcome::Lost);
    entry.reason = "the journal does not say in which orbit it was".to_owned();
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use office::entry::{Place, Subject};

    #[test]
    fn a_call_is_awaited_with_all_that_the_journal_knows() {
        let place = Place { lot: "sales@Example.com".into(), orbit: "701".into() };
        let subject = Subject {
            caller_name: "Ada".into(),
            caller_number: "+4930".into(),
            did: "4711".into(),
            parker: "1001@example.com".into(),
            addressed_to: "1002@example.com".into(),
            priority: 3,
            note: "a note".into(),
            parked_at_ms: 100_000,
            ..Subject::default()
        };
        let mut call = Call {
            uuid: "a".into(),
            place,
            subject,
            deadline_ms: Some(130_000),
            ..Call::default()
        };
        let found = absent(&call, 120_000, true).unwrap();
        assert_eq!(found.place.to_string(), "sales@example.com 701");
        assert_eq!((found.waited_ms, found.timeout_ms_left), (20_000, Some(10_000)));
        assert_eq!(found.info.parker.as_deref(), Some("1001@example.com"));
        assert_eq!((&*found.info.note, found.info.priority), ("a note", 3));
        assert_eq!((&*found.info.caller.number, &*found.info.did), ("+4930", "4711"));
        call.deadline_ms = None;
        assert_eq!(absent(&call, 120_000, true).unwrap().timeout_ms_left, None);
        call.deadline_ms = Some(5);
        assert_eq!(absent(&call, 120_000, true).unwrap().timeout_ms_left, Some(0));
        call.place.orbit = "no orbit at all".into();
        assert_eq!(absent(&call, 120_000, true), None);
        assert_eq!(lost(&call, 120_000).outcome, Some(Outcome::Lost));
    }
}
