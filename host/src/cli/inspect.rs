//! `inspect`: what a stream holds, as a table or as JSON.

use std::fmt::Write as _;
use std::io::{Write as _, stdout};

use xg2g_transcoder::{INSPECT_MAX, Inspection, Track};

use super::args::Inspect;
use super::failure::Failure;
use super::input::Input;

pub fn run(arguments: &Inspect) -> Result<(), Failure> {
    let plugin = arguments.sandbox.load()?;
    let stretch = Input::open(&arguments.input)?.read_start(INSPECT_MAX)?;
    let found = plugin.inspect(&stretch, &arguments.options.options(), &arguments.sandbox.limits())?;
    let text = if arguments.json { json(&found)? + "\n" } else { table(&found) };
    stdout().lock().write_all(text.as_bytes()).map_err(|source| Failure::write("standard output", source))
}

fn json(found: &Inspection) -> Result<String, Failure> {
    serde_json::to_string_pretty(found).map_err(|error| Failure::write("the inspection", error.into()))
}

const HEADINGS: [&str; 8] = ["PID", "TYPE", "FORMAT", "LANGUAGE", "SOUND", "PACKETS", "ACTION", "WHY"];

fn table(found: &Inspection) -> String {
    let mut text = format!("{} packets of {} bytes\n", found.packets, found.packet_size);
    for program in &found.programs {
        let pcr = program.pcr_pid.map_or_else(|| "no PCR".to_owned(), |pid| format!("PCR on PID {pid}"));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\nprogramme {}, PMT on PID {}, {pcr}", program.number, program.pmt_pid);
        text.push_str(&aligned(&program.tracks.iter().map(row).collect::<Vec<_>>()));
    }
    text
}

fn row(track: &Track) -> [String; 8] {
    let sound = [
        track.channels.clone(),
        track.sample_rate.map(|rate| format!("{rate} Hz")),
        track.bitrate.map(|rate| format!("{} kbit/s", rate / 1000)),
    ];
    [
        track.pid.to_string(),
        format!("0x{:02x}", track.stream_type),
        track.format.clone(),
        track.language.clone().unwrap_or_default(),
        sound.into_iter().flatten().collect::<Vec<_>>().join(" "),
        track.packets.to_string(),
        track.action.as_str().to_owned(),
        track.reason.clone(),
    ]
}

/// The headings and rows in columns, two spaces apart.
fn aligned(rows: &[[String; 8]]) -> String {
    let headings = HEADINGS.map(str::to_owned);
    let width = |column: usize| {
        std::iter::once(&headings).chain(rows).map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: [usize; 8] = std::array::from_fn(width);
    let mut text = String::new();
    for row in std::iter::once(&headings).chain(rows) {
        let line: String = row.iter().zip(widths).map(|(cell, width)| format!("  {cell:<width$}")).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use xg2g_transcoder::{Action, Program};

    use super::*;

    #[test]
    fn the_columns_are_as_wide_as_their_widest_cell() {
        let track = |pid, format: &str, action| Track {
            pid,
            stream_type: 0x81,
            format: format.into(),
            language: Some("eng".into()),
            sample_rate: Some(48_000),
            channels: Some("5.1".into()),
            bitrate: Some(448_000),
            packets: 7,
            action,
            reason: "it is sound".into(),
        };
        let tracks = vec![track(256, "AC-3", Action::Transcode), track(8190, "something longer", Action::Pass)];
        let programs = vec![Program { number: 1, pmt_pid: 100, pcr_pid: None, tracks }];
        let expected = "\
14 packets of 188 bytes

programme 1, PMT on PID 100, no PCR
  PID   TYPE  FORMAT            LANGUAGE  SOUND                    PACKETS  ACTION     WHY
  256   0x81  AC-3              eng       5.1 48000 Hz 448 kbit/s  7        transcode  it is sound
  8190  0x81  something longer  eng       5.1 48000 Hz 448 kbit/s  7        pass       it is sound
";
        assert_eq!(table(&Inspection { packet_size: 188, packets: 14, programs }), expected);
    }
}
