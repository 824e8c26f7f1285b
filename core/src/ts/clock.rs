//! The two clocks of a transport stream and their wrap-around.

/// Ticks of 90 kHz in one turn of the 33-bit clock.
const TURN: u64 = 1 << 33;

/// A presentation or decoding time: 90 kHz, modulo 2^33 (about 26.5 hours). ISO/IEC 13818-1:2023 §2.4.3.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pts(u64);

impl Pts {
    /// Ticks a second.
    pub const HZ: i64 = 90_000;

    /// The time of this many ticks, modulo 2^33.
    #[must_use]
    pub const fn new(ticks: u64) -> Self {
        Self(ticks % TURN)
    }

    /// Ticks, less than 2^33.
    #[must_use]
    pub const fn ticks(self) -> u64 {
        self.0
    }

    /// This time moved by a number of ticks, either way.
    #[must_use]
    pub const fn offset(self, ticks: i64) -> Self {
        Self((self.0 as i64 + ticks).rem_euclid(TURN as i64) as u64)
    }

    /// Ticks from `earlier` to here by the shorter way round: −2^32 to 2^32 − 1.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        let forward = (self.0 + TURN - earlier.0) % TURN;
        if forward < TURN / 2 { forward as i64 } else { forward as i64 - TURN as i64 }
    }
}

/// A programme clock reference: 27 MHz, the 33-bit base times 300 plus the extension. ISO/IEC 13818-1:2023 §2.4.2.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pcr(u64);

impl Pcr {
    /// Ticks a second.
    pub const HZ: i64 = 27_000_000;

    /// From the two fields of the adaptation field.
    #[must_use]
    pub const fn new(base: u64, extension: u16) -> Self {
        Self((base % TURN) * 300 + extension as u64 % 300)
    }

    /// Ticks, less than 300 × 2^33.
    #[must_use]
    pub const fn ticks(self) -> u64 {
        self.0
    }

    /// The 33-bit base, on the clock of [`Pts`].
    #[must_use]
    pub const fn base(self) -> Pts {
        Pts(self.0 / 300)
    }

    /// Ticks from `earlier` to here by the shorter way round.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        let turn = TURN * 300;
        let forward = (self.0 + turn - earlier.0) % turn;
        if forward < turn / 2 { forward as i64 } else { forward as i64 - turn as i64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pts_differences_cross_the_wrap_both_ways() {
        let before = Pts::new(TURN - 10);
        let after = Pts::new(20);
        assert_eq!(after.since(before), 30);
        assert_eq!(before.since(after), -30);
        assert_eq!(before.offset(30), after);
        assert_eq!(after.offset(-30), before);
    }

    #[test]
    fn pcr_is_base_times_300_plus_extension() {
        let pcr = Pcr::new(TURN - 1, 299);
        assert_eq!(pcr.ticks(), (TURN - 1) * 300 + 299);
        assert_eq!(Pcr::new(0, 0).since(pcr), 1);
        assert_eq!(pcr.base(), Pts::new(TURN - 1));
    }
}
