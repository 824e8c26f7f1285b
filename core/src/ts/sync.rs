//! Finding packets in bytes: lock, loss of lock, resynchronisation. ETSI TR 101 290 §5.2.1 (1.1, 1.2).
//!
//! Packets may stand every 188 bytes, every 192 (a four-byte time stamp before each, as in M2TS) or every 204 (sixteen
//! bytes of parity after each). Only the 188 bytes are given on.

use super::{PACKET_BYTES, SYNC_BYTE};

/// Distances of sync bytes that are known, the plain one first.
const STRIDES: [usize; 3] = [PACKET_BYTES, 192, 204];

/// Consistent sync bytes that make a lock.
const LOCK_COUNT: usize = 5;

/// The most bytes that any decision here looks at.
const LOOKAHEAD: usize = 6 * 204 + 1;

/// Cuts a stream of bytes into packets. What comes out does not depend on how the bytes were cut into pieces.
#[derive(Debug, Default)]
pub struct PacketSync {
    /// Distance of the sync bytes, while locked.
    stride: Option<usize>,
    /// Bytes that wait for more, fewer than [`LOOKAHEAD`].
    carry: Vec<u8>,
    /// Bytes of the last packet's surroundings (time stamp, parity) that are still to come.
    owed: usize,
    last_stride: Option<usize>,
    resyncs: u64,
    skipped: u64,
}

/// What a missing sync byte means.
enum Verdict {
    NeedMore,
    /// That byte alone is damaged.
    OneByte,
    /// Bytes are missing inside the packet: another one begins before its end.
    Slipped,
    /// What follows is no packet.
    Lost,
}

/// How the last bytes of a stream may make a lock with fewer than [`LOCK_COUNT`] sync bytes.
#[derive(Clone, Copy)]
enum End {
    /// There was a lock before: two will do, or one packet that is all there is.
    Relock,
    /// There was none: only at the very start of the stream, so that the end of a text is none. `before` is how many bytes
    /// went by already.
    First { before: u64 },
}

impl PacketSync {
    /// Bytes of a packet on the wire (188, 192 or 204), once a lock was found.
    #[must_use]
    pub fn packet_size(&self) -> Option<usize> {
        self.last_stride
    }

    /// Times that lock was lost and found again.
    #[must_use]
    pub fn resyncs(&self) -> u64 {
        self.resyncs
    }

    /// Bytes that belonged to no packet.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Takes the next bytes and calls `sink` with runs of whole packets, each a multiple of 188 bytes.
    pub fn push(&mut self, mut input: &[u8], mut sink: impl FnMut(&[u8])) {
        while !input.is_empty() {
            if self.owed > 0 {
                let skip = self.owed.min(input.len());
                self.owed -= skip;
                input = &input[skip..];
            } else if self.carry.is_empty() {
                let used = self.scan(input, false, &mut sink);
                if self.owed == 0 {
                    self.carry.extend_from_slice(&input[used..]);
                }
                return;
            } else {
                // Bring the carried bytes just far enough to go on in the input itself.
                let mut carry = std::mem::take(&mut self.carry);
                let before = carry.len();
                let taken = input.len().min(LOOKAHEAD);
                carry.extend_from_slice(&input[..taken]);
                let used = self.scan(&carry, false, &mut sink);
                if used >= before {
                    input = &input[used - before..];
                    carry.clear();
                } else {
                    input = &input[taken..];
                    carry.drain(..used);
                }
                self.carry = carry;
            }
        }
    }

    /// Says that no more bytes come: what is left is decided with what is there. A truncated last packet is skipped.
    pub fn finish(&mut self, mut sink: impl FnMut(&[u8])) {
        let carry = std::mem::take(&mut self.carry);
        let used = self.scan(&carry, true, &mut sink);
        self.skipped += (carry.len() - used) as u64;
    }

    /// Goes through `bytes` as far as decisions can be made and returns how many are done with.
    fn scan(&mut self, bytes: &[u8], last: bool, sink: &mut impl FnMut(&[u8])) -> usize {
        let mut at = 0;
        loop {
            let Some(stride) = self.stride else {
                let end = last.then_some(if self.last_stride.is_some() {
                    End::Relock
                } else {
                    End::First { before: self.skipped }
                });
                let (skip, found) = search(&bytes[at..], end);
                at += skip;
                self.skipped += skip as u64;
                let Some(stride) = found else { return at };
                // The first lock of an M2TS stream stands behind its first time stamp.
                if self.last_stride.is_some() {
                    self.resyncs += 1;
                } else if stride == 192 && self.skipped == 4 {
                    self.skipped = 0;
                }
                self.stride = Some(stride);
                self.last_stride = Some(stride);
                continue;
            };
            at = self.run(bytes, at, stride, sink);
            let rest = &bytes[at..];
            if self.owed > 0 || rest.len() <= stride && !last || rest.len() < PACKET_BYTES {
                return at;
            }
            // Here the byte at hand or the one a stride on is no sync byte, or the stream ends.
            match judge(rest, stride, last) {
                Verdict::NeedMore => return at,
                Verdict::Slipped => {
                    self.stride = None;
                    self.skipped += 1;
                    at += 1;
                }
                verdict => {
                    if rest[0] == SYNC_BYTE {
                        sink(&rest[..PACKET_BYTES]);
                    } else {
                        self.skipped += PACKET_BYTES as u64;
                    }
                    if let Verdict::Lost = verdict {
                        self.stride = None;
                        at += PACKET_BYTES;
                    } else {
                        at = self.step(at, stride, bytes.len());
                    }
                }
            }
        }
    }

    /// Gives on the packets that stand where they should, from `start`, and returns where that ends: each packet only when
    /// the next one's sync byte is right too, since bytes may be missing inside it.
    fn run(&mut self, bytes: &[u8], start: usize, stride: usize, sink: &mut impl FnMut(&[u8])) -> usize {
        let mut at = start;
        let whole = |at: usize| bytes.get(at + stride) == Some(&SYNC_BYTE) && bytes[at] == SYNC_BYTE;
        if stride == PACKET_BYTES {
            while whole(at) {
                at += PACKET_BYTES;
            }
            if at > start {
                sink(&bytes[start..at]);
            }
            return at;
        }
        while whole(at) {
            sink(&bytes[at..at + PACKET_BYTES]);
            at += stride;
        }
        at
    }

    /// Where the next sync byte should be; what lies beyond the bytes at hand is owed.
    fn step(&mut self, at: usize, stride: usize, length: usize) -> usize {
        let next = at + stride;
        self.owed = next.saturating_sub(length);
        next.min(length)
    }
}

/// Looks for a lock. Returns how many bytes are none, and the stride where one was found.
fn search(bytes: &[u8], end: Option<End>) -> (usize, Option<usize>) {
    for at in 0..bytes.len() {
        if bytes[at] != SYNC_BYTE {
            continue;
        }
        for stride in STRIDES {
            let seen = (0..LOCK_COUNT).map_while(|k| bytes.get(at + k * stride));
            let (count, right) = seen.fold((0, 0), |(n, r), &byte| (n + 1, r + usize::from(byte == SYNC_BYTE)));
            let enough = match end {
                _ if count == LOCK_COUNT => true,
                None => return (at, None),
                Some(End::Relock) => count >= 2 || bytes.len() - at == PACKET_BYTES,
                Some(End::First { before }) => before + at as u64 == if stride == 192 { 4 } else { 0 },
            };
            if right == count && enough && at + PACKET_BYTES <= bytes.len() {
                return (at, Some(stride));
            }
        }
    }
    (bytes.len(), None)
}

/// Decides what it means that of the sync bytes of the packet at the start of `bytes` and of the next, one is missing.
fn judge(bytes: &[u8], stride: usize, last: bool) -> Verdict {
    if bytes.len() < LOOKAHEAD && !last {
        return Verdict::NeedMore;
    }
    let sync_at = |at: usize| bytes.get(at) == Some(&SYNC_BYTE);
    let ahead = 1..=LOCK_COUNT;
    let right = ahead.clone().filter(|k| sync_at(k * stride)).count();
    let there = ahead.filter(|k| k * stride < bytes.len()).count();
    let slipped = || (1..PACKET_BYTES).any(|at| (0..LOCK_COUNT).all(|k| sync_at(at + k * stride)));
    match (right, there) {
        // The stream ends here: nothing speaks against the packet but its own first byte.
        (_, 0) => Verdict::OneByte,
        _ if right > LOCK_COUNT / 2 => Verdict::OneByte,
        _ if slipped() => Verdict::Slipped,
        (0, _) => Verdict::Lost,
        _ => Verdict::OneByte,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets whose payload counts, so that each can be told; the payload never holds a sync byte.
    fn packets(count: usize) -> Vec<[u8; PACKET_BYTES]> {
        (0..count)
            .map(|n| {
                let mut packet = [0; PACKET_BYTES];
                packet[0] = SYNC_BYTE;
                for (i, byte) in packet[1..].iter_mut().enumerate() {
                    *byte = ((n * 31 + i * 7) % 64) as u8 | 0x80;
                }
                packet
            })
            .collect()
    }

    fn run(bytes: &[u8], piece: usize) -> (Vec<u8>, PacketSync) {
        let (mut sync, mut out) = (PacketSync::default(), Vec::new());
        for piece in bytes.chunks(piece) {
            sync.push(piece, |run| out.extend_from_slice(run));
        }
        sync.finish(|run| out.extend_from_slice(run));
        (out, sync)
    }

    fn check(bytes: &[u8], expected: &[[u8; PACKET_BYTES]]) -> PacketSync {
        let (whole, sync) = run(bytes, bytes.len().max(1));
        assert!(whole == expected.concat(), "{} packets instead of {}", whole.len() / 188, expected.len());
        for piece in [1, 7, 188, 203, 1316] {
            let (out, pieces) = run(bytes, piece);
            assert!(out == whole, "pieces of {piece}");
            assert_eq!((pieces.skipped, pieces.resyncs), (sync.skipped, sync.resyncs), "pieces of {piece}");
        }
        sync
    }

    #[test]
    fn plain_packets_pass() {
        let all = packets(40);
        let sync = check(&all.concat(), &all);
        assert_eq!((sync.packet_size(), sync.skipped(), sync.resyncs()), (Some(188), 0, 0));
    }

    #[test]
    fn time_stamps_and_parity_are_dropped() {
        let all = packets(20);
        let m2ts: Vec<u8> = all.iter().flat_map(|p| [&[1, 2, 3, 4][..], &p[..]].concat()).collect();
        let sync = check(&m2ts, &all);
        assert_eq!((sync.packet_size(), sync.skipped()), (Some(192), 0));
        let parity: Vec<u8> = all.iter().flat_map(|p| [&p[..], &[9; 16][..]].concat()).collect();
        let sync = check(&parity, &all);
        assert_eq!((sync.packet_size(), sync.skipped()), (Some(204), 0));
    }

    #[test]
    fn bytes_lost_in_a_packet_cost_that_packet_alone() {
        let all = packets(30);
        let mut bytes = all.concat();
        bytes.drain(10 * 188 + 50..10 * 188 + 90);
        let expected = [&all[..10], &all[11..]].concat();
        let sync = check(&bytes, &expected);
        // The damaged packet still begins with a sync byte; only the next one's place tells that it is 40 bytes short.
        assert_eq!((sync.resyncs(), sync.skipped()), (1, 148));
    }

    #[test]
    fn a_damaged_sync_byte_costs_that_packet_alone() {
        let all = packets(30);
        let mut bytes = all.concat();
        for n in [7, 9, 20] {
            bytes[n * 188] = 0xB8;
        }
        let expected: Vec<_> =
            all.iter().enumerate().filter(|(n, _)| ![7, 9, 20].contains(n)).map(|(_, p)| *p).collect();
        let sync = check(&bytes, &expected);
        assert_eq!((sync.skipped(), sync.resyncs()), (3 * 188, 0));
    }

    #[test]
    fn garbage_before_and_between_is_skipped() {
        let all = packets(24);
        let garbage: Vec<u8> =
            (0..1000u32).map(|i| if i % 97 == 0 { SYNC_BYTE } else { (i * 13 % 64) as u8 }).collect();
        let bytes = [&garbage[..], &all[..12].concat(), &garbage[1..], &all[12..].concat()].concat();
        let sync = check(&bytes, &all);
        assert_eq!((sync.skipped(), sync.resyncs()), (1999, 1));
    }

    #[test]
    fn a_truncated_last_packet_is_skipped() {
        let all = packets(6);
        let bytes = all.concat();
        assert_eq!(check(&bytes[..5 * 188 + 100], &all[..5]).skipped(), 100);
        assert_eq!(check(&bytes[..188], &all[..1]).skipped(), 0);
        assert_eq!(check(&bytes[..188 * 3], &all[..3]).skipped(), 0);
    }

    #[test]
    fn text_is_no_stream() {
        let text = b"Good Grief, Gordon: Go and Get a Grip. ".repeat(200);
        let sync = check(&text, &[]);
        assert_eq!((sync.packet_size(), sync.skipped()), (None, text.len() as u64));
    }
}
