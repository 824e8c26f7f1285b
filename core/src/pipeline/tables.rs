//! The programmes of a stream as its PAT and PMTs tell them, kept up to date. ISO/IEC 13818-1:2023 §2.4.4.

use std::collections::BTreeMap;

use crate::ts::psi::{Pat, Pmt, SectionReader, crc_is_right};
use crate::ts::{Packet, Pid};

/// One elementary stream as the PMT in force tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// `elementary_PID`.
    pub pid: Pid,
    /// `stream_type`.
    pub stream_type: u8,
    /// The loop of its descriptors.
    pub descriptors: Vec<u8>,
}

/// What the PMT in force says of a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// `PCR_PID`.
    pub pcr_pid: Option<Pid>,
    /// The loop of the programme's own descriptors.
    pub descriptors: Vec<u8>,
    /// The elementary streams, in order.
    pub streams: Vec<Stream>,
}

/// One programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// PID of its PMT, from the PAT.
    pub pmt_pid: Pid,
    /// Its map, once a PMT came.
    pub map: Option<Map>,
}

/// A section that a packet completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The whole section.
    pub bytes: Vec<u8>,
    /// Whether it is a PAT's or PMT's and its CRC is wrong.
    pub damaged: bool,
}

/// The programmes of a stream.
#[derive(Debug, Default)]
pub struct Tables {
    pat_version: Option<u8>,
    /// `section_number` → the programmes that it lists.
    pat_sections: BTreeMap<u8, Vec<(u16, Pid)>>,
    programs: BTreeMap<u16, Program>,
    readers: BTreeMap<Pid, Reader>,
    crc_errors: u64,
}

#[derive(Debug, Default)]
struct Reader {
    sections: SectionReader,
    last_counter: Option<u8>,
}

impl Tables {
    /// The programmes by their numbers.
    #[must_use]
    pub fn programs(&self) -> &BTreeMap<u16, Program> {
        &self.programs
    }

    /// Sections with a wrong CRC.
    #[must_use]
    pub fn crc_errors(&self) -> u64 {
        self.crc_errors
    }

    /// Whether a PAT came.
    #[must_use]
    pub fn has_pat(&self) -> bool {
        self.pat_version.is_some()
    }

    /// Whether this PID carries PMTs.
    #[must_use]
    pub fn is_pmt_pid(&self, pid: Pid) -> bool {
        self.programs.values().any(|program| program.pmt_pid == pid)
    }

    /// Makes ready for the same packets to come again: the programmes stay, counts and half-read sections go.
    pub fn rewind(&mut self) {
        self.readers.clear();
        self.crc_errors = 0;
    }

    /// All elementary streams with their programme's map, a PID that several programmes share as often as they do.
    pub fn streams(&self) -> impl Iterator<Item = (&Map, &Stream)> {
        self.programs.values().filter_map(|p| p.map.as_ref()).flat_map(|map| map.streams.iter().map(move |s| (map, s)))
    }

    /// Takes a packet of the PAT's or of a PMT's PID and returns the sections that it completes, applied already.
    /// A packet that comes twice, and one with a transport error, is passed over.
    pub fn push(&mut self, packet: Packet<'_>) -> Vec<Section> {
        let pid = packet.pid();
        let reader = self.readers.entry(pid).or_default();
        if packet.transport_error() {
            reader.sections.reset();
            return Vec::new();
        }
        if !packet.has_payload() || packet.scrambled() {
            return Vec::new();
        }
        let counter = packet.continuity_counter();
        match reader.last_counter.replace(counter) {
            Some(last) if last == counter => return Vec::new(),
            Some(last) if (last + 1) & 0x0F != counter => reader.sections.reset(),
            _ => {}
        }
        let mut found = Vec::new();
        reader.sections.push(packet.payload_unit_start(), packet.payload(), |section| {
            let checked = matches!(section[0], Pat::TABLE_ID | Pmt::TABLE_ID);
            found.push(Section { bytes: section.to_vec(), damaged: checked && !crc_is_right(section) });
        });
        for section in &found {
            if section.damaged {
                self.crc_errors += 1;
            } else if pid == Pid::PAT {
                if let Some(pat) = Pat::parse(&section.bytes) {
                    self.apply_pat(pat);
                }
            } else if let Some(pmt) = Pmt::parse(&section.bytes) {
                self.apply_pmt(pid, pmt);
            }
        }
        found
    }

    fn apply_pat(&mut self, pat: Pat<'_>) {
        if !pat.current() {
            return;
        }
        if self.pat_version != Some(pat.version()) {
            self.pat_version = Some(pat.version());
            self.pat_sections.clear();
        }
        let (number, last) = pat.section_number();
        let entries: Vec<_> = pat.programs().map(|entry| (entry.program_number, entry.pmt_pid)).collect();
        if self.pat_sections.get(&number) == Some(&entries) {
            return;
        }
        self.pat_sections.insert(number, entries);
        // What a new version no longer lists goes once all of its sections are there.
        let complete = self.pat_sections.len() > usize::from(last);
        let listed: BTreeMap<u16, Pid> = self.pat_sections.values().flatten().copied().collect();
        self.programs.retain(|number, program| match listed.get(number) {
            Some(pid) => *pid == program.pmt_pid,
            None => !complete,
        });
        for (number, pmt_pid) in listed {
            self.programs.entry(number).or_insert(Program { pmt_pid, map: None });
        }
        let programs = &self.programs;
        self.readers.retain(|pid, _| *pid == Pid::PAT || programs.values().any(|program| program.pmt_pid == *pid));
    }

    fn apply_pmt(&mut self, pid: Pid, pmt: Pmt<'_>) {
        let Some(program) = self.programs.get_mut(&pmt.program_number()) else { return };
        if !pmt.current() || program.pmt_pid != pid {
            return;
        }
        let streams = pmt.streams().map(|s| Stream {
            pid: s.pid,
            stream_type: s.stream_type,
            descriptors: s.descriptors.to_vec(),
        });
        program.map = Some(Map {
            pcr_pid: pmt.pcr_pid(),
            descriptors: pmt.program_descriptors().to_vec(),
            streams: streams.collect(),
        });
    }
}
