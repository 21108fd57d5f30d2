//! PINs at the edge: where a channel has one, and how a retriever keys one.
//!
//! A PIN is taken out of the variables of a channel as soon as it is read, so that no CDR has it. FreeSWITCH copies the
//! variables of a user of the directory to each leg that user's phone begins: such a PIN is the user's own, and is not that
//! of a call which this user parks.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::switch::lock::Mutex;

use crate::leg::party::{self, Party};
use crate::module::Module;
use crate::module::variables;
use crate::park::{Asking, CallUuid, LONGEST_PIN, LotKey, Pin, Refusal, Taker, Target};
use crate::switch::{Channel, Session, Stop, clock, ivr, log};
use crate::tell::speech;

/// How many times a PIN is asked for.
const TRIES: u32 = 3;
/// How long it is waited for the first key, and for each further one.
const FIRST_KEY: Duration = Duration::from_secs(8);
const NEXT_KEY: Duration = Duration::from_secs(4);
/// The variable with which FreeSWITCH keeps digits out of its log and events.
const SENSITIVE: &str = "sensitive_dtmf";
/// The payload of keys by RFC 2833, if the far end sends them so.
const PAYLOAD: &str = "rtp_2833_recv_payload";

/// The PINs of users by the legs on which they were found.
#[derive(Default)]
pub(crate) struct Pins(Mutex<HashMap<String, Pin>>);

impl Pins {
    /// Those of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// The leg is gone.
    pub(super) fn ended(&self, session: Session<'_>) {
        let uuid = session.uuid();
        self.0.lock().remove(&uuid);
    }

    fn of_leg(&self, session: Session<'_>) -> Option<Pin> {
        let uuid = session.uuid();
        self.0.lock().get(&uuid).cloned()
    }
}

/// Takes the PIN out of a channel's variables. One that is no PIN opens for nobody.
fn take(channel: Channel<'_>) -> Option<String> {
    let digits = channel.variable(variables::PIN)?;
    channel.set_variable(variables::PIN, None);
    Some(digits).filter(|digits| !digits.is_empty())
}

/// No CDR of the channel has a PIN, even if nobody has read it.
pub(super) fn forget(channel: Channel<'_>) {
    channel.set_variable(variables::PIN, None);
}

fn read(digits: &str, channel: Channel<'_>) -> Pin {
    digits.parse().unwrap_or_else(|why| {
        log::warning(
            None,
            format_args!("{} of {} {why}: nobody can key it", variables::PIN, channel.name()),
        );
        Pin::UNKNOWN
    })
}

/// Takes the PIN that a call is to have out of the variables of a channel: that of the call, or in mid-call of its parker.
/// A user's own one stays that user's.
pub(crate) fn for_call(module: &Module, session: Session<'_>) -> Option<OfCall> {
    let channel = session.channel();
    let digits = take(channel)?;
    let user = Party::of(channel).user;
    let pin = read(&digits, channel);
    if user.and_then(|user| party::directory_variable(&user, variables::PIN)).as_ref()
        == Some(&digits)
    {
        let uuid = session.uuid();
        Pins::of(module).0.lock().insert(uuid, pin);
        return None;
    }
    Some(OfCall { pin, digits })
}

/// The PIN of a call that is about to be parked.
pub(crate) struct OfCall {
    /// The PIN.
    pub pin: Pin,
    digits: String,
}

impl OfCall {
    /// It is not parked, and its dialplan may try again.
    pub(crate) fn put_back(&self, channel: Channel<'_>) {
        channel.set_variable(variables::PIN, Some(&self.digits));
    }
}

/// Gives a PIN on to the leg that is going to be parked.
pub(crate) fn carry(module: &Module, from: Session<'_>, to: Session<'_>) {
    if let Some(pin) = for_call(module, from) {
        pin.put_back(to.channel());
    }
}

/// Notes on a parked channel whether its call has a PIN.
pub(crate) fn mark(channel: Channel<'_>, locked: bool) {
    channel.set_variable(variables::LOCKED, locked.then_some("true"));
}

/// The PIN of a call that is back after a crash. What it was is not known any more.
pub(crate) fn of_recovered(channel: Channel<'_>) -> Option<Pin> {
    channel
        .variable(variables::LOCKED)
        .is_some_and(|locked| locked == "true")
        .then_some(Pin::UNKNOWN)
}

/// The PIN of the user of a retriever, which may be another leg than the one on which that user is known.
fn of_retriever(module: &Module, session: Session<'_>, by: &Party) -> Option<Pin> {
    let pins = Pins::of(module);
    let in_directory = || {
        let user = by.user.as_ref().filter(|_| !by.facts.listed)?;
        party::directory_variable(user, variables::PIN)
    };
    if let Some(digits) = take(session.channel()).or_else(in_directory) {
        let (pin, uuid) = (read(&digits, session.channel()), session.uuid());
        pins.0.lock().insert(uuid, pin);
    }
    pins.of_leg(session)
}

/// Asks a retriever for the PIN of the call that `target` means, if it has one. The call is not claimed meanwhile. The call
/// that the retriever may now claim, or `None` if no PIN is needed.
///
/// # Errors
/// `WrongPin`; `Empty`: somebody else has taken the call meanwhile; `Failed`: the retriever has gone.
pub(crate) fn pass(
    module: &Arc<Module>,
    session: Session<'_>,
    target: Target<'_>,
    by: &Party,
    asking: Asking<'_>,
) -> Result<Option<CallUuid>, Refusal> {
    let lot = asking.lot;
    let users = of_retriever(module, session, by);
    let taker = Taker::Party(by.user.as_ref());
    let asks =
        |park: &crate::park::Park| park.asks_pin(clock::now(), lot, target, taker, users.as_ref());
    let Some(call) = module.look(asks)? else { return Ok(None) };
    let leg = CallUuid::from(session.uuid().as_str());
    if !session.channel().answer() {
        return Err(Refusal::Failed);
    }
    let _quiet = Quiet::on(session);
    for attempt in 0..TRIES {
        let digits = key_in(session, lot, attempt);
        if !session.channel().ready() {
            return Err(Refusal::Failed);
        }
        let there =
            |park: &crate::park::Park| park.peek(clock::now(), lot, Target::Call(&call), taker);
        module.look(there)?;
        if module.act(None, |park, _| park.try_pin(&call, &leg, users.as_ref(), &digits)) {
            return Ok(Some(call));
        }
        module.act(Some(session), |park, now| park.failed(now, Asking { orbit: None, ..asking }));
    }
    Err(Refusal::WrongPin)
}

/// What a retriever keys, up to `#` or a pause.
fn key_in(session: Session<'_>, lot: &LotKey, attempt: u32) -> String {
    let stop = Stop::default();
    stop.listen_for("0123456789*#".chars());
    let mut digits = String::with_capacity(LONGEST_PIN + 1);
    speech::pin(session, lot, attempt > 0, &stop);
    let mut until = Instant::now() + FIRST_KEY;
    loop {
        match stop.take_key() {
            Some('#') => return digits,
            Some(key) => {
                digits.push(key);
                until = Instant::now() + NEXT_KEY;
                if digits.len() > LONGEST_PIN {
                    return digits;
                }
            }
            None => {}
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || !session.channel().ready() {
            return digits;
        }
        ivr::sleep(session, u32::try_from(left.as_millis()).unwrap_or_default().max(1), &stop);
    }
}

/// While it lives, FreeSWITCH keeps the keys of a leg to itself as far as it can, and hears them as tones if the leg has not
/// agreed on anything better.
struct Quiet<'a> {
    session: Session<'a>,
    before: Option<String>,
    tones: bool,
}

impl<'a> Quiet<'a> {
    fn on(session: Session<'a>) -> Self {
        let channel = session.channel();
        let before = channel.variable(SENSITIVE);
        channel.set_variable(SENSITIVE, Some("true"));
        let has_keys = channel.variable(PAYLOAD).is_some() || !channel.name().starts_with("sofia/");
        let tones = !has_keys && ivr::hear_tones(session);
        Self { session, before, tones }
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        if self.tones {
            ivr::no_tones(self.session);
        }
        self.session.channel().set_variable(SENSITIVE, self.before.as_deref());
    }
}
