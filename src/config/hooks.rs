//! `<webhook>` and `<question>`: programs of others that are sent what happens, and that are asked who is calling.

use std::path::Path;

use office::entry::{Action, Outcome};
use office::hooks::{Hidden, Hook, Question, Reader, Settings, Webhook};
use office::journal::Want;

use super::ConfigError;
use super::params::truth;
use super::tree::Element;
use super::web::{domain, lots};

/// The most of them.
const MOST: usize = 100;
/// The longest name of one.
const LONGEST_NAME: usize = 64;
/// The longest template, in bytes.
const LONGEST_TEMPLATE: u64 = 64 * 1024;
/// What both have.
const COMMON: [&str; 7] = ["name", "url", "secret", "domain", "lots", "authorization", "private"];

/// Adds what these elements configure.
pub(super) fn add(settings: &mut Settings, elements: &[&Element]) -> Result<(), ConfigError> {
    for element in elements {
        element.childless()?;
        let hook = hook(element)?;
        let mut known = settings.webhooks.iter().map(|webhook| &webhook.hook);
        let twice = known.any(|known| known.name == hook.name)
            || settings.questions.iter().any(|known| known.hook.name == hook.name);
        if twice {
            let error = ConfigError::at(element, "is the name of another webhook or question");
            return Err(error.param("name", &hook.name));
        }
        if settings.webhooks.len() + settings.questions.len() >= MOST {
            let problem = format!("there are more than {MOST} webhooks and questions");
            return Err(ConfigError::at(element, problem));
        }
        if element.name == "question" {
            element.allow(&COMMON)?;
            settings.questions.push(Question { hook });
        } else {
            element.allow(&[COMMON.as_slice(), &["events", "template"]].concat())?;
            let want = want(element, &hook)?;
            let template_file = element.get("template").filter(|file| !file.is_empty());
            let template_file = template_file.map(str::to_owned);
            settings.webhooks.push(Webhook { hook, want, template_file, template: None });
        }
    }
    Ok(())
}

/// What both have in common.
fn hook(element: &Element) -> Result<Hook, ConfigError> {
    let bad = |name: &str, value: &str, problem: &dyn std::fmt::Display| {
        ConfigError::at(element, problem).param(name, value)
    };
    // Parts of an address are often a password, and so are these.
    let hidden = |name: &str, problem: &dyn std::fmt::Display| bad(name, "***", problem);
    let name = element.need("name")?;
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(legal) {
        return Err(bad("name", name, &"must be 1 to 64 letters, digits, - _ and ."));
    }
    let url = element.need("url")?.parse().map_err(|error| hidden("url", &error))?;
    let secret = element.need("secret")?.parse().map_err(|error| hidden("secret", &error))?;
    let authorization = element.get("authorization").filter(|value| !value.is_empty());
    let authorization = authorization.map(|value| {
        let problem = "is not the value of a header: up to 4096 characters of ASCII";
        Hidden::header(value).ok_or_else(|| hidden("authorization", &problem))
    });
    let private = element.get("private").unwrap_or("false");
    Ok(Hook {
        name: name.to_owned(),
        endpoint: url,
        secret,
        reader: Reader { domain: domain(element)?, lots: lots(element)? },
        authorization: authorization.transpose()?,
        private: truth(private).map_err(|error| bad("private", private, &error))?,
    })
}

/// Which events are sent.
fn want(element: &Element, hook: &Hook) -> Result<Want, ConfigError> {
    let Reader { domain, lots } = hook.reader.clone();
    let mut want = Want { hook: hook.name.clone(), domain, lots, ..Want::default() };
    let events = element.get("events").unwrap_or_default();
    for word in events.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match (word.parse::<Action>(), word.parse::<Outcome>()) {
            (Ok(action), _) => want.actions.push(action),
            (_, Ok(outcome)) => want.outcomes.push(outcome),
            _ => {
                let problem = "is neither the action of an event nor an outcome";
                return Err(ConfigError::at(element, problem).param("events", word));
            }
        }
    }
    Ok(want)
}

/// Reads the templates, from FreeSWITCH's folder of configurations unless a path is whole.
///
/// # Errors
/// The file that cannot be read, or what is wrong with it, and in which line.
pub(crate) fn read_templates(settings: &mut Settings, folder: Option<&str>) -> Result<(), String> {
    for webhook in &mut settings.webhooks {
        let Some(file) = &webhook.template_file else { continue };
        let path = Path::new(folder.unwrap_or_default()).join(file);
        let wrong = |problem: &dyn std::fmt::Display| {
            format!("webhook {:?}: template {}: {problem}", webhook.hook.name, path.display())
        };
        let about = std::fs::metadata(&path).map_err(|error| wrong(&error))?;
        if !about.is_file() || about.len() > LONGEST_TEMPLATE {
            return Err(wrong(&format!("it is not a file of at most {LONGEST_TEMPLATE} bytes")));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(&error))?;
        #[cfg(feature = "web")]
        office::hooks::Template::compile(&text).map_err(|error| wrong(&error))?;
        webhook.template = Some(text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn settings(inside: &str) -> Result<Settings, String> {
        let text = format!(
            "<configuration name=\"callpark.conf\">\n<settings>\n{inside}\n</settings>\n</configuration>"
        );
        Config::parse(&text).map(|config| config.settings.hooks).map_err(|error| error.to_string())
    }

    #[test]
    fn webhooks_and_questions_are_read() {
        let read = settings(&format!(
            "<webhook name=\"crm\" url=\"https://crm.example.com/h?k=1\" secret=\"{SECRET}\" events=\"park, retrieved,abandoned\" \
             domain=\"A.example\" lots=\"sales\" template=\"webhooks/slack.json\" authorization=\"Bearer x\" private=\"true\"/>\
             <question name=\"who\" url=\"http://127.0.0.1:1/\" secret=\"{SECRET}\"/>"
        ))
        .unwrap();
        let webhook = &read.webhooks[0];
        assert_eq!(webhook.want.actions, [Action::Park]);
        assert_eq!(webhook.want.outcomes, [Outcome::Retrieved, Outcome::Abandoned]);
        assert_eq!(webhook.hook.reader.domain.as_deref(), Some("a.example"));
        assert_eq!(webhook.hook.endpoint.to_string(), "crm.example.com");
        assert!(webhook.hook.private && webhook.hook.authorization.is_some());
        assert_eq!(webhook.template_file.as_deref(), Some("webhooks/slack.json"));
        assert_eq!(read.questions[0].hook.name, "who");
        assert!(settings("").unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_and_nothing_secret_is_repeated() {
        let with = |attributes: &str| {
            let all = format!("name=\"crm\" url=\"http://a/\" secret=\"{SECRET}\" {attributes}");
            settings(&format!("<webhook {all}/>")).unwrap_err()
        };
        assert!(with("events=\"park,gone\"").contains("line 3, events=\"gone\": is neither"));
        assert!(with("private=\"maybe\"").contains("private=\"maybe\""));
        assert!(with("lots=\"a b\"").contains("is no lot"));
        assert!(with("evnts=\"park\"").contains("has no such attribute"));
        let error = with("authorization=\"Bearer topsecret\u{e4}\"");
        assert!(error.contains("authorization=\"***\"") && !error.contains("topsecret"), "{error}");
        let url = |url: &str, secret: &str| {
            let error =
                settings(&format!("<question name=\"q\" url=\"{url}\" secret=\"{secret}\"/>"));
            error.unwrap_err()
        };
        let error = url("https://u:topsecret@a/", SECRET);
        assert!(error.contains("user or a password") && !error.contains("topsecret"), "{error}");
        let error = url("http://a/", "whsec_topsecret");
        assert!(error.contains("is not whsec_") && !error.contains("topsecret"), "{error}");
        let one = format!("name=\"a\" url=\"http://a/\" secret=\"{SECRET}\"");
        let twice = settings(&format!("<webhook {one}/><question {one}/>")).unwrap_err();
        assert!(twice.contains("is the name of another"), "{twice}");
        let name =
            settings(&format!("<webhook name=\"a b\" url=\"http://a/\" secret=\"{SECRET}\"/>"));
        assert!(name.unwrap_err().contains("must be 1 to 64"));
    }

    #[cfg(feature = "web")]
    #[test]
    fn a_bad_template_is_named_with_its_line() {
        let folder = std::env::temp_dir().join(format!("callpark-hooks-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("bad.json"), "{\n{% if %}\n}").unwrap();
        let mut read = settings(&format!(
            "<webhook name=\"crm\" url=\"http://a/\" secret=\"{SECRET}\" template=\"bad.json\"/>"
        ))
        .unwrap();
        let error = read_templates(&mut read, folder.to_str()).unwrap_err();
        assert!(error.contains("bad.json: line 2: "), "{error}");
        std::fs::write(folder.join("bad.json"), "{\"text\": {{ type | tojson }}}").unwrap();
        read_templates(&mut read, folder.to_str()).unwrap();
        assert!(read.webhooks[0].template.is_some());
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(read_templates(&mut read, folder.to_str()).unwrap_err().contains("bad.json: "));
    }
}
