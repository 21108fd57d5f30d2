//! How a call came to the application that it runs: it dialled, or another party sent it. A call that was sent is never
//! connected to a parked one by `callpark_key`.
//!
//! FreeSWITCH leaves marks of a transfer on a channel (`sip_refer_to`, `transfer_source`, `rdnis`), but never takes them
//! off again, and sets some of them late. Therefore each channel is watched from its beginning for what sends it elsewhere,
//! from inside or outside of a bridge, and for whether it has dialled since then. [`judge`] is the rule.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::switch::lock::Mutex;

use crate::leg::actor;
use crate::leg::behind;
use crate::leg::departed::Departed;
use crate::leg::parker;
use crate::leg::party::Party;
use crate::module::Module;
use crate::park::{Actor, CallUuid, LotKey, User};
use crate::switch::hooks::Move;
use crate::switch::{Channel, Session, application};

/// How a call came to the application that it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// This party dialled, or the dialplan behaves as if it had. It may be a consultation leg.
    Dialled(Party),
    /// This other party sent it here.
    Transferred(Party),
    /// It is the call of this party, which has another call on hold for it (`att_xfer`).
    Consulting(Party),
    /// We sent it here, for this parker.
    Sent(Option<User>, Actor),
}

impl Origin {
    /// How the call came that runs an application in a dialplan, on its own leg or on a loopback leg in front of it.
    #[must_use]
    pub(crate) fn in_dialplan(module: &Module, session: Session<'_>) -> Self {
        let caller = behind::caller(module, session);
        let own = caller.as_ref().map_or(session, |caller| caller.session());
        let channel = own.channel();
        match sender(module, session) {
            _ if caller.is_some() && behind::is_consulting(own) => {
                Self::Consulting(Party::of(channel))
            }
            None => Self::Dialled(Party::of(channel)),
            // It was not connected to a party that could have parked it.
            Some(SentBy::Other) => {
                let mut party = Party::of(channel);
                // What its own user may do does not matter.
                (party.user, party.facts.own) = (None, None);
                Self::Transferred(party)
            }
            Some(_) => Self::Transferred(parker::of_transfer(
                &Departed::of(module),
                channel,
                transferor(module, session),
            )),
        }
    }

    /// The party that parks it in `lot`, or has it retrieve there, for a parker that the dialplan may have named.
    #[must_use]
    pub(crate) fn actor(&self, module: &Module, lot: &LotKey, named: Option<&User>) -> Actor {
        match self {
            Self::Dialled(by) | Self::Transferred(by) | Self::Consulting(by) => {
                actor::of_named(module, by, named, lot)
            }
            Self::Sent(_, by) => by.clone(),
        }
    }

    /// The party that dialled or transferred it.
    #[must_use]
    pub(crate) fn party(self) -> Party {
        match self {
            Self::Dialled(by) | Self::Transferred(by) | Self::Consulting(by) => by,
            Self::Sent(user, _) => Party { user, ..Party::default() },
        }
    }

    /// The tenant whose lots the application means.
    #[must_use]
    pub(crate) fn domain(&self, channel: Channel<'_>) -> Option<String> {
        match self {
            Self::Dialled(by) | Self::Transferred(by) | Self::Consulting(by) => {
                domain_of(channel, by)
            }
            Self::Sent(..) => None,
        }
    }
}

/// The tenant whose lots the application means: that of the parker, or of the user that the dialplan names.
#[must_use]
pub(crate) fn domain_of(channel: Channel<'_>, by: &Party) -> Option<String> {
    by.domain.clone().or_else(|| parker::named_domain(channel))
}

/// What sent a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SentBy {
    /// The party it was connected to: REFER, an attended transfer, a feature code.
    Party,
    /// Something that was not connected to it: a command such as `uuid_transfer`, or a phone that forwards its calls.
    Other,
    /// Its INVITE says so: `Referred-By` or `Diversion`.
    Header,
    /// It was there before this module, and has been moved since it began.
    Unknown,
}

/// What is known of a call's way here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// What sent it most recently.
    pub sent: Option<SentBy>,
    /// What its INVITE says.
    pub invited: bool,
    /// It has dialled since then: an application asked for digits, and it pressed a key.
    pub dialled: bool,
}

/// The rule: a call that was sent counts as sent until it dials, however often its dialplan moves it.
#[must_use]
pub(crate) fn judge(facts: Facts) -> Option<SentBy> {
    if facts.dialled {
        return None;
    }
    facts.sent.or(facts.invited.then_some(SentBy::Header))
}

/// What moved a channel. `None` means its own dialplan.
#[must_use]
pub(super) fn mover(how: Move, at_its_own_wish: bool) -> Option<SentBy> {
    match how {
        Move { bridged: true, .. } => Some(SentBy::Party),
        Move { own_thread: true, commanded, .. } if !commanded || at_its_own_wish => None,
        Move { .. } => Some(SentBy::Other),
    }
}

/// Applications in which a caller dials: they ask for digits, or hand the call to a program that may.
const MENUS: [&str; 16] = [
    "ivr",
    "play_and_get_digits",
    "read",
    "bind_digit_action",
    "digit_action_set_realm",
    "authenticate",
    "callpark_retrieve",
    "directory",
    "httapi",
    "javascript",
    "lua",
    "managed",
    "perl",
    "python",
    "python3",
    "voicemail",
];
/// The application that lets a program at the other end of an event socket be the dialplan.
pub(super) const CONTROLLER: &str = "socket";

/// How long after a key its action may come: FreeSWITCH waits for further digits.
const KEY_ACTS_WITHIN: Duration = Duration::from_secs(5);

fn asks(application: &str) -> bool {
    application == CONTROLLER || MENUS.contains(&application)
}

/// The way of one channel.
#[derive(Default)]
pub(super) struct Way {
    pub bridge: Bridge,
    pub sent: Option<Sent>,
    /// It dialled before anything sent it, which matters for what its INVITE says.
    pub dialled: Dialled,
}

/// Whether a channel is in a bridge. The flag FreeSWITCH has for that is gone already when another thread takes the channel
/// out and the bridge is quick to end.
#[derive(Clone, Copy, Default)]
pub(super) enum Bridge {
    #[default]
    Never,
    In,
    Over(Instant),
}

impl Bridge {
    pub(super) fn just_now(self) -> bool {
        const JUST_NOW: Duration = Duration::from_secs(1);
        match self {
            Self::Never => false,
            Self::In => true,
            Self::Over(at) => at.elapsed() < JUST_NOW,
        }
    }
}

pub(super) struct Sent {
    pub by: SentBy,
    /// It was sent before, and has not been in a bridge in between.
    pub again: bool,
    /// The leg it was connected to then.
    pub from: Option<String>,
    pub dialled: Dialled,
}

/// Whether a channel has dialled since a moment.
#[derive(Clone, Copy, Default)]
pub(super) struct Dialled {
    /// How many applications it had run by then, if known.
    pub from: Option<usize>,
    yes: bool,
    /// When it pressed its last key.
    at: Option<Instant>,
    /// A key came from another thread, which cannot see what the channel runs.
    unseen: bool,
}

impl Dialled {
    /// Only its own thread looks at what it runs.
    fn look(&mut self, applications: &[String]) {
        let since = self.from.and_then(|from| applications.get(from..)).unwrap_or_default();
        self.yes |= since.iter().any(|application| asks(application));
    }
}

impl Dialled {
    pub(super) fn just_now(&self) -> bool {
        self.yes && self.at.is_some_and(|at| at.elapsed() < KEY_ACTS_WITHIN)
    }
}

impl Way {
    pub(super) fn dialled(&mut self) -> &mut Dialled {
        match &mut self.sent {
            Some(sent) => &mut sent.dialled,
            None => &mut self.dialled,
        }
    }

    pub(super) fn key(&mut self, applications: Option<&[String]>) {
        self.dialled().at = Some(Instant::now());
        match applications {
            Some(applications) => self.dialled().look(applications),
            None => self.dialled().unseen = true,
        }
    }

    pub(super) fn settle(&mut self, applications: &[String]) {
        let dialled = self.dialled();
        if dialled.unseen {
            dialled.unseen = false;
            dialled.look(applications);
        }
    }
}

/// The ways of all channels. One lock, a leaf.
#[derive(Default)]
pub(crate) struct Ways(Mutex<HashMap<CallUuid, Way>>);

impl Ways {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// A channel begins.
    pub(super) fn begins(&self, session: Session<'_>) {
        let dialled = Dialled { from: Some(0), ..Dialled::default() };
        let way = Way { dialled, ..Way::default() };
        let uuid = CallUuid::from(session.uuid().as_str());
        self.0.lock().insert(uuid, way);
    }

    /// A channel has ended.
    pub(super) fn ends(&self, session: Session<'_>) {
        let uuid = CallUuid::from(session.uuid().as_str());
        self.0.lock().remove(&uuid);
    }

    pub(super) fn with<T>(
        &self,
        session: Session<'_>,
        look: impl FnOnce(&mut Way) -> T,
    ) -> Option<T> {
        let uuid = CallUuid::from(session.uuid().as_str());
        self.0.lock().get_mut(&uuid).map(look)
    }
}

/// What is known of a channel's way. For a channel that is older than the module, what its marks say.
fn facts(module: &Module, session: Session<'_>) -> Facts {
    let channel = session.channel();
    let invited = sent_by_its_invite(channel);
    let applications = session.in_its_thread().then(|| application::names(session));
    let known = Ways::of(module).with(session, |way| {
        if let Some(applications) = &applications {
            way.settle(applications);
        }
        Facts { sent: way.sent.as_ref().map(|sent| sent.by), invited, dialled: way.dialled().yes }
    });
    known.unwrap_or_else(|| {
        let has = |name| channel.variable(name).is_some();
        let moved = ["sip_refer_to", "transfer_source", "rdnis"].into_iter().any(has);
        Facts { sent: moved.then_some(SentBy::Unknown), invited, dialled: false }
    })
}

/// Whether the INVITE with which a call came says that another party sent it.
fn sent_by_its_invite(channel: Channel<'_>) -> bool {
    channel.variable("direction").as_deref() == Some("inbound")
        && ["sip_referred_by_user", "sip_h_Diversion"]
            .into_iter()
            .any(|name| channel.variable(name).is_some())
}

/// What sent the call that runs an application of ours, on its own leg or on a loopback leg in front of it.
fn sender(module: &Module, session: Session<'_>) -> Option<SentBy> {
    let legs = behind::legs(module, session);
    let mut sessions = std::iter::once(session).chain(legs.iter().map(|leg| leg.session()));
    sessions.find_map(|one| judge(facts(module, one)))
}

/// The leg that a call was connected to when it was sent here. It may have hung up since. For a loopback leg, the leg of
/// the call behind it. `None` if the call was not connected, or that is not known.
fn transferor(module: &Module, session: Session<'_>) -> Option<String> {
    let from = |one| Ways::of(module).with(one, |way| way.sent.as_ref()?.from.clone()).flatten();
    let legs = behind::legs(module, session);
    from(session).or_else(|| legs.iter().find_map(|leg| from(leg.session())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: Facts = Facts { sent: Some(SentBy::Party), invited: false, dialled: false };

    #[test]
    fn a_call_that_nobody_sent_has_dialled() {
        assert_eq!(judge(Facts::default()), None);
        assert_eq!(judge(Facts { dialled: true, ..Facts::default() }), None);
    }

    #[test]
    fn a_call_that_was_sent_stays_sent_until_it_dials() {
        assert_eq!(judge(SENT), Some(SentBy::Party));
        assert_eq!(judge(Facts { dialled: true, ..SENT }), None);
        assert_eq!(judge(Facts { invited: true, ..SENT }), Some(SentBy::Party));
        assert_eq!(judge(Facts { invited: true, ..Facts::default() }), Some(SentBy::Header));
        assert_eq!(judge(Facts { invited: true, dialled: true, ..Facts::default() }), None);
    }

    #[test]
    fn only_its_own_dialplan_moves_a_call_without_sending_it() {
        let own = Move { own_thread: true, bridged: false, commanded: false };
        assert_eq!(mover(own, false), None);
        assert_eq!(mover(Move { bridged: true, ..own }, false), Some(SentBy::Party));
        assert_eq!(mover(Move { own_thread: false, ..own }, false), Some(SentBy::Other));
        let commanded = Move { commanded: true, ..own };
        assert_eq!(mover(commanded, false), Some(SentBy::Other));
        // Its dialplan is a program at the other end of an event socket.
        assert_eq!(mover(commanded, true), None);
        assert_eq!(mover(Move { bridged: true, ..commanded }, true), Some(SentBy::Party));
        assert_eq!(
            mover(Move { own_thread: false, bridged: true, commanded: false }, false),
            Some(SentBy::Party)
        );
    }

    fn ran(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_key_counts_only_in_an_application_that_asks_for_digits() {
        let sent = || Way {
            sent: Some(Sent {
                by: SentBy::Party,
                again: false,
                from: None,
                dialled: Dialled { from: Some(1), ..Dialled::default() },
            }),
            ..Way::default()
        };
        // What it ran before it was sent does not count.
        let mut way = sent();
        way.key(Some(&ran(&["ivr", "playback"])));
        assert!(!way.dialled().yes);
        way.key(Some(&ran(&["ivr", "playback", "play_and_get_digits"])));
        assert!(way.dialled().yes);
        // A key from another thread is looked at later.
        let mut way = sent();
        way.key(None);
        way.settle(&ran(&["bridge", "ivr", "transfer"]));
        assert!(way.dialled().yes);
        let mut way = sent();
        way.settle(&ran(&["bridge", "ivr", "transfer"]));
        assert!(!way.dialled().yes);
    }
}
