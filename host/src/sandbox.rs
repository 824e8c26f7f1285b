//! One instance of a plugin, and what a call into it can come to.

use wasmtime::{Store, Trap as Engine, WasmBacktrace};

use crate::contract::Guest;
use crate::limits::Tally;
use crate::ticker::Ticker;
use crate::{Error, Exceeded, Limits, Plugin, Trap};

/// Frames of a backtrace that an error keeps.
const FRAMES: usize = 32;

/// An instance with a store, limits and a deadline of its own. After a call that failed it cannot be entered again.
pub(crate) struct Sandbox {
    store: Store<Tally>,
    guest: Guest,
    plugin: Plugin,
    limits: Limits,
    /// Bytes of the stream that were taken in.
    pub(crate) position: u64,
    ended: Option<String>,
}

impl Sandbox {
    pub(crate) fn new(plugin: &Plugin, limits: &Limits) -> Result<Self, Error> {
        let shared = plugin.shared();
        let mut store = Store::new(&shared.engine, Tally::new(limits.memory));
        store.limiter(|tally| tally);
        // Otherwise a few bytes of the plugin's memory, listed often enough, could ask for any amount of the host's.
        store.set_hostcall_fuel(limits.memory);
        store.set_epoch_deadline(Ticker::ticks(limits.call_time));
        shared.ticker.enter();
        let instance = shared.pre.instantiate(&mut store).map_err(|error| {
            shared.ticker.leave();
            explain(error, &store, plugin, limits, "open", 0, |reason, _, _| Error::Host(reason))
        })?;
        let guest = instance.xg2g_transcoder_transcoder().clone();
        Ok(Self { store, guest, plugin: plugin.clone(), limits: *limits, position: 0, ended: None })
    }

    /// Calls into the plugin under the deadline. A failure ends the sandbox, and every later call is [`Error::Closed`].
    pub(crate) fn call<T>(
        &mut self,
        call: &'static str,
        enter: impl FnOnce(&mut Store<Tally>, &Guest) -> wasmtime::Result<T>,
    ) -> Result<T, Error> {
        if let Some(end) = &self.ended {
            return Err(Error::Closed(format!("the session ended earlier: {end}")));
        }
        self.store.set_epoch_deadline(Ticker::ticks(self.limits.call_time));
        enter(&mut self.store, &self.guest).map_err(|error| {
            let broken = |reason, call, position| Error::Contract { reason, call, position };
            let error = explain(error, &self.store, &self.plugin, &self.limits, call, self.position, broken);
            self.end(error)
        })
    }

    /// The error that a string of the plugin stands for. One that begins with no kind of the contract ends the sandbox.
    pub(crate) fn refusal(&mut self, call: &'static str, text: &str) -> Error {
        Error::from_contract(text).unwrap_or_else(|| {
            let shown: String = text.chars().take(200).collect();
            let reason = format!("its error begins with no kind: {shown:?}");
            self.end(Error::Contract { reason, call, position: self.position })
        })
    }

    /// The largest sum of memories and tables so far, in bytes.
    pub(crate) fn memory_peak(&self) -> usize {
        self.store.data().peak()
    }

    fn end(&mut self, error: Error) -> Error {
        self.ended = Some(error.to_string());
        error
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.plugin.shared().ticker.leave();
    }
}

/// Tells a limit from a trap from a broken contract. `other` makes the error of what is neither limit nor trap.
fn explain(
    error: wasmtime::Error,
    store: &Store<Tally>,
    plugin: &Plugin,
    limits: &Limits,
    call: &'static str,
    position: u64,
    other: impl FnOnce(String, &'static str, u64) -> Error,
) -> Error {
    let backtrace: Vec<String> = error.downcast_ref::<WasmBacktrace>().map(frames).unwrap_or_default();
    let function = backtrace.iter().find(|name| !is_panic_machinery(name)).cloned();
    let trap = error.downcast_ref::<Engine>().copied();
    let exceeded = match trap {
        _ if store.data().refused().is_some() => store.data().refused(),
        Some(Engine::Interrupt) => Some(Exceeded::Time { limit: limits.call_time }),
        Some(Engine::StackOverflow) => Some(Exceeded::Stack { limit: plugin.shared().stack as u64 }),
        None if is_hostcall_fuel(&error) => Some(Exceeded::Answer { limit: limits.memory as u64 }),
        _ => None,
    };
    if let Some(exceeded) = exceeded {
        return Error::Exceeded { exceeded, call, position, function };
    }
    match trap {
        Some(trap) => {
            let reason = trap.to_string();
            let reason = reason.strip_prefix("wasm trap: ").unwrap_or(&reason).to_owned();
            Error::Trap(Trap { reason, call, position, function, backtrace })
        }
        None => other(error.root_cause().to_string(), call, position),
    }
}

/// Wasmtime gives this error no type of its own; a test holds the words to what they are.
fn is_hostcall_fuel(error: &wasmtime::Error) -> bool {
    error.root_cause().to_string().contains("fuel allocated for hostcalls has been exhausted")
}

fn frames(backtrace: &WasmBacktrace) -> Vec<String> {
    let name = |frame: &wasmtime::FrameInfo| match frame.func_name() {
        Some(name) => format!("{:#}", rustc_demangle::demangle(name)),
        None => format!("function {}", frame.func_index()),
    };
    backtrace.frames().iter().take(FRAMES).map(name).collect()
}

/// Whether a function is what Rust runs between a panic, or a failed allocation, and the trap.
fn is_panic_machinery(name: &str) -> bool {
    const PREFIXES: [&str; 8] = ["core::", "std::", "alloc::", "__rust", "rust_", "__rustc::", "abort", "dlmalloc::"];
    PREFIXES.iter().any(|prefix| name.trim_start_matches('<').starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::is_panic_machinery;

    #[test]
    fn the_function_named_is_the_plugin_s_own() {
        for name in
            ["core::panicking::panic_fmt", "__rustc::rust_begin_unwind", "<alloc::vec::Vec<T> as X>::y", "abort"]
        {
            assert!(is_panic_machinery(name), "{name}");
        }
        for name in ["xg2g_core::ts::packet::parse", "aacEncEncode", "<xg2g_core::Session as Drop>::drop", "function 7"]
        {
            assert!(!is_panic_machinery(name), "{name}");
        }
    }
}
