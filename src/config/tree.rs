//! XML elements with the lines they begin in, read as a stream: every limit is checked before what exceeds it is read on,
//! and nothing recurses.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::ConfigError;

/// How deep elements may nest; the configuration needs five.
const DEEPEST: usize = 16;
/// The most elements.
const MOST_ELEMENTS: usize = 500_000;
/// The most attributes of one of them; a return step has ten.
const MOST_ATTRIBUTES: usize = 32;
/// The longest value of one of them, in bytes.
pub(super) const LONGEST_VALUE: usize = 64 * 1024;

/// One element. Text between elements means nothing here, so it is an error.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) line: usize,
    attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// The value of that attribute, without blanks around it.
    pub(super) fn get(&self, attribute: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(name, _)| name == attribute);
        found.map(|(_, value)| value.trim())
    }

    /// Every attribute and its value, without blanks around it.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value.trim()))
    }

    pub(super) fn need(&self, attribute: &str) -> Result<&str, ConfigError> {
        self.get(attribute).ok_or_else(|| {
            ConfigError::at(self, format_args!("<{}> has no {attribute}=\"…\"", self.name))
        })
    }

    /// It has no other attributes than these.
    pub(super) fn allow(&self, known: &[&str]) -> Result<(), ConfigError> {
        match self.attributes.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, value)) => {
                let problem = format!("<{}> has no such attribute", self.name);
                Err(ConfigError::at(self, problem).param(name, value))
            }
        }
    }

    pub(super) fn childless(&self) -> Result<(), ConfigError> {
        self.children.first().map_or(Ok(()), |child| Err(child.unknown()))
    }

    pub(super) fn unknown(&self) -> ConfigError {
        ConfigError::at(self, format_args!("unknown element <{}>", self.name))
    }
}

/// Reads the one element a text consists of.
pub(super) fn read(text: &str) -> Result<Element, ConfigError> {
    let mut reader = Reader::from_str(text);
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut elements = 0_usize;
    loop {
        let line = lines.at(reader.buffer_position());
        let fail = |problem: String| ConfigError::new(line, problem);
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(ConfigError::new(lines.at(reader.error_position()), error)),
        };
        if matches!(event, Event::Start(_) | Event::Empty(_)) {
            elements += 1;
            if elements > MOST_ELEMENTS {
                return Err(fail(format!("there are more than {MOST_ELEMENTS} elements")));
            }
        }
        let complete = match event {
            Event::Start(start) => {
                if open.len() >= DEEPEST {
                    return Err(fail("the elements are nested too deeply".to_owned()));
                }
                open.push(element(&start, line).map_err(fail)?);
                None
            }
            Event::Empty(start) => Some(element(&start, line).map_err(fail)?),
            Event::End(_) => open.pop(),
            Event::Text(text) if text.trim().is_empty() => None,
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                return Err(fail("there is text between the elements".to_owned()));
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => None,
            Event::Eof => break,
        };
        if let Some(complete) = complete {
            match open.last_mut() {
                Some(parent) => parent.children.push(complete),
                None if root.is_none() => root = Some(complete),
                None => return Err(fail("there is a second root element".to_owned())),
            }
        }
    }
    if let Some(unclosed) = open.pop() {
        return Err(ConfigError::at(&unclosed, format_args!("<{}> is not closed", unclosed.name)));
    }
    root.ok_or_else(|| ConfigError {
        problem: "there is no <configuration>".to_owned(),
        ..ConfigError::default()
    })
}

fn element(start: &BytesStart<'_>, line: usize) -> Result<Element, String> {
    let attributes: Vec<_> = start
        .attributes()
        .take(MOST_ATTRIBUTES + 1)
        .map(|attribute| {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let key = attribute.key.as_ref();
            if attribute.value.len() > LONGEST_VALUE {
                return Err(format!("{key} is longer than {LONGEST_VALUE} bytes"));
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| error.to_string())?;
            Ok((key.to_owned(), value.into_owned()))
        })
        .collect::<Result<_, String>>()?;
    if attributes.len() > MOST_ATTRIBUTES {
        return Err(format!("the element has more than {MOST_ATTRIBUTES} attributes"));
    }
    let name = start.name().as_ref().to_owned();
    Ok(Element { name, line, attributes, children: Vec::new() })
}

/// Counts lines as the reader goes on.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn at(&mut self, position: u64) -> usize {
        let position = usize::try_from(position).unwrap_or(usize::MAX).min(self.text.len());
        let passed = self.text.as_bytes().get(self.at..position).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.at = self.at.max(position);
        self.line
    }
}
