//! The settings of the web server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use office::web::{Proxy, Scope, Settings, Tls, Token};

use super::ConfigError;
use super::tree::Element;
use crate::park::{LotKey, domain_name};

/// The most tokens.
const MOST_TOKENS: usize = 1_000;
/// The longest name of one.
const LONGEST_NAME: usize = 64;
/// The file with certificate and key that FreeSWITCH itself uses for WebSockets.
const FREESWITCH_S: &str = "wss.pem";

/// How connections to the web server are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WebTls {
    /// With the certificate that FreeSWITCH has for WebSockets.
    Auto,
    /// With these.
    Files(Tls),
}

impl WebTls {
    /// Its files. `certs_dir`: FreeSWITCH's folder for certificates, to which a path is relative.
    fn files(&self, certs_dir: &Path) -> Tls {
        match self {
            WebTls::Auto => {
                let file = certs_dir.join(FREESWITCH_S);
                Tls { certificate: file.clone(), key: file }
            }
            WebTls::Files(Tls { certificate, key }) => {
                Tls { certificate: certs_dir.join(certificate), key: certs_dir.join(key) }
            }
        }
    }
}

/// How the web server is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebSettings {
    /// Where it listens. `None`: there is none.
    pub listen: Option<SocketAddr>,
    /// How connections are encrypted. `None`: they are not.
    pub tls: Option<WebTls>,
    /// Where it is reached, if that is somewhere else.
    pub url: Option<String>,
    /// Whether users of the directory may log in.
    pub users: bool,
    /// The proxy that says who somebody is.
    pub proxy: Option<Proxy>,
    /// The tokens.
    pub tokens: Vec<Token>,
}

impl Default for WebSettings {
    fn default() -> Self {
        WebSettings {
            listen: None,
            tls: None,
            url: None,
            users: true,
            proxy: None,
            tokens: Vec::new(),
        }
    }
}

impl WebSettings {
    /// The same for the server, if there is one. `certs_dir`: FreeSWITCH's folder for certificates.
    #[cfg_attr(not(feature = "web"), expect(dead_code, reason = "there is no server"))]
    pub(crate) fn server(&self, certs_dir: &Path) -> Option<Settings> {
        let https = self.url().is_some_and(|url| url.starts_with("https://"));
        let WebSettings { listen, tls, users, proxy, tokens, .. } = self.clone();
        let tls = tls.map(|tls| tls.files(certs_dir));
        Some(Settings { listen: listen?, tls, https, tokens, users, proxy })
    }

    /// What the addresses of links begin with, if there is a server.
    #[cfg_attr(not(feature = "web"), allow(dead_code, reason = "there is no server"))]
    pub(crate) fn url(&self) -> Option<String> {
        let listen = self.listen?;
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Some(self.url.clone().unwrap_or_else(|| format!("{scheme}://{listen}")))
    }

    pub(super) fn add_tokens(&mut self, elements: &[&Element]) -> Result<(), ConfigError> {
        for element in elements {
            if self.tokens.len() >= MOST_TOKENS {
                let problem = format!("there are more than {MOST_TOKENS} tokens");
                return Err(ConfigError::at(element, problem));
            }
            let token = token(element)?;
            if self.tokens.iter().any(|known| known.name == token.name) {
                let twice = ConfigError::at(element, "is the name of another token");
                return Err(twice.param("name", &token.name));
            }
            self.tokens.push(token);
        }
        Ok(())
    }
}

/// One `<token>`.
fn token(element: &Element) -> Result<Token, ConfigError> {
    element.childless()?;
    element.allow(&["name", "sha256", "scope", "domain", "lots"])?;
    let bad = |name: &str, value: &str, problem: &str| {
        ConfigError::at(element, problem).param(name, value)
    };
    let name = element.need("name")?;
    if name.is_empty() || name.len() > LONGEST_NAME || name.contains(['@', '\n', '\r']) {
        return Err(bad("name", name, "must be 1 to 64 bytes without @"));
    }
    let sha256 = element.need("sha256")?;
    let sha256 = hash(sha256).ok_or_else(|| {
        bad("sha256", sha256, "is not a SHA-256 hash: 64 hexadecimal digits, as sha256sum prints")
    })?;
    let scope = element.get("scope").unwrap_or("read");
    let scope: Scope =
        scope.parse().map_err(|_| bad("scope", scope, "is not one of read, act and admin"))?;
    let (domain, lots) = (domain(element)?, lots(element)?);
    Ok(Token { name: name.to_owned(), sha256, scope, domain, lots })
}

/// The tenant to which an element limits something.
pub(super) fn domain(element: &Element) -> Result<Option<String>, ConfigError> {
    let domain = element.get("domain").filter(|domain| !domain.is_empty());
    let read = domain.map(|domain| {
        let bad = || ConfigError::at(element, "is no domain").param("domain", domain);
        domain_name(domain).ok_or_else(bad)
    });
    read.transpose()
}

/// The lots to which it limits something.
pub(super) fn lots(element: &Element) -> Result<Vec<String>, ConfigError> {
    let lots = element.get("lots").unwrap_or_default();
    let lots = lots.split(',').map(str::trim).filter(|lot| !lot.is_empty()).map(|lot| {
        let bad = |_| ConfigError::at(element, "is no lot").param("lots", lot);
        lot.parse::<LotKey>().map(|lot| lot.to_string()).map_err(bad)
    });
    lots.collect()
}

/// 64 hexadecimal digits.
fn hash(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut hash = [0; 32];
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(hash)
}

/// Where the server is reached from outside: `https://pbx.example.com`, without a slash at its end.
pub(super) fn url(value: &str) -> Result<String, String> {
    let host = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    let legal = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]%".contains(c);
    match host {
        Some(host) if !host.is_empty() && host.len() <= 200 && host.chars().all(legal) => {
            Ok(value.trim_end_matches('/').to_owned())
        }
        _ => Err("is not an address such as https://pbx.example.com".to_owned()),
    }
}

/// `auto`, or `<certificate> <key>`.
pub(super) fn tls(value: &str) -> Result<WebTls, String> {
    match value.split_whitespace().collect::<Vec<_>>()[..] {
        ["auto"] => Ok(WebTls::Auto),
        [certificate, key] => Ok(WebTls::Files(Tls {
            certificate: PathBuf::from(certificate),
            key: PathBuf::from(key),
        })),
        _ => Err("must be auto, or the files of a certificate and of its key".to_owned()),
    }
}

/// `<header> <address>[,<address>…]`.
pub(super) fn proxy(value: &str) -> Result<Proxy, String> {
    let usage = || "must be a header and the addresses of the proxy".to_owned();
    let (header, from) = value.split_once(char::is_whitespace).ok_or_else(usage)?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if header.is_empty() || header.len() > LONGEST_NAME || !header.bytes().all(legal) {
        return Err("names no header".to_owned());
    }
    let from = from.split([',', ' ']).filter(|network| !network.is_empty());
    let from = from.map(|network| network.parse().map_err(|error| format!("{network:?} {error}")));
    let from = from.collect::<Result<Vec<_>, _>>()?;
    if from.is_empty() { Err(usage()) } else { Ok(Proxy { header: header.to_lowercase(), from }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const HASH: &str = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08";

    fn settings(inside: &str) -> Result<WebSettings, String> {
        let text = format!(
            "<configuration name=\"callpark.conf\">\n<settings>\n{inside}\n</settings>\n</configuration>"
        );
        Config::parse(&text).map(|config| config.settings.web).map_err(|error| error.to_string())
    }

    #[test]
    fn tokens_are_read_and_the_server_is_off_without_an_address() {
        let token = format!(
            "<token name=\"wall\" sha256=\"{HASH}\"/><token name=\"crm\" sha256=\"{HASH}\" scope=\"act\" domain=\"A.example\" lots=\"default, sales@a.example\"/>"
        );
        let web = settings(&token).unwrap();
        assert!(web.server(Path::new("")).is_none() && web.users);
        assert_eq!((web.tokens[0].scope, web.tokens[0].sha256[0]), (Scope::Read, 0x9f));
        assert_eq!(web.tokens[1].domain.as_deref(), Some("a.example"));
        assert_eq!(web.tokens[1].lots, ["default", "sales@a.example"]);
        let web = settings("<param name=\"web-listen\" value=\"127.0.0.1:8095\"/>").unwrap();
        assert_eq!(web.server(Path::new("")).unwrap().listen.port(), 8095);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (inside, expected) in [
            ("<token sha256=\"x\"/>", "line 3: <token> has no name=\"…\""),
            ("<token name=\"a\" sha256=\"abc\"/>", "line 3, sha256=\"abc\": is not a SHA-256 hash"),
            ("<token name=\"a@b\" sha256=\"abc\"/>", "line 3, name=\"a@b\": must be"),
            (
                "<param name=\"web-listen\" value=\"8095\"/>",
                "line 3, web-listen=\"8095\": is not an",
            ),
            ("<param name=\"web-url\" value=\"pbx.example.com\"/>", "is not an address such as"),
            ("<param name=\"web-tls\" value=\"cert.pem\"/>", "must be auto, or the files"),
            ("<param name=\"web-proxy-header\" value=\"X-User\"/>", "must be a header and"),
            ("<param name=\"web-proxy-header\" value=\"X-User 1.2.3\"/>", "\"1.2.3\" is neither"),
        ] {
            let error = settings(inside).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        let twice = format!("<token name=\"a\" sha256=\"{HASH}\"/>").repeat(2);
        assert!(settings(&twice).unwrap_err().contains("is the name of another token"));
        let scope = format!("<token name=\"a\" sha256=\"{HASH}\" scope=\"all\"/>");
        assert!(settings(&scope).unwrap_err().contains("is not one of read, act and admin"));
    }

    #[test]
    fn certificates_are_in_the_folder_for_them_and_links_say_https() {
        const LISTEN: &str = "<param name=\"web-listen\" value=\"127.0.0.1:8095\"/>";
        let with = |more: &str| settings(&format!("{LISTEN}{more}")).unwrap();
        let server = |web: &WebSettings| web.server(Path::new("/etc/freeswitch/tls")).unwrap();
        let plain = with("");
        assert_eq!((server(&plain).tls, server(&plain).https), (None, false));
        let auto = with("<param name=\"web-tls\" value=\"auto\"/>");
        let files = server(&auto).tls.unwrap();
        assert_eq!(files.certificate, Path::new("/etc/freeswitch/tls/wss.pem"));
        assert_eq!((&files.key, server(&auto).https), (&files.certificate, true));
        assert_eq!(auto.url().unwrap(), "https://127.0.0.1:8095");
        let two = with("<param name=\"web-tls\" value=\"web.pem /root/web.key\"/>");
        let files = server(&two).tls.unwrap();
        assert_eq!(files.certificate, Path::new("/etc/freeswitch/tls/web.pem"));
        assert_eq!(files.key, Path::new("/root/web.key"));
        let proxied = with("<param name=\"web-url\" value=\"https://pbx.example.com/\"/>");
        assert!(server(&proxied).https && server(&proxied).tls.is_none());
    }

    #[test]
    fn a_proxy_is_believed_where_it_is() {
        let web = settings("<param name=\"web-proxy-header\" value=\"X-User 10.0.0.0/8, ::1\"/>");
        let proxy = web.unwrap().proxy.unwrap();
        assert_eq!(proxy.header, "x-user");
        assert!(proxy.is_at("10.1.2.3".parse().unwrap()) && proxy.is_at("::1".parse().unwrap()));
        assert!(!proxy.is_at("127.0.0.1".parse().unwrap()));
    }
}
