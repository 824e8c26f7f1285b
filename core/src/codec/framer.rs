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

    fn parse(self, bytes: &[u8]) -> Result<FrameHeader, FrameError> {
        match self {
            Self::Ac3 => ac3::parse_header(bytes),
            Self::Mpeg => mpeg_audio::parse_header(bytes),
        }
    }
}

/// One frame, whole, and the frames that continue it ([`FrameHeader::continues`]): an access unit.
#[derive(Debug)]
pub struct Frame<'a, M> {
    /// What its header says; of those that continue it nothing.
    pub header: FrameHeader,
    /// All of their bytes.
    pub bytes: &'a [u8],
    /// The mark that was set for it.
    pub mark: Option<M>,
    /// Whether bytes are missing between the frame before and this one.
    pub after_gap: bool,
}

/// Most frames that continue another: of 8 programmes the others, and 8 substreams that depend on each (A/52:2018
/// §E.2.3.1.2).
const MAX_CONTINUED: usize = 7 + 8 * 8;

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
    /// How many frames continued it.
    last_continued: usize,
    /// Whether no bytes come any more.
    ended: bool,
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
            last_continued: 0,
            ended: false,
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

    /// Says that no bytes come any more: what the last frame may still be waiting for does not come.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// The next frame, once it is whole, with those that continue it.
    ///
    /// The first frame, and one that disagrees with the frame before it, is believed when another follows it. A frame is
    /// held back until as many are there that continue it as continued the frame before it.
    pub fn next_frame(&mut self) -> Option<Frame<'_, M>> {
        let (header, unit_bytes) = loop {
            let rest = &self.buffer[self.at..];
            match self.family.parse(rest) {
                Ok(header) if !header.continues => {
                    let known = self.last.is_some_and(|last| agree(&last, &header));
                    let expected = if self.ended { 0 } else { self.last_continued };
                    let (unit_bytes, continued) = self.unit(rest, &header, known.then_some(expected))?;
                    let confirmed = || self.family.parse(&rest[unit_bytes..]).is_ok_and(|n| agree(&n, &header));
                    if known || confirmed() {
                        self.last_continued = continued;
                        break (header, unit_bytes);
                    }
                }
                // It continues what was lost.
                Ok(_) => {}
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
        let bytes = &self.buffer[self.at..self.at + unit_bytes];
        self.at += unit_bytes;
        Some(Frame { header, bytes, mark, after_gap: std::mem::take(&mut self.after_gap) })
    }

    /// Length of the frame at the start of `rest` and of those that continue it, and how many these are; `None` where that
    /// cannot be told yet. Beyond as many as are `expected` it is not waited for more, without a number always until
    /// the next frame begins.
    fn unit(&self, rest: &[u8], header: &FrameHeader, expected: Option<usize>) -> Option<(usize, usize)> {
        let (mut unit_bytes, mut continued) = (header.frame_bytes, 0);
        loop {
            match self.family.parse(rest.get(unit_bytes..)?) {
                Ok(next) if next.continues && continued < MAX_CONTINUED => {
                    unit_bytes += next.frame_bytes;
                    continued += 1;
                }
                Err(FrameError::Truncated(needed)) if rest.len() - unit_bytes < needed => {
                    return expected.is_some_and(|expected| continued >= expected).then_some((unit_bytes, continued));
                }
                _ => return Some((unit_bytes, continued)),
            }
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
        self.skipped += bytes as u64;
        self.skipped_now += bytes;
    }
}

/// Whether two headers can stand in one stream one after the other. Frames of E-AC-3 are as long as each wants to be, and
/// their bitrate with them.
fn agree(a: &FrameHeader, b: &FrameHeader) -> bool {
    let same_rate = if a.codec == Codec::EAc3 { a.layout == b.layout } else { a.bitrate == b.bitrate };
    a.codec == b.codec && a.sample_rate == b.sample_rate && same_rate
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of 768 bytes at 48 kHz of the given `strmtyp` and `substreamid`, filled with `mark`.
    fn eac3(strmtyp: u8, substreamid: u8, mark: u8) -> Vec<u8> {
        let mut frame = vec![mark; 768];
        frame[..6].copy_from_slice(&[0x0B, 0x77, strmtyp << 6 | substreamid << 3 | 0x01, 0x7F, 0x3F, 0x80]);
        frame
    }

    /// Takes all units out: their lengths, first marks and time stamps.
    fn take(framer: &mut Framer<u32>) -> Vec<(usize, u8, Option<u32>)> {
        let mut units = Vec::new();
        while let Some(frame) = framer.next_frame() {
            units.push((frame.bytes.len(), frame.bytes[6], frame.mark));
        }
        units
    }

    #[test]
    fn dependent_frames_stay_with_what_they_depend_on() {
        // Two programmes, the first of three substreams; then the second programme and one of the substreams end.
        let unit = |mark| [eac3(0, 0, mark), eac3(1, 0, 9), eac3(1, 1, 9), eac3(0, 1, 9)].concat();
        let stream = [unit(1), unit(2), eac3(0, 0, 3), eac3(1, 0, 9), eac3(0, 0, 4)].concat();
        let mut expected = vec![(4 * 768, 1, Some(1)), (4 * 768, 2, Some(2)), (2 * 768, 3, None)];
        for pieces in [1, 7, 768, 1000, stream.len()] {
            let mut framer = Framer::new(Family::Ac3);
            let mut units = Vec::new();
            framer.mark(1);
            for (index, piece) in stream.chunks(pieces).enumerate() {
                if pieces == 1 && index == 4 * 768 {
                    framer.mark(2);
                }
                framer.push(piece);
                units.append(&mut take(&mut framer));
            }
            framer.end();
            units.append(&mut take(&mut framer));
            expected.truncate(3);
            expected.push((768, 4, None));
            if pieces != 1 {
                expected[1].2 = None;
            }
            assert_eq!(units, expected, "pieces of {pieces}");
            expected[1].2 = Some(2);
            assert_eq!(framer.skipped(), 0);
        }
    }

    #[test]
    fn a_stream_that_begins_with_a_dependent_frame_waits_for_its_first() {
        let mut framer = Framer::<u32>::new(Family::Ac3);
        framer.push(&[eac3(1, 0, 9), eac3(0, 0, 1), eac3(1, 0, 9), eac3(0, 0, 2), eac3(1, 0, 9)].concat());
        assert_eq!(take(&mut framer), [(2 * 768, 1, None), (2 * 768, 2, None)]);
        assert_eq!(framer.skipped(), 768);
    }

    #[test]
    fn frames_of_eac3_may_differ_in_length() {
        let mut short = eac3(0, 0, 2);
        short.truncate(766);
        short[3] = 0x7E;
        let mut framer = Framer::<u32>::new(Family::Ac3);
        framer.push(&[eac3(0, 0, 1), short.clone(), eac3(0, 0, 3), short].concat());
        let lengths: Vec<usize> = take(&mut framer).into_iter().map(|unit| unit.0).collect();
        assert_eq!((lengths, framer.skipped()), (vec![768, 766, 768, 766], 0));
    }

    #[test]
    fn a_plain_frame_waits_for_nothing() {
        let mut framer = Framer::<u32>::new(Family::Ac3);
        framer.push(&[eac3(0, 0, 1), eac3(0, 0, 2)].concat());
        assert_eq!(take(&mut framer), [(768, 1, None), (768, 2, None)]);
        framer.push(&eac3(0, 0, 3));
        assert_eq!(take(&mut framer), [(768, 3, None)]);
    }
}
