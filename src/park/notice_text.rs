//! The text of a message about a parked call, with `${…}` for what is known of the call.

use std::str::FromStr;

use super::text::shortened;

/// The longest text, in bytes.
const LONGEST: usize = 500;
/// The longest name that an error repeats, in characters.
const LONGEST_QUOTED: usize = 40;
/// What counts if the administrator says nothing.
const USUAL: &str =
    "${callpark_notice} at ${callpark_orbit}: ${caller_id_name} <${caller_id_number}>";

/// What such a text can contain of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Why the message is sent: `Parked`, or `Parked for you`.
    Notice,
    /// The lot.
    Lot,
    /// The orbit.
    Orbit,
    /// The caller's name, as far as the recipient may see it.
    Name,
    /// The caller's number, as far as the recipient may see it.
    Number,
    /// The parker.
    Parker,
    /// The user for whom the call is meant.
    For,
    /// The note, as far as the recipient may see it.
    Note,
    /// A link with which the recipient takes the call.
    Link,
}

impl Known {
    /// All of them, and how a text names them.
    pub const ALL: [(Known, &'static str); 9] = [
        (Known::Notice, "callpark_notice"),
        (Known::Lot, "callpark_lot"),
        (Known::Orbit, "callpark_orbit"),
        (Known::Name, "caller_id_name"),
        (Known::Number, "caller_id_number"),
        (Known::Parker, "callpark_parker"),
        (Known::For, "callpark_for"),
        (Known::Note, "callpark_note"),
        (Known::Link, "callpark_link"),
    ];
}

/// The text of a message about a parked call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeText(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Of(Known),
}

/// It is not such a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNoticeText {
    /// Nothing has that name.
    #[error("{0:?} is not one of the names that a message can contain")]
    Unknown(String),
    /// A `${` without its brace.
    #[error("a ${{ is not closed")]
    Open,
    /// It is longer than a message may be.
    #[error("is longer than {LONGEST} bytes")]
    TooLong,
}

impl FromStr for NoticeText {
    type Err = BadNoticeText;

    fn from_str(text: &str) -> Result<Self, BadNoticeText> {
        if text.len() > LONGEST {
            return Err(BadNoticeText::TooLong);
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, tail) = after.split_once('}').ok_or(BadNoticeText::Open)?;
            let known = Known::ALL.iter().find(|(_, known)| *known == name);
            let (known, _) = known.ok_or_else(|| {
                BadNoticeText::Unknown(shortened(name, LONGEST_QUOTED).into_owned())
            })?;
            pieces.extend((!before.is_empty()).then(|| Piece::Text(before.to_owned())));
            pieces.push(Piece::Of(*known));
            rest = tail;
        }
        pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.to_owned())));
        Ok(NoticeText(pieces))
    }
}

impl Default for NoticeText {
    fn default() -> Self {
        // The unit test reads it.
        USUAL.parse().unwrap_or(NoticeText(Vec::new()))
    }
}

impl NoticeText {
    /// The text with its values, which are expanded no further.
    #[must_use]
    pub fn filled(&self, value: impl Fn(Known) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Of(known) => value(*known),
        };
        self.0.iter().map(piece).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> String {
        let value = |known| match known {
            Known::Orbit => "701".to_owned(),
            Known::Name => "${callpark_link}".to_owned(),
            known => format!("{known:?}"),
        };
        text.parse::<NoticeText>().unwrap().filled(value)
    }

    #[test]
    fn values_go_in_and_are_not_expanded() {
        assert_eq!(filled("${callpark_orbit}: ${caller_id_name}!"), "701: ${callpark_link}!");
        assert_eq!(filled(USUAL), "Notice at 701: ${callpark_link} <Number>");
        assert_eq!(filled("$ {callpark_orbit} $${callpark_lot}"), "$ {callpark_orbit} $Lot");
        for (known, name) in Known::ALL {
            let text: NoticeText = format!("${{{name}}}").parse().unwrap();
            assert_eq!(text.filled(|found| format!("{}", found == known)), "true");
        }
        assert_ne!(NoticeText::default(), NoticeText(Vec::new()));
    }

    #[test]
    fn what_cannot_be_filled_in_is_named() {
        let error = |text: &str| text.parse::<NoticeText>().unwrap_err();
        assert_eq!(error("${callpark_pin}"), BadNoticeText::Unknown("callpark_pin".into()));
        assert_eq!(error("a ${callpark_orbit"), BadNoticeText::Open);
        assert_eq!(error(&"x".repeat(501)), BadNoticeText::TooLong);
    }
}
