//! Transient pre-noise processing: the noise that a transform leaves before a transient is replaced by the sound before
//! it (A/52:2018 §E.3.7).

use std::f64::consts::PI;

use super::audfrm::Transient;
use crate::codec::ac3::audblk::MAX_FBW;
use crate::codec::ac3::header::BLOCK_SAMPLES;

/// `TC1` and `TC2`: samples over which the replacement fades in and out (A/52:2018 §E.3.7.2).
const FADE_IN: usize = 256;
const FADE_OUT: usize = 128;

/// How far back a replacement is taken from at most: a fade, and the pre-noise of up to two blocks.
const REACH: usize = FADE_IN + 2 * BLOCK_SAMPLES;

/// A replacement under way, its places counted from the frame's first sample.
#[derive(Debug, Clone, Copy)]
struct Correction {
    /// Where it begins, fading in; before the frame where it began in the frame before.
    start: isize,
    /// Where the transient is, and it ends.
    end: isize,
    /// How far before each sample the one stands that replaces it.
    distance: isize,
}

impl Correction {
    fn new(Transient { location, length }: Transient) -> Self {
        // The transient's noise begins with the block before its own (A/52:2018 §E.3.7.1).
        let pnlen = location % BLOCK_SAMPLES + BLOCK_SAMPLES;
        let total = pnlen + length + FADE_IN;
        // The copy is taken from 2·TC1 + 2·pnlen before the transient on.
        Self {
            start: location.cast_signed() - total.cast_signed(),
            end: location.cast_signed(),
            distance: (FADE_IN + pnlen).cast_signed() - length.cast_signed(),
        }
    }

    /// Share of the replacement in a sample. The standard leaves the fades open and recommends Hann windows.
    fn share(&self, at: isize) -> f32 {
        let hann = |place: isize, length: usize| (0.5 - 0.5 * (PI * (place as f64 + 0.5) / length as f64).cos()) as f32;
        let (since_start, to_end) = (at - self.start, self.end - 1 - at);
        if to_end < FADE_OUT.cast_signed() {
            hann(to_end, FADE_OUT)
        } else if since_start < FADE_IN.cast_signed() {
            hann(since_start, FADE_IN)
        } else {
            1.0
        }
    }
}

/// The sound that replacements are taken from, and a replacement that reaches into the next frame.
#[derive(Debug, Clone)]
pub(super) struct PreNoise {
    /// Last samples of each channel as they were decoded.
    history: [[f32; REACH]; MAX_FBW],
    pending: [Option<Correction>; MAX_FBW],
}

impl PreNoise {
    pub(super) const fn new() -> Self {
        Self { history: [[0.0; REACH]; MAX_FBW], pending: [None; MAX_FBW] }
    }

    /// Replaces what is to be replaced in a channel's frame, and remembers the frame.
    ///
    /// What a frame says of a transient in itself may ask for samples that have left already: those stay, and the rest
    /// is replaced from the frame's begin on if it is longer than both fades. An encoder that has seen the transient come
    /// says so a frame before: `transprocloc` reaches past the frame's end.
    pub(super) fn process(&mut self, channel: usize, transient: Option<Transient>, samples: &mut [f32]) {
        let mut new = transient.map(Correction::new);
        if let Some(correction) = &mut new {
            correction.start = correction.start.max(0);
            if correction.end - correction.start < (FADE_IN + FADE_OUT).cast_signed() {
                new = None;
            }
        }
        let history = &self.history[channel];
        let mut next = [0.0; REACH];
        let kept = REACH.saturating_sub(samples.len());
        next[..kept].copy_from_slice(&history[REACH - kept..]);
        next[kept..].copy_from_slice(&samples[samples.len() - (REACH - kept)..]);
        let pending = self.pending[channel].take();
        for correction in pending.into_iter().chain(new) {
            let first = correction.start.max(0).cast_unsigned();
            let after = correction.end.max(0).cast_unsigned().min(samples.len());
            // Backwards, so that what is copied is still what was decoded.
            for at in (first..after).rev() {
                let from = at.cast_signed() - correction.distance;
                let replacement = match usize::try_from(from) {
                    Ok(from) => samples[from],
                    Err(_) => history[(REACH.cast_signed() + from).max(0).cast_unsigned()],
                };
                let share = correction.share(at.cast_signed());
                samples[at] += share * (replacement - samples[at]);
            }
        }
        let length = samples.len().cast_signed();
        self.pending[channel] = new.or(pending).filter(|correction| correction.end > length).map(|correction| {
            Correction { start: correction.start - length, end: correction.end - length, ..correction }
        });
        self.history[channel] = next;
    }

    /// Forgets what was decoded: other sound follows.
    pub(super) fn reset(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(n: usize) -> f32 {
        (n as f32 * 0.1).sin()
    }

    #[test]
    fn noise_before_a_transient_goes() {
        // A tone of a period that the distance is a multiple of continues through its own copy without a seam.
        let transient = Transient { location: 1400, length: 100 };
        let correction = Correction::new(transient);
        // Block 5 begins at 1280, the one before at 1024: pre-noise of 376 samples.
        assert_eq!(
            (correction.start, correction.end, correction.distance),
            (1400 - 376 - 100 - 256, 1400, 256 + 376 - 100)
        );
        let period = correction.distance as f32 / 10.0;
        let tone = |n: usize| (2.0 * std::f32::consts::PI * n as f32 / period).sin();
        let clean: Vec<f32> = (0..1536).map(tone).collect();
        let mut samples = clean.clone();
        for (n, sample) in samples.iter_mut().enumerate().take(1400).skip(1024) {
            *sample += if n % 2 == 0 { 0.1 } else { -0.1 };
        }
        PreNoise::new().process(0, Some(transient), &mut samples);
        let off = |range: std::ops::Range<usize>| range.map(|n| (samples[n] - clean[n]).abs()).fold(0.0, f32::max);
        assert!(off(0..1400 - FADE_OUT) < 1e-3, "{}", off(0..1400 - FADE_OUT));
        assert!(off(1400..1536) == 0.0 && off(1400 - FADE_OUT..1400) > 0.05);
    }

    #[test]
    fn a_transient_in_the_next_frame_is_one_correction() {
        // The same sound in one buffer and in frames of 256, the transient told in the frame before its pre-noise.
        let location = 256 * 9 + 77;
        let sound: Vec<f32> = (0..256 * 12).map(|n| tone(n) + if n >= location { 1.0 } else { 0.0 }).collect();
        let mut whole = sound.clone();
        PreNoise::new().process(0, Some(Transient { location, length: 30 }), &mut whole);
        assert_ne!(whole, sound);
        let mut pre_noise = PreNoise::new();
        let mut pieces = sound.clone();
        for (index, frame) in pieces.chunks_mut(256).enumerate() {
            let transient = (index == 6).then_some(Transient { location: location - 6 * 256, length: 30 });
            pre_noise.process(0, transient, frame);
        }
        assert_eq!(pieces, whole);
    }

    #[test]
    fn any_transient_is_safe() {
        for blocks in [1, 2, 3, 6] {
            let mut pre_noise = PreNoise::new();
            for location in (0..4096).step_by(4) {
                for length in [0, 255] {
                    let mut samples = [1.0; 1536];
                    let samples = &mut samples[..256 * blocks];
                    pre_noise.process(0, Some(Transient { location, length }), samples);
                    assert!(samples.iter().all(|sample| (0.0..=1.0).contains(sample)));
                }
            }
        }
    }
}
