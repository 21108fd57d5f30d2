//! Messages that are made from a template of the administrator's.

use std::fmt;
use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

/// How many steps a template may take.
const FUEL: u64 = 100_000;
/// The longest template and the longest message, in bytes.
const LONGEST: usize = 64 * 1024;
/// The name of the only template of an environment.
const NAME: &str = "webhook";
/// The variable that is a one-tap link.
pub(super) const LINK: &str = "callpark_link";

/// A template that was compiled.
#[derive(Clone)]
pub struct Template(Arc<Environment<'static>>);

/// It is not a template, or what comes of it is no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadTemplate {
    /// The line, 1 for the first, if it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for BadTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.problem)
    }
}

impl From<minijinja::Error> for BadTemplate {
    fn from(error: minijinja::Error) -> Self {
        let problem = match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        };
        BadTemplate { line: error.line(), problem }
    }
}

fn bad(problem: impl Into<String>) -> BadTemplate {
    BadTemplate { line: None, problem: problem.into() }
}

impl Template {
    /// Compiles the text.
    ///
    /// # Errors
    ///
    /// It is not a template.
    pub fn compile(text: &str) -> Result<Self, BadTemplate> {
        if text.len() > LONGEST {
            return Err(bad(format!("it is longer than {LONGEST} bytes")));
        }
        let mut environment = Environment::new();
        // What is put in is JSON by `tojson`, and HTML nowhere.
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(50);
        environment.add_filter("plain", plain);
        environment.add_template_owned(NAME, text.to_owned())?;
        Ok(Template(Arc::new(environment)))
    }

    /// Whether a link is in its messages. Whoever reads one can make a phone ring, so there is none in any other message.
    pub(super) fn has_link(&self) -> bool {
        let template = self.0.get_template(NAME);
        template.is_ok_and(|template| template.undeclared_variables(false).contains(LINK))
    }

    /// The message for that event: JSON.
    ///
    /// # Errors
    ///
    /// It takes too long, becomes too long, or is not JSON.
    pub fn render(&self, event: &serde_json::Value) -> Result<String, BadTemplate> {
        let text = self.0.get_template(NAME)?.render(Serde(event))?;
        let text = text.trim().to_owned();
        if text.len() > LONGEST {
            return Err(bad(format!("the message is longer than {LONGEST} bytes")));
        }
        match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
            Ok(_) => Ok(text),
            // The position is in the message, which has the caller in it.
            Err(error) => Err(bad(format!(
                "the message is not JSON at {}:{}; use `| tojson`",
                error.line(),
                error.column()
            ))),
        }
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template")
    }
}

/// A text that means itself wherever people chat: nothing in it marks up, links, mentions anybody or ends a line.
#[expect(clippy::needless_pass_by_value, reason = "that is how a filter is called")]
fn plain(value: Value) -> String {
    let text = match value.as_str() {
        Some(text) => text.to_owned(),
        None if value.is_undefined() || value.is_none() => String::new(),
        None => value.to_string(),
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // Letters that look alike, so that neither Markdown nor a mention begins.
            '<' => out.push('‹'),
            '>' => out.push('›'),
            '&' => out.push('＆'),
            '@' => out.push('＠'),
            '*' => out.push('∗'),
            '_' => out.push('ˍ'),
            '~' => out.push('∼'),
            '`' => out.push('ˋ'),
            '[' => out.push('［'),
            ']' => out.push('］'),
            '#' => out.push('＃'),
            '|' => out.push('¦'),
            '\\' => out.push('＼'),
            // A colon before two slashes makes a link.
            ':' => out.push('∶'),
            // What turns or hides what stands around it.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => {}
            c if c.is_control() || c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
