//! Lots of which each domain has its own copy.

use super::*;

fn shared() -> LotConfig {
    LotConfig { per_domain: true, ..lot("default", "701-702") }
}

fn park_in(park: &mut Park, uuid: &str, domain: &str) -> String {
    let key = park.resolve("default", Some(domain)).unwrap();
    let request = ParkRequest { lot: key, ..request(uuid, "default") };
    parked(park, request)
}

fn names(park: &Park) -> Vec<String> {
    park.lots().into_iter().map(|lot| lot.lot.to_string()).collect()
}

#[test]
fn each_domain_has_its_own_orbits_until_its_last_call_has_gone() {
    let mut park = park_with(vec![shared()]);
    for n in 0..5_000 {
        let domain = format!("D{n}.example.");
        let at = park_in(&mut park, &n.to_string(), &domain);
        assert_eq!(at, format!("default@d{n}.example 701"));
    }
    assert_eq!(park_in(&mut park, "second", "d7.example"), "default@d7.example 702");
    let third = park.resolve("default", Some("d7.example")).unwrap();
    let third = ParkRequest { lot: third, ..request("third", "default") };
    assert_eq!(refused(&mut park, third).0, Refusal::Full);
    assert_eq!(
        park.orbit_at("701", Some("d7.example")),
        Some(orbit_key("default@d7.example", "701"))
    );
    assert_eq!(
        park.orbit_at("701", Some("new.example")),
        Some(orbit_key("default@new.example", "701"))
    );
    assert_eq!(park.orbit_at("701", None), Some(orbit_key("default", "701")));
    assert!(park.has_tenant("d7.example") && !park.has_tenant("new.example"));
    assert!(park.is_of_a_tenant("701") && park.is_of_a_tenant("default"));
    // Neither a channel without a domain nor another domain finds them.
    let peek = |park: &Park, lot: &str| {
        park.peek(T0, &key(lot), Target::Next, Taker::Anybody).map(|call| call.info.uuid)
    };
    assert_eq!(peek(&park, "default"), Err(Refusal::Empty));
    assert_eq!(peek(&park, "default@new.example"), Err(Refusal::Empty));
    assert_eq!(peek(&park, "default@d8.example"), Ok("8".into()));
    assert_eq!(park.resolve("default@d8.example", Some("d7.example")), Err(Refusal::UnknownLot));
    assert_eq!(park.resolve("default@d8.example", None), Ok(key("default@d8.example")));
    for n in 0..5_000 {
        park.gone(at(9), &CallUuid::new(n.to_string()), End::HungUp);
    }
    assert_eq!(names(&park), ["default", "default@d7.example"]);
    park.gone(at(9), &"second".into(), End::HungUp);
    assert_eq!(names(&park), ["default"]);
}

#[test]
fn a_lot_of_that_name_takes_the_place_of_a_copy() {
    let own = lot("default@a.com", "801");
    let mut park = park_with(vec![shared(), own.clone()]);
    assert_eq!(park_in(&mut park, "a", "a.com"), "default@a.com 801");
    assert_eq!(park_in(&mut park, "b", "b.com"), "default@b.com 701");
    // Afterwards it is a copy, and the call stays where it is until it goes.
    park.configure(at(1), vec![shared()]);
    assert_eq!(
        park.peek(at(1), &key("default@a.com"), Target::Next, Taker::Anybody).unwrap().orbit,
        orbit("801")
    );
    assert_eq!(park_in(&mut park, "c", "a.com"), "default@a.com 701");
    park.configure(at(2), vec![lot("default", "701-702")]);
    assert_eq!(
        park.peek(at(1), &key("default@b.com"), Target::Next, Taker::Anybody).unwrap().info.uuid,
        "b".into()
    );
    assert_eq!(park_in(&mut park, "d", "c.com"), "default 701");
    for uuid in ["a", "b", "c", "d"] {
        park.gone(at(3), &uuid.into(), End::HungUp);
    }
    assert_eq!(names(&park), ["default"]);
}

#[test]
fn what_is_closed_by_hand_in_a_copy_stays_closed() {
    let mut park = park_with(vec![shared()]);
    let copy = key("default@a.com");
    assert_eq!(park.close(&copy, Some(&orbit("709"))), Err(Refusal::UnknownOrbit));
    assert_eq!(names(&park), ["default"]);
    park.close(&copy, Some(&orbit("701"))).unwrap();
    assert_eq!(park_in(&mut park, "a", "a.com"), "default@a.com 702");
    park.gone(at(1), &"a".into(), End::HungUp);
    assert_eq!(park_in(&mut park, "a", "a.com"), "default@a.com 702");
    park.gone(at(1), &"a".into(), End::HungUp);
    park.open(&copy, None).unwrap();
    assert_eq!(names(&park), ["default"]);
    assert_eq!(park.open(&copy, None), Ok(()));
}

#[test]
fn a_copy_overflows_into_a_copy() {
    let mut one = LotConfig { per_domain: true, ..lot("default", "701") };
    one.when_full = WhenFull::Lot("spill".into());
    let spill = LotConfig { per_domain: true, ..lot("spill", "801") };
    let mut park = park_with(vec![one, spill]);
    assert_eq!(park_in(&mut park, "a", "a.com"), "default@a.com 701");
    assert_eq!(park_in(&mut park, "b", "a.com"), "spill@a.com 801");
    let moved =
        park.move_call(at(1), &orbit_key("default@a.com", "701"), &key("spill@b.com"), Want::Auto);
    assert_eq!(moved, Ok(orbit_key("spill@b.com", "801")));
    assert_eq!(names(&park), ["default", "spill", "spill@a.com", "spill@b.com"]);
}

/// Whatever was made ready, the copies that are in use go on, and no other is made.
#[test]
fn copies_are_ready_before_a_reload_that_they_outlive() {
    let mut park = park_with(vec![shared()]);
    for domain in ["stays.example", "goes.example"] {
        park_in(&mut park, domain, domain);
    }
    let layout = Layout::of(vec![LotConfig { per_domain: true, ..lot("default", "701-703") }])
        .with_copies(&park.of_domains());
    park_in(&mut park, "comes.example", "comes.example");
    park.gone(at(1), &"goes.example".into(), End::HungUp);
    drop(park.lay_out(at(2), layout));
    let stays = ["default", "default@comes.example", "default@stays.example"];
    assert_eq!(names(&park), stays);
    for domain in ["stays.example", "comes.example"] {
        for orbit in ["702", "703"] {
            let at = park_in(&mut park, &format!("{orbit}@{domain}"), domain);
            assert_eq!(at, format!("default@{domain} {orbit}"));
        }
    }
    // What is ready, but not copied any more, is not made use of.
    let layout = Layout::of(vec![lot("default", "701-703")]).with_copies(&park.of_domains());
    drop(park.lay_out(at(3), layout));
    assert!(park.lots().iter().all(|lot| lot.lot.domain.is_none() || lot.removed));
}
