//! A switch, what it tells of parked calls, and the steps that scenarios share.

use crate::Event;
use crate::events::Events;
use crate::phone::{Call, Phone, Policy, Sound};
use crate::setup::{DOMAIN, Setup};
use crate::switch::Switch;
use crate::wait::{SOON, new_uuid};

/// What parked callers hear. Phones say multiples of 100 Hz from 600 on, so nobody else sounds like that.
pub const MUSIC: Sound = Sound::Tone(400);

/// A call, by the uuid of the switch's channel.
pub trait Leg {
    /// That uuid.
    fn uuid(&self) -> &str;
}

impl Leg for str {
    fn uuid(&self) -> &str {
        self
    }
}

impl Leg for String {
    fn uuid(&self) -> &str {
        self
    }
}

impl<T: Leg + ?Sized> Leg for &T {
    fn uuid(&self) -> &str {
        (**self).uuid()
    }
}

impl Leg for Call {
    fn uuid(&self) -> &str {
        Call::uuid(self)
    }
}

/// What a scenario looks at.
pub struct Scene {
    /// The switch.
    pub switch: Switch,
    /// What it tells of parked calls and of bridges.
    pub events: Events,
}

impl Scene {
    /// In the switch that the tests run in.
    #[track_caller]
    pub fn start(setup: Setup) -> Self {
        Self::of(Switch::start(setup))
    }

    /// In a real FreeSWITCH; none without one, which is said loudly.
    #[track_caller]
    pub fn start_real(setup: Setup) -> Option<Self> {
        let switch = Switch::start_real(setup)?;
        // Its SIP profile is up a moment before the core takes calls, which are refused with 503 until then.
        switch.eventually(SOON, "the core is ready", || {
            switch.api("status").contains("is ready").then_some(())
        });
        Some(Self::of(switch))
    }

    /// In that switch.
    #[track_caller]
    pub fn of(switch: Switch) -> Self {
        let events = switch.events(&["CUSTOM callpark::info", "CHANNEL_BRIDGE"]);
        Self { switch, events }
    }

    /// A caller without a phone in extension `exten`, and the `park` event.
    #[track_caller]
    pub fn park(&self, exten: &str) -> (String, Event) {
        self.park_with(exten, &[])
    }

    /// The same with variables of the leg.
    #[track_caller]
    pub fn park_with(&self, exten: &str, vars: &[(&str, &str)]) -> (String, Event) {
        let uuid = self.dial_with(exten, vars);
        let event = self.action(&uuid, "park");
        (uuid, event)
    }

    /// Somebody without a phone dials `exten`.
    #[track_caller]
    pub fn dial(&self, exten: &str) -> String {
        self.dial_with(exten, &[])
    }

    /// The same with variables of the leg.
    #[track_caller]
    pub fn dial_with(&self, exten: &str, vars: &[(&str, &str)]) -> String {
        let uuid = new_uuid();
        self.switch.originate(&uuid, exten, vars);
        uuid
    }

    /// A registered phone that answers whoever calls.
    pub fn phone(&self, user: &str) -> Phone {
        let phone = Phone::new(&self.switch, user).policy(Policy::Answer);
        phone.register();
        phone
    }

    /// `from` calls `to`, which answers; they hear each other. The two ends of the call.
    #[track_caller]
    pub fn talk(&self, from: &Phone, to: &Phone) -> (Call, Call) {
        let call = from.call_up(&to.user());
        let theirs = to.incoming(SOON);
        call.wait_hears(to.voice(), SOON);
        theirs.wait_hears(from.voice(), SOON);
        (call, theirs)
    }

    /// The next event of that action for that parked call.
    #[track_caller]
    pub fn action<T: Leg + ?Sized>(&self, call: &T, action: &str) -> Event {
        let uuid = call.uuid();
        self.events.wait(SOON, |e| e.is("Callpark-UUID", uuid) && e.is("Callpark-Action", action))
    }

    /// The call's one event with an outcome, which must be this one.
    #[track_caller]
    pub fn outcome<T: Leg + ?Sized>(&self, call: &T, outcome: &str) -> Event {
        let uuid = call.uuid();
        let last =
            |e: &Event| e.is("Callpark-UUID", uuid) && !e.text("Callpark-Outcome").is_empty();
        let event = self.events.wait(SOON, last);
        assert_eq!(event.text("Callpark-Outcome"), outcome, "{}", event.summary());
        event
    }

    /// The call was parked in that orbit of that lot, by that user (`1001`; "" is nobody), and hears the music.
    #[track_caller]
    pub fn wait_parked(&self, call: &Call, lot: &str, orbit: &str, parker: &str) -> Event {
        let event = self.action(call, "park");
        let place = (event.text("Callpark-Lot"), event.text("Callpark-Orbit"));
        assert_eq!(place, (lot, orbit), "{}", event.summary());
        let parker = if parker.is_empty() { String::new() } else { format!("{parker}@{DOMAIN}") };
        assert_eq!(event.text("Callpark-Parker"), parker, "{}", event.summary());
        call.wait_hears(MUSIC, SOON);
        event
    }

    /// `retriever` dials `number` and gets the parked `caller`: both hear each other, one end hangs up and the other's
    /// call ends too.
    #[track_caller]
    pub fn take(&self, retriever: &Phone, number: &str, caller: &Call, voice: Sound, ends: Ends) {
        let call = retriever.call_up(number);
        two_way(&call, voice, caller, retriever.voice());
        self.outcome(caller, "retrieved");
        hang_up(&call, caller, ends);
    }

    /// What the command answers.
    #[track_caller]
    pub fn api(&self, command: &str) -> String {
        self.switch.api(&format!("callpark {command}"))
    }

    /// `callpark list json`, parsed.
    #[track_caller]
    pub fn calls(&self) -> Vec<serde_json::Value> {
        let text = self.api("list json");
        let list: serde_json::Value = serde_json::from_str(&text).expect(&text);
        list["calls"].as_array().expect("calls").clone()
    }

    /// Waits until nothing is parked and no orbit is held for anybody. What is held for a channel that never came lapses in
    /// 5 s.
    #[track_caller]
    pub fn wait_empty(&self) {
        self.switch.eventually(SOON, "every orbit free", || {
            let status: serde_json::Value = serde_json::from_str(&self.api("status json")).ok()?;
            let free =
                |lot: &serde_json::Value| lot["parked"] == 0 && lot["capacity"] == lot["free"];
            status["lots"].as_array()?.iter().all(free).then_some(())
        });
        assert!(self.calls().is_empty());
    }
}

/// Who hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// The parked caller.
    Caller,
    /// The other end.
    Other,
}

/// Each hears the other's voice.
#[track_caller]
pub fn two_way(one: &Call, hears: Sound, other: &Call, hears_back: Sound) {
    one.wait_hears(hears, SOON);
    other.wait_hears(hears_back, SOON);
}

/// One end hangs up, and the other's call ends too.
#[track_caller]
pub fn hang_up(call: &Call, caller: &Call, ends: Ends) {
    let (first, second) = match ends {
        Ends::Caller => (caller, call),
        Ends::Other => (call, caller),
    };
    first.hangup();
    assert!(second.wait_ended(SOON).remote);
}
