//! A dialog: what two user agents agree on to tell their requests apart.

use super::message::{Message, tag_of, uri_of};
use super::settings::Settings;

/// Ours of one call or subscription.
#[derive(Debug, Clone)]
pub(crate) struct Dialog {
    pub call_id: String,
    /// Our `From`, with its tag.
    pub local: String,
    /// Our `To`; its tag comes with the first response.
    pub remote: String,
    /// Where requests go: the other's `Contact`.
    pub target: String,
    pub cseq: u32,
    /// The number of the other's latest request.
    pub remote_cseq: u32,
}

impl Dialog {
    /// One that we begin.
    pub(crate) fn to(settings: &Settings, uri: &str) -> Dialog {
        Dialog {
            call_id: crate::new_uuid(),
            local: format!("{};tag={}", settings.from(), new_tag()),
            remote: format!("<{uri}>"),
            target: uri.into(),
            cseq: 0,
            remote_cseq: 0,
        }
    }

    /// One that this request begins; `tag` is ours.
    pub(crate) fn from(request: &Message, tag: &str) -> Dialog {
        Dialog {
            call_id: request.call_id().into(),
            local: format!("{};tag={tag}", request.text("To")),
            remote: request.text("From").into(),
            target: uri_of(request.text("Contact")).into(),
            cseq: 0,
            remote_cseq: number(request),
        }
    }

    /// Takes over what a response, or a later request of the other, tells.
    pub(crate) fn learn(&mut self, message: &Message) {
        if message.status().is_some() && tag_of(message.text("To")).is_some() {
            self.remote = message.text("To").into();
        }
        if let Some(contact) = message.get("Contact") {
            self.target = uri_of(contact).into();
        }
    }

    /// Whether this request comes after all others of the other's, as it must.
    pub(crate) fn follows(&mut self, request: &Message) -> bool {
        let number = number(request);
        let follows = number > self.remote_cseq;
        self.remote_cseq = self.remote_cseq.max(number);
        follows
    }

    pub(crate) fn local_tag(&self) -> &str {
        tag_of(&self.local).unwrap_or("")
    }

    pub(crate) fn remote_tag(&self) -> &str {
        tag_of(&self.remote).unwrap_or("")
    }

    /// The next request in this dialog (an ACK takes the number of its INVITE).
    pub(crate) fn request(&mut self, method: &str) -> Message {
        self.cseq += 1;
        self.numbered(method, self.cseq)
    }

    pub(crate) fn numbered(&self, method: &str, cseq: u32) -> Message {
        Message::request(method, &self.target)
            .with("Max-Forwards", "70")
            .with("From", &self.local)
            .with("To", &self.remote)
            .with("Call-ID", &self.call_id)
            .with("CSeq", format!("{cseq} {method}"))
    }
}

fn number(request: &Message) -> u32 {
    request.text("CSeq").split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

pub(crate) fn new_tag() -> String {
    format!("{:08x}", fastrand::u32(..))
}
