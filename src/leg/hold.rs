//! What a parked caller hears.

mod pace;
mod ring;
mod shared;
pub(crate) mod streams;

use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::Shared;

use crate::leg::expand::{expand, holds_what_was_sent};
use crate::module::variables;
use crate::module::{Module, ParkedLeg};
use crate::park::{HoldEncode, LotConfig, shortened};
use crate::switch::codec::Voice;
use crate::switch::ivr::{self, Played};
use crate::switch::text::is_true;
use crate::switch::{Channel, Session, log};

/// Heard when the hold music cannot be played.
const SILENCE: &str = "silence_stream://-1";
/// What ends sooner was not played: a stream that is missing ends at once, and without a word.
const TOO_SHORT: Duration = Duration::from_millis(100);
/// How often in a row that may happen before the caller gets silence instead.
const TRIES: u32 = 3;
const SLEEP_MS: u32 = 500;

/// What is played, until it cannot be, and then what instead.
pub(crate) struct Music {
    sources: Vec<String>,
    failures: u32,
    /// Heard together with others; none: each call plays for itself.
    shared: Option<Shared>,
    /// What the caller said last.
    voice: Voice,
}

impl Music {
    /// In this order: the call's own `callpark_hold_music`, the lot's, the channel's hold music, silence.
    #[must_use]
    pub(crate) fn choose(
        module: &Arc<Module>,
        channel: Channel<'_>,
        lot: Option<&LotConfig>,
    ) -> Self {
        let own = |name: &str| {
            channel.variable(name).filter(|music| match holds_what_was_sent(channel, music) {
                Some(what) => {
                    ignored(channel, name, &format!("it contains the call's {what}"));
                    false
                }
                None => true,
            })
        };
        let chosen = [
            own(variables::HOLD_MUSIC),
            module.valet.then(|| own(variables::VALET_HOLD_MUSIC)).flatten(),
            lot.and_then(|lot| lot.hold_music.clone()),
            channel.variable("temp_hold_music"),
            channel.variable("hold_music"),
        ]
        .into_iter()
        .flatten()
        .find_map(|music| {
            let filled = expand(channel, &music);
            filled.map_err(|unfit| ignored(channel, &music, &unfit.to_string())).ok()
        })
        // Two words FreeSWITCH knows for hold music which are no streams.
        .filter(|music| !["", "silence", "indicate_hold"].contains(&music.as_str()));
        // The last resort is tried last and stays.
        let sources = std::iter::once(SILENCE.to_owned()).chain(chosen).collect();
        let alone = lot.is_some_and(|lot| lot.hold_encode == HoldEncode::Own);
        let shared = (!alone).then(|| Shared::new(module));
        Self { sources, failures: 0, shared, voice: Voice::default() }
    }

    /// The music stops; what the caller said last.
    pub(crate) fn stop(&mut self) -> &mut Voice {
        if let Some(shared) = &mut self.shared {
            shared.leave();
        }
        &mut self.voice
    }

    fn failed(&mut self, uuid: &str, why: &str) {
        self.failures = 0;
        if let Some(source) = self.sources.pop() {
            let next = match self.sources.last() {
                Some(_) => "silence",
                None => "nothing at all",
            };
            log::warning(
                Some(uuid),
                format_args!("the hold music {source:?} {why}; the caller hears {next}"),
            );
        }
    }
}

fn ignored(channel: Channel<'_>, what: &str, why: &str) {
    // Why is what must be in the line, however long the music is.
    let what = shortened(what, 128);
    log::warning(
        None,
        format_args!("the hold music {what:?} of {} is ignored: {why}", channel.name()),
    );
}

/// Keeps the caller company until the leg is woken, transferred or gone.
pub(crate) fn hold(session: Session<'_>, leg: &ParkedLeg, music: &mut Music) {
    let channel = session.channel();
    while !leg.stop.is_up() && channel.ready() {
        let Some(source) = music.sources.last() else {
            ivr::sleep(session, SLEEP_MS, &leg.stop);
            continue;
        };
        if let Some(shared) = &mut music.shared
            && shared.hear(session, source, &leg.stop, &mut music.voice)
        {
            continue;
        }
        let began = Instant::now();
        let played = ivr::play(session, source, &leg.stop);
        let short = began.elapsed() < TOO_SHORT;
        match played {
            // It cannot be played to a call that has just ended.
            Played::Failed if !channel.ready() => {}
            Played::Failed => music.failed(&session.uuid(), "cannot be played"),
            Played::NotReady | Played::ToTheEnd if short && channel.ready() => {
                music.failures += 1;
                if music.failures >= TRIES {
                    music.failed(&session.uuid(), "ends as soon as it begins");
                }
                ivr::sleep(session, 20, &leg.stop);
            }
            Played::ToTheEnd | Played::NotReady => music.failures = 0,
            Played::Interrupted => {}
        }
    }
}

/// A waiting call takes no fax. FreeSWITCH would look for an application that does for two seconds, refuse the offer, and
/// leave the phone's next re-INVITE without an answer.
pub(crate) struct NoFax<'a> {
    channel: Channel<'a>,
    refuses: bool,
}

impl<'a> NoFax<'a> {
    const ALLOWED: &'static str = "fax_enable_t38";
    const REFUSED: &'static str = "refuse_t38";

    /// Until it is dropped: with whom the call talks afterwards can take one.
    #[must_use]
    pub(crate) fn while_waiting(channel: Channel<'a>) -> Self {
        let allowed = channel.variable(Self::ALLOWED).is_some_and(|value| is_true(&value));
        let refuses = allowed && channel.variable(Self::REFUSED).is_none();
        if refuses {
            channel.set_variable(Self::REFUSED, Some("true"));
        }
        Self { channel, refuses }
    }
}

impl Drop for NoFax<'_> {
    fn drop(&mut self) {
        if self.refuses {
            self.channel.set_variable(Self::REFUSED, None);
        }
    }
}
