//! `callpark may`: whether a user may do something, and which rule says so.

use std::sync::Arc;

use super::{Answer, Error, Verb};
use crate::args;
use crate::leg::actor;
use crate::module::Module;
use crate::park::{LotKey, Refusal, Right};

pub(super) const VERB: Verb = Verb {
    name: "may",
    syntax: "<user> <action> <lot> [<orbit>]",
    about: "Says `yes` or `no`, and which rule says so: whether that user of the directory may `park`, `retrieve`, `list`, \
            `see` or `admin` in the lot. See [Who may do what](#who-may-do-what)",
    complete: &[],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let (user, right, name, orbit) = match *words {
        [user, right, lot] => (user, right, lot, None),
        [user, right, lot, orbit] => (user, right, lot, Some(args::orbit(orbit)?)),
        _ => return Err(Refusal::BadArguments.into()),
    };
    let bad = |text: String| Error::new(Refusal::BadArguments, text);
    let user = super::user(user)?;
    let right: Right = right.parse().map_err(|error| bad(format!("{right:?} {error}")))?;
    let lot = module.look(|park| -> Result<LotKey, Refusal> {
        // As that user means it, or else a lot that this user does not see.
        let lot = args::lot(park, name, Some(user.domain()));
        let lot = lot.or_else(|_| args::lot(park, name, None))?;
        match &orbit {
            Some(orbit) if !park.has_orbit(&lot, orbit) => Err(Refusal::UnknownOrbit),
            _ => Ok(lot),
        }
    })?;
    let actor = actor::of_user(module, &user, &lot);
    let permit = module.look(|park| park.may(right, &lot, &actor));
    let answer = if permit.allowed { "yes" } else { "no" };
    Ok(format!("{answer}: {}\n", permit.rule))
}
