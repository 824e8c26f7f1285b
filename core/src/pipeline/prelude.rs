//! The start of a stream: packets are held until it is clear what it holds.
//!
//! A player takes the first PMT at its word. So the first PMT must not leave before it is known which tracks will be AAC,
//! and labels lie: the first frames have to be seen.

use std::collections::BTreeSet;

use super::Options;
use super::survey::Survey;
use crate::ts::{PACKET_BYTES, Packet, Pcr, Pid};

/// The most bytes that are held of a stream that has no clock.
const MAX_BYTES: usize = 512 << 10;

/// The most bytes that are held of one that has: half a second of a 33 Mbit/s multiplex.
const MAX_CLOCKED_BYTES: usize = 2 << 20;

/// The longest that packets are held by the stream's own clock: half a second.
const MAX_TICKS: i64 = Pcr::HZ / 2;

/// How long at least packets are held for programmes that the PAT lists but that have no map yet. One service out of a
/// multiplex often comes with the whole multiplex's PAT.
const MAPS_TICKS: i64 = Pcr::HZ / 10;

/// The start of a stream.
#[derive(Debug)]
pub struct Prelude {
    survey: Survey,
    held: Vec<u8>,
    /// The first clock that came, and the one it has reached.
    clock: Option<(Pid, Pcr, Pcr)>,
    /// PIDs on which a PES packet began.
    with_pes: BTreeSet<Pid>,
    over: bool,
}

impl Prelude {
    /// The start of a stream.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self { survey: Survey::new(options), held: Vec::new(), clock: None, with_pes: BTreeSet::new(), over: false }
    }

    /// Whether enough is known, or there was no more waiting.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Takes packets of a run until enough is known; returns how many bytes it took.
    pub fn push(&mut self, run: &[u8]) -> usize {
        let mut taken = 0;
        for bytes in run.as_chunks::<PACKET_BYTES>().0 {
            if self.over {
                break;
            }
            let packet = Packet::new(bytes);
            if let Some(pcr) = packet.pcr().filter(|_| !packet.transport_error()) {
                match &mut self.clock {
                    None => self.clock = Some((packet.pid(), pcr, pcr)),
                    Some((pid, _, now)) if *pid == packet.pid() => *now = pcr,
                    Some(_) => {}
                }
            }
            if packet.payload_unit_start() && !packet.transport_error() && packet.payload().starts_with(&[0, 0, 1]) {
                self.with_pes.insert(packet.pid());
            }
            self.survey.push(packet);
            taken += PACKET_BYTES;
            let most = if self.clock.is_some() { MAX_CLOCKED_BYTES } else { MAX_BYTES };
            self.over = self.held.len() + taken >= most || self.knows_enough();
        }
        self.held.extend_from_slice(&run[..taken]);
        taken
    }

    /// What is known, and the packets held.
    #[must_use]
    pub fn into_parts(self) -> (Survey, Vec<u8>) {
        (self.survey, self.held)
    }

    fn knows_enough(&self) -> bool {
        let elapsed = self.clock.map_or(0, |(_, start, now)| now.since(start));
        if !(0..MAX_TICKS).contains(&elapsed) {
            return true;
        }
        self.survey.knows_all_tracks()
            && (self.survey.has_all_maps() || (elapsed >= MAPS_TICKS && self.maps_name_all_pes()))
    }

    /// Whether the maps that came name every PID that carries PES packets, so that no other map is to be waited for.
    fn maps_name_all_pes(&self) -> bool {
        let named: BTreeSet<Pid> = self.survey.tables.streams().map(|(_, stream)| stream.pid).collect();
        !named.is_empty() && self.with_pes.is_subset(&named)
    }
}
