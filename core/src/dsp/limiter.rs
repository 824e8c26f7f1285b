//! A peak limiter that adds no delay.
//!
//! It sees one frame at a time, whole, and gives it back whole. Within the frame it looks ahead: the gain comes down in a ramp
//! that ends before the block whose peak asks for it, so nothing is ever clipped and the gain has no step. Only for a peak in
//! a frame's very first block there is nothing before it to look ahead from; then the ramp is as long as the first sample that
//! would overload allows. Where nothing exceeds full scale the samples are not touched at all.

use crate::codec::MAX_FRAME_SAMPLES;

/// Samples over which the gain is one straight line: 0.7 ms at 48 kHz.
const BLOCK: usize = 32;
const BLOCKS: usize = MAX_FRAME_SAMPLES.div_ceil(BLOCK);

/// The most that comes out: the greatest 16-bit sample.
pub(super) const CEILING: f32 = 32767.0 / 32768.0;

/// How far the gain may come down in a block where there is time: from 1 to a half takes 2.7 ms, too short to be heard as
/// the sound ducking and long enough not to be heard as a click.
const ATTACK: f32 = 1.0 / 8.0;

/// How long the gain would take to go up from 0 to 1: after the worst case of a 5.1 mix, 7.7 dB, 120 ms.
const RELEASE_SECONDS: f32 = 0.2;

#[derive(Debug)]
pub(super) struct Limiter {
    /// What the last sample was multiplied by.
    gain: f32,
}

impl Limiter {
    pub fn new() -> Self {
        Self { gain: 1.0 }
    }

    /// Brings `planes`, equally long and at most [`MAX_FRAME_SAMPLES`], to [`CEILING`] at most, all by the same gain: else
    /// the sound would wander between left and right.
    pub fn limit(&mut self, sample_rate: u32, planes: &mut [&mut [f32]]) {
        let samples = planes.first().map_or(0, |plane| plane.len());
        let mut allowed = [1.0f32; BLOCKS];
        let blocks = samples.div_ceil(BLOCK);
        let mut loud = false;
        for plane in planes.iter() {
            for (block, allowed) in plane.chunks(BLOCK).zip(&mut allowed) {
                let peak = peak(block);
                if peak > 1.0 {
                    loud = true;
                    *allowed = allowed.min(CEILING / peak);
                }
            }
        }
        if !loud && self.gain == 1.0 {
            return;
        }

        // ends[k] is the gain at block k's end: no more than what the blocks on either side allow,
        let mut ends = [1.0f32; BLOCKS];
        let release = BLOCK as f32 / (RELEASE_SECONDS * sample_rate.max(1) as f32);
        let mut gain = self.gain;
        for block in 0..blocks {
            let next = if block + 1 < blocks { allowed[block + 1] } else { 1.0 };
            gain = (gain + release).min(allowed[block]).min(next).min(1.0);
            ends[block] = gain;
        }
        // and, from the last to the first, no more than lets it come down slowly.
        for block in (1..blocks).rev() {
            ends[block - 1] = ends[block - 1].min(ends[block] + ATTACK);
        }

        let mut from = self.gain;
        for block in 0..blocks {
            let start = block * BLOCK;
            let length = BLOCK.min(samples - start);
            let to = ends[block];
            let ramp = if from > allowed[block] { safe_ramp(planes, start, length, from) } else { length };
            for plane in planes.iter_mut() {
                apply(&mut plane[start..start + length], from, to, ramp);
            }
            from = to;
        }
        self.gain = from;
    }
}

/// The greatest magnitude; what is not a number counts as nothing and ends as a zero sample.
fn peak(block: &[f32]) -> f32 {
    block.iter().fold(0.0, |peak: f32, sample| peak.max(sample.abs()))
}

/// How long a ramp down from `gain` may be at a frame's start: up to the first sample that `gain` would lift over full scale.
fn safe_ramp(planes: &[&mut [f32]], start: usize, length: usize, gain: f32) -> usize {
    let overloads = |at: &usize| planes.iter().any(|plane| plane[*at].abs() * gain > CEILING);
    (start..start + length).find(overloads).map_or(length, |at| at - start + 1)
}

/// Multiplies by a line that goes from `from`, before the first sample, to `to` at sample `ramp − 1` and stays there.
fn apply(samples: &mut [f32], from: f32, to: f32, ramp: usize) {
    let step = (to - from) / ramp as f32;
    let (sloping, level) = samples.split_at_mut(ramp - 1);
    for (at, sample) in sloping.iter_mut().enumerate() {
        *sample *= from + step * (at + 1) as f32;
    }
    for sample in level {
        *sample *= to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 48_000;

    /// Limits `sound` in frames of `frame` samples.
    fn limited(sound: &[f32], frame: usize) -> Vec<f32> {
        let mut limiter = Limiter::new();
        let mut out = sound.to_vec();
        for frame in out.chunks_mut(frame) {
            limiter.limit(RATE, &mut [frame]);
        }
        out
    }

    fn tone(samples: usize, level: f32) -> Vec<f32> {
        (0..samples).map(|at| level * (at as f32 * 0.13).sin()).collect()
    }

    #[test]
    fn nothing_is_touched_below_full_scale() {
        let sound = tone(10_000, 1.0);
        assert_eq!(limited(&sound, 1536), sound);
    }

    #[test]
    fn nothing_exceeds_the_ceiling_whatever_comes() {
        let mut seed = 1u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 24) as f32
        };
        for frame in [1, 31, 32, 33, 256, 384, 1152, 1536] {
            let sound: Vec<f32> = (0..20_000)
                .map(|_| {
                    let level = if random() < 0.01 { 1000.0 * random() } else { 1.5 };
                    level * (2.0 * random() - 1.0)
                })
                .collect();
            let out = limited(&sound, frame);
            let most = out.iter().fold(0.0, |most: f32, sample| most.max(sample.abs()));
            assert!(most <= CEILING * (1.0 + f32::EPSILON), "frames of {frame}: {most}");
        }
    }

    #[test]
    fn the_gain_has_no_step_and_comes_back_to_exactly_one() {
        // Constant, so that the output is the gain; overloads by the worst case of a 5.1 mix from sample 700 to 800.
        let mut sound = vec![0.5; 30_000];
        sound[700..800].fill(2.414);
        let out = limited(&sound, 1536);
        let gains: Vec<f32> = out.iter().zip(&sound).map(|(out, sound)| out / sound).collect();
        let steps = gains.windows(2).map(|pair| pair[1] - pair[0]);
        let (down, up) = steps.fold((0.0f32, 0.0f32), |(down, up), step| (down.min(step), up.max(step)));
        assert!(down >= -ATTACK / BLOCK as f32 - 1e-6, "{down} in one sample");
        assert!(up <= 1.0 / (RELEASE_SECONDS * RATE as f32) + 1e-6, "{up} in one sample");
        assert!(gains[750] < 0.42, "{}", gains[750]);
        // 0.59 of 0.2 s later.
        assert!(gains[800 + 5000] < 1.0);
        assert_eq!(gains[800 + 5700..], vec![1.0; gains.len() - 6500]);
    }

    #[test]
    fn a_peak_at_a_frames_start_is_reached_in_time() {
        // The third sample of a frame is the first that overloads: three samples for the ramp, nothing clipped.
        let mut sound = vec![0.9; 2 * 256];
        sound[256 + 2..].fill(1.8);
        let out = limited(&sound, 256);
        assert_eq!(out[..256], sound[..256]);
        let gains: Vec<f32> = out.iter().zip(&sound).map(|(out, sound)| out / sound).collect();
        assert!(gains[256] < 1.0 && gains[256] > gains[257] && gains[257] > gains[258]);
        assert!(out.iter().all(|&sample| sample <= CEILING));
    }

    #[test]
    fn both_channels_get_the_same_gain() {
        let (mut left, mut right) = (tone(1536, 2.0), vec![0.25; 1536]);
        Limiter::new().limit(RATE, &mut [&mut left, &mut right]);
        for (at, (left, right)) in left.iter().zip(&right).enumerate() {
            assert!((left - 2.0 * (at as f32 * 0.13).sin() * right / 0.25).abs() < 1e-6);
        }
        assert!(right.iter().any(|&sample| sample < 0.13));
    }
}
