//! What a stream holds, and what happened to it, for people to read.

use std::fmt::Write;

use crate::bindings::xg2g::transcoder::transcoder::{Action, Inspection, Report, Track, TrackReport};

/// The tracks of each programme, and what would be done to them.
pub fn inspection(found: &Inspection) -> String {
    let mut text = format!("{} packets of {} bytes\n", found.packets, found.packet_size);
    for program in &found.programs {
        let pcr = program.pcr_pid.map_or_else(|| "no PCR".to_owned(), |pid| format!("PCR on PID {pid}"));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\nprogramme {}, PMT on PID {}, {pcr}", program.number, program.pmt_pid);
        let headings = ["PID", "TYPE", "FORMAT", "LANGUAGE", "SOUND", "PACKETS", "ACTION", "WHY"];
        text += &aligned(headings, program.tracks.iter().map(track));
    }
    text
}

fn track(track: &Track) -> [String; 8] {
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
        match track.action {
            Action::Transcode => "transcode".to_owned(),
            Action::Pass => "pass".to_owned(),
        },
        track.reason.clone(),
    ]
}

/// What came in and out, what was wrong with it, and what each track went through.
pub fn report(report: &Report) -> String {
    let mut text = format!(
        "{} packets in, {} out; {} KiB of memory\n",
        report.packets_in,
        report.packets_out,
        report.memory / 1024
    );
    let faults = [
        (report.resyncs, "resyncs"),
        (report.bytes_skipped, "bytes outside packets"),
        (report.continuity_errors, "continuity errors"),
        (report.transport_errors, "transport errors"),
        (report.scrambled_packets, "scrambled packets"),
        (report.crc_errors, "CRC errors"),
    ];
    let faults: Vec<_> = faults.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if !faults.is_empty() {
        text += &format!("{}\n", faults.join(", "));
    }
    let headings =
        ["PID", "CODEC", "LANGUAGE", "SOUND", "DECODED", "CONCEALED", "ACCESS UNITS", "INSERTED", "DROPPED", "DRIFT"];
    text += &aligned(headings, report.tracks.iter().map(track_report));
    text
}

fn track_report(track: &TrackReport) -> [String; 10] {
    [
        track.pid.to_string(),
        track.codec.clone(),
        track.language.clone().unwrap_or_default(),
        format!("{} {} Hz", track.channels, track.sample_rate),
        track.frames_decoded.to_string(),
        track.frames_concealed.to_string(),
        track.access_units.to_string(),
        track.samples_inserted.to_string(),
        track.samples_dropped.to_string(),
        format!("{} µs", track.drift_us),
    ]
}

/// Headings and rows in columns, two spaces apart.
fn aligned<const N: usize>(headings: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<_> = std::iter::once(headings.map(str::to_owned)).chain(rows).collect();
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default());
    let mut text = String::new();
    for row in &rows {
        let line: String = row.iter().zip(widths).map(|(cell, width)| format!("  {cell:<width$}")).collect();
        text += line.trim_end();
        text += "\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["256".to_owned(), "AC-3".to_owned()], ["8190".to_owned(), String::new()]];
        assert_eq!(aligned(["PID", "FORMAT"], rows.into_iter()), "  PID   FORMAT\n  256   AC-3\n  8190\n");
    }
}
