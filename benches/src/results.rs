//! What was measured, as the JSON has it.

use serde::Serialize;

use crate::machine::Machine;
use crate::measure::Cost;
use crate::programs::Program;
use crate::statistics::Spread;
use crate::streams::{Stream, Task};

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Results {
    /// Of this form; raised when a field changes its meaning.
    pub version: u32,
    pub machine: Machine,
    /// ffmpeg's first line about itself.
    pub ffmpeg: String,
    pub rounds: u32,
    /// The least that `peak_rss_bytes` can say: what a program that does nothing is charged with.
    pub floor_rss_bytes: u64,
    pub rows: Vec<Row>,
}

/// One program on one stream.
#[derive(Debug, Serialize)]
pub struct Row {
    pub stream: &'static str,
    pub program: &'static str,
    #[serde(skip)]
    pub task: Task,
    pub bytes: u64,
    pub seconds: u32,
    /// Why nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// The command, to be tried by hand.
    pub command: String,
    pub cpu_seconds: Option<Spread>,
    pub wall_seconds: Option<Spread>,
    pub peak_rss_bytes: Option<Spread>,
    /// Megabytes (10^6) of the stream in a second of the clock.
    pub megabytes_per_second: Option<Spread>,
    /// CPU time over ffmpeg's (`ffmpeg`; on `pass` `ffmpeg-copy`), round by round.
    pub cpu_over_ffmpeg: Option<Spread>,
    /// CPU time over the native build's, round by round.
    pub cpu_over_native: Option<Spread>,
    /// Every run.
    pub runs: Vec<Cost>,
}

impl Row {
    /// A row that waits for its runs.
    pub fn new(stream: &Stream, program: Program, command: String, skipped: Option<String>) -> Self {
        Self {
            stream: stream.recipe.name,
            program: program.name(),
            task: stream.recipe.task,
            bytes: stream.bytes,
            seconds: stream.seconds,
            skipped,
            command,
            cpu_seconds: None,
            wall_seconds: None,
            peak_rss_bytes: None,
            megabytes_per_second: None,
            cpu_over_ffmpeg: None,
            cpu_over_native: None,
            runs: Vec::new(),
        }
    }

    fn cpu(&self) -> Vec<f64> {
        self.runs.iter().map(|run| run.cpu_seconds).collect()
    }
}

/// Fills in what follows from the runs.
pub fn summarise(rows: &mut [Row]) {
    let cpu_of = |rows: &[Row], stream, program: Program| -> Vec<f64> {
        let row = rows.iter().find(|row| row.stream == stream && row.program == program.name());
        row.map(Row::cpu).unwrap_or_default()
    };
    for index in 0..rows.len() {
        let stream = rows[index].stream;
        let reference = cpu_of(rows, stream, Program::reference(rows[index].task));
        let native = cpu_of(rows, stream, Program::Native);
        let row = &mut rows[index];
        let megabytes = row.bytes as f64 / 1e6;
        row.cpu_seconds = Spread::of(row.cpu());
        row.wall_seconds = Spread::of(row.runs.iter().map(|run| run.wall_seconds));
        row.peak_rss_bytes = Spread::of(row.runs.iter().map(|run| run.peak_rss_bytes as f64));
        row.megabytes_per_second = Spread::of(row.runs.iter().map(|run| megabytes / run.wall_seconds));
        row.cpu_over_ffmpeg = Spread::of_ratios(row.cpu(), reference);
        row.cpu_over_native = Spread::of_ratios(row.cpu(), native);
    }
}
