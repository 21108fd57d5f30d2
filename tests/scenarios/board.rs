//! The board, in a browser: what it shows of the calls of a running module, and what its keys and buttons do.

use std::time::Duration;

use kit::{Browser, Setup, skipped};

use super::lot::{MOMENT, Scene, setup};

const TOKEN: &str = "the token of the desk";
const SHA256: &str = "89066ec294a10c7cc1739ac61e9556903209a9ab249faf3fd0cbdedc9bd2fb4e";

/// Each runs if a name, number or note is taken for a part of the page.
const HOSTILE: [&str; 3] = [
    "<script>alert(1)</script>",
    "<img src=x onerror=document.title='owned'>",
    "'\"--><svg onload=document.title='owned'>",
];

const LOTS: &str = r#"
  <lot name="default" orbits="701-705">
    <param name="timeout" value="90"/>
    <param name="announce" value="false"/>
    <return><step to="transfer:7777 XML default"/></return>
  </lot>
  <lot name="other" orbits="801-803">
    <param name="timeout" value="0"/>
    <param name="announce" value="false"/>
  </lot>"#;

fn desk(lots: &str) -> Setup {
    let conf = format!(
        "<configuration name=\"callpark.conf\"><settings>\
         <param name=\"web-listen\" value=\"127.0.0.1:{{{{web_port}}}}\"/>\
         <token name=\"desk\" sha256=\"{SHA256}\" scope=\"admin\"/>\
         </settings><lots>{lots}</lots></configuration>"
    );
    setup("").callpark_conf(&conf)
}

/// A browser that has logged in. None: it is not installed.
fn open(scene: &Scene, page: &str) -> Option<Browser> {
    let Some(mut browser) = Browser::start(scene.switch.folder()) else {
        skipped("chromium, which is not installed (make setup)");
        return None;
    };
    // When a card appears, on the clock of this machine.
    browser.before_each_page(
        "window.violations = []; window.appeared = {}; \
         document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective)); \
         document.addEventListener('DOMContentLoaded', () => new MutationObserver(() => { \
           for (const orbit of document.querySelectorAll('.card .orbit')) appeared[orbit.textContent] ??= Date.now(); \
         }).observe(document.body, { childList: true, subtree: true, characterData: true }));",
    );
    browser.look(1280, 900, false);
    let web = scene.switch.web();
    browser.go(&web.url(page));
    browser.until("document.querySelector('form.door') !== null");
    browser.eval("[...document.querySelectorAll('form.door button')].find((b) => b.textContent.includes('token')).click()");
    browser.type_text(TOKEN);
    browser.key("Enter");
    browser.until("document.querySelector('.board') !== null && document.querySelector('.live').textContent === 'Live'");
    // Asking who is logged in, before anybody was.
    browser.complaints();
    Some(browser)
}

fn orbits(browser: &mut Browser) -> String {
    browser
        .text("[...document.querySelectorAll('.card .orbit')].map((o) => o.textContent).join(' ')")
}

/// Nothing of a caller has run, and nothing has gone wrong in the page.
#[track_caller]
fn is_sound(browser: &mut Browser) {
    assert_eq!(browser.text("JSON.stringify(violations)"), "[]");
    assert_eq!(browser.text("document.title"), "Parked calls");
    assert_eq!(
        browser.text("document.querySelectorAll('script, img, svg:not([class])').length"),
        "1",
        "one script"
    );
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:?}");
}

#[test]
fn a_call_is_seen_at_once_and_its_caller_is_only_text() {
    let scene = Scene::start(desk(LOTS));
    let Some(mut browser) = open(&scene, "/") else { return };
    assert_eq!(browser.text("document.querySelector('.what').textContent"), "Nobody is waiting");
    let mut slowest = 0;
    for (n, hostile) in HOSTILE.iter().enumerate() {
        let orbit = 701 + n;
        let vars = [
            ("origination_callee_id_name", *hostile),
            ("origination_callee_id_number", *hostile),
            ("callpark_note", *hostile),
        ];
        scene.park_with("park_default", &vars);
        browser.until(&format!("appeared['{orbit}'] > 0"));
        let parked_at = scene.calls()[n]["parked_at"].as_i64().expect("a time");
        let appeared: i64 = browser.text(&format!("appeared['{orbit}']")).parse().expect("a time");
        slowest = slowest.max(appeared - parked_at);
        for part in ["name", "note"] {
            let text = browser
                .text(&format!("document.querySelectorAll('.card .{part}')[{n}].textContent"));
            assert_eq!(text, *hostile);
        }
    }
    println!("the slowest card appeared {slowest} ms after its park");
    assert!(slowest < 2_000, "{slowest} ms");
    assert_eq!(orbits(&mut browser), "701 702 703");
    let next = browser.text("document.querySelector('.next').textContent");
    assert!(next.starts_with("in 1:") && next.contains("is transferred to 7777"), "{next}");
    // Past calls show the same texts.
    for call in scene.calls() {
        scene.switch.kill(call["uuid"].as_str().expect("a uuid"));
    }
    browser.until("document.querySelectorAll('.card').length === 0");
    for view in ["history", "reports", "then", "board"] {
        browser.eval(&format!("location.hash = '{view}'"));
        std::thread::sleep(MOMENT * 2);
    }
    browser.eval("location.hash = 'history'");
    browser.until("document.querySelectorAll('.list tbody tr').length === 3");
    let caller = browser.text("document.querySelector('.list tbody b').textContent");
    assert!(HOSTILE.contains(&caller.as_str()), "{caller}");
    is_sound(&mut browser);
}

#[test]
fn everything_is_done_with_keys_and_by_drag_and_drop() {
    let scene = Scene::start(desk(LOTS));
    let Some(mut browser) = open(&scene, "/") else { return };
    let (first, _) = scene.park("park_default");
    let (second, _) = scene.park("park_default");
    browser.until("document.querySelectorAll('.card').length === 2");
    let has_focus = |orbit: &str| {
        format!("document.activeElement.querySelector('.orbit')?.textContent === '{orbit}'")
    };
    browser.key("ArrowRight");
    browser.until(&has_focus("701"));

    browser.key("m");
    browser.until("document.querySelector('dialog select') !== null");
    browser.eval("document.querySelector('dialog select').value = 'other 802'");
    browser.click("dialog [type=submit]");
    let moved = scene.action(&first, "move");
    assert_eq!((moved.text("Callpark-Lot"), moved.text("Callpark-Orbit")), ("other", "802"));
    browser.until(
        "[...document.querySelectorAll('.card .orbit')].some((o) => o.textContent === '802')",
    );

    browser.eval("[...document.querySelectorAll('.card')].at(-1).focus()");
    browser.until(&has_focus("802"));
    browser.key("n");
    browser.until("document.querySelector('dialog textarea') === document.activeElement");
    browser.type_text("wants <b>a</b> quote");
    browser.click("dialog [type=submit]");
    browser.until(
        "document.querySelector('.note:not([hidden])')?.textContent === 'wants <b>a</b> quote'",
    );
    browser.until(&has_focus("802"));
    browser.key("+");
    browser.until("[...document.querySelectorAll('.flag')].some((f) => f.textContent === '▲ 1')");
    let calls = scene.calls();
    let call = calls.iter().find(|call| call["uuid"] == first.as_str()).expect("it is parked");
    assert_eq!(
        (call["note"].as_str(), call["priority"].as_u64()),
        (Some("wants <b>a</b> quote"), Some(1))
    );

    browser.drag(".card .grip", "[data-orbit='705']");
    let moved = scene.action(&second, "move");
    assert_eq!(moved.text("Callpark-Orbit"), "705");

    // A question first, in which the safe answer has the focus.
    browser.until("document.querySelector('.card .orbit').textContent === '705'");
    browser.eval("document.querySelector('.card').focus()");
    browser.key("d");
    browser.until("document.activeElement.textContent === 'Cancel'");
    browser.key("Escape");
    browser.until("document.querySelector('dialog') === null");
    assert_eq!(scene.calls().len(), 2);
    browser.until(&has_focus("705"));
    browser.key("d");
    browser.click("dialog .danger");
    scene.outcome(&second, "dropped");
    // Where the focus was, the next call is.
    browser.until(&has_focus("802"));

    // The return steps of the other lot are none, so this one goes on.
    browser.click(".card .more");
    browser.until("document.querySelector('.card .do-back') !== null");
    let (third, _) = scene.park("park_default");
    browser.until("document.querySelectorAll('.card').length === 2");
    browser.eval("document.querySelector('.card').focus()");
    browser.until(&has_focus("701"));
    browser.key("r");
    scene.outcome(&third, "returned");
    is_sound(&mut browser);
}

#[test]
fn nothing_is_lost_while_there_is_no_connection() {
    let scene = Scene::start(desk(LOTS));
    let Some(mut browser) = open(&scene, "/") else { return };
    let (stays, _) = scene.park("park_default");
    let (goes, _) = scene.park("park_default");
    browser.until("document.querySelectorAll('.card').length === 2");
    browser.offline(true);
    // Cuts every stream.
    scene.api("reload");
    browser.until("!document.querySelector('.banner').hidden");
    let waited = "document.querySelector('.card .waited').textContent";
    let before = browser.text(waited);
    scene.switch.kill(&goes);
    scene.outcome(&goes, "abandoned");
    let (short, _) = scene.park("park_other");
    scene.switch.kill(&short);
    scene.outcome(&short, "abandoned");
    scene.park("park_other");
    std::thread::sleep(Duration::from_millis(1_500));
    assert_ne!(browser.text(waited), before, "the times continue");
    assert_eq!(orbits(&mut browser), "701 702");

    browser.offline(false);
    browser.until("document.querySelector('.banner').hidden");
    browser.until("document.querySelectorAll('.card').length === 2");
    assert_eq!(orbits(&mut browser), "701 801");
    // What has come and gone meanwhile has not been seen, and is told.
    browser.until("document.querySelectorAll('.told li').length >= 4");
    let told = browser
        .text("[...document.querySelectorAll('.told li')].map((li) => li.textContent).join('\\n')");
    assert_eq!(told.matches("hung up").count(), 2, "{told}");
    assert_eq!(told.matches("parked in 801").count(), 2, "{told}");
    scene.switch.kill(&stays);
    browser.until("document.querySelectorAll('.card').length === 1");
}

/// The tests of axe-core for WCAG 2.2 at the levels A and AA, and for good practice.
const AXE: &str = "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }) \
    .then((found) => JSON.stringify(found.violations.map((one) => [one.id, one.impact, one.nodes.map((node) => node.html)])))";

#[test]
fn everybody_can_use_it() {
    let Ok(axe) = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/target/axe/package/axe.min.js"
    )) else {
        return skipped("axe-core, for which npm has to be installed (make need-axe)");
    };
    let scene = Scene::start(desk(LOTS));
    let Some(mut browser) = open(&scene, "/") else { return };
    let vars = [
        ("origination_callee_id_name", "Ada Lovelace"),
        ("callpark_note", "a note"),
        ("callpark_priority", "5"),
    ];
    scene.park_with("park_default", &vars);
    scene.park("park_other");
    browser.until("document.querySelectorAll('.card').length === 2");
    browser.eval("document.querySelector('.card .more').click()");
    browser.eval(&axe);
    for dark in [false, true] {
        for width in [390, 1280] {
            browser.look(width, 844, dark);
            for view in ["history", "reports", "then", "wall", "board"] {
                browser.eval(&format!("location.hash = '{view}'"));
                std::thread::sleep(MOMENT * 2);
                assert_eq!(browser.text(AXE), "[]", "{view} at {width}, dark {dark}");
            }
            for key in ["m", "?"] {
                browser.eval("document.querySelector('.card').focus()");
                browser.key(key);
                browser.until("document.querySelector('dialog') !== null");
                assert_eq!(browser.text(AXE), "[]", "the dialog of {key}");
                browser.key("Escape");
                browser.until("document.querySelector('dialog') === null");
            }
        }
    }
    browser.eval("document.querySelector('.tools button:last-child').click()");
    browser.until("document.querySelector('form.door') !== null");
    assert_eq!(browser.text(AXE), "[]", "logging in");
}

#[test]
fn it_fits_on_phones_desks_and_walls() {
    let scene = Scene::start(desk(&LOTS.replace("701-705", "701-760")));
    let Some(mut browser) = open(&scene, "/") else { return };
    let long = "Konstantin Aleksandrovich-von-Hohenzollern-Sigmaringen-without-any-blank-to-break-a-line-at";
    let vars = [
        ("origination_callee_id_name", long),
        ("callpark_note", long),
        ("callpark_for", "1001@a.local"),
    ];
    for n in [0, 1, 2, 29] {
        for _ in 0..n {
            scene.park_with("park_default", &vars);
        }
        let count = scene.calls().len();
        for (width, height) in [(320, 640), (390, 844), (1280, 800), (1920, 1080)] {
            for view in ["board", "history", "reports", "then", "wall"] {
                browser.look(width, height, n == 1);
                browser.eval(&format!("location.hash = '{view}'"));
                browser.until("new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(true), 30)))");
                let fits = browser.text("document.documentElement.scrollWidth <= innerWidth");
                assert_eq!(fits, "true", "{view} at {width}, {count} calls");
                if view == "board" || view == "wall" {
                    browser
                        .until(&format!("document.querySelectorAll('.card').length === {count}"));
                }
            }
        }
    }
    // A wall has no controls, and shows all of them at once.
    let tall = browser.text("document.documentElement.scrollHeight <= innerHeight");
    assert_eq!(tall, "true");
    let controls = "[...document.querySelectorAll('button, a, input, select')].filter((e) => e.checkVisibility() && !e.closest('#notices')).length";
    assert_eq!(browser.text(controls), "0");
    // Everything else has a name for those who do not see it.
    browser.look(390, 844, false);
    for view in ["board", "history", "reports", "then"] {
        browser.eval(&format!("location.hash = '{view}'"));
        std::thread::sleep(MOMENT);
        let nameless = browser.text(
            "JSON.stringify([...document.querySelectorAll('button, a, input, select')].filter((e) => e.checkVisibility()) \
             .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML))",
        );
        assert_eq!(nameless, "[]", "{view}");
    }
    is_sound(&mut browser);
}
