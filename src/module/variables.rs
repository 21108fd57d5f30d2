//! Every channel variable of ours, one line each. docs/reference.md explains them.

// What a dialplan says of a call that it parks.
pub(crate) const TIMEOUT: &str = "callpark_timeout";
pub(crate) const HOLD_MUSIC: &str = "callpark_hold_music";
pub(crate) const ANNOUNCE: &str = "callpark_announce";
pub(crate) const PRIORITY: &str = "callpark_priority";
pub(crate) const RETURN: &str = "callpark_return";
pub(crate) const FOR: &str = "callpark_for";
pub(crate) const NOTE: &str = "callpark_note";
pub(crate) const PIN: &str = "callpark_pin";

// The same, until the module says what it has found.
pub(crate) const PARKER: &str = "callpark_parker";

// What dialplans and CDRs read on the channels.
pub(crate) const STATUS: &str = "callpark_status";
pub(crate) const LOT: &str = "callpark_lot";
pub(crate) const ORBIT: &str = "callpark_orbit";
pub(crate) const PARKED_AT: &str = "callpark_parked_at";
pub(crate) const OUTCOME: &str = "callpark_outcome";
pub(crate) const WAIT_MS: &str = "callpark_wait_ms";
pub(crate) const RETRIEVER: &str = "callpark_retriever";
pub(crate) const REASON: &str = "callpark_reason";
pub(crate) const REPLACES: &str = "callpark_replaces";
pub(crate) const HISTORY: &str = "callpark_history";
pub(crate) const CALLBACK_ID: &str = "callpark_callback_id";
pub(crate) const CALLBACK_NUMBER: &str = "callpark_callback_number";

// Notes of the module's own.
/// The parker that the module has found: a later park does not take it for one that the dialplan has named.
pub(crate) const PARKER_FOUND: &str = "callpark_parker_found";
/// The run for which a leg rings, until it is answered. From then on the leg is known by its uuid.
pub(crate) const RUN: &str = "callpark_run";
/// What `exec_after_bridge_app` was before a hand-over.
pub(crate) const AFTER_BRIDGE: &str = "callpark_exec_after_bridge_app";
