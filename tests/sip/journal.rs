//! What the journal knows of a call that only a phone can make.

use kit::phone::ReferredBy;
use kit::{Ends, SOON};
use serde_json::Value;

use super::desk::{open, refer};

/// Alice has dialled 1001, who parks her; later she parks whom she has called, who has dialled nothing.
#[test]
fn the_number_that_the_caller_dialled_the_parker_and_the_retriever_are_known() {
    let Some(desk) = open() else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for (by_alice, did, parker, voice) in [
        (false, "1001", "1001@test.local", alice.voice()),
        (true, "", "1000@test.local", bob.voice()),
    ] {
        let (calling, called) = desk.talk(&alice, &bob);
        let (caller, parks) = if by_alice { (called, calling) } else { (calling, called) };
        refer(&parks, "700", ReferredBy::Yes);
        desk.wait_parked(&caller, "default", "701", &parker[..4]);
        desk.take(&carol, "701", &caller, voice, Ends::Other);
        desk.wait_empty();
        let call = desk.switch.eventually(SOON, "the history", || {
            let history: Value = serde_json::from_str(&desk.api("history limit=1 json")).ok()?;
            history["calls"].get(0).cloned()
        });
        let text = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
        assert_eq!((text("did").as_str(), text("parker").as_str()), (did, parker), "{call}");
        assert_eq!(
            (text("retriever").as_str(), text("outcome").as_str()),
            ("1002@test.local", "retrieved")
        );
    }
}
