//! The headers of Standard Webhooks, by which a receiver knows that a message is from here and was not sent before.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::settings::Secret;

/// Names and values.
pub(super) type Headers = Vec<(&'static str, String)>;

/// The headers of that message, sent at that moment, in seconds since 1970. The id is the same whenever it is sent again.
pub(super) fn headers(secret: &Secret, id: &str, at_s: i64, body: &[u8]) -> Headers {
    // HMAC takes a key of any length.
    let signature = Hmac::<Sha256>::new_from_slice(&secret.0).map(|mut mac| {
        mac.update(format!("{id}.{at_s}.").as_bytes());
        mac.update(body);
        STANDARD.encode(mac.finalize().into_bytes())
    });
    vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at_s.to_string()),
        ("webhook-signature", format!("v1,{}", signature.unwrap_or_default())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, <https://github.com/standard-webhooks/standard-webhooks>.
    #[test]
    fn the_example_of_the_specification_is_signed_as_there() {
        let secret: Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let headers = headers(
            &secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(headers[2].1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn keys_are_neither_short_nor_long_nor_shown() {
        assert!(format!("{:?}", Secret(vec![7; 24])).contains("***"));
        for text in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%"] {
            assert!(text.parse::<Secret>().is_err(), "{text}");
        }
    }
}
