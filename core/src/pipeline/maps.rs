//! The PMTs that leave: rewritten where sound is transcoded.

use std::collections::BTreeMap;

use super::label::aac_entry;
use super::tables::Section;
use crate::ts::psi::{Pmt, SectionWriter};
use crate::ts::{PACKET_BYTES, Packet, Pid};

/// Writes the sections of one PMT PID anew.
#[derive(Debug)]
pub struct MapWriter {
    writer: SectionWriter,
    /// `program_number` → what was last written of it.
    written: BTreeMap<u16, Written>,
    scratch: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    source_version: u8,
    transcoded: Vec<Pid>,
    /// How far our versions are ahead of the source's: one for each change that was ours.
    step: u8,
}

impl MapWriter {
    /// A writer whose first packet has the continuity counter of this one.
    #[must_use]
    pub fn new(packet: Packet<'_>) -> Self {
        Self {
            writer: SectionWriter::new(packet.pid(), packet.continuity_counter()),
            written: BTreeMap::new(),
            scratch: Vec::new(),
        }
    }

    /// Writes one section, rewritten where it is the map of a programme with transcoded tracks. A damaged one is left out.
    pub fn write(
        &mut self,
        section: &Section,
        transcoded: impl Fn(Pid) -> bool,
        sink: impl FnMut(&[u8; PACKET_BYTES]),
    ) {
        if section.damaged {
            return;
        }
        let Some(pmt) = Pmt::parse(&section.bytes) else {
            self.writer.write(&section.bytes, sink);
            return;
        };
        let now: Vec<Pid> = pmt.streams().map(|stream| stream.pid).filter(|pid| transcoded(*pid)).collect();
        let step = match self.written.get(&pmt.program_number()) {
            Some(last) if last.source_version == pmt.version() && last.transcoded != now => last.step.wrapping_add(1),
            Some(last) => last.step,
            None => 0,
        };
        pmt.rewrite(step, |s| transcoded(s.pid).then(|| aac_entry(s.descriptors)), &mut self.scratch);
        self.written.insert(pmt.program_number(), Written { source_version: pmt.version(), transcoded: now, step });
        self.writer.write(&self.scratch, sink);
    }
}
