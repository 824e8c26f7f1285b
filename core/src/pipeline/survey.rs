//! Finding out what a stream holds: its programmes and what each track's first frames are.

use std::collections::BTreeMap;

use super::decision::{Content, Decision, decide};
use super::label::Label;
use super::tables::{Section, Stream, Tables};
use super::{Action, Options};
use crate::codec::{Family, Probe, Verdict};
use crate::ts::{Packet, Pid, descriptor};
use crate::ts::{PesReader, PesScan};

/// Scrambled packets of a PID, without a clear one, after which it counts as scrambled.
const SCRAMBLED_PACKETS: u32 = 3;

/// Looks into the packets of one PID.
#[derive(Debug)]
struct Watch {
    pes: PesReader,
    probe: Probe,
    seen: bool,
    scrambled: u32,
}

impl Watch {
    fn content(&self) -> Content {
        match self.probe.verdict() {
            Verdict::Open if !self.seen => Content::Absent,
            Verdict::Open if self.scrambled >= SCRAMBLED_PACKETS => Content::Scrambled,
            verdict => verdict.into(),
        }
    }

    fn push(&mut self, packet: Packet<'_>) {
        if packet.transport_error() || !packet.has_payload() {
            return;
        }
        self.seen = true;
        if packet.scrambled() {
            self.scrambled += 1;
            return;
        }
        let Self { pes, probe, scrambled, .. } = self;
        pes.push(packet.payload_unit_start(), packet.payload(), |scan| match scan {
            PesScan::Start(header) if header.scrambled => *scrambled += 1,
            PesScan::Start(_) => {
                *scrambled = 0;
                probe.unit();
            }
            PesScan::Payload(bytes) => probe.push(bytes),
        });
    }
}

/// What is known of a stream so far.
#[derive(Debug)]
pub struct Survey {
    /// The programmes.
    pub tables: Tables,
    options: Options,
    watches: BTreeMap<Pid, Watch>,
    watch_all: bool,
}

impl Survey {
    /// A survey of the tracks that may be transcoded.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self { tables: Tables::default(), options: options.clone(), watches: BTreeMap::new(), watch_all: false }
    }

    /// A survey that looks into the tracks that pass, too.
    #[must_use]
    pub fn of_all(options: &Options) -> Self {
        Self { watch_all: true, ..Self::new(options) }
    }

    /// Takes a packet; returns the sections that it completes.
    pub fn push(&mut self, packet: Packet<'_>) -> Vec<Section> {
        let pid = packet.pid();
        if pid == Pid::PAT || self.tables.is_pmt_pid(pid) {
            let sections = self.tables.push(packet);
            if !sections.is_empty() {
                self.watch_new_streams();
            }
            return sections;
        }
        if let Some(watch) = self.watches.get_mut(&pid) {
            watch.push(packet);
        }
        Vec::new()
    }

    /// What becomes of a stream, as far as is known.
    #[must_use]
    pub fn decide(&self, program_descriptors: &[u8], stream: &Stream) -> Decision {
        let label = Label::read(stream.stream_type, &stream.descriptors, program_descriptors);
        let content = self.content(stream.pid);
        let language = descriptor::language(&stream.descriptors);
        decide(label, content, stream.pid.value(), language.as_deref(), &self.options)
    }

    /// What is known of the packets of a PID.
    #[must_use]
    pub fn content(&self, pid: Pid) -> Content {
        self.watches.get(&pid).map_or(Content::Absent, Watch::content)
    }

    /// Whether the packets of a PID are still looked into.
    #[must_use]
    pub fn is_open(&self, pid: Pid) -> bool {
        self.watches.get(&pid).is_some_and(|watch| watch.probe.verdict() == Verdict::Open)
    }

    /// Whether every programme has its map.
    #[must_use]
    pub fn has_all_maps(&self) -> bool {
        self.tables.has_pat() && self.tables.programs().values().all(|program| program.map.is_some())
    }

    /// Whether it is clear what each track is.
    #[must_use]
    pub fn knows_all_tracks(&self) -> bool {
        self.watches.values().all(|watch| !matches!(watch.content(), Content::Absent | Content::Open))
    }

    /// The PIDs that are transcoded, each once, with the family to decode and the language.
    #[must_use]
    pub fn chosen(&self) -> BTreeMap<Pid, (Family, Option<String>)> {
        let mut chosen = BTreeMap::new();
        for (map, stream) in self.tables.streams() {
            let decision = self.decide(&map.descriptors, stream);
            if let (Action::Transcode, Some(family)) = (decision.action(), decision.decode) {
                chosen.entry(stream.pid).or_insert((family, descriptor::language(&stream.descriptors)));
            }
        }
        chosen
    }

    fn watch_new_streams(&mut self) {
        for (map, stream) in self.tables.streams() {
            let expected = match Label::read(stream.stream_type, &stream.descriptors, &map.descriptors) {
                Label::Sound(family, _) => Some(family),
                Label::Private => None,
                Label::Aac(_) if self.watch_all => None,
                Label::Aac(_) | Label::Foreign(_) | Label::Other(_) => continue,
            };
            self.watches.entry(stream.pid).or_insert_with(|| Watch {
                pes: PesReader::default(),
                probe: Probe::new(expected),
                seen: false,
                scrambled: 0,
            });
        }
    }
}
