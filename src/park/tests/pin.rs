//! PINs.

use super::*;

fn pin(digits: &str) -> Pin {
    digits.parse().unwrap()
}

#[test]
fn a_pin_is_digits_and_is_not_shown() {
    for bad in ["", "12a4", " 1234", "１２３４", "*12", &"1".repeat(LONGEST_PIN + 1)] {
        assert!(bad.parse::<Pin>().is_err(), "{bad:?}");
    }
    assert_eq!(pin("0123"), pin("0123"));
    for other in ["123", "01230", "0124", "3210"] {
        assert_ne!(pin("0123"), pin(other), "{other}");
    }
    assert_ne!(Pin::UNKNOWN, Pin::UNKNOWN);
    assert_eq!(format!("{:?} {}", pin("0123"), BadPin), "Pin(***) must be 1 to 32 digits");
}

fn taker(leg: &str) -> Claimant {
    Claimant::Retriever { uuid: leg.into(), user: None, by: Person::default().into() }
}

fn claim(park: &mut Park, leg: &str) -> Result<(), Refusal> {
    let claim = park.claim(T0, None, Target::Call(&"a".into()), taker(leg))?;
    park.unclaim(T0, &"a".into(), claim.ticket);
    Ok(())
}

#[test]
fn the_call_s_own_pin_counts_before_the_user_s_and_that_before_the_lot_s() {
    let of_lot = LotConfig { pin: Some(pin("1")), ..lot("default", "701-705") };
    for (own, users, right) in [
        (None, None, "1"),
        (None, Some("2"), "2"),
        (Some("3"), None, "3"),
        (Some("3"), Some("2"), "3"),
    ] {
        let mut park = park_with(vec![of_lot.clone()]);
        parked(&mut park, request("a", "default"));
        if let Some(own) = own {
            park.set_pin(&"a".into(), pin(own));
        }
        let users = users.map(pin);
        let asked =
            park.asks_pin(T0, &key("default"), Target::Next, Taker::Party(None), users.as_ref());
        assert_eq!(asked, Ok(Some("a".into())));
        assert_eq!(claim(&mut park, "r"), Err(Refusal::WrongPin));
        for wrong in ["1", "2", "3", "", "12"].into_iter().filter(|digits| *digits != right) {
            assert!(!park.try_pin(&"a".into(), &"r".into(), users.as_ref(), wrong));
        }
        assert_eq!(claim(&mut park, "r"), Err(Refusal::WrongPin));
        assert!(park.try_pin(&"a".into(), &"r".into(), users.as_ref(), right));
        assert_eq!(claim(&mut park, "other"), Err(Refusal::WrongPin));
        assert_eq!(claim(&mut park, "r"), Ok(()));
    }
}

#[test]
fn a_command_is_not_asked() {
    let mut park = park_with(vec![LotConfig { pin: Some(pin("1")), ..lot("default", "701-705") }]);
    parked(&mut park, request("a", "default"));
    let command = Claimant::Retriever { uuid: "r".into(), user: None, by: Actor::Administrator };
    let claimed = park.claim(T0, None, Target::Call(&"a".into()), command).unwrap();
    park.unclaim(T0, &"a".into(), claimed.ticket);
}

#[test]
fn a_call_whose_pin_is_not_known_opens_for_no_digits() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    assert_eq!(claim(&mut park, "r"), Ok(()));
    park.set_pin(&"a".into(), Pin::UNKNOWN);
    assert_eq!(claim(&mut park, "r"), Err(Refusal::WrongPin));
    assert!(!park.try_pin(&"a".into(), &"r".into(), None, "0"));
    assert!(!park.try_pin(&"a".into(), &"r".into(), Some(&pin("7")), "7"));
}
