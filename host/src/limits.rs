//! What one session may use, and the accounting of its memory.

use std::time::Duration;

use wasmtime::ResourceLimiter;

use crate::Exceeded;

/// Bytes that one element of a table costs: a pointer.
const TABLE_ELEMENT: usize = size_of::<usize>();

/// What one session may use. Exceeding a limit ends that session with [`crate::Error::Exceeded`] and nothing else.
///
/// The size of the call stack is a matter of compilation and so of the whole plugin: [`crate::PluginConfig::stack`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of linear memory and tables, summed over everything in the session, code's own data and stack included. Default
    /// 16 MiB. Growth beyond it ends the session with [`Exceeded::Memory`]. One call also hands at most as many bytes to the
    /// host ([`Exceeded::Answer`]).
    pub memory: usize,
    /// Wall time of one call into the plugin, which takes at most [`crate::PIECE`] bytes of a stream (`inspect`: at most
    /// [`crate::INSPECT_MAX`]). Default 2 s; resolution 10 ms, rounded up. A longer call ends the session with
    /// [`Exceeded::Time`].
    pub call_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 16 << 20, call_time: Duration::from_secs(2) }
    }
}

/// Adds up what the memories and tables of one session take, and refuses what goes beyond the limit.
///
/// A refusal traps rather than failing `memory.grow`: the limit ends the session in any case, and so the error can name the
/// function that asked.
#[derive(Debug)]
pub(crate) struct Tally {
    limit: usize,
    used: usize,
    peak: usize,
    /// What the growth that was allowed last added, to be taken off again if the operating system refuses it.
    last: usize,
    refused: Option<Exceeded>,
}

impl Tally {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, used: 0, peak: 0, last: 0, refused: None }
    }

    /// The refusal that ended the session, if one did.
    pub(crate) fn refused(&self) -> Option<Exceeded> {
        self.refused
    }

    /// The largest sum so far, in bytes.
    pub(crate) fn peak(&self) -> usize {
        self.peak
    }

    fn grow(&mut self, bytes: usize) -> wasmtime::Result<bool> {
        let wanted = self.used.saturating_add(bytes);
        if wanted > self.limit {
            let refusal = Exceeded::Memory { limit: self.limit as u64, wanted: wanted as u64 };
            self.refused = Some(refusal);
            return Err(wasmtime::Error::new(refusal));
        }
        self.used = wanted;
        self.peak = self.peak.max(wanted);
        self.last = bytes;
        Ok(true)
    }

    fn take_back(&mut self) {
        self.used -= std::mem::take(&mut self.last);
    }
}

impl ResourceLimiter for Tally {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.grow(desired.saturating_sub(current))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.take_back();
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.grow(desired.saturating_sub(current).saturating_mul(TABLE_ELEMENT))
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.take_back();
        Ok(())
    }

    // One plugin is one core module, which its component may wrap in a few small ones (shims, fix-ups).
    fn instances(&self) -> usize {
        16
    }

    fn tables(&self) -> usize {
        16
    }

    fn memories(&self) -> usize {
        4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_are_summed() {
        let mut tally = Tally::new(1000 + 10 * TABLE_ELEMENT);
        assert!(tally.memory_growing(0, 400, None).unwrap());
        assert!(tally.memory_growing(0, 600, None).unwrap());
        assert!(tally.table_growing(0, 10, None).unwrap());
        assert_eq!(tally.refused(), None);
        assert!(tally.table_growing(10, 11, None).is_err());
        assert!(matches!(tally.refused(), Some(Exceeded::Memory { .. })));
        assert_eq!(tally.peak(), 1000 + 10 * TABLE_ELEMENT);
    }

    #[test]
    fn growth_beyond_the_module_s_own_maximum_is_no_violation() {
        let mut tally = Tally::new(1000);
        assert!(!tally.memory_growing(0, 5000, Some(500)).unwrap());
        assert_eq!(tally.refused(), None);
        assert!(tally.memory_growing(0, 1000, None).unwrap());
    }

    #[test]
    fn growth_that_the_system_refused_is_taken_back() {
        let mut tally = Tally::new(1000);
        assert!(tally.memory_growing(0, 900, None).unwrap());
        tally.memory_grow_failed(wasmtime::Error::msg("no memory")).unwrap();
        tally.memory_grow_failed(wasmtime::Error::msg("no growth before this one")).unwrap();
        assert!(tally.memory_growing(0, 1000, None).unwrap());
    }
}
