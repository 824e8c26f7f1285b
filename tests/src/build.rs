//! Builds small streams, field by field, for tests that need just one thing in them.

use std::collections::BTreeMap;

use xg2g_core::ts::psi::crc32;

/// Bytes of the frames of [`layer2`]: 192 kbit/s at 48 kHz.
pub const LAYER2_FRAME_BYTES: usize = 576;

/// Ticks of 90 kHz that such a frame lasts: 1,152 samples.
pub const LAYER2_FRAME_TICKS: u64 = 2160;

/// Layer II frames of silence: a header, and no bits allocated to any subband (ISO/IEC 11172-3 §2.4.1).
#[must_use]
pub fn layer2(frames: usize) -> Vec<u8> {
    let mut frame = vec![0; LAYER2_FRAME_BYTES];
    frame[..4].copy_from_slice(&[0xFF, 0xFD, 0xA4, 0x04]);
    frame.repeat(frames)
}

/// ADTS frames of nothing: a header of 48 kHz stereo and filling.
#[must_use]
pub fn adts(frames: usize) -> Vec<u8> {
    let mut frame = [0; 200];
    frame[..7].copy_from_slice(&[0xFF, 0xF1, 0x4C, 0x80, (200u16 >> 3) as u8, 0x1F, 0xFC]);
    frame.repeat(frames)
}

/// A stream under construction.
#[derive(Debug, Default)]
pub struct Mux {
    packets: Vec<[u8; 188]>,
    counters: BTreeMap<u16, u8>,
}

impl Mux {
    /// The stream so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.packets.concat()
    }

    /// The packets so far, to be damaged.
    pub fn packets_mut(&mut self) -> &mut Vec<[u8; 188]> {
        &mut self.packets
    }

    /// A PAT.
    pub fn pat(&mut self, programs: &[(u16, u16)]) -> &mut Self {
        let mut section = vec![0, 0xB0, 0, 0, 1, 0xC1, 0, 0];
        for (number, pid) in programs {
            section.extend_from_slice(&number.to_be_bytes());
            section.extend_from_slice(&(0xE000 | pid).to_be_bytes());
        }
        self.section(0, section)
    }

    /// A PMT; each stream is its type, PID and descriptors.
    pub fn pmt(&mut self, pid: u16, number: u16, version: u8, pcr_pid: u16, streams: &[(u8, u16, &[u8])]) -> &mut Self {
        let mut section = vec![2, 0xB0, 0];
        section.extend_from_slice(&number.to_be_bytes());
        section.extend_from_slice(&[0xC1 | version << 1, 0, 0]);
        section.extend_from_slice(&(0xE000 | pcr_pid).to_be_bytes());
        section.extend_from_slice(&[0xF0, 0]);
        for (stream_type, pid, descriptors) in streams {
            section.push(*stream_type);
            section.extend_from_slice(&(0xE000 | pid).to_be_bytes());
            section.extend_from_slice(&(0xF000 | descriptors.len() as u16).to_be_bytes());
            section.extend_from_slice(descriptors);
        }
        self.section(pid, section)
    }

    /// A section without its length and CRC, which are filled in.
    pub fn section(&mut self, pid: u16, mut section: Vec<u8>) -> &mut Self {
        section[2] = (section.len() + 4 - 3) as u8;
        let crc = crc32(&section);
        section.extend_from_slice(&crc.to_be_bytes());
        let mut payload = vec![0];
        payload.extend_from_slice(&section);
        payload.resize(184, 0xFF);
        self.payload(pid, true, &payload)
    }

    /// A PES packet over as many packets as it needs.
    pub fn pes(&mut self, pid: u16, stream_id: u8, pts: Option<u64>, payload: &[u8]) -> &mut Self {
        let mut pes = vec![0, 0, 1, stream_id, 0, 0, 0x80];
        match pts {
            Some(t) => {
                pes.extend_from_slice(&[0x80, 5]);
                let part = |shift: u32| (t >> shift & 0x7FFF) as u16;
                pes.push(0x21 | (t >> 29 & 0x0E) as u8);
                pes.extend_from_slice(&(part(15) << 1 | 1).to_be_bytes());
                pes.extend_from_slice(&(part(0) << 1 | 1).to_be_bytes());
            }
            None => pes.extend_from_slice(&[0, 0]),
        }
        pes.extend_from_slice(payload);
        let length = (pes.len() - 6) as u16;
        pes[4..6].copy_from_slice(&length.to_be_bytes());
        for (n, part) in pes.chunks(184).enumerate() {
            self.payload(pid, n == 0, part);
        }
        self
    }

    /// Frames of Layer II silence as PES packets of one frame each, from `pts` on.
    pub fn layer2(&mut self, pid: u16, pts: u64, frames: usize) -> &mut Self {
        for n in 0..frames as u64 {
            self.pes(pid, 0xC0, Some((pts + n * LAYER2_FRAME_TICKS) % (1 << 33)), &layer2(1));
        }
        self
    }

    /// Packets of another kind, each telling its number.
    pub fn other(&mut self, pid: u16, count: usize) -> &mut Self {
        for n in 0..count {
            let mut payload = [0x55; 184];
            payload[..8].copy_from_slice(&(n as u64).to_be_bytes());
            self.payload(pid, false, &payload);
        }
        self
    }

    /// A packet without payload that carries a PCR, in ticks of 90 kHz.
    pub fn pcr(&mut self, pid: u16, base: u64) -> &mut Self {
        let base = base % (1 << 33);
        let mut packet = [0xFF; 188];
        packet[..4].copy_from_slice(&[0x47, (pid >> 8) as u8, pid as u8, 0x20 | self.counter(pid, false)]);
        packet[4..6].copy_from_slice(&[183, 0x10]);
        packet[6..12].copy_from_slice(&((base << 15) | 0x7E00).to_be_bytes()[2..]);
        self.packets.push(packet);
        self
    }

    /// One packet with this payload, stuffed where it is short.
    pub fn payload(&mut self, pid: u16, start: bool, payload: &[u8]) -> &mut Self {
        let mut packet = [0xFF; 188];
        let from = 188 - payload.len();
        let control = if from == 4 { 0x10 } else { 0x30 };
        packet[..4].copy_from_slice(&[
            0x47,
            u8::from(start) << 6 | (pid >> 8) as u8,
            pid as u8,
            control | self.counter(pid, true),
        ]);
        if from > 4 {
            packet[4] = (from - 5) as u8;
        }
        if from > 5 {
            packet[5] = 0;
        }
        packet[from..].copy_from_slice(payload);
        self.packets.push(packet);
        self
    }

    fn counter(&mut self, pid: u16, has_payload: bool) -> u8 {
        let next = self.counters.entry(pid).or_default();
        let counter = *next;
        if has_payload {
            *next = (*next + 1) & 0x0F;
            counter
        } else {
            counter.wrapping_sub(1) & 0x0F
        }
    }
}
