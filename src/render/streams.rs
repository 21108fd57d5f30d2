//! `callpark streams`.

use super::columns::{Cell, Column, text};
use super::text::table;
use super::{Rows, document};

/// A stream of hold music that several calls hear.
pub(crate) struct StreamView {
    /// The file or stream.
    pub source: String,
    /// The codec's name, such as `PCMU`.
    pub codec: String,
    /// Samples in a second, of each channel.
    pub rate: u32,
    /// How many channels.
    pub channels: u32,
    /// Milliseconds of audio in one packet.
    pub ptime_ms: u32,
    /// How many calls hear it.
    pub listeners: usize,
    /// For how long it has been playing, in ms.
    pub since_ms: u64,
    /// Processor time, in microseconds a second, that reading and encoding take.
    pub cost_us: u64,
}

impl StreamView {
    /// What they would take if each listener encoded alone, in microseconds a second.
    #[must_use]
    pub(crate) fn alone_us(&self) -> u64 {
        self.cost_us.saturating_mul(self.listeners as u64)
    }
}

const COLUMNS: [Column<StreamView>; 9] = [
    Column::new("source", |stream| text(&stream.source)),
    Column::new("codec", |stream| text(&stream.codec)),
    Column::new("rate", |stream| Cell::Number(stream.rate.into())),
    Column::new("channels", |stream| Cell::Number(stream.channels.into())),
    Column::new("ptime_ms", |stream| Cell::Number(stream.ptime_ms.into())),
    Column::new("listeners", |stream| Cell::Number(stream.listeners as u64)),
    Column::new("since_ms", |stream| Cell::Number(stream.since_ms)),
    Column::new("cost_us", |stream| Cell::Number(stream.cost_us)),
    Column::new("alone_us", |stream| Cell::Number(stream.alone_us())),
];

/// The streams, a line each.
pub(crate) fn streams_text(streams: &[StreamView]) -> String {
    table(streams, &COLUMNS, "stream")
}

/// `{"streams":[…]}`.
pub(crate) fn streams_json(streams: &[StreamView]) -> String {
    document("streams", Rows(streams, &COLUMNS))
}
