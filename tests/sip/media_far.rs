//! Codecs and transports that the kit's phones do not speak: FreeSWITCH speaks them for a phone, and calls itself.

use kit::phone::{Call, Policy};
use kit::{DOMAIN, MUSIC, Phone, SOON, Scene, Setup, new_uuid, two_way};

use super::desk::{LOT, setup};

/// The far end of a call that is parked: `uuid` is the channel that waits, and `ear` is what its caller hears.
struct Far {
    uuid: String,
    phone: Phone,
    ear: Call,
}

/// A call with these channel variables at its far end dials `number`, which answers.
fn far(desk: &Scene, user: &str, variables: &str, number: &str) -> Far {
    let phone = Phone::new(&desk.switch, user).policy(Policy::Answer);
    phone.register();
    let uuid = new_uuid();
    let (ip, port) = (desk.switch.ip(), desk.switch.sip_port());
    desk.switch.api(&format!(
        "bgapi originate {{{variables},sip_invite_call_id={uuid}}}sofia/internal/{number}@{ip}:{port} \
         &bridge({{absolute_codec_string=PCMU}}user/{user}@{DOMAIN})"
    ));
    let ear = phone.incoming(SOON);
    Far { uuid, phone, ear }
}

/// It hears music, is retrieved by a phone, retrieves a phone's call, and everybody hears everybody.
fn parks(setup: Setup, module: &str, variables: &str, described: &str) {
    let Some(desk) = Scene::start_real(setup.module(module)) else { return };
    if !module.is_empty() && desk.switch.api(&format!("module_exists {module}")).trim() != "true" {
        return kit::skipped(&format!("a FreeSWITCH with {module}"));
    }
    let (carol, dave) = (desk.phone("1002"), desk.phone("1003"));
    let far_end = far(&desk, "1004", variables, "park_default_705");
    far_end.ear.wait_hears(MUSIC, SOON);
    let said = desk.switch.getvar(&far_end.uuid, "switch_r_sdp").unwrap_or_default();
    assert!(said.contains(described), "{said}");
    let call = carol.call_up("705");
    two_way(&call, far_end.phone.voice(), &far_end.ear, carol.voice());
    ended(&desk, &far_end.uuid, "retrieved");
    call.hangup();
    far_end.ear.wait_ended(SOON);
    desk.wait_empty();

    let caller = dave.call_up("park_default_706");
    desk.wait_parked(&caller, "default", "706", "");
    let taker = far(&desk, "1005", variables, "706");
    two_way(&taker.ear, dave.voice(), &caller, taker.phone.voice());
    desk.outcome(&caller, "retrieved");
    caller.hangup();
    taker.ear.wait_ended(SOON);
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

fn ended(desk: &Scene, uuid: &str, outcome: &str) {
    let last = desk.events.wait(SOON, |event| {
        event.is("Callpark-UUID", uuid) && !event.text("Callpark-Outcome").is_empty()
    });
    assert_eq!(last.text("Callpark-Outcome"), outcome, "{}", last.summary());
}

#[test]
fn wideband_g722() {
    let setup = setup(LOT).codecs("PCMU,PCMA,G722");
    parks(setup, "mod_spandsp", "absolute_codec_string=G722", "G722/8000");
}

#[test]
fn opus() {
    let setup = setup(LOT).codecs("PCMU,PCMA,OPUS");
    parks(setup, "mod_opus", "absolute_codec_string=OPUS", "opus/48000");
}

#[test]
fn encrypted_audio_of_another_suite() {
    let variables = "rtp_secure_media=mandatory:AEAD_AES_256_GCM_8";
    parks(setup(LOT), "", variables, "AEAD_AES_256_GCM_8");
}

/// As browsers do: ICE and DTLS.
#[test]
fn web_rtc() {
    let setup = setup(LOT).sip_param("apply-candidate-acl", "loopback.auto");
    parks(setup, "mod_rtc", "media_webrtc=true,absolute_codec_string=PCMU", "a=fingerprint");
}
