//! The contract's types as Rust, made from the WIT package, and their form as JSON.

#[allow(missing_docs, clippy::all)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "plugin",
        additional_derives: [PartialEq, Eq],
    });
}

pub(crate) use bindings::PluginPre;
pub(crate) use bindings::exports::xg2g::transcoder::transcoder::Guest;
pub use bindings::exports::xg2g::transcoder::transcoder::{
    Action, Channels, DualMono, DynamicRange, Inspection, Options, Program, Report, Track, TrackReport,
};

use wasmtime::Engine;
use wasmtime::component::types::{Component, ComponentItem};
use wasmtime::component::{ComponentNamedList, Lift, Lower, ResourceAny};

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// Compares every function that `component` exports in `interface` with the contract's, before anything is instantiated:
/// wasmtime by itself would do so when an instance's start function has already run.
pub(crate) fn check(component: &Component, engine: &Engine, interface: &str) -> wasmtime::Result<()> {
    type Answer<T> = (Result<T, String>,);

    check_one::<(&Options,), Answer<ResourceAny>>(component, engine, interface, "[static]session.open")?;
    check_one::<(ResourceAny, &[u8]), Answer<Vec<u8>>>(component, engine, interface, "[method]session.process")?;
    check_one::<(ResourceAny,), Answer<Vec<u8>>>(component, engine, interface, "[method]session.finish")?;
    check_one::<(ResourceAny,), (Report,)>(component, engine, interface, "[method]session.report")?;
    check_one::<(&[u8], &Options), Answer<Vec<u8>>>(component, engine, interface, "transcode")?;
    check_one::<(&[u8], &Options), Answer<Inspection>>(component, engine, interface, "inspect")?;
    check_one::<(), (String,)>(component, engine, interface, "version")
}

fn check_one<Parameters, Results>(
    component: &Component,
    engine: &Engine,
    interface: &str,
    name: &str,
) -> wasmtime::Result<()>
where
    Parameters: ComponentNamedList + Lower,
    Results: ComponentNamedList + Lift,
{
    let function = match component.get_export(engine, interface).map(|export| export.ty) {
        Some(ComponentItem::ComponentInstance(instance)) => instance.get_export(engine, name).map(|export| export.ty),
        _ => None,
    };
    match function {
        Some(ComponentItem::ComponentFunc(function)) => function
            .typecheck::<Parameters, Results>(&component.instance_type())
            .map_err(|error| error.context(format!("function `{name}` has other types"))),
        _ => Err(wasmtime::Error::msg(format!("function `{name}` is missing"))),
    }
}

impl Default for Options {
    /// Every option at the default that the contract states.
    fn default() -> Self {
        Self {
            bitrate: None,
            channels: None,
            dual_mono: None,
            dynamic_range: None,
            pids: Vec::new(),
            languages: Vec::new(),
        }
    }
}

/// A record as a JSON object whose keys are the contract's names in snake case. The pattern names every field, so that a
/// field added to the contract cannot be forgotten here.
macro_rules! as_json_object {
    ($record:ident { $($field:ident),+ $(,)? }) => {
        impl Serialize for $record {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let Self { $($field),+ } = self;
                let mut object = serializer.serialize_struct(stringify!($record), [$(stringify!($field)),+].len())?;
                $(object.serialize_field(stringify!($field), $field)?;)+
                object.end()
            }
        }
    };
}

as_json_object!(TrackReport {
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
});
as_json_object!(Report {
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
    tracks,
});
as_json_object!(Track { pid, stream_type, format, language, sample_rate, channels, bitrate, packets, action, reason });
as_json_object!(Program { number, pmt_pid, pcr_pid, tracks });
as_json_object!(Inspection { packet_size, packets, programs });

impl Action {
    /// The contract's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transcode => "transcode",
            Self::Pass => "pass",
        }
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
