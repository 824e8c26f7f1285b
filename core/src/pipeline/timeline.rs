//! Where each sample stands on the stream's clock, and what is done when the source's time stamps disagree.
//!
//! Sound is placed by counting samples from an anchor, a frame whose PTS is known: that is exact where a PTS is rounded to
//! 90 kHz. Each further PTS is compared with the count. (Rules 3 and 4 of the project's timeline.)

use std::collections::VecDeque;

use crate::ts::Pts;

/// Disagreement up to here is rounding and jitter, and left alone: half a millisecond, in ticks of 90 kHz.
const TOLERANCE_TICKS: i64 = 45;

/// Disagreement up to here is drift, and absorbed little by little: four milliseconds.
const DRIFT_TICKS: i64 = 360;

/// The longest gap that is filled and the longest overlap that is cut: one second. Beyond it the clock has jumped.
const MAX_CORRECTION_TICKS: i64 = Pts::HZ;

/// Drift is absorbed by at most one sample in this many.
const STRETCH_LIMIT: i64 = 64;

/// What is to be done before a frame is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// Nothing.
    None,
    /// Make the frame this many samples longer, or shorter where negative.
    Stretch(i64),
    /// Fill a gap of this many samples first.
    Fill(u64),
    /// Cut this many samples off.
    Cut(u64),
    /// The clock has jumped: the frame is a new anchor.
    Jump,
}

/// Where samples stand on the stream's clock.
#[derive(Debug)]
pub struct Timeline {
    sample_rate: i64,
    /// Anchors in the order of their positions; the last is in force for what comes.
    anchors: VecDeque<(i64, Pts)>,
    /// Running mean of the disagreement, in 1/16 ticks.
    mean_16: i64,
    last_ticks: i64,
}

impl Timeline {
    /// A timeline without an anchor.
    #[must_use]
    pub fn new(sample_rate: u32) -> Self {
        Self { sample_rate: i64::from(sample_rate), anchors: VecDeque::new(), mean_16: 0, last_ticks: 0 }
    }

    /// Whether there is an anchor.
    #[must_use]
    pub fn is_anchored(&self) -> bool {
        !self.anchors.is_empty()
    }

    /// Makes `position` (in samples) stand at `pts` from there on.
    pub fn anchor(&mut self, position: i64, pts: Pts) {
        while self.anchors.back().is_some_and(|(place, _)| *place >= position) {
            self.anchors.pop_back();
        }
        self.anchors.push_back((position, pts));
        self.mean_16 = 0;
        self.last_ticks = 0;
    }

    /// The time at which a position stands; positions before the first anchor count back from it.
    #[must_use]
    pub fn pts_at(&self, position: i64) -> Option<Pts> {
        let in_force = self.anchors.iter().rev().find(|(place, _)| *place <= position);
        let &(place, pts) = in_force.or(self.anchors.front())?;
        Some(pts.offset(self.to_ticks(position - place)))
    }

    /// Forgets anchors that are not needed for positions from here on.
    pub fn forget_before(&mut self, position: i64) {
        while self.anchors.get(1).is_some_and(|(place, _)| *place <= position) {
            self.anchors.pop_front();
        }
    }

    /// How far the last PTS was ahead of the count, in microseconds.
    #[must_use]
    pub fn drift_us(&self) -> i64 {
        self.last_ticks * 1_000_000 / Pts::HZ
    }

    /// Compares the PTS of a frame of `samples` with the place that it would get.
    pub fn observe(&mut self, position: i64, samples: usize, pts: Pts) -> Correction {
        let Some(&(place, anchor)) = self.anchors.back() else { return Correction::Jump };
        let ticks = pts.since(anchor.offset(self.to_ticks(position - place)));
        if ticks.abs() > MAX_CORRECTION_TICKS {
            return Correction::Jump;
        }
        self.last_ticks = ticks;
        if ticks.abs() > DRIFT_TICKS {
            self.mean_16 = 0;
            let samples = (ticks.abs() * self.sample_rate / Pts::HZ) as u64;
            return if ticks > 0 { Correction::Fill(samples) } else { Correction::Cut(samples) };
        }
        self.mean_16 += (ticks * 16 - self.mean_16) / 4;
        if self.mean_16.abs() <= TOLERANCE_TICKS * 16 {
            return Correction::None;
        }
        let most = (samples as i64 / STRETCH_LIMIT).max(1);
        let stretch = (self.mean_16 * self.sample_rate / (Pts::HZ * 16)).clamp(-most, most);
        self.mean_16 -= self.to_ticks(stretch) * 16;
        Correction::Stretch(stretch)
    }

    /// Samples as ticks of 90 kHz, rounded to the nearest.
    fn to_ticks(&self, samples: i64) -> i64 {
        (samples * Pts::HZ * 2 + self.sample_rate).div_euclid(self.sample_rate * 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Pts = Pts::new((1 << 33) - 90_000);

    fn anchored() -> Timeline {
        let mut timeline = Timeline::new(44_100);
        timeline.anchor(0, START);
        timeline
    }

    #[test]
    fn a_day_of_44_1_khz_ends_on_the_tick() {
        let timeline = anchored();
        let day = 86_400 * 44_100;
        assert_eq!(timeline.pts_at(day).expect("anchored").since(START.offset(86_400 * 90_000 - (1 << 33))), 0);
        assert_eq!(timeline.pts_at(-441).expect("anchored"), START.offset(-900));
    }

    #[test]
    fn rounding_is_left_alone() {
        let mut timeline = anchored();
        for frame in 0..10_000i64 {
            let pts = START.offset(frame * 1536 * 90_000 / 44_100);
            assert_eq!(timeline.observe(frame * 1536, 1536, pts), Correction::None);
        }
    }

    #[test]
    fn gaps_are_filled_overlaps_cut_and_jumps_anchored() {
        let mut timeline = anchored();
        assert_eq!(timeline.observe(4410, 1536, START.offset(9000 + 900)), Correction::Fill(441));
        assert_eq!(timeline.observe(4410, 1536, START.offset(9000 - 900)), Correction::Cut(441));
        assert_eq!(timeline.observe(4410, 1536, START.offset(9000 + 90_001)), Correction::Jump);
        timeline.anchor(4410, START.offset(5_000_000));
        assert_eq!(timeline.pts_at(4409), Some(START.offset(8998)));
        assert_eq!(timeline.pts_at(4411), Some(START.offset(5_000_002)));
        timeline.forget_before(5000);
        assert_eq!(timeline.pts_at(4409), Some(START.offset(4_999_998)));
    }

    #[test]
    fn drift_of_200_ppm_stays_below_a_millisecond() {
        for ppm in [200, -200] {
            let mut timeline = anchored();
            let (mut position, mut worst) = (0i64, 0i64);
            for frame in 0..20_000i64 {
                let source = frame * 1536;
                let pts = START.offset((source * 90_000 * (1_000_000 + ppm)) / (44_100 * 1_000_000));
                match timeline.observe(position, 1536, pts) {
                    Correction::None => position += 1536,
                    Correction::Stretch(by) => {
                        assert!(by != 0 && by.abs() <= 24);
                        position += 1536 + by;
                    }
                    other => panic!("{other:?} for a drift"),
                }
                worst = worst.max(timeline.last_ticks.abs());
            }
            assert!(worst < 90, "{worst} ticks at {ppm} ppm");
        }
    }
}
