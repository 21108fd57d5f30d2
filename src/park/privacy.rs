//! Who learns who is parked: [`LotConfig::shown_to`](super::LotConfig::shown_to) decides for everything that shows a caller.

use super::caller::Caller;

/// How a lot keeps the names and numbers of its callers, and the notes about them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privacy {
    /// Whoever sees the call sees its caller.
    #[default]
    Off,
    /// Only those see the caller whom a rule allows to, and those whose call it is.
    On,
    /// In addition, events, the log and the journal have a masked caller, and so have lists for administrators.
    Strict,
}

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Whoever watches a lamp. FreeSWITCH sends the same to all of them.
    Lamp,
    /// A person. `sees`: what a rule says about that, if one does. `own`: it is the parker, the addressee or the retriever
    /// of the call.
    Person {
        /// What a rule says.
        sees: Option<bool>,
        /// Whether it is this person's call.
        own: bool,
    },
    /// Whoever gives commands for nobody in particular: the console, an event socket.
    Administrator,
    /// Programs that hear the events, and the log.
    Event,
    /// The journal.
    Record,
}

/// How much of the caller is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Name, number and note.
    All,
    /// The number without its last digits, the first letter of the name, and no note.
    Masked,
    /// Nothing.
    Nothing,
}

impl Privacy {
    /// How much of this caller is shown to that viewer, in a lot with this privacy.
    #[must_use]
    pub fn shown_to(self, viewer: Viewer, caller: &Caller) -> Shown {
        let private = self != Privacy::Off;
        match viewer {
            Viewer::Lamp if private || caller.private => Shown::Nothing,
            Viewer::Lamp | Viewer::Person { sees: Some(true), .. } => Shown::All,
            Viewer::Person { sees: Some(false), .. } => Shown::Masked,
            Viewer::Person { sees: None, own } => {
                if private && !own {
                    Shown::Masked
                } else {
                    Shown::All
                }
            }
            Viewer::Administrator | Viewer::Event | Viewer::Record => {
                if self == Privacy::Strict {
                    Shown::Masked
                } else {
                    Shown::All
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRANGER: Viewer = Viewer::Person { sees: None, own: false };

    #[test]
    fn who_sees_what() {
        use Privacy::{Off, On, Strict};
        use Shown::{All, Masked, Nothing};
        let allowed = Viewer::Person { sees: Some(true), own: false };
        let denied = Viewer::Person { sees: Some(false), own: true };
        let own = Viewer::Person { sees: None, own: true };
        let open = Caller::new("Ada", "+49301234567");
        for (viewer, expected) in [
            (Viewer::Lamp, [All, Nothing, Nothing]),
            (STRANGER, [All, Masked, Masked]),
            (own, [All, All, All]),
            (allowed, [All, All, All]),
            (denied, [Masked, Masked, Masked]),
            (Viewer::Administrator, [All, All, Masked]),
            (Viewer::Event, [All, All, Masked]),
            (Viewer::Record, [All, All, Masked]),
        ] {
            let seen = [Off, On, Strict].map(|privacy| privacy.shown_to(viewer, &open));
            assert_eq!(seen, expected, "{viewer:?}");
        }
        let shy = Caller { private: true, ..open };
        assert_eq!(Off.shown_to(Viewer::Lamp, &shy), Nothing);
        assert_eq!(Off.shown_to(STRANGER, &shy), All);
    }
}
