//! Call-backs. The user who shall call back is called first, when free. Then the dialplan calls the caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::switch::lock::Mutex;

use crate::dial::outgoing::Outgoing;
use crate::dial::reachable;
use crate::dial::ringing::{Ringing, Rings};
use crate::module::Module;
use crate::module::variables;
use crate::park::{Attempt, CallbackAttempt};
use crate::switch::channel::Flag;
use crate::switch::dial_string::DialString;
use crate::switch::guard::OnPanic;
use crate::switch::{Located, ivr};

/// For how many seconds the phone of the user rings.
const RING_S: u32 = 30;
/// How long the caller may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(90);
/// The interval at which the module looks whether the two are talking.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The result of an attempt, with its reason.
enum Tried {
    Connected,
    NotFree(&'static str),
    Failed(String),
}

/// The most call-backs that ring at one time.
const MOST_RINGING: usize = 32;

/// The attempts that are due, and how many of them ring.
#[derive(Default)]
pub(crate) struct Attempts {
    waiting: Mutex<Waiting>,
    ringing: AtomicUsize,
}

impl Attempts {
    fn of(module: &Module) -> Arc<Self> {
        module.table()
    }
}

#[derive(Default)]
struct Waiting {
    due: Vec<(CallbackAttempt, Arc<Ringing>)>,
    /// Whether a thread is looking which users are free.
    looks: bool,
}

/// Makes one attempt. Returns at once. One thread asks for all attempts that are due.
pub(crate) fn attempt(module: &Arc<Module>, callback: CallbackAttempt) {
    let ringing = Rings::of(module).begin(callback.run);
    let (id, run) = (callback.callback.id, callback.run);
    // It may have been cancelled before it began. From here on, a cancellation finds it.
    if !module.look(|park| park.is_trying(id, run)) {
        return Rings::of(module).end(run);
    }
    let looks = {
        let attempts = Attempts::of(module);
        let mut waiting = attempts.waiting.lock();
        waiting.due.push((callback, ringing));
        std::mem::replace(&mut waiting.looks, true)
    };
    if looks {
        return;
    }
    let theirs = Arc::clone(module);
    if let Err(reason) = module.threads.ask(move || look(&theirs)) {
        for (callback, _) in stop_looking(module) {
            tried(module, callback.callback.id, callback.run, &Tried::Failed(reason.clone()));
        }
    }
}

/// Takes out those that are due. If there are none, the thread stops looking.
fn take_due(module: &Module) -> Vec<(CallbackAttempt, Arc<Ringing>)> {
    let attempts = Attempts::of(module);
    let mut waiting = attempts.waiting.lock();
    waiting.looks = !waiting.due.is_empty();
    std::mem::take(&mut waiting.due)
}

/// Nobody looks any more; those that are due are taken out all the same.
fn stop_looking(module: &Module) -> Vec<(CallbackAttempt, Arc<Ringing>)> {
    let attempts = Attempts::of(module);
    let waiting = std::mem::take(&mut *attempts.waiting.lock());
    waiting.due
}

fn look(module: &Arc<Module>) {
    let _ends = OnPanic(|| drop(stop_looking(module)));
    loop {
        let due = take_due(module);
        if due.is_empty() {
            return;
        }
        for (callback, ringing) in due {
            let (id, run) = (callback.callback.id, callback.run);
            if let Err(came) = begin(module, callback, ringing) {
                tried(module, id, run, &came);
            }
        }
    }
}

/// Calls the user, if free, on a separate thread.
fn begin(
    module: &Arc<Module>,
    callback: CallbackAttempt,
    ringing: Arc<Ringing>,
) -> Result<(), Tried> {
    if let Some(why) = reachable::not_free(module, &callback.callback.by) {
        return Err(Tried::NotFree(why));
    }
    if Attempts::of(module).ringing.fetch_add(1, Ordering::AcqRel) >= MOST_RINGING {
        Attempts::of(module).ringing.fetch_sub(1, Ordering::AcqRel);
        return Err(Tried::NotFree("too many call-backs are ringing at this moment"));
    }
    let counted = Counted(Arc::clone(module));
    let theirs = Arc::clone(module);
    let wanted = Arc::clone(&ringing);
    let body = move || {
        let _counted = counted;
        let came = try_once(&theirs, &callback, &ringing);
        tried(&theirs, callback.callback.id, callback.run, &came);
    };
    module.threads.call(move || wanted.is_wanted(), body).map_err(Tried::Failed)
}

/// One attempt that rings. It counts until this is dropped.
struct Counted(Arc<Module>);

impl Drop for Counted {
    fn drop(&mut self) {
        Attempts::of(&self.0).ringing.fetch_sub(1, Ordering::AcqRel);
    }
}

fn tried(module: &Arc<Module>, id: crate::park::CallbackId, run: crate::park::RunId, came: &Tried) {
    Rings::of(module).end(run);
    let attempt = match came {
        Tried::Connected => Attempt::Connected,
        Tried::NotFree(why) => Attempt::NotFree(why),
        Tried::Failed(why) => Attempt::Failed(why),
    };
    module.act(None, |park, now| park.callback_tried(now, id, run, attempt));
}

fn try_once(module: &Module, callback: &CallbackAttempt, ringing: &Ringing) -> Tried {
    let owed = &callback.callback;
    if module.is_stopping() {
        return Tried::Failed("the module is stopping".to_owned());
    }
    let (dial_string, id) = (DialString::user(&owed.by), owed.id.to_string());
    let outgoing = Outgoing {
        lot: owed.lot.to_string(),
        orbit: owed.orbit.as_str(),
        dial_string: &dial_string,
        ring_s: RING_S,
        name: format!("Call back: {}", owed.caller.name),
        number: owed.caller.number.to_string(),
        variables: vec![
            (variables::CALLBACK_ID, &id),
            (variables::CALLBACK_NUMBER, &owed.caller.number),
        ],
    };
    let leg = match ringing.reach(module, outgoing) {
        Ok(leg) => leg,
        Err(why) => return Tried::Failed(why),
    };
    let uuid = leg.session().uuid();
    let to = &callback.to;
    let sent =
        ivr::transfer(leg.session(), &to.exten, to.dialplan.as_deref(), to.context.as_deref());
    drop(leg);
    if !sent {
        return Tried::Failed("the transfer into the dialplan failed".to_owned());
    }
    watch(module, &uuid)
}

/// Waits until the leg is connected.
fn watch(module: &Module, uuid: &str) -> Tried {
    let end = Instant::now() + ANSWERS_WITHIN;
    while Instant::now() < end && !module.is_stopping() {
        std::thread::sleep(LOOK_EVERY);
        let Some(leg) = Located::find(uuid) else {
            return Tried::Failed("the caller did not answer".to_owned());
        };
        let channel = leg.session().channel();
        let other = channel.test(Flag::Bridged).then(|| channel.partner_uuid()).flatten();
        let other = other.and_then(|uuid| Located::find(&uuid));
        if other.is_some_and(|other| other.session().channel().test(Flag::Answered)) {
            return Tried::Connected;
        }
    }
    if let Some(leg) = Located::find(uuid) {
        leg.session().channel().hangup(crate::switch::Cause::NORMAL_CLEARING);
    }
    Tried::Failed("the caller did not answer".to_owned())
}
