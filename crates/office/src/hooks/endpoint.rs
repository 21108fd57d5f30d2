//! Where something is sent: `https://crm.example.com/hooks/parking`.

use std::fmt;
use std::str::FromStr;

/// The longest address.
const LONGEST: usize = 2_048;

/// An address of HTTP. Shows its host and port only, because the rest of it is often a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether it is encrypted.
    pub(crate) tls: bool,
    /// A name or an address, the latter without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// From the first `/` on.
    pub(crate) path: String,
}

/// It is not such an address. Does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    /// It does not begin as one.
    #[error("does not begin with http:// or https://")]
    Scheme,
    /// It has a user in it.
    #[error("must not have a user or a password; use authorization")]
    User,
    /// It has no host, or one that cannot be.
    #[error("has no host, or a port that is not one")]
    Host,
    /// Its rest has blanks, or characters that have to be written as %…
    #[error("has characters that must be written as %…")]
    Characters,
    /// It is too long.
    #[error("is longer than 2048 bytes")]
    TooLong,
}

impl FromStr for Endpoint {
    type Err = BadEndpoint;

    fn from_str(text: &str) -> Result<Self, BadEndpoint> {
        if text.len() > LONGEST {
            return Err(BadEndpoint::TooLong);
        }
        let (scheme, rest) = text.split_once("://").ok_or(BadEndpoint::Scheme)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(BadEndpoint::Scheme),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(BadEndpoint::User);
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or(BadEndpoint::Host)?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| BadEndpoint::Host)?;
                let port = match port.strip_prefix(':') {
                    None if port.is_empty() => None,
                    None => return Err(BadEndpoint::Host),
                    port => port,
                };
                (host, port)
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
        if host.is_empty() || host.len() > 253 || !host.bytes().all(legal) {
            return Err(BadEndpoint::Host);
        }
        let port = match port {
            None => {
                if tls {
                    443
                } else {
                    80
                }
            }
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(BadEndpoint::Host)?,
        };
        let path = path.split('#').next().unwrap_or_default();
        if !path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte)) {
            return Err(BadEndpoint::Characters);
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        let (host, path) = (host.to_ascii_lowercase(), format!("{slash}{path}"));
        Ok(Endpoint { tls, host, port, path })
    }
}

impl Endpoint {
    /// Where an answer from here leads with that `Location`.
    #[cfg_attr(not(feature = "web"), expect(dead_code, reason = "nothing is sent"))]
    pub(crate) fn join(&self, location: &str) -> Result<Endpoint, BadEndpoint> {
        let scheme = if self.tls { "https" } else { "http" };
        if location.starts_with("//") {
            return format!("{scheme}:{location}").parse();
        }
        match location.strip_prefix('/') {
            Some(_) => format!("{scheme}://{}{location}", self.authority()).parse(),
            None => location.parse(),
        }
    }

    /// Whether both are the same host, by the same port, encrypted alike.
    #[cfg_attr(not(feature = "web"), expect(dead_code, reason = "nothing is sent"))]
    pub(crate) fn is_at(&self, other: &Endpoint) -> bool {
        (self.tls, &self.host, self.port) == (other.tls, &other.host, other.port)
    }

    /// Host and port, as the header `Host` has them.
    pub(crate) fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.authority())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_never_shown_whole() {
        for (text, shown, path) in [
            ("https://crm.example.com/a/b?key=1#x", "crm.example.com", "/a/b?key=1"),
            ("HTTP://127.0.0.1:8080", "127.0.0.1:8080", "/"),
            ("http://[::1]:99?q", "[::1]:99", "/?q"),
            ("https://CRM.example.com:443/", "crm.example.com", "/"),
        ] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!((endpoint.to_string().as_str(), endpoint.path.as_str()), (shown, path));
            assert!(!format!("{endpoint:?}").contains("key"));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (text, error) in [
            ("ftp://a/", BadEndpoint::Scheme),
            ("crm.example.com", BadEndpoint::Scheme),
            ("https://user:secret@crm.example.com/", BadEndpoint::User),
            ("https:///a", BadEndpoint::Host),
            ("https://a:0/", BadEndpoint::Host),
            ("https://a:99999/", BadEndpoint::Host),
            ("https://[::1/", BadEndpoint::Host),
            ("https://[fe80::1%25eth0]/", BadEndpoint::Host),
            ("https://a b/", BadEndpoint::Host),
            ("https://a/b c", BadEndpoint::Characters),
            ("https://a/b\r\nX: y", BadEndpoint::Characters),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap_err(), error, "{text}");
        }
    }

    #[cfg(feature = "web")]
    #[test]
    fn a_location_is_relative_to_where_it_came_from() {
        let here: Endpoint = "https://a.example:8443/x/y".parse().unwrap();
        for (location, there) in [
            ("/z", "https://a.example:8443/z"),
            ("//b.example/z", "https://b.example/z"),
            ("http://c.example/", "http://c.example/"),
        ] {
            assert!(here.join(location).unwrap() == there.parse().unwrap(), "{location}");
        }
        assert!(here.join("z").is_err());
    }
}
