//! Transport packets out of access units. ISO/IEC 13818-1:2023 §2.4.3.2 to §2.4.3.7.

use super::{AdaptationField, PACKET_BYTES, Pid, Pts, SYNC_BYTE};

/// Bytes of a PES header with a PTS.
const HEADER_BYTES: usize = 14;

/// Writes access units as PES packets, one each, and those as transport packets.
///
/// The continuity counter is left 0: only who puts the packets among others knows it.
#[derive(Debug, Clone, Copy)]
pub struct PesWriter {
    /// The PID of the packets.
    pub pid: Pid,
    /// `stream_id` of the PES packets.
    pub stream_id: u8,
}

impl PesWriter {
    /// Calls `sink` with the packets of one access unit.
    pub fn write(&self, pts: Pts, access_unit: &[u8], mut sink: impl FnMut(&[u8; PACKET_BYTES])) {
        let header = self.header(pts, access_unit.len());
        let total = HEADER_BYTES + access_unit.len();
        let mut done = 0;
        while done < total {
            let length = (total - done).min(PACKET_BYTES - 4);
            let start = PACKET_BYTES - length;
            let [pid0, pid1] = self.pid.value().to_be_bytes();
            let mut packet = [0xFF; PACKET_BYTES];
            packet[..3].copy_from_slice(&[SYNC_BYTE, pid0 | u8::from(done == 0) << 6, pid1]);
            packet[3] = if start == 4 { 0x10 } else { 0x30 };
            if start > 4 {
                packet[4] = (start - 5) as u8; // adaptation_field_length
            }
            if start > 5 {
                packet[5] = 0; // no flags: stuffing alone
            }
            let from_header = HEADER_BYTES.saturating_sub(done).min(length);
            packet[start..start + from_header].copy_from_slice(&header[done.min(HEADER_BYTES)..][..from_header]);
            let from_unit = done.saturating_sub(HEADER_BYTES);
            packet[start + from_header..].copy_from_slice(&access_unit[from_unit..][..length - from_header]);
            done += length;
            sink(&packet);
        }
    }

    fn header(&self, pts: Pts, access_unit_bytes: usize) -> [u8; HEADER_BYTES] {
        // A length that does not fit is 0, "not stated", which AAC never comes near.
        let [len0, len1] = u16::try_from(access_unit_bytes + HEADER_BYTES - 6).unwrap_or(0).to_be_bytes();
        let t = pts.ticks();
        let seven = |shift: u32| (t >> shift) as u8;
        [
            0,
            0,
            1,
            self.stream_id,
            len0,
            len1,
            0x84, // '10', data_alignment_indicator
            0x80, // PTS alone
            5,
            0x21 | seven(30) << 1 & 0x0E,
            seven(22),
            seven(15) << 1 | 1,
            seven(7),
            seven(0) << 1 | 1,
        ]
    }
}

/// A packet without payload that carries the adaptation field of another, for the clock that stands in it.
#[must_use]
pub fn adaptation_only(pid: Pid, continuity_counter: u8, field: AdaptationField<'_>) -> [u8; PACKET_BYTES] {
    let [pid0, pid1] = pid.value().to_be_bytes();
    let mut packet = [0xFF; PACKET_BYTES];
    packet[..5].copy_from_slice(&[SYNC_BYTE, pid0, pid1, 0x20 | continuity_counter & 0x0F, 183]);
    let bytes = field.bytes();
    packet[5..5 + bytes.len()].copy_from_slice(bytes);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ts::{Packet, PesReader, PesScan};

    #[test]
    fn what_is_written_is_read_at_every_length() {
        let writer = PesWriter { pid: Pid::new(0x101), stream_id: 0xC0 };
        for length in (1..200).chain([350, 354, 355, 800, 1536]) {
            let unit: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let pts = Pts::new(0x1_2345_6789);
            let (mut reader, mut starts, mut found, mut count) = (PesReader::default(), Vec::new(), Vec::new(), 0);
            writer.write(pts, &unit, |bytes| {
                let packet = Packet::new(bytes);
                assert_eq!((bytes[0], packet.pid(), packet.payload_unit_start()), (0x47, writer.pid, count == 0));
                count += 1;
                reader.push(packet.payload_unit_start(), packet.payload(), |scan| match scan {
                    PesScan::Start(header) => starts.push(header.pts),
                    PesScan::Payload(bytes) => found.extend_from_slice(bytes),
                });
            });
            assert_eq!((starts, found, count), (vec![Some(pts)], unit, (length + 14usize).div_ceil(184)), "{length}");
        }
    }

    #[test]
    fn the_clock_of_another_packet_is_kept() {
        let mut source = [0u8; PACKET_BYTES];
        source[..12].copy_from_slice(&[0x47, 0x41, 0x01, 0x35, 7, 0x50, 1, 2, 3, 4, 0x7E, 0x10]);
        let source = Packet::new(&source);
        let field = source.adaptation_field().expect("a field");
        let bytes = adaptation_only(Pid::new(0x101), 9, field);
        let packet = Packet::new(&bytes);
        assert_eq!(packet.pcr(), source.pcr());
        assert!(packet.pcr().is_some() && packet.payload().is_empty() && packet.continuity_counter() == 9);
    }
}
