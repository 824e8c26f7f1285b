//! Packets out of sections. ISO/IEC 13818-1:2023 §2.4.4.1.

use crate::ts::{PACKET_BYTES, Pid, SYNC_BYTE};

/// Writes the sections of one PID as packets, with a continuity counter of its own.
#[derive(Debug)]
pub struct SectionWriter {
    pid: Pid,
    next_counter: u8,
}

impl SectionWriter {
    /// A writer whose first packet has this continuity counter.
    #[must_use]
    pub fn new(pid: Pid, first_counter: u8) -> Self {
        Self { pid, next_counter: first_counter & 0x0F }
    }

    /// Calls `sink` with the packets of one section: it begins a packet, and what the last one has left is stuffing.
    pub fn write(&mut self, section: &[u8], mut sink: impl FnMut(&[u8; PACKET_BYTES])) {
        let mut rest = section;
        let mut first = true;
        while first || !rest.is_empty() {
            let [pid0, pid1] = self.pid.value().to_be_bytes();
            let mut packet = [0xFF; PACKET_BYTES];
            packet[..4].copy_from_slice(&[SYNC_BYTE, pid0 | u8::from(first) << 6, pid1, 0x10 | self.next_counter]);
            let start = if first {
                packet[4] = 0; // pointer_field
                5
            } else {
                4
            };
            let length = rest.len().min(PACKET_BYTES - start);
            packet[start..start + length].copy_from_slice(&rest[..length]);
            rest = &rest[length..];
            self.next_counter = (self.next_counter + 1) & 0x0F;
            first = false;
            sink(&packet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ts::{Packet, psi::SectionReader};

    #[test]
    fn what_is_written_is_read() {
        let mut section = vec![2, 0xB1, 0x2C];
        section.extend((0..300u16).map(|i| i as u8));
        let mut writer = SectionWriter::new(Pid::new(0x1FF), 15);
        let (mut reader, mut found, mut counters) = (SectionReader::default(), Vec::new(), Vec::new());
        for _ in 0..2 {
            writer.write(&section, |bytes| {
                let packet = Packet::new(bytes);
                assert_eq!(packet.pid(), Pid::new(0x1FF));
                counters.push(packet.continuity_counter());
                reader.push(packet.payload_unit_start(), packet.payload(), |s| found.push(s.to_vec()));
            });
        }
        assert_eq!(found, [section.clone(), section]);
        assert_eq!(counters, [15, 0, 1, 2]);
    }
}
