//! One run of one program, and what it took.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::Serialize;
use wait4::Wait4;

use crate::error::Error;

/// What a process took, the processes that it started and waited for included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cost {
    /// CPU seconds, user and system, of all threads.
    pub cpu_seconds: f64,
    /// Of these, seconds in the system.
    pub system_seconds: f64,
    /// Seconds from start to end.
    pub wall_seconds: f64,
    /// Most bytes resident at a time. Linux counts from the fork on, so it is never less than what this program had.
    pub peak_rss_bytes: u64,
}

/// Where a program's standard output goes.
pub enum Output<'a> {
    Nowhere,
    File(&'a Path),
}

/// Runs a program to its end.
pub fn run(command: &mut Command, output: Output<'_>) -> Result<Cost, Error> {
    let start_error = |program: &Command, source| Error::Start { program: show(program), source };
    let stdout = match output {
        Output::Nowhere => Stdio::null(),
        Output::File(path) => File::create(path).map_err(|error| Error::write(path, error))?.into(),
    };
    // A file rather than a pipe, which nobody would empty while this waits.
    let mut stderr = tempfile::tempfile().map_err(|error| start_error(command, error))?;
    let stderr_of_child = stderr.try_clone().map_err(|error| start_error(command, error))?;
    command.stdin(Stdio::null()).stdout(stdout).stderr(stderr_of_child);

    let start = Instant::now();
    let child = command.spawn().map_err(|error| start_error(command, error))?;
    let used = child.wait4().map_err(|error| start_error(command, error))?;
    let wall_seconds = start.elapsed().as_secs_f64();

    if !used.status.success() {
        return Err(Error::Failed {
            command: show(command),
            status: used.status.to_string(),
            stderr: tail(&mut stderr).unwrap_or_default(),
        });
    }
    let usage = used.rusage;
    Ok(Cost {
        cpu_seconds: (usage.utime + usage.stime).as_secs_f64(),
        system_seconds: usage.stime.as_secs_f64(),
        wall_seconds,
        peak_rss_bytes: usage.maxrss,
    })
}

/// A command's line, to be read and tried by a person.
pub fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| match word.to_string_lossy() {
            word if word.contains(|c: char| c.is_whitespace() || "'\"()|;&*$".contains(c)) => format!("{word:?}"),
            word => word.into_owned(),
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The last kilobytes of what a program said.
fn tail(stderr: &mut File) -> std::io::Result<String> {
    const BYTES: u64 = 4096;
    let length = stderr.metadata()?.len();
    stderr.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
    let mut text = Vec::new();
    stderr.read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn cpu_time_is_the_child_s_and_not_the_clock_s() {
        let cost = run(&mut shell("sleep 0.3"), Output::Nowhere).expect("sleep runs");
        assert!(cost.wall_seconds >= 0.3 && cost.cpu_seconds < 0.2, "{cost:?}");
        let busy = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
        let cost = run(&mut shell(busy), Output::Nowhere).expect("the loop runs");
        assert!(cost.cpu_seconds > 0.02 && cost.cpu_seconds >= cost.system_seconds, "{cost:?}");
        assert!(cost.peak_rss_bytes > 100_000, "{cost:?}");
    }

    #[test]
    fn a_failure_says_what_failed_and_why() {
        let error =
            run(&mut shell("echo no such stream >&2; exit 3"), Output::Nowhere).expect_err("exit 3 is a failure");
        let text = error.to_string();
        assert!(text.contains("sh -c") && text.contains("exit status: 3") && text.contains("no such stream"), "{text}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(&mut Command::new("xg2g-no-such-program"), Output::Nowhere).expect_err("there is none");
        assert!(error.to_string().contains("xg2g-no-such-program"), "{error}");
    }
}
