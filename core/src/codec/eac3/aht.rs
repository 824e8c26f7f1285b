//! The adaptive hybrid transform: a bin's six mantissas of a frame, coded together (A/52:2018 §E.3.4).

use std::f64::consts::{PI, SQRT_2};

use super::tables::HEBAP_BITS;
use super::vq_tables::{VQ_1, VQ_2, VQ_3, VQ_4, VQ_5, VQ_6, VQ_7};
use crate::codec::FrameError;
use crate::codec::ac3::bits::BitReader;
use crate::codec::ac3::header::BLOCKS;
use crate::codec::ac3::mantissas::Scales;

/// The lowest `hebap` of a scalar quantiser; below it a code is a vector of six mantissas.
const FIRST_SCALAR: u8 = 8;

/// `gaqmod`: which gains a bin's mantissas may have been coded with (A/52:2018 Table E3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GainMode {
    /// None.
    None,
    /// 1 or this power of two, a bit for each bin.
    OneOr(u32),
    /// 1, 2 or 4, five bits for three bins.
    OneTwoFour,
}

impl GainMode {
    fn from_code(gaqmod: u32) -> Self {
        match gaqmod & 3 {
            0 => Self::None,
            1 => Self::OneOr(1),
            2 => Self::OneOr(2),
            _ => Self::OneTwoFour,
        }
    }

    /// Whether a bin of this `hebap` has a gain (A/52:2018 §E.3.4.2, `endbap`).
    fn has_gain(self, hebap: u8) -> bool {
        match self {
            Self::None => false,
            Self::OneOr(1) => (FIRST_SCALAR..12).contains(&hebap),
            Self::OneOr(_) | Self::OneTwoFour => (FIRST_SCALAR..17).contains(&hebap),
        }
    }
}

/// The transform between a bin's six mantissas and its coefficients in six blocks.
#[derive(Debug, Clone)]
pub(super) struct HybridTransform {
    basis: [[f32; BLOCKS]; BLOCKS],
}

impl HybridTransform {
    pub(super) fn new() -> Self {
        // A/52:2018 §E.3.4.5, but for its leading factor 2: decoders in the field take √2, with which a bin that is the same
        // in all six blocks has its own value as the first mantissa; the text's would be 3 dB too loud.
        let basis = |block: usize, k: usize| {
            let gain = if k == 0 { 1.0 } else { SQRT_2 };
            gain * ((k * (2 * block + 1)) as f64 * PI / 12.0).cos()
        };
        Self { basis: std::array::from_fn(|block| std::array::from_fn(|k| basis(block, k) as f32)) }
    }

    fn inverse(&self, mantissas: &[f32; BLOCKS]) -> [f32; BLOCKS] {
        std::array::from_fn(|block| {
            self.basis[block].iter().zip(mantissas).map(|(basis, mantissa)| basis * mantissa).sum()
        })
    }

    /// Reads a channel's bins `start` to `end` and puts their coefficients into all six blocks. Bins of no bits become
    /// zero; their dither is each block's own.
    ///
    /// # Errors
    /// [`FrameError::Malformed`] when a group of gains is reserved.
    pub(super) fn read(
        &self,
        bits: &mut BitReader,
        (start, end): (usize, usize),
        hebap: &[u8; 256],
        exponents: &[u8; 256],
        blocks: &mut [[f32; 256]],
    ) -> Result<(), FrameError> {
        let mode = GainMode::from_code(bits.take(2));
        let gains = read_gains(bits, mode, (start, end), hebap)?;
        let scales = Scales::new(1.0);
        for bin in start..end {
            let coefficients = match hebap[bin] {
                0 => [0.0; BLOCKS],
                hebap => {
                    let mantissas = if hebap < FIRST_SCALAR {
                        read_vector(bits, hebap)
                    } else {
                        std::array::from_fn(|_| read_scalar(bits, hebap, gains[bin]))
                    };
                    self.inverse(&mantissas)
                }
            };
            let scale = scales.of(exponents[bin]);
            for (block, coefficient) in blocks.iter_mut().zip(coefficients) {
                block[bin] = coefficient * scale;
            }
        }
        Ok(())
    }
}

/// Reads the gains of all bins that have one, as powers of two (A/52:2018 §E.3.4.2, Table E3.4).
fn read_gains(
    bits: &mut BitReader,
    mode: GainMode,
    (start, end): (usize, usize),
    hebap: &[u8; 256],
) -> Result<[u8; 256], FrameError> {
    let mut gains = [0; 256];
    let (mut group, mut left) = (0, 0);
    for bin in (start..end).filter(|&bin| mode.has_gain(hebap[bin])) {
        gains[bin] = match mode {
            GainMode::None => 0,
            GainMode::OneOr(power) => (bits.take(1) * power) as u8,
            GainMode::OneTwoFour => {
                if left == 0 {
                    (group, left) = (bits.take(5), 3);
                    if group > 26 {
                        return Err(FrameError::Malformed("a group of gains is above 26"));
                    }
                }
                left -= 1;
                (group / 3u32.pow(left) % 3) as u8
            }
        };
    }
    Ok(gains)
}

/// Reads six mantissas at once (A/52:2018 §E.3.4.4.1).
fn read_vector(bits: &mut BitReader, hebap: u8) -> [f32; BLOCKS] {
    let code = bits.take(u32::from(HEBAP_BITS[usize::from(hebap)])) as usize;
    let vector = match hebap {
        1 => VQ_1[code],
        2 => VQ_2[code],
        3 => VQ_3[code],
        4 => VQ_4[code],
        5 => VQ_5[code],
        6 => VQ_6[code],
        _ => VQ_7[code],
    };
    vector.map(|value| f32::from(value) / 32_768.0)
}

/// Reads one mantissa that was coded with a gain of 2^`gain` (A/52:2018 §E.3.4.4.2, Tables E3.5 and E3.6).
///
/// The quantisers are given by their steps instead of by Table E3.6's rounded factors: without gain 2/(2^m − 1); with one
/// a small mantissa, or, announced by the code that no small one has, a large one, whose magnitudes start at 1/gain and
/// end at 1. Of a large one the text's table has `m` bits for both gains; with a gain of 2 it has `m` − 1.
fn read_scalar(bits: &mut BitReader, hebap: u8, gain: u8) -> f32 {
    let m = u32::from(HEBAP_BITS[usize::from(hebap)]);
    if gain == 0 {
        return bits.take_signed(m) as f32 * 2.0 / ((1u32 << m) - 1) as f32;
    }
    let small_bits = m - u32::from(gain);
    let small = bits.take_signed(small_bits);
    if small != -(1 << (small_bits - 1)) {
        return small as f32 / (1u32 << (m - 1)) as f32;
    }
    let (large_bits, threshold, step) = if gain == 1 {
        (m - 1, 0.5, 1.0 / ((1u32 << (m - 1)) - 1) as f32)
    } else {
        (m, 0.25, 3.0 / ((1u32 << (m + 1)) - 2) as f32)
    };
    let large = bits.take_signed(large_bits);
    // Codes −1, −2 … mirror 0, 1 …
    let magnitude = threshold + (large ^ (large >> 31)) as f32 * step;
    if large < 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transform_is_orthogonal_and_keeps_what_is_constant() {
        let transform = HybridTransform::new();
        assert_eq!(transform.inverse(&[0.5, 0.0, 0.0, 0.0, 0.0, 0.0]), [0.5; 6]);
        for a in 0..BLOCKS {
            for b in 0..BLOCKS {
                let product: f32 = (0..BLOCKS).map(|block| transform.basis[block][a] * transform.basis[block][b]).sum();
                assert!((product - if a == b { 6.0 } else { 0.0 }).abs() < 1e-5, "{a} and {b}: {product}");
            }
        }
    }

    /// The one mantissa that a bit string holds.
    fn scalar(hebap: u8, gain: u8, text: &str) -> f32 {
        let value = u32::from_str_radix(text, 2).unwrap() << (32 - text.len());
        let mut bits = BitReader::new();
        bits.load(&value.to_be_bytes());
        let mantissa = read_scalar(&mut bits, hebap, gain);
        assert_eq!(bits.position(), text.len());
        mantissa
    }

    #[test]
    fn quantisers_are_table_e3_6s() {
        // The table's factors and offsets in 1/32768 for m = 3, 4 and 11: without gain, and of large mantissas.
        for (hebap, m, none, by_2, by_4) in [
            (8, 3, 4681, (-10923, -5461), (-4681, -1170)),
            (9, 4, 2185, (-14043, -11703), (-6554, -4915)),
            (16, 11, 16, (-16368, -16352), (-8180, -8168)),
        ] {
            let close = |ours: f32, table: f64| {
                assert!(
                    (f64::from(ours) - table).abs() < 2.0 / 32_768.0,
                    "hebap {hebap}: {ours}, by the table {table}"
                );
            };
            let remapped = |value: f64, a: i32, b: f64| value + value * f64::from(a) / 32_768.0 + b;
            let fraction = |code: i32, bits: u32| f64::from(code) / f64::from(1 << (bits - 1));
            let word = |code: i32, bits: u32| format!("{:0width$b}", code & ((1 << bits) - 1), width = bits as usize);
            let largest = (1 << (m - 1)) - 1;
            for code in [-largest, -1, 0, 1, largest] {
                close(scalar(hebap, 0, &word(code, m)), remapped(fraction(code, m), none, 0.0));
            }
            for (gain, large_bits, (a, b), threshold) in [(1, m - 1, by_2, 0.5), (2, m, by_4, 0.25)] {
                let small_bits = m - gain;
                let mark = word(-(1 << (small_bits - 1)), small_bits);
                let largest = (1 << (large_bits - 1)) - 1;
                for code in [-largest - 1, -1, 0, largest] {
                    let offset = if code < 0 { f64::from(b) / 32_768.0 } else { threshold };
                    let text = mark.clone() + &word(code, large_bits);
                    close(scalar(hebap, gain as u8, &text), remapped(fraction(code, large_bits), a, offset));
                }
                let code = 1 - (1 << (small_bits - 1));
                if small_bits > 1 {
                    close(scalar(hebap, gain as u8, &word(code, small_bits)), fraction(code, m));
                }
            }
        }
    }

    #[test]
    fn gains_come_first_and_in_groups() {
        // gaqmod 3; hebap 8, 12, 17 (no gain), 9, 16: gains of four bins in two groups: 1·9 + 0·3 + 2 = 11, then 2·9 = 18.
        let mut hebap = [0; 256];
        hebap[..5].copy_from_slice(&[8, 12, 17, 9, 16]);
        let mut bits = BitReader::new();
        bits.load(&[0b0101_1100, 0b1000_0000]);
        let gains = read_gains(&mut bits, GainMode::OneTwoFour, (0, 5), &hebap).unwrap();
        assert_eq!((&gains[..5], bits.position()), (&[1u8, 0, 0, 2, 2][..], 10));
        bits.load(&[0b1010_0000]);
        let gains = read_gains(&mut bits, GainMode::OneOr(1), (0, 5), &hebap).unwrap();
        assert_eq!((&gains[..5], bits.position()), (&[1u8, 0, 0, 0, 0][..], 2));
        bits.load(&[0b1010_0000]);
        let gains = read_gains(&mut bits, GainMode::OneOr(2), (0, 5), &hebap).unwrap();
        assert_eq!((&gains[..5], bits.position()), (&[2u8, 0, 0, 2, 0][..], 4));
        bits.load(&[0xFF]);
        assert!(read_gains(&mut bits, GainMode::OneTwoFour, (0, 5), &hebap).is_err());
    }
}
