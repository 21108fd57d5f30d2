//! The sessions there are.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use crate::channel;
use crate::session::Session;
use crate::state::{CS_DESTROY, CS_HANGUP, CS_INIT, CS_ROUTING};
use crate::sys;

static SESSIONS: RwLock<Option<HashMap<String, Arc<Session>>>> = RwLock::new(None);

pub fn add(session: Arc<Session>) -> bool {
    let mut sessions = SESSIONS.write();
    let sessions = sessions.get_or_insert_default();
    if sessions.contains_key(&session.uuid()) {
        return false;
    }
    sessions.insert(session.uuid(), session);
    true
}

pub fn remove(uuid: &str) {
    if let Some(sessions) = SESSIONS.write().as_mut() {
        sessions.remove(uuid);
    }
}

pub fn get(uuid: &str) -> Option<Arc<Session>> {
    SESSIONS.read().as_ref()?.get(uuid).cloned()
}

pub fn all() -> Vec<Arc<Session>> {
    SESSIONS
        .read()
        .as_ref()
        .map(|sessions| sessions.values().cloned().collect())
        .unwrap_or_default()
}

/// What is to be told of every session's states: the addresses of tables.
static HANDLERS: RwLock<Vec<usize>> = RwLock::new(Vec::new());

/// Runs the handlers of a state that a session enters, on its thread.
pub fn tell_of_state(session: &Session, state: u32) {
    let handlers = HANDLERS.read().clone();
    for table in handlers {
        // SAFETY: tables that were added live for ever.
        let table = unsafe { &*(table as *const sys::switch_state_handler_table_t) };
        let handler = match state {
            CS_INIT => table.on_init,
            CS_ROUTING => table.on_routing,
            CS_HANGUP => table.on_hangup,
            CS_DESTROY => table.on_destroy,
            _ => None,
        };
        if let Some(handler) = handler {
            // SAFETY: the session lives while its thread runs.
            unsafe { handler(channel::raw(session)) };
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_add_state_handler(
    table: *const sys::switch_state_handler_table_t,
) -> std::ffi::c_int {
    HANDLERS.write().push(table as usize);
    0
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_remove_state_handler(table: *const sys::switch_state_handler_table_t) {
    HANDLERS.write().retain(|added| *added != table as usize);
}
