//! A retrieval is not the end of a call: either party may be connected to somebody else after it.

use kit::phone::{Call, Phase, ReferredBy};
use kit::{MUSIC, Phone, SOON, Scene, two_way};

use super::desk::{LOT, MOMENT, setup};

/// Who brings the other party to Dave.
#[derive(Debug, Clone, Copy)]
enum Brings {
    Caller,
    Retriever,
}

/// Alice was parked, and Carol has got her: she retrieved her, or a return step has rung her.
struct Talk<'a> {
    alice: &'a Phone,
    carol: &'a Phone,
    caller: Call,
    theirs: Call,
}

impl Talk<'_> {
    /// One of the two consults Dave and leaves the other with him.
    fn attended(&self, desk: &Scene, who: Brings, dave: &Phone) -> Call {
        let (acts, phone, stays, voice) = match who {
            Brings::Caller => (&self.caller, self.alice, &self.theirs, self.carol.voice()),
            Brings::Retriever => (&self.theirs, self.carol, &self.caller, self.alice.voice()),
        };
        acts.hold();
        stays.wait_hears(MUSIC, SOON);
        let (consultation, theirs) = desk.talk(phone, dave);
        assert_eq!(acts.refer_replaces(&consultation, ReferredBy::Yes), 202);
        two_way(stays, dave.voice(), &theirs, voice);
        // And it stays so.
        std::thread::sleep(MOMENT * 4);
        two_way(stays, dave.voice(), &theirs, voice);
        acts.wait_ended(SOON);
        theirs
    }

    /// An administrator connects one of the two with Dave, who has called somewhere else.
    fn bridged(&self, desk: &Scene, who: Brings, dave: &Phone, first: bool) -> Call {
        let (acts, stays, voice) = match who {
            Brings::Caller => (&self.caller, &self.theirs, self.carol.voice()),
            Brings::Retriever => (&self.theirs, &self.caller, self.alice.voice()),
        };
        let daves = dave.call_up("7777");
        let (one, other) = if first { (stays, &daves) } else { (&daves, stays) };
        let answer = desk.switch.api(&format!("uuid_bridge {} {}", one.uuid(), other.uuid()));
        assert!(answer.starts_with("+OK"), "{answer}");
        two_way(stays, dave.voice(), &daves, voice);
        std::thread::sleep(MOMENT * 4);
        two_way(stays, dave.voice(), &daves, voice);
        if acts.phase() != Phase::Ended {
            acts.hangup();
        }
        daves
    }
}

fn retrieved<'a>(desk: &Scene, alice: &'a Phone, carol: &'a Phone) -> Talk<'a> {
    let caller = alice.call_up("700");
    desk.wait_parked(&caller, "default", "701", "");
    let theirs = carol.call_up("701");
    two_way(&theirs, alice.voice(), &caller, carol.voice());
    desk.outcome(&caller, "retrieved");
    // Until the retrieval counts, a transfer would be refused.
    std::thread::sleep(MOMENT);
    Talk { alice, carol, caller, theirs }
}

/// Carol has parked Alice, and her phone is rung.
fn returned<'a>(desk: &Scene, alice: &'a Phone, carol: &'a Phone) -> Talk<'a> {
    let (caller, theirs) = desk.talk(alice, carol);
    super::desk::refer(&theirs, "700", ReferredBy::Yes);
    desk.wait_parked(&caller, "default", "701", "1002");
    theirs.wait_ended(SOON);
    assert_eq!(desk.api("return default 701").trim(), "+OK default 701");
    let back = carol.incoming(SOON);
    two_way(&back, alice.voice(), &caller, carol.voice());
    desk.outcome(&caller, "returned");
    std::thread::sleep(MOMENT);
    Talk { alice, carol, caller, theirs: back }
}

const RETURNS: &str = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
    <return><step to="parker" ring="20"/></return></lot>"#;

fn everywhere(lot: &str, talk: impl for<'a> Fn(&Scene, &'a Phone, &'a Phone) -> Talk<'a>) {
    let Some(desk) = Scene::start_real(setup(lot)) else { return };
    let (alice, carol, dave) = (desk.phone("1000"), desk.phone("1002"), desk.phone("1003"));
    let end = |talk: &Talk<'_>, daves: Call| {
        daves.hangup();
        for call in [&talk.caller, &talk.theirs] {
            call.wait_ended(SOON);
        }
        desk.wait_empty();
        desk.switch.wait_channels(0);
    };
    for who in [Brings::Retriever, Brings::Caller] {
        println!("{who:?} transfers");
        let talk = talk(&desk, &alice, &carol);
        let daves = talk.attended(&desk, who, &dave);
        end(&talk, daves);
    }
    for (who, first) in [
        (Brings::Retriever, true),
        (Brings::Retriever, false),
        (Brings::Caller, true),
        (Brings::Caller, false),
    ] {
        println!("uuid_bridge without the {who:?}, who comes first: {first}");
        let talk = talk(&desk, &alice, &carol);
        let daves = talk.bridged(&desk, who, &dave, first);
        end(&talk, daves);
    }
}

#[test]
fn after_a_retrieval_either_party_can_be_connected_to_somebody_else() {
    everywhere(LOT, retrieved);
}

#[test]
fn after_a_return_either_party_can_be_connected_to_somebody_else() {
    everywhere(RETURNS, returned);
}
