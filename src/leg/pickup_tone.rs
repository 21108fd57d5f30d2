//! The pick-up tone. A separate thread mixes it into a bridge that exists, so that it can neither delay nor end a bridge.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::module::Module;
use crate::park::{Action, ParkEvent};
use crate::switch::{Located, ivr, log, text};

/// Later than that, the two talk, and the tone would only disturb them.
const COMES_WITHIN: Duration = Duration::from_secs(2);
/// A tone without an end is cut, in seconds.
const LONGEST_S: u32 = 5;
/// A file that cannot be opened would then end the call.
const HANGS_UP: &str = "DISPLACE_HANGUP_ON_ERROR";

/// Plays the tone of the call's lot, if it has just been retrieved and there is one.
pub(crate) fn tone(module: &Arc<Module>, event: &ParkEvent) {
    if event.action != Action::Retrieve || event.outcome.is_none() {
        return;
    }
    let lot = module.look(|park| park.lot_config(&event.lot));
    let Some(tone) = lot.and_then(|lot| lot.pickup_tone.clone()) else { return };
    let retriever = event.retriever_uuid.clone().filter(|_| tone.retriever);
    let caller = Some(event.info.uuid.clone()).filter(|_| tone.caller);
    let hear: Vec<_> = [retriever, caller].into_iter().flatten().collect();
    let begun = Instant::now();
    let played = module.threads.tell(move || {
        for uuid in hear.into_iter().take_while(|_| begun.elapsed() < COMES_WITHIN) {
            let Some(leg) = Located::find(uuid.as_str()) else { continue };
            let channel = leg.session().channel();
            let risky = channel.variable(HANGS_UP).is_some_and(|wish| text::is_true(&wish));
            if risky || !ivr::mix_in(leg.session(), &tone.stream, LONGEST_S) {
                log::warning(
                    Some(uuid.as_str()),
                    format_args!(
                        "the pick-up tone {:?} cannot be played and is left out",
                        tone.stream
                    ),
                );
            }
        }
    });
    if let Err(reason) = played {
        log::warning(
            Some(event.info.uuid.as_str()),
            format_args!("no pick-up tone is played, because {reason}"),
        );
    }
}
