//! The calls whose own threads run an application of ours right now, whatever else runs on top of it.
//!
//! FreeSWITCH knows them by the variable `current_application`, which every application that runs inside another one
//! overwrites.

use std::collections::HashMap;

use crate::switch::lock::Mutex;

use super::session::Session;

/// How many of our applications each call is in.
static CALLS: Mutex<Option<HashMap<String, usize>>> = Mutex::new(None);

/// Counts its call as being in an application of ours while it lives.
pub(super) struct InApplication(String);

impl InApplication {
    pub(super) fn enter(session: Session<'_>) -> Self {
        let uuid = session.uuid();
        *CALLS.lock().get_or_insert_default().entry(uuid.clone()).or_default() += 1;
        Self(uuid)
    }
}

impl Drop for InApplication {
    fn drop(&mut self) {
        if let Some(calls) = CALLS.lock().as_mut()
            && let Some(count) = calls.get_mut(&self.0)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                calls.remove(&self.0);
            }
        }
    }
}

/// The uuids of these calls.
#[must_use]
pub(crate) fn calls() -> Vec<String> {
    CALLS.lock().iter().flat_map(|calls| calls.keys().cloned()).collect()
}
