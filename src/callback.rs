//! Calling somebody back: the user who shall do it is called first, when free; then the dialplan calls the caller.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dialling::{Outgoing, in_thread};
use crate::module::Module;
use crate::park::{Asks, Attempt, CallBack};
use crate::phones;
use crate::rings::{RUN, Ringing};
use crate::switch::channel::Flag;
use crate::switch::dial_string::DialString;
use crate::switch::{Located, ivr};

/// For how many seconds the user who calls back is rung.
const RING_S: u32 = 30;
/// How long the caller may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(90);
/// How often it is looked whether the two talk.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What the dialplan sees on the leg of the user who calls back.
const ID: &str = "callpark_callback_id";
const NUMBER: &str = "callpark_callback_number";

/// What came of an attempt, with its reason.
enum Came {
    Connected,
    NotFree(&'static str),
    Failed(String),
}

/// Makes one attempt, on a thread of its own.
pub fn attempt(module: &Arc<Module>, callback: CallBack) {
    let ringing = module.rings.begin(callback.run);
    let (id, run) = (callback.callback.id, callback.run);
    // It may have been cancelled before it began; from here on whoever cancels it finds it.
    if !module.look(|park| park.is_trying(id, run)) {
        return module.rings.end(run);
    }
    let thread = {
        let module = Arc::clone(module);
        in_thread("callpark-callback", move || {
            let came = try_once(&module, &callback, &ringing);
            tried(&module, id, run, &came);
        })
    };
    if let Err(reason) = thread {
        tried(module, id, run, &Came::Failed(reason));
    }
}

fn tried(module: &Arc<Module>, id: crate::park::CallbackId, run: crate::park::RunId, came: &Came) {
    module.rings.end(run);
    let attempt = match came {
        Came::Connected => Attempt::Connected,
        Came::NotFree(why) => Attempt::NotFree(why),
        Came::Failed(why) => Attempt::Failed(why),
    };
    module.act(None, |park, now| ((), park.callback_tried(now, id, run, attempt)));
}

fn try_once(module: &Module, callback: &CallBack, ringing: &Ringing) -> Came {
    let owed = &callback.callback;
    if module.is_stopping() {
        return Came::Failed("the module stops".to_owned());
    }
    if let Some(why) = phones::obstacle(module, &Asks::Idle(owed.by.to_string())) {
        return Came::NotFree(why);
    }
    let (dial_string, id) = (DialString::user(&owed.by), owed.id.to_string());
    let run = module.rings.name(callback.run);
    let outgoing = Outgoing {
        lot: owed.lot.to_string(),
        orbit: owed.orbit.as_str(),
        dial_string: &dial_string,
        ring_s: RING_S,
        name: format!("Call back: {}", owed.caller.name),
        number: owed.caller.number.to_string(),
        variables: vec![(ID, &id), (NUMBER, &owed.caller.number), (RUN, &run)],
    };
    let leg = match outgoing.reach(&ringing.call_off) {
        Ok(leg) => leg,
        Err(cause) => return Came::Failed(cause),
    };
    if let Err(why) = ringing.answered(&leg) {
        return Came::Failed(why);
    }
    let uuid = leg.session().uuid();
    let to = &callback.to;
    let sent =
        ivr::transfer(leg.session(), &to.exten, to.dialplan.as_deref(), to.context.as_deref());
    drop(leg);
    if !sent {
        return Came::Failed("the dialplan was not reached".to_owned());
    }
    watch(module, &uuid)
}

/// Waits until the leg is connected to somebody.
fn watch(module: &Module, uuid: &str) -> Came {
    let end = Instant::now() + ANSWERS_WITHIN;
    while Instant::now() < end && !module.is_stopping() {
        std::thread::sleep(LOOK_EVERY);
        let Some(leg) = Located::find(uuid) else {
            return Came::Failed("the caller did not answer".to_owned());
        };
        let channel = leg.session().channel();
        let other = channel.test(Flag::Bridged).then(|| channel.partner_uuid()).flatten();
        let other = other.and_then(|uuid| Located::find(&uuid));
        if other.is_some_and(|other| other.session().channel().test(Flag::Answered)) {
            return Came::Connected;
        }
    }
    if let Some(leg) = Located::find(uuid) {
        leg.session().channel().hangup(crate::switch::Cause::NORMAL_CLEARING);
    }
    Came::Failed("the caller did not answer".to_owned())
}
