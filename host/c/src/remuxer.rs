//! One stream: a session, and the bytes that are ready and did not fit.

use xg2g_transcoder::{Channels, Error, Limits, Options, Plugin, Report, Session};

use crate::failure::Failure;

/// Bytes that a buffer must have for each byte of input so that a call never answers "too small".
pub(crate) const BUFFER_FACTOR: usize = 4;

/// No input is taken while this much waits: a caller that never makes room must not fill the memory.
pub(crate) const WAITING_MAX: usize = 64 << 20;

/// Bytes of a packet. Time stamps and parity of 192- and 204-byte packets are not given on.
const PACKET: usize = 188;

/// Room that is kept for the next call; what a burst took beyond it is given back.
const ROOM: usize = 1 << 20;

/// Sampling frequencies of AAC (ISO/IEC 14496-3 Table 1.18).
const SAMPLE_RATES: [i32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// The plugin's options for what a caller of `xg2g_audio_remux_init` asked for.
pub(crate) fn options(sample_rate: i32, channels: i32, bitrate: i32) -> Result<Options, Failure> {
    if sample_rate != 0 && !SAMPLE_RATES.contains(&sample_rate) {
        let text =
            format!("sample_rate {sample_rate} Hz is none of AAC's; take 0, or 48000 (the source's own is kept)");
        return Err(Failure::Argument(text));
    }
    let channels = match channels {
        0 => None,
        1 => Some(Channels::Mono),
        2 => Some(Channels::Stereo),
        _ => return Err(Failure::Argument(format!("channels is {channels}; take 1 or 2, or 0 for stereo"))),
    };
    // How far it may go is the plugin's to say.
    let bitrate = match u32::try_from(bitrate) {
        Ok(0) => None,
        Ok(bitrate) => Some(bitrate),
        Err(_) => {
            return Err(Failure::Argument(format!("bitrate is {bitrate}; take bits per second, or 0 for the default")));
        }
    };
    Ok(Options { bitrate, channels, ..Options::default() })
}

/// One stream.
pub(crate) struct Remuxer {
    /// `None` while the session is in use, and so for good if that panicked.
    session: Option<Session>,
    finished: bool,
    /// What is ready: `waiting[taken..]`.
    waiting: Vec<u8>,
    taken: usize,
    /// Bytes that were handed out, which tells where packets end.
    handed_out: u64,
}

impl Remuxer {
    pub(crate) fn open(plugin: &Plugin, options: &Options, limits: &Limits) -> Result<Self, Error> {
        let session = Some(plugin.open(options, limits)?);
        Ok(Self { session, finished: false, waiting: Vec::new(), taken: 0, handed_out: 0 })
    }

    /// Bytes that are ready.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len() - self.taken
    }

    /// Takes `input` in. What was ready before a failure stays ready.
    pub(crate) fn take_in(&mut self, input: &[u8]) -> Result<(), Failure> {
        if input.is_empty() && self.waiting() > 0 {
            return Ok(());
        }
        if input.is_empty() && self.finished {
            return Ok(());
        }
        if !input.is_empty() && self.waiting() >= WAITING_MAX {
            return Err(Failure::Backlog { waiting: self.waiting() });
        }
        self.with_session(|session, ready| session.process(input, ready))
    }

    /// Says that the stream ends; again only to take out what waits.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        if self.finished {
            return Ok(());
        }
        self.with_session(Session::finish)?;
        self.finished = true;
        Ok(())
    }

    pub(crate) fn report(&mut self) -> Result<Report, Failure> {
        self.with_session(|session, _| session.report())
    }

    fn with_session<T>(
        &mut self,
        call: impl FnOnce(&mut Session, &mut Vec<u8>) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let gone = || Error::Closed("the session ended earlier, by a fault of the library; open a new one".into());
        let mut session = self.session.take().ok_or_else(gone)?;
        let result = call(&mut session, &mut self.waiting);
        self.session = Some(session);
        Ok(result?)
    }

    /// How many of the waiting bytes go into a buffer of `capacity` bytes, for a call that brought `input_len`: all of them; or
    /// as many packets as fit (as many bytes, where not one does) when the buffer has the room that was promised to be enough.
    pub(crate) fn fitting(&self, input_len: usize, capacity: usize) -> Result<usize, Failure> {
        let waiting = self.waiting();
        // What the call returns is an `int`.
        let room = capacity.min(i32::MAX as usize);
        if waiting <= room {
            return Ok(waiting);
        }
        if capacity == 0 || capacity < waiting && capacity < input_len.saturating_mul(BUFFER_FACTOR) {
            return Err(Failure::TooSmall { waiting, capacity });
        }
        // Both are less than a packet, and so far from where they would not fit.
        let phase = (self.handed_out % PACKET as u64) as usize;
        let beyond = (phase + room % PACKET) % PACKET;
        Ok(if room > beyond { room - beyond } else { room })
    }

    /// The first `count` waiting bytes, which [`Remuxer::hand_out`] then takes away.
    pub(crate) fn first(&self, count: usize) -> &[u8] {
        &self.waiting[self.taken..][..count]
    }

    /// Takes `count` bytes away.
    pub(crate) fn hand_out(&mut self, count: usize) {
        self.taken += count;
        self.handed_out += count as u64;
        if self.taken == self.waiting.len() {
            self.waiting.clear();
            self.waiting.shrink_to(ROOM);
            self.taken = 0;
        } else if self.taken > self.waiting.len() / 2 {
            // At most as much is moved as was handed out.
            self.waiting.drain(..self.taken);
            self.taken = 0;
        }
    }
}
