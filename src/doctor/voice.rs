//! What people hear: phrases, the sounds that they are made of, and hold music.

use std::collections::BTreeSet;

use quick_xml::escape::escape;

use crate::config::node::Node;
use crate::module::health::Finding;

/// The phrases that a lot with `announce` speaks.
const OURS: [&str; 4] = ["callpark_announce", "callpark_full", "callpark_empty", "callpark_denied"];
/// Those of mod_valet_parking, and how each of them speaks.
const VALETS: [&str; 3] = ["valet_announce_ext", "valet_lot_full", "valet_lot_empty"];

/// What was found on the machine.
pub(super) struct Facts {
    /// A lot of the configuration has `announce`.
    pub(super) announces: bool,
    /// The module stands in for mod_valet_parking.
    pub(super) valet: bool,
    /// The language that is spoken, if FreeSWITCH's own XML has it.
    pub(super) language: Option<Language>,
    /// What callers hear, each once.
    pub(super) music: Vec<String>,
    /// The streams of mod_local_stream with their folders, if they are known.
    pub(super) streams: Option<Vec<(String, String)>>,
}

/// A language.
pub(super) struct Language {
    name: String,
    macros: BTreeSet<String>,
    sounds: Option<String>,
    say: String,
}

impl Language {
    /// That language in the section `languages`.
    pub(super) fn read(section: &str, name: &str) -> Option<Language> {
        let section = Node::read(section)?;
        let language =
            section.all("language").find(|language| language.get("name") == Some(name))?;
        let macros = language.walk().filter(|node| node.name == "macro");
        let sounds = ["sound-prefix", "sound-path"].iter().find_map(|name| language.get(name));
        Some(Language {
            name: name.to_owned(),
            macros: macros.filter_map(|node| node.get("name").map(str::to_owned)).collect(),
            sounds: sounds.filter(|path| path.starts_with('/')).map(str::to_owned),
            say: language.get("say-module").unwrap_or(name).to_owned(),
        })
    }
}

/// The streams of local_stream.conf, each with its folder.
pub(super) fn streams(configuration: &str) -> Option<Vec<(String, String)>> {
    let root = Node::read(configuration)?;
    let directories = root.walk().filter(|node| node.name == "directory");
    let stream = |node: &Node| Some((node.get("name")?.to_owned(), node.get("path")?.to_owned()));
    Some(directories.filter_map(stream).collect())
}

/// The findings. `is_loaded` tells whether a module is, and `exists` whether a file or folder does.
pub(super) fn of(
    facts: &Facts,
    is_loaded: impl Fn(&str) -> bool,
    exists: impl Fn(&str) -> bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(language) = &facts.language {
        findings.extend(phrases(facts, language));
        if facts.announces || facts.valet {
            findings.extend(sounds(language, &is_loaded, &exists));
        }
    }
    for music in &facts.music {
        findings.extend(hold_music(facts, music, &is_loaded, &exists));
    }
    if (facts.announces || facts.valet) && !is_loaded("mod_tone_stream") {
        findings.push(Finding {
            about: "sounds",
            text: "mod_tone_stream is not loaded: people hear nothing where a phrase is missing"
                .to_owned(),
            change: load("mod_tone_stream"),
        });
    }
    findings
}

fn load(module: &str) -> String {
    format!(
        "autoload_configs/modules.conf.xml, in <modules>: <load module=\"{module}\"/>, and run `load {module}`"
    )
}

fn phrases(facts: &Facts, language: &Language) -> Vec<Finding> {
    let missing = |phrases: &[&'static str]| -> Vec<&'static str> {
        phrases.iter().copied().filter(|phrase| !language.macros.contains(*phrase)).collect()
    };
    let mut findings = Vec::new();
    let name = &language.name;
    let mut add = |missing: Vec<&str>, change: String| {
        if !missing.is_empty() {
            let text = format!(
                "the language {name} does not have the phrases {}: people hear tones instead",
                missing.join(", ")
            );
            findings.push(Finding { about: "phrases", text, change });
        }
    };
    if facts.announces {
        let copy = format!(
            "install lang/en/callpark.xml of mod_callpark as lang/{name}/ivr/callpark.xml, and run `reloadxml`"
        );
        add(missing(&OURS), copy);
    }
    if facts.valet {
        let missing = missing(&VALETS);
        let macros: String = missing.iter().map(|phrase| valets(phrase)).collect();
        add(missing, format!("lang/{name}, in <macros>: {macros}, and run `reloadxml`"));
    }
    findings
}

/// A phrase of mod_valet_parking, as short as it can be.
fn valets(phrase: &str) -> String {
    let (pattern, action) = match phrase {
        "valet_announce_ext" => (
            "^[^:]*:(.+)$",
            "function=\"say\" data=\"$1\" method=\"pronounced\" type=\"name_spelled\"",
        ),
        _ => ("(.*)", "function=\"play-file\" data=\"tone_stream://%(275,10,600);%(275,100,300)\""),
    };
    format!(
        "<macro name=\"{phrase}\"><input pattern=\"{pattern}\"><match><action {action}/></match></input></macro>"
    )
}

fn sounds(
    language: &Language,
    is_loaded: &impl Fn(&str) -> bool,
    exists: &impl Fn(&str) -> bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Language { name, sounds, say, .. } = language;
    let say = format!("mod_say_{say}");
    if !is_loaded(&say) {
        let text = format!("{say} is not loaded: orbits are not spoken");
        findings.push(Finding { about: "sounds", text, change: load(&say) });
    }
    if let Some(folder) = sounds.as_ref().filter(|folder| !exists(folder)) {
        findings.push(Finding {
            about: "sounds",
            text: format!("the sounds of the language {name} are missing: orbits are not spoken"),
            change: format!(
                "install FreeSWITCH's sounds into {folder}, or set sound-prefix of <language name=\"{}\"> to where they are",
                escape(name)
            ),
        });
    }
    findings
}

fn hold_music(
    facts: &Facts,
    music: &str,
    is_loaded: &impl Fn(&str) -> bool,
    exists: &impl Fn(&str) -> bool,
) -> Option<Finding> {
    // Several files, or by what is known only during the call.
    if music.contains(['$', '!', '&']) || music.starts_with("file_string:") {
        return None;
    }
    let (text, change) = match music.split_once("://") {
        Some(("local_stream", stream)) => {
            let module = "mod_local_stream";
            if !is_loaded(module) {
                return Some(Finding {
                    about: "sounds",
                    text: format!("{module} is not loaded, and the hold music {music} is silence"),
                    change: load(module),
                });
            }
            let streams = facts.streams.as_deref()?;
            let named = |name: &str| {
                let is = |(stream, _): &&(String, String)| {
                    stream == name || stream.strip_prefix(name).is_some_and(|it| it.starts_with('/'))
                };
                streams.iter().filter(is).collect::<Vec<_>>()
            };
            // Otherwise FreeSWITCH plays this one.
            let found = [named(stream), named("default")].into_iter().find(|it| !it.is_empty());
            match found {
                None => (
                    format!("there is no stream for the hold music {music}, so that it is silence"),
                    format!(
                        "autoload_configs/local_stream.conf.xml: <directory name=\"{}\" path=\"/<folder of the music>\"/>, and run \
                         `reload mod_local_stream`",
                        escape(stream)
                    ),
                ),
                Some(found) => {
                    let is_there = |path: &str| !path.starts_with('/') || exists(path);
                    if found.iter().any(|(_, path)| is_there(path)) {
                        return None;
                    }
                    let (name, path) = found.first()?;
                    (
                        format!("the hold music {music} is silence: the folder {path} is missing"),
                        format!(
                            "autoload_configs/local_stream.conf.xml, in <directory name=\"{}\" …>: a path with sound files, and \
                             run `reload mod_local_stream`",
                            escape(name)
                        ),
                    )
                }
            }
        }
        None if music.starts_with('/') && !exists(music) => (
            format!("the hold music {music} is missing, so that it is silence"),
            "autoload_configs/callpark.conf.xml, in the <lot>: <param name=\"hold-music\" value=\"…\"/> with a file that is there, \
             and run `callpark reload`"
                .to_owned(),
        ),
        _ => return None,
    };
    Some(Finding { about: "sounds", text, change })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(languages: &str) -> Facts {
        Facts {
            announces: true,
            valet: false,
            language: Language::read(languages, "en"),
            music: vec!["local_stream://moh".to_owned()],
            streams: Some(vec![("moh/8000".to_owned(), "/moh".to_owned())]),
        }
    }

    /// The section `languages` with these phrases.
    fn languages(macros: &[&str]) -> String {
        let macros: String =
            macros.iter().map(|name| format!("<macro name=\"{name}\"/>")).collect();
        format!(
            "<section><language name=\"en\" sound-prefix=\"/sounds/en\" say-module=\"en\"><phrases><macros>{macros}</macros>\
             </phrases></language></section>"
        )
    }

    fn all(facts: &Facts, without: &[&str]) -> Vec<String> {
        let has = |what: &str| !without.contains(&what);
        of(facts, has, has)
            .into_iter()
            .map(|finding| format!("{}: {}", finding.text, finding.change))
            .collect()
    }

    #[test]
    fn nothing_is_said_where_all_is_there_or_not_known() {
        assert_eq!(all(&facts(&languages(&OURS)), &[]), [""; 0]);
        assert_eq!(all(&facts("<section/>"), &["mod_say_en", "/sounds/en"]), [""; 0]);
        let mut unknown = facts("");
        unknown.streams = None;
        unknown.music = ["silence", "${music}", "http://x/y", "tone_stream://%(1,2,3)"]
            .map(str::to_owned)
            .into();
        assert_eq!(all(&unknown, &[]), [""; 0]);
    }

    #[test]
    fn phrases_that_are_missing_are_named_each_with_what_to_install() {
        let found = all(&facts(&languages(&OURS[1..])), &[]);
        assert_eq!(
            found,
            [
                "the language en does not have the phrases callpark_announce: people hear tones instead: install \
              lang/en/callpark.xml of mod_callpark as lang/en/ivr/callpark.xml, and run `reloadxml`"
            ]
        );
        let valet = Facts { valet: true, ..facts(&languages(&OURS)) };
        let found = all(&valet, &[]);
        assert!(
            found[0].contains("valet_announce_ext, valet_lot_full, valet_lot_empty"),
            "{found:?}"
        );
        // What it says helps.
        let (_, macros) = found[0].split_once("<macros>: ").expect("macros");
        let (macros, _) = macros.split_once(", and run").expect("macros");
        let with = languages(&OURS).replace("</macros>", &format!("{macros}</macros>"));
        let valet = Facts { valet: true, ..facts(&with) };
        assert_eq!(all(&valet, &[]), [""; 0]);
    }

    #[test]
    fn sounds_and_music_that_are_missing_are_named() {
        let here = facts(&languages(&OURS));
        for (missing, text) in [
            ("mod_say_en", "mod_say_en is not loaded"),
            ("/sounds/en", "install FreeSWITCH's sounds into /sounds/en"),
            ("mod_local_stream", "<load module=\"mod_local_stream\"/>"),
            ("/moh", "the folder /moh is missing"),
            ("mod_tone_stream", "run `load mod_tone_stream`"),
        ] {
            let found = all(&here, &[missing]);
            assert!(found.len() == 1 && found[0].contains(text), "{found:?}");
        }
        let other =
            |music: &str| Facts { music: vec![music.to_owned()], ..facts(&languages(&OURS)) };
        let found = all(&other("local_stream://a&lt;"), &[]);
        assert_eq!(found, [""; 0], "not known what it means");
        assert!(all(&other("local_stream://other"), &[])[0].contains("<directory name=\"other\""));
        assert!(all(&other("/x.wav"), &["/x.wav"])[0].contains("/x.wav is missing"));
    }
}
