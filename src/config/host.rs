//! The configuration of FreeSWITCH itself and of mod_sofia, as far as the module has to know it. Unlike our own, it is not ours
//! to complain about: what cannot be read is not there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::node::Node;
use crate::switch::text::is_true;

/// The names and values of `<param>` elements, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// The value that counts where a later one replaces an earlier one. Empty values do not count.
    pub(crate) fn last(&self, name: &str) -> Option<&str> {
        self.values(name).rfind(|value| !value.is_empty())
    }

    /// Whether one of them is true, where nothing but a true one has an effect.
    pub(crate) fn is_ever_true(&self, name: &str) -> bool {
        self.values(name).any(is_true)
    }

    fn values(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        let named = self.0.iter().filter(move |(param, _)| param.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }
}

/// Whether a SIP profile with this `manage-presence` accepts subscriptions.
pub(crate) fn accepts_presence(value: &str) -> bool {
    ["passive", "pnp"].iter().any(|kind| value.eq_ignore_ascii_case(kind)) || is_true(value)
}

/// The params in `<settings>` of switch.conf.
pub(crate) fn settings(switch_conf: &str) -> Params {
    Params(Node::read(switch_conf).iter().flat_map(params).collect())
}

/// How many calls FreeSWITCH takes at most, by each param of switch.conf that says so. A call needs two RTP ports.
pub(crate) fn most_calls(settings: &Params) -> Vec<(&'static str, u64)> {
    let number = |name: &str| settings.last(name).and_then(|value| value.parse::<u64>().ok());
    let sessions = number("max-sessions").map(|calls| ("max-sessions", calls));
    let (first, last) = (number("rtp-start-port"), number("rtp-end-port"));
    let ports = first.zip(last).filter(|(first, last)| first < last);
    let ports = ports.map(|(first, last)| ("rtp-end-port", (last - first).div_ceil(2)));
    sessions.into_iter().chain(ports).collect()
}

/// The SIP profiles in sofia.conf by name, each with the params of its `<settings>`.
pub(crate) fn profiles(sofia_conf: &str) -> BTreeMap<String, Params> {
    let mut profiles: BTreeMap<String, Params> = BTreeMap::new();
    let root = Node::read(sofia_conf);
    for profile in
        root.iter().flat_map(|root| root.all("profiles")).flat_map(|all| all.all("profile"))
    {
        let name = profile.get("name").unwrap_or_default().to_owned();
        profiles.entry(name).or_default().0.extend(params(profile));
    }
    profiles
}

/// The params in the `<settings>` of an element.
fn params(of: &Node) -> impl Iterator<Item = (String, String)> {
    let params = of.all("settings").flat_map(|settings| settings.all("param"));
    params.map(|param| {
        let text = |attribute| param.get(attribute).unwrap_or_default().to_owned();
        (text("name"), text("value"))
    })
}

/// The SIP profiles that run, in what `sofia xmlstatus` answers.
pub(crate) fn running(status: &str) -> Vec<String> {
    let between = |text: &str, tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        rest.split_once("</").map(|(value, _)| value.trim().to_owned())
    };
    let profiles = status.split("<profile>").skip(1).filter_map(|profile| {
        let state = between(profile, "state")?;
        between(profile, "name").filter(|_| state.starts_with("RUNNING"))
    });
    // One for each transport.
    let mut names: Vec<String> = profiles.collect();
    names.dedup();
    names
}

/// Where FreeSWITCH keeps its core database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CoreDatabase {
    /// In a file of its own, which is set by that param.
    File { path: PathBuf, param: &'static str },
    /// On a server, which other nodes may share. The kind of server, without a password.
    Server(String),
}

/// Where that is, by the settings of switch.conf. `None`: it cannot be told.
pub(crate) fn core_database(settings: &Params, db_dir: Option<&str>) -> Option<CoreDatabase> {
    const SQLITE: &str = "sqlite://";
    if let Some(dsn) = settings.last("core-db-dsn") {
        return match dsn.strip_prefix(SQLITE) {
            None => {
                let (kind, _) = dsn.split_once(':').unwrap_or((dsn, ""));
                Some(CoreDatabase::Server(kind.to_owned()))
            }
            Some(path) => path
                .starts_with('/')
                .then(|| CoreDatabase::File { path: path.into(), param: "core-db-dsn" }),
        };
    }
    let name = settings.last("core-db-name").unwrap_or("core");
    let path = match name {
        path if path.starts_with('/') => path.into(),
        url if url.contains("://") => return None,
        name => Path::new(db_dir?).join(format!("{name}.db")),
    };
    Some(CoreDatabase::File { path, param: "core-db-name" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_profiles_are_found_once_each() {
        let status = "<profiles>\n<profile>\n<name>internal</name>\n<type>profile</type>\n\
            <data>sip:mod_sofia@127.0.0.1:5060</data>\n<state>RUNNING (2)</state>\n</profile>\n\
            <profile>\n<name>internal</name>\n<type>profile</type>\n<data>x</data>\n\
            <state>RUNNING (2) (TLS)</state>\n</profile>\n<alias>\n<name>test.local</name>\n\
            <type>alias</type>\n<data>internal</data>\n<state>ALIASED</state>\n</alias>\n\
            <profile>\n<name>external</name>\n<type>profile</type>\n<data>y</data>\n\
            <state>DOWN (0)</state>\n</profile>\n</profiles>";
        assert_eq!(running(status), ["internal"]);
        assert_eq!(running("-ERR no such command"), [""; 0]);
    }

    #[test]
    fn only_the_settings_of_a_profile_are_its_params() {
        let conf = r#"<configuration name="sofia.conf"><global_settings><param name="track-calls" value="true"/></global_settings>
            <profiles>text <profile name="internal"><aliases/><gateways><gateway name="g"><param name="track-calls" value="true"/>
            </gateway></gateways><settings><param name="Manage-Presence" value=" false "/>
            <param name="manage-presence" value="passive"/></settings></profile>
            <profile name="a &amp; b"><settings><param name="track-calls" value="1"/><param name="track-calls" value="no"/>
            </settings></profile></profiles></configuration>"#;
        let profiles = profiles(conf);
        let names: Vec<&String> = profiles.keys().collect();
        assert_eq!(names, ["a & b", "internal"]);
        assert!(profiles["a & b"].is_ever_true("track-calls"));
        assert_eq!(profiles["a & b"].last("track-calls"), Some("no"));
        assert!(!profiles["internal"].is_ever_true("track-calls"));
        assert_eq!(profiles["internal"].last("manage-presence"), Some("passive"));
        assert!(super::profiles("<configuration><profiles><profile name=").is_empty());
    }

    #[test]
    fn sessions_and_ports_limit_the_calls() {
        let settings = settings(
            "<configuration><settings><param name=\"max-sessions\" value=\"1000\"/><param name=\"rtp-start-port\" \
             value=\"16384\"/><param name=\"rtp-end-port\" value=\"16583\"/></settings></configuration>",
        );
        assert_eq!(most_calls(&settings), [("max-sessions", 1000), ("rtp-end-port", 100)]);
        assert_eq!(most_calls(&Params::default()), []);
    }

    #[test]
    fn the_core_database_is_a_file_or_on_a_server_that_may_be_shared() {
        let of = |name: &str, value: &str| {
            let settings = settings(&format!(
                "<configuration name=\"switch.conf\"><settings><param name=\"max-sessions\" value=\"9\"/>\
                 <param name=\"{name}\" value=\"{value}\"/></settings></configuration>"
            ));
            core_database(&settings, Some("/db"))
        };
        let file = |path: &str, param| Some(CoreDatabase::File { path: path.into(), param });
        let server = |kind: &str| Some(CoreDatabase::Server(kind.to_owned()));
        let dsn = "pgsql://host=db user=fs password=secret";
        assert_eq!(of("core-db-dsn", dsn), server("pgsql"));
        assert_eq!(of("core-db-dsn", "fs:fs:secret"), server("fs"));
        assert_eq!(of("core-db-dsn", "sqlite:///x/c.db"), file("/x/c.db", "core-db-dsn"));
        assert_eq!(of("core-db-dsn", "sqlite://memory"), None);
        assert_eq!(of("core-db-dsn", ""), file("/db/core.db", "core-db-name"));
        assert_eq!(of("core-db-name", "/x/c.db"), file("/x/c.db", "core-db-name"));
        assert_eq!(of("core-db-name", "own"), file("/db/own.db", "core-db-name"));
        assert_eq!(core_database(&Params::default(), None), None);
    }
}
