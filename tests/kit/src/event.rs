//! One event, as the event socket tells it.

use std::fmt;

/// Headers (names compared without case, as FreeSWITCH does) and an optional body.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Event {
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl Event {
    /// Reads `Name: value` lines up to the end of `text`. Values are URL-decoded when `encoded`.
    pub fn parse(text: &str, encoded: bool) -> Event {
        let mut event = Event::default();
        for line in text.lines().take_while(|line| !line.is_empty()) {
            if let Some((name, value)) = line.split_once(':') {
                let value = value.strip_prefix(' ').unwrap_or(value);
                let value = if encoded { url_decode(value) } else { value.to_owned() };
                event.headers.push((name.to_owned(), value));
            }
        }
        event
    }

    /// The first header of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The header of that name, or "" without one.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    /// Has it this header with this value?
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.get(name) == Some(value)
    }

    /// `Event-Name`.
    pub fn name(&self) -> &str {
        self.text("Event-Name")
    }

    /// `Event-Subclass`.
    pub fn subclass(&self) -> &str {
        self.text("Event-Subclass")
    }

    /// `Unique-ID`, the channel the event is about.
    pub fn uuid(&self) -> &str {
        self.text("Unique-ID")
    }

    /// What follows the headers.
    pub fn body(&self) -> &str {
        self.body.as_deref().unwrap_or("")
    }

    /// Every header in the order it came.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    pub(crate) fn set_body(&mut self, body: String) {
        self.body = Some(body);
    }

    pub(crate) fn content_length(&self) -> usize {
        self.text("Content-Length").trim().parse().unwrap_or(0)
    }

    /// One line for a failure report: the name and what tells events of one name apart.
    pub fn summary(&self) -> String {
        let mut line = self.name().to_owned();
        if !self.subclass().is_empty() {
            line = self.subclass().to_owned();
        }
        for (name, value) in &self.headers {
            let short = name.strip_prefix("Callpark-").or(match name.as_str() {
                "Unique-ID" | "Hangup-Cause" | "Application" | "Answer-State" => Some(name),
                "Channel-State" | "proto" | "login" | "Bridge-A-Unique-ID" => Some(name),
                "Bridge-B-Unique-ID" | "answer-state" => Some(name),
                _ => None,
            });
            if let Some(short) = short {
                line.push_str(&format!(" {short}={value}"));
            }
        }
        line
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.headers.iter().map(|(n, v)| (n, v))).finish()?;
        match &self.body {
            Some(body) => write!(f, "\n{body}"),
            None => Ok(()),
        }
    }
}

/// `%41` → `A`. A broken escape stays as it is.
pub(crate) fn url_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_values_and_keeps_broken_escapes() {
        let event = Event::parse("Event-Name: CUSTOM\nX: a%20b%3C%\nEmpty:\n\nignored: 1\n", true);
        assert_eq!(event.get("x"), Some("a b<%"));
        assert_eq!(event.get("Empty"), Some(""));
        assert_eq!(event.get("ignored"), None);
        assert_eq!(url_decode("%C3%A9%zz"), "é%zz");
    }
}
