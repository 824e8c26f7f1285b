//! Dynamic range: the encoder's gains for a block and for a frame (A/52:2018 §7.7).

/// How far the stream's dynamic range control is followed (A/52:2018 §7.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DynamicRange {
    /// `dynrng` and `compr` are ignored: the full range.
    Off,
    /// `dynrng` of each block is applied: what a decoder does by default.
    #[default]
    Line,
    /// `compr` of each frame is applied where it exists, else `dynrng`: a narrow range for small speakers.
    Rf,
}

/// The gain that `dynrng` stands for, −24 to +24 dB: a power of two by its upper three bits, and between two such by the
/// lower five (A/52:2018 §7.7.1.2).
pub(crate) fn dynrng_gain(dynrng: u8) -> f32 {
    gain(dynrng, 5)
}

/// The gain that `compr` stands for, −48 to +48 dB: the same with four bits each (A/52:2018 §7.7.2.2).
pub(crate) fn compr_gain(compr: u8) -> f32 {
    gain(compr, 4)
}

/// 2^(X+1) · 0.1Y, X being the signed upper bits of `word`, Y the lower ones behind a leading 1.
fn gain(word: u8, y_bits: u32) -> f32 {
    let x = i32::from(word.cast_signed() >> y_bits);
    let y_one = 1u32 << y_bits;
    let y = (u32::from(word) & (y_one - 1)) | y_one;
    y as f32 / (2 * y_one) as f32 * 2f32.powi(x + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decibels(gain: f32) -> f32 {
        20.0 * gain.log10()
    }

    #[test]
    fn gains_span_the_standards_ranges() {
        assert_eq!((dynrng_gain(0), compr_gain(0)), (1.0, 1.0));
        // A/52:2018 §7.7.1.2: 0111 1111 is +23.95 dB, 1000 0000 is -24.08 dB.
        assert!((decibels(dynrng_gain(0x7F)) - 23.95).abs() < 0.01);
        assert!((decibels(dynrng_gain(0x80)) + 24.08).abs() < 0.01);
        // A/52:2018 §7.7.2.2: 0111 1111 is +47.89 dB, 1000 0000 is -48.16 dB.
        assert!((decibels(compr_gain(0x7F)) - 47.89).abs() < 0.01);
        assert!((decibels(compr_gain(0x80)) + 48.16).abs() < 0.01);
        assert_eq!((dynrng_gain(0x20), dynrng_gain(0xFF)), (2.0, 63.0 / 64.0));
    }
}
