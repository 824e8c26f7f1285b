//! The clock behind call deadlines: one thread for each engine, which moves the engine's epoch while sessions exist.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use wasmtime::Engine;

/// How often the epoch moves: the resolution of deadlines. At 10 ms a hundred ticks a second cost a few microseconds.
const TICK: Duration = Duration::from_millis(10);

/// Moves an engine's epoch every [`TICK`] while there is a session; asleep otherwise, and gone when dropped.
pub(crate) struct Ticker {
    clock: Arc<Clock>,
    thread: Option<JoinHandle<()>>,
}

struct Clock {
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    sessions: usize,
    stop: bool,
}

impl Clock {
    fn state(&self) -> MutexGuard<'_, State> {
        // Two plain fields cannot be left half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, engine: &Engine) {
        let mut state = self.state();
        while !state.stop {
            state = if state.sessions == 0 {
                self.wake.wait(state).unwrap_or_else(PoisonError::into_inner)
            } else {
                let (state, waited) = self.wake.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner);
                if waited.timed_out() {
                    engine.increment_epoch();
                }
                state
            };
        }
    }
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Self> {
        let clock = Arc::new(Clock { state: Mutex::new(State { sessions: 0, stop: false }), wake: Condvar::new() });
        let thread = std::thread::Builder::new().name("xg2g-ticker".into()).stack_size(64 << 10).spawn({
            let (clock, engine) = (Arc::clone(&clock), engine.clone());
            move || clock.run(&engine)
        })?;
        Ok(Self { clock, thread: Some(thread) })
    }

    /// The epochs that pass before `time` is over for sure: one more than fit, because the first may pass at once.
    pub(crate) fn ticks(time: Duration) -> u64 {
        u64::try_from(time.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX / 2).min(u64::MAX / 2) + 1
    }

    /// Counts a session in: the epoch moves until every session has left.
    pub(crate) fn enter(&self) {
        let mut state = self.clock.state();
        state.sessions += 1;
        if state.sessions == 1 {
            self.clock.wake.notify_one();
        }
    }

    /// Counts a session out.
    pub(crate) fn leave(&self) {
        self.clock.state().sessions -= 1;
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.clock.state().stop = true;
        self.clock.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // It cannot panic; if it did there would be nothing left to do about it.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_never_early() {
        assert_eq!(Ticker::ticks(Duration::ZERO), 1);
        assert_eq!(Ticker::ticks(Duration::from_millis(1)), 2);
        assert_eq!(Ticker::ticks(Duration::from_millis(10)), 2);
        assert_eq!(Ticker::ticks(Duration::from_millis(11)), 3);
        assert!(Ticker::ticks(Duration::MAX) > u64::MAX / 4);
    }
}
