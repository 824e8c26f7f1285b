//! The process's plugin and the limits of its sessions.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use xg2g_transcoder::{Limits, Plugin, find_plugin};

use crate::failure::Failure;

/// What all handles share.
struct Process {
    plugin: Option<Plugin>,
    /// `None`: the host's defaults.
    limits: Option<Limits>,
}

static PROCESS: Mutex<Process> = Mutex::new(Process { plugin: None, limits: None });

fn process() -> MutexGuard<'static, Process> {
    PROCESS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The plugin and limits for a new session. The first caller loads the plugin and the others wait for it; one that was not
/// found is looked for again the next time.
pub(crate) fn shared() -> Result<(Plugin, Limits), Failure> {
    let mut process = process();
    let plugin = match &process.plugin {
        Some(plugin) => plugin.clone(),
        None => process.plugin.insert(Plugin::from_file(find_plugin(None)?)?).clone(),
    };
    Ok((plugin, process.limits.unwrap_or_default()))
}

/// Makes the plugin at `path`, or the one that is found without, the process's. Handles that exist keep theirs.
pub(crate) fn load(path: Option<&Path>) -> Result<(), Failure> {
    // Compiled outside of the lock: sessions of the plugin before can be opened meanwhile.
    let plugin = Plugin::from_file(find_plugin(path)?)?;
    process().plugin = Some(plugin);
    Ok(())
}

/// Sets the limits of the sessions to come; 0 means the default.
pub(crate) fn set_limits(memory: u64, call_time_ms: u32) -> Result<(), Failure> {
    let mut limits = Limits::default();
    if memory > 0 {
        let too_much = || Failure::argument(format!("{memory} bytes of memory are more than this machine can address"));
        limits.memory = usize::try_from(memory).map_err(|_| too_much())?;
    }
    if call_time_ms > 0 {
        limits.call_time = Duration::from_millis(call_time_ms.into());
    }
    process().limits = Some(limits);
    Ok(())
}
