//! SRTP (RFC 3711) with keys from the session description (RFC 4568): AES_CM_128_HMAC_SHA1_80, without RTCP.

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

pub(crate) const SUITE: &str = "AES_CM_128_HMAC_SHA1_80";

const TAG: usize = 10;

/// Master key and salt, as the description bears them.
pub(crate) type Key = [u8; 30];

/// One direction of one stream.
pub(crate) struct Srtp {
    cipher: [u8; 16],
    salt: [u8; 14],
    auth: [u8; 20],
    /// How many times the sequence numbers began again, and the last one.
    rollovers: u32,
    last: Option<u16>,
}

impl Srtp {
    pub(crate) fn new(key: &Key) -> Srtp {
        let derive = |label: u8, into: &mut [u8]| {
            let mut iv = [0; 16];
            iv[..14].copy_from_slice(&key[16..]);
            iv[7] ^= label;
            apply(&key[..16], &iv, into);
        };
        let mut srtp =
            Srtp { cipher: [0; 16], salt: [0; 14], auth: [0; 20], rollovers: 0, last: None };
        derive(0, &mut srtp.cipher);
        derive(1, &mut srtp.auth);
        derive(2, &mut srtp.salt);
        srtp
    }

    /// Encrypts a packet with a header of 12 bytes and adds its tag.
    pub(crate) fn protect(&mut self, mut packet: Vec<u8>) -> Vec<u8> {
        let rollovers = self.count(&packet);
        self.crypt(&mut packet, rollovers);
        let tag = self.tag(&packet, rollovers);
        packet.extend_from_slice(&tag);
        packet
    }

    /// The packet in clear, if it is authentic.
    pub(crate) fn unprotect(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let (packet, tag) = packet.split_at_checked(packet.len().checked_sub(TAG)?)?;
        packet.get(..12)?;
        let (rollovers, last) = (self.rollovers, self.last);
        let count = self.count(packet);
        if self.tag(packet, count) != tag {
            (self.rollovers, self.last) = (rollovers, last);
            return None;
        }
        let mut clear = packet.to_vec();
        self.crypt(&mut clear, count);
        Some(clear)
    }

    fn count(&mut self, packet: &[u8]) -> u32 {
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        if self.last.is_some_and(|last| last > 0xc000 && sequence < 0x4000) {
            self.rollovers += 1;
        }
        self.last = Some(sequence);
        self.rollovers
    }

    fn crypt(&self, packet: &mut [u8], rollovers: u32) {
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(&self.salt);
        let index = rollovers.to_be_bytes().into_iter().chain([packet[2], packet[3]]);
        let mask = packet[8..12].iter().copied().chain(index);
        for (byte, mask) in iv[4..14].iter_mut().zip(mask) {
            *byte ^= mask;
        }
        apply(&self.cipher, &iv, &mut packet[12..]);
    }

    fn tag(&self, packet: &[u8], rollovers: u32) -> [u8; TAG] {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.auth).expect("a key of any length");
        mac.update(packet);
        mac.update(&rollovers.to_be_bytes());
        std::array::from_fn(|n| mac.clone().finalize().into_bytes()[n])
    }
}

fn apply(key: &[u8], iv: &[u8; 16], bytes: &mut [u8]) {
    let mut cipher = Ctr128BE::<Aes128>::new_from_slices(key, iv).expect("16 bytes each");
    cipher.apply_keystream(bytes);
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `a=crypto`'s `inline:`: base64 of 30 bytes is 40 letters without padding.
pub(crate) fn encode(key: &Key) -> String {
    let group = |three: &[u8]| {
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        [18, 12, 6, 0].map(|shift| char::from(LETTERS[(bits >> shift & 63) as usize]))
    };
    key.chunks(3).flat_map(group).collect()
}

pub(crate) fn decode(text: &str) -> Option<Key> {
    let mut key = [0; 30];
    let letters: Vec<u32> = text
        .bytes()
        .take(40)
        .map(|byte| LETTERS.iter().position(|l| *l == byte).map(|n| n as u32))
        .collect::<Option<_>>()?;
    for (four, three) in letters.chunks(4).zip(key.chunks_mut(3)) {
        let bits = four.iter().fold(0, |bits, letter| bits << 6 | letter);
        three.copy_from_slice(&bits.to_be_bytes()[1..]);
    }
    (letters.len() == 40).then_some(key)
}

pub(crate) fn new_key() -> Key {
    std::array::from_fn(|_| fastrand::u8(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3711, appendix B.3.
    #[test]
    fn derives_the_keys_of_the_rfc() {
        let hex = |text: &str| -> Vec<u8> {
            let byte = |n| u8::from_str_radix(&text[n..n + 2], 16).expect("hex");
            (0..text.len()).step_by(2).map(byte).collect()
        };
        let key: Key = hex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6")
            .try_into()
            .expect("30 bytes");
        let srtp = Srtp::new(&key);
        assert_eq!(srtp.cipher.to_vec(), hex("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(srtp.salt.to_vec(), hex("30CBBC08863D8C85D49DB34A9AE1"));
        assert_eq!(srtp.auth.to_vec(), hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
        assert_eq!(decode(&encode(&key)), Some(key));
    }

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let key = new_key();
        let (mut out, mut back, mut other) =
            (Srtp::new(&key), Srtp::new(&key), Srtp::new(&new_key()));
        for sequence in [0xfffe_u16, 0xffff, 0, 1] {
            let mut packet = vec![0x80, 0];
            packet.extend_from_slice(&sequence.to_be_bytes());
            packet.extend_from_slice(&[7; 168]);
            let sent = out.protect(packet.clone());
            assert_eq!(other.unprotect(&sent), None);
            assert_eq!(back.unprotect(&sent), Some(packet));
        }
    }
}
