//! Who parked a call.

use std::sync::Arc;

use crate::switch::Channel;

/// `user@domain` of whoever parks the call, if the channel tells.
#[must_use]
pub fn find(channel: Channel<'_>) -> Option<Arc<str>> {
    channel
        .variable("callpark_parker")
        .or_else(|| channel.variable("sip_h_Referred-By").as_deref().and_then(address))
        .map(Arc::from)
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
