//! How the server is set up.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use crate::words::words;

words! {
    /// How much whoever is logged in may do at the most. The rules of the lots count in addition.
    Scope {
        /// Look.
        Read = "read",
        /// In addition: park, retrieve, and change parked calls.
        Act = "act",
        /// In addition: end parked calls.
        Admin = "admin",
    }
}

/// How the server is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How connections are encrypted. None: they are not.
    pub tls: Option<Tls>,
    /// Browsers reach it by `https://`, so that they are to send its cookie on no other way.
    pub https: bool,
    /// The tokens.
    pub tokens: Vec<Token>,
    /// Whether the users of the directory may log in.
    pub users: bool,
    /// The proxy that says who somebody is.
    pub proxy: Option<Proxy>,
}

/// The files of a certificate, in PEM. Both can be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, and those between it and its root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Something that a program shows to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is called.
    pub name: String,
    /// The SHA-256 hash of its text.
    pub sha256: [u8; 32],
    /// How much it lets do.
    pub scope: Scope,
    /// The tenant to whom it belongs; none: it sees every tenant.
    pub domain: Option<String>,
    /// The lots that it sees; empty: all that its tenant sees.
    pub lots: Vec<String>,
}

/// A proxy that has found out who somebody is, and says so in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// The name of the header, in lower case. Its value is a `user@domain`.
    pub header: String,
    /// Where requests come from that may have it.
    pub from: Vec<Network>,
}

impl Proxy {
    /// Whether that address is the proxy's.
    #[must_use]
    pub fn is_at(&self, address: IpAddr) -> bool {
        self.from.iter().any(|network| network.has(address))
    }
}

/// Addresses that begin alike: `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// It is neither an address nor several that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is neither an address nor a network such as 10.0.0.0/8")]
pub struct BadNetwork;

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| BadNetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| BadNetwork)?;
        if bits > most { Err(BadNetwork) } else { Ok(Network { address, bits }) }
    }
}

impl Network {
    /// Whether it has that address.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        let bits = |address| match address {
            IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
            IpAddr::V6(address) => u128::from(address),
        };
        let differs = bits(self.address) ^ bits(address.to_canonical());
        self.address.is_ipv4() == address.to_canonical().is_ipv4()
            && differs.leading_zeros() >= u32::from(self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_what_begins_alike() {
        let has = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().has(address.parse().unwrap())
        };
        assert!(has("10.0.0.0/8", "10.200.3.4") && !has("10.0.0.0/8", "11.0.0.1"));
        assert!(has("127.0.0.1", "127.0.0.1") && !has("127.0.0.1", "127.0.0.2"));
        assert!(has("127.0.0.1", "::ffff:127.0.0.1") && !has("0.0.0.0/0", "::1"));
        assert!(has("2001:db8::/32", "2001:db8:1::1") && !has("::1", "::2") && has("::/0", "::2"));
        for bad in ["", "x", "10.0.0.0/33", "10.0.0.0/-1", "::1/129", "10.0.0.0/"] {
            assert_eq!(bad.parse::<Network>(), Err(BadNetwork), "{bad}");
        }
    }
}
