//! A sound file for tests that need one, as no sounds are installed with the switch.

use std::f32::consts::TAU;
use std::io;
use std::path::Path;

/// Writes a mono 8 kHz 16-bit WAV file holding a sine of `hz`.
pub(crate) fn write_tone(path: &Path, hz: f32, ms: u32) -> io::Result<()> {
    let sine = |n| (TAU * hz * n as f32 / 8000.0).sin() * 8000.0;
    write(path, 8000, (0..8 * ms).map(sine))
}

/// Seconds that each chord of the music lasts.
const CHORD: f32 = 0.5;
/// Four chords, in semitones above A.
const CHORDS: [[i32; 4]; 4] = [[0, 4, 7, 12], [-3, 0, 4, 9], [-7, -3, 0, 5], [-5, -1, 2, 7]];

/// Writes 16 s of music: plucked chords with overtones and a brush on each beat, so that a codec has work to do.
pub(crate) fn write_music(path: &Path, rate: u32) -> io::Result<()> {
    let mut random = fastrand::Rng::with_seed(1);
    let sample = move |n: u32| {
        let time = n as f32 / rate as f32;
        let (beat, since) = ((time / CHORD) as usize, time % CHORD);
        let pluck = (-4.0 * since).exp();
        let mut sum = (random.f32() - 0.5) * 0.6 * (-30.0 * since).exp();
        for note in CHORDS[beat / 2 % CHORDS.len()] {
            let hz = 220.0 * 2.0_f32.powf(note as f32 / 12.0);
            for overtone in 1_u8..=6 {
                let hz = hz * f32::from(overtone);
                if hz < rate as f32 / 2.0 {
                    sum += (TAU * hz * time).sin() * pluck / f32::from(overtone).powi(2) / 4.0;
                }
            }
        }
        sum * 9000.0
    };
    write(path, rate, (0..16 * rate).map(sample))
}

fn write(path: &Path, rate: u32, samples: impl ExactSizeIterator<Item = f32>) -> io::Result<()> {
    let bytes = samples.len() as u32 * 2;
    let mut wav = Vec::with_capacity(44 + bytes as usize);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + bytes).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend_from_slice(&rate.to_le_bytes());
    wav.extend_from_slice(&(2 * rate).to_le_bytes());
    wav.extend_from_slice(b"\x02\0\x10\0data");
    wav.extend_from_slice(&bytes.to_le_bytes());
    for sample in samples {
        wav.extend_from_slice(&(sample as i16).to_le_bytes());
    }
    std::fs::write(path, wav)
}
