//! A parked call on its own thread, from the park to its one outcome.

use std::sync::Arc;

use crate::leg::after_bridge::{self, AfterBridge, Dialplan};
use crate::leg::handover::state::Handovers;
use crate::leg::handover::{self, Given};
use crate::leg::hold::{self, Music, NoFax};
use crate::leg::keys::Choices;
use crate::leg::mailbox;
use crate::leg::recordings::{self, Quieted};
use crate::leg::replaces::Succession;
use crate::leg::track;
use crate::leg::transfer_budget::TransferBudget;
use crate::leg::valet;
use crate::module::{Interlude, Module, ParkedLeg};
use crate::park::{
    self, CallUuid, CallView, Destination, End, Exit, LotKey, Recording, Ticket, User, Verdict,
};
use crate::switch::clock;
use crate::switch::{Cause, Channel, Session, guard, ivr};
use crate::tell::speech;

/// A call that is in an orbit, and on whose thread we are. However this ends, the orbit is free afterwards and the call
/// has an outcome.
pub(crate) struct Parked<'a> {
    module: Arc<Module>,
    session: Session<'a>,
    uuid: CallUuid,
    leg: Arc<ParkedLeg>,
    /// A key of its own with which it leaves.
    exit: Option<(char, Exit)>,
    /// Who may come in its place.
    succession: Option<Succession>,
}

impl<'a> Parked<'a> {
    /// For a call that is about to be parked, so that nothing that happens to it is missed.
    #[must_use]
    pub(crate) fn about_to_be(module: &Arc<Module>, session: Session<'a>, uuid: &CallUuid) -> Self {
        let leg = module.leg_arrived(uuid);
        let exit = module.valet.then(|| valet::exit(session.channel())).flatten();
        let module = Arc::clone(module);
        Self { module, session, uuid: uuid.clone(), leg, exit, succession: None }
    }

    /// From now on another leg can come in its place. `consultation`: it has dialled here itself, in a call of that
    /// user's, so that another party may be transferred onto it.
    pub(crate) fn can_be_replaced(
        &mut self,
        place: &park::OrbitKey,
        consultation: Option<Option<User>>,
    ) {
        let succession =
            Succession::open(&self.module, self.session, &self.leg, place, consultation);
        self.succession = Some(succession);
    }

    /// Tells the orbit to the one who dialled here.
    pub(crate) fn announce(&self, place: &park::OrbitKey) {
        let mut place = place.clone();
        for _ in 0..2 {
            let _quieted = self.quieted(&place.lot);
            speech::orbit(&self.module, self.session, &place, &self.leg.stop);
            if !self.leg.stop.is_up() || !self.session.channel().ready() {
                return;
            }
            self.leg.stop.lower();
            // A move or a reload has woken it, and nothing else has become of it: it is told anew.
            match self.module.look(|park| (park.verdict(&self.uuid), park.place_of(&self.uuid))) {
                (Verdict::Hold, Some(now)) => place = now,
                _ => return,
            }
        }
    }

    /// Holds it until it has an outcome, or is on its way elsewhere.
    pub(crate) fn stay(&self, music: &mut Music) {
        let channel = self.session.channel();
        track::soon(&self.module, self.session);
        while channel.ready() {
            // First lowered, then looked: what changes in between wakes it again.
            self.leg.stop.lower();
            match self.module.look(|park| park.verdict(&self.uuid)) {
                Verdict::Hold => self.wait(music),
                Verdict::Bridge { ticket, leg } => {
                    let voice = music.stop();
                    let given =
                        handover::give(&self.module, self.session, &self.uuid, ticket, &leg, voice);
                    if given == Given::Taken {
                        return self.end_of_bridge();
                    }
                    // What FreeSWITCH has written down in between is of the bridge.
                    track::soon(&self.module, self.session);
                }
                Verdict::Transfer { ticket, to } => {
                    if self.transfer(ticket, &to, None) {
                        return;
                    }
                }
                Verdict::Voicemail { ticket, user } => {
                    let missing = mailbox::exists(&user).err();
                    if self.transfer(ticket, &mailbox::place(&user), missing) {
                        return;
                    }
                }
                // Its dialplan runs the next action.
                Verdict::Continue { ticket } => {
                    self.complete(ticket);
                    return;
                }
                Verdict::HangUp { ticket, cause } => {
                    self.complete(ticket);
                    return channel.hangup(Cause::from(&cause));
                }
                Verdict::Callback { ticket } => {
                    music.stop();
                    if let Some(call) = self.view() {
                        let _quieted = self.quieted(&call.lot);
                        speech::callback(self.session, &call);
                    }
                    if !channel.ready() {
                        // Somebody else has taken it, or it is gone: what became of it is told when it leaves.
                        return;
                    }
                    self.complete(ticket);
                    return channel.hangup(Cause::NORMAL_CLEARING);
                }
                Verdict::Unknown if self.leg.is_taken_out() => return self.end_of_bridge(),
                // Its orbit went to an heir: it is being hung up, and its dialplan has nothing more to do with it.
                Verdict::Unknown => return channel.hangup(Cause::ATTENDED_TRANSFER),
            }
        }
    }

    /// One piece of waiting: a key that was pressed, an interlude, or the music until something happens.
    fn wait(&self, music: &mut Music) {
        let Some(call) = self.view() else { return };
        let _no_fax = NoFax::while_waiting(self.session.channel());
        let choices = Choices::of(&self.module, &call, self.exit.as_ref());
        let _quieted = self.quieted(&call.lot);
        self.leg.stop.listen_for(choices.keys());
        if let Some(key) = self.leg.stop.take_key() {
            return choices.chosen(&self.module, self.session, &self.leg, &call, key);
        }
        match self.leg.next_interlude() {
            Some(Interlude::Comfort) => {
                if let Some(comfort) = choices.comfort() {
                    speech::play(self.session, comfort, &call, &self.leg.stop);
                }
            }
            Some(Interlude::Offer) => {
                if let Some(key) = choices.offered() {
                    speech::offer(self.session, &call, key, &self.leg.stop);
                }
            }
            None => hold::hold(self.session, &self.leg, music),
        }
    }

    /// Its recordings are quiet until this is dropped, if that lot says so.
    fn quieted(&self, lot: &LotKey) -> Quieted<'a> {
        let lot = self.module.look(|park| park.lot_config(lot));
        Quieted::while_waiting(self.session, lot.map_or(Recording::Keep, |lot| lot.recording))
    }

    fn view(&self) -> Option<CallView> {
        self.module.look(|park| park.find(clock::now(), &self.uuid))
    }

    fn end_of_bridge(&self) {
        let channel = self.session.channel();
        let cause = after_bridge::noted_cause(channel).unwrap_or(Cause::NORMAL_CLEARING);
        // Not left to FreeSWITCH: the dialplan's next actions were meant for a call that could not be parked.
        AfterBridge::of(channel).end(self.session, cause, Dialplan::Over);
    }

    /// Whether it leaves. `missing`: why there is no such place, which took a moment to find out.
    fn transfer(&self, ticket: Ticket, to: &Destination, missing: Option<&'static str>) -> bool {
        let (dialplan, context) = (to.dialplan.as_deref(), to.context.as_deref());
        if !self.session.channel().ready() {
            // Something else became of it meanwhile.
            return false;
        }
        let hops = TransferBudget::of(self.session.channel());
        TransferBudget::spare_one(self.session.channel());
        let moved = missing.is_none() && ivr::transfer(self.session, &to.exten, dialplan, context);
        hops.restore(self.session.channel());
        if !self.session.channel().up() {
            // FreeSWITCH transfers the dead as well. How it ended is told when it leaves.
            return true;
        }
        if moved {
            self.complete(ticket);
        } else {
            self.module.act(Some(self.session), |park, now| {
                park.give_back(now, &self.uuid, ticket, missing);
            });
        }
        moved
    }

    fn complete(&self, ticket: Ticket) {
        self.module.act(Some(self.session), |park, now| park.complete(now, &self.uuid, ticket));
    }
}

/// A leg begins to talk. If it is parked and this is not the bridge to whoever claimed it, then somebody else's command
/// runs on top of our application (`bridge`, `eavesdrop`, `conference`), and has taken the call out.
pub(crate) fn connected(module: &Arc<Module>, session: Session<'_>, with: Option<&str>) {
    let uuid = CallUuid::from(session.uuid().as_str());
    let ours = match module.look(|park| park.verdict(&uuid)) {
        Verdict::Unknown => return,
        Verdict::Bridge { leg, ticket } => {
            let ours = with == Some(leg.as_str());
            if ours {
                Handovers::of(module).bridged(ticket);
            }
            ours
        }
        _ => false,
    };
    if let Some(leg) = module.leg(&uuid).filter(|_| !ours) {
        recordings::resume(session);
        module.act(Some(session), |park, now| park.gone(now, &uuid, End::TakenAway));
        leg.take_out();
    }
}

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        // A panic in here could meet one that is unwinding already, which would end the whole switch.
        guard("the end of a parked call", (), || self.leave());
    }
}

impl Parked<'_> {
    fn leave(&mut self) {
        track::left(&self.module, &self.uuid);
        let channel = self.session.channel();
        let succession = self.succession.take();
        if succession.is_some_and(|succession| succession.close(&self.module, self.session)) {
            return self.module.leg_left(&self.uuid);
        }
        let cause = channel.cause();
        let end = match cause {
            None => End::TakenAway,
            // `unload -f` and the end of the switch hang calls up with these causes before they tell us.
            Some(Cause::MANAGER_REQUEST | Cause::SYSTEM_SHUTDOWN) => End::Shutdown,
            Some(_) if self.module.is_stopping() => End::Shutdown,
            Some(_) => End::HungUp,
        };
        // Does nothing if the call has an outcome, or never was in an orbit.
        let cause = cause.filter(|cause| *cause != Cause::NORMAL_CLEARING);
        let cause = cause.or_else(|| expired(channel));
        self.module.act(Some(self.session), |park, now| {
            park.gone_because(now, &self.uuid, end, cause.map(Cause::name));
        });
        self.module.leg_left(&self.uuid);
    }
}

/// mod_sofia hangs up a session whose time has run out (RFC 4028) with the cause of a normal hang-up, but then neither
/// side has said so.
fn expired(channel: Channel<'_>) -> Option<Cause> {
    let terminated = channel.variable("sip_term_status").is_some();
    let said = channel.variable("sip_hangup_disposition").is_some();
    if terminated && !said { Cause::parse("RECOVERY_ON_TIMER_EXPIRE") } else { None }
}
