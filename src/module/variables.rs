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

/// What the directory lets a user do.
pub(crate) const ALLOW: &str = "callpark_allow";
/// In the directory: whether a phone of this user may be asked to answer by itself when the user takes a call on the board.
#[cfg(feature = "web")]
pub(crate) const AUTO_ANSWER: &str = "callpark_auto_answer";

/// Whether `valet_park` with a slot parks or retrieves: `park` or `retrieve`.
pub(crate) const VALET: &str = "callpark_valet";

// The same for a stand-in for mod_valet_parking, by that module's names.
pub(crate) const VALET_TIMEOUT: &str = "valet_parking_timeout";
pub(crate) const VALET_HOLD_MUSIC: &str = "valet_hold_music";
pub(crate) const VALET_ANNOUNCE: &str = "valet_announce_slot";
pub(crate) const VALET_EXTEN: &str = "valet_parking_orbit_exten";
pub(crate) const VALET_DIALPLAN: &str = "valet_parking_orbit_dialplan";
pub(crate) const VALET_CONTEXT: &str = "valet_parking_orbit_context";
pub(crate) const VALET_EXIT_KEY: &str = "valet_parking_orbit_exit_key";
/// The leg for which the slot is kept that this call is sent to.
pub(crate) const VALET_TICKET: &str = "valet_ticket";
/// Where the call is parked.
pub(crate) const VALET_SLOT: &str = "valet_lot_extension";

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
/// On a parked call that has a PIN, so that it does not come back from a crash without one: `true`.
pub(crate) const LOCKED: &str = "callpark_locked";
pub(crate) const CALLBACK_NUMBER: &str = "callpark_callback_number";

// Notes of the module's own.
/// The parker that the module has found: a later park does not take it for one that the dialplan has named.
pub(crate) const PARKER_FOUND: &str = "callpark_parker_found";
/// The user for whom a leg was called when it began, or `-`.
pub(crate) const CALLED_FOR: &str = "callpark_called_for";
/// What a leg rings for (a run of return steps, a command, a call-back), until it is answered. From then on the leg is known by
/// its uuid.
pub(crate) const RUN: &str = "callpark_run";
/// What `exec_after_bridge_app` was before a hand-over.
pub(crate) const AFTER_BRIDGE: &str = "callpark_exec_after_bridge_app";
