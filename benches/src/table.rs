//! The measurements as Markdown.

use std::fmt::Write;

use crate::results::{Results, Row};
use crate::statistics::Spread;
use crate::streams::Task;

const MIB: f64 = (1 << 20) as f64;

/// The measurements as Markdown: one table for transcoding, one for passing through.
pub fn markdown(results: &Results) -> String {
    let mut text = String::new();
    for (task, title, columns, row) in [
        (
            Task::Transcode,
            "Sound to AAC-LC, stereo, 192 kbit/s",
            &["stream", "program", "CPU s", "(min–max)", "÷ ffmpeg", "÷ native", "wall s", "peak RSS MiB"][..],
            transcode_row as fn(&Row) -> Vec<String>,
        ),
        (
            Task::Pass,
            "A stream that is not touched, against ffmpeg -c copy",
            &["stream", "program", "MB/s", "(min–max)", "CPU s", "÷ ffmpeg", "÷ native", "peak RSS MiB"][..],
            pass_row,
        ),
    ] {
        let rows: Vec<_> = results.rows.iter().filter(|row| row.task == task).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(text, "\n## {title}\n\n");
        line(&mut text, columns.iter().map(ToString::to_string));
        // Names to the left, figures to the right.
        line(&mut text, (0..columns.len()).map(|column| if column < 2 { "---" } else { "--:" }.to_owned()));
        for measured in rows.iter().filter(|row| row.skipped.is_none()) {
            line(&mut text, row(measured));
        }
        not_measured(&mut text, &rows);
    }
    text.push('\n');
    foot(&mut text, results);
    text
}

/// One line for each program and reason.
fn not_measured(text: &mut String, rows: &[&Row]) {
    let mut reasons: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for row in rows {
        let Some(reason) = row.skipped.as_deref() else { continue };
        match reasons.iter_mut().find(|(program, known, _)| (*program, *known) == (row.program, reason)) {
            Some((.., streams)) => streams.push(row.stream),
            None => reasons.push((row.program, reason, vec![row.stream])),
        }
    }
    if !reasons.is_empty() {
        text.push('\n');
    }
    for (program, reason, streams) in reasons {
        let _ = writeln!(text, "- Not measured: {program} on {}: {reason}.", streams.join(", "));
    }
}

fn transcode_row(row: &Row) -> Vec<String> {
    vec![
        format!("{} ({} s, {:.1} MB)", row.stream, row.seconds, row.bytes as f64 / 1e6),
        row.program.to_owned(),
        median(row.cpu_seconds, 3),
        range(row.cpu_seconds, 3),
        median(row.cpu_over_ffmpeg, 2),
        median(row.cpu_over_native, 2),
        median(row.wall_seconds, 3),
        median(in_mib(row.peak_rss_bytes), 1),
    ]
}

fn pass_row(row: &Row) -> Vec<String> {
    vec![
        format!("{} ({} s, {:.1} MB)", row.stream, row.seconds, row.bytes as f64 / 1e6),
        row.program.to_owned(),
        median(row.megabytes_per_second, 0),
        range(row.megabytes_per_second, 0),
        median(row.cpu_seconds, 3),
        median(row.cpu_over_ffmpeg, 2),
        median(row.cpu_over_native, 2),
        median(in_mib(row.peak_rss_bytes), 1),
    ]
}

fn foot(text: &mut String, results: &Results) {
    let machine = &results.machine;
    let load = machine.load.map_or_else(|| "unknown".to_owned(), |load| format!("{load:.2}"));
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "Medians of {} rounds; ratios are of CPU time, taken round by round. No program's peak RSS can read below {:.1} MiB.\n\
         {}, {} threads, {}, load {load} before the first round. {}.",
        results.rounds,
        results.floor_rss_bytes as f64 / MIB,
        machine.cpu.as_deref().unwrap_or("unknown processor"),
        machine.threads,
        machine.system,
        results.ffmpeg.split(" Copyright").next().unwrap_or_default(),
    );
}

fn line(text: &mut String, cells: impl IntoIterator<Item = String>) {
    for cell in cells {
        let _ = write!(text, "| {cell} ");
    }
    text.push_str("|\n");
}

fn in_mib(bytes: Option<Spread>) -> Option<Spread> {
    bytes.map(|Spread { median, min, max }| Spread { median: median / MIB, min: min / MIB, max: max / MIB })
}

fn median(spread: Option<Spread>, decimals: usize) -> String {
    spread.map_or_else(|| "–".to_owned(), |spread| format!("{:.decimals$}", spread.median))
}

fn range(spread: Option<Spread>, decimals: usize) -> String {
    spread.map_or_else(|| "–".to_owned(), |Spread { min, max, .. }| format!("{min:.decimals$}–{max:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Machine;
    use crate::measure::Cost;
    use crate::programs::Program;
    use crate::results::summarise;
    use crate::streams::{RECIPES, Stream};

    fn row(program: Program, cpu: &[f64], skipped: Option<&str>) -> Row {
        let stream = Stream { recipe: &RECIPES[0], path: "in.ts".into(), bytes: 40_000_000, seconds: 60 };
        let cost = |cpu_seconds: &f64| Cost {
            cpu_seconds: *cpu_seconds,
            system_seconds: 0.0,
            wall_seconds: 0.5,
            peak_rss_bytes: 5 << 20,
        };
        let mut row = Row::new(&stream, program, String::new(), skipped.map(str::to_owned));
        row.runs = cpu.iter().map(cost).collect();
        row
    }

    #[test]
    fn ratios_stand_beside_what_they_are_against() {
        let mut rows = vec![
            row(Program::Ffmpeg, &[2.0, 4.0, 2.0], None),
            row(Program::Gstreamer, &[], Some("it is not here")),
            row(Program::Sandbox, &[0.6, 1.2, 0.6], None),
            row(Program::Native, &[0.5, 1.0, 0.5], None),
        ];
        summarise(&mut rows);
        let machine = Machine { cpu: None, threads: 2, system: "linux".into(), load: Some(0.5) };
        let ffmpeg = "ffmpeg version 7 Copyright".to_owned();
        let text = markdown(&Results { version: 1, machine, ffmpeg, rounds: 3, floor_rss_bytes: 3 << 20, rows });
        let has = |line: &str| assert!(text.lines().any(|l| l == line), "{line}\nis not in\n{text}");
        has("| ac3-5.1 (60 s, 40.0 MB) | sandbox | 0.600 | 0.600–1.200 | 0.30 | 1.20 | 0.500 | 5.0 |");
        has("| ac3-5.1 (60 s, 40.0 MB) | native | 0.500 | 0.500–1.000 | 0.25 | 1.00 | 0.500 | 5.0 |");
        has("- Not measured: gstreamer on ac3-5.1: it is not here.");
        assert!(!text.contains("not touched"), "no stream was passed:\n{text}");
    }
}
