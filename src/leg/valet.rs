//! How a call leaves its orbit by the variables of mod_valet_parking.

use std::sync::Arc;

use crate::leg::expand::holds_what_was_sent;
use crate::module::variables;
use crate::park::{Destination, Exit, Step, StepTo};
use crate::switch::{Channel, SentField, log};

/// The timeout of a call for which there is a place to go and no time.
const TIMEOUT_S: u64 = 60;

/// When a call leaves of its own accord, and where to.
#[derive(Default)]
pub(super) struct Ways {
    pub(super) timeout_ms: Option<u64>,
    pub(super) returns: Option<Arc<[Step]>>,
}

/// Those that the variables of a channel name: `valet_parking_timeout` and `valet_parking_orbit_exten`. With a time and no
/// place, the call continues in its dialplan.
pub(super) fn ways(channel: Channel<'_>) -> Ways {
    let place = place(channel);
    let timeout = channel.variable(variables::VALET_TIMEOUT);
    let timeout_s = timeout.and_then(|text| text.trim().parse::<u64>().ok());
    let timeout_s = timeout_s.filter(|seconds| *seconds > 0).or(place.as_ref().map(|_| TIMEOUT_S));
    let Some(timeout_s) = timeout_s else { return Ways::default() };
    let step = Step::new(place.map_or(StepTo::Continue, StepTo::Transfer));
    Ways { timeout_ms: Some(timeout_s.saturating_mul(1000)), returns: Some(Arc::from([step])) }
}

/// The key of `valet_parking_orbit_exit_key`, with which the caller leaves, and where to.
pub(super) fn exit(channel: Channel<'_>) -> Option<(char, Exit)> {
    let key = channel.variable(variables::VALET_EXIT_KEY)?.chars().next()?;
    Some((key, place(channel).map_or(Exit::Continue, Exit::Transfer)))
}

/// The place that `valet_parking_orbit_exten` and the two others name. None of them may hold what the other side has sent,
/// unless that means the same in every grammar.
fn place(channel: Channel<'_>) -> Option<Destination> {
    let part = |name: &str| {
        let value = channel.variable(name).filter(|value| !value.is_empty())?;
        // A number of the caller's choice must not be a feature code.
        let is_code = |field: &SentField| {
            value.contains(['*', '#']) && channel.sent(*field).is_some_and(|sent| sent.is(&value))
        };
        let code = || SentField::ALL.iter().copied().find(is_code).map(SentField::name);
        let Some(what) = holds_what_was_sent(channel, &value).or_else(code) else {
            return Some(value);
        };
        let of = channel.name();
        log::warning(
            None,
            format_args!("{name} of {of} is ignored: it contains the call's {what}"),
        );
        None
    };
    Some(Destination {
        exten: part(variables::VALET_EXTEN)?,
        dialplan: part(variables::VALET_DIALPLAN),
        context: part(variables::VALET_CONTEXT),
    })
}
