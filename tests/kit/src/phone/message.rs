//! A SIP message: just enough of RFC 3261 for a phone on the loopback.

use std::fmt::Write;

/// A request or a response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The first line.
    pub start: String,
    /// Long names, in order.
    pub headers: Vec<(String, String)>,
    /// An SDP, an XML document, a sipfrag, …
    pub body: String,
}

const COMPACT: [(&str, &str); 12] = [
    ("i", "Call-ID"),
    ("f", "From"),
    ("t", "To"),
    ("v", "Via"),
    ("m", "Contact"),
    ("l", "Content-Length"),
    ("c", "Content-Type"),
    ("k", "Supported"),
    ("o", "Event"),
    ("r", "Refer-To"),
    ("b", "Referred-By"),
    ("u", "Allow-Events"),
];

impl Message {
    /// A request without headers.
    pub fn request(method: &str, uri: &str) -> Message {
        Message { start: format!("{method} {uri} SIP/2.0"), ..Message::default() }
    }

    /// A response with the headers that every response copies. `tag` goes to `To`, if it has none.
    pub fn response(to: &Message, code: u16, reason: &str, tag: &str) -> Message {
        let mut response =
            Message { start: format!("SIP/2.0 {code} {reason}"), ..Message::default() };
        for (name, value) in &to.headers {
            let copied = ["Via", "Record-Route", "From", "To", "Call-ID", "CSeq"];
            if copied.contains(&name.as_str()) {
                let mut value = value.clone();
                if name == "To" && code > 100 && tag_of(&value).is_none() {
                    let _ = write!(value, ";tag={tag}");
                }
                response.headers.push((name.clone(), value));
            }
        }
        response
    }

    /// Reads a datagram; `None` if it is not SIP (a keep-alive, say).
    pub fn parse(bytes: &[u8]) -> Option<Message> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.split("\r\n").skip_while(|line| line.is_empty());
        let start = lines.next()?.to_owned();
        if !start.contains("SIP/2.0") {
            return None;
        }
        let mut message = Message { start, headers: Vec::new(), body: body.to_owned() };
        for line in lines {
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = message.headers.last_mut() {
                    let _ = write!(value, " {}", line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                let name = name.trim();
                let long = COMPACT.iter().find(|(short, _)| short.eq_ignore_ascii_case(name));
                let name = long.map_or(name, |(_, long)| long);
                message.headers.push((name.to_owned(), value.trim().to_owned()));
            }
        }
        Some(message)
    }

    /// Adds a header.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Message {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body and its type.
    pub fn with_body(mut self, content_type: &str, body: impl Into<String>) -> Message {
        self.body = body.into();
        self.with("Content-Type", content_type)
    }

    /// The first header of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The header, or "" without one.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    /// `INVITE`, …: of a response, that of its request.
    pub fn method(&self) -> &str {
        match self.status() {
            None => self.start.split(' ').next().unwrap_or(""),
            Some(_) => self.text("CSeq").split(' ').nth(1).unwrap_or(""),
        }
    }

    /// A response's code; `None` for a request.
    pub fn status(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// `Call-ID`.
    pub fn call_id(&self) -> &str {
        self.text("Call-ID")
    }

    /// The number in `CSeq`.
    pub fn cseq(&self) -> u32 {
        self.text("CSeq").split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    /// The transaction's name, in the topmost `Via`.
    pub fn branch(&self) -> &str {
        param_of(self.text("Via"), "branch").unwrap_or("")
    }

    /// As it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            if name != "Content-Length" {
                let _ = write!(text, "{name}: {value}\r\n");
            }
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n{}", self.body.len(), self.body);
        text.into_bytes()
    }
}

/// A name-addr in its three parts: display name, URI, parameters. A `<` inside the quoted name is
/// none.
fn parts(header: &str) -> (&str, &str, &str) {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in header.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => {
                let rest = &header[at + 1..];
                let (uri, params) = rest.split_once('>').unwrap_or((rest, ""));
                return (header[..at].trim(), uri, params);
            }
            _ => {}
        }
    }
    let (uri, params) = header.split_at(header.find(';').unwrap_or(header.len()));
    ("", uri.trim(), params)
}

/// The tag of a `From` or `To`.
pub fn tag_of(header: &str) -> Option<&str> {
    param_of(parts(header).2, "tag")
}

/// A `;name=value` of a header.
pub fn param_of<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    header.split([';', ',']).find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// The URI of a `From`, `Contact`, …, without what surrounds it.
pub fn uri_of(header: &str) -> &str {
    parts(header).1
}

/// The user part of a header's URI.
pub fn user_of(header: &str) -> &str {
    let uri = uri_of(header);
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    rest.split_once('@').map_or("", |(user, _)| user)
}

/// The display name of a `From`, `P-Asserted-Identity`, … unquoted.
pub fn display_of(header: &str) -> String {
    let name = parts(header).0;
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_compact_and_folded_headers() {
        let text = b"INVITE sip:1@h SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9\r\nf: \"A \\\"<B\\\"\" <sip:\
                     a@h>;tag=x\r\nt: <sip:1@h>\r\ni: id\r\nCSeq: 7 INVITE\r\nX: a\r\n b\r\n\r\nbody";
        let message = Message::parse(text).unwrap();
        assert_eq!((message.method(), message.call_id(), message.cseq()), ("INVITE", "id", 7));
        assert_eq!((message.branch(), message.text("x"), &*message.body), ("z9", "a b", "body"));
        assert_eq!(display_of(message.text("From")), "A \"<B\"");
        assert_eq!(tag_of(message.text("From")), Some("x"));
        assert_eq!(user_of(message.text("From")), "a");
        let ok = Message::response(&message, 200, "OK", "mine");
        assert_eq!((ok.status(), ok.method()), (Some(200), "INVITE"));
        assert_eq!(tag_of(ok.text("To")), Some("mine"));
    }
}
