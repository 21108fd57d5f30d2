//! Where the database is, and as whom it is used: `postgresql://user:password@host:port/database?sslmode=…`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// How long one host may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// After how long without a sign of life the kernel asks the other side, and for how long it asks.
const ALIVE: Duration = Duration::from_secs(30);

/// The address of a database. It is never shown with its password.
#[derive(Clone)]
pub struct Address {
    text: String,
    pub(super) config: Config,
    pub(super) tls: Tls,
}

/// Whether the connection is encrypted, and whether the server has to prove who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tls {
    /// `disable`; `prefer` and `require`, of which `config` knows which. A certificate is not checked.
    Unchecked,
    /// `verify-full`: with the certificates of that file, or else of the system.
    Checked(Option<PathBuf>),
}

/// Why a text is not the address of a database. Says nothing of the text itself, which may have a password anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// It begins with something else.
    #[error("must begin with postgresql://")]
    NotPostgres,
    /// It cannot be read.
    #[error(
        "is not an address such as postgresql://user:password@host:5432/database; write special characters as %40 for @, and so on"
    )]
    Unreadable,
    /// An unknown value of `sslmode`.
    #[error("sslmode must be one of disable, prefer, require and verify-full")]
    SslMode,
    /// There is no need for it.
    #[error("sslrootcert needs sslmode=verify-full")]
    RootCert,
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        if !["postgresql://", "postgres://"].iter().any(|begin| text.starts_with(begin)) {
            return Err(BadAddress::NotPostgres);
        }
        // A password may have a `?` of its own: what precedes the `@` is read as the library reads it.
        let host = text.find('@').map_or(0, |at| at + 1);
        let (before, query) = match text[host..].find('?') {
            Some(at) => (&text[..host + at], &text[host + at + 1..]),
            None => (text, ""),
        };
        let (mut mode, mut root, mut others) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => root = Some(value),
                _ => others.push(pair),
            }
        }
        let others = others.join("&");
        let url = if others.is_empty() { before.to_owned() } else { format!("{before}?{others}") };
        let mut config: Config = url.parse().map_err(|_| BadAddress::Unreadable)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(BadAddress::Unreadable);
        }
        let mode = match mode {
            None | Some("prefer") => SslMode::Prefer,
            Some("disable") => SslMode::Disable,
            Some("require" | "verify-full") if mode == Some("require") => SslMode::Require,
            Some("verify-full") => {
                let root = root.map(decoded).transpose()?;
                config.ssl_mode(SslMode::Require);
                return Ok(Address::new(text, config, Tls::Checked(root.map(PathBuf::from))));
            }
            Some(_) => return Err(BadAddress::SslMode),
        };
        if root.is_some() {
            return Err(BadAddress::RootCert);
        }
        config.ssl_mode(mode);
        Ok(Address::new(text, config, Tls::Unchecked))
    }
}

fn decoded(value: &str) -> Result<String, BadAddress> {
    let text = percent_decode_str(value).decode_utf8().map_err(|_| BadAddress::Unreadable)?;
    Ok(text.into_owned())
}

impl Address {
    fn new(text: &str, mut config: Config, tls: Tls) -> Self {
        if config.get_application_name().is_none() {
            config.application_name("mod_callpark");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        config.keepalives_idle(ALIVE).tcp_user_timeout(ALIVE);
        Address { text: text.to_owned(), config, tls }
    }

    /// The text without whatever is the password.
    pub(super) fn without_password(&self, text: &str) -> String {
        let password = self.config.get_password().map(String::from_utf8_lossy);
        match password {
            // A shorter one is in any text.
            Some(password) if password.len() >= 4 => text.replace(&*password, "***"),
            _ => text.to_owned(),
        }
    }
}

/// `host:port/database`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ports = self.config.get_ports();
        for (at, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            match host {
                Host::Tcp(name) => write!(f, "{comma}{name}")?,
                Host::Unix(folder) => write!(f, "{comma}{}", folder.display())?,
            }
            if let Some(port) = ports.get(at).or(ports.first()) {
                write!(f, ":{port}")?;
            }
        }
        if self.config.get_hosts().is_empty() {
            for address in self.config.get_hostaddrs() {
                write!(f, "{address}")?;
            }
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Address {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_never_shows_its_password() {
        let address: Address =
            "postgresql://callpark:s%40cret@db.example.com:5433/office?sslmode=require"
                .parse()
                .unwrap();
        assert_eq!(format!("{address}"), "db.example.com:5433/office");
        assert!(!format!("{address:?} {:?}", address.config).contains("s@cret"));
        assert_eq!(address.config.get_password(), Some(&b"s@cret"[..]));
        assert_eq!(address.without_password("no s@cret here"), "no *** here");
        assert_eq!(
            (address.config.get_ssl_mode(), &address.tls),
            (SslMode::Require, &Tls::Unchecked)
        );
        for text in [
            "mysql://u:hidden@h/d",
            "host=h password=hidden",
            "postgresql://u:hid?den@h:port/d",
            "postgresql://u:hidden@h:port/d",
            "postgresql://u:hidden@h/d?hidden=1",
            "postgresql://u:hidden@h/d?sslmode=hidden",
            "postgresql://u:hidden@h/d?sslrootcert=/hidden",
            "postgresql://",
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(!error.contains("hid"), "{text}: {error}");
        }
    }

    #[test]
    fn who_the_server_has_to_be() {
        let read = |text: &str| text.parse::<Address>().unwrap();
        let plain = read("postgres://u@h/d");
        assert_eq!((plain.config.get_ssl_mode(), plain.tls), (SslMode::Prefer, Tls::Unchecked));
        let full = read("postgresql://u@h/d?sslmode=verify-full&connect_timeout=3");
        assert_eq!((full.config.get_ssl_mode(), full.tls), (SslMode::Require, Tls::Checked(None)));
        assert_eq!(full.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        let own = read("postgresql://u@h/d?sslrootcert=/etc/a%20b.pem&sslmode=verify-full");
        assert_eq!(own.tls, Tls::Checked(Some("/etc/a b.pem".into())));
        let socket = read("postgresql://u@/d?host=/run/postgresql");
        assert_eq!(socket.to_string(), "/run/postgresql/d");
        assert_eq!(read("postgresql://u@a:1,b:2/d").to_string(), "a:1,b:2/d");
        let odd = read("postgresql://u:a?sslmode=b@h/d?sslmode=require");
        assert_eq!(odd.config.get_password(), Some(&b"a?sslmode=b"[..]));
        assert_eq!(odd.config.get_ssl_mode(), SslMode::Require);
    }
}
