//! What the phone of a return step shows and says: name, number, ring tone, announcement; and when more than one phone
//! rings.

use std::time::Duration;

use kit::phone::{Policy, Sound};
use kit::{Ends, MUSIC, Phone, SOON, Scene, hang_up, two_way};

use super::steps::{returned, returning};

const ANNOUNCED: Sound = Sound::Tone(1150);

#[test]
fn the_phone_shows_what_the_step_says() {
    let pattern = "${callpark_lot}/${callpark_orbit}: ${caller_id_name} (${caller_id_number}) for ${callpark_parker}";
    let steps = format!(
        r#"<step to="parker" caller-id-name="{pattern}" alert-info="&lt;http://www.example.com&gt;;info=alert-internal"/>"#
    );
    let Some(desk) = Scene::start_real(returning("", &steps)) else { return };
    let alice = Phone::new(&desk.switch, "1000").display("Ali <ce>");
    let bob = desk.phone("1001").policy(Policy::Ring);
    let caller = returned(&desk, &alice);
    let ringing = bob.incoming(SOON);
    let shown = ringing.identity().expect("a caller id");
    assert_eq!(shown.name, "default/701: Ali <ce> (1000) for 1001@test.local");
    assert_eq!(shown.number, "1000");
    let invite = ringing.invite();
    assert_eq!(invite.text("Alert-Info"), "<http://www.example.com>;info=alert-internal");
    assert!(invite.text("From").contains("Ali <ce>"), "{}", invite.text("From"));
    caller.hangup();
    ringing.wait_ended(SOON);
}

#[test]
fn the_announcement_is_heard_before_the_caller_who_hears_music_until_then() {
    let steps = r#"<step to="parker" announce="tone_stream://%(1000,0,1150)"/>"#;
    let Some(desk) = Scene::start_real(returning("", steps)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    bob.set_policy(Policy::Ring);
    let caller = returned(&desk, &alice);
    let ringing = bob.incoming(SOON);
    ringing.answer();
    ringing.wait_hears(ANNOUNCED, SOON);
    caller.wait_hears(MUSIC, SOON);
    two_way(&ringing, alice.voice(), &caller, bob.voice());
    let packets = ringing.history().iter().filter(|(_, sound)| *sound == ANNOUNCED).count();
    assert!(packets > 44, "the announcement was cut off: {packets} packets");
    assert_eq!(caller.first_heard(ANNOUNCED), None);
    hang_up(&ringing, &caller, Ends::Other);
    desk.wait_empty();

    // It can be taken while the other listens, whose call then ends.
    let caller = returned(&desk, &alice);
    let ringing = bob.incoming(SOON);
    ringing.answer();
    ringing.wait_hears(ANNOUNCED, SOON);
    let call = carol.call_up("701");
    two_way(&call, alice.voice(), &caller, carol.voice());
    assert!(ringing.wait_ended(SOON).remote);
    desk.outcome(&caller, "retrieved");
    hang_up(&call, &caller, Ends::Other);
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

/// Two phones of one user, or two users of a group: both ring, one answers, the other stops.
#[test]
fn of_several_phones_one_answers_and_the_others_stop() {
    for (to, users) in [("parker", ["1001", "1001"]), ("group/sales@$${domain}", ["1004", "1005"])]
    {
        let steps = format!(r#"<step to="{to}"/>"#);
        let setup = returning("", &steps).sip_param("multiple-registrations", "contact");
        let Some(desk) = Scene::start_real(setup) else { return };
        let alice = desk.phone("1000");
        let phones = users.map(|user| {
            let phone = desk.phone(user);
            phone.set_policy(Policy::Ring);
            phone
        });
        for answers in [0, 1] {
            let caller = returned(&desk, &alice);
            let ringing = phones.each_ref().map(|phone| phone.incoming(SOON));
            for call in &ringing {
                call.wait_ringing(SOON);
            }
            ringing[answers].answer();
            two_way(&ringing[answers], alice.voice(), &caller, phones[answers].voice());
            let took = ringing[1 - answers].wait_ended(SOON);
            assert!(took.remote && took.code == Some(487), "{took:?}");
            let end = desk.outcome(&caller, "returned");
            let user = format!("{}@test.local", users[answers]);
            assert_eq!(end.text("Callpark-Retriever"), user, "{}", end.summary());
            hang_up(&ringing[answers], &caller, Ends::Other);
            desk.wait_empty();
            desk.switch.wait_channels(0);
        }
        // Nobody of them keeps ringing for a caller who has gone.
        let caller = returned(&desk, &alice);
        let ringing = phones.each_ref().map(|phone| phone.incoming(SOON));
        caller.hangup();
        for call in &ringing {
            assert!(call.wait_ended(Duration::from_secs(1)).remote);
        }
        desk.switch.wait_channels(0);
    }
}
