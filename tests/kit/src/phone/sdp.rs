//! Session descriptions: one audio stream, and perhaps one of video.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::sound::Codec;
use super::srtp::{self, Key};

/// RTP payload type of RFC 4733 telephone events, in what the phone offers.
pub(crate) const TELEPHONE_EVENT: u8 = 101;

/// Which way a stream goes, as the describing side sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// On hold, with music or silence for the other.
    SendOnly,
    /// Held by the other.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    const NAMES: [(Direction, &str); 4] = [
        (Direction::SendRecv, "sendrecv"),
        (Direction::SendOnly, "sendonly"),
        (Direction::RecvOnly, "recvonly"),
        (Direction::Inactive, "inactive"),
    ];

    fn name(self) -> &'static str {
        Direction::NAMES.iter().find(|(d, _)| *d == self).map_or("sendrecv", |(_, name)| name)
    }

    pub(crate) fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }

    /// What to answer to `offered` when one would like `self`.
    pub(crate) fn answer(self, offered: Direction) -> Direction {
        match (self.sends() && offered.receives(), self.receives() && offered.sends()) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::RecvOnly,
            (false, false) => Direction::Inactive,
        }
    }
}

/// What the other side described.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    pub rtp: SocketAddr,
    pub direction: Direction,
    /// Of its audio codecs, the first that `ours` names.
    pub codec: Option<Codec>,
    pub telephone_event: Option<u8>,
    /// What it encrypts its audio with.
    pub key: Option<Key>,
    /// It has an m=video line (with a port or without).
    pub video: bool,
}

impl Remote {
    pub(crate) fn parse(text: &str, ours: &[Codec]) -> Option<Remote> {
        let mut session_address = IpAddr::from(Ipv4Addr::LOCALHOST);
        let mut remote: Option<Remote> = None;
        let mut in_audio = false;
        for line in text.lines() {
            if let Some(media) = line.strip_prefix("m=") {
                in_audio = media.starts_with("audio") && remote.is_none();
                if media.starts_with("video")
                    && let Some(remote) = &mut remote
                {
                    remote.video = true;
                }
                if in_audio {
                    let mut words = media.split(' ').skip(1);
                    let port = words.next()?.parse().ok()?;
                    let types: Vec<u8> = words.skip(1).filter_map(|w| w.parse().ok()).collect();
                    let known = |pt: &u8| ours.iter().copied().find(|c| c.payload_type() == *pt);
                    remote = Some(Remote {
                        rtp: (session_address, port).into(),
                        direction: Direction::SendRecv,
                        codec: types.iter().find_map(known),
                        telephone_event: None,
                        key: None,
                        video: false,
                    });
                }
            } else if let Some(address) =
                line.strip_prefix("c=IN IP4 ").or(line.strip_prefix("c=IN IP6 "))
            {
                let address = address.trim().parse().unwrap_or(session_address);
                match &mut remote {
                    None => session_address = address,
                    Some(remote) if in_audio => remote.rtp.set_ip(address),
                    Some(_) => {}
                }
            } else if let (Some(remote), true) = (&mut remote, in_audio)
                && let Some(attribute) = line.strip_prefix("a=")
            {
                let attribute = attribute.trim();
                for (direction, name) in Direction::NAMES {
                    if attribute == name {
                        remote.direction = direction;
                    }
                }
                if let Some((suite, key)) = attribute.split_once(" inline:")
                    && suite.starts_with("crypto:")
                    && suite.ends_with(srtp::SUITE)
                {
                    remote.key = remote.key.or(srtp::decode(key));
                }
                if let Some(map) = attribute.strip_prefix("rtpmap:")
                    && let Some((payload_type, "telephone-event/8000")) = map.split_once(' ')
                {
                    remote.telephone_event = payload_type.parse().ok();
                }
            }
        }
        remote
    }
}

/// Ours, offered or answered.
pub(crate) struct Ours<'c> {
    pub version: u32,
    pub rtp: SocketAddr,
    pub codecs: &'c [Codec],
    /// Telephone events are offered.
    pub telephone_event: bool,
    pub direction: Direction,
    /// What the audio is encrypted with.
    pub key: Option<&'c Key>,
    /// No m=video line, or one with this port (0 refuses).
    pub video: Option<u16>,
}

pub(crate) fn describe(ours: &Ours<'_>) -> String {
    let types = ours.codecs.iter().map(|codec| codec.payload_type());
    let events = ours.telephone_event.then_some(TELEPHONE_EVENT);
    let types: Vec<_> = types.chain(events).map(|payload| payload.to_string()).collect();
    let (version, port) = (ours.version, ours.rtp.port());
    let at = match ours.rtp.ip() {
        IpAddr::V4(ip) => format!("IP4 {ip}"),
        IpAddr::V6(ip) => format!("IP6 {ip}"),
    };
    let profile = if ours.key.is_some() { "SAVP" } else { "AVP" };
    let mut text = format!(
        "v=0\r\no=kit 1 {version} IN {at}\r\ns=kit\r\nc=IN {at}\r\nt=0 0\r\n\
         m=audio {port} RTP/{profile} {}\r\n",
        types.join(" ")
    );
    for codec in ours.codecs {
        let (name, rate) = (codec.name(), codec.rate());
        let _ = write!(text, "a=rtpmap:{} {name}/{rate}\r\n", codec.payload_type());
    }
    if let Some(key) = ours.key {
        let _ = write!(text, "a=crypto:1 {} inline:{}\r\n", srtp::SUITE, srtp::encode(key));
    }
    if let Some(payload) = events {
        let _ =
            write!(text, "a=rtpmap:{payload} telephone-event/8000\r\na=fmtp:{payload} 0-15\r\n");
    }
    let _ = write!(text, "a=ptime:20\r\na={}\r\n", ours.direction.name());
    if let Some(port) = ours.video {
        let _ = write!(text, "m=video {port} RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let key = srtp::new_key();
        let rtp = SocketAddr::from((Ipv6Addr::LOCALHOST, 4000));
        let text = describe(&Ours {
            version: 1,
            rtp,
            codecs: &[Codec::Pcma],
            telephone_event: true,
            direction: Direction::SendOnly,
            key: Some(&key),
            video: Some(5000),
        });
        let remote = Remote::parse(&text, &[Codec::Pcmu, Codec::Pcma]).unwrap();
        assert_eq!((remote.rtp, remote.key), (rtp, Some(key)));
        assert_eq!((remote.direction, remote.codec), (Direction::SendOnly, Some(Codec::Pcma)));
        assert_eq!((remote.telephone_event, remote.video), (Some(101), true));
        assert_eq!(Direction::SendRecv.answer(Direction::SendOnly), Direction::RecvOnly);
        assert_eq!(Direction::SendOnly.answer(Direction::SendOnly), Direction::Inactive);
    }
}
