//! The sessions there are.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use crate::session::Session;

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
