//! A desk with phones on it: the switch, its events, and the steps that all scenarios share.

use std::time::{Duration, Instant};

use kit::phone::{Call, Policy, ReferredBy, Sound};
use kit::{DOMAIN, Event, Events, Phone, SOON, Setup, Switch};

/// What parked callers hear. Phones say multiples of 100 Hz from 600 on, so nobody else sounds like that.
pub const MUSIC: Sound = Sound::Tone(400);

/// What is heard when a dialplan goes on after an application that did not do what it was asked.
pub const WENT_ON: Sound = Sound::Tone(1250);

/// Long enough to be sure that something does not happen.
pub const MOMENT: Duration = Duration::from_millis(400);

/// The lot most scenarios park in; with the numbers of the sample dialplan.
pub const LOT: &str =
    r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/></lot>"#;

/// These lots, phones 1000…1019, and for each application an extension `park_<args>`, `take_<args>`, `key_<args>` (`_`
/// stands for a blank), at whose end one hears [`WENT_ON`]. The rest is the sample dialplan: 700 parks, 701… are keys.
pub fn setup(lots: &str) -> Setup {
    let mut setup = Setup::new().sip(true).lots(lots);
    for (prefix, application) in
        [("park", "callpark"), ("take", "callpark_retrieve"), ("key", "callpark_key")]
    {
        for (pattern, data) in [("_([^_]+)", "$1"), ("_([^_]+)_([^_]+)", "$1 $2")] {
            setup = setup.extension(
                &format!("{prefix}{pattern}"),
                &[
                    (application, data),
                    ("answer", ""),
                    ("playback", "tone_stream://%(500,0,1250);loops=-1"),
                ],
            );
        }
    }
    setup
        .extension("(10[01]\\d)", &[("bridge", "user/$1@$${domain}")])
        .extension("7777", &[("answer", ""), ("park", "")])
}

/// A real FreeSWITCH and what it tells of parked calls.
pub struct Desk {
    pub switch: Switch,
    pub events: Events,
}

impl Desk {
    /// With [`LOT`]; `None` without a FreeSWITCH.
    pub fn open() -> Option<Desk> {
        Desk::with(setup(LOT))
    }

    pub fn with(setup: Setup) -> Option<Desk> {
        let switch = Switch::start_real(setup)?;
        // Its SIP profile is up a moment before the core takes calls, which are refused with 503 until then.
        switch.eventually(SOON, "the core is ready", || {
            switch.api("status").contains("is ready").then_some(())
        });
        let events = switch.events(&["CUSTOM callpark::info", "CHANNEL_BRIDGE"]);
        Some(Desk { switch, events })
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
    pub fn action(&self, call: &Call, action: &str) -> Event {
        let fits =
            |e: &Event| e.is("Callpark-UUID", call.uuid()) && e.is("Callpark-Action", action);
        self.events.wait(SOON, fits)
    }

    /// The call's one event with an outcome, which must be this one.
    #[track_caller]
    pub fn outcome(&self, call: &Call, outcome: &str) -> Event {
        let last = |e: &Event| {
            e.is("Callpark-UUID", call.uuid()) && !e.text("Callpark-Outcome").is_empty()
        };
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

    pub fn api(&self, command: &str) -> String {
        self.switch.api(&format!("callpark {command}"))
    }

    /// `callpark list json`, parsed.
    pub fn calls(&self) -> Vec<serde_json::Value> {
        let text = self.api("list json");
        let list: serde_json::Value = serde_json::from_str(&text).expect(&text);
        list["calls"].as_array().expect("calls").clone()
    }

    /// Waits until nothing is parked and no orbit is held for anybody.
    #[track_caller]
    pub fn wait_empty(&self) {
        self.switch.eventually(SOON, "every orbit free", || {
            let status: serde_json::Value = serde_json::from_str(&self.api("status json")).ok()?;
            let free =
                |lot: &serde_json::Value| lot["parked"] == 0 && lot["capacity"] == lot["free"];
            status["lots"].as_array()?.iter().all(free).then_some(())
        });
    }
}

/// Who hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    Caller,
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

/// How long after `since` the call heard music for the first time; what it heard before does not count.
#[track_caller]
pub fn music_after(call: &Call, since: Instant) -> Duration {
    kit::eventually(SOON, "the music", || {
        let mut packets = call.history().into_iter();
        packets.find(|(at, sound)| *at >= since && *sound == MUSIC).map(|(at, _)| at - since)
    })
}

/// Blind transfer by `parker`'s end of a call, which may just have been retrieved: until that counts, a transfer would be
/// refused.
#[track_caller]
pub fn refer(parker: &Call, target: &str, referred_by: ReferredBy) {
    std::thread::sleep(Duration::from_millis(200));
    refer_at_once(parker, target, referred_by);
}

/// Blind transfer by `parker`'s end of a call: its leg is let go.
#[track_caller]
pub fn refer_at_once(parker: &Call, target: &str, referred_by: ReferredBy) {
    assert_eq!(parker.refer(target, referred_by), 202);
    parker.wait_referred("200", SOON);
    parker.wait_ended(SOON);
}
