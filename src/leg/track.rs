//! Has FreeSWITCH write down what it needs to bring a parked call back after a crash.
//!
//! With `track-calls`, FreeSWITCH writes its state of a call when the call is answered or bridged. That is older than the
//! park, and the call has sent requests since. Writing can take seconds while FreeSWITCH's database is slow: so one thread
//! does it for all calls, while there are some.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::module::Module;
use crate::module::health::Part;
use crate::module::variables;
use crate::park::{CallUuid, Park};
use crate::switch::channel::Flag;
use crate::switch::lock::Mutex;
use crate::switch::{Channel, Located, Session, clock, log};

/// The number of the first request after the restart (`sofia_glue_do_invite`). It must be above all that the phone has had.
const CSEQ: &str = "sip_invite_cseq";
/// FreeSWITCH writes a call down itself as it comes back, a few times and with the number of before. So long afterwards it has.
const LATER: Duration = Duration::from_secs(1);
/// Why the parked calls would be lost that would not come back after a crash.
#[derive(Default)]
struct Lost(Mutex<HashMap<CallUuid, &'static str>>);

/// The calls that are to be written down.
#[derive(Default)]
struct Waiting(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    calls: VecDeque<CallUuid>,
    /// Those that follow [`LATER`].
    later: Vec<CallUuid>,
    /// A thread takes them.
    taken: bool,
}

/// Has that call written down soon.
pub(crate) fn soon(module: &Arc<Module>, session: Session<'_>) {
    let uuid = CallUuid::from(session.uuid().as_str());
    let would_be_lost = obstacle(session.channel());
    if let Some(why) = would_be_lost {
        module.table::<Lost>().0.lock().insert(uuid, why);
    }
    again(module, session);
}

/// Has a leg written down soon that is parked or was connected to one that was.
pub(crate) fn again(module: &Arc<Module>, session: Session<'_>) {
    enqueue(module, session, |queue, uuid| queue.calls.push_back(uuid));
}

/// A leg has come back after a crash, and its INVITE is on its way. That number is used up. A higher one is for what
/// FreeSWITCH writes down by then, and goes before the leg sends an INVITE of its own.
pub(crate) fn came_back(module: &Arc<Module>, session: Session<'_>) {
    let channel = session.channel();
    if channel.variable(CSEQ).is_some() {
        channel.set_variable(CSEQ, Some(&cseq(clock::epoch_ms()).to_string()));
        enqueue(module, session, |queue, uuid| queue.later.push(uuid));
    }
}

fn enqueue(module: &Arc<Module>, session: Session<'_>, add: impl FnOnce(&mut Queue, CallUuid)) {
    let recover = module.settings.read().recovery.on;
    if !recover || !session.channel().test(Flag::Trackable) {
        return;
    }
    let waiting = module.table::<Waiting>();
    let taken = {
        let mut queue = waiting.0.lock();
        add(&mut queue, CallUuid::from(session.uuid().as_str()));
        std::mem::replace(&mut queue.taken, true)
    };
    let theirs = Arc::clone(&waiting);
    if !taken && let Err(why) = module.threads.ask(move || write_all(&theirs)) {
        waiting.0.lock().taken = false;
        log::warning(
            Some(&session.uuid()),
            format_args!("the call may not come back after a crash, because {why}"),
        );
    }
}

/// The call has left.
pub(crate) fn left(module: &Module, uuid: &CallUuid) {
    module.table::<Lost>().0.lock().remove(uuid);
}

/// Why this call would not come back after a crash.
fn obstacle(channel: Channel<'_>) -> Option<&'static str> {
    if !channel.name().starts_with("sofia/") {
        return Some("not SIP calls");
    }
    if !channel.test(Flag::Trackable) {
        return Some("their SIP profile has no track-calls");
    }
    let protocol = channel.variable("sip_via_protocol").unwrap_or_default();
    let datagrams = protocol.is_empty() || protocol.eq_ignore_ascii_case("udp");
    (!datagrams).then_some("over TCP, TLS or WebSocket")
}

/// What a crash would do to the parked calls, for `callpark health`. `since_ms`: since when that is so.
pub(crate) fn part(module: &Module, since_ms: u64) -> Part {
    let parked: u32 = module.look(Park::lots).iter().map(|lot| lot.parked).sum();
    let lost = module.table::<Lost>();
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for why in lost.0.lock().values() {
        *reasons.entry(*why).or_default() += 1;
    }
    let name = "recovery";
    let on = module.settings.read().recovery.on;
    let text =
        if on { after_a_crash(parked as usize, &reasons) } else { "switched off".to_owned() };
    Part { name, ok: true, since_ms, text }
}

fn after_a_crash(parked: usize, reasons: &BTreeMap<&str, usize>) -> String {
    let lost: usize = reasons.values().sum();
    let mut text = format!(
        "after a crash, {} of {parked} parked calls would come back",
        parked.saturating_sub(lost)
    );
    for (why, count) in reasons {
        text.push_str(&format!("; {count} would be lost ({why})"));
    }
    text
}

/// Writes every parked call down now. Returns how many FreeSWITCH can bring back. May take seconds.
pub(crate) fn checkpoint(module: &Module) -> usize {
    let calls = module.calls(None);
    let legs = calls.iter().filter_map(|call| Located::find(call.info.uuid.as_str()));
    legs.filter(|leg| write(leg.session())).count()
}

fn write_all(waiting: &Waiting) {
    loop {
        let (next, later) = {
            let mut queue = waiting.0.lock();
            let next = queue.calls.pop_front();
            let later = if next.is_none() { std::mem::take(&mut queue.later) } else { Vec::new() };
            queue.taken = next.is_some() || !later.is_empty();
            (next, later)
        };
        if let Some(leg) = next.as_ref().and_then(|uuid| Located::find(uuid.as_str())) {
            write(leg.session());
        } else if !later.is_empty() {
            std::thread::sleep(LATER);
            for leg in later.iter().filter_map(|uuid| Located::find(uuid.as_str())) {
                leg.session().channel().set_variable(CSEQ, None);
                write(leg.session());
            }
        } else if next.is_none() {
            return;
        }
    }
}

/// Writes the call down now. May take seconds. Returns whether FreeSWITCH can bring such a call back.
fn write(session: Session<'_>) -> bool {
    let channel = session.channel();
    if !channel.test(Flag::Trackable) || !channel.test(Flag::Answered) {
        return false;
    }
    // A leg that never was parked has had no such number, and FreeSWITCH writes it down again without one.
    if channel.variable(variables::LOT).is_none() {
        session.track();
        return true;
    }
    // Only in what is written: a re-INVITE of the living call must not have that number.
    let before = channel.variable(CSEQ);
    channel.set_variable(CSEQ, Some(&cseq(clock::epoch_ms()).to_string()));
    session.track();
    channel.set_variable(CSEQ, before.as_deref());
    true
}

/// Rises by one a second, is above what sofia-sip begins a dialog with (27 bits), and below 2^31 until 2088.
fn cseq(now_ms: u64) -> u64 {
    const BEGAN_S: u64 = 1_600_000_000;
    (now_ms / 1000).saturating_sub(BEGAN_S).max(1)
}

#[cfg(test)]
mod tests {
    use super::{after_a_crash, cseq};

    #[test]
    fn the_first_request_after_a_restart_has_a_number_above_all_others() {
        let (now_ms, in_fifty_years_ms) = (1_790_000_000_000, 3_370_000_000_000);
        assert!(cseq(now_ms) > 1 << 27);
        assert!(cseq(now_ms + 1_000) > cseq(now_ms));
        assert!(cseq(in_fifty_years_ms) < 1 << 31);
    }

    #[test]
    fn it_is_said_beforehand_what_would_be_lost() {
        let mut reasons = std::collections::BTreeMap::new();
        assert_eq!(
            after_a_crash(5, &reasons),
            "after a crash, 5 of 5 parked calls would come back"
        );
        reasons.insert("not SIP calls", 2);
        assert_eq!(
            after_a_crash(5, &reasons),
            "after a crash, 3 of 5 parked calls would come back; 2 would be lost (not SIP calls)"
        );
    }
}
