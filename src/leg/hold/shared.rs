//! Hearing a stream together with others.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pace::Pace;
use super::streams::{Listening, Streams};
use super::{TOO_SHORT, TRIES};
use crate::module::Module;
use crate::switch::channel::Flag;
use crate::switch::codec::{Format, Outlet, Voice};
use crate::switch::ivr::{self, Played};
use crate::switch::{Channel, Session, Stop};

/// Variables that change how FreeSWITCH plays to one channel: with one of them set, that channel hears its music alone.
const PLAYED_ALONE: [&str; 4] =
    ["playback_delimiter", "playback_timeout_sec", "playback_timeout_sec_cumulative", "timer_name"];

/// How long a leg plays alone what could not be shared, at least.
const PLAYS_ALONE: Duration = Duration::from_secs(30);
/// Music that was interrupted for less than this goes on as it was.
const GOES_ON: Duration = Duration::from_millis(100);
/// A decoder that joins a stream in the middle can make a loud click, unless what it has decoded before is like it. So the leg
/// encodes so many packets itself, and they become louder.
const FADE_IN: usize = 5;

/// What a parked leg hears together with others.
pub(super) struct Shared {
    module: Arc<Module>,
    streams: Arc<Streams>,
    heard: Option<Heard>,
    /// This one ended, or could not be opened: FreeSWITCH is to play it to the leg alone, and says why it cannot.
    failed: Option<(String, Instant)>,
    /// How often in a row nothing could be sent or read.
    failures: u32,
}

struct Heard {
    source: String,
    listening: Listening,
    outlet: Outlet,
    /// When the last packet went out.
    last: Option<Instant>,
}

impl Shared {
    #[must_use]
    pub(super) fn new(module: &Arc<Module>) -> Self {
        let (module, streams) = (Arc::clone(module), Streams::of(module));
        Self { module, streams, heard: None, failed: None, failures: 0 }
    }

    /// Plays `source`, from where it is now, until `stop`, the end of the call, or a change of its codec. False: this leg has
    /// to play it alone.
    pub(super) fn hear(
        &mut self,
        session: Session<'_>,
        source: &str,
        stop: &Stop,
        voice: &mut Voice,
    ) -> bool {
        let Some(heard) = self.join(session, source) else {
            self.heard = None;
            return false;
        };
        let began = Instant::now();
        let went_well = heard.play(session, stop, voice);
        if heard.listening.is_over(Instant::now()) {
            self.failed = Some((source.to_owned(), Instant::now()));
        } else if went_well || began.elapsed() >= TOO_SHORT {
            self.failures = 0;
        } else {
            self.failures += 1;
            if self.failures >= TRIES {
                self.failed = Some((source.to_owned(), Instant::now()));
            }
            ivr::sleep(session, 20, stop);
        }
        true
    }

    /// Hears nothing any more, for now.
    pub(super) fn leave(&mut self) {
        self.heard = None;
    }

    /// Goes on listening, or begins to.
    fn join(&mut self, session: Session<'_>, source: &str) -> Option<&mut Heard> {
        let has_failed =
            |(failed, at): &(String, Instant)| failed == source && at.elapsed() < PLAYS_ALONE;
        if self.failed.as_ref().is_some_and(has_failed) || !can_be_shared(session.channel(), source)
        {
            return None;
        }
        let format = session.format()?;
        let goes_on = self.heard.as_ref().is_some_and(|heard| heard.is(source, &format));
        if !goes_on {
            let listening = self.streams.listen(&self.module, source, &format)?;
            let outlet = Outlet::new(format);
            self.heard = Some(Heard { source: source.to_owned(), listening, outlet, last: None });
        }
        self.heard.as_mut()
    }
}

impl Heard {
    fn is(&self, source: &str, format: &Format) -> bool {
        self.source == source && self.outlet.format() == format
    }

    /// Whether packets were read and taken until something ended it.
    fn play(&mut self, session: Session<'_>, stop: &Stop, voice: &mut Voice) -> bool {
        let Self { listening, outlet, last, .. } = self;
        let codec = session.codec_identity();
        let mut pace = Pace::new(outlet.format().ptime());
        // What the decoder has heard a moment ago is like what comes.
        let goes_on = last.is_some_and(|last| last.elapsed() < GOES_ON);
        let fades = outlet.format().remembers() && !goes_on;
        let mut faded_in = if fades { 0 } else { FADE_IN };
        let mut refused = false;
        let played = ivr::read(session, stop, &mut |frame, began| {
            let now = Instant::now();
            if listening.is_over(now) || session.codec_identity() != codec {
                return None;
            }
            voice.keep(frame, now);
            let Some(packet) = listening.next(now) else {
                return Some(pace.next(began, Instant::now()));
            };
            let encoded = if faded_in < FADE_IN {
                faded_in += 1;
                outlet.encode(session, &fade(&packet.samples, faded_in))
            } else if packet.payload.is_none() || session.has_media_bug() {
                // FreeSWITCH has to encode what somebody records or changes.
                outlet.encode(session, &packet.samples)
            } else {
                None
            };
            let payload = packet.payload.as_deref();
            let taken = encoded
                .or_else(|| payload.map(|payload| outlet.send(session, payload)))
                .unwrap_or(false);
            *last = Some(now);
            refused = !taken;
            taken.then(|| pace.next(began, Instant::now()))
        });
        !refused && played == Played::Interrupted
    }
}

/// The packet of that number of a fade-in.
fn fade(samples: &[i16], number: usize) -> Vec<i16> {
    let before = (number - 1) * samples.len();
    let gain = |at: usize| (before + at) as f32 / (FADE_IN * samples.len()) as f32;
    samples.iter().enumerate().map(|(at, sample)| (f32::from(*sample) * gain(at)) as i16).collect()
}

/// Whether all who hear `source` hear the same, and the channel can be played to as it is.
fn can_be_shared(channel: Channel<'_>, source: &str) -> bool {
    // FreeSWITCH shows the picture of a source that has one.
    let hears = (channel.test(Flag::Answered) || channel.test(Flag::EarlyMedia))
        && !channel.test(Flag::Video);
    hears
        && is_one_for_all(source)
        && PLAYED_ALONE.iter().all(|name| channel.variable(name).is_none())
}

/// Speech, and paths that FreeSWITCH completes from the channel, are made for each call.
fn is_one_for_all(source: &str) -> bool {
    let made = ["phrase:", "say:"]
        .iter()
        .any(|what| source.get(..what.len()).is_some_and(|start| start.eq_ignore_ascii_case(what)));
    let is_path =
        source.starts_with('/') && source.rsplit('/').next().is_some_and(|name| name.contains('.'));
    !made && (is_path || source.contains("://"))
}

#[cfg(test)]
mod tests {
    use super::{FADE_IN, fade, is_one_for_all};

    #[test]
    fn a_fade_in_begins_with_silence_and_has_no_step() {
        let faded: Vec<i16> =
            (1..=FADE_IN).flat_map(|number| fade(&[10_000; 100], number)).collect();
        assert_eq!(faded[0], 0);
        assert!(faded.windows(2).all(|pair| (0..=21).contains(&(pair[1] - pair[0]))), "{faded:?}");
        assert!(faded.last().is_some_and(|last| *last > 9900));
    }

    #[test]
    fn only_what_is_the_same_for_all_is_shared() {
        for source in [
            "local_stream://moh",
            "/usr/share/music/moh.wav",
            "{volume=-1}/usr/share/music/moh.wav://",
            "tone_stream://%(1000,0,440);loops=-1",
            "silence_stream://-1",
        ] {
            assert!(is_one_for_all(source), "{source}");
        }
        for source in [
            "moh.wav",
            "/usr/share/music/moh",
            "phrase:welcome",
            "PHRASE:a://b",
            "say:you",
            "",
            "é",
        ] {
            assert!(!is_one_for_all(source), "{source}");
        }
    }
}
