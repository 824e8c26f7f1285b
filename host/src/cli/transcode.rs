//! `transcode`: a stream through one session.

use std::fmt::Write as _;
use std::io::{Write as _, stderr};

use xg2g_transcoder::{PIECE, Report, Session};

use super::args::{ReportFormat, Transcode};
use super::failure::Failure;
use super::input::Input;
use super::output::Output;
use super::progress::Progress;

pub fn run(arguments: &Transcode) -> Result<(), Failure> {
    let plugin = arguments.sandbox.load()?;
    let mut session = plugin.open(&arguments.options.options(), &arguments.sandbox.limits())?;
    let input = Input::open(&arguments.input)?;
    let output = Output::create(&arguments.output)?;
    let done = pass_through(&mut session, input, output);
    match (&done, arguments.report, session.report()) {
        (_, Some(format), Ok(report)) => print(&report, session.memory_peak(), format)?,
        // An error that ended the session is told below; what had happened before it is not to be had.
        (Err(_), ..) | (_, None, _) => {}
        (Ok(()), Some(_), Err(error)) => return Err(error.into()),
    }
    done
}

fn pass_through(session: &mut Session, mut input: Input, mut output: Output) -> Result<(), Failure> {
    let progress = Progress::new(input.size);
    let mut piece = vec![0; PIECE];
    let mut packets = Vec::with_capacity(2 * PIECE);
    loop {
        let length = input.read(&mut piece)?;
        packets.clear();
        if length == 0 {
            session.finish(&mut packets)?;
        } else {
            session.process(&piece[..length], &mut packets)?;
        }
        output.write(&packets)?;
        progress.advance(length);
        if length == 0 {
            break;
        }
    }
    session.ensure_stream()?;
    output.complete()
}

fn print(report: &Report, memory_peak: usize, format: ReportFormat) -> Result<(), Failure> {
    let text = match format {
        ReportFormat::Json => json(report)? + "\n",
        ReportFormat::Text => text(report, memory_peak),
    };
    stderr().lock().write_all(text.as_bytes()).map_err(|source| Failure::write("standard error", source))
}

fn json(report: &Report) -> Result<String, Failure> {
    serde_json::to_string(report).map_err(|error| Failure::write("the report", error.into()))
}

fn text(report: &Report, memory_peak: usize) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<18} {value}");
    };
    line("bytes", format!("{} in, {} out", report.bytes_in, report.bytes_out));
    line("packets", format!("{} in, {} out", report.packets_in, report.packets_out));
    line("memory", format!("{:.2} MiB at its peak", memory_peak as f64 / f64::from(1 << 20)));
    let faults = [
        ("resyncs", report.resyncs),
        ("bytes skipped", report.bytes_skipped),
        ("continuity errors", report.continuity_errors),
        ("transport errors", report.transport_errors),
        ("scrambled packets", report.scrambled_packets),
        ("CRC errors", report.crc_errors),
    ];
    for (name, count) in faults.into_iter().filter(|(_, count)| *count > 0) {
        line(name, count.to_string());
    }
    for track in &report.tracks {
        let language = track.language.as_deref().unwrap_or("no language");
        let frames = format!("{} frames decoded, {} concealed", track.frames_decoded, track.frames_concealed);
        line(
            &format!("track {}", track.pid),
            format!("{} {} {} Hz, {language}: {frames}", track.codec, track.channels, track.sample_rate),
        );
        line(
            "",
            format!(
                "{} access units, {} samples inserted, {} dropped, {} re-anchors, drift {} µs",
                track.access_units, track.samples_inserted, track.samples_dropped, track.reanchors, track.drift_us
            ),
        );
        if track.bytes_skipped > 0 {
            line("", format!("{} bytes between frames skipped", track.bytes_skipped));
        }
    }
    text
}
