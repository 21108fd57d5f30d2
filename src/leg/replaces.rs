//! SIP's `Replaces`: a leg that takes the place of another, and a phone that picks up the call that its lamp names.
//!
//! FreeSWITCH carries out a request to replace a leg that it knows before the module learns of the request. A new leg
//! (INVITE) runs what the old one ran last, by its variables `current_application` and `current_application_data`. The other
//! party of a leg that is transferred onto it (REFER) goes where its `inline_destination` says. Then the old leg is hung up with a
//! cause of its own. Therefore both are made to lead here, with a token, and the new leg takes over the call of the old one.
//! A dialog that FreeSWITCH does not know stays in the new leg's variables, and the dialplan runs as if there were no such
//! request.

use std::sync::Arc;
use std::time::Duration;

use crate::leg::arrival::{self, Arrival, Replacement};
use crate::leg::errand::ARRIVES_WITHIN_MS;
use crate::leg::party::{Marks, Party};
use crate::leg::request;
use crate::module::message::Message;
use crate::module::variables;
use crate::module::{Module, ParkedLeg};
use crate::park::{
    self, CallUuid, CallView, Dialog, DisplayName, End, LotKey, NewLeg, Number, Refusal, Target,
    User,
};
use crate::switch::clock;
use crate::switch::event::{Heard, Kind, Listener};
use crate::switch::{Cause, Channel, Located, SentField, Session, ivr};

const APPLICATION: &str = "current_application";
const DATA: &str = "current_application_data";
const INLINE: &str = "inline_destination";
/// What a new leg replaces, by its own account.
const CALL_ID: &str = "sip_replaces_call_id";

/// The legs that may come in the place of a parked one.
pub(crate) struct Succession {
    /// The token of a leg that takes over the call as it is.
    replacement: String,
    /// If the leg may be a consultation, the token of the party that is transferred onto it, which is a call of its own.
    heir: Option<String>,
}

impl Succession {
    /// For a call that is parked from now on. `consultation` is set if it has dialled here itself, in a call of that user.
    #[must_use]
    pub(crate) fn open(
        module: &Module,
        session: Session<'_>,
        leg: &ParkedLeg,
        place: &park::OrbitKey,
        consultation: Option<Option<User>>,
    ) -> Self {
        let channel = session.channel();
        let of = CallUuid::from(session.uuid().as_str());
        // A leg that replaces it has nothing to do with what it was connected to before.
        channel.set_variable("signal_bond", None);
        channel.set_variable("originate_signal_bond", None);
        let heir = consultation.clone().map(|parker| {
            let arrival = Arrival::Park {
                lot: place.lot.clone(),
                orbit: park::Want::Orbit(place.orbit.clone()),
                parker,
                // The consultation was allowed to park here.
                by: park::Actor::Administrator,
                heir_of: Some(of.clone()),
                talks_to: None,
            };
            arrival::errands(module).issue(
                arrival,
                "callpark",
                &format!("{} {}", place.lot, place.orbit),
            )
        });
        let known = |name: &&'static str| Some((*name, channel.variable(name)?));
        let arrival = Arrival::Replace(Replacement {
            of,
            consultation: consultation.is_some(),
            parker: consultation.flatten(),
            marks: Marks::of(channel),
            variables: request::VARIABLES
                .iter()
                .chain([&variables::PARKER_FOUND])
                .filter_map(known)
                .collect(),
        });
        let replacement = arrival::errands(module).issue(arrival, "callpark", "");
        let token = heir.as_deref().unwrap_or(&replacement);
        channel.set_variable(INLINE, arrival::errands(module).destination(token).as_deref());
        *leg.replacement.lock() = Some(replacement.clone());
        stand_by(channel, &replacement);
        Self { replacement, heir }
    }

    /// The leg leaves. Returns true if another is coming in its place, so that the call has not ended.
    #[must_use]
    pub(crate) fn close(self, module: &Arc<Module>, session: Session<'_>) -> bool {
        let channel = session.channel();
        channel.set_variable(INLINE, None);
        if channel.cause() != Some(Cause::ATTENDED_TRANSFER) {
            self.withdraw(module);
            return false;
        }
        // Another leg replaces it, or its phone has transferred a party onto it. FreeSWITCH does not tell which. This also
        // applies if a token has been taken, because the leg that has it may be about to come.
        let uuid = CallUuid::from(session.uuid().as_str());
        let awaited =
            module.act(Some(session), |park, now| park.await_heir(now, &uuid, ARRIVES_WITHIN_MS));
        if !awaited {
            self.withdraw(module);
            return false;
        }
        for token in self.heir.iter().chain([&self.replacement]) {
            arrival::errands(module).lapse(token);
        }
        true
    }

    fn withdraw(&self, module: &Module) {
        for token in self.heir.iter().chain([&self.replacement]) {
            drop(arrival::errands(module).take(token));
        }
    }
}

/// Has the leg that replaces this one come with that token.
fn stand_by(channel: Channel<'_>, token: &str) {
    channel.set_variable(APPLICATION, Some("callpark"));
    channel.set_variable(DATA, Some(token));
}

/// Receives every application that runs. What a command plays to a parked leg is an application too, and a leg in its place
/// would run that.
pub(crate) struct OnTop;

impl Listener for OnTop {
    const KIND: Kind = Kind::ChannelExecute;

    fn heard(event: Heard<'_>) {
        let Some(module) = Module::running() else { return };
        let uuid = event.header("Unique-ID").map(|uuid| CallUuid::from(uuid.as_str()));
        if let Some(uuid) = uuid.filter(|uuid| module.leg(uuid).is_some()) {
            module.tell_worker(Message::Ran(uuid));
        }
    }
}

/// An application runs on a parked leg. FreeSWITCH notes its name once more just after the event, so this is done twice.
pub(crate) fn renew(module: &Module, uuid: &CallUuid) {
    let token = module.leg(uuid).and_then(|leg| leg.replacement.lock().clone());
    if let (Some(token), Some(leg)) = (token, Located::find(uuid.as_str())) {
        stand_by(leg.session().channel(), &token);
    }
}

/// Puts the leg in the place of the one that it replaces, and returns that place.
///
/// # Errors
/// `Gone`: that call has ended. `Denied`: it is another tenant's.
pub(crate) fn take_place(
    module: &Arc<Module>,
    session: Session<'_>,
    replacement: Replacement,
) -> Result<park::OrbitKey, Refusal> {
    let Replacement { of, consultation, parker, marks, variables } = replacement;
    let channel = session.channel();
    let call = module.look(|park| park.find(clock::now(), &of)).ok_or(Refusal::Gone)?;
    let party = Party::of(channel);
    if !has_a_part(&party, &call, &marks) {
        module.act(None, |park, now| park.gone(now, &of, End::HungUp));
        return Err(Refusal::Denied);
    }
    for (name, value) in variables {
        channel.set_variable(name, Some(&value));
    }
    if consultation {
        under_its_own_name(channel);
    }
    let new = NewLeg {
        uuid: CallUuid::from(session.uuid().as_str()),
        caller: request::caller(channel),
        // A user who moves the call to another phone of their own does not park it.
        parker: parker.filter(|parker| party.user.as_ref() != Some(parker)),
    };
    // It keeps its origin, whatever its next INVITE says.
    channel.set_variable(CALL_ID, None);
    channel.set_variable(variables::REPLACES, Some(of.as_str()));
    module.act(Some(session), |park, now| park.replace(now, &of, new))
}

/// Whether the new leg belongs to no tenant, such as a carrier's, or to a tenant that has a part in the call, as that of
/// the lot, of the parker or of the leg that it replaces.
fn has_a_part(party: &Party, call: &CallView, old: &Marks) -> bool {
    let Some(domain) = &party.domain else { return true };
    let old = old.party().domain;
    let parker = call.info.parker.as_ref().map(User::domain);
    let parts = [call.lot.domain.as_deref(), parker, old.as_deref()];
    let mut tenants = parts.into_iter().flatten().peekable();
    tenants.peek().is_none() || tenants.any(|tenant| tenant == domain)
}

/// FreeSWITCH gives a leg that replaces another the caller id of that one.
fn under_its_own_name(channel: Channel<'_>) {
    if let Some(number) = channel.sent(SentField::FROM_USER) {
        let name = channel.sent(SentField::FROM_DISPLAY).unwrap_or_else(|| number.clone());
        channel.set_profile("caller_id_name", &DisplayName::unescaped(&name));
        channel.set_profile("caller_id_number", &Number::of(&number));
    }
}

/// What a leg replaces, by its INVITE.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Replaces {
    /// Nothing, as far as a parked call is concerned.
    Nothing,
    /// A leg that FreeSWITCH knew, and that ran this application before.
    Leg,
    /// The call that a lamp shows or has shown.
    Lamp(Dialog),
    /// A dialog that has ended, or never was.
    Unknown,
}

impl Replaces {
    /// What the leg's INVITE says. `Nothing` once the leg has been connected.
    #[must_use]
    pub(crate) fn of(channel: Channel<'_>) -> Self {
        let has = |name| channel.variable(name).is_some();
        match channel.variable(CALL_ID) {
            None => Self::Nothing,
            Some(_) if has("last_bridge_to") => Self::Nothing,
            Some(_) if channel.variable("dialplan").as_deref() == Some("inline") => Self::Leg,
            Some(call_id) => call_id.parse().map_or(Self::Unknown, Self::Lamp),
        }
    }
}

/// Refuses a leg that replaces a dialog that does not exist, as SIP requires. Otherwise the leg would be connected to
/// whatever call is in the orbit that it was sent to.
pub(crate) fn refuse(session: Session<'_>) {
    let channel = session.channel();
    if !ivr::respond(session, 481, "Call/Transaction Does Not Exist") {
        channel.hangup(Cause::CALL_REJECTED);
    }
}

/// Waits while the call that is meant changes hands: from a leg that has been replaced to the one that comes in its
/// place, or back from a retriever in whose place this leg has come.
pub(crate) fn settle(module: &Module, session: Session<'_>, lot: &LotKey, target: Target<'_>) {
    const LIMIT: Duration = Duration::from_secs(2);
    let channel = session.channel();
    let replaced = Replaces::of(channel) == Replaces::Leg;
    let settled = || module.look(|park| !park.changes_hands(lot, target, replaced));
    clock::poll(LIMIT, Duration::from_millis(5), || settled() || !channel.ready());
}
