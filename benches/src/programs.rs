//! The programs that are measured.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arguments::Arguments;
use crate::error::Error;
use crate::measure::{self, Output};
use crate::streams::{Recipe, Stream, Task};

/// A program with its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// ffmpeg with its own AAC encoder as it is by default.
    Ffmpeg,
    /// ffmpeg with its own AAC encoder's fast search.
    FfmpegFast,
    /// ffmpeg, copying.
    FfmpegCopy,
    /// GStreamer with FDK's encoder.
    Gstreamer,
    /// The plugin in its sandbox, by the host program.
    Sandbox,
    /// The core compiled natively, by this program.
    Native,
}

impl Program {
    /// In the order of the table.
    pub const ALL: [Self; 6] =
        [Self::Ffmpeg, Self::FfmpegFast, Self::FfmpegCopy, Self::Gstreamer, Self::Sandbox, Self::Native];

    /// Its name in the table and in `--only`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ffmpeg => "ffmpeg",
            Self::FfmpegFast => "ffmpeg-fast",
            Self::FfmpegCopy => "ffmpeg-copy",
            Self::Gstreamer => "gstreamer",
            Self::Sandbox => "sandbox",
            Self::Native => "native",
        }
    }

    /// Whether it is measured on streams of this task.
    pub const fn does(self, task: Task) -> bool {
        match self {
            Self::Ffmpeg | Self::FfmpegFast | Self::Gstreamer => matches!(task, Task::Transcode),
            Self::FfmpegCopy => matches!(task, Task::Pass),
            Self::Sandbox | Self::Native => true,
        }
    }

    /// What a task's ratios are taken against.
    pub const fn reference(task: Task) -> Self {
        match task {
            Task::Transcode => Self::Ffmpeg,
            Task::Pass => Self::FfmpegCopy,
        }
    }
}

/// The host program's file name.
const HOST: &str = "xg2g-transcoder";

/// Where the programs are.
#[derive(Debug)]
pub struct Tools {
    host: Option<PathBuf>,
    plugin: Option<PathBuf>,
    itself: PathBuf,
    fdkaacenc: bool,
}

impl Tools {
    pub fn find(arguments: &Arguments) -> Result<Self, Error> {
        let itself = std::env::current_exe().map_err(|source| Error::Start { program: "xg2g-bench".into(), source })?;
        // A host program that was named is run, and its absence is then a failure.
        let places = || [itself.with_file_name(HOST), Path::new("dist").join(HOST)];
        Ok(Self {
            host: arguments.host.clone().or_else(|| places().into_iter().find(|path| path.is_file())),
            plugin: arguments.plugin.clone(),
            fdkaacenc: has_fdkaacenc(),
            itself,
        })
    }

    /// Why a program cannot be measured here.
    pub fn missing(&self, program: Program) -> Option<&'static str> {
        match program {
            Program::Sandbox if self.host.is_none() => {
                Some("there is no xg2g-transcoder beside this program or in dist/; build it, or name it with --host")
            }
            Program::Gstreamer if !self.fdkaacenc => Some("GStreamer's fdkaacenc is not installed"),
            _ => None,
        }
    }

    /// A program's command for a stream. It writes to standard output.
    pub fn command(&self, program: Program, stream: &Stream) -> Command {
        let input = stream.path.as_path();
        match program {
            Program::Ffmpeg => ffmpeg(input, &TO_AAC),
            Program::FfmpegFast => ffmpeg(input, &[&TO_AAC[..], &["-aac_coder", "fast"]].concat()),
            Program::FfmpegCopy => ffmpeg(input, &["-c", "copy"]),
            Program::Gstreamer => gstreamer(input, stream.recipe),
            Program::Native => {
                let mut command = Command::new(&self.itself);
                command.arg("native").arg(input).arg("-");
                command
            }
            Program::Sandbox => {
                let mut command = Command::new(self.host.as_deref().unwrap_or(Path::new(HOST)));
                command.arg("transcode").arg(input).args(["-o", "-"]);
                if let Some(plugin) = &self.plugin {
                    command.arg("--plugin").arg(plugin);
                }
                command
            }
        }
    }
}

/// What xg2g asks of ffmpeg: the picture as it is, the sound in stereo as the transcoder's own default has it.
const TO_AAC: [&str; 8] = ["-c:v", "copy", "-c:a", "aac", "-b:a", "192k", "-ac", "2"];

fn ffmpeg(input: &Path, options: &[&str]) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-i"]).arg(input).args(options).args(["-f", "mpegts", "pipe:1"]);
    command
}

fn gstreamer(input: &Path, recipe: &Recipe) -> Command {
    let mut command = Command::new("gst-launch-1.0");
    command.args(["-q", "filesrc"]).arg(format!("location={}", input.display()));
    command.args(
        "! tsdemux name=d d. ! video/x-h264 ! queue ! h264parse ! mpegtsmux name=m ! fdsink fd=1 d. !".split(' '),
    );
    command.arg(recipe.caps);
    command
        .args("! queue ! decodebin ! audioconvert ! audio/x-raw,channels=2 ! fdkaacenc bitrate=192000 ! m.".split(' '));
    command
}

fn has_fdkaacenc() -> bool {
    measure::run(Command::new("gst-inspect-1.0").args(["--exists", "fdkaacenc"]), Output::Nowhere).is_ok()
}

/// What ffprobe sees of a stream.
#[derive(Debug, PartialEq)]
pub struct Probe {
    /// The sound's coding; nothing where there is none.
    pub codec: String,
    /// Length in seconds.
    pub seconds: f64,
}

/// Looks at what a program wrote; `work` is a file that may be written.
pub fn probe(path: &Path, work: &Path) -> Result<Probe, Error> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-select_streams", "a", "-of", "default=nw=1"]);
    command.args(["-show_entries", "stream=codec_name:format=duration"]).arg(path);
    measure::run(&mut command, Output::File(work))?;
    let text = std::fs::read_to_string(work).map_err(|error| Error::read(work, error))?;
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    Ok(Probe { codec: value("codec_name=").to_owned(), seconds: value("duration=").parse().unwrap_or(0.0) })
}
