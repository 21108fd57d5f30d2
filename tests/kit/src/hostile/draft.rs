//! A request in the making, in bytes: nothing of it need be text, or SIP.

use std::net::SocketAddr;

use crate::DOMAIN;
use crate::phone::Message;

/// A request that is sent once.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What is hostile about it.
    pub kind: String,
    method: String,
    uri: Vec<u8>,
    from: Vec<u8>,
    to: Vec<u8>,
    call_id: String,
    cseq: String,
    headers: Vec<u8>,
    body: Vec<u8>,
    /// All of it, if nothing of the above counts.
    raw: Option<Vec<u8>>,
    then: Vec<Draft>,
    length: Option<String>,
}

impl Draft {
    /// A request of that method to `sip:<to>@<domain>`, from somebody outside.
    #[must_use]
    pub fn new(kind: &str, method: &str, to: &str) -> Draft {
        let uri = format!("sip:{to}@{DOMAIN}");
        Draft {
            kind: kind.into(),
            method: method.into(),
            to: format!("<{uri}>").into(),
            uri: uri.into(),
            from: format!("<sip:eve@evil.example>;tag={:08x}", fastrand::u32(..)).into(),
            call_id: crate::new_uuid(),
            cseq: format!("{} {method}", if method == "INVITE" { 1 } else { 7 }),
            headers: Vec::new(),
            body: Vec::new(),
            raw: None,
            then: Vec::new(),
            length: None,
        }
    }

    /// A call, with a session description.
    #[must_use]
    pub fn call(kind: &str, to: &str) -> Draft {
        let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";
        Draft::new(kind, "INVITE", to).body("application/sdp", sdp)
    }

    /// These bytes and no others.
    #[must_use]
    pub fn raw(kind: &str, bytes: impl Into<Vec<u8>>) -> Draft {
        Draft { raw: Some(bytes.into()), ..Draft::new(kind, "RAW", "nobody") }
    }

    /// Another request URI, and `To`.
    #[must_use]
    pub fn to(mut self, uri: impl Into<Vec<u8>>) -> Draft {
        self.uri = uri.into();
        self.to = [b"<", self.uri.as_slice(), b">"].concat();
        self
    }

    /// Another sender: a display name and a URI in angle brackets.
    #[must_use]
    pub fn from(mut self, from: impl AsRef<[u8]>) -> Draft {
        self.from = [from.as_ref(), format!(";tag={:08x}", fastrand::u32(..)).as_bytes()].concat();
        self
    }

    /// One more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Draft {
        self.headers.extend([name.as_bytes(), b": ", value.as_ref(), b"\r\n"].concat());
        self
    }

    /// Another body.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Draft {
        self.body = body.into();
        self.header("Content-Type", content_type)
    }

    /// Another `CSeq`.
    #[must_use]
    pub fn cseq(mut self, cseq: &str) -> Draft {
        self.cseq = cseq.into();
        self
    }

    /// Another `Call-ID`.
    #[must_use]
    pub fn known_as(mut self, call_id: &str) -> Draft {
        self.call_id = call_id.into();
        self
    }

    /// Another `Content-Length`.
    #[must_use]
    pub fn length(mut self, length: &str) -> Draft {
        self.length = Some(length.into());
        self
    }

    /// What is sent in the dialog as soon as the call is answered.
    #[must_use]
    pub fn and_then(mut self, next: Draft) -> Draft {
        self.then.push(next);
        self
    }

    /// Its `Call-ID`; of a call also the uuid of the switch's channel.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Whether it begins a call.
    #[must_use]
    pub fn is_call(&self) -> bool {
        self.method == "INVITE" && self.raw.is_none()
    }

    pub(super) fn then(&self) -> &[Draft] {
        &self.then
    }

    /// A request in the dialog that this call has begun.
    pub(super) fn in_dialog(&self, method: &str, target: &str, response: &Message) -> Draft {
        let cseq = if method == "ACK" {
            self.cseq.replace("INVITE", "ACK")
        } else {
            format!("9 {method}")
        };
        let next = Draft { cseq, ..Draft::new(&self.kind, method, "x") };
        next.within(target, response)
    }

    /// The same request in the dialog of that response.
    pub(super) fn within(mut self, target: &str, response: &Message) -> Draft {
        self.uri = target.into();
        self.from = response.text("From").into();
        self.to = response.text("To").into();
        self.call_id = response.call_id().into();
        self
    }

    pub(super) fn bytes(&self, local: SocketAddr, transport: &str) -> Vec<u8> {
        self.bytes_with(local, transport, None)
    }

    pub(super) fn bytes_with(
        &self,
        local: SocketAddr,
        transport: &str,
        branch: Option<&str>,
    ) -> Vec<u8> {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let made_up = format!("z9hG4bK{:016x}", fastrand::u64(..));
        let branch = branch.unwrap_or(&made_up);
        let length = self.length.clone().unwrap_or_else(|| self.body.len().to_string());
        let Draft { method, call_id, cseq, .. } = self;
        let head = format!(
            "Via: SIP/2.0/{transport} {local};branch={branch};rport\r\nMax-Forwards: 70\r\n\
             Contact: <sip:eve@{local};transport={transport}>\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n"
        );
        [
            format!("{method} ").as_bytes(),
            &self.uri,
            b" SIP/2.0\r\n",
            head.as_bytes(),
            b"From: ",
            &self.from,
            b"\r\nTo: ",
            &self.to,
            b"\r\n",
            &self.headers,
            format!("Content-Length: {length}\r\n\r\n").as_bytes(),
            &self.body,
        ]
        .concat()
    }
}
