//! Rule 3 of the timeline: no access unit arrives after its time by the stream's own clock.
#![forbid(unsafe_code)]

use xg2g_core::pipeline::{Action, Options, inspect, transcode};
use xg2g_core::ts::{Packet, Pid};
use xg2g_tests::{judge, streams};

/// The least lead of the sound of each transcoded track: (PID, ms in the source, ms in the output).
fn leads(bytes: &[u8]) -> Vec<(Pid, f64, f64)> {
    let found = inspect(bytes, &Options::default()).expect("a stream");
    let out = transcode(bytes, &Options::default()).expect("a stream");
    let (before, after) = (judge::packets(bytes), judge::packets(&out));
    let mut leads = Vec::new();
    for program in &found.programs {
        let Some(pcr_pid) = program.pcr_pid.map(Pid::new) else { continue };
        let transcoded = program.tracks.iter().filter(|track| track.action == Action::Transcode && track.packets > 0);
        let pids: Vec<Pid> = transcoded.map(|track| Pid::new(track.pid)).collect();
        let least = |packets: &[[u8; 188]], pid: &Pid| {
            let arrivals = judge::arrivals(packets, pcr_pid, &[*pid]);
            // A jump of the clock makes minutes of lead or lag: that is not what is measured here.
            let near = arrivals.values().flatten().map(|a| a.margin_ms).filter(|ms| ms.abs() < 5000.0);
            near.fold(f64::INFINITY, f64::min)
        };
        leads.extend(pids.iter().map(|pid| (*pid, least(&before, pid), least(&after, pid))));
    }
    leads
}

fn check(name: &str, bytes: &[u8]) -> usize {
    let leads = leads(bytes);
    for (pid, source, ours) in &leads {
        println!("{name} PID {pid}: the least lead is {source:.1} ms in the source, {ours:.1} ms in ours");
        // Where a source is late itself, ours must not be later by more than the AAC frame that it waits for.
        let allowed = if *source < 0.0 { source - 21.4 } else { -1.0 };
        assert!(*ours >= allowed, "{name} PID {pid}: sound arrives {ours:.1} ms too late");
    }
    leads.len()
}

#[test]
fn sound_of_the_demo_stream_arrives_in_time() {
    assert_eq!(check("demo", &std::fs::read(streams::demo()).expect("the demo stream")), 2);
}

#[test]
fn sound_of_real_streams_arrives_in_time() {
    for path in streams::all() {
        let bytes = std::fs::read(&path).expect("a stream");
        if judge::packets(&bytes).iter().any(|packet| Packet::new(packet).transport_error()) {
            println!("{} is damaged, its clock too: not measured", path.display());
            continue;
        }
        check(&path.file_name().unwrap_or_default().to_string_lossy(), &bytes);
    }
}
