//! Users of the directory over the web: they log in, take a call with their own phone, and park the one they are in.

use kit::http::Response;
use kit::phone::{Call, Policy, ReferredBy};
use kit::{Http, Phone, SOON, Scene, two_way};

use super::desk::{refer, setup};

const CONF: &str = r#"<configuration name="callpark.conf">
<settings><param name="web-listen" value="127.0.0.1:{{web_port}}"/></settings>
<lots><lot name="default" orbits="701-720"><param name="timeout" value="0"/>
  <deny action="retrieve" user="1003"/><deny action="admin" user="1003"/>
</lot></lots></configuration>
"#;

/// Logged in as that user.
#[track_caller]
fn login(web: &Http, user: &str, password: &str) -> Http {
    let json = format!(r#"{{"user":"{user}@test.local","password":"{password}"}}"#);
    let answer = web.post("/v1/login", &json);
    assert_eq!(answer.status, 200, "{answer:?}");
    let cookie = answer
        .header("set-cookie")
        .expect("a cookie")
        .split(';')
        .next()
        .expect("a pair")
        .to_owned();
    let mark = answer.json()["csrf"].as_str().expect("a mark").to_owned();
    web.with("Cookie", &cookie).with("X-CSRF-Token", &mark)
}

fn open() -> Option<(Scene, Http)> {
    let setup = setup("").callpark_conf(CONF).password(1002, "sesame").password(1003, "sesame");
    let scene = Scene::start_real(setup)?;
    let web = scene.switch.web();
    Some((scene, web))
}

#[test]
fn a_user_takes_a_call_with_the_own_phone_and_parks_it_again() {
    let Some((scene, web)) = open() else { return };
    let (alice, carol) = (scene.phone("1001"), scene.phone("1002"));
    let caller = alice.call_up("park_default_701");
    let uuid = caller.uuid().to_owned();
    scene.action(&uuid, "park");
    let user = login(&web, "1002", "sesame");
    let me = user.get("/v1/me").json();
    assert_eq!(
        (&me["user"], &me["domain"]),
        (&"1002@test.local".into(), &"test.local".into()),
        "{me}"
    );
    let taken = user.post(&format!("/v1/calls/{uuid}/retrieve"), "{}");
    assert_eq!(taken.status, 202, "{taken:?}");
    let call = carol.incoming(SOON);
    let event = scene.outcome(&uuid, "retrieved");
    assert_eq!(event.text("Callpark-Retriever"), "1002@test.local");
    two_way(&caller, carol.voice(), &call, alice.voice());
    let parked = user.post("/v1/park", r#"{"orbit":"705"}"#);
    assert_eq!(parked.status, 200, "{parked:?}");
    let event = scene.action(&uuid, "park");
    assert_eq!(
        (event.text("Callpark-Orbit"), event.text("Callpark-Parker")),
        ("705", "1002@test.local")
    );
    assert_eq!(user.get("/v1/calls").json()["calls"][0]["parker"], "1002@test.local");
}

#[test]
fn a_password_is_the_own_one_and_the_rules_count() {
    let Some((scene, web)) = open() else { return };
    let alice = scene.phone("1001");
    let caller = alice.call_up("park_default_701");
    let uuid = caller.uuid().to_owned();
    scene.action(&uuid, "park");
    for (user, password) in
        [("1002", "open"), ("1002", ""), ("1001", ""), ("1001", "1001"), ("nobody", "sesame")]
    {
        let json = format!(r#"{{"user":"{user}@test.local","password":"{password}"}}"#);
        assert_eq!(web.post("/v1/login", &json).status, 401, "{user} {password:?}");
    }
    let denied = login(&web, "1003", "sesame");
    let lots = denied.get("/v1/lots").json();
    assert_eq!(lots["lots"][0]["may"], serde_json::json!(["park", "list", "see"]), "{lots}");
    for act in ["retrieve", "return", "drop", "announce"] {
        let answer = denied.post(&format!("/v1/calls/{uuid}/{act}"), "{}");
        assert_eq!((answer.status, &answer.json()["code"]), (403, &"denied".into()), "{act}");
    }
    // Nor does somebody else get a call for that user.
    let other = login(&web, "1002", "sesame");
    let answer = other.post(&format!("/v1/calls/{uuid}/retrieve"), r#"{"to":"1003@test.local"}"#);
    assert_eq!(answer.status, 403, "{answer:?}");
    assert_eq!(other.post(&format!("/v1/calls/{uuid}/drop"), "").status, 200);
    scene.outcome(&uuid, "dropped");
}

#[test]
fn two_taps_on_a_link_ring_the_phone_once() {
    let Some((scene, web)) = open() else { return };
    let (alice, carol) = (scene.phone("1001"), scene.phone("1002"));
    let caller = alice.call_up("park_default_701");
    let uuid = caller.uuid().to_owned();
    scene.action(&uuid, "park");
    let answer = scene.api("link default 701 1002@test.local");
    let (_, token) = answer.trim().split_once("/r/").unwrap_or_else(|| panic!("{answer}"));
    let path = format!("/r/{token}");
    assert!(web.get(&path).body.contains("The phone of 1002@test.local will ring."));
    let taps: Vec<u16> = std::thread::scope(|scope| {
        let taps = [0; 2].map(|_| scope.spawn(|| web.send("POST", &path, None).status));
        taps.map(|tap| tap.join().expect("an answer")).to_vec()
    });
    assert!(taps == [200, 410] || taps == [410, 200], "{taps:?}");
    let call = carol.incoming(SOON);
    let event = scene.outcome(&uuid, "retrieved");
    assert_eq!(event.text("Callpark-Retriever"), "1002@test.local");
    two_way(&caller, carol.voice(), &call, alice.voice());
    assert_eq!(web.get(&path).status, 410);
}

/// The link in a text, below the address of the server.
#[track_caller]
fn link_in(text: &str) -> String {
    let (_, rest) = text.split_once("/r/").unwrap_or_else(|| panic!("no link in {text:?}"));
    let token: String =
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    format!("/r/{token}")
}

#[test]
fn a_message_and_a_page_bear_a_link_for_who_gets_them() {
    let lots = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
  <param name="notify" value="true"/>
  <param name="notify-text" value="${caller_id_name} in ${callpark_orbit}, ${callpark_link}"/>
  <param name="page" value="{sip_h_X-Link=${callpark_link}}user/1003@$${domain},user/1004@$${domain}"/>
</lot>"#;
    let start = CONF.find("<lot ").expect("a lot");
    let end = CONF.find("</lots>").expect("its end");
    let conf = [&CONF[..start], lots, &CONF[end..]].concat();
    let Some(scene) = Scene::start_real(setup("").callpark_conf(&conf)) else { return };
    let (alice, bob) = (scene.phone("1000"), scene.phone("1001"));
    let [dave, eve] = ["1003", "1004"].map(|phone| scene.phone(phone).policy(Policy::Answer));
    let (caller, theirs) = scene.talk(&alice, &bob);
    refer(&theirs, "700", ReferredBy::Yes);
    let uuid = caller.uuid().to_owned();
    scene.action(&uuid, "park");
    let (_, message) = bob.wait_request(SOON, |request| request.method() == "MESSAGE");
    assert!(message.body.starts_with("1000 in 701, http://"), "{}", message.body);
    let paged = [&dave, &eve].map(|phone| {
        let page = phone.incoming(SOON);
        let header = page.invite().text("X-Link").to_owned();
        page.wait_ended(SOON);
        link_in(&header)
    });
    let theirs = link_in(&message.body);
    assert!(paged[0] != paged[1] && !paged.contains(&theirs));
    // Scanners open links; that uses nothing up.
    let web = scene.switch.web();
    for link in paged.iter().chain([&theirs]) {
        assert_eq!(web.get(link).status, 200);
    }
    let taken = web.post(&paged[1], "");
    assert_eq!(taken.status, 200, "{taken:?}");
    let call = eve.incoming(SOON);
    let event = scene.outcome(&uuid, "retrieved");
    assert_eq!(event.text("Callpark-Retriever"), "1004@test.local");
    two_way(&caller, eve.voice(), &call, alice.voice());
    // The call has gone, and so have the other links.
    for link in [&paged[0], &theirs] {
        assert!(web.post(link, "").status >= 400, "{link}");
    }
    let log = scene.switch.log();
    assert!(!log.contains(&theirs[3..]) && !log.contains(&paged[1][3..]), "a link is in the log");
}

/// Whether the call asks the phone to answer by itself.
fn asks_to_answer(call: &Call) -> bool {
    call.invite().headers.iter().any(|(name, value)| {
        ["Call-Info", "Alert-Info"].contains(&name.as_str())
            && (value.contains("answer-after=0") || value.contains("Auto Answer"))
    })
}

#[test]
fn a_phone_answers_by_itself_only_for_its_own_user_who_is_logged_in() {
    let setup = setup("").callpark_conf(CONF).password(1002, "sesame").password(1006, "sesame");
    let setup = setup.user_variable(1002, "callpark_auto_answer", "true");
    let Some(scene) = Scene::start_real(setup) else { return };
    let web = scene.switch.web();
    let alice = scene.phone("1001");
    let [carol, grace] = ["1002", "1006"].map(|phone| scene.phone(phone).policy(Policy::Ring));
    let caller = alice.call_up("park_default_701");
    let uuid = caller.uuid().to_owned();
    scene.action(&uuid, "park");
    let (own, other) = (login(&web, "1002", "sesame"), login(&web, "1006", "sesame"));
    let retrieve = format!("/v1/calls/{uuid}/retrieve");
    let declined = |phone: &Phone, times: usize, answer: Response| {
        assert!([200, 202].contains(&answer.status), "{answer:?}");
        let call = phone.incoming(SOON);
        assert!(!asks_to_answer(&call), "{:?}", call.invite());
        call.reject(486);
        // As long as a phone rings for a call it is not rung for that call again, and FreeSWITCH looks every 100 ms.
        let over = format!("user/{}@test.local\" did not take the call", phone.user());
        kit::eventually(SOON, "the ringing is over", || {
            (scene.switch.log().matches(&over).count() == times).then_some(())
        });
    };
    // Asked by somebody else, over a link, and without the variable.
    declined(&carol, 1, other.post(&retrieve, r#"{"to":"1002@test.local"}"#));
    declined(&carol, 2, web.post(&link_in(&scene.api("link default 701 1002@test.local")), ""));
    declined(&grace, 1, other.post(&retrieve, "{}"));
    assert_eq!(own.post(&retrieve, "{}").status, 202);
    let call = carol.incoming(SOON);
    assert!(asks_to_answer(&call), "{:?}", call.invite());
    call.answer();
    scene.outcome(&uuid, "retrieved");
    two_way(&caller, carol.voice(), &call, alice.voice());
}
