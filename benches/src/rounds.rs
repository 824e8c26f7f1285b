//! Round after round, every program on every stream.

use std::path::Path;
use std::process::Command;

use indicatif::{ProgressBar, ProgressStyle};

use crate::arguments::Arguments;
use crate::error::Error;
use crate::machine::Machine;
use crate::measure::{self, Output};
use crate::programs::{Probe, Program, Tools, probe};
use crate::results::{Results, Row, summarise};
use crate::streams::{RECIPES, Recipe, Stream, Task};

/// How much shorter or longer than the stream a program's output may be, in seconds: what waits at the end, and ffmpeg's
/// own rounding of durations.
const DURATION_TOLERANCE: f64 = 1.0;

/// One program on one stream: what there is to run, and the row that it fills.
struct Contest {
    stream: Stream,
    program: Program,
    row: Row,
}

/// Makes the streams, warms up, and measures.
pub fn measure(arguments: &Arguments) -> Result<Results, Error> {
    let chosen = Chosen::by(&arguments.only)?;
    let tools = Tools::find(arguments)?;
    let work = tempfile::tempdir().map_err(|error| Error::write(&std::env::temp_dir(), error))?;
    let work = work.path();
    let ffmpeg = ffmpeg_version(&work.join("version"))?;
    // It shows itself only on a terminal.
    let bar = ProgressBar::no_length().with_style(style());

    let mut contests = Vec::new();
    for recipe in chosen.recipes {
        let stream = recipe.stream(arguments.seconds, &mut |what| bar.set_message(what.to_owned()))?;
        for &program in chosen.programs.iter().filter(|program| program.does(recipe.task)) {
            bar.set_message(format!("warming up {} on {}", program.name(), recipe.name));
            bar.tick();
            let skipped = warm_up(&tools, program, &stream, work)?;
            let command = measure::show(&tools.command(program, &stream));
            let row = Row::new(&stream, program, command, skipped);
            contests.push(Contest { stream: stream.clone(), program, row });
        }
    }
    let machine = Machine::this();
    let floor_rss_bytes = measure::run(&mut Command::new("true"), Output::Nowhere)?.peak_rss_bytes;

    bar.set_length(u64::from(arguments.rounds) * contests.iter().filter(|c| c.row.skipped.is_none()).count() as u64);
    let programs = contests.len().max(1);
    for round in 0..arguments.rounds as usize {
        // Each round begins with another program, so that none is always the one after the busiest.
        for place in 0..contests.len() {
            let Contest { stream, program, row } = &mut contests[(place + round) % programs];
            if row.skipped.is_some() {
                continue;
            }
            bar.set_message(format!("{} on {}", program.name(), stream.recipe.name));
            bar.tick();
            row.runs.push(measure::run(&mut tools.command(*program, stream), Output::Nowhere)?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let mut rows: Vec<_> = contests.into_iter().map(|contest| contest.row).collect();
    summarise(&mut rows);
    Ok(Results { version: 1, machine, ffmpeg, rounds: arguments.rounds, floor_rss_bytes, rows })
}

/// Runs a program once and looks at what it wrote: a program that leaves the sound as it is must not win. Returns why the
/// program is not measured on this stream.
fn warm_up(tools: &Tools, program: Program, stream: &Stream, work: &Path) -> Result<Option<String>, Error> {
    if let Some(reason) = tools.missing(program) {
        return Ok(Some(reason.to_owned()));
    }
    let (out, scratch) = (work.join("out.ts"), work.join("probe"));
    let mut command = tools.command(program, stream);
    match measure::run(&mut command, Output::File(&out)) {
        // What of GStreamer is installed beside the encoder is not ours to demand.
        Err(error) if program == Program::Gstreamer => return Ok(Some(error.to_string())),
        done => done?,
    };
    let (before, after) = (probe(&stream.path, &scratch)?, probe(&out, &scratch)?);
    std::fs::remove_file(&out).map_err(|error| Error::write(&out, error))?;
    judge(stream.recipe, &before, &after).map_err(|what| Error::Output { command: measure::show(&command), what })
}

/// Whether what a program wrote is what the task asks for: `Ok` with a reason where it does not do this task (yet), `Err`
/// where it is wrong.
fn judge(recipe: &Recipe, before: &Probe, after: &Probe) -> Result<Option<String>, String> {
    if (after.seconds - before.seconds).abs() > DURATION_TOLERANCE {
        return Err(format!("{:.2} s of a stream of {:.2} s", after.seconds, before.seconds));
    }
    match (recipe.task, after.codec.as_str()) {
        (_, "aac") => Ok(None),
        (Task::Transcode, codec) if codec == recipe.codec => Ok(Some(format!("leaves {codec} as it is"))),
        (_, "") => Err("no sound".to_owned()),
        (_, codec) => Err(format!("{codec} where AAC should be")),
    }
}

/// What `--only` leaves.
struct Chosen {
    recipes: Vec<&'static Recipe>,
    programs: Vec<Program>,
}

impl Chosen {
    /// Names of streams choose among streams, names of programs among programs.
    fn by(only: &[String]) -> Result<Self, Error> {
        let is = |name: &str| only.iter().any(|only| only == name);
        let recipes: Vec<_> = RECIPES.iter().filter(|recipe| is(recipe.name)).collect();
        let programs: Vec<_> = Program::ALL.into_iter().filter(|program| is(program.name())).collect();
        let known =
            || RECIPES.iter().map(|recipe| recipe.name).chain(Program::ALL.iter().map(|program| program.name()));
        if let Some(unknown) = only.iter().find(|only| known().all(|name| name != only.as_str())) {
            let known = known().collect::<Vec<_>>().join(", ");
            return Err(Error::Unknown { name: unknown.clone(), known });
        }
        Ok(Self {
            recipes: if recipes.is_empty() { RECIPES.iter().collect() } else { recipes },
            programs: if programs.is_empty() { Program::ALL.to_vec() } else { programs },
        })
    }
}

fn ffmpeg_version(work: &Path) -> Result<String, Error> {
    measure::run(Command::new("ffmpeg").arg("-version"), Output::File(work))?;
    let text = std::fs::read_to_string(work).map_err(|error| Error::read(work, error))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn style() -> ProgressStyle {
    // The template is a constant; were it wrong, the plain bar would do.
    ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(codec: &str, seconds: f64) -> Probe {
        Probe { codec: codec.to_owned(), seconds }
    }

    #[test]
    fn only_what_was_transcoded_is_measured() {
        let [ac3, .., pass] = &RECIPES;
        let before = probe("ac3", 60.0);
        assert_eq!(judge(ac3, &before, &probe("aac", 60.4)), Ok(None));
        assert_eq!(judge(ac3, &before, &probe("ac3", 60.0)), Ok(Some("leaves ac3 as it is".to_owned())));
        assert_eq!(judge(ac3, &before, &probe("", 60.0)), Err("no sound".to_owned()));
        assert_eq!(judge(ac3, &before, &probe("aac", 12.0)), Err("12.00 s of a stream of 60.00 s".to_owned()));
        assert_eq!(judge(pass, &probe("aac", 60.0), &probe("aac", 60.0)), Ok(None));
    }

    #[test]
    fn only_takes_streams_and_programs() {
        let only = |names: &[&str]| Chosen::by(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        let all = only(&[]).expect("nothing is left out");
        assert_eq!((all.recipes.len(), all.programs.len()), (RECIPES.len(), Program::ALL.len()));
        let some = only(&["layer2", "native", "sandbox"]).expect("all are known");
        assert_eq!(some.recipes.iter().map(|recipe| recipe.name).collect::<Vec<_>>(), ["layer2"]);
        assert_eq!(some.programs, [Program::Sandbox, Program::Native]);
        assert!(only(&["opus"]).err().is_some_and(|error| error.to_string().contains("opus: no stream or program")));
    }
}
