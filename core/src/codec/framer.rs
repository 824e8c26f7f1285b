//! Frames out of a stream of bytes that need not begin with one.

use std::collections::VecDeque;

use super::{Codec, FrameError, FrameHeader, ac3, mpeg_audio};

/// Codings whose frames are found in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// AC-3 and E-AC-3.
    Ac3,
    /// MPEG audio, Layers I to III.
    Mpeg,
}

impl Family {
    /// The family that a coding belongs to, where it is one that is framed here.
    #[must_use]
    pub fn of(codec: Codec) -> Option<Self> {
        match codec {
            Codec::Ac3 | Codec::EAc3 => Some(Self::Ac3),
            Codec::MpegLayer1 | Codec::MpegLayer2 | Codec::MpegLayer3 => Some(Self::Mpeg),
            Codec::AacAdts | Codec::AacLatm => None,
        }
    }

    /// First byte of every frame.
    fn first_byte(self) -> u8 {
        match self {
            Self::Ac3 => 0x0B,
            Self::Mpeg => 0xFF,
        }
    }

    fn header_bytes(self) -> usize {
        match self {
            Self::Ac3 => ac3::HEADER_BYTES,
            Self::Mpeg => mpeg_audio::HEADER_BYTES,
        }
    }

    fn parse(self, bytes: &[u8]) -> Result<FrameHeader, FrameError> {
        match self {
            Self::Ac3 => ac3::parse_header(bytes),
            Self::Mpeg => mpeg_audio::parse_header(bytes),
        }
    }
}

/// One frame, whole.
#[derive(Debug)]
pub struct Frame<'a, M> {
    /// What its header says.
    pub header: FrameHeader,
    /// All of its bytes.
    pub bytes: &'a [u8],
    /// The mark that was set for it.
    pub mark: Option<M>,
    /// Whether bytes are missing between the frame before and this one.
    pub after_gap: bool,
}

/// Cuts a stream of bytes into frames of one family.
///
/// A *mark* (a time stamp, say) belongs to the first frame that begins at or after the place where it was set.
#[derive(Debug)]
pub struct Framer<M> {
    family: Family,
    buffer: Vec<u8>,
    /// Where the next frame is looked for in `buffer`.
    at: usize,
    /// Bytes that went through before `buffer`.
    before: u64,
    marks: VecDeque<(u64, M)>,
    /// Header of the last frame: one that agrees with it needs no confirmation.
    last: Option<FrameHeader>,
    after_gap: bool,
    skipped: u64,
    /// Bytes skipped since the last frame.
    skipped_now: usize,
}

impl<M: Copy> Framer<M> {
    /// A framer for this family.
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self {
            family,
            buffer: Vec::with_capacity(16 << 10),
            at: 0,
            before: 0,
            marks: VecDeque::with_capacity(16),
            last: None,
            after_gap: false,
            skipped: 0,
            skipped_now: 0,
        }
    }

    /// Bytes that belonged to no frame.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Sets a mark for the first frame that begins in the bytes pushed next.
    pub fn mark(&mut self, mark: M) {
        self.marks.push_back((self.before + self.buffer.len() as u64, mark));
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.before += self.at as u64;
            self.at = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that bytes are missing here: the frame at hand is lost, with the marks that were set for it.
    pub fn gap(&mut self) {
        let left = self.buffer.len() - self.at;
        self.skip(left);
        self.skipped_now = 0;
        self.marks.clear();
        self.after_gap = true;
    }

    /// The next frame, once it is whole.
    ///
    /// The first frame, and one that disagrees with the frame before it, is believed when another follows it.
    pub fn next_frame(&mut self) -> Option<Frame<'_, M>> {
        let header = loop {
            let rest = &self.buffer[self.at..];
            match self.family.parse(rest) {
                Ok(header) => {
                    let known = self.last.is_some_and(|last| agree(&last, &header));
                    let needed = header.frame_bytes + if known { 0 } else { self.family.header_bytes() };
                    if rest.len() < needed {
                        return None;
                    }
                    let confirmed = || self.family.parse(&rest[header.frame_bytes..]).is_ok_and(|n| agree(&n, &header));
                    if known || confirmed() {
                        break header;
                    }
                }
                Err(FrameError::Truncated(needed)) if rest.len() < needed => return None,
                Err(_) => {}
            }
            let first = self.family.first_byte();
            let skip = rest.iter().skip(1).position(|&byte| byte == first).map_or(rest.len(), |i| i + 1);
            self.skip(skip);
            if skip == 0 {
                return None;
            }
        };
        let start = self.before + self.at as u64;
        let mut mark = None;
        while let Some(&(_, value)) = self.marks.front().filter(|(place, _)| *place <= start) {
            mark = Some(value);
            self.marks.pop_front();
        }
        // Where a whole frame may have been skipped, the mark may have been that one's.
        if self.last.is_some_and(|last| self.skipped_now >= last.frame_bytes) {
            mark = None;
        }
        self.skipped_now = 0;
        self.last = Some(header);
        let bytes = &self.buffer[self.at..self.at + header.frame_bytes];
        self.at += header.frame_bytes;
        Some(Frame { header, bytes, mark, after_gap: std::mem::take(&mut self.after_gap) })
    }

    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
        self.skipped += bytes as u64;
        self.skipped_now += bytes;
    }
}

/// Whether two headers can stand in one stream one after the other.
fn agree(a: &FrameHeader, b: &FrameHeader) -> bool {
    a.codec == b.codec && a.sample_rate == b.sample_rate && a.bitrate == b.bitrate
}
