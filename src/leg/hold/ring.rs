//! The last packets of a stream, and where in it each listener is.

use std::collections::VecDeque;
use std::sync::Arc;

/// One packet of a stream: the samples of all channels, and how they are encoded, if the codec is one that all can share.
pub(super) struct Packet {
    pub samples: Vec<i16>,
    pub payload: Option<Vec<u8>>,
}

/// How many packets are kept.
const KEPT: u64 = 16;
/// A listener starts so many packets behind the newest, so that a clock which is a moment early finds one.
const CUSHION: u64 = 1;
/// A listener who is further behind than this skips.
const LATE: u64 = 5;

/// The last packets of a stream.
#[derive(Default)]
pub(super) struct Ring {
    packets: VecDeque<Arc<Packet>>,
    /// How many there have been, which is the number of the next one.
    next: u64,
}

/// The number of the packet that a listener hears next; none before the first.
#[derive(Default)]
pub(super) struct Place(Option<u64>);

impl Ring {
    pub(super) fn push(&mut self, packet: Packet) {
        self.packets.push_back(Arc::new(packet));
        self.next += 1;
        if self.packets.len() as u64 > KEPT {
            self.packets.pop_front();
        }
    }

    /// What a listener hears now. None: the listener's clock is ahead, or nothing has been played yet.
    pub(super) fn take(&self, place: &mut Place) -> Option<Arc<Packet>> {
        let newest = self.next.checked_sub(1)?;
        let start = newest.saturating_sub(CUSHION);
        let number = match place.0 {
            Some(number) if number + LATE > newest => number,
            _ => start,
        };
        place.0 = Some(number);
        let oldest = self.next - self.packets.len() as u64;
        let at = usize::try_from(number.checked_sub(oldest)?).ok()?;
        let packet = self.packets.get(at).map(Arc::clone)?;
        place.0 = Some(number + 1);
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(ring: &mut Ring, number: i16) {
        ring.push(Packet { samples: vec![number], payload: None });
    }

    fn take(ring: &Ring, place: &mut Place) -> Option<i16> {
        ring.take(place).map(|packet| packet.samples[0])
    }

    #[test]
    fn a_listener_hears_every_packet_once_and_in_order() {
        let (mut ring, mut place) = (Ring::default(), Place::default());
        assert_eq!(take(&ring, &mut place), None);
        for number in 0..100 {
            push(&mut ring, number);
            let heard = take(&ring, &mut place);
            assert_eq!(heard, Some(number));
        }
        assert_eq!(take(&ring, &mut place), None, "nothing new");
    }

    #[test]
    fn a_listener_starts_behind_the_newest_packet() {
        let (mut ring, mut place) = (Ring::default(), Place::default());
        (0..50).for_each(|number| push(&mut ring, number));
        assert_eq!(take(&ring, &mut place), Some(48));
        assert_eq!(take(&ring, &mut place), Some(49));
        assert_eq!(take(&ring, &mut place), None);
        push(&mut ring, 50);
        assert_eq!(take(&ring, &mut place), Some(50));
    }

    #[test]
    fn a_listener_who_is_late_skips_and_one_who_is_a_little_late_does_not() {
        let (mut ring, mut place) = (Ring::default(), Place::default());
        (0..10).for_each(|number| push(&mut ring, number));
        assert_eq!(take(&ring, &mut place), Some(8));
        (10..13).for_each(|number| push(&mut ring, number));
        assert_eq!(take(&ring, &mut place), Some(9));
        (13..60).for_each(|number| push(&mut ring, number));
        assert_eq!(take(&ring, &mut place), Some(58));
        assert_eq!(ring.packets.len() as u64, KEPT);
    }
}
