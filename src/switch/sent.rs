//! What of a channel its phone has sent.

/// A field of a caller's profile, or a variable of its call, that holds what the far end has sent. `Channel::sent` reads
/// it; `make check` sees to it that nothing else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SentField(&'static str);

macro_rules! sent {
    ($($name:ident $variable:literal)*) => {
        impl SentField {
            $(#[doc = concat!("`", $variable, "`")] pub(crate) const $name: Self = Self($variable);)*

            /// All of them.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

sent! {
    CALLER_ID_NAME "caller_id_name"
    CALLER_ID_NUMBER "caller_id_number"
    ANI "ani"
    ANIII "aniii"
    RDNIS "rdnis"
    DESTINATION_NUMBER "destination_number"
    CALLEE_ID_NAME "callee_id_name"
    CALLEE_ID_NUMBER "callee_id_number"
    PRESENCE_ID "presence_id"
    FROM_USER "sip_from_user"
    FROM_DISPLAY "sip_from_display"
    FROM_HOST "sip_from_host"
    TO_USER "sip_to_user"
    CONTACT_USER "sip_contact_user"
    REFERRED_BY "sip_h_Referred-By"
    BRIDGE_CHANNEL "bridge_channel"
}

impl SentField {
    /// What FreeSWITCH calls it.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        self.0
    }
}
