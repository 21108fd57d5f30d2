//! The words with which people are named instead of orbits: `user:<user>`, `group:<group>`, `mine` and `last`.

use crate::args;
use crate::leg::party;
use crate::park::{LotKey, Pick, Refusal, User, Want};
use crate::switch::{api, core};

/// The most users at whose extensions a free one is looked for.
const MOST_USERS: usize = 200;

const USER: &str = "user:";
const GROUP: &str = "group:";

/// Which call `word` means to `own`, who is in that domain: an orbit, `next`, `user:<user>`, `mine` or `last`.
///
/// # Errors
/// `BadArguments`; `Denied`: `own` is not known.
pub(crate) fn pick(
    word: &str,
    lot: &LotKey,
    own: Option<&User>,
    domain: Option<&str>,
) -> Result<Pick, Refusal> {
    match word {
        "next" => Ok(Pick::Next),
        "mine" => own.cloned().map(Pick::For).ok_or(Refusal::Denied),
        "last" => own.cloned().map(Pick::LastOf).ok_or(Refusal::Denied),
        word => match word.strip_prefix(USER) {
            Some(name) => user(name, lot, domain).map(Pick::For),
            None => args::orbit(word).map(Pick::Orbit),
        },
    }
}

/// Where `word` means to park a call of `own`, who is in that domain: an orbit, `auto`, `user:<user>,…`, `group:<group>` or
/// `mine`. This may ask the directory.
///
/// # Errors
/// `BadArguments`; `UnknownOrbit`: there is no such user, or nobody in such a group; `Denied`: `own` is not known.
pub(crate) fn want(
    word: Option<&str>,
    lot: &LotKey,
    domain: Option<&str>,
    own: &dyn Fn() -> Option<User>,
) -> Result<Want, Refusal> {
    let Some(word) = word else { return Ok(Want::Auto) };
    let users = if word == "mine" {
        vec![own().ok_or(Refusal::Denied)?]
    } else if let Some(names) = word.strip_prefix(USER) {
        let users = names.split(',').take(MOST_USERS + 1).map(|name| user(name, lot, domain));
        let users = users.collect::<Result<Vec<_>, _>>()?;
        if users.len() > MOST_USERS {
            return Err(Refusal::BadArguments);
        }
        if !users.iter().all(party::exists) {
            return Err(Refusal::UnknownOrbit);
        }
        users
    } else if let Some(group) = word.strip_prefix(GROUP) {
        let mut users = members(group, &home(lot, domain).ok_or(Refusal::UnknownOrbit)?)?;
        // Hunting begins with the parker.
        if let Some(at) = own().and_then(|own| users.iter().position(|user| *user == own)) {
            users.rotate_left(at);
        }
        users
    } else {
        return args::want(Some(word));
    };
    Ok(Want::At(users.into()))
}

/// The user of that name, in the domain of whoever names it if none is named.
fn user(name: &str, lot: &LotKey, domain: Option<&str>) -> Result<User, Refusal> {
    let user = match name.contains('@') {
        true => name.parse::<User>(),
        false => User::new(name, &home(lot, domain).ok_or(Refusal::BadArguments)?),
    };
    let user = user.map_err(|_| Refusal::BadArguments)?;
    // A tenant does not reach the users of another one.
    match domain.is_none_or(|domain| domain == user.domain()) {
        true => Ok(user),
        false => Err(Refusal::UnknownOrbit),
    }
}

/// The domain in which users are looked for.
fn home(lot: &LotKey, domain: Option<&str>) -> Option<String> {
    let of_lot = lot.domain.as_deref();
    domain.or(of_lot).map(str::to_owned).or_else(core::domain)
}

/// The users of a group of the directory, in its order. Only those that FreeSWITCH has in its own XML are found.
fn members(group: &str, domain: &str) -> Result<Vec<User>, Refusal> {
    // It goes into a command.
    User::new(group, domain).map_err(|_| Refusal::BadArguments)?;
    let list = api::execute("list_users", &format!("group {group} domain {domain}"));
    let users = read_members(&list.unwrap_or_default(), group, domain);
    if users.is_empty() { Err(Refusal::UnknownOrbit) } else { Ok(users) }
}

/// The users in a list such as `userid|context|domain|group|…`, with a line for each user and each of the user's groups.
fn read_members(list: &str, group: &str, domain: &str) -> Vec<User> {
    let mut users = Vec::new();
    for line in list.lines() {
        let mut fields = line.split('|');
        let (Some(id), Some(_), Some(at), Some(of)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        if of.eq_ignore_ascii_case(group)
            && at.eq_ignore_ascii_case(domain)
            && let Ok(user) = User::new(id, domain)
            && !users.contains(&user)
            && users.len() < MOST_USERS
        {
            users.push(user);
        }
    }
    users
}
