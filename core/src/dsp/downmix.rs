//! Mixing any layout down to stereo or mono. ATSC A/52:2018 §7.8.

use crate::codec::{ChannelMode, MAX_CHANNELS, Mix, Pcm};

/// How many channels come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Channels {
    /// Two.
    #[default]
    Stereo,
    /// One.
    Mono,
}

/// What is heard of a dual-mono track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DualMono {
    /// The first programme left, the second right.
    #[default]
    Both,
    /// Only the first programme.
    First,
    /// Only the second programme.
    Second,
}

/// Gain of each source channel into left and right.
type Gains = [[f32; 2]; MAX_CHANNELS];

/// Mixes frames down and makes interleaved 16-bit samples of them.
#[derive(Debug)]
pub struct Mixer {
    channels: Channels,
    dual_mono: DualMono,
}

impl Mixer {
    /// A mixer.
    #[must_use]
    pub fn new(channels: Channels, dual_mono: DualMono) -> Self {
        Self { channels, dual_mono }
    }

    /// Appends one frame, interleaved.
    pub fn mix(&mut self, pcm: &Pcm, out: &mut Vec<i16>) {
        let gains = gains(pcm.layout.mode, pcm.mix, self.dual_mono);
        let count = pcm.layout.mode.channels();
        for n in 0..pcm.samples() {
            let (mut left, mut right) = (0.0, 0.0);
            for (channel, gain) in gains.iter().enumerate().take(count) {
                let sample = pcm.plane(channel)[n];
                left += gain[0] * sample;
                right += gain[1] * sample;
            }
            match self.channels {
                Channels::Stereo => out.extend_from_slice(&[to_i16(left), to_i16(right)]),
                Channels::Mono => out.push(to_i16(0.5 * (left + right))),
            }
        }
    }
}

fn to_i16(sample: f32) -> i16 {
    (sample * 32768.0).round().clamp(-32768.0, 32767.0) as i16
}

/// The gains of the full-bandwidth channels in the order of `acmod` (§7.8.2); the low-frequency channel is left out.
fn gains(mode: ChannelMode, mix: Mix, dual_mono: DualMono) -> Gains {
    const LEFT: [f32; 2] = [1.0, 0.0];
    const RIGHT: [f32; 2] = [0.0, 1.0];
    const BOTH: [f32; 2] = [1.0, 1.0];
    const NONE: [f32; 2] = [0.0, 0.0];
    let center = [mix.center, mix.center];
    let (left_rear, right_rear) = ([mix.surround, 0.0], [0.0, mix.surround]);
    let mono_rear = [mix.surround * std::f32::consts::FRAC_1_SQRT_2; 2];
    let named: &[[f32; 2]] = match (mode, dual_mono) {
        (ChannelMode::DualMono, DualMono::Both) => &[LEFT, RIGHT],
        (ChannelMode::DualMono, DualMono::First) => &[BOTH, NONE],
        (ChannelMode::DualMono, DualMono::Second) => &[NONE, BOTH],
        (ChannelMode::Mono, _) => &[BOTH],
        (ChannelMode::Stereo, _) => &[LEFT, RIGHT],
        (ChannelMode::Front3, _) => &[LEFT, center, RIGHT],
        (ChannelMode::Front2Rear1, _) => &[LEFT, RIGHT, mono_rear],
        (ChannelMode::Front3Rear1, _) => &[LEFT, center, RIGHT, mono_rear],
        (ChannelMode::Front2Rear2, _) => &[LEFT, RIGHT, left_rear, right_rear],
        (ChannelMode::Front3Rear2, _) => &[LEFT, center, RIGHT, left_rear, right_rear],
    };
    let mut gains = [NONE; MAX_CHANNELS];
    gains[..named.len()].copy_from_slice(named);
    gains
}
