//! What others send: of use only as what it is made into here.
//!
//! A phone, or a program that sends SIP, chooses every character of a name, a number and a header. Such a text is
//! [`Untrusted`] from where it is read. It cannot be printed, formatted or borrowed as a `str`: it becomes a
//! [`DisplayName`] or a [`Number`], which have a longest length and go into lists, events, lamps and the log; a
//! [`User`](super::User), which alone goes into a dial string; or an answer to a question.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::text::{LONGEST_NAME, LONGEST_NUMBER, kept};
use super::user::{User, domain_name};

/// A text that was chosen outside the switch.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Untrusted(String);

impl Untrusted {
    /// Whether it is exactly that.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.0 == text
    }

    /// Whether it has that in it.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        self.0.contains(text)
    }

    /// The domain of that name, in its one spelling.
    #[must_use]
    pub fn domain(&self) -> Option<String> {
        domain_name(&self.0)
    }

    /// The text, if it means the same in every grammar: itself.
    #[must_use]
    pub fn plain(&self) -> Option<&str> {
        is_plain(&self.0).then_some(&*self.0)
    }

    /// The text, if it is a `user@domain`.
    #[must_use]
    pub fn user(&self) -> Option<User> {
        self.0.parse().ok()
    }

    /// The two sides of `user@host`, where `host` may have a port.
    #[must_use]
    pub fn address(&self) -> Option<(Untrusted, Untrusted)> {
        let (user, host) = self.0.rsplit_once('@')?;
        Some((user.into(), host_of(host).into()))
    }

    /// The `user@host` of a SIP header such as `"Reception" <sip:1000@example.com:5060;transport=udp>`.
    #[must_use]
    pub fn sip_address(&self) -> Option<Untrusted> {
        let uri = self.0.rsplit_once('<').map_or(self.0.as_str(), |(_, rest)| rest);
        let uri = uri.split(['>', ';', '?']).next()?.trim();
        let uri = uri.strip_prefix("sips:").or_else(|| uri.strip_prefix("sip:"))?;
        let (user, host) = uri.split_once('@')?;
        let host = host_of(host);
        (!user.is_empty() && !host.is_empty()).then(|| Untrusted(format!("{user}@{host}")))
    }

    /// The user in the name of a channel such as `sofia/internal/1000@192.0.2.1:5060`.
    #[must_use]
    pub fn user_of_channel_name(&self) -> Option<Untrusted> {
        let (user, _) = self.0.rsplit('/').next()?.split_once('@')?;
        let user = user.strip_prefix("sip:").unwrap_or(user);
        (!user.is_empty()).then(|| user.into())
    }

    /// Whether the other text holds it, and it is not [plain](Self::plain), so that one can no longer tell where it
    /// begins and ends.
    #[must_use]
    pub fn taints(&self, text: &str) -> bool {
        !is_plain(&self.0) && text.contains(&self.0)
    }

    /// As it came, for the switch alone: to be put back where it was read, or compared with what the switch has.
    pub(crate) fn as_it_came(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Untrusted(text.to_owned())
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Untrusted(text)
    }
}

/// Shows its length and not its content.
impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Untrusted({} bytes)", self.0.len())
    }
}

impl User {
    /// The user of these two names, if there can be one.
    #[must_use]
    pub fn of(user: &Untrusted, domain: &Untrusted) -> Option<User> {
        User::new(&user.0, &domain.0).ok()
    }
}

/// What a caller is called: any characters, at most [`LONGEST_NAME`]. Code that shows it escapes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DisplayName(Arc<str>);

impl DisplayName {
    /// The name as it is, or its beginning.
    #[must_use]
    pub fn of(name: &Untrusted) -> Self {
        DisplayName(kept(&name.0, LONGEST_NAME))
    }

    /// The name as its phone meant it, if it is still escaped as in a SIP header.
    #[must_use]
    pub fn unescaped(name: &Untrusted) -> Self {
        let mut text = String::with_capacity(name.0.len());
        let mut chars = name.0.chars().peekable();
        while let Some(c) = chars.next() {
            let escaped = chars.next_if(|next| c == '\\' && matches!(next, '"' | '\\'));
            text.push(escaped.unwrap_or(c));
        }
        DisplayName(kept(&text, LONGEST_NAME))
    }
}

/// A caller's number: any characters, at most [`LONGEST_NUMBER`]. Code that dials it first checks whether it [can be
/// dialled](super::is_dialable).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Number(Arc<str>);

impl Number {
    /// The number as it is, or its beginning.
    #[must_use]
    pub fn of(number: &Untrusted) -> Self {
        Number(kept(&number.0, LONGEST_NUMBER))
    }
}

macro_rules! text {
    ($($name:ident)*) => {$(
        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}

text! { DisplayName Number }

/// Whether a text means the same in every grammar: itself.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-+*#".contains(c);
    !text.starts_with('.') && text.chars().all(plain)
}

/// The host of `host:port`, without the brackets of IPv6.
pub fn host_of(text: &str) -> &str {
    match text.strip_prefix('[') {
        Some(ipv6) => ipv6.split_once(']').map_or(ipv6, |(host, _)| host),
        // Two colons are an IPv6 address that nobody has put in brackets.
        None if text.matches(':').count() == 1 => text.split(':').next().unwrap_or(text),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{DisplayName, Untrusted};

    #[test]
    fn addresses_are_read_as_phones_write_them() {
        for (header, expected) in [
            ("<sip:1000@example.com>", Some("1000@example.com")),
            ("\"Bob\" <sip:1000@example.com:5060;transport=udp>;x=y", Some("1000@example.com")),
            ("\"<sip:1@x>\" <sip:1000@example.com>", Some("1000@example.com")),
            ("sips:1000@example.com?Replaces=1", Some("1000@example.com")),
            ("<sip:1000@[::1]:5060>", Some("1000@::1")),
            ("<sip:example.com>", None),
            ("tel:+49123", None),
            ("", None),
        ] {
            assert_eq!(Untrusted::from(header).sip_address(), expected.map(Untrusted::from));
        }
    }

    #[test]
    fn a_name_out_of_a_sip_header_is_unescaped_and_another_stays() {
        let unescaped = |name: &str| DisplayName::unescaped(&name.into()).to_string();
        assert_eq!(unescaped(r#"Bob \"B\" \\ %s"#), r#"Bob "B" \ %s"#);
        for name in ["", r#"say "hi""#, r"C:\dos", r"end\"] {
            assert_eq!(unescaped(name), name);
        }
    }

    #[test]
    fn nobody_reads_it_in_a_log() {
        assert_eq!(format!("{:?}", Untrusted::from("a\nb")), "Untrusted(3 bytes)");
    }
}
