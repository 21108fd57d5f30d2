//! A call's thread: what it does in each state, as `switch_core_state_machine.c` has it. A state is run once, when it is
//! entered; then the thread sleeps until there is another.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::session::{FRAME, Session};
use crate::state::{
    CF_ANSWERED, CS_CONSUME_MEDIA, CS_DESTROY, CS_EXCHANGE_MEDIA, CS_EXECUTE, CS_HANGUP,
    CS_HIBERNATE, CS_INIT, CS_PARK, CS_REPORTING, CS_RESET, CS_ROUTING, CS_SOFT_EXECUTE,
};
use crate::{apps, bridge, causes, dialplan, live, log};

/// FreeSWITCH's own session threads have no more.
const STACK: usize = 240 * 1024;
const NO_ROUTE_DESTINATION: u32 = 3;
const NORMAL_TEMPORARY_FAILURE: u32 = 41;

/// Starts a call's thread.
pub fn start(session: &Arc<Session>) {
    let own = Arc::clone(session);
    let thread = std::thread::Builder::new()
        .name("call".to_owned())
        .stack_size(STACK)
        .spawn(move || run(&own));
    if thread.is_err() {
        session.hangup(NORMAL_TEMPORARY_FAILURE);
        live::remove(&session.uuid());
    }
}

fn run(session: &Arc<Session>) {
    session.claim_thread();
    while session.up() {
        let state = session.state();
        if state == session.running() {
            session.wait_for_change(Duration::from_secs(1));
            continue;
        }
        if state == CS_EXCHANGE_MEDIA {
            // A thread of a busy machine can read a state that is over when it is entered. With this variable it does.
            std::thread::sleep(session.milliseconds("late_to_enter"));
        }
        session.enter(state);
        live::tell_of_state(session, state);
        match state {
            CS_INIT => init(session),
            CS_ROUTING => route(session),
            CS_EXECUTE => apps::execute(session),
            CS_SOFT_EXECUTE => bridge::soft_execute(session),
            CS_EXCHANGE_MEDIA => {
                // A thread of a busy machine can come to its bridge when that is over. With this variable it does.
                std::thread::sleep(session.milliseconds("late_for_bridge"));
                bridge::exchange_media(session);
            }
            CS_CONSUME_MEDIA => answer_by_itself(session),
            CS_PARK => apps::park(session),
            CS_HIBERNATE => session.set_state(CS_RESET),
            CS_RESET if session.uuid_bridge.lock().is_some() => session.set_state(CS_SOFT_EXECUTE),
            _ => {}
        }
    }
    end(session);
}

fn init(session: &Session) {
    session.fire("CHANNEL_CREATE");
    // Whoever called it may have sent it further already.
    session.advance(CS_INIT, if session.outbound { CS_CONSUME_MEDIA } else { CS_ROUTING });
}

fn route(session: &Session) {
    let actions = dialplan::route(session);
    if actions.is_empty() {
        session.hangup(NO_ROUTE_DESTINATION);
        return;
    }
    session.is_to_run(actions);
    // Who was transferred while the way was being looked for goes the old way: as FreeSWITCH has it.
    session.set_state(CS_EXECUTE);
}

/// A `null/` channel answers, unless its variables say otherwise.
fn answer_by_itself(session: &Session) {
    let variable = |name: &str| session.variables.lock().get(name).cloned();
    if !session.answers_itself || session.flag(CF_ANSWERED) {
        return;
    }
    if variable("null_enable_auto_answer").is_some_and(|wish| wish != "true") {
        return;
    }
    let delay_ms: u64 =
        variable("null_auto_answer_delay").and_then(|ms| ms.parse().ok()).unwrap_or(0);
    let end = std::time::Instant::now() + Duration::from_millis(delay_ms);
    while session.ready() && std::time::Instant::now() < end {
        std::thread::sleep(FRAME);
    }
    session.answered();
}

fn end(session: &Session) {
    let uuid = session.uuid();
    session.enter(CS_HANGUP);
    log::debug(
        Some(&uuid),
        &format!("hung up: {}", causes::name(session.cause()).to_string_lossy()),
    );
    live::tell_of_state(session, CS_HANGUP);
    session.set_state(CS_REPORTING);
    session.enter(CS_REPORTING);
    session.fire("CHANNEL_HANGUP_COMPLETE");
    while session.readers.load(Ordering::Acquire) > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    live::remove(&uuid);
    live::tell_of_state(session, CS_DESTROY);
    session.fire("CHANNEL_DESTROY");
}
