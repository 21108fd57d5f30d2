//! What is behind the `?` of an address, and in headers.

use utoipa::IntoParams;

/// `/v1/lots/{lot}/orbits`
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct OrbitsQuery {
    /// The orbit after which the page begins: the `next` of the page before.
    #[param(required = false)]
    after: String,
    /// How many orbits a page has; 200.
    #[param(required = false, minimum = 1, maximum = 1000)]
    limit: u32,
}

/// `/v1/calls`
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct CallsQuery {
    /// Only the calls in this lot.
    #[param(required = false, example = "default")]
    lot: String,
    /// The call after which the page begins: the `next` of the page before.
    #[param(required = false)]
    after: String,
    /// How many calls a page has; 1000.
    #[param(required = false, minimum = 1, maximum = 1000)]
    limit: u32,
}

/// `/v1/history`
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct HistoryQuery {
    /// Only the calls in this lot.
    #[param(required = false, example = "default")]
    lot: String,
    /// Calls that were parked from then on: `2026-11-25`, `2026-11-25T14:03`, `-7d`, `today`.
    #[param(required = false, example = "-7d")]
    from: String,
    /// And not later than that.
    #[param(required = false, example = "now")]
    to: String,
    /// Only the calls of this caller.
    #[param(required = false, example = "+49301234567")]
    caller: String,
    /// Only the calls that this user has parked.
    #[param(required = false, example = "1000@example.com")]
    parker: String,
    /// Only the calls that this user has taken.
    #[param(required = false, example = "1000@example.com")]
    retriever: String,
    /// Only the calls that ended like that; `waiting`: those that have not ended.
    #[param(required = false, example = "abandoned")]
    outcome: String,
    /// How many calls a page has; 100.
    #[param(required = false, minimum = 1, maximum = 10000)]
    limit: u32,
    /// The number before which the page ends: the `next` of the page before.
    #[param(required = false)]
    before: String,
}

/// `/v1/at`
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct AtQuery {
    /// The moment: `2026-11-25T14:03`, `-1h`, `now`, or ms since 1970.
    #[param(example = "-1h")]
    time: String,
}

/// `/v1/reports/{name}`
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct ReportQuery {
    /// Only the calls in this lot.
    #[param(required = false, example = "default")]
    lot: String,
    /// Calls that were parked from then on; `-7d`.
    #[param(required = false, example = "-7d")]
    from: String,
    /// And not later than that; now.
    #[param(required = false, example = "now")]
    to: String,
}

/// `/v1/events`, for programs that cannot set a header.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct EventsQuery {
    /// As the header `Last-Event-ID`: the `id` of the latest event that is known.
    #[param(required = false, example = 1741)]
    last_event_id: i64,
}

/// The header with which something is done only once.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct OnceHeader {
    /// The same request with the same key within an hour is not carried out again, but answered as the first one.
    #[param(required = false, rename = "Idempotency-Key", min_length = 1, max_length = 128)]
    key: String,
}
