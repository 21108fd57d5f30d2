//! Who parked a call.

use std::net::IpAddr;
use std::sync::Arc;

use crate::apps;
use crate::park::is_user_at_domain;
use crate::switch::{Channel, Located, core, log};

/// What we found out for an earlier park of the same call, and wrote into `callpark_parker` for its CDR.
const FOUND: &str = "callpark_parker_found";

/// Who is named as the parker by the dialplan: `callpark_parker`, unless that is what we wrote there ourselves.
#[must_use]
pub fn named(channel: Channel<'_>) -> Option<Arc<str>> {
    let named = channel.variable("callpark_parker")?;
    if channel.variable(FOUND).as_ref() == Some(&named) {
        return None;
    }
    checked(channel, named)
}

/// Notes a parker that was found and not named, so that the next park does not take the one for the other.
pub fn remember(channel: Channel<'_>, found: Option<&str>) {
    channel.set_variable(FOUND, found);
}

/// Who transferred the call. First whom it was talking to: that leg is still there, or its name is; only that one can
/// have sent it. Then who the transfer says it was (Referred-By), which may be left over from an earlier transfer.
#[must_use]
pub fn of_transfer(channel: Channel<'_>) -> Option<Arc<str>> {
    let referred = channel.variable("sip_h_Referred-By").as_deref().and_then(address);
    let talked_to = channel
        .variable("last_bridge_to")
        .and_then(|uuid| Located::find(&uuid))
        .and_then(|leg| apps::user(leg.session().channel()));
    if let Some(user) = talked_to {
        return checked(channel, user.to_string());
    }
    let named = channel.variable("bridge_channel").as_deref().and_then(user_of_name);
    let found = match (referred, named) {
        // Both speak of the same one: Referred-By knows the domain.
        (Some(referred), Some(user)) if referred.split('@').next() == Some(&user) => referred,
        (Some(referred), None) => referred,
        (_, Some(user)) => format!("{user}@{}", core::domain()?),
        (None, None) => return None,
    };
    checked(channel, found)
}

/// The user in a channel's name, such as `sofia/internal/1000@192.0.2.1:5060`.
fn user_of_name(name: &str) -> Option<String> {
    let (user, _) = name.rsplit('/').next()?.split_once('@')?;
    let user = user.strip_prefix("sip:").unwrap_or(user);
    (!user.is_empty()).then(|| user.to_owned())
}

fn checked(channel: Channel<'_>, parker: String) -> Option<Arc<str>> {
    // An address is no domain: it is the switch's own, as phones know it.
    let parker = match parker.split_once('@') {
        Some((user, host)) if host.parse::<IpAddr>().is_ok() => {
            core::domain().map_or(parker.clone(), |domain| format!("{user}@{domain}"))
        }
        _ => parker,
    };
    if is_user_at_domain(&parker) {
        return Some(parker.into());
    }
    log::warning(
        None,
        format_args!(
            "the parker of {}, {parker:?}, is no user@domain: nobody is taken for it",
            channel.name()
        ),
    );
    None
}

/// `user@domain` in a SIP address such as `"Reception" <sip:1000@example.com:5060;transport=udp>`.
fn address(header: &str) -> Option<String> {
    let uri = header.split_once('<').map_or(header, |(_, rest)| rest);
    let uri = uri.split(['>', ';', '?']).next()?.trim();
    let uri = uri.strip_prefix("sips:").or_else(|| uri.strip_prefix("sip:"))?;
    let (user, host) = uri.split_once('@')?;
    let host = match host.strip_prefix('[') {
        Some(ipv6) => ipv6.split_once(']')?.0,
        None => host.split(':').next()?,
    };
    (!user.is_empty() && !host.is_empty()).then(|| format!("{user}@{host}"))
}

#[cfg(test)]
mod tests {
    use super::address;
    use crate::park::is_user_at_domain;

    #[test]
    fn nothing_that_means_something_in_a_dial_string_passes_for_a_parker() {
        for good in ["1000@example.com", "+49-30.1@a.b", "müller@a.b", "1@::1"] {
            assert!(is_user_at_domain(good), "{good}");
        }
        for bad in [
            "",
            "1000",
            "@",
            "1@",
            "@x",
            "1,loopback/9@x",
            "1|2@x",
            "{a=b}1@x",
            "1&2@x",
            "1@x/y",
            "a b@x",
            "1@x@y",
        ] {
            assert!(!is_user_at_domain(bad), "{bad}");
        }
    }

    #[test]
    fn addresses_are_read_as_phones_write_them() {
        for (header, expected) in [
            ("<sip:1000@example.com>", Some("1000@example.com")),
            ("\"Bob\" <sip:1000@example.com:5060;transport=udp>;x=y", Some("1000@example.com")),
            ("sips:1000@example.com?Replaces=1", Some("1000@example.com")),
            ("<sip:1000@[::1]:5060>", Some("1000@::1")),
            ("<sip:example.com>", None),
            ("tel:+49123", None),
            ("", None),
        ] {
            assert_eq!(address(header).as_deref(), expected, "{header}");
        }
    }
}
