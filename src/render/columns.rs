//! What a list shows, in which order and under which name: one table for every format.

use std::borrow::Cow;

use crate::park::{CallView, CallbackView, LotView};

/// One value.
pub(super) enum Cell<'a> {
    Text(Cow<'a, str>),
    Number(u64),
    Truth(bool),
    /// There is no value, such as a timeout or a known parker.
    Nothing,
}

/// One column of a list of `T`.
pub(super) struct Column<T> {
    pub(super) name: &'static str,
    pub(super) get: fn(&T) -> Cell<'_>,
    /// Not in the text list, which is wide enough without it.
    pub(super) wide: bool,
}

impl<T> Column<T> {
    pub(super) const fn new(name: &'static str, get: fn(&T) -> Cell<'_>) -> Self {
        Column { name, get, wide: false }
    }

    const fn wide(name: &'static str, get: fn(&T) -> Cell<'_>) -> Self {
        Column { name, get, wide: true }
    }
}

/// The columns of a list of calls.
pub(super) const COLUMNS: [Column<CallView>; 15] = [
    Column::new("lot", |call| Cell::Text(call.lot.to_string().into())),
    Column::new("orbit", |call| text(call.orbit.as_str())),
    Column::new("uuid", |call| text(call.info.uuid.as_str())),
    Column::new("caller_id_name", |call| text(&call.info.caller.name)),
    Column::new("caller_id_number", |call| text(&call.info.caller.number)),
    Column::new("parker", |call| maybe(call.info.parker.as_deref())),
    Column::new("priority", |call| Cell::Number(call.info.priority.into())),
    Column::new("waiting_ms", |call| Cell::Number(call.waiting_ms)),
    Column::new("timeout_ms_left", |call| call.timeout_ms_left.map_or(Cell::Nothing, Cell::Number)),
    Column::new("state", |call| text(call.state.as_str())),
    Column::new("note", |call| text(&call.info.note)),
    Column::wide("for", |call| text(&call.info.addressed_to)),
    Column::wide("parked_at", |call| Cell::Number(call.info.parked_at_epoch_ms)),
    Column::wide("retriever", |call| maybe(call.retriever.as_deref())),
    Column::wide("step", |call| {
        call.step.as_ref().map_or(Cell::Nothing, |step| Cell::Text(step.to_string().into()))
    }),
];

/// The columns of a list of lots.
pub(super) const LOT_COLUMNS: [Column<LotView>; 9] = [
    Column::new("lot", |lot| Cell::Text(lot.lot.to_string().into())),
    Column::new("capacity", |lot| Cell::Number(lot.capacity.into())),
    Column::new("parked", |lot| Cell::Number(lot.parked.into())),
    Column::new("free", |lot| Cell::Number(lot.free.into())),
    Column::new("closed", |lot| Cell::Number(lot.closed.into())),
    Column::new("reserved", |lot| Cell::Number(lot.reserved.into())),
    Column::new("draining", |lot| Cell::Number(lot.draining.into())),
    Column::new("removed", |lot| Cell::Truth(lot.removed)),
    // The same under its name before 0.2.0, for one more release.
    Column::new("going", |lot| Cell::Truth(lot.removed)),
];

/// The columns of a list of call-backs.
pub(super) const CALLBACK_COLUMNS: [Column<CallbackView>; 12] = [
    Column::new("id", |callback| Cell::Number(callback.id.0)),
    Column::new("lot", |callback| Cell::Text(callback.lot.to_string().into())),
    Column::new("orbit", |callback| text(callback.orbit.as_str())),
    Column::new("caller_id_name", |callback| text(&callback.caller.name)),
    Column::new("caller_id_number", |callback| text(&callback.caller.number)),
    Column::new("by", |callback| text(&callback.by)),
    Column::new("attempts_left", |callback| Cell::Number(callback.attempts_left.into())),
    Column::new("expires_ms_left", |callback| Cell::Number(callback.expires_in_ms)),
    Column::new("state", |callback| text(if callback.trying { "trying" } else { "waiting" })),
    Column::new("reason", |callback| maybe(callback.reason.as_deref())),
    Column::wide("uuid", |callback| text(callback.uuid.as_str())),
    Column::wide("note", |callback| maybe(callback.note)),
];

pub(super) fn text(text: &str) -> Cell<'_> {
    Cell::Text(Cow::Borrowed(text))
}

fn maybe(text: Option<&str>) -> Cell<'_> {
    text.map_or(Cell::Nothing, |text| Cell::Text(Cow::Borrowed(text)))
}
