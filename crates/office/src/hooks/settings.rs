//! What is sent to whom, and who is asked.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::endpoint::Endpoint;
use crate::journal::Want;

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Who is sent what happens.
    pub webhooks: Vec<Webhook>,
    /// Who is asked at each park.
    pub questions: Vec<Question>,
}

impl Settings {
    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.webhooks.is_empty() && self.questions.is_empty()
    }

    /// What the webhooks want of the journal.
    #[must_use]
    pub fn wants(&self) -> Vec<Want> {
        self.webhooks.iter().map(|webhook| webhook.want.clone()).collect()
    }
}

/// What webhooks and questions have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub endpoint: Endpoint,
    /// What signs the messages.
    pub secret: Secret,
    /// As much of the calls as it may see.
    pub reader: Reader,
    /// The value of a header `Authorization`.
    pub authorization: Option<Hidden>,
    /// Whether it may redirect to an address that is not public.
    pub private: bool,
}

/// As whom a program sees calls: as a token with these limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reader {
    /// The tenant; none: every tenant.
    pub domain: Option<String>,
    /// These lots; empty: all that its tenant sees.
    pub lots: Vec<String>,
}

/// One `<webhook>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Where it goes.
    pub hook: Hook,
    /// What it is sent.
    pub want: Want,
    /// The file with the template of its messages, as it is configured.
    pub template_file: Option<String>,
    /// What is in that file.
    pub template: Option<String>,
}

/// One `<question>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Whom it asks.
    pub hook: Hook,
}

/// A text that is in no log and no answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub(crate) String);

impl Hidden {
    /// The value of a header. None: it cannot be one.
    #[must_use]
    pub fn header(value: &str) -> Option<Self> {
        let legal = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        let fits = (1..=4_096).contains(&value.len()) && value.bytes().all(legal);
        fits.then(|| Hidden(value.to_owned()))
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A key as Standard Webhooks writes it: `whsec_` and 24 to 64 bytes in Base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub(crate) Vec<u8>);

/// It is not such a key. Does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not whsec_ and 24 to 64 bytes in Base64, as printf 'whsec_%s' \"$(openssl rand -base64 32)\" makes it"
)]
pub struct BadSecret;

impl FromStr for Secret {
    type Err = BadSecret;

    fn from_str(text: &str) -> Result<Self, BadSecret> {
        let key = text.strip_prefix("whsec_").ok_or(BadSecret)?;
        let key = STANDARD.decode(key).map_err(|_| BadSecret)?;
        if (24..=64).contains(&key.len()) { Ok(Secret(key)) } else { Err(BadSecret) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
