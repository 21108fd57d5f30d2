//! The legs that are called for return steps, commands, pages and call-backs, each known from the moment it exists: however
//! many a dial string leads to, and whoever forks it, they bear the name of the run that calls them. So stopping the ringing
//! needs no look at every channel of the switch.

use std::collections::HashMap;
use std::sync::Arc;

use crate::switch::lock::Mutex;

use crate::module::{Module, variables};
use crate::switch::{Cause, Session};

/// The legs of each run that is calling, by the name that they bear as [`variables::RUN`].
#[derive(Default)]
pub(crate) struct Rung(Mutex<HashMap<String, Legs>>);

#[derive(Default)]
struct Legs {
    uuids: Vec<String>,
    /// The run was stopped: a leg that begins later is not to ring.
    stopped: Option<Cause>,
}

impl Rung {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// From now on, and as long as what this returns lives, the legs of that run are known.
    #[must_use]
    pub(crate) fn calling(self: &Arc<Self>, run: &str) -> Calling {
        self.0.lock().insert(run.to_owned(), Legs::default());
        Calling { rung: Arc::clone(self), run: run.to_owned() }
    }

    /// A channel begins, on its own thread.
    pub(super) fn began(&self, session: Session<'_>) {
        let Some(run) = session.channel().variable(variables::RUN) else { return };
        if let Some(cause) = self.note(&run, session.uuid()) {
            session.hang_up_itself(cause);
        }
    }

    /// With which cause the leg is to end at once, if it is.
    fn note(&self, run: &str, uuid: String) -> Option<Cause> {
        let mut runs = self.0.lock();
        let legs = runs.get_mut(run)?;
        legs.uuids.push(uuid);
        legs.stopped
    }

    /// The legs of a run that is not to ring any more. Those that begin later hang up by themselves.
    pub(crate) fn stop(&self, run: &str, cause: Cause) -> Vec<String> {
        let mut runs = self.0.lock();
        let Some(legs) = runs.get_mut(run) else { return Vec::new() };
        legs.stopped = Some(cause);
        std::mem::take(&mut legs.uuids)
    }
}

/// A run is calling.
pub(crate) struct Calling {
    rung: Arc<Rung>,
    run: String,
}

impl Drop for Calling {
    fn drop(&mut self) {
        self.rung.0.lock().remove(&self.run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legs_are_known_while_their_run_is_calling() {
        let rung = Arc::new(Rung::default());
        assert_eq!(rung.note("x-1", "before".to_owned()), None);
        let calling = rung.calling("x-1");
        let _other = rung.calling("x-2");
        for leg in ["a", "b"] {
            assert_eq!(rung.note("x-1", leg.to_owned()), None);
        }
        assert_eq!(rung.stop("x-1", Cause::LOSE_RACE), ["a", "b"]);
        // A fork that comes late.
        assert_eq!(rung.note("x-1", "c".to_owned()), Some(Cause::LOSE_RACE));
        assert_eq!(rung.note("x-2", "d".to_owned()), None);
        drop(calling);
        assert_eq!(rung.note("x-1", "after".to_owned()), None);
        assert!(rung.stop("x-1", Cause::LOSE_RACE).is_empty());
        assert_eq!(rung.0.lock().len(), 1);
    }
}
