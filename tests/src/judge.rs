//! Takes a stream apart to judge it: when each access unit arrives by the stream's own clock.

use std::collections::BTreeMap;

use xg2g_core::ts::{Packet, PacketSync, Pcr, PesReader, PesScan, Pid, Pts};

/// The packets of a stream.
#[must_use]
pub fn packets(bytes: &[u8]) -> Vec<[u8; 188]> {
    let mut found = Vec::new();
    let mut sync = PacketSync::default();
    let mut take = |run: &[u8]| found.extend_from_slice(run.as_chunks().0);
    sync.push(bytes, &mut take);
    sync.finish(&mut take);
    found
}

/// The payload of all PES packets of a PID.
#[must_use]
pub fn elementary_stream(packets: &[[u8; 188]], pid: Pid) -> Vec<u8> {
    let (mut reader, mut found) = (PesReader::default(), Vec::new());
    for bytes in packets {
        let packet = Packet::new(bytes);
        if packet.pid() == pid && !packet.scrambled() {
            reader.push(packet.payload_unit_start(), packet.payload(), |scan| {
                if let PesScan::Payload(bytes) = scan {
                    found.extend_from_slice(bytes);
                }
            });
        }
    }
    found
}

/// Packets of a PID whose continuity counter does not follow from the one before (ISO/IEC 13818-1:2023 §2.4.3.3).
#[must_use]
pub fn continuity_errors(packets: &[[u8; 188]], pid: Pid) -> usize {
    let mut last = None;
    let mut errors = 0;
    for bytes in packets {
        let packet = Packet::new(bytes);
        if packet.pid() != pid {
            continue;
        }
        if let Some(last) = last.replace(packet.continuity_counter()) {
            errors += usize::from(packet.continuity_counter() != (last + u8::from(packet.has_payload())) & 0x0F);
        }
    }
    errors
}

/// When a PES packet's last byte is there, against when its first access unit is presented.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// The presentation time.
    pub pts: Pts,
    /// Milliseconds from the last packet's arrival to the presentation time; negative: too late.
    pub margin_ms: f64,
}

/// The arrivals on each of these PIDs by the clock of `pcr_pid`, between whose references bytes come evenly
/// (ISO/IEC 13818-1:2023 §2.4.2.3). PES packets outside the first and last reference are left out, as are those near a
/// jump of the clock.
#[must_use]
pub fn arrivals(packets: &[[u8; 188]], pcr_pid: Pid, pids: &[Pid]) -> BTreeMap<Pid, Vec<Arrival>> {
    let references: Vec<(usize, Pcr)> = packets
        .iter()
        .enumerate()
        .filter_map(|(n, bytes)| {
            let packet = Packet::new(bytes);
            Some((n, packet.pcr().filter(|_| packet.pid() == pcr_pid && !packet.transport_error())?))
        })
        .collect();
    let clock_at = |n: usize| -> Option<f64> {
        let next = references.partition_point(|(place, _)| *place <= n);
        let (&(before, from), &(after, to)) = (references.get(next.checked_sub(1)?)?, references.get(next)?);
        let ticks = to.since(from);
        (0..Pcr::HZ / 2)
            .contains(&ticks)
            .then(|| from.base().ticks() as f64 + ticks as f64 / 300.0 * (n - before) as f64 / (after - before) as f64)
    };
    let mut found = BTreeMap::new();
    for &pid in pids {
        let (mut reader, mut open, mut arrivals) = (PesReader::default(), None::<(Pts, usize)>, Vec::new());
        let mut close = |open: Option<(Pts, usize)>| {
            if let Some((pts, last)) = open
                && let Some(clock) = clock_at(last)
            {
                let ticks = pts.since(Pts::new(clock as u64)) as f64;
                arrivals.push(Arrival { pts, margin_ms: ticks / 90.0 });
            }
        };
        for (n, bytes) in packets.iter().enumerate() {
            let packet = Packet::new(bytes);
            if packet.pid() != pid || packet.transport_error() || packet.scrambled() {
                continue;
            }
            reader.push(packet.payload_unit_start(), packet.payload(), |scan| match scan {
                PesScan::Start(header) => close(std::mem::replace(&mut open, header.pts.map(|pts| (pts, n)))),
                PesScan::Payload(_) => {
                    if let Some((_, last)) = &mut open {
                        *last = n;
                    }
                }
            });
        }
        close(open);
        found.insert(pid, arrivals);
    }
    found
}
