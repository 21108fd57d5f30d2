//! Who logs in.

use office::audit::Act;
use office::entry::Place;
use office::web::{Attempt, Scope, Who};

use crate::journal::Keeper;
use crate::leg::party;
use crate::module::Module;
use crate::park::User;
use crate::switch::{api, clock};

/// What a user's password for the web is in the directory. The password of a voicemail box is four digits, and no more.
const PASSWORD: &str = "callpark-password";
/// The longest password.
const LONGEST: usize = 256;

/// That user, if it is known and the password is the right one. Asks the directory, which can take a moment.
pub(super) fn user(attempt: &Attempt) -> Option<Who> {
    let (name, password) = match attempt {
        Attempt::Password { user, password } => (user, Some(password)),
        Attempt::Vouched(user) => (user, None),
    };
    let user: User = name.parse().ok()?;
    if !party::exists(&user) {
        return None;
    }
    if let Some(password) = password {
        let known = known_password(&user)?;
        if password.len() > LONGEST || !same(&known, password) {
            return None;
        }
    }
    Some(Who {
        name: user.to_string(),
        user: Some(user.to_string()),
        domain: Some(user.domain().to_owned()),
        // What a user may do is for the rules of the lots to say.
        scope: Scope::Admin,
        lots: Vec::new(),
    })
}

/// The password that the directory has: a param, or a variable.
fn known_password(user: &User) -> Option<String> {
    ["param", "var"].into_iter().find_map(|kind| {
        let answer = api::execute("user_data", &format!("{user} {kind} {PASSWORD}"))?;
        let answer = answer.trim_end_matches(['\r', '\n']);
        (!answer.is_empty() && !answer.starts_with("-ERR")).then(|| answer.to_owned())
    })
}

/// Whether two texts are the same, in a time that says nothing about where they differ.
fn same(one: &str, other: &str) -> bool {
    let differs = one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    differs == 0 && one.len() == other.len()
}

/// Writes down that somebody has logged in, or was kept away.
pub(super) fn logged_in(module: &Module, who: &str, result: &'static str) {
    Keeper::of(module).audit(Act {
        at_ms: i64::try_from(clock::epoch_ms()).unwrap_or(i64::MAX),
        actor: who.to_owned(),
        action: "login".to_owned(),
        place: Place::default(),
        uuid: String::new(),
        result: result.to_owned(),
        detail: "web".to_owned(),
    });
}
