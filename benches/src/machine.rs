//! What the measurements were made on.

use std::fs;

use serde::Serialize;

/// What the measurements were made on.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// The processor, as it names itself.
    pub cpu: Option<String>,
    /// How many threads it runs at a time.
    pub threads: usize,
    /// Operating system and architecture.
    pub system: String,
    /// Runnable tasks, over the last minute, before the first run: far above 1 the times are worth little.
    pub load: Option<f64>,
}

impl Machine {
    pub fn this() -> Self {
        Self {
            cpu: cpu(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            load: fs::read_to_string("/proc/loadavg").ok().and_then(|text| text.split(' ').next()?.parse().ok()),
        }
    }
}

fn cpu() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
