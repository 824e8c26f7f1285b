//! From decoded frames to what the encoder takes.

use super::downmix::{Channels, DualMono, Gains, mono_gain, stereo_gains};
use super::limiter::Limiter;
use crate::codec::{MAX_FRAME_SAMPLES, Pcm};

/// Mixes the frames of one track down, keeps them from clipping and makes interleaved 16-bit samples of them.
///
/// Stereo below full scale passes bit for bit: a sample of 16 bits comes out as it went in. Nothing is allocated but what `out`
/// grows by.
#[derive(Debug)]
pub struct Mixer {
    channels: Channels,
    dual_mono: DualMono,
    limiter: Limiter,
    planes: Box<[[f32; MAX_FRAME_SAMPLES]; 2]>,
}

impl Mixer {
    /// A mixer for one track.
    #[must_use]
    pub fn new(channels: Channels, dual_mono: DualMono) -> Self {
        Self { channels, dual_mono, limiter: Limiter::new(), planes: Box::new([[0.0; MAX_FRAME_SAMPLES]; 2]) }
    }

    /// Mixes one frame and appends it to `out`, interleaved.
    pub fn mix(&mut self, pcm: &Pcm, out: &mut Vec<i16>) {
        let gains = stereo_gains(pcm.layout, pcm.mix, self.dual_mono);
        let samples = pcm.samples();
        let [left, right] = self.planes.each_mut().map(|plane| &mut plane[..samples]);
        match self.channels {
            Channels::Stereo => {
                mix_plane(pcm, &gains, |gain| gain[0], left);
                mix_plane(pcm, &gains, |gain| gain[1], right);
                self.limiter.limit(pcm.sample_rate, &mut [left, right]);
                let start = out.len();
                out.resize(start + 2 * samples, 0);
                for (pair, (left, right)) in out[start..].chunks_exact_mut(2).zip(left.iter().zip(right.iter())) {
                    pair[0] = to_i16(*left);
                    pair[1] = to_i16(*right);
                }
            }
            Channels::Mono => {
                mix_plane(pcm, &gains, mono_gain, left);
                self.limiter.limit(pcm.sample_rate, &mut [left]);
                out.extend(left.iter().copied().map(to_i16));
            }
        }
    }
}

/// Sums the channels of `pcm` into `out`, each by its gain.
fn mix_plane(pcm: &Pcm, gains: &Gains, gain_of: impl Fn([f32; 2]) -> f32, out: &mut [f32]) {
    out.fill(0.0);
    for (channel, &gains) in gains.iter().enumerate().take(pcm.layout.mode.channels()) {
        let gain = gain_of(gains);
        if gain != 0.0 {
            for (out, sample) in out.iter_mut().zip(pcm.plane(channel)) {
                *out += gain * sample;
            }
        }
    }
}

/// The nearest 16-bit sample.
///
/// Not dithered: the error, −98 dB of full scale, lies far under what AAC adds at any bit rate that is asked for, so dither would
/// only be noise that costs bits; and the same input must give the same bytes.
fn to_i16(sample: f32) -> i16 {
    // Adding and taking away 1.5 · 2^23 rounds to a whole number (to even, halfway), where `round` is a call on targets
    // without an instruction for it. The cast saturates, and makes 0 of what is not a number.
    const ROUNDING: f32 = 12_582_912.0;
    (sample * 32768.0 + ROUNDING - ROUNDING) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{ChannelMode, Layout, MAX_CHANNELS};

    /// A frame of `mode` with the low-frequency channel, each channel a constant.
    fn frame(mode: ChannelMode, levels: &[f32]) -> Pcm {
        let mut pcm = Pcm::default();
        pcm.layout = Layout { mode, lfe: true };
        pcm.set_samples(MAX_FRAME_SAMPLES);
        for (channel, &level) in levels.iter().enumerate().take(MAX_CHANNELS) {
            pcm.plane_mut(channel).fill(level);
        }
        pcm
    }

    fn mixed(pcm: &Pcm, channels: Channels) -> Vec<i16> {
        let mut out = vec![7];
        Mixer::new(channels, DualMono::Both).mix(pcm, &mut out);
        assert_eq!(out.remove(0), 7, "what was there stays");
        assert_eq!(out.len(), pcm.samples() * channels.count());
        out
    }

    #[test]
    fn sixteen_bit_stereo_passes_bit_for_bit() {
        let mut pcm = frame(ChannelMode::Stereo, &[]);
        let want: Vec<i16> = (0..2 * MAX_FRAME_SAMPLES).map(|at| (at as i16).wrapping_mul(4391)).collect();
        for (at, pair) in want.chunks_exact(2).enumerate() {
            pcm.plane_mut(0)[at] = f32::from(pair[0]) / 32768.0;
            pcm.plane_mut(1)[at] = f32::from(pair[1]) / 32768.0;
        }
        assert_eq!(mixed(&pcm, Channels::Stereo), want);
    }

    #[test]
    fn surround_is_mixed_by_the_streams_own_levels() {
        let mut pcm = frame(ChannelMode::Front3Rear2, &[0.1, 0.2, 0.3, 0.05, 0.04, 1.0]);
        pcm.mix.center = 0.5;
        pcm.mix.surround = 0.25;
        let left = to_i16(0.1 + 0.5 * 0.2 + 0.25 * 0.05);
        let right = to_i16(0.3 + 0.5 * 0.2 + 0.25 * 0.04);
        assert_eq!(mixed(&pcm, Channels::Stereo)[..2], [left, right]);
        let mono = mixed(&pcm, Channels::Mono)[0];
        assert!((i32::from(mono) - (i32::from(left) + i32::from(right)) / 2).abs() <= 1, "{mono} {left} {right}");
    }

    /// Every mode at full scale in every channel, in phase: the most that a downmix can come to.
    #[test]
    fn the_worst_case_does_not_clip() {
        let modes = [
            ChannelMode::DualMono,
            ChannelMode::Mono,
            ChannelMode::Stereo,
            ChannelMode::Front3,
            ChannelMode::Front2Rear1,
            ChannelMode::Front3Rear1,
            ChannelMode::Front2Rear2,
            ChannelMode::Front3Rear2,
        ];
        for mode in modes {
            for channels in [Channels::Stereo, Channels::Mono] {
                let pcm = frame(mode, &[1.0; MAX_CHANNELS]);
                let mut planes = [0.0; MAX_FRAME_SAMPLES];
                let gains = stereo_gains(pcm.layout, pcm.mix, DualMono::Both);
                mix_plane(&pcm, &gains, |gain| gain[0], &mut planes);
                let loudest = planes[0];
                let out = mixed(&pcm, channels);
                // 32767 also is what saturation would give, so the limiter itself is asked too, in its own tests.
                assert!(out.iter().all(|&sample| sample > 0), "{mode:?} at {loudest}");
                let want = if loudest > 1.0 { 32767 } else { to_i16(loudest) };
                assert_eq!(out[out.len() - 1], want, "{mode:?} at {loudest}");
            }
        }
    }

    #[test]
    fn rounding_is_to_the_nearest_and_saturates() {
        for (sample, want) in [(0.49, 0), (0.51, 1), (1.5, 2), (2.5, 2), (-0.51, -1), (-1.5, -2), (32767.4, 32767)] {
            assert_eq!(to_i16(sample / 32768.0), want, "{sample}");
        }
        assert_eq!(to_i16(1.0), 32767);
        assert_eq!(to_i16(-1.0), -32768);
        assert_eq!(to_i16(f32::INFINITY), 32767);
        assert_eq!(to_i16(f32::NEG_INFINITY), -32768);
        assert_eq!(to_i16(f32::NAN), 0);
        assert_eq!(to_i16(1e30), 32767);
    }

    #[test]
    fn what_is_not_a_number_harms_only_itself() {
        let mut pcm = frame(ChannelMode::Stereo, &[0.5, 0.5]);
        pcm.plane_mut(0)[100] = f32::NAN;
        let out = mixed(&pcm, Channels::Stereo);
        assert_eq!(out[200], 0);
        assert!(out.iter().enumerate().all(|(at, &sample)| at == 200 || sample == 16384));
    }
}
