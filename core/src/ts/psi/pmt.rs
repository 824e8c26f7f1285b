//! The programme map table, and how it is rewritten. ISO/IEC 13818-1:2023 §2.4.4.9.

use super::section::{crc_is_right, crc32};
use crate::ts::Pid;

/// The most bytes of a section of this table (§2.4.4.9: `section_length` is at most 1,021).
const MAX_BYTES: usize = 1024;

/// One elementary stream of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PmtStream<'a> {
    /// `stream_type`.
    pub stream_type: u8,
    /// `elementary_PID`.
    pub pid: Pid,
    /// The loop of its descriptors.
    pub descriptors: &'a [u8],
}

/// What takes the place of one stream's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EsRewrite {
    /// The new `stream_type`.
    pub stream_type: u8,
    /// The new loop of descriptors.
    pub descriptors: Vec<u8>,
}

/// A view of the table's section, its CRC checked and its loops measured.
#[derive(Debug, Clone, Copy)]
pub struct Pmt<'a> {
    section: &'a [u8],
    streams: &'a [u8],
}

impl<'a> Pmt<'a> {
    /// `table_id`.
    pub const TABLE_ID: u8 = 0x02;

    /// A view of this section, where it is one of this table, whole and right.
    #[must_use]
    pub fn parse(section: &'a [u8]) -> Option<Self> {
        if section.len() < 16 || section[0] != Self::TABLE_ID || !crc_is_right(section) {
            return None;
        }
        let start = 12 + length12(section[10], section[11]);
        let streams = section.get(start..section.len() - 4)?;
        Some(Self { section, streams })
    }

    /// `program_number`.
    #[must_use]
    pub fn program_number(self) -> u16 {
        u16::from_be_bytes([self.section[3], self.section[4]])
    }

    /// `version_number`.
    #[must_use]
    pub fn version(self) -> u8 {
        self.section[5] >> 1 & 0x1F
    }

    /// `current_next_indicator`: whether the table is in force.
    #[must_use]
    pub fn current(self) -> bool {
        self.section[5] & 1 != 0
    }

    /// `PCR_PID`; `None` where the table says that there is none.
    #[must_use]
    pub fn pcr_pid(self) -> Option<Pid> {
        let pid = Pid::new(u16::from_be_bytes([self.section[8], self.section[9]]));
        (pid != Pid::NULL).then_some(pid)
    }

    /// The loop of the programme's own descriptors.
    #[must_use]
    pub fn program_descriptors(self) -> &'a [u8] {
        &self.section[12..12 + length12(self.section[10], self.section[11])]
    }

    /// The elementary streams. A last one that runs over the section's end is left out.
    pub fn streams(self) -> impl Iterator<Item = PmtStream<'a>> {
        let mut rest = self.streams;
        std::iter::from_fn(move || {
            let &[stream_type, pid0, pid1, len0, len1] = rest.first_chunk()?;
            let descriptors = rest.get(5..5 + length12(len0, len1))?;
            rest = &rest[5 + descriptors.len()..];
            Some(PmtStream { stream_type, pid: Pid::new(u16::from_be_bytes([pid0, pid1])), descriptors })
        })
    }

    /// Writes the section anew into `out`, with `version_number` moved on by `version_step`, with the streams that `rewrite`
    /// gives something for replaced, all else as it was, and the CRC right.
    ///
    /// A section that would outgrow the standard's limit is left as it is and `false` returned.
    pub fn rewrite(
        self,
        version_step: u8,
        rewrite: impl Fn(PmtStream<'a>) -> Option<EsRewrite>,
        out: &mut Vec<u8>,
    ) -> bool {
        out.clear();
        out.extend_from_slice(&self.section[..self.section.len() - 4 - self.streams.len()]);
        for stream in self.streams() {
            let new = rewrite(stream);
            let (stream_type, descriptors) = match &new {
                Some(new) => (new.stream_type, &new.descriptors[..]),
                None => (stream.stream_type, stream.descriptors),
            };
            let [pid0, pid1] = (0xE000 | stream.pid.value()).to_be_bytes();
            let [len0, len1] = (0xF000 | descriptors.len() as u16).to_be_bytes();
            out.extend_from_slice(&[stream_type, pid0, pid1, len0, len1]);
            out.extend_from_slice(descriptors);
        }
        if out.len() + 4 > MAX_BYTES.max(self.section.len()) {
            out.clear();
            out.extend_from_slice(self.section);
            return false;
        }
        let [len0, len1] = ((out.len() + 4 - 3) as u16).to_be_bytes();
        out[1] = out[1] & 0xF0 | len0;
        out[2] = len1;
        out[5] = out[5] & 0xC1 | (self.version().wrapping_add(version_step) & 0x1F) << 1;
        let crc = crc32(out);
        out.extend_from_slice(&crc.to_be_bytes());
        true
    }
}

fn length12(high: u8, low: u8) -> usize {
    usize::from(u16::from_be_bytes([high & 0x0F, low]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section() -> Vec<u8> {
        let mut s = vec![2, 0xB0, 0, 0x22, 0x0A, 0xC1 | 31 << 1, 0, 0, 0xE3, 0xF2, 0xF0, 3, 0x0E, 1, 9];
        s.extend_from_slice(&[0x1B, 0xE3, 0xF2, 0xF0, 0]);
        s.extend_from_slice(&[0x06, 0xE3, 0xFD, 0xF0, 9, 0x0A, 4, b'f', b'r', b'a', 0, 0x6A, 1, 0x80]);
        s[2] = (s.len() + 4 - 3) as u8;
        s.extend_from_slice(&crc32(&s).to_be_bytes());
        s
    }

    #[test]
    fn streams_are_read() {
        let section = section();
        let pmt = Pmt::parse(&section).expect("a right section");
        assert_eq!((pmt.program_number(), pmt.version(), pmt.current()), (0x220A, 31, true));
        assert_eq!(pmt.pcr_pid(), Some(Pid::new(0x3F2)));
        assert_eq!(pmt.program_descriptors(), [0x0E, 1, 9]);
        let streams: Vec<_> = pmt.streams().map(|s| (s.stream_type, s.pid.value(), s.descriptors.len())).collect();
        assert_eq!(streams, [(0x1B, 0x3F2, 0), (0x06, 0x3FD, 9)]);
    }

    #[test]
    fn rewriting_nothing_gives_the_same_bytes() {
        let section = section();
        let mut out = Vec::new();
        assert!(Pmt::parse(&section).expect("a right section").rewrite(0, |_| None, &mut out));
        assert_eq!(out, section);
    }

    #[test]
    fn one_stream_is_replaced_and_the_version_wraps() {
        let section = section();
        let mut out = Vec::new();
        let replace = |s: PmtStream<'_>| {
            (s.stream_type == 6).then(|| EsRewrite { stream_type: 0x0F, descriptors: vec![0x52, 1, 5] })
        };
        assert!(Pmt::parse(&section).expect("a right section").rewrite(1, replace, &mut out));
        let pmt = Pmt::parse(&out).expect("a right section");
        assert_eq!(pmt.version(), 0);
        let streams: Vec<_> = pmt.streams().map(|s| (s.stream_type, s.pid.value(), s.descriptors)).collect();
        assert_eq!(streams, [(0x1B, 0x3F2, &[][..]), (0x0F, 0x3FD, &[0x52, 1, 5])]);
    }

    #[test]
    fn a_program_info_length_over_the_end_is_refused() {
        let mut section = section();
        section[11] = 200;
        let end = section.len() - 4;
        let crc = crc32(&section[..end]);
        section[end..].copy_from_slice(&crc.to_be_bytes());
        assert!(Pmt::parse(&section).is_none());
    }
}
