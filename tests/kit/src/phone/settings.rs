//! What kind of phone it is.

use std::net::SocketAddr;

use super::exchange::Exchange;
use super::sound::Codec;
use super::wire::Transport;
use crate::DOMAIN;

/// What a phone does with a call that comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// 180; the test answers.
    Ring,
    /// 180, then 200 at once.
    Answer,
    /// Nothing but a 100: the test says everything.
    Silent,
    /// This code at once, such as 486.
    Reject(u16),
}

/// How a phone presents itself and behaves.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub user: String,
    pub domain: String,
    /// What it answers a challenge with.
    pub password: Option<String>,
    /// The user part of its contact, if that is another.
    pub contact_user: Option<String>,
    pub display: String,
    pub user_agent: String,
    pub allow: String,
    pub privacy: bool,
    pub codecs: Vec<Codec>,
    pub video: bool,
    pub tone: u32,
    pub policy: Policy,
    /// The `Contact` of its 3xx.
    pub redirect: Option<String>,
    /// Offers encrypted audio.
    pub srtp: bool,
    /// Its keys are tones in its audio: it knows no telephone events.
    pub tones: bool,
    /// Where the audio of its calls is, if not with each of them.
    pub exchange: Option<Exchange>,
    pub transport: Transport,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Settings {
    pub(crate) fn new(
        user: &str,
        transport: Transport,
        address: SocketAddr,
        tone: u32,
    ) -> Settings {
        Settings {
            user: user.into(),
            domain: DOMAIN.into(),
            password: None,
            contact_user: None,
            display: String::new(),
            user_agent: "kit-phone".into(),
            allow: "INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY, UPDATE, INFO, MESSAGE".into(),
            privacy: false,
            codecs: vec![Codec::Pcmu],
            video: false,
            tone,
            policy: Policy::Ring,
            redirect: None,
            srtp: false,
            tones: false,
            exchange: None,
            transport,
            address,
        }
    }

    /// Its `From`, without a tag.
    pub(crate) fn from(&self) -> String {
        let uri = format!("<{}>", self.uri());
        if self.display.is_empty() {
            return uri;
        }
        let quoted = self.display.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{quoted}\" {uri}")
    }

    /// Its address of record.
    pub(crate) fn uri(&self) -> String {
        self.address_of(&self.user)
    }

    /// `701` → `sip:701@test.local`, in its own domain; a whole URI stays.
    pub(crate) fn address_of(&self, user: &str) -> String {
        match user {
            uri if uri.starts_with("sip:") => uri.into(),
            user if user.contains('@') => format!("sip:{user}"),
            user => format!("sip:{user}@{}", self.domain),
        }
    }

    pub(crate) fn contact(&self) -> String {
        let user = self.contact_user.as_ref().unwrap_or(&self.user);
        let at = self.address;
        match self.transport {
            Transport::Udp => format!("<sip:{user}@{at}>"),
            over => format!("<sip:{user}@{at};transport={}>", over.name().to_lowercase()),
        }
    }
}
