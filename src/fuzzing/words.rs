//! The words after an application's name.

use super::{park, texts};
use crate::args;
use crate::park::{Destination, LotKey, MOST_ORBITS, OrbitName, OrbitRange, domain_name};

/// `<words> 0xff <the domain of the channel>`.
pub fn arguments(data: &[u8]) {
    let [line, domain] = texts(data);
    let (park, domain) = (park(), (!domain.is_empty()).then_some(&*domain));
    if let Ok(place) = args::place(&park, &line, domain) {
        assert!(park.lot_config(&place.lot).is_some(), "{place:?}");
        // Who stands in a domain gets no other one's lot.
        let own = domain.and_then(domain_name);
        let theirs = place.lot.domain.as_deref();
        assert!(own.is_none() || theirs.is_none() || own.as_deref() == theirs, "{place:?}");
        let word = place.word.as_deref();
        assert!(word.is_none_or(|word| word.len() <= 1024 && !word.contains(char::is_whitespace)));
        drop(args::want(word));
        if let Ok(orbit) = args::key(&park, &place.lot, word.unwrap_or_default()) {
            reads_back::<OrbitName>(orbit.as_str());
        }
    }
    if let Ok(key) = line.parse::<LotKey>() {
        reads_back::<LotKey>(&key.to_string());
        assert_eq!(line.parse::<LotKey>().as_ref(), Ok(&key));
    }
    if let Ok(place) = line.parse::<Destination>() {
        assert_eq!(place.to_string().parse(), Ok(place));
    }
    if let Ok(ranges) = OrbitRange::parse_list(&line) {
        assert!(ranges.iter().map(OrbitRange::count).sum::<u64>() <= u64::from(MOST_ORBITS));
        let again = ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        assert_eq!(OrbitRange::parse_list(&again), Ok(ranges));
    }
}

fn reads_back<T: std::str::FromStr + ToString>(text: &str) {
    let read = text.parse::<T>().unwrap_or_else(|_| panic!("{text:?}"));
    assert_eq!(read.to_string(), text);
}
