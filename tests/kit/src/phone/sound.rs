//! Whose voice is it? Every phone sends a sine of its own; what arrives is looked at packet by
//! packet.

use std::f32::consts::TAU;

/// What is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sound {
    /// No packets at all.
    Nothing,
    /// Packets with silence in them.
    Silence,
    /// A sine, in Hz: a multiple of 50 (of a packet of 20 ms no more can be told).
    Tone(u32),
    /// Anything else: speech, two tones at once, noise.
    Other,
}

/// The audio codecs that the phone speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// Opus, which the phone cannot code: it says silence, or what an exchange has recorded.
    Opus,
}

/// 20 ms: a head that says full band, mono, and a frame without a sound.
const OPUS_SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];

impl Codec {
    pub(crate) fn payload_type(self) -> u8 {
        match self {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
            Codec::Opus => 102,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU",
            Codec::Pcma => "PCMA",
            Codec::Opus => "opus",
        }
    }

    /// What a session description says after the name.
    pub(crate) fn rate(self) -> &'static str {
        match self {
            Codec::Pcmu | Codec::Pcma => "8000",
            Codec::Opus => "48000/2",
        }
    }

    /// What the RTP timestamp counts in 20 ms.
    pub(crate) fn ticks(self) -> u32 {
        match self {
            Codec::Pcmu | Codec::Pcma => 160,
            Codec::Opus => 960,
        }
    }

    fn encode(self, sample: i16) -> u8 {
        match self {
            Codec::Pcmu => {
                let magnitude = (sample.unsigned_abs().min(32_635)) + 132;
                let exponent = (15 - magnitude.leading_zeros()).saturating_sub(7);
                let mantissa = (magnitude >> (exponent + 3)) & 15;
                let sign = if sample < 0 { 0x80 } else { 0 };
                !(sign | (exponent as u8) << 4 | mantissa as u8)
            }
            Codec::Pcma => {
                let magnitude = if sample < 0 { !sample as u16 } else { sample as u16 };
                let exponent = (15 - (magnitude | 1).leading_zeros()).saturating_sub(7);
                let mantissa = (magnitude >> (exponent + 3).max(4)) & 15;
                let sign = if sample < 0 { 0 } else { 0x80 };
                (sign | (exponent as u8) << 4 | mantissa as u8) ^ 0x55
            }
            Codec::Opus => 0,
        }
    }

    fn decode(self, byte: u8) -> i16 {
        match self {
            Codec::Pcmu => {
                let byte = !byte;
                let exponent = byte >> 4 & 7;
                let magnitude = (((i16::from(byte & 15) << 3) + 132) << exponent) - 132;
                if byte & 0x80 != 0 { -magnitude } else { magnitude }
            }
            Codec::Pcma => {
                let byte = byte ^ 0x55;
                let exponent = byte >> 4 & 7;
                let mantissa = i16::from(byte & 15) << 4;
                let magnitude = match exponent {
                    0 => mantissa + 8,
                    _ => (mantissa + 0x108) << (exponent - 1),
                };
                if byte & 0x80 != 0 { magnitude } else { -magnitude }
            }
            Codec::Opus => 0,
        }
    }

    /// 20 ms of a sine (0 Hz: of silence). As its frequency is a multiple of 50 Hz, every packet
    /// is the same and they join without a click.
    pub(crate) fn frame(self, hz: u32) -> Vec<u8> {
        if self == Codec::Opus {
            return OPUS_SILENCE.into();
        }
        let sample = |n| (TAU * hz as f32 * n as f32 / 8000.0).sin() * 8000.0;
        (0..160).map(|n| self.encode(sample(n) as i16)).collect()
    }

    /// 20 ms of the tones of a key, the `tick`th packet of them. `code` is that of RFC 4733: `0`…`9`, `*`, `#`, `A`…`D`.
    pub(crate) fn key(self, code: u8, tick: u16) -> Vec<u8> {
        if self == Codec::Opus {
            return OPUS_SILENCE.into();
        }
        // Row and column of each code on a keypad.
        const PLACES: &[u8; 16] = &[13, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 14, 3, 7, 11, 15];
        let place = usize::from(PLACES[usize::from(code) % 16]);
        let low = [697.0, 770.0, 852.0, 941.0][place / 4];
        let high = [1209.0, 1336.0, 1477.0, 1633.0][place % 4];
        let begun = usize::from(tick) * 160;
        let wave = |hz: f32, n: usize| (TAU * hz * (begun + n) as f32 / 8000.0).sin() * 6000.0;
        (0..160).map(|n| self.encode((wave(low, n) + wave(high, n)) as i16)).collect()
    }

    /// What is in a packet?
    pub(crate) fn listen(self, payload: &[u8]) -> Sound {
        if self == Codec::Opus {
            return if payload.len() <= 3 { Sound::Silence } else { Sound::Other };
        }
        let samples: Vec<f32> = payload.iter().map(|b| f32::from(self.decode(*b))).collect();
        let energy: f32 = samples.iter().map(|s| s * s).sum();
        if samples.is_empty() || energy / (samples.len() as f32) < 100.0 * 100.0 {
            return Sound::Silence;
        }
        let share = |hz: &u32| 2.0 * power(&samples, *hz) / (energy * samples.len() as f32);
        let tones = (250..=3500).step_by(50);
        match tones.map(|hz| (hz, share(&hz))).max_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((hz, share)) if share > 0.8 => Sound::Tone(hz),
            _ => Sound::Other,
        }
    }
}

/// Goertzel's algorithm: the squared magnitude at one frequency.
fn power(samples: &[f32], hz: u32) -> f32 {
    let factor = 2.0 * (TAU * hz as f32 / 8000.0).cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in samples {
        (last, before) = (sample + factor * last - before, last);
    }
    last * last + before * before - factor * last * before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hears_what_it_sends() {
        for codec in [Codec::Pcmu, Codec::Pcma] {
            for hz in (400..=3400).step_by(50) {
                assert_eq!(codec.listen(&codec.frame(hz)), Sound::Tone(hz), "{codec:?}");
            }
            assert_eq!(codec.listen(&codec.frame(0)), Sound::Silence);
            let mut two = codec.frame(600);
            two[80..].copy_from_slice(&codec.frame(1500)[80..]);
            assert_eq!(codec.listen(&two), Sound::Other);
        }
    }
}
