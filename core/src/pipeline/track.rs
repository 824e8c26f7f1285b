//! One transcoded track: its packets in, packets with AAC out, in the old ones' slots.

use std::collections::VecDeque;

use super::Options;
use super::decision::codec_name;
use super::queue::Slot;
use super::report::TrackReport;
use super::sound::Sound;
use crate::Error;
use crate::codec::{Family, FrameHeader, Framer};
use crate::ts::{PACKET_BYTES, Packet, PesReader, PesScan, PesWriter, Pid, Pts, adaptation_only};

/// A slot takes sound up to this many samples ahead of what the old packet carried, one packet of it: one AAC frame. The old
/// frame was whole only with its last packet, so sound that leaves with its first ones is never later than the source's.
const LEAD_SAMPLES: i64 = 1024;

/// `stream_id` of the first MPEG audio stream, for AAC whose source had that of private data (ISO/IEC 13818-1 Table 2-22).
const AUDIO_STREAM_ID: u8 = 0xC0;

/// One transcoded track.
#[derive(Debug)]
pub struct Track {
    pid: Pid,
    language: Option<String>,
    family: Family,
    pes: PesReader,
    framer: Framer<Pts>,
    sound: Sound,
    writer: PesWriter,
    /// Packets that wait for a slot, with the position of their access unit.
    pending: VecDeque<(i64, [u8; PACKET_BYTES])>,
    /// The last packet with a payload, to know one that comes twice.
    last_packet: Option<[u8; PACKET_BYTES]>,
    next_counter: Option<u8>,
    last_header: Option<FrameHeader>,
    continuity_errors: u64,
    /// Whether packets wait for this track's sound.
    pub holds: bool,
}

impl Track {
    /// A track. Its continuity counters go on from the first packet that comes.
    #[must_use]
    pub fn new(pid: Pid, family: Family, language: Option<String>, options: &Options) -> Self {
        Self {
            pid,
            language,
            family,
            pes: PesReader::default(),
            framer: Framer::new(family),
            sound: Sound::new(family, options),
            writer: PesWriter { pid, stream_id: AUDIO_STREAM_ID },
            pending: VecDeque::with_capacity(64),
            last_packet: None,
            next_counter: None,
            last_header: None,
            continuity_errors: 0,
            holds: true,
        }
    }

    /// Its PID.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// What it decodes.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// Packets whose continuity counter was not the next one.
    #[must_use]
    pub fn continuity_errors(&self) -> u64 {
        self.continuity_errors
    }

    /// The slot that a packet of the old sound leaves. To be asked for before the packet is pushed.
    #[must_use]
    pub fn slot(&self, index: usize, packet: Packet<'_>) -> Slot {
        let whole = !packet.transport_error();
        let keeps_packet = whole && (packet.scrambled() || packet.pcr().is_some());
        Slot { track: index, position: self.sound.position(), clock: None, keeps_packet }
    }

    /// Takes the next packet of the old sound.
    ///
    /// # Errors
    /// When the encoder fails.
    pub fn push(&mut self, packet: Packet<'_>) -> Result<(), Error> {
        if packet.transport_error() {
            // Not even the header can be trusted; the next counter tells what was lost.
            return Ok(());
        }
        self.next_counter.get_or_insert((packet.continuity_counter() + u8::from(!packet.has_payload())) & 0x0F);
        if !packet.has_payload() || !self.continues(packet) {
            return Ok(());
        }
        if packet.scrambled() {
            self.gap();
            return Ok(());
        }
        let Self { pes, framer, writer, .. } = self;
        pes.push(packet.payload_unit_start(), packet.payload(), |scan| match scan {
            PesScan::Start(header) => {
                writer.stream_id = if header.stream_id & 0xE0 == 0xC0 { header.stream_id } else { AUDIO_STREAM_ID };
                if let Some(pts) = header.pts {
                    framer.mark(pts);
                }
            }
            PesScan::Payload(bytes) => framer.push(bytes),
        });
        self.decode()
    }

    /// Decodes what frames are whole.
    fn decode(&mut self) -> Result<(), Error> {
        let Self { framer, sound, writer, pending, .. } = self;
        while let Some(frame) = framer.next_frame() {
            self.last_header = Some(frame.header);
            sound.push(&frame, &mut |unit| {
                self.holds = true;
                writer.write(unit.pts, unit.bytes, |packet| pending.push_back((unit.position, *packet)));
            })?;
        }
        Ok(())
    }

    /// Whether the sound for a slot is encoded, so that what waits behind it may go on.
    #[must_use]
    pub fn is_ready(&self, slot: &Slot) -> bool {
        !self.holds || self.sound.covered() >= slot.position + LEAD_SAMPLES
    }

    /// Writes what goes into a slot.
    pub fn fill(&mut self, slot: &Slot, kept: Option<&[u8; PACKET_BYTES]>, out: &mut Vec<u8>) {
        if let Some(bytes) = kept {
            let packet = Packet::new(bytes);
            if packet.scrambled() {
                let mut bytes = *bytes;
                bytes[3] = bytes[3] & 0xF0 | self.counter(packet.has_payload());
                out.extend_from_slice(&bytes);
            } else if let Some(field) = packet.adaptation_field() {
                out.extend_from_slice(&adaptation_only(self.pid, self.counter(false), field));
            }
        }
        let mut first = true;
        while let Some((position, _)) = self.pending.front() {
            // What the slots so far had no room for leaves at once.
            let due = if first { *position < slot.position + LEAD_SAMPLES } else { *position < slot.position };
            if !due {
                break;
            }
            self.write_one(out);
            first = false;
        }
    }

    /// Encodes what the encoder still holds: the stream ends.
    ///
    /// # Errors
    /// When the encoder fails.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.framer.end();
        self.decode()?;
        let Self { sound, writer, pending, .. } = self;
        sound.finish(&mut |unit| {
            writer.write(unit.pts, unit.bytes, |packet| pending.push_back((unit.position, *packet)));
        })
    }

    /// Writes all that waits.
    pub fn flush(&mut self, out: &mut Vec<u8>) {
        while !self.pending.is_empty() {
            self.write_one(out);
        }
    }

    /// What happened so far.
    #[must_use]
    pub fn report(&self) -> TrackReport {
        let tally = self.sound.tally();
        let header = self.last_header.as_ref();
        TrackReport {
            pid: self.pid.value(),
            codec: header.map_or(String::new(), |h| codec_name(h.codec, Some(h.sample_rate)).to_owned()),
            language: self.language.clone(),
            sample_rate: header.map_or(0, |h| h.sample_rate),
            channels: header.map_or(String::new(), |h| h.layout.name().to_owned()),
            frames_decoded: tally.decoded,
            frames_concealed: tally.concealed,
            bytes_skipped: self.framer.skipped(),
            access_units: tally.access_units,
            samples_inserted: tally.inserted,
            samples_dropped: tally.dropped,
            reanchors: tally.reanchors,
            drift_us: self.sound.drift_us(),
        }
    }

    /// Looks at the continuity counter (ISO/IEC 13818-1:2023 §2.4.3.3): `false` for a packet that comes twice.
    fn continues(&mut self, packet: Packet<'_>) -> bool {
        let last = self.last_packet.replace(*packet.bytes());
        let Some(last) = last else { return true };
        let last = Packet::new(&last);
        if packet.adaptation_field().is_some_and(|field| field.discontinuity()) {
            self.gap();
            return true;
        }
        let (before, now) = (last.continuity_counter(), packet.continuity_counter());
        if before == now && last.payload() == packet.payload() {
            return false;
        }
        if (before + 1) & 0x0F != now {
            self.continuity_errors += 1;
            self.gap();
        }
        true
    }

    fn gap(&mut self) {
        self.pes.gap();
        self.framer.gap();
    }

    /// The continuity counter of the next packet; without a payload it repeats the last one.
    fn counter(&mut self, has_payload: bool) -> u8 {
        let next = self.next_counter.unwrap_or(0);
        if !has_payload {
            return next.wrapping_sub(1) & 0x0F;
        }
        self.next_counter = Some((next + 1) & 0x0F);
        next
    }

    fn write_one(&mut self, out: &mut Vec<u8>) {
        if let Some((_, mut packet)) = self.pending.pop_front() {
            packet[3] |= self.counter(true);
            out.extend_from_slice(&packet);
        }
    }
}
