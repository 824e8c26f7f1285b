//! What each coded channel contributes to left and right: ATSC A/52:2018 §7.8.
//!
//! The standard's coefficients are taken unscaled. §7.8.2 offers to divide them by their sum so that nothing can overload, at
//! the price of 7.7 dB for a 5.1 programme; then dialogue would no longer be where `dialnorm` says, and every change between
//! 5.1 and stereo would be a jump in loudness. Overload is rare and left to the [limiter](super::limiter).

use crate::codec::{ChannelMode, Layout, MAX_CHANNELS, Mix};

/// How many channels come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Channels {
    /// Two.
    #[default]
    Stereo,
    /// One.
    Mono,
}

impl Channels {
    /// How many that is.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Self::Stereo => 2,
            Self::Mono => 1,
        }
    }
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

/// Gain of each coded channel into left and right; 0 where there is no channel.
pub(super) type Gains = [[f32; 2]; MAX_CHANNELS];

const MINUS_3_DB: f32 = std::f32::consts::FRAC_1_SQRT_2;
const LEFT: [f32; 2] = [1.0, 0.0];
const RIGHT: [f32; 2] = [0.0, 1.0];
const NONE: [f32; 2] = [0.0, 0.0];

/// The gains into left and right (Lo/Ro, §7.8.1 and §7.8.2). The low-frequency channel is left out, as §7.8 permits: small
/// speakers gain nothing from it, and full-scale effects would only drive the limiter.
///
/// A mono programme, or one of a dual-mono pair, goes into both at [`Mix::center`]. That is −3 dB in AC-3 (§7.8.1), where a
/// centre channel is meant for a loudspeaker of its own: its dialogue then is as loud as the same dialogue in 5.1 or, mixed
/// into a phantom centre, in stereo, all at the same `dialnorm`. MPEG audio knows no centre; a station that switches to mono
/// sends the one signal that was in both channels, so its decoder says 1.
pub(super) fn stereo_gains(layout: Layout, mix: Mix, dual_mono: DualMono) -> Gains {
    let center = [mix.center; 2];
    let (left_surround, right_surround) = ([mix.surround, 0.0], [0.0, mix.surround]);
    // One surround channel feeds both sides, at −3 dB each, so that its power stays what it was.
    let surround = [mix.surround * MINUS_3_DB; 2];
    let channels: &[[f32; 2]] = match (layout.mode, dual_mono) {
        (ChannelMode::DualMono, DualMono::First) => &[center, NONE],
        (ChannelMode::DualMono, DualMono::Second) => &[NONE, center],
        (ChannelMode::DualMono, DualMono::Both) | (ChannelMode::Stereo, _) => &[LEFT, RIGHT],
        (ChannelMode::Mono, _) => &[center],
        (ChannelMode::Front3, _) => &[LEFT, center, RIGHT],
        (ChannelMode::Front2Rear1, _) => &[LEFT, RIGHT, surround],
        (ChannelMode::Front3Rear1, _) => &[LEFT, center, RIGHT, surround],
        (ChannelMode::Front2Rear2, _) => &[LEFT, RIGHT, left_surround, right_surround],
        (ChannelMode::Front3Rear2, _) => &[LEFT, center, RIGHT, left_surround, right_surround],
    };
    let mut gains = [NONE; MAX_CHANNELS];
    gains[..channels.len()].copy_from_slice(channels);
    gains
}

/// The gain into one channel: half of left and right together. What is in the middle, dialogue above all, is then as loud as
/// in stereo, since players send a mono track to both loudspeakers.
pub(super) fn mono_gain([left, right]: [f32; 2]) -> f32 {
    0.5 * (left + right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gains_of(mode: ChannelMode, dual_mono: DualMono) -> Gains {
        let mix = Mix { center: 0.5, surround: 0.25, dialnorm: Some(-24) };
        stereo_gains(Layout { mode, lfe: true }, mix, dual_mono)
    }

    #[test]
    fn every_mode_as_the_standard_says() {
        const C: [f32; 2] = [0.5, 0.5];
        const S: [f32; 2] = [0.25 * MINUS_3_DB; 2];
        const LS: [f32; 2] = [0.25, 0.0];
        const RS: [f32; 2] = [0.0, 0.25];
        let cases: [(ChannelMode, DualMono, &[[f32; 2]]); 10] = [
            (ChannelMode::DualMono, DualMono::Both, &[LEFT, RIGHT]),
            (ChannelMode::DualMono, DualMono::First, &[C, NONE]),
            (ChannelMode::DualMono, DualMono::Second, &[NONE, C]),
            (ChannelMode::Mono, DualMono::First, &[C]),
            (ChannelMode::Stereo, DualMono::First, &[LEFT, RIGHT]),
            (ChannelMode::Front3, DualMono::Both, &[LEFT, C, RIGHT]),
            (ChannelMode::Front2Rear1, DualMono::Both, &[LEFT, RIGHT, S]),
            (ChannelMode::Front3Rear1, DualMono::Both, &[LEFT, C, RIGHT, S]),
            (ChannelMode::Front2Rear2, DualMono::Both, &[LEFT, RIGHT, LS, RS]),
            (ChannelMode::Front3Rear2, DualMono::Both, &[LEFT, C, RIGHT, LS, RS]),
        ];
        for (mode, dual_mono, want) in cases {
            let gains = gains_of(mode, dual_mono);
            assert_eq!(&gains[..want.len()], want, "{mode:?} {dual_mono:?}");
            // The low-frequency channel, which follows, is silent, and so is all that does not exist.
            assert!(gains[want.len()..].iter().all(|&gain| gain == NONE), "{mode:?}");
        }
    }

    #[test]
    fn mono_keeps_the_level_of_what_is_in_the_middle() {
        let gains = gains_of(ChannelMode::Front3, DualMono::Both);
        assert_eq!(gains.map(mono_gain)[..3], [0.5, 0.5, 0.5]);
        let phantom: f32 = gains_of(ChannelMode::Stereo, DualMono::Both).map(mono_gain).iter().sum();
        assert_eq!(phantom, 1.0);
    }
}
