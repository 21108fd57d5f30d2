//! What is said and heard in a call.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::call::Call;
use super::exchange::Voice;
use super::media::Packet;
use super::sound::Sound;
use super::state::State;

impl Call {
    /// Sends DTMF as telephone events.
    pub fn dtmf(&self, digits: &str) {
        self.look(|call| call.media.dial(digits));
    }

    /// The DTMF that came.
    pub fn digits(&self) -> String {
        self.look(|call| call.media.dialled())
    }

    /// Changes what this end says from now on: a tone of so many Hz (a multiple of 50; 0 silence).
    pub fn say(&self, tone: u32) {
        self.look(|call| call.media.set_tone(tone));
    }

    /// Sends no more packets, as a phone does that transmits only speech (DTX).
    pub fn fall_silent(&self) {
        self.look(|call| call.media.fall_silent());
    }

    /// What is heard now (the last 200 ms).
    pub fn heard(&self) -> Sound {
        self.look(|call| call.media.heard())
    }

    /// Waits until this is heard.
    ///
    /// # Panics
    /// When it is not, with what is heard instead.
    #[track_caller]
    pub fn wait_hears(&self, sound: Sound, timeout: Duration) {
        let heard = |state: &mut State| Some(state.calls.get(&self.id)?.media.heard());
        let found = self.agent.wait(timeout, |state| (heard(state)? == sound).then_some(()));
        if found.is_none() {
            let now = self.heard();
            self.agent.fail(&format!("hears {now:?}, not {sound:?}, after {timeout:?}"));
        }
    }

    /// Every audio packet: when it came and what was in it.
    pub fn history(&self) -> Vec<(Instant, Sound)> {
        self.look(|call| call.media.history())
    }

    /// The same packets, with where they came from.
    pub fn record(&self) -> Vec<Packet> {
        self.look(|call| call.media.record())
    }

    /// Packets that came from elsewhere than this call's other end: meant for a call that had the port before.
    pub fn strays(&self) -> Vec<Packet> {
        self.look(|call| call.media.strays())
    }

    /// Where this end sends its audio from, and gets it.
    pub fn audio_address(&self) -> SocketAddr {
        self.look(|call| call.media.address())
    }

    /// What its packets say to whoever hears them, on a phone of an exchange.
    pub fn mark(&self) -> u32 {
        self.look(|call| call.media.mark())
    }

    /// Whose packets came, in the order of the first of each, on a phone of an exchange.
    pub fn voices(&self) -> Vec<Voice> {
        self.look(|call| call.media.voices())
    }

    /// The bodies of the audio packets that come within that time, on a phone of an exchange.
    pub fn listen(&self, duration: Duration) -> Vec<Vec<u8>> {
        self.look(|call| call.media.payloads(true));
        std::thread::sleep(duration);
        self.look(|call| call.media.payloads(false))
    }

    /// How many audio packets have come.
    pub fn packets(&self) -> usize {
        self.history().len()
    }

    /// When this was first heard.
    pub fn first_heard(&self, sound: Sound) -> Option<Instant> {
        self.history().into_iter().find(|(_, heard)| *heard == sound).map(|(at, _)| at)
    }
}
