//! A sound file for tests that need one, as no sounds are installed with the switch.

use std::f32::consts::TAU;
use std::io;
use std::path::Path;

/// Writes a mono 8 kHz 16-bit WAV file holding a sine of `hz`.
pub(crate) fn write_tone(path: &Path, hz: f32, ms: u32) -> io::Result<()> {
    let samples = 8 * ms;
    let bytes = samples * 2;
    let mut wav = Vec::with_capacity(44 + bytes as usize);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + bytes).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend_from_slice(&8000u32.to_le_bytes());
    wav.extend_from_slice(&16000u32.to_le_bytes());
    wav.extend_from_slice(b"\x02\0\x10\0data");
    wav.extend_from_slice(&bytes.to_le_bytes());
    for n in 0..samples {
        let sample = (TAU * hz * n as f32 / 8000.0).sin() * 8000.0;
        wav.extend_from_slice(&(sample as i16).to_le_bytes());
    }
    std::fs::write(path, wav)
}
