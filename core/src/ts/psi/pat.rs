//! The programme association table. ISO/IEC 13818-1:2023 §2.4.4.4.

use super::section::crc_is_right;
use crate::ts::Pid;

/// One programme of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatEntry {
    /// `program_number`, not 0.
    pub program_number: u16,
    /// `program_map_PID`.
    pub pmt_pid: Pid,
}

/// A view of one section of the table, its CRC checked.
#[derive(Debug, Clone, Copy)]
pub struct Pat<'a>(&'a [u8]);

impl<'a> Pat<'a> {
    /// `table_id`.
    pub const TABLE_ID: u8 = 0x00;

    /// A view of this section, where it is one of this table, whole and right.
    #[must_use]
    pub fn parse(section: &'a [u8]) -> Option<Self> {
        let right = section.len() >= 12 && section[0] == Self::TABLE_ID && crc_is_right(section);
        right.then_some(Self(section))
    }

    /// `version_number`.
    #[must_use]
    pub fn version(self) -> u8 {
        self.0[5] >> 1 & 0x1F
    }

    /// `current_next_indicator`: whether the table is in force.
    #[must_use]
    pub fn current(self) -> bool {
        self.0[5] & 1 != 0
    }

    /// `section_number` and `last_section_number`.
    #[must_use]
    pub fn section_number(self) -> (u8, u8) {
        (self.0[6], self.0[7])
    }

    /// The programmes; the network information table's entry (programme 0) is left out.
    pub fn programs(self) -> impl Iterator<Item = PatEntry> + 'a {
        self.0[8..self.0.len() - 4]
            .as_chunks::<4>()
            .0
            .iter()
            .map(|&[n0, n1, p0, p1]| PatEntry {
                program_number: u16::from_be_bytes([n0, n1]),
                pmt_pid: Pid::new(u16::from_be_bytes([p0, p1])),
            })
            .filter(|entry| entry.program_number != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ts::psi::crc32;

    #[test]
    fn entries_are_read_and_a_wrong_crc_refused() {
        let mut section = vec![0, 0xB0, 17, 0, 1, 0xC7, 0, 0, 0, 0, 0xE0, 0x10, 0x22, 0x33, 0xF2, 0x34];
        section.extend_from_slice(&crc32(&section).to_be_bytes());
        let pat = Pat::parse(&section).expect("a right section");
        assert_eq!((pat.version(), pat.current(), pat.section_number()), (3, true, (0, 0)));
        let entries: Vec<_> = pat.programs().collect();
        assert_eq!(entries, [PatEntry { program_number: 0x2233, pmt_pid: Pid::new(0x1234) }]);
        section[12] ^= 1;
        assert!(Pat::parse(&section).is_none());
    }
}
