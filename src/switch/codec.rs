//! Codecs: what a session sends in, an encoder of our own that does the same, and plain samples.

use std::ffi::CStr;
use std::time::{Duration, Instant};

use super::lock::none_is_held;
use super::session::Session;
use super::sys;
use super::text::{from_c, to_c};

/// FreeSWITCH's buffers are of this length, in bytes, for samples and for payloads; codecs rely on it.
const BUFFER: usize = 8192;
/// How many samples have room in a frame that FreeSWITCH may work in. A media bug may read a file into it, with all the
/// channels that the file has.
const ROOM: usize = 4 * BUFFER / 2;
/// The longest `fmtp` of a far end that counts, in bytes.
const LONGEST_FMTP: usize = 256;

/// How a session encodes what it sends. Two sessions of the same format can send the same payloads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Format {
    /// FreeSWITCH's implementation of the codec, by its address, through which nothing is read.
    implementation: usize,
    /// What FreeSWITCH finds that implementation by, besides what is below.
    clock: u32,
    bitrate: u32,
    /// The codec's name, such as `PCMU`.
    pub codec: String,
    /// What the far end has asked the codec for.
    fmtp: Option<String>,
    /// Samples in a second, of each channel.
    pub rate: u32,
    pub channels: u32,
    /// Microseconds of audio in one packet.
    pub ptime_us: u32,
    /// Samples in one packet, of each channel.
    pub samples: usize,
    /// Whether one encoder can serve many: not if the codec adapts to one far end while it sends.
    pub common: bool,
}

impl Format {
    /// How long one packet lasts.
    #[must_use]
    pub(crate) fn ptime(&self) -> Duration {
        Duration::from_micros(u64::from(self.ptime_us))
    }

    /// Whether what a packet sounds like depends on those before it.
    #[must_use]
    pub(crate) fn remembers(&self) -> bool {
        !["PCMU", "PCMA", "L16"].iter().any(|codec| codec.eq_ignore_ascii_case(&self.codec))
    }
}

/// What tells whether the codec of a session is still the one it was: nothing is read through these addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity([usize; 4]);

impl Session<'_> {
    /// In which format the session sends; none if it has no codec, or one whose payloads FreeSWITCH cannot make. Only for
    /// its own thread.
    #[must_use]
    pub(crate) fn format(self) -> Option<Format> {
        // SAFETY: on the session's own thread its codecs do not change under us; an implementation is never freed while
        // a codec uses it.
        let (codec, of, read) = unsafe {
            let codec = sys::switch_core_session_get_write_codec(self.raw()).as_ref()?;
            let read = sys::switch_core_session_get_read_codec(self.raw()).as_ref()?;
            (codec, codec.implementation.as_ref()?, read.implementation.as_ref()?)
        };
        let passthrough = sys::switch_codec_flag_enum_t::SWITCH_CODEC_FLAG_PASSTHROUGH.0;
        let adjusts = sys::switch_codec_flag_enum_t::SWITCH_CODEC_FLAG_HAS_ADJ_BITRATE.0;
        // SAFETY: both are NULL or C strings of the codec.
        let (name, fmtp) = unsafe { (from_c(of.iananame)?, from_c(codec.fmtp_in)) };
        let ptime_us = u32::try_from(of.microseconds_per_packet).ok().filter(|us| *us >= 1000)?;
        let samples = usize::try_from(of.samples_per_packet).ok()?;
        let channels = u32::from(of.number_of_channels);
        let decoded = usize::try_from(of.decoded_bytes_per_packet).ok()?;
        // What it sends is paced by what it reads.
        let paced = read.microseconds_per_packet == of.microseconds_per_packet;
        // G.722 counts the samples of its clock, which is half its rate.
        let samples = if decoded == samples * 4 * usize::from(of.number_of_channels) {
            samples * 2
        } else {
            samples
        };
        let plain =
            decoded == samples * 2 * usize::from(of.number_of_channels) && decoded <= BUFFER;
        let fits = fmtp.as_ref().is_none_or(|fmtp| fmtp.len() <= LONGEST_FMTP);
        (codec.flags & passthrough == 0 && paced && plain && fits).then(|| Format {
            implementation: std::ptr::from_ref(of).addr(),
            clock: of.samples_per_second,
            bitrate: u32::try_from(of.bits_per_second).unwrap_or(0),
            codec: name,
            fmtp,
            rate: of.actual_samples_per_second,
            channels,
            ptime_us,
            samples,
            common: codec.flags & adjusts == 0,
        })
    }

    /// What changes when the session's codec does. Only for its own thread.
    #[must_use]
    pub(crate) fn codec_identity(self) -> Option<Identity> {
        // SAFETY: as for `format`.
        let codec = unsafe { sys::switch_core_session_get_write_codec(self.raw()).as_ref()? };
        Some(Identity([
            std::ptr::from_ref(codec).addr(),
            codec.implementation.addr(),
            codec.fmtp_in.addr(),
            codec.private_info.addr(),
        ]))
    }
}

/// A codec of our own. Boxed: FreeSWITCH keeps its address.
struct Codec(Box<sys::switch_codec_t>);

// SAFETY: FreeSWITCH's codecs belong to no thread; ours is used by one at a time.
unsafe impl Send for Codec {}

impl Codec {
    fn open(name: &CStr, fmtp: Option<&CStr>, format: &Format, of: [u32; 2]) -> Option<Self> {
        let [rate, bitrate] = of;
        let ms = i32::try_from(format.ptime_us / 1000).ok()?;
        let channels = i32::try_from(format.channels).ok()?;
        let flags = sys::switch_codec_flag_enum_t::SWITCH_CODEC_FLAG_ENCODE.0
            | sys::switch_codec_flag_enum_t::SWITCH_CODEC_FLAG_DECODE.0;
        // SAFETY: zeros are a codec that is not initialised; the strings are copied, or read before this returns; the
        // codec makes a pool of its own.
        let (codec, status) = unsafe {
            let mut codec: Box<sys::switch_codec_t> = Box::new(std::mem::zeroed());
            let status = sys::switch_core_codec_init_with_bitrate(
                &raw mut *codec,
                name.as_ptr(),
                std::ptr::null(),
                fmtp.map_or(std::ptr::null(), CStr::as_ptr),
                rate,
                ms,
                channels,
                bitrate,
                flags,
                std::ptr::null(),
                std::ptr::null_mut(),
            );
            (codec, status)
        };
        (status == sys::switch_status_t::SWITCH_STATUS_SUCCESS).then_some(Self(codec))
    }
}

impl Drop for Codec {
    fn drop(&mut self) {
        none_is_held();
        // SAFETY: initialised, ours, and destroyed once.
        unsafe { sys::switch_core_codec_destroy(&raw mut *self.0) };
    }
}

/// Encodes as a session of that format would.
pub(crate) struct Encoder {
    codec: Codec,
    rate: u32,
    payload: Box<[u8; BUFFER]>,
}

impl Encoder {
    /// None: FreeSWITCH has no such codec any more.
    #[must_use]
    pub(crate) fn open(format: &Format) -> Option<Self> {
        let (name, fmtp) = (to_c(&format.codec), format.fmtp.as_deref().map(to_c));
        // FreeSWITCH looks for G.722 by its clock.
        let is_g722 = format.codec.eq_ignore_ascii_case("g722");
        let rate = if is_g722 { format.clock } else { format.rate };
        let codec = Codec::open(&name, fmtp.as_deref(), format, [rate, format.bitrate])?;
        (codec.0.implementation.addr() == format.implementation).then_some(Self {
            codec,
            rate: format.rate,
            payload: Box::new([0; BUFFER]),
        })
    }

    /// The payload of one packet. None: it cannot be encoded.
    pub(crate) fn encode(&mut self, samples: &mut [i16]) -> Option<Vec<u8>> {
        let bytes =
            u32::try_from(size_of_val(samples)).ok().filter(|bytes| *bytes <= BUFFER as u32)?;
        none_is_held();
        let mut length = 8192;
        let (mut rate, mut flags) = (self.rate, 0);
        // SAFETY: the samples and the buffer are as long as is said.
        let status = unsafe {
            sys::switch_core_codec_encode(
                &raw mut *self.codec.0,
                std::ptr::null_mut(),
                samples.as_mut_ptr().cast(),
                bytes,
                self.rate,
                self.payload.as_mut_ptr().cast(),
                &raw mut length,
                &raw mut rate,
                &raw mut flags,
            )
        };
        let length = usize::try_from(length).ok().filter(|length| *length <= BUFFER)?;
        match status {
            sys::switch_status_t::SWITCH_STATUS_SUCCESS => Some(self.payload[..length].to_vec()),
            // The samples are the payload.
            sys::switch_status_t::SWITCH_STATUS_NOOP => {
                Some(samples.iter().flat_map(|sample| sample.to_ne_bytes()).collect())
            }
            _ => None,
        }
    }
}

/// Sends a session packets, encoded or as samples.
pub(crate) struct Outlet {
    format: Format,
    /// For samples, while there are any. Some(None): FreeSWITCH has no such codec.
    plain: Option<Option<Codec>>,
    data: Data,
}

/// What is sent. FreeSWITCH may change it, so each session has a copy.
#[derive(Default)]
struct Data {
    /// With more room than it needs, if FreeSWITCH may need that.
    buffer: Vec<i16>,
    /// In bytes.
    length: usize,
}

impl Data {
    /// Bytes as they are, with room for as many samples.
    fn fill(&mut self, bytes: &[u8], room: usize) {
        self.buffer.clear();
        self.buffer.extend(bytes.chunks(2).map(|pair| match *pair {
            [one, two] => i16::from_ne_bytes([one, two]),
            [one] => i16::from_ne_bytes([one, 0]),
            _ => 0,
        }));
        self.buffer.resize(self.buffer.len().max(room), 0);
        self.length = bytes.len();
    }

    fn fill_with_samples(&mut self, samples: &[i16]) {
        self.buffer.clear();
        self.buffer.extend_from_slice(samples);
        self.buffer.resize(samples.len().max(ROOM), 0);
        self.length = size_of_val(samples);
    }
}

impl Outlet {
    /// For a session of that format.
    #[must_use]
    pub(crate) fn new(format: Format) -> Self {
        Self { format, plain: None, data: Data::default() }
    }

    /// The format it is for.
    #[must_use]
    pub(crate) fn format(&self) -> &Format {
        &self.format
    }

    /// Sends a payload as it is. False: the session does not take it. Only on its own thread, as [`encode`](Self::encode).
    pub(crate) fn send(&mut self, session: Session<'_>, payload: &[u8]) -> bool {
        if self.plain.take().is_some() {
            self.data = Data::default();
        }
        // SAFETY: the session's own codec, on its own thread.
        let codec = unsafe { sys::switch_core_session_get_write_codec(session.raw()) };
        // Samples may be mixed with what FreeSWITCH plays to the other half of a loopback.
        let is_samples = payload.len() == self.format.samples * self.format.channels as usize * 2;
        self.data.fill(payload, if is_samples { ROOM } else { 0 });
        self.write(session, codec)
    }

    /// Has the session encode samples itself, after its media bugs have had them. False: it does not take them. None: it
    /// cannot encode such samples.
    pub(crate) fn encode(&mut self, session: Session<'_>, samples: &[i16]) -> Option<bool> {
        let format = &self.format;
        let open = || Codec::open(c"L16", None, format, [format.rate, 0]);
        let codec = &raw mut *self.plain.get_or_insert_with(open).as_mut()?.0;
        self.data.fill_with_samples(samples);
        Some(self.write(session, codec))
    }

    fn write(&mut self, session: Session<'_>, codec: *mut sys::switch_codec_t) -> bool {
        if codec.is_null() || self.data.length == 0 {
            // A codec may have nothing to send while it is silent.
            return !codec.is_null();
        }
        let shape = Shape {
            samples: u32::try_from(self.format.samples).unwrap_or(0),
            rate: self.format.rate,
            channels: self.format.channels,
            timestamp: 0,
        };
        // SAFETY: the codec is the session's, whose thread this is, or ours.
        unsafe { write(session, codec, &mut self.data, shape) }
    }
}

/// What a call has sent, while it is being looked at.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a>(Option<&'a sys::switch_frame_t>);

impl<'a> Frame<'a> {
    /// # Safety
    /// `raw` is NULL or a frame that lives for `'a`, with as much data as it says.
    pub(super) unsafe fn from_raw(raw: *mut sys::switch_frame_t) -> Self {
        // SAFETY: as the caller vouches.
        Self(unsafe { raw.as_ref() })
    }

    /// The codec it is encoded with, and that one's implementation, by their addresses.
    fn codec(self) -> [usize; 2] {
        let codec = self.0.map_or(std::ptr::null(), |frame| frame.codec.cast_const());
        addresses(codec)
    }

    /// Encoded audio, as it came from the far end.
    fn audio(self) -> Option<&'a [u8]> {
        let other = sys::switch_frame_flag_enum_t::SFF_CNG.0
            | sys::switch_frame_flag_enum_t::SFF_RFC2833.0
            | sys::switch_frame_flag_enum_t::SFF_NOT_AUDIO.0;
        let frame = self.0.filter(|frame| frame.flags & other == 0 && !frame.data.is_null())?;
        let length = usize::try_from(frame.datalen).ok().filter(|n| (1..=BUFFER).contains(n))?;
        // SAFETY: as `from_raw` was told.
        Some(unsafe { std::slice::from_raw_parts(frame.data.cast(), length) })
    }
}

fn addresses(codec: *const sys::switch_codec_t) -> [usize; 2] {
    // SAFETY: NULL, or a codec of a session on whose own thread we are.
    let implementation = unsafe { codec.as_ref() }.map_or(std::ptr::null(), |it| it.implementation);
    [codec.addr(), implementation.addr()]
}

/// The last packet that a call has sent.
#[derive(Default)]
pub(crate) struct Voice {
    payload: Vec<u8>,
    codec: [usize; 2],
    /// In units of its RTP clock.
    timestamp: u32,
    at: Option<Instant>,
}

impl Voice {
    /// Keeps what the call has just sent, at `now`.
    pub(crate) fn keep(&mut self, frame: Frame<'_>, now: Instant) {
        self.codec = frame.codec();
        self.timestamp = frame.0.map_or(0, |frame| frame.timestamp);
        self.at = frame.audio().map(|audio| {
            self.payload.clear();
            self.payload.extend_from_slice(audio);
            now
        });
    }

    /// Has `to` hear it, if it is not older than a packet, as a bridge between the two would. On the thread of `from`, whose
    /// voice it is; `to` sends nothing meanwhile.
    pub(crate) fn say(&mut self, from: Session<'_>, to: Session<'_>) {
        let Some(at) = self.at.take() else { return };
        // SAFETY: on the session's own thread its codecs do not change under us.
        unsafe {
            let codec = sys::switch_core_session_get_read_codec(from.raw());
            let Some(of) = codec.as_ref().and_then(|codec| codec.implementation.as_ref()) else {
                return;
            };
            let packet = u64::try_from(of.microseconds_per_packet).unwrap_or(0);
            if at.elapsed() > Duration::from_micros(packet) || addresses(codec) != self.codec {
                return;
            }
            // The packets of the bridge have those that follow.
            let shape = Shape {
                samples: of.samples_per_packet,
                rate: of.actual_samples_per_second,
                channels: u32::from(of.number_of_channels),
                timestamp: self.timestamp,
            };
            let mut data = Data::default();
            data.fill(&self.payload, ROOM);
            write(to, codec, &mut data, shape);
        }
    }
}

/// What a packet holds.
#[derive(Clone, Copy)]
struct Shape {
    samples: u32,
    rate: u32,
    channels: u32,
    /// 0: that of FreeSWITCH's timer for sending, for whose next tick the sender then waits.
    timestamp: u32,
}

/// Sends a packet. False: the session does not take it.
///
/// # Safety
/// `codec` is one that is initialised; nobody else sends to `session` meanwhile.
unsafe fn write(
    session: Session<'_>,
    codec: *mut sys::switch_codec_t,
    data: &mut Data,
    shape: Shape,
) -> bool {
    let room = u32::try_from(size_of_val(data.buffer.as_slice()));
    let (Ok(length), Ok(room)) = (u32::try_from(data.length), room) else { return false };
    // SAFETY: zeros are an empty frame (numbers and pointers). The frame and its data outlive the call, which keeps
    // neither; the codec is as the caller vouches.
    unsafe {
        let mut frame: sys::switch_frame_t = std::mem::zeroed();
        frame.codec = codec;
        frame.data = data.buffer.as_mut_ptr().cast();
        frame.datalen = length;
        frame.buflen = room;
        frame.samples = shape.samples;
        frame.rate = shape.rate;
        frame.channels = shape.channels;
        frame.timestamp = shape.timestamp;
        sys::switch_core_session_write_frame(session.raw(), &raw mut frame, 0, 0)
            == sys::switch_status_t::SWITCH_STATUS_SUCCESS
    }
}

impl Session<'_> {
    /// Whether FreeSWITCH decodes what this session sends, because somebody records it, listens or mixes something in.
    #[must_use]
    pub(crate) fn has_media_bug(self) -> bool {
        // SAFETY: the session is alive.
        unsafe { sys::callpark_has_media_bug(self.raw()) == sys::switch_bool_t::SWITCH_TRUE }
    }
}
