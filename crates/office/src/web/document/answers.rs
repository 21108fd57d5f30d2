//! What the host answers.

use utoipa::ToSchema;

use crate::entry::Step;
use crate::journal::Call as PastCall;
use crate::query::Waited;

/// A right in a lot.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "it only describes")]
enum Right {
    Park,
    Retrieve,
    List,
    See,
    Admin,
}

/// What happens next to a call.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes")]
struct Next {
    /// When, in ms from `at_ms`.
    in_ms: u64,
    /// What, for people.
    #[schema(example = "rings the parker for 20 s")]
    what: String,
    /// The return step, as the configuration writes it.
    #[schema(required = true)]
    step: Option<String>,
    /// Why it will be skipped.
    #[schema(required = true)]
    skipped: Option<String>,
}

/// What a parked call is doing.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "it only describes")]
enum CallState {
    Waiting,
    Connecting,
    Returning,
}

/// A parked call.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes")]
struct Call {
    #[schema(example = "default")]
    lot: String,
    #[schema(example = "701")]
    orbit: String,
    /// Its channel.
    uuid: String,
    /// It can contain anything.
    caller_id_name: String,
    /// It can contain anything.
    #[schema(example = "+49301234567")]
    caller_id_number: String,
    /// The user who parked it.
    #[schema(required = true, example = "1000@example.com")]
    parker: Option<String>,
    #[schema(minimum = 0, maximum = 9)]
    priority: u8,
    waiting_ms: u64,
    /// Until its return steps begin.
    #[schema(required = true)]
    timeout_ms_left: Option<u64>,
    state: CallState,
    note: String,
    /// The user for whom it is meant, or empty.
    r#for: String,
    /// When it was parked.
    parked_at: u64,
    /// Who is being connected to it.
    #[schema(required = true)]
    retriever: Option<String>,
    /// The return step that runs.
    #[schema(required = true)]
    step: Option<String>,
    /// What happens next, in lists.
    next: Option<Next>,
}

/// A lot.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes")]
struct Lot {
    /// With `@domain` if it belongs to a tenant.
    #[schema(example = "default")]
    lot: String,
    /// How many orbits it has.
    capacity: u32,
    /// How many of these hold a call.
    parked: u32,
    free: u32,
    closed: u32,
    /// How many are kept for a call that is on its way.
    reserved: u32,
    /// How many hold a call and are closed, or were removed from the configuration.
    draining: u32,
    /// It was removed from the configuration, and still has calls.
    removed: bool,
    /// The same, under its former name.
    #[schema(deprecated)]
    going: bool,
    /// What you may do there. Not in events.
    may: Option<Vec<Right>>,
}

/// What an orbit is doing.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "it only describes")]
enum OrbitState {
    Free,
    Reserved,
    Closed,
    Parked,
    Draining,
}

/// An orbit.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes")]
struct Orbit {
    #[schema(example = "701")]
    orbit: String,
    state: OrbitState,
    /// It is out of service.
    closed: bool,
    /// The channel of the call that it holds.
    #[schema(required = true)]
    uuid: Option<String>,
}

/// The lots that you see.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct Lots {
    at_ms: u64,
    lots: Vec<Lot>,
}

/// Some orbits of a lot.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct Orbits {
    at_ms: u64,
    orbits: Vec<Orbit>,
    /// The `after` of the next page.
    #[schema(required = true)]
    next: Option<String>,
}

/// The parked calls that you see.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct Calls {
    at_ms: u64,
    calls: Vec<Call>,
    /// The `after` of the next page.
    #[schema(required = true)]
    next: Option<String>,
}

/// A parked call, with everything that happens next.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct OneCall {
    at_ms: u64,
    lot: String,
    orbit: String,
    state: OrbitState,
    /// The orbit is out of service.
    closed: bool,
    #[schema(required = true)]
    call: Option<Call>,
    next: Vec<Next>,
}

/// Calls of the past and of the present, the latest first.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct History {
    calls: Vec<PastCall>,
    /// The `before` of the next page.
    #[schema(required = true)]
    next: Option<String>,
}

/// Who waited where at a moment.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct At {
    at_ms: i64,
    calls: Vec<Waited>,
}

/// How the module is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct Health {
    /// Whether every part is all right.
    ok: bool,
    /// For administrators of every tenant.
    parts: Option<Vec<Part>>,
}

/// A part of the module.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes")]
struct Part {
    #[schema(example = "journal")]
    name: String,
    ok: bool,
    /// Since when that has been so.
    since_ms: u64,
    /// What is wrong, or a figure or two.
    text: String,
}

/// Where the call is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct Placed {
    #[schema(example = "default")]
    lot: String,
    #[schema(example = "701")]
    orbit: String,
}

/// The data of an event `call` of the live stream. Those of `snapshot` are `at_ms`, `seq`, and the documents of `/v1/lots` and
/// `/v1/calls` together.
#[derive(ToSchema)]
#[schema(as = Event)]
#[expect(dead_code, reason = "it only describes")]
pub(crate) struct Told {
    /// Its number in the journal, and its `id`.
    seq: i64,
    at_ms: i64,
    /// As the header `Callpark-Action` of events.
    #[schema(example = "park")]
    action: String,
    /// The channel of the call.
    uuid: String,
    /// Of a replacement: the channel before.
    from_uuid: Option<String>,
    lot: String,
    orbit: String,
    /// How the call ended.
    #[schema(required = true)]
    outcome: Option<String>,
    #[schema(required = true)]
    retriever: Option<String>,
    #[schema(required = true)]
    reason: Option<String>,
    #[schema(required = true)]
    step: Option<Step>,
    /// For how long it had been parked.
    wait_ms: i64,
    /// The call as it is now. None: it is parked no more.
    #[schema(required = true)]
    call: Option<Call>,
    /// The lot as it is now.
    #[schema(required = true)]
    status: Option<Lot>,
}
