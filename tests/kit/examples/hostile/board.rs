//! What has happened to which call, for all lanes at once.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use kit::{Event, Switch};

/// So long is it remembered what happened to a call.
const REMEMBERED: Duration = Duration::from_secs(120);

#[derive(Default)]
struct Shared {
    seen: Mutex<HashMap<(String, String), Seen>>,
    came: Condvar,
}

/// When something happened to a call.
#[derive(Clone)]
pub struct Seen {
    /// When its event arrived.
    pub at: Instant,
    /// The orbit, if the call was parked.
    pub orbit: String,
    /// Since when the call is parked, as the module says.
    pub since: Instant,
}

/// A listener to the switch's events.
pub struct Board {
    shared: Arc<Shared>,
}

impl Board {
    pub fn open(switch: &Switch) -> Board {
        let mut esl = switch.esl();
        esl.subscribe(&["CUSTOM callpark::info", "CHANNEL_BRIDGE"]).expect("a subscription");
        let shared = Arc::new(Shared::default());
        let theirs = Arc::downgrade(&shared);
        // Not waited for: it ends with the connection, at the latest.
        std::thread::spawn(move || {
            let mut swept = Instant::now();
            while let Ok(event) = esl.next_event() {
                let Some(shared) = theirs.upgrade() else { return };
                let now = Instant::now();
                let mut seen = shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
                let orbit = event.text("Callpark-Orbit").to_owned();
                let it = Seen { at: now, orbit, since: parked_at(&event).unwrap_or(now) };
                if event.name() == "CHANNEL_BRIDGE" {
                    for leg in ["Bridge-A-Unique-ID", "Bridge-B-Unique-ID"] {
                        let key = (event.text(leg).into(), "bridge".into());
                        seen.entry(key).or_insert_with(|| it.clone());
                    }
                } else {
                    let uuid = event.text("Callpark-UUID");
                    for what in ["Callpark-Action", "Callpark-Outcome"] {
                        seen.insert((uuid.into(), event.text(what).into()), it.clone());
                    }
                }
                if swept.elapsed() > REMEMBERED / 4 {
                    swept = now;
                    seen.retain(|_, seen| seen.at.elapsed() < REMEMBERED);
                }
                drop(seen);
                shared.came.notify_all();
            }
        });
        Board { shared }
    }

    /// That this happened to the call.
    ///
    /// # Errors
    /// It did not.
    pub fn wait(&self, uuid: &str, what: &str) -> Result<Seen, String> {
        let end = Instant::now() + Duration::from_secs(15);
        let key = (uuid.to_owned(), what.to_owned());
        let mut seen = self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = seen.remove(&key) {
                return Ok(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("no {what} of {uuid}"));
            }
            let woken = self.shared.came.wait_timeout(seen, left);
            seen = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The module's own time of it, on this process's clock.
fn parked_at(event: &Event) -> Option<Instant> {
    let epoch_ms = event.get("variable_callpark_parked_at")?.parse().ok()?;
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(epoch_ms);
    Instant::now().checked_sub(at.elapsed().ok()?)
}
