//! The audio of one call: a thread and a socket of its own, or a line of an exchange.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use super::exchange::{Line, Voice};
use super::media::{Media, Packet};
use super::sdp::{Direction, Remote};
use super::settings::Settings;
use super::sound::Sound;
use super::srtp::{self, Key};

/// What a call has. An exchange knows no encryption, no keys and no video: what is asked of it in vain is nothing.
pub(crate) enum Audio {
    Own(Box<Media>),
    Line(Line, Key),
}

impl Audio {
    pub(crate) fn open(settings: &Settings) -> io::Result<Audio> {
        match &settings.exchange {
            Some(exchange) => Ok(Audio::Line(exchange.line(), srtp::new_key())),
            None => Media::open(settings.address.ip(), settings.tone)
                .map(|media| Audio::Own(Box::new(media))),
        }
    }

    fn own(&self) -> Option<&Media> {
        match self {
            Audio::Own(media) => Some(media),
            Audio::Line(..) => None,
        }
    }

    fn line(&self) -> Option<&Line> {
        match self {
            Audio::Own(_) => None,
            Audio::Line(line, _) => Some(line),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Audio::Own(media) => media.address(),
            Audio::Line(line, _) => line.address(),
        }
    }

    pub(crate) fn key(&self) -> &Key {
        match self {
            Audio::Own(media) => media.key(),
            Audio::Line(_, key) => key,
        }
    }

    pub(crate) fn connect(&self, remote: &Remote, direction: Direction) {
        match self {
            Audio::Own(media) => media.connect(remote, direction),
            Audio::Line(line, _) => line.connect(remote, direction),
        }
    }

    pub(crate) fn fall_silent(&self) {
        match self {
            Audio::Own(media) => media.fall_silent(),
            Audio::Line(line, _) => line.fall_silent(),
        }
    }

    pub(crate) fn video_port(&self) -> u16 {
        self.own().map_or(0, Media::video_port)
    }

    pub(crate) fn encrypted(&self) -> bool {
        self.own().is_some_and(Media::encrypted)
    }

    pub(crate) fn set_tone(&self, tone: u32) {
        if let Some(media) = self.own() {
            media.set_tone(tone);
        }
    }

    pub(crate) fn dial(&self, digits: &str) {
        if let Some(media) = self.own() {
            media.dial(digits);
        }
    }

    pub(crate) fn dialled(&self) -> String {
        self.own().map_or_else(String::new, Media::dialled)
    }

    pub(crate) fn history(&self) -> Vec<(Instant, Sound)> {
        self.own().map_or_else(Vec::new, Media::history)
    }

    pub(crate) fn record(&self) -> Vec<Packet> {
        self.own().map_or_else(Vec::new, Media::record)
    }

    pub(crate) fn strays(&self) -> Vec<Packet> {
        self.own().map_or_else(Vec::new, Media::strays)
    }

    pub(crate) fn heard(&self) -> Sound {
        self.own().map_or(Sound::Nothing, Media::heard)
    }

    pub(crate) fn mark(&self) -> u32 {
        self.line().map_or(0, |line| line.mark)
    }

    pub(crate) fn voices(&self) -> Vec<Voice> {
        self.line().map_or_else(Vec::new, Line::heard)
    }

    pub(crate) fn payloads(&self, on: bool) -> Vec<Vec<u8>> {
        self.line().map_or_else(Vec::new, |line| line.record(on))
    }
}
