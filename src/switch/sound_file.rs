//! A file or stream of sound, read as plain samples.

use super::lock::none_is_held;
use super::sys;
use super::text::to_c;

/// More channels no file of ours may have: FreeSWITCH reads them all into the buffer before it mixes them.
const MOST_CHANNELS: usize = 8;

/// A file or stream that is open. Boxed: FreeSWITCH keeps its address.
pub(crate) struct SoundFile {
    handle: Box<sys::switch_file_handle_t>,
    channels: usize,
    buffer: Vec<i16>,
}

impl SoundFile {
    /// Opens `path` to be read at `rate` with so many channels. None: it cannot be opened, or not as samples.
    #[must_use]
    pub(crate) fn open(path: &str, rate: u32, channels: u32) -> Option<Self> {
        let path = to_c(path);
        let flags = sys::switch_file_flag_enum_t::SWITCH_FILE_FLAG_READ.0
            | sys::switch_file_flag_enum_t::SWITCH_FILE_DATA_SHORT.0;
        // SAFETY: zeros are a handle that is not open; the path is copied, the other strings are literals; the handle
        // makes a pool of its own.
        let (handle, status) = unsafe {
            let mut handle: Box<sys::switch_file_handle_t> = Box::new(std::mem::zeroed());
            let status = sys::switch_core_perform_file_open(
                c"mod_callpark".as_ptr(),
                c"open".as_ptr(),
                0,
                &raw mut *handle,
                path.as_ptr(),
                channels,
                rate,
                flags,
                std::ptr::null_mut(),
            );
            (handle, status)
        };
        if status != sys::switch_status_t::SWITCH_STATUS_SUCCESS {
            return None;
        }
        let opened = Self { handle, channels: usize::try_from(channels).ok()?, buffer: Vec::new() };
        opened.is_readable().then_some(opened)
    }

    /// Whether what comes are samples that have room in the buffer.
    fn is_readable(&self) -> bool {
        let native = sys::switch_file_flag_enum_t::SWITCH_FILE_NATIVE.0;
        let channels = self.handle.real_channels.max(self.handle.cur_channels);
        self.handle.flags & native == 0
            && usize::try_from(channels).is_ok_and(|channels| channels <= MOST_CHANNELS)
            && usize::try_from(self.handle.channels) == Ok(self.channels)
    }

    /// Fills `samples`, those of all channels. False: the file is at its end, or cannot be read any further; what is
    /// missing is silence.
    pub(crate) fn read(&mut self, samples: &mut [i16]) -> bool {
        none_is_held();
        let mut filled = 0;
        // A stream may give less than it is asked for.
        for _ in 0..16 {
            let wanted = (samples.len() - filled) / self.channels;
            if wanted == 0 {
                return true;
            }
            if !self.is_readable() {
                break;
            }
            self.buffer.resize(wanted * MOST_CHANNELS, 0);
            // FreeSWITCH is to say so before it reads from another file of a list, which may have more channels.
            self.handle.flags |= sys::switch_file_flag_enum_t::SWITCH_FILE_BREAK_ON_CHANGE.0;
            let mut length = wanted;
            // SAFETY: open, and used by one thread at a time. The buffer has room for as many samples as are asked for
            // of as many channels as the file can have.
            let status = unsafe {
                sys::switch_core_file_read(
                    &raw mut *self.handle,
                    self.buffer.as_mut_ptr().cast(),
                    &raw mut length,
                )
            };
            let got = length.min(wanted) * self.channels;
            match status {
                sys::switch_status_t::SWITCH_STATUS_SUCCESS if got > 0 => {
                    samples[filled..filled + got].copy_from_slice(&self.buffer[..got]);
                    filled += got;
                }
                // It is another file now, or has another rate: what follows fits again.
                sys::switch_status_t::SWITCH_STATUS_BREAK => {}
                _ => break,
            }
        }
        samples[filled..].fill(0);
        filled > 0
    }
}

impl Drop for SoundFile {
    fn drop(&mut self) {
        none_is_held();
        // SAFETY: open, ours, and closed once. It frees what the handle owns.
        unsafe { sys::switch_core_file_close(&raw mut *self.handle) };
    }
}
