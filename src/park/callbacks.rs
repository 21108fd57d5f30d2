//! Calling back callers who have hung up for that purpose.
//!
//! The user who shall call back is called first, as soon as that user has a registered phone and is not in a call. The
//! phone that answers is connected to the caller's number by the dialplan. A call-back succeeds once. An attempt that
//! fails is repeated within the limits of the lot.

use std::sync::Arc;

use super::Park;
use super::call::Call;
use super::callback::{
    Attempt, CallbackAttempt, CallbackBy, CallbackEnd, CallbackNews, CallbackView,
};
use super::caller::Caller;
use super::deadlines::Due;
use super::destination::{Destination, is_dialable};
use super::effect::{Effect, StopReason};
use super::moment::Moment;
use super::names::{CallUuid, CallbackId, OrbitKey, RunId};
use super::privacy::Privacy;
use super::user::User;

/// The highest number of call-backs that may be owed.
pub(super) const MOST: usize = 1_000;
/// How soon the module looks again whether the user is free.
pub(super) const LOOK_AGAIN_MS: u64 = 5_000;
/// How long after a failed attempt the next one begins.
const TRY_AGAIN_MS: u64 = 60_000;
/// When an attempt that reports nothing counts as failed.
const BACKSTOP_MS: u64 = 150_000;
/// Why a caller is called back whose call a restart has ended.
pub(super) const CUT_OFF: &str = "cut off by a restart";

#[derive(Clone, Debug)]
pub(super) struct Callback {
    /// Where the call was parked.
    pub(super) place: OrbitKey,
    pub(super) uuid: CallUuid,
    pub(super) caller: Caller,
    pub(super) by: User,
    pub(super) to: Destination,
    pub(super) attempts_left: u32,
    pub(super) expires: Moment,
    /// Its entry among the deadlines.
    pub(super) next: Moment,
    /// It waits for another call-back of the same user.
    pub(super) waits: bool,
    pub(super) trying: Option<RunId>,
    pub(super) reason: Option<Arc<str>>,
    pub(super) note: Option<&'static str>,
    /// That of its lot, for when that lot is gone.
    pub(super) privacy: Privacy,
}

impl Callback {
    pub(super) fn view(&self, id: CallbackId, now: Moment) -> CallbackView {
        CallbackView {
            id,
            lot: self.place.lot.clone(),
            orbit: self.place.orbit.clone(),
            uuid: self.uuid.clone(),
            caller: self.caller.clone(),
            by: self.by.clone(),
            attempts_left: self.attempts_left,
            expires_in_ms: self.expires.since(now),
            trying: self.trying.is_some(),
            reason: self.reason.clone(),
            note: self.note,
            privacy: self.privacy,
        }
    }
}

impl Park {
    /// The user who would call this call's caller back, and where the number is dialled. The error is the reason why
    /// nobody can.
    pub(super) fn callback_of(&self, call: &Call) -> Result<(User, Destination), &'static str> {
        let lot = self.lots.get(&call.place.lot).ok_or("the lot no longer exists")?;
        let config = &lot.config.callback;
        let addressed: Option<User> = call.info.addressed_to.parse().ok();
        let by = match (&config.by, addressed, &call.info.parker) {
            (_, Some(user), _) => user,
            (CallbackBy::User(user), None, _) => user.clone(),
            (CallbackBy::Parker, None, Some(parker)) => parker.clone(),
            (CallbackBy::Parker, None, None) => return Err("no user who could call back is known"),
        };
        if !is_dialable(&call.info.caller.number) {
            return Err("the caller's number cannot be dialled");
        }
        if self.callbacks.len() >= MOST {
            return Err("too many call-backs are already owed");
        }
        let exten = config.to.exten.replace("${number}", &call.info.caller.number);
        Ok((by, Destination { exten, ..config.to.clone() }))
    }

    /// The caller has hung up to be called back. A caller who asks twice is called back once.
    pub(super) fn owe_callback(
        &mut self,
        now: Moment,
        call: &Call,
        (by, to): (User, Destination),
        note: Option<&'static str>,
    ) {
        let Some(lot) = self.lots.get(&call.place.lot) else { return };
        let (config, privacy) = (lot.config.callback.clone(), lot.config.privacy);
        let same = |(_, callback): &(&CallbackId, &Callback)| {
            callback.by == by && callback.to == to && callback.trying.is_none()
        };
        if let Some(id) = self.callbacks.iter().find(same).map(|(id, _)| *id) {
            self.end_callback(now, id, CallbackEnd::Again);
        }
        let id = CallbackId(self.count());
        let callback = Callback {
            place: call.place.clone(),
            uuid: call.info.uuid.clone(),
            caller: call.info.caller.clone(),
            by,
            to,
            attempts_left: config.attempts,
            expires: now.after(config.expires_ms),
            next: now,
            waits: false,
            trying: None,
            reason: None,
            note,
            privacy,
        };
        let end = self.stopping.then_some(CallbackEnd::Shutdown);
        let news = CallbackNews { callback: callback.view(id, now), end };
        self.effects.push(Effect::Callback(Box::new(news)));
        self.changes.callbacks();
        if self.stopping {
            self.interrupted.insert(id, callback);
            return;
        }
        self.callbacks.insert(id, callback);
        self.deadlines.add(now, id.0, Due::Callback(id));
    }

    /// Every call-back that is owed, the oldest first.
    pub fn callbacks(&self, now: Moment) -> Vec<CallbackView> {
        let view = |(id, callback): (&CallbackId, &Callback)| {
            let privacy = self.privacy_of(&callback.place.lot).unwrap_or(callback.privacy);
            CallbackView { privacy, ..callback.view(*id, now) }
        };
        self.callbacks.iter().map(view).collect()
    }

    /// Their lots may vanish, and are not to be asked any more after that.
    pub(super) fn remember_privacy(&mut self) {
        for callback in self.callbacks.values_mut() {
            if let Some(lot) = self.lots.get(&callback.place.lot) {
                callback.privacy = lot.config.privacy;
            }
        }
    }

    /// Cancels it. Returns whether it was owed.
    #[must_use]
    pub fn cancel_callback(&mut self, now: Moment, id: CallbackId) -> bool {
        let is_owed = self.callbacks.contains_key(&id);
        self.end_callback(now, id, CallbackEnd::Cancelled);
        is_owed
    }

    /// Whether that attempt is the current one. Ask before making it, because it may have been cancelled before it
    /// began.
    pub fn is_trying(&self, id: CallbackId, run: RunId) -> bool {
        self.callbacks.get(&id).is_some_and(|callback| callback.trying == Some(run))
    }

    pub(super) fn callback_is_due(&mut self, now: Moment, id: CallbackId) {
        let run = RunId(self.count());
        let Some(callback) = self.callbacks.get_mut(&id) else { return };
        if let Some(run) = callback.trying {
            self.effects.push(Effect::StopRing(run, StopReason::Gone));
            let silent = Attempt::Failed("the attempt did not end in time");
            self.callback_tried(now, id, run, silent);
        } else if callback.expires <= now {
            self.end_callback(now, id, CallbackEnd::Expired);
        } else if self.turns.get(&callback.by).is_some_and(|first| *first != id) {
            callback.waits = true;
            callback.next = callback.expires;
            callback.reason = Some("the user has to call another caller back first".into());
            self.deadlines.add(callback.next, id.0, Due::Callback(id));
        } else {
            self.turns.insert(callback.by.clone(), id);
            callback.trying = Some(run);
            callback.next = now.after(BACKSTOP_MS);
            self.deadlines.add(callback.next, id.0, Due::Callback(id));
            let (callback, to) = (callback.view(id, now), callback.to.clone());
            self.effects.push(Effect::TryCallback(Box::new(CallbackAttempt { run, callback, to })));
        }
    }

    /// The result of an attempt. An attempt that is not the current one is ignored.
    pub fn callback_tried(
        &mut self,
        now: Moment,
        id: CallbackId,
        run: RunId,
        attempt: Attempt<'_>,
    ) {
        let Some(callback) = self.callbacks.get_mut(&id) else { return };
        if callback.trying.take_if(|trying| *trying == run).is_none() {
            return;
        }
        let wait_ms = match attempt {
            Attempt::Connected => {
                return self.end_callback(now, id, CallbackEnd::Connected);
            }
            Attempt::NotFree(reason) => {
                callback.reason = Some(reason.into());
                LOOK_AGAIN_MS
            }
            Attempt::Failed(reason) => {
                callback.reason = Some(reason.into());
                callback.attempts_left = callback.attempts_left.saturating_sub(1);
                self.changes.callbacks();
                if callback.attempts_left == 0 {
                    return self.end_callback(now, id, CallbackEnd::Failed);
                }
                let news = CallbackNews { callback: callback.view(id, now), end: None };
                self.effects.push(Effect::Callback(Box::new(news)));
                let by = callback.by.clone();
                self.pass_on(now, &by, id);
                TRY_AGAIN_MS
            }
        };
        let Some(callback) = self.callbacks.get_mut(&id) else { return };
        self.deadlines.remove(callback.next, id.0, Due::Callback(id));
        callback.next = now.after(wait_ms).min(callback.expires);
        self.deadlines.add(callback.next, id.0, Due::Callback(id));
    }

    /// Call-backs of one user run one after the other. If it was this one's turn, the oldest one that waits is next. It
    /// starts soon and not at once, because the user may just have hung up.
    fn pass_on(&mut self, now: Moment, by: &User, id: CallbackId) {
        if self.turns.get(by) != Some(&id) {
            return;
        }
        self.turns.remove(by);
        if self.stopping {
            return;
        }
        let next = self.callbacks.iter_mut().find(|(_, other)| other.waits && other.by == *by);
        if let Some((id, callback)) = next {
            self.turns.insert(by.clone(), *id);
            self.deadlines.remove(callback.next, id.0, Due::Callback(*id));
            callback.waits = false;
            callback.reason = None;
            callback.next = now.after(LOOK_AGAIN_MS).min(callback.expires);
            self.deadlines.add(callback.next, id.0, Due::Callback(*id));
        }
    }

    pub(super) fn end_callback(&mut self, now: Moment, id: CallbackId, end: CallbackEnd) {
        let Some(callback) = self.callbacks.remove(&id) else { return };
        self.changes.callbacks();
        self.deadlines.remove(callback.next, id.0, Due::Callback(id));
        self.pass_on(now, &callback.by, id);
        self.effects.extend(callback.trying.map(|run| Effect::StopRing(run, StopReason::Gone)));
        let news = CallbackNews { callback: callback.view(id, now), end: Some(end) };
        self.effects.push(Effect::Callback(Box::new(news)));
        if end == CallbackEnd::Shutdown {
            self.interrupted.insert(id, callback);
        }
    }
}
