//! Each type of the contract and its twin in `xg2g_core`.

use crate::bindings::exports::xg2g::transcoder::transcoder as wit;
use xg2g_core::pipeline;

impl From<wit::Options> for pipeline::Options {
    fn from(options: wit::Options) -> Self {
        Self {
            bitrate: options.bitrate,
            channels: match options.channels {
                Some(wit::Channels::Stereo) => pipeline::Channels::Stereo,
                Some(wit::Channels::Mono) => pipeline::Channels::Mono,
                None => pipeline::Channels::default(),
            },
            dual_mono: match options.dual_mono {
                Some(wit::DualMono::Both) => pipeline::DualMono::Both,
                Some(wit::DualMono::First) => pipeline::DualMono::First,
                Some(wit::DualMono::Second) => pipeline::DualMono::Second,
                None => pipeline::DualMono::default(),
            },
            dynamic_range: match options.dynamic_range {
                Some(wit::DynamicRange::Off) => pipeline::DynamicRange::Off,
                Some(wit::DynamicRange::Line) => pipeline::DynamicRange::Line,
                Some(wit::DynamicRange::Rf) => pipeline::DynamicRange::Rf,
                None => pipeline::DynamicRange::default(),
            },
            pids: options.pids,
            languages: options.languages,
        }
    }
}

impl From<pipeline::Inspection> for wit::Inspection {
    fn from(inspection: pipeline::Inspection) -> Self {
        let pipeline::Inspection { packet_size, packets, programs } = inspection;
        Self { packet_size, packets, programs: programs.into_iter().map(Into::into).collect() }
    }
}

impl From<pipeline::Program> for wit::Program {
    fn from(program: pipeline::Program) -> Self {
        let pipeline::Program { number, pmt_pid, pcr_pid, tracks } = program;
        Self { number, pmt_pid, pcr_pid, tracks: tracks.into_iter().map(Into::into).collect() }
    }
}

impl From<pipeline::Track> for wit::Track {
    fn from(track: pipeline::Track) -> Self {
        let pipeline::Track {
            pid,
            stream_type,
            format,
            language,
            sample_rate,
            channels,
            bitrate,
            packets,
            action,
            reason,
        } = track;
        let action = match action {
            pipeline::Action::Transcode => wit::Action::Transcode,
            pipeline::Action::Pass => wit::Action::Pass,
        };
        Self { pid, stream_type, format, language, sample_rate, channels, bitrate, packets, action, reason }
    }
}

/// The core's report with what only the component knows: how much memory it has, in bytes.
pub fn report(report: pipeline::Report, memory: u64) -> wit::Report {
    let pipeline::Report {
        bytes_in,
        bytes_out,
        packets_in,
        packets_out,
        resyncs,
        bytes_skipped,
        continuity_errors,
        transport_errors,
        scrambled_packets,
        crc_errors,
        tracks,
    } = report;
    wit::Report {
        bytes_in,
        bytes_out,
        packets_in,
        packets_out,
        resyncs,
        bytes_skipped,
        continuity_errors,
        transport_errors,
        scrambled_packets,
        crc_errors,
        memory,
        tracks: tracks.into_iter().map(Into::into).collect(),
    }
}

impl From<pipeline::TrackReport> for wit::TrackReport {
    fn from(track: pipeline::TrackReport) -> Self {
        let pipeline::TrackReport {
            pid,
            codec,
            language,
            sample_rate,
            channels,
            frames_decoded,
            frames_concealed,
            bytes_skipped,
            access_units,
            samples_inserted,
            samples_dropped,
            reanchors,
            drift_us,
        } = track;
        Self {
            pid,
            codec,
            language,
            sample_rate,
            channels,
            frames_decoded,
            frames_concealed,
            bytes_skipped,
            access_units,
            samples_inserted,
            samples_dropped,
            reanchors,
            drift_us,
        }
    }
}
