//! One stream, being transcoded as it arrives.

use super::engine::Engine;
use super::prelude::Prelude;
use super::{Options, Report};
use crate::Error;
use crate::ts::{PACKET_BYTES, PacketSync};

/// One stream, being transcoded as it arrives.
///
/// What comes out never depends on how what went in was cut into pieces.
#[derive(Debug)]
pub struct Session {
    options: Options,
    sync: PacketSync,
    stage: Stage,
    bytes_in: u64,
    bytes_out: u64,
    packets_in: u64,
}

#[derive(Debug)]
enum Stage {
    /// Packets are held until it is clear what the stream holds.
    Prelude(Box<Prelude>),
    /// Packets go through.
    Running(Box<Engine>),
    /// The stream has ended, or an error ended the session.
    Closed(Option<Box<Engine>>),
}

impl Session {
    /// Opens a session.
    ///
    /// # Errors
    /// [`Error::InvalidOption`].
    pub fn open(options: &Options) -> Result<Self, Error> {
        options.check()?;
        Ok(Self {
            options: options.clone(),
            sync: PacketSync::default(),
            stage: Stage::Prelude(Box::new(Prelude::new(options))),
            bytes_in: 0,
            bytes_out: 0,
            packets_in: 0,
        })
    }

    /// Takes the next bytes of the stream and appends to `out` the packets that are ready.
    ///
    /// # Errors
    /// [`Error::Closed`] after [`Session::finish`]; [`Error::Unsupported`] when the encoder refuses what the options ask of
    /// it, which ends the session.
    pub fn process(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.still_open()?;
        let before = out.len();
        out.reserve(input.len());
        let Self { options, sync, stage, packets_in, .. } = self;
        let mut result = Ok(());
        sync.push(input, |run| {
            *packets_in += (run.len() / PACKET_BYTES) as u64;
            if result.is_ok() {
                result = stage.run(options, run, out);
            }
        });
        self.bytes_in += input.len() as u64;
        self.close_if(result, out, before)
    }

    /// Says that the stream ends and appends to `out` the packets that were waiting.
    ///
    /// # Errors
    /// [`Error::Closed`] when called twice; [`Error::Malformed`] when there was input and no packet in it; as
    /// [`Session::process`].
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.still_open()?;
        let before = out.len();
        let Self { options, sync, stage, packets_in, .. } = self;
        let mut result = Ok(());
        sync.finish(|run| {
            *packets_in += (run.len() / PACKET_BYTES) as u64;
            if result.is_ok() {
                result = stage.run(options, run, out);
            }
        });
        let result = result.and_then(|()| stage.finish(options, out));
        self.close_if(result, out, before)?;
        self.stage.close();
        if self.bytes_in > 0 && self.sync.packet_size().is_none() {
            return Err(Error::no_stream());
        }
        Ok(())
    }

    /// What happened so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut report = Report {
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            packets_in: self.packets_in,
            packets_out: self.bytes_out / PACKET_BYTES as u64,
            resyncs: self.sync.resyncs(),
            bytes_skipped: self.sync.skipped(),
            ..Report::default()
        };
        match &self.stage {
            Stage::Prelude(_) | Stage::Closed(None) => {}
            Stage::Running(engine) | Stage::Closed(Some(engine)) => engine.report(&mut report),
        }
        report
    }

    fn still_open(&self) -> Result<(), Error> {
        match self.stage {
            Stage::Closed(_) => Err(Error::Closed("the session was finished; open a new one".into())),
            _ => Ok(()),
        }
    }

    fn close_if(&mut self, result: Result<(), Error>, out: &[u8], before: usize) -> Result<(), Error> {
        self.bytes_out += (out.len() - before) as u64;
        if result.is_err() {
            self.stage.close();
        }
        result
    }
}

impl Stage {
    fn run(&mut self, options: &Options, run: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Prelude(prelude) => {
                let taken = prelude.push(run);
                if !prelude.is_over() {
                    return Ok(());
                }
                self.start(options, out)?;
                self.run(options, &run[taken..], out)
            }
            Self::Running(engine) => engine.run(run, out),
            Self::Closed(_) => Ok(()),
        }
    }

    fn finish(&mut self, options: &Options, out: &mut Vec<u8>) -> Result<(), Error> {
        if let Self::Prelude(_) = self {
            self.start(options, out)?;
        }
        match self {
            Self::Running(engine) => engine.finish(out),
            _ => Ok(()),
        }
    }

    /// Ends the prelude: what it held goes through.
    fn start(&mut self, options: &Options, out: &mut Vec<u8>) -> Result<(), Error> {
        let Self::Prelude(prelude) = std::mem::replace(self, Self::Closed(None)) else { return Ok(()) };
        let (survey, held) = prelude.into_parts();
        let mut engine = Box::new(Engine::new(options, survey));
        let result = engine.run(&held, out);
        *self = Self::Running(engine);
        result
    }

    fn close(&mut self) {
        *self = match std::mem::replace(self, Self::Closed(None)) {
            Self::Running(engine) | Self::Closed(Some(engine)) => Self::Closed(Some(engine)),
            Self::Prelude(_) | Self::Closed(None) => Self::Closed(None),
        };
    }
}

/// Transcodes a whole stream at once.
///
/// # Errors
/// [`Error::InvalidOption`], or [`Error::Malformed`] when the input is not empty and holds no transport stream.
pub fn transcode(input: &[u8], options: &Options) -> Result<Vec<u8>, Error> {
    let mut session = Session::open(options)?;
    let mut out = Vec::with_capacity(input.len() + input.len() / 8);
    session.process(input, &mut out)?;
    session.finish(&mut out)?;
    Ok(out)
}
