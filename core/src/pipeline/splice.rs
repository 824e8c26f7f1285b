//! Making a frame shorter or longer without a click. Samples are interleaved.

/// Samples over which a cut is faded: 1.3 ms at 48 kHz.
const FADE_SAMPLES: usize = 64;

/// Takes the first `cut` samples of each channel away; what was to follow fades into what does.
pub fn crossfade_cut(frame: &mut Vec<i16>, channels: usize, cut: usize) {
    let cut = (cut * channels).min(frame.len());
    let fade = (FADE_SAMPLES * channels).min(frame.len() - cut);
    for i in 0..fade {
        let weight = (i / channels) as i32;
        let (old, new) = (i32::from(frame[i]), i32::from(frame[cut + i]));
        let mixed = (old * (FADE_SAMPLES as i32 - weight) + new * weight) / FADE_SAMPLES as i32;
        frame[cut + i] = mixed as i16;
    }
    frame.drain(..cut);
}

/// Appends `frame` to `out`, longer by `by` samples of each channel (shorter where negative), by cubic interpolation.
pub fn stretch(frame: &[i16], channels: usize, by: i64, out: &mut Vec<i16>) {
    let length = frame.len() / channels;
    let target = length as i64 + by;
    if by == 0 || target < 2 || length < 4 {
        out.extend_from_slice(frame);
        return;
    }
    let step = (length - 1) as f64 / (target - 1) as f64;
    for n in 0..target {
        let place = n as f64 * step;
        let whole = (place as usize).min(length - 1);
        let t = (place - whole as f64) as f32;
        for channel in 0..channels {
            let at = |i: usize| f32::from(frame[i.min(length - 1) * channels + channel]);
            let (a, b, c, d) = (at(whole.saturating_sub(1)), at(whole), at(whole + 1), at(whole + 2));
            let value = b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)));
            out.push(value.round().clamp(-32768.0, 32767.0) as i16);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(length: usize) -> Vec<i16> {
        (0..length).flat_map(|n| [((n as f32 * 0.05).sin() * 20_000.0) as i16, n as i16]).collect()
    }

    #[test]
    fn a_stretched_frame_has_the_length_and_no_step() {
        for by in [-24i64, -1, 0, 1, 24] {
            let mut out = vec![5, 5];
            stretch(&sine(1536), 2, by, &mut out);
            assert_eq!(out.len() as i64, 2 + 2 * (1536 + by));
            let left: Vec<i32> = out[2..].chunks(2).map(|s| i32::from(s[0])).collect();
            let steepest = left.windows(2).map(|w| (w[1] - w[0]).abs()).max();
            assert!(steepest <= Some(1040), "{steepest:?}");
            assert_eq!((out[2], out[3]), (0, 0));
            assert_eq!(out.last(), Some(&1535));
        }
    }

    #[test]
    fn a_cut_begins_where_the_frame_began() {
        let mut frame = sine(1000);
        crossfade_cut(&mut frame, 2, 100);
        assert_eq!(frame.len(), 2 * 900);
        assert_eq!(frame[1], 0, "the ramp goes on from the sample before");
        assert_eq!(frame[2 * FADE_SAMPLES + 1], 100 + FADE_SAMPLES as i16);
        let mut all = sine(10);
        crossfade_cut(&mut all, 2, 10);
        assert!(all.is_empty());
    }
}
