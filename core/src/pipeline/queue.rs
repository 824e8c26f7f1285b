//! Packets that wait for the sound that belongs beside them.
//!
//! Broadcasters send sound only 40 to 110 ms ahead of its time, and an AAC encoder needs 55 ms more sound than it gives
//! out. Were the other packets let through at once, the sound would come late by the stream's own clock. So each packet
//! of the old sound leaves a *slot* behind, and what follows a slot waits until the sound for its place is encoded.

use std::collections::VecDeque;

use crate::ts::{PACKET_BYTES, Pcr};

/// The most bytes that wait: a quarter of a second of a whole 33 Mbit/s multiplex.
const MAX_BYTES: usize = 1 << 20;

/// The longest that packets wait by the programme's own clock: 0.3 s, in ticks of 27 MHz.
const MAX_WAIT_TICKS: i64 = Pcr::HZ * 3 / 10;

/// The place of one packet of the old sound.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    /// Index of the track whose sound goes here.
    pub track: usize,
    /// The track's position, in samples, of the sound that the old packet carried.
    pub position: i64,
    /// The programme's clock when the packet came.
    pub clock: Option<Pcr>,
    /// Whether the old packet is kept in the queue, since something in it is still needed.
    pub keeps_packet: bool,
}

/// Packets and slots, in the order in which they came.
#[derive(Debug, Default)]
pub struct Queue {
    bytes: Vec<u8>,
    /// Where the bytes that wait begin in `bytes`.
    start: usize,
    /// Bytes that went through before `bytes`.
    before: u64,
    slots: VecDeque<(u64, Slot)>,
}

impl Queue {
    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty() && self.start == self.bytes.len()
    }

    /// Appends whole packets that leave as they are.
    pub fn push(&mut self, packets: &[u8]) {
        if self.start > 0 && self.start >= self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.before += self.start as u64;
            self.start = 0;
        }
        self.bytes.extend_from_slice(packets);
    }

    /// Appends a slot; `packet` is kept where the slot says so.
    pub fn push_slot(&mut self, slot: Slot, packet: &[u8; PACKET_BYTES]) {
        self.slots.push_back((self.before + self.bytes.len() as u64, slot));
        if slot.keeps_packet {
            self.push(packet);
        }
    }

    /// Whether slots of this track wait.
    #[must_use]
    pub fn has_slots_of(&self, track: usize) -> bool {
        self.slots.iter().any(|(_, slot)| slot.track == track)
    }

    /// The next slot, if the packets before it left already.
    #[must_use]
    pub fn front(&self) -> Option<Slot> {
        self.slots.front().map(|(_, slot)| *slot)
    }

    /// Whether the next slot has waited for too long, as far as bytes tell, or by this clock.
    #[must_use]
    pub fn overdue(&self, clock: Option<Pcr>) -> bool {
        let late = match (self.front().and_then(|slot| slot.clock), clock) {
            (Some(then), Some(now)) => !(0..=MAX_WAIT_TICKS).contains(&now.since(then)),
            _ => false,
        };
        late || self.bytes.len() - self.start > MAX_BYTES
    }

    /// Moves the packets before the next slot, or all where there is none, to `out`.
    pub fn release(&mut self, out: &mut Vec<u8>) {
        let end = match self.slots.front() {
            Some((place, _)) => (place - self.before) as usize,
            None => self.bytes.len(),
        };
        out.extend_from_slice(&self.bytes[self.start..end]);
        self.start = end;
        if self.start == self.bytes.len() {
            self.before += self.start as u64;
            self.bytes.clear();
            self.start = 0;
        }
    }

    /// Takes the next slot away, with its packet where it keeps one. The packets before it must have been released.
    pub fn pop_slot(&mut self) -> Option<(Slot, Option<[u8; PACKET_BYTES]>)> {
        let (place, slot) = self.slots.pop_front()?;
        if !slot.keeps_packet {
            return Some((slot, None));
        }
        let at = (place - self.before) as usize;
        let packet = self.bytes.get(at..at + PACKET_BYTES).and_then(|bytes| bytes.try_into().ok());
        self.start = at + PACKET_BYTES;
        Some((slot, packet))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(position: i64, keeps_packet: bool) -> Slot {
        Slot { track: 0, position, clock: None, keeps_packet }
    }

    #[test]
    fn packets_leave_in_order_up_to_the_next_slot() {
        let (mut queue, mut out) = (Queue::default(), Vec::new());
        queue.push(&[1; 188]);
        queue.push_slot(slot(7, false), &[9; 188]);
        queue.push(&[2; 376]);
        queue.push_slot(slot(8, true), &[9; 188]);
        queue.push(&[3; 188]);
        queue.release(&mut out);
        assert_eq!((out.len(), out[187]), (188, 1));
        assert_eq!(queue.pop_slot().map(|(s, p)| (s.position, p)), Some((7, None)));
        queue.release(&mut out);
        assert_eq!((out.len(), out[563]), (564, 2));
        assert_eq!(queue.pop_slot().map(|(s, p)| (s.position, p)), Some((8, Some([9; 188]))));
        queue.push(&[4; 188]);
        queue.release(&mut out);
        assert_eq!((out.len(), out[564], out[939]), (940, 3, 4));
        assert!(queue.is_empty() && queue.pop_slot().is_none());
    }

    #[test]
    fn a_slot_is_overdue_by_the_clock_or_by_bytes() {
        let mut queue = Queue::default();
        let at = |ms: u64| Some(Pcr::new(ms * 90, 0));
        queue.push_slot(Slot { clock: at(1000), ..slot(0, false) }, &[0; 188]);
        assert!(!queue.overdue(at(1299)) && queue.overdue(at(1301)) && queue.overdue(at(900)) && !queue.overdue(None));
        for _ in 0..MAX_BYTES / 188 + 1 {
            queue.push(&[0; 188]);
        }
        assert!(queue.overdue(None));
    }
}
