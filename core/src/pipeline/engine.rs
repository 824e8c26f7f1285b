//! A stream that is under way: each packet to where it belongs.

use std::collections::BTreeMap;

use super::maps::MapWriter;
use super::queue::{Queue, Slot};
use super::survey::Survey;
use super::track::Track;
use super::{Options, Report};
use crate::Error;
use crate::codec::Family;
use crate::ts::{PACKET_BYTES, Packet, Pcr, Pid};

/// The most tracks that are transcoded at a time; each needs about 0.3 MiB.
const MAX_TRACKS: usize = 32;

/// What is done with the packets of a PID, as bits; 0: they leave as they came.
type Class = u8;
/// Carries the PAT or PMTs.
const TABLES: Class = 1;
/// Is looked into, because it is not yet clear what it holds.
const WATCHED: Class = 2;
/// Carries sound that is transcoded.
const SOUND: Class = 4;
/// Carries the clock of a programme with such sound.
const CLOCK: Class = 8;

/// A stream that is under way.
#[derive(Debug)]
pub struct Engine {
    options: Options,
    survey: Survey,
    classes: Box<[Class; Pid::COUNT]>,
    tracks: Vec<Track>,
    /// PID → index of the track that transcodes it.
    active: BTreeMap<Pid, usize>,
    /// PID of a track → PID of its programme's clock.
    clock_pids: BTreeMap<Pid, Pid>,
    clocks: BTreeMap<Pid, Pcr>,
    maps: BTreeMap<Pid, MapWriter>,
    queue: Queue,
    transport_errors: u64,
    scrambled_packets: u64,
}

impl Engine {
    /// Goes on from what a survey found.
    #[must_use]
    pub fn new(options: &Options, mut survey: Survey) -> Self {
        survey.tables.rewind();
        let mut engine = Self {
            options: options.clone(),
            survey,
            classes: vec![0; Pid::COUNT].try_into().unwrap_or_else(|_| Box::new([0; Pid::COUNT])),
            tracks: Vec::new(),
            active: BTreeMap::new(),
            clock_pids: BTreeMap::new(),
            clocks: BTreeMap::new(),
            maps: BTreeMap::new(),
            queue: Queue::default(),
            transport_errors: 0,
            scrambled_packets: 0,
        };
        engine.update();
        engine
    }

    /// Takes a run of whole packets and appends what is ready to `out`.
    ///
    /// # Errors
    /// When the encoder fails.
    pub fn run(&mut self, run: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let packets = run.as_chunks::<PACKET_BYTES>().0;
        let mut plain = 0;
        for (n, bytes) in packets.iter().enumerate() {
            let packet = Packet::new(bytes);
            self.transport_errors += u64::from(packet.transport_error());
            self.scrambled_packets += u64::from(packet.scrambled());
            let class = self.classes[packet.pid().index()];
            if class == 0 {
                continue;
            }
            self.pass(&run[plain * PACKET_BYTES..n * PACKET_BYTES], out);
            plain = n + 1;
            self.special(packet, class, out)?;
        }
        self.pass(&run[plain * PACKET_BYTES..], out);
        Ok(())
    }

    /// Appends all that still waits: the stream ends.
    ///
    /// # Errors
    /// When the encoder fails.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        for track in &mut self.tracks {
            track.finish()?;
            track.holds = false;
        }
        self.drain(out);
        for index in self.active.values() {
            self.tracks[*index].flush(out);
        }
        Ok(())
    }

    /// Adds what is known here to a report.
    pub fn report(&self, report: &mut Report) {
        report.transport_errors = self.transport_errors;
        report.scrambled_packets = self.scrambled_packets;
        report.crc_errors = self.survey.tables.crc_errors();
        report.continuity_errors = self.tracks.iter().map(Track::continuity_errors).sum();
        report.tracks = self.tracks.iter().map(Track::report).collect();
        report.tracks.sort_by_key(|track| track.pid);
    }

    /// Packets that leave as they came.
    fn pass(&mut self, packets: &[u8], out: &mut Vec<u8>) {
        if packets.is_empty() {
        } else if self.queue.is_empty() {
            out.extend_from_slice(packets);
        } else {
            self.queue.push(packets);
            self.give_up_if(None, out);
        }
    }

    fn special(&mut self, packet: Packet<'_>, class: Class, out: &mut Vec<u8>) -> Result<(), Error> {
        let pid = packet.pid();
        if class & CLOCK != 0
            && !packet.transport_error()
            && let Some(pcr) = packet.pcr()
        {
            self.clocks.insert(pid, pcr);
            self.give_up_if(Some((pid, pcr)), out);
        }
        if class & TABLES != 0 {
            self.tables(packet, out);
            return Ok(());
        }
        if class & WATCHED != 0 {
            self.survey.push(packet);
            if !self.survey.is_open(pid) {
                self.update();
            }
        }
        match self.active.get(&pid) {
            Some(&index) => self.sound(packet, index, out),
            None => {
                self.pass(packet.bytes(), out);
                Ok(())
            }
        }
    }

    /// A packet of the PAT or of PMTs.
    fn tables(&mut self, packet: Packet<'_>, out: &mut Vec<u8>) {
        let pid = packet.pid();
        let sections = self.survey.push(packet);
        if !sections.is_empty() {
            self.update();
        }
        if !self.maps.contains_key(&pid) && self.maps_transcoded(pid) {
            self.maps.insert(pid, MapWriter::new(packet));
        }
        let Some(map) = self.maps.get_mut(&pid) else {
            self.pass(packet.bytes(), out);
            return;
        };
        let (active, queue) = (&self.active, &mut self.queue);
        let direct = queue.is_empty();
        for section in &sections {
            map.write(
                section,
                |pid| active.contains_key(&pid),
                |bytes| {
                    if direct { out.extend_from_slice(bytes) } else { queue.push(bytes) }
                },
            );
        }
    }

    /// Whether a programme whose map this PID carries has transcoded sound.
    fn maps_transcoded(&self, pid: Pid) -> bool {
        let programs = self.survey.tables.programs().values().filter(|program| program.pmt_pid == pid);
        let mut streams = programs.filter_map(|program| program.map.as_ref()).flat_map(|map| &map.streams);
        streams.any(|stream| self.active.contains_key(&stream.pid))
    }

    /// A packet of sound that is transcoded.
    fn sound(&mut self, packet: Packet<'_>, index: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        let track = &mut self.tracks[index];
        let clock = self.clock_pids.get(&packet.pid()).and_then(|pid| self.clocks.get(pid)).copied();
        self.queue.push_slot(Slot { clock, ..track.slot(index, packet) }, packet.bytes());
        track.push(packet)?;
        self.drain(out);
        Ok(())
    }

    /// Lets out what need not wait any longer.
    fn drain(&mut self, out: &mut Vec<u8>) {
        loop {
            self.queue.release(out);
            match self.queue.front() {
                Some(slot) if self.tracks[slot.track].is_ready(&slot) => {
                    if let Some((slot, kept)) = self.queue.pop_slot() {
                        self.tracks[slot.track].fill(&slot, kept.as_ref(), out);
                    }
                }
                _ => return,
            }
        }
    }

    /// Stops waiting for tracks whose sound stays away, as far as a clock or the queue's size tells.
    fn give_up_if(&mut self, clock: Option<(Pid, Pcr)>, out: &mut Vec<u8>) {
        while let Some(slot) = self.queue.front() {
            let pid = self.tracks[slot.track].pid();
            let now = clock.filter(|(clock_pid, _)| self.clock_pids.get(&pid) == Some(clock_pid)).map(|(_, pcr)| pcr);
            if !self.queue.overdue(now) {
                return;
            }
            self.tracks[slot.track].holds = false;
            self.drain(out);
        }
    }

    /// Brings tracks and classes in line with what is known now.
    fn update(&mut self) {
        let chosen = self.survey.chosen();
        let tracks = &mut self.tracks;
        self.active.retain(|pid, index| {
            let stays = chosen.get(pid).is_some_and(|(family, _)| *family == tracks[*index].family());
            tracks[*index].holds &= stays;
            stays
        });
        for (pid, (family, language)) in chosen {
            if !self.active.contains_key(&pid) && self.active.len() < MAX_TRACKS {
                self.activate(pid, family, language);
            }
        }
        self.clock_pids.clear();
        self.classes.fill(0);
        self.classes[Pid::PAT.index()] = TABLES;
        for program in self.survey.tables.programs().values() {
            self.classes[program.pmt_pid.index()] |= TABLES;
        }
        for (map, stream) in self.survey.tables.streams() {
            let class = &mut self.classes[stream.pid.index()];
            if self.survey.is_open(stream.pid) {
                *class |= WATCHED;
            }
            if !self.active.contains_key(&stream.pid) {
                continue;
            }
            *class |= SOUND;
            if let Some(pcr_pid) = map.pcr_pid {
                self.clock_pids.entry(stream.pid).or_insert(pcr_pid);
                self.classes[pcr_pid.index()] |= CLOCK;
            }
        }
        // Tables stand above all else that a broken PMT may say of their PIDs.
        let tables = |pid: &Pid| self.classes[pid.index()] & TABLES != 0;
        self.active.retain(|pid, _| !tables(pid));
    }

    /// Gives a PID a track, in the place of one that is no longer needed where there is such.
    fn activate(&mut self, pid: Pid, family: Family, language: Option<String>) {
        let track = Track::new(pid, family, language, &self.options);
        let (active, queue) = (&self.active, &self.queue);
        let is_free = |index: &usize| !active.values().any(|used| used == index) && !queue.has_slots_of(*index);
        let index = (0..self.tracks.len()).find(is_free).unwrap_or(self.tracks.len());
        match self.tracks.get_mut(index) {
            Some(place) => *place = track,
            None => self.tracks.push(track),
        }
        self.active.insert(pid, index);
    }
}
