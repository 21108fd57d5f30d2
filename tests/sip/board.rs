//! The board of a user who has a phone.

use std::time::Instant;

use kit::phone::ReferredBy;
use kit::{Browser, DOMAIN, SOON, Scene, skipped, two_way};

use super::desk::{refer, setup};

const PASSWORD: &str = "a password for the board";

fn open() -> Option<(Scene, Browser)> {
    let conf = "<configuration name=\"callpark.conf\"><settings>\
        <param name=\"web-listen\" value=\"127.0.0.1:{{web_port}}\"/></settings><lots>\
        <lot name=\"default\" orbits=\"701-705\"><param name=\"timeout\" value=\"90\"/><param name=\"announce\" value=\"false\"/></lot>\
        </lots></configuration>";
    let setup = setup("").callpark_conf(conf).password(1002, PASSWORD);
    let scene = Scene::start_real(setup)?;
    let Some(mut browser) = Browser::start(scene.switch.folder()) else {
        skipped("chromium, which is not installed (make setup)");
        return None;
    };
    browser.go(&scene.switch.web().url("/"));
    browser.until("document.querySelector('#user') === document.activeElement");
    browser.type_text(&format!("1002@{DOMAIN}"));
    browser.eval("document.querySelector('#secret').focus()");
    browser.type_text(PASSWORD);
    browser.key("Enter");
    browser.until("document.querySelector('.live')?.textContent === 'Live'");
    Some((scene, browser))
}

#[test]
fn a_call_is_taken_with_the_users_own_phone() {
    let Some((scene, mut browser)) = open() else { return };
    let (alice, bob, carol) = (scene.phone("1000"), scene.phone("1001"), scene.phone("1002"));
    let (caller, theirs) = scene.talk(&alice, &bob);
    refer(&theirs, "701", ReferredBy::Yes);
    scene.wait_parked(&caller, "default", "701", "1001");
    browser.until("document.querySelector('.card .orbit')?.textContent === '701'");
    assert!(
        browser.text("document.querySelector('.facts').textContent").contains("parked by 1001")
    );

    let pressed = Instant::now();
    browser.click(".card .do-take");
    let taken = carol.incoming(SOON);
    println!("the phone rang {} ms after the click", pressed.elapsed().as_millis());
    two_way(&taken, alice.voice(), &caller, carol.voice());
    scene.outcome(&caller, "retrieved");
    browser.until("document.querySelectorAll('.card').length === 0");
    browser.until("document.querySelector('.told').textContent.includes('taken by 1002')");

    // The other party of the user's own call is parked, by its button.
    browser.click("button.park");
    scene.wait_parked(&caller, "default", "701", "1002");
    browser.until("document.querySelector('.card .orbit')?.textContent === '701'");
    let complaints = browser.complaints();
    let complaints: Vec<_> = complaints.iter().filter(|text| !text.contains("/v1/me")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
}
