//! What a leg is for that the module sends to the application `callpark`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::switch::lock::Mutex;

use crate::leg::errand::{ARRIVES_WITHIN_MS, Purpose};
use crate::leg::origin::Origin;
use crate::leg::party::{Marks, Party};
use crate::module::Module;
use crate::module::tokens::Tokens;
use crate::park::{Actor, CallUuid, LotKey, Pick, User, Want};
use crate::switch::guard::OnPanic;
use crate::switch::{Located, Session};

/// What a leg is to do when it arrives.
pub(crate) enum Arrival {
    /// Be parked.
    Park {
        /// The lot.
        lot: LotKey,
        /// The orbit, if the one that is held for it has lapsed.
        orbit: Want,
        /// The parker.
        parker: Option<User>,
        /// The party that parks it, if no orbit is held for it any more.
        by: Actor,
        /// The consultation leg whose orbit it takes over.
        heir_of: Option<CallUuid>,
        /// The leg that it talks to, if it is to be parked out of that call and of no other.
        talks_to: Option<CallUuid>,
    },
    /// Take the place of a parked leg.
    Replace(Replacement),
    /// Be parked in place of the loopback leg that stood for it.
    ParkThrough {
        /// The lot.
        lot: LotKey,
        /// The orbit that is held for it.
        orbit: Want,
        /// How it came there.
        came: Origin,
    },
    /// Retrieve in place of the loopback leg that stood for it.
    RetrieveThrough {
        /// The lot.
        lot: LotKey,
        /// Which call.
        pick: Pick,
        /// The retriever.
        by: Party,
    },
    /// Hear where that call is, and be hung up.
    Tell(CallUuid),
}

impl Purpose for Arrival {
    fn talks_to(&self) -> Option<&CallUuid> {
        match self {
            Self::Park { talks_to, .. } => talks_to.as_ref(),
            _ => None,
        }
    }
}

/// What the new leg of a parked call is to know.
pub(crate) struct Replacement {
    /// The leg whose place it takes.
    pub of: CallUuid,
    /// That leg dialled here itself, so that it may be a consultation, and the new leg another party.
    pub consultation: bool,
    /// The parker in that case.
    pub parker: Option<User>,
    /// The party of the old leg, by its own account.
    pub marks: Marks,
    /// What the old leg's variables said about how it is parked.
    pub variables: Vec<(&'static str, String)>,
}

/// Those that are out.
pub(crate) fn errands(module: &Module) -> Arc<Tokens<Arrival>> {
    module.table()
}

/// Legs that have set off, for which orbits are kept. One thread looks after all of them.
#[derive(Default)]
struct Expected(Mutex<Legs>);

#[derive(Default)]
struct Legs {
    /// Those that it does not know yet.
    new: Vec<Leg>,
    /// There is such a thread.
    watched: bool,
}

/// One of them.
struct Leg {
    token: String,
    uuid: CallUuid,
    /// When it was last seen on its way.
    seen: Instant,
}

/// Keeps the orbit for a leg that has set off, until it is there or gone. Returns at once.
pub(crate) fn expect(module: &Arc<Module>, token: &str, leg: &str) {
    let expected = module.table::<Expected>();
    let leg = Leg { token: token.to_owned(), uuid: CallUuid::from(leg), seen: Instant::now() };
    let watched = {
        let mut legs = expected.0.lock();
        legs.new.push(leg);
        std::mem::replace(&mut legs.watched, true)
    };
    let theirs = Arc::clone(module);
    if !watched && module.threads.ask(move || watch(&theirs)).is_err() {
        let legs = std::mem::take(&mut *expected.0.lock());
        for leg in legs.new {
            errands(module).lapse(&leg.token);
        }
    }
}

/// Looks after those that are expected, until there are none.
fn watch(module: &Arc<Module>) {
    const LOOK: Duration = Duration::from_millis(50);
    let expected = module.table::<Expected>();
    let _ends = OnPanic(|| expected.0.lock().watched = false);
    let mut known = Vec::new();
    loop {
        {
            let mut legs = expected.0.lock();
            known.append(&mut legs.new);
            legs.watched = !known.is_empty() && !module.is_stopping();
            if !legs.watched {
                return;
            }
        }
        known.retain_mut(|leg| is_awaited(module, leg));
        std::thread::sleep(LOOK);
    }
}

/// Looks where a leg is; whether it may still come.
fn is_awaited(module: &Arc<Module>, leg: &mut Leg) -> bool {
    /// Somebody else has sent it elsewhere if it does neither come nor is on its way for so long.
    const ASTRAY: Duration = Duration::from_secs(2);
    let Leg { token, uuid, seen } = leg;
    if !errands(module).is_out(token) {
        return false;
    }
    match Located::find(uuid.as_str()) {
        Some(leg) if leg.session().channel().on_its_way() => *seen = Instant::now(),
        Some(_) if seen.elapsed() < ASTRAY => {}
        _ => {
            if errands(module).take(token).is_some() {
                module.act(None, |park, _| park.unreserve(uuid));
            }
            return false;
        }
    }
    module.act(None, |park, now| {
        if let Some(held) = park.reservation(uuid) {
            // The same want prolongs it. This cannot be refused, because the orbit is held already.
            let want = Want::Orbit(held.orbit);
            drop(park.reserve(now, uuid, &held.lot, want, ARRIVES_WITHIN_MS));
        }
    });
    true
}

/// The leg takes over what the consultation leg `holder` has, which is still in the orbit, or has left it and is awaited.
pub(crate) fn inherit(module: &Arc<Module>, heir: Session<'_>, holder: &CallUuid) {
    let heir = CallUuid::from(heir.uuid().as_str());
    module.act(None, |park, now| park.hand_on(now, holder, &heir, ARRIVES_WITHIN_MS));
}
