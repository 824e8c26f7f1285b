//! Sections out of packets. ISO/IEC 13818-1:2023 §2.4.4.1 and §2.4.4.2; CRC of Annex A.

use crc::{CRC_32_MPEG_2, Crc};

/// The most bytes of a section: three of header and 4,093 of `private_section_length`.
const MAX_SECTION_BYTES: usize = 4096;

const CRC: Crc<u32, crc::Table<16>> = Crc::<u32, crc::Table<16>>::new(&CRC_32_MPEG_2);

/// `CRC_32` of these bytes.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    CRC.checksum(bytes)
}

/// Whether a whole section, its CRC included, checks.
#[must_use]
pub fn crc_is_right(section: &[u8]) -> bool {
    section.len() > 4 && crc32(section) == 0
}

/// Puts together the sections of one PID.
#[derive(Debug, Default)]
pub struct SectionReader {
    section: Vec<u8>,
    collecting: bool,
}

impl SectionReader {
    /// Forgets a section that was begun: after a packet was lost.
    pub fn reset(&mut self) {
        self.section.clear();
        self.collecting = false;
    }

    /// Takes the payload of the next packet and calls `sink` with each section that it completes, whole and unchecked.
    pub fn push(&mut self, payload_unit_start: bool, payload: &[u8], mut sink: impl FnMut(&[u8])) {
        if !payload_unit_start {
            if self.collecting {
                self.collect(payload, &mut sink);
            }
            return;
        }
        let Some((&pointer, rest)) = payload.split_first() else { return };
        let Some((tail, head)) = rest.split_at_checked(usize::from(pointer)) else {
            self.reset();
            return;
        };
        if self.collecting {
            self.collect(tail, &mut sink);
        }
        self.section.clear();
        self.collecting = true;
        self.collect(head, &mut sink);
    }

    fn collect(&mut self, mut bytes: &[u8], sink: &mut impl FnMut(&[u8])) {
        while self.collecting && !bytes.is_empty() {
            // A table_id of 0xFF is stuffing up to the packet's end (§2.4.4.1).
            if self.section.is_empty() && bytes[0] == 0xFF {
                self.collecting = false;
                return;
            }
            let wanted = self.wanted().saturating_sub(self.section.len()).min(bytes.len());
            self.section.extend_from_slice(&bytes[..wanted]);
            bytes = &bytes[wanted..];
            if self.section.len() < 3 || self.section.len() < self.wanted() {
                continue;
            }
            if self.wanted() > MAX_SECTION_BYTES {
                self.reset();
                return;
            }
            sink(&self.section);
            self.section.clear();
        }
    }

    /// Bytes of the section at hand: those of its header until that is there.
    fn wanted(&self) -> usize {
        match self.section[..] {
            [_, high, low, ..] => 3 + usize::from(u16::from_be_bytes([high & 0x0F, low])),
            _ => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(table_id: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![table_id, 0xB0, body.len() as u8 + 4];
        bytes.extend_from_slice(body);
        bytes.extend_from_slice(&crc32(&bytes).to_be_bytes());
        bytes
    }

    fn read(packets: &[(bool, &[u8])]) -> Vec<Vec<u8>> {
        let mut reader = SectionReader::default();
        let mut found = Vec::new();
        for (start, payload) in packets {
            reader.push(*start, payload, |s| found.push(s.to_vec()));
        }
        found
    }

    #[test]
    fn crc_of_the_standards_check_string() {
        // The catalogue's check value of CRC-32/MPEG-2 for "123456789".
        assert_eq!(crc32(b"123456789"), 0x0376_E6E7);
    }

    #[test]
    fn two_sections_in_a_packet_and_one_over_three() {
        let (a, b, c) = (section(2, &[1; 20]), section(2, &[2; 30]), section(2, &[3; 100]));
        let mut first = vec![0];
        first.extend_from_slice(&a);
        first.extend_from_slice(&b);
        first.extend_from_slice(&c[..10]);
        let mut last = vec![5];
        last.extend_from_slice(&c[c.len() - 5..]);
        last.extend_from_slice(&a);
        last.extend_from_slice(&[0xFF; 9]);
        let found = read(&[(true, &first), (false, &c[10..c.len() - 5]), (true, &last), (false, &[1, 2, 3])]);
        assert_eq!(found, [a.clone(), b, c, a]);
        assert!(found.iter().all(|s| crc_is_right(s)));
    }

    #[test]
    fn a_header_split_between_packets_is_read() {
        let a = section(0, &[9; 12]);
        let mut first = vec![0];
        first.extend_from_slice(&a[..2]);
        assert_eq!(read(&[(true, &first), (false, &a[2..])]), [a]);
    }

    #[test]
    fn a_pointer_past_the_packet_is_no_section() {
        assert!(read(&[(true, &[200, 1, 2, 3]), (false, &[1; 20])]).is_empty());
    }
}
