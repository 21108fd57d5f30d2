use std::collections::BTreeSet;

use super::*;
use crate::park::free::Free;
use crate::park::orbit_set::OrbitSet;
use crate::park::orbits::Orbits;

fn names(ranges: &str) -> Vec<String> {
    let orbits = Orbits::new(&OrbitRange::parse_list(ranges).unwrap());
    let names: Vec<OrbitName> = (0..orbits.count()).map(|n| orbits.name(n).unwrap()).collect();
    for (number, name) in names.iter().enumerate() {
        assert_eq!(orbits.number(name), Some(number as u32), "{name}");
        assert_eq!(orbits.number_from(&orbits, number as u32), Some(number as u32), "{name}");
    }
    assert_eq!(orbits.name(orbits.count()), None);
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn a_range_counts_as_people_write_it() {
    assert_eq!(names("701-703"), ["701", "702", "703"]);
    assert_eq!(names("98-102"), ["98", "99", "100", "101", "102"]);
    assert_eq!(names("098-102"), ["098", "099", "100", "101", "102"]);
    assert_eq!(names("0701-0703"), ["0701", "0702", "0703"]);
    assert_eq!(names("08-11"), ["08", "09", "10", "11"]);
    assert_eq!(names("0-10").len(), 11);
    assert_eq!(names("*5901-*5903,8"), ["*5901", "*5902", "*5903", "8"]);
    assert_eq!(names("#9-#11, +49, *"), ["#9", "#10", "#11", "+49", "*"]);
    assert_eq!(names("1*8-1*10"), ["1*8", "1*9", "1*10"]);
    assert_eq!(names("99999999999999999999999999999998-99999999999999999999999999999999").len(), 2);
}

#[test]
fn a_bad_range_says_what_is_wrong() {
    let error = |text| OrbitRange::parse_list(text).unwrap_err();
    for bad in
        ["", "701,", "70a", "701-", "-701", "701-*702", "*-*", "8-010", "701-702-703", "7 01"]
    {
        assert!(matches!(error(bad), RangeError::Bad(_)), "{bad}: {:?}", error(bad));
    }
    assert_eq!(error("720-701"), RangeError::Reversed("720-701".into()));
    assert_eq!(error("1-10000001"), RangeError::TooMany);
    assert_eq!(error("0-999999999999999999"), RangeError::TooMany);
    assert_eq!(error("701-720,710"), RangeError::Overlap("701-720".into(), "710".into()));
    assert_eq!(error("1-1000,500-600,7-7"), RangeError::Overlap("1-1000".into(), "7".into()));
    // 7 and 07 are dialled differently, and *7 is another again.
    assert!(OrbitRange::parse_list("7,07,007,*7,5-6,05-06").is_ok());
    assert!(OrbitRange::parse_list("1-10000000").is_ok());
}

#[test]
fn a_range_prints_as_it_was_written() {
    for text in ["701-720", "98-102", "*5901-*5999", "0701-0720", "8", "08-11", "#"] {
        assert_eq!(text.parse::<OrbitRange>().unwrap().to_string(), text);
    }
}

#[test]
fn orbits_the_lot_does_not_have_are_not_found() {
    let orbits = Orbits::new(&OrbitRange::parse_list("98-102,*5-*7,0701-0720").unwrap());
    for name in ["97", "103", "098", "0100", "*4", "*8", "5", "#5", "701", "0700", "*"] {
        assert_eq!(orbits.number(&orbit(name)), None, "{name}");
    }
}

#[test]
fn orbits_sort_as_people_count() {
    let mut names: Vec<OrbitName> =
        ["*10", "100", "99", "*9", "099", "7", "07", "*"].iter().map(|n| orbit(n)).collect();
    names.sort();
    let sorted: Vec<&str> = names.iter().map(OrbitName::as_str).collect();
    assert_eq!(sorted, ["7", "07", "99", "099", "100", "*", "*9", "*10"]);
}

#[test]
fn names_are_checked() {
    assert!("a".repeat(64).parse::<LotName>().is_ok());
    for bad in ["", "a b", "a@b", "ä", "a/b", &"a".repeat(65)] {
        assert!(bad.parse::<LotName>().is_err(), "{bad}");
    }
    for bad in ["", "70a", "7-8", " 7", &"7".repeat(33)] {
        assert!(bad.parse::<OrbitName>().is_err(), "{bad}");
    }
    assert_eq!(key("sales@Example.COM"), key("sales@example.com"));
    assert_eq!(key("sales@example.com").to_string(), "sales@example.com");
    for bad in ["a@", "@b", "a@b c", "a@b@c", "a@b\n"] {
        assert!(bad.parse::<LotKey>().is_err(), "{bad}");
    }
}

#[test]
fn the_set_agrees_with_a_plain_one() {
    let mut rng = fastrand::Rng::with_seed(3);
    for size in [0, 1, 63, 64, 65, 128, 1000] {
        let mut set = OrbitSet::full(size);
        let mut model: BTreeSet<u32> = (0..size).collect();
        for _ in 0..2000 {
            let n = rng.u32(..size + 3);
            if rng.u8(..100) == 0 {
                // Some of them twice, and in any order.
                let some: Vec<u32> = (0..rng.u32(..50)).map(|_| rng.u32(..size + 3)).collect();
                if rng.bool() {
                    set.insert_all(&some);
                    model.extend(some.into_iter().filter(|n| *n < size));
                } else {
                    set.remove_all(&some);
                    model.retain(|n| !some.contains(n));
                }
            } else if rng.bool() {
                assert_eq!(set.insert(n), n < size && model.insert(n));
            } else {
                assert_eq!(set.remove(n), model.remove(&n));
            }
            assert_eq!(set.len() as usize, model.len());
            assert_eq!(set.contains(n), model.contains(&n));
            assert_eq!(set.at_or_after(n), model.range(n..).next().copied());
            assert_eq!(set.nth(n), model.iter().nth(n as usize).copied());
        }
        assert!(set.iter().eq(model.iter().copied()));
        // The other way round, from nothing.
        let mut other = OrbitSet::empty(size);
        for n in &model {
            other.insert(*n);
        }
        assert!(other.iter().eq(set.iter()) && other.len() == set.len());
        for set in [&set, &other] {
            let (all, others) = set.exceptions();
            let others: BTreeSet<u32> = others.collect();
            assert!((0..size).all(|n| model.contains(&n) == (all != others.contains(&n))));
        }
        for n in 0..size + 3 {
            assert_eq!(other.nth(n), set.nth(n));
            assert_eq!(other.at_or_after(n), set.at_or_after(n));
        }
    }
}

#[test]
fn a_set_keeps_only_what_is_not_as_at_first() {
    for mut set in [OrbitSet::full(10_000_000), OrbitSet::empty(10_000_000)] {
        let all = set.len() > 0;
        let flip = |set: &mut OrbitSet, n| if all { set.remove(n) } else { set.insert(n) };
        let back = |set: &mut OrbitSet, n| if all { set.insert(n) } else { set.remove(n) };
        assert_eq!(set.kept(), 0);
        for n in 0..100 {
            assert!(flip(&mut set, n * 99_991));
        }
        assert!(set.kept() <= 100 * 19, "{}", set.kept());
        for n in 0..100 {
            assert!(back(&mut set, n * 99_991));
        }
        assert_eq!(set.kept(), 0);
    }
}

fn taken(free: &mut Free, count: usize) -> Vec<u32> {
    let mut rng = fastrand::Rng::with_seed(1);
    (0..count).map_while(|_| free.take_any(&mut rng)).collect()
}

#[test]
fn first_takes_the_lowest() {
    let mut free = Free::all(5, Assign::First);
    assert_eq!(taken(&mut free, 3), [0, 1, 2]);
    free.release(1);
    assert_eq!(taken(&mut free, 9), [1, 3, 4]);
}

#[test]
fn many_are_taken_as_each_would_be() {
    for assign in [Assign::First, Assign::Next, Assign::LongestFree] {
        let mut one_by_one = Free::all(200, assign);
        for orbit in [7, 3, 150] {
            one_by_one.take(orbit);
            one_by_one.release(orbit);
        }
        let mut at_once = one_by_one.clone();
        let some = [3, 4, 5, 70, 150, 150, 199, 200];
        for orbit in some {
            one_by_one.take(orbit);
        }
        at_once.take_all(&some);
        assert_eq!(at_once.len(), one_by_one.len());
        assert_eq!(taken(&mut at_once, 200), taken(&mut one_by_one, 200), "{assign:?}");
    }
}

#[test]
fn next_goes_round() {
    let mut free = Free::all(4, Assign::Next);
    assert_eq!(taken(&mut free, 2), [0, 1]);
    free.release(0);
    free.release(1);
    assert_eq!(taken(&mut free, 9), [2, 3, 0, 1]);
}

#[test]
fn longest_free_takes_the_unused_first_and_then_the_oldest() {
    let mut free = Free::all(4, Assign::LongestFree);
    assert_eq!(taken(&mut free, 3), [0, 1, 2]);
    free.release(2);
    free.release(0);
    assert_eq!(taken(&mut free, 1), [3]);
    assert!(free.take(2));
    free.release(2);
    free.release(1);
    assert_eq!(taken(&mut free, 9), [0, 2, 1]);
}

#[test]
fn random_gives_each_free_orbit_the_same_chance() {
    let mut rng = fastrand::Rng::with_seed(11);
    let mut free = Free::all(200, Assign::Random);
    for n in 20..200 {
        free.take(n);
    }
    let mut hits = [0u32; 20];
    for _ in 0..20_000 {
        let n = free.take_any(&mut rng).unwrap();
        hits[n as usize] += 1;
        free.release(n);
    }
    assert!(hits.iter().all(|&hits| (850..1150).contains(&hits)), "{hits:?}");
}

#[test]
fn after_an_orbit_comes_the_next_free_one_cyclically() {
    for assign in [Assign::First, Assign::Next, Assign::LongestFree, Assign::Random] {
        let mut free = Free::all(5, assign);
        assert!(free.take(3) && free.take(4) && free.take(0));
        assert_eq!(free.take_after(2), Some(1));
        assert_eq!(free.take_after(2), Some(2));
        assert_eq!(free.take_after(2), None);
        assert_eq!(free.len(), 0);
    }
}
