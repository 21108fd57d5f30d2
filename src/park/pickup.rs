//! The pick-up tone of a lot.

use std::str::FromStr;

/// A tone that tells the caller or the retriever that the two are connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickupTone {
    /// The retriever hears it.
    pub retriever: bool,
    /// The caller hears it.
    pub caller: bool,
    /// A file or stream.
    pub stream: String,
}

/// A side, and no tone for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("does not name a tone")]
pub struct NoTone;

impl FromStr for PickupTone {
    type Err = NoTone;

    /// `[retriever|caller|both:]<file or stream>`. Without a side, the retriever hears it.
    fn from_str(text: &str) -> Result<Self, NoTone> {
        let (side, stream) = match text.split_once(':') {
            Some((side @ ("retriever" | "caller" | "both"), stream)) => (side, stream),
            _ => ("retriever", text),
        };
        if stream.trim().is_empty() || ["retriever", "caller", "both"].contains(&stream) {
            return Err(NoTone);
        }
        Ok(PickupTone {
            retriever: side != "caller",
            caller: side != "retriever",
            stream: stream.trim().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::PickupTone;

    #[test]
    fn a_tone_is_for_one_side_or_both() {
        for (text, retriever, caller, stream) in [
            ("tone_stream://%(200,0,880)", true, false, "tone_stream://%(200,0,880)"),
            ("retriever:a.wav", true, false, "a.wav"),
            ("caller:tone_stream://x", false, true, "tone_stream://x"),
            ("both: b.wav", true, true, "b.wav"),
        ] {
            let tone: PickupTone = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((tone.retriever, tone.caller), (retriever, caller), "{text}");
            assert_eq!(tone.stream, stream, "{text}");
        }
        for text in ["", " ", "both:", "caller: ", "both"] {
            assert!(text.parse::<PickupTone>().is_err(), "{text:?}");
        }
    }
}
