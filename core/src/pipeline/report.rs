//! What happened in a session so far.

/// What happened on one audio track so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrackReport {
    /// The PID that carries it.
    pub pid: u16,
    /// What the frames are.
    pub codec: String,
    /// ISO 639-2 code from the PMT.
    pub language: Option<String>,
    /// Sampling frequency in Hz of the last frame; 0 before the first.
    pub sample_rate: u32,
    /// Channels of the last frame, in words; empty before the first.
    pub channels: String,
    /// Frames decoded without fault.
    pub frames_decoded: u64,
    /// Frames that were damaged or lost and replaced by concealment.
    pub frames_concealed: u64,
    /// Bytes between frames that belonged to none.
    pub bytes_skipped: u64,
    /// AAC access units written.
    pub access_units: u64,
    /// Samples of silence or concealment put in to keep step with the picture.
    pub samples_inserted: u64,
    /// Samples taken out to keep step with the picture.
    pub samples_dropped: u64,
    /// Times the track's clock jumped and the timeline was anchored anew.
    pub reanchors: u64,
    /// How far the source's PTS is ahead of the sample count, in microseconds, at the last PTS.
    pub drift_us: i64,
}

/// What happened in a session so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Bytes taken in.
    pub bytes_in: u64,
    /// Bytes given out.
    pub bytes_out: u64,
    /// Whole packets taken in.
    pub packets_in: u64,
    /// Packets given out.
    pub packets_out: u64,
    /// Times that packet synchronisation was lost and found again.
    pub resyncs: u64,
    /// Bytes that belonged to no packet.
    pub bytes_skipped: u64,
    /// Packets on a transcoded PID whose continuity counter was not the next one.
    pub continuity_errors: u64,
    /// Packets with `transport_error_indicator`.
    pub transport_errors: u64,
    /// Packets that are scrambled.
    pub scrambled_packets: u64,
    /// PSI sections with a wrong CRC.
    pub crc_errors: u64,
    /// The audio tracks, in the order of their PIDs.
    pub tracks: Vec<TrackReport>,
}
