//! What requests contain. What is not known is an error, so that a mistyped name does not change nothing in silence.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::ToSchema;

use super::super::host::Problem;

/// `POST /v1/login`: a token, or a user and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    /// The text of a token.
    pub token: Option<String>,
    /// `user@domain`.
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
}

/// `POST /v1/calls/{uuid}/retrieve`
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Retrieve {
    /// A user, a channel, or a dial string. Without it, the phone of whoever asks.
    #[serde(alias = "user", alias = "uuid", alias = "dial_string")]
    pub to: Option<String>,
}

/// `POST /v1/calls/{uuid}/move`
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Move {
    /// The lot. Without it, the same.
    pub lot: Option<String>,
    /// The orbit. Without it, or `auto`: any.
    pub orbit: Option<String>,
}

/// `POST /v1/calls/{uuid}/set`
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Set {
    /// Seconds from now; 0: never.
    timeout: Option<u64>,
    /// 0 to 9.
    #[schema(minimum = 0, maximum = 9)]
    priority: Option<u64>,
    /// A note.
    note: Option<String>,
    /// `user@domain`, or empty.
    r#for: Option<String>,
}

impl Set {
    /// As `callpark set` has them.
    ///
    /// # Errors
    /// There are none.
    pub(super) fn changes(self) -> Result<BTreeMap<String, String>, Problem> {
        let Set { timeout, priority, note, r#for } = self;
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        let all = [
            ("timeout", number(timeout)),
            ("priority", number(priority)),
            ("note", note),
            ("for", r#for),
        ];
        let all = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let changes: BTreeMap<_, _> = all.collect();
        if changes.is_empty() {
            return Err(Problem::bad("nothing is to be changed"));
        }
        Ok(changes)
    }
}

/// `POST /v1/calls/{uuid}/return`
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Return {}

/// `POST /v1/calls/{uuid}/announce`
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Announce {}

/// `POST /v1/calls/{uuid}/drop`
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Drop {
    /// The cause of the hang-up, by the name or number that FreeSWITCH has for it.
    pub cause: Option<String>,
}

/// `POST /v1/park`
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Park {
    /// The channel. Without it, the party that the user is talking to.
    pub uuid: Option<String>,
    /// The lot; `default`.
    pub lot: Option<String>,
    /// The orbit. Without it, or `auto`: any.
    pub orbit: Option<String>,
}
