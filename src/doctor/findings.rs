//! What follows from the facts about a machine. Each finding has to be right: of what is not known, nothing is said.

use std::path::PathBuf;

use quick_xml::escape::escape;

use crate::module::health::Finding;
use crate::switch::folder::Folder;

/// What was found on the machine.
pub(super) struct Facts {
    /// mod_valet_parking reports the same lamps.
    pub rival: bool,
    /// A lot has lamps.
    pub lamps: bool,
    /// How many orbits the configured lots have.
    pub orbits: u64,
    /// Where the journal is.
    pub journal: Journal,
    /// Parked calls are to come back after a crash.
    pub recover: bool,
    /// How FreeSWITCH is set, if that is known.
    pub core: Option<Core>,
    /// The SIP profiles that are running, if they are known.
    pub profiles: Option<Vec<Profile>>,
    /// A folder of FreeSWITCH's in which files are kept.
    pub storage: Option<String>,
}

/// Where the journal is.
pub(super) enum Journal {
    /// It is switched off.
    Off,
    /// It should be there, and `callpark health` says why it is not.
    Wrong,
    /// In that folder.
    At(PathBuf, Folder),
}

/// How FreeSWITCH is set.
pub(super) struct Core {
    /// How many calls it takes at most, by the params that say so.
    pub calls: Vec<(&'static str, u64)>,
    /// Its RTP ports are tried before they are used.
    pub keeps_ports: bool,
    /// The param that says where its own database is, and the folder of that, if it is a file.
    pub database: Option<(&'static str, Folder)>,
}

/// A SIP profile that is running.
pub(super) struct Profile {
    pub name: String,
    /// Its file, below the folder of the configuration, if it has one of its own.
    pub file: Option<String>,
    pub tracks_calls: bool,
    /// It accepts subscriptions.
    pub presence: bool,
}

impl Profile {
    /// Where its settings are.
    fn place(&self) -> String {
        match &self.file {
            Some(file) => format!("{file}, in <settings>"),
            None => format!("the SIP profile {}, in <settings>", self.name),
        }
    }
}

const SWITCH: &str = "autoload_configs/switch.conf.xml, in <settings>";
const OURS: &str = "autoload_configs/callpark.conf.xml, in <settings>";

/// The findings, by the parts that they are about.
pub(super) fn of(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(facts.rival.then(rival));
    findings.extend(presence(facts));
    findings.extend(capacity(facts));
    findings.extend(journal(facts));
    if facts.recover {
        findings.extend(recovery(facts));
    }
    findings
}

fn rival() -> Finding {
    Finding {
        about: "modules",
        text: "mod_valet_parking is loaded too and reports every park+ lamp as free".to_owned(),
        change: "autoload_configs/modules.conf.xml: remove <load module=\"mod_valet_parking\"/>, and restart FreeSWITCH"
            .to_owned(),
    }
}

/// Phones may use any of the profiles, so one that has lamps is enough.
fn presence(facts: &Facts) -> Option<Finding> {
    let profiles = facts.profiles.as_deref().unwrap_or_default();
    if !facts.lamps || profiles.iter().any(|profile| profile.presence) {
        return None;
    }
    let change = match profiles {
        [] => return None,
        [one] => format!(
            "{}: {}, and run `sofia profile {} restart`",
            one.place(),
            param("manage-presence", "true"),
            one.name
        ),
        _ => format!(
            "in <settings> of the SIP profile that phones use: {}, and restart that profile",
            param("manage-presence", "true")
        ),
    };
    let text = "no SIP profile accepts subscriptions, so all lamps stay dark".to_owned();
    Some(Finding { about: "lamps", text, change })
}

/// A lot that is full leaves nothing for other calls.
fn capacity(facts: &Facts) -> Vec<Finding> {
    let core = facts.core.iter().flat_map(|core| &core.calls);
    let too_few = core.filter(|(_, calls)| *calls <= facts.orbits);
    let finding = |(name, calls): &(&str, u64)| {
        let orbits = facts.orbits;
        let (about, change) = match *name {
            "rtp-end-port" => (
                "ports",
                format!(
                    "{SWITCH}: a wider range from rtp-start-port to rtp-end-port, with two ports for each call"
                ),
            ),
            name => ("modules", format!("{SWITCH}: {}", param(name, &(orbits * 2).to_string()))),
        };
        Finding {
            about,
            text: format!("{name} allows {calls} calls, and the lots have {orbits} orbits"),
            change: format!("{change}, and restart FreeSWITCH"),
        }
    };
    too_few.map(finding).collect()
}

fn journal(facts: &Facts) -> Option<Finding> {
    let elsewhere = || {
        let path = param("journal-path", &kept(facts, "callpark.sqlite"));
        format!("{OURS}: {path}, and load the module again")
    };
    let (text, change) = match &facts.journal {
        Journal::Wrong | Journal::At(_, Folder::Kept) => return None,
        Journal::Off => (
            "the journal is off: there is no history, and a crash loses the parked calls"
                .to_owned(),
            format!("{OURS}: {}, and load the module again", param("journal", "true")),
        ),
        Journal::At(folder, state) => {
            let folder = folder.display().to_string();
            match state {
                Folder::Missing => (
                    format!("the folder {folder} does not exist"),
                    format!("mkdir -p {}", quoted(&folder)),
                ),
                Folder::Denied => (
                    format!("FreeSWITCH may not write to the folder {folder}"),
                    format!("chown <user of FreeSWITCH> {}", quoted(&folder)),
                ),
                Folder::ReadOnly => (format!("the folder {folder} is read-only"), elsewhere()),
                _ => (
                    format!("the folder {folder} is in memory: the history ends with the machine"),
                    elsewhere(),
                ),
            }
        }
    };
    Some(Finding { about: "journal", text, change })
}

/// What a crash would take, though it need not. Without a SIP profile, no call can come back.
fn recovery(facts: &Facts) -> Vec<Finding> {
    let about = "recovery";
    let profiles = facts.profiles.as_deref().unwrap_or_default();
    let untracked = profiles.iter().filter(|profile| !profile.tracks_calls).map(|profile| {
        let Profile { name, .. } = profile;
        let (place, param) = (profile.place(), param("track-calls", "true"));
        Finding {
            about,
            text: format!("the calls of the SIP profile {name} are lost in a crash"),
            change: format!("{place}: {param}, and run `sofia profile {name} rescan`"),
        }
    });
    let mut findings: Vec<Finding> = untracked.collect();
    let Some(core) = facts.core.as_ref().filter(|_| !profiles.is_empty()) else { return findings };
    if !core.keeps_ports {
        let param = param("rtp-port-usage-robustness", "true");
        findings.push(Finding {
            about,
            text: "after a crash, a new call may get the RTP port of a call that came back"
                .to_owned(),
            change: format!("{SWITCH}: {param}, and restart FreeSWITCH"),
        });
    }
    if let Some((name, Folder::InMemory)) = core.database {
        let path = kept(facts, "core.db");
        let value = if name == "core-db-dsn" { format!("sqlite://{path}") } else { path };
        findings.push(Finding {
            about,
            text: "FreeSWITCH's core database is in memory: parked calls come back after a crash of FreeSWITCH, but not after a \
                   restart of the machine"
                .to_owned(),
            change: format!("{SWITCH}: {}, and restart FreeSWITCH", param(name, &value)),
        });
    }
    findings
}

fn param(name: &str, value: &str) -> String {
    format!("<param name=\"{name}\" value=\"{}\"/>", escape(value))
}

/// A file of that name in a folder that is kept.
fn kept(facts: &Facts, file: &str) -> String {
    format!("{}/{file}", facts.storage.as_deref().unwrap_or("/<folder on a disk>"))
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine on which nothing is to be found.
    fn healthy() -> Facts {
        Facts {
            rival: false,
            lamps: true,
            journal: Journal::At("/db".into(), Folder::Kept),
            recover: true,
            orbits: 20,
            core: Some(Core {
                calls: vec![("max-sessions", 1000)],
                keeps_ports: true,
                database: Some(("core-db-name", Folder::Kept)),
            }),
            profiles: Some(vec![profile("external", false), profile("internal", true)]),
            storage: Some("/storage".to_owned()),
        }
    }

    fn profile(name: &str, presence: bool) -> Profile {
        Profile { name: name.to_owned(), file: None, tracks_calls: true, presence }
    }

    fn changed(change: impl FnOnce(&mut Facts)) -> Vec<Finding> {
        let mut facts = healthy();
        change(&mut facts);
        of(&facts)
    }

    #[track_caller]
    fn only(findings: Vec<Finding>) -> (&'static str, String) {
        match <[Finding; 1]>::try_from(findings) {
            Ok([Finding { about, change, .. }]) => (about, change),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_is_said_of_a_healthy_machine_or_of_what_is_not_known() {
        assert_eq!(changed(|_| ()), []);
        let unknown = changed(|facts| {
            facts.core = None;
            facts.profiles = None;
            facts.journal = Journal::Wrong;
        });
        assert_eq!(unknown, []);
        assert_eq!(changed(|facts| facts.profiles = Some(Vec::new())), []);
    }

    #[test]
    fn a_rival_is_to_be_removed() {
        let (about, change) = only(changed(|facts| facts.rival = true));
        assert_eq!(about, "modules");
        assert!(change.contains("remove <load module=\"mod_valet_parking\"/>"), "{change}");
    }

    #[test]
    fn more_orbits_than_calls_are_found() {
        let of = |name, calls| {
            only(changed(|facts| {
                facts.orbits = 1000;
                if let Some(core) = &mut facts.core {
                    core.calls = vec![(name, calls)];
                }
            }))
        };
        let sessions = of("max-sessions", 1000);
        assert_eq!(sessions.0, "modules");
        assert!(
            sessions.1.contains("<param name=\"max-sessions\" value=\"2000\"/>"),
            "{sessions:?}"
        );
        assert_eq!(of("rtp-end-port", 500).0, "ports");
    }

    #[test]
    fn one_profile_with_presence_is_enough_and_none_is_needed_without_lamps() {
        let none = |facts: &mut Facts| facts.profiles = Some(vec![profile("internal", false)]);
        let (about, change) = only(changed(none));
        assert_eq!(about, "lamps");
        assert_eq!(
            change,
            "the SIP profile internal, in <settings>: <param name=\"manage-presence\" value=\"true\"/>, and run \
             `sofia profile internal restart`"
        );
        let two = |facts: &mut Facts| {
            facts.profiles = Some(vec![profile("a", false), profile("b", false)]);
        };
        assert!(only(changed(two)).1.contains("that phones use"));
        let dark = changed(|facts| {
            none(facts);
            facts.lamps = false;
        });
        assert_eq!(dark, []);
    }

    #[test]
    fn the_journal_needs_a_folder_that_is_kept_and_can_be_written() {
        let at =
            |state| only(changed(|facts| facts.journal = Journal::At("/it's".into(), state))).1;
        let elsewhere = "autoload_configs/callpark.conf.xml, in <settings>: <param name=\"journal-path\" \
                         value=\"/storage/callpark.sqlite\"/>, and load the module again";
        assert_eq!(at(Folder::InMemory), elsewhere);
        assert_eq!(at(Folder::ReadOnly), elsewhere);
        assert_eq!(at(Folder::Missing), r"mkdir -p '/it'\''s'");
        assert_eq!(at(Folder::Denied), r"chown <user of FreeSWITCH> '/it'\''s'");
        let off = only(changed(|facts| facts.journal = Journal::Off)).1;
        assert!(off.contains("<param name=\"journal\" value=\"true\"/>"), "{off}");
    }

    #[test]
    fn what_a_crash_would_take_is_said_only_if_calls_are_to_come_back() {
        let all = |facts: &mut Facts| {
            let untracked = Profile {
                file: Some("sip_profiles/internal.xml".to_owned()),
                tracks_calls: false,
                ..profile("internal", true)
            };
            facts.profiles = Some(vec![untracked]);
            facts.storage = Some("/a&b".to_owned());
            facts.core = Some(Core {
                calls: Vec::new(),
                keeps_ports: false,
                database: Some(("core-db-name", Folder::InMemory)),
            });
        };
        let changes: Vec<String> = changed(all).into_iter().map(|finding| finding.change).collect();
        assert_eq!(
            changes,
            [
                "sip_profiles/internal.xml, in <settings>: <param name=\"track-calls\" value=\"true\"/>, and run `sofia profile \
                 internal rescan`",
                "autoload_configs/switch.conf.xml, in <settings>: <param name=\"rtp-port-usage-robustness\" value=\"true\"/>, and \
                 restart FreeSWITCH",
                "autoload_configs/switch.conf.xml, in <settings>: <param name=\"core-db-name\" value=\"/a&amp;b/core.db\"/>, and \
                 restart FreeSWITCH",
            ]
        );
        let off = changed(|facts| {
            all(facts);
            facts.recover = false;
        });
        assert_eq!(off, []);
        let by_dsn = only(changed(|facts| {
            facts.core = Some(Core {
                calls: Vec::new(),
                keeps_ports: true,
                database: Some(("core-db-dsn", Folder::InMemory)),
            });
        }));
        assert!(by_dsn.1.contains("value=\"sqlite:///storage/core.db\""), "{by_dsn:?}");
    }
}
