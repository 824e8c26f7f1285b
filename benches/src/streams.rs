//! The streams that are measured on. They are made once with ffmpeg and kept in the user's cache.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::measure::{self, Output};

/// Raised with every change of what is made here: streams of another number are made anew.
const RECIPE: u32 = 2;

/// What is measured on a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Its sound becomes AAC.
    Transcode,
    /// It leaves as it came.
    Pass,
}

/// How a stream is made.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// Its name in the table and in `--only`.
    pub name: &'static str,
    /// What is measured on it.
    pub task: Task,
    /// The sound, as ffprobe names it.
    pub codec: &'static str,
    /// The sound, as GStreamer names it.
    pub caps: &'static str,
    channels: &'static str,
    encoder: &'static [&'static str],
    /// How often the stream is played over. Passing is so quick that a short stream would measure the programs' start.
    plays: u32,
}

/// All streams, in the order of the table. Their rates are what broadcasters use.
pub const RECIPES: [Recipe; 5] = [
    Recipe {
        name: "ac3-5.1",
        task: Task::Transcode,
        codec: "ac3",
        caps: "audio/x-ac3",
        channels: "FL|FR|FC|LFE|BL|BR",
        encoder: &["ac3", "-b:a", "448k"],
        plays: 1,
    },
    Recipe {
        name: "ac3-2.0",
        task: Task::Transcode,
        codec: "ac3",
        caps: "audio/x-ac3",
        channels: "FL|FR",
        encoder: &["ac3", "-b:a", "192k"],
        plays: 1,
    },
    Recipe {
        name: "layer2",
        task: Task::Transcode,
        codec: "mp2",
        caps: "audio/mpeg",
        channels: "FL|FR",
        encoder: &["mp2", "-b:a", "192k"],
        plays: 1,
    },
    Recipe {
        name: "eac3-5.1",
        task: Task::Transcode,
        codec: "eac3",
        caps: "audio/x-eac3",
        channels: "FL|FR|FC|LFE|BL|BR",
        encoder: &["eac3", "-b:a", "256k"],
        plays: 1,
    },
    Recipe {
        name: "pass",
        task: Task::Pass,
        codec: "aac",
        caps: "audio/mpeg",
        channels: "FL|FR",
        encoder: &["aac", "-b:a", "192k"],
        plays: 4,
    },
];

/// A stream on disk.
#[derive(Debug, Clone)]
pub struct Stream {
    pub recipe: &'static Recipe,
    pub path: PathBuf,
    pub bytes: u64,
    /// Its length as it was asked for, the plays together.
    pub seconds: u32,
}

/// Where streams are kept, for `xg2g-transcoder/bench` below the cache directory of the XDG Base Directory Specification.
fn cache(seconds: u32) -> Result<PathBuf, Error> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let caches = set("XDG_CACHE_HOME").filter(|path| path.is_absolute()).or_else(|| Some(set("HOME")?.join(".cache")));
    Ok(caches.ok_or(Error::NoCache)?.join("xg2g-transcoder/bench").join(format!("v{RECIPE}-{seconds}s")))
}

impl Recipe {
    /// The stream, made now if it is not there; `say` is told so.
    pub fn stream(&'static self, seconds: u32, say: &mut dyn FnMut(&str)) -> Result<Stream, Error> {
        let directory = cache(seconds)?;
        std::fs::create_dir_all(&directory).map_err(|error| Error::write(&directory, error))?;
        let picture = directory.join("picture.ts");
        let path = directory.join(format!("{}.ts", self.name));
        if !path.exists() {
            if !picture.exists() {
                say("making the picture");
                made(&picture, |out| picture_command(seconds, out))?;
            }
            say(&format!("making {}", self.name));
            made(&path, |out| self.command(&picture, seconds, out))?;
        }
        let bytes = std::fs::metadata(&path).map_err(|error| Error::read(&path, error))?.len();
        Ok(Stream { recipe: self, path, bytes, seconds: seconds * self.plays })
    }

    fn command(&self, picture: &Path, seconds: u32, out: &Path) -> Command {
        let seconds = seconds * self.plays;
        let sounds: Vec<_> = (1..=self.channels.split('|').count()).map(sound).collect();
        // `5.1` and `stereo` are the layouts that ffmpeg gives these channels in this order.
        let layout = if sounds.len() == 6 { "5.1" } else { "stereo" };
        let source =
            format!("aevalsrc='{}':channel_layout={layout}:sample_rate=48000:duration={seconds}", sounds.join("|"));
        let mut command = ffmpeg();
        command.args(["-stream_loop", &(self.plays - 1).to_string(), "-i"]).arg(picture);
        command.args(["-f", "lavfi", "-i", &source, "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a"]);
        command.args(self.encoder).args(["-t", &seconds.to_string(), "-f", "mpegts"]).arg(out);
        command
    }
}

/// H.264 of 5.5 Mbit/s, as a broadcaster's: moving, noisy, in 720p. The rest of a packet is the same to all programs.
fn picture_command(seconds: u32, out: &Path) -> Command {
    let source = format!("testsrc2=size=1280x720:rate=25:duration={seconds},noise=alls=12:allf=t");
    let mut command = ffmpeg();
    command.args(["-f", "lavfi", "-i", &source, "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"]);
    command.args(["-pix_fmt", "yuv420p", "-g", "25", "-b:v", "5300k", "-maxrate", "5300k", "-bufsize", "2650k"]);
    command.args(["-x264-params", "nal-hrd=cbr:scenecut=0", "-f", "mpegts"]).arg(out);
    command
}

/// What a channel says: a gliding tone that swells, with its harmonics, and a click of noise twice a second. What is encoded
/// decides what encoding costs; this costs about what broadcast sound does (the README has the figures), where a
/// duller one costs ffmpeg almost twice that.
fn sound(channel: usize) -> String {
    let (seed, tone, phase) = (channel * 7919, 160 * channel + 130, channel as f64 * 0.7);
    let angle = format!("2*PI*({tone}*t+60*sin(0.7*t+{phase}))");
    let harmonics: Vec<_> = (1..=8).map(|k| format!("sin({k}*{angle})/{k}")).collect();
    format!(
        "if(n,0,st(0,{seed})*0)+0.12*({})*(0.6+0.4*sin(8*t+{phase}))\
         +(random(0)-0.5)*(0.003+0.2*exp(-60*mod(t+{phase},0.5)))",
        harmonics.join("+")
    )
}

fn ffmpeg() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]);
    command
}

/// Lets a file appear only when all of it is written.
fn made(path: &Path, command: impl FnOnce(&Path) -> Command) -> Result<(), Error> {
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    let done = measure::run(&mut command(&partial), Output::Nowhere)
        .and_then(|_| std::fs::rename(&partial, path).map_err(|error| Error::write(path, error)));
    if done.is_err() {
        // It may not even be there.
        let _ = std::fs::remove_file(&partial);
    }
    done
}
