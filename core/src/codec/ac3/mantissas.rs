//! Mantissas: their quantisers, their groups, and dither for those of no bits (A/52:2018 §7.3).

use super::bits::BitReader;
use super::exponents::MAX_EXPONENT;
use super::tables::{BAP_1, BAP_2, BAP_3, BAP_4, BAP_5, MANTISSA_BITS};

/// What each exponent multiplies a mantissa with: 2^−exponent and a gain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scales([f32; 32]);

impl Scales {
    /// For coefficients that are to come out `gain` times as strong as coded.
    pub(crate) fn new(gain: f32) -> Self {
        let mut scales = [0.0; 32];
        let mut scale = gain;
        for slot in &mut scales[..=usize::from(MAX_EXPONENT)] {
            *slot = scale;
            scale *= 0.5;
        }
        Self(scales)
    }

    /// The scale of an exponent.
    #[inline(always)]
    pub(crate) fn of(&self, exponent: u8) -> f32 {
        self.0[usize::from(exponent & 31)]
    }
}

/// Noise in the place of coefficients too weak to be coded (A/52:2018 §7.3.4): even between ±0.707, each value
/// uncorrelated with the others. The standard leaves the generator open; this one starts the same in every decoder, so
/// that the same stream always gives the same samples.
#[derive(Debug, Clone)]
pub(crate) struct Dither(u32);

impl Dither {
    pub(crate) fn new() -> Self {
        Self(0x0B77_0B77)
    }

    /// The next mantissa.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> f32 {
        // A linear congruential generator (Knuth's constants); its upper bits, which the conversion keeps, are the good ones.
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0.cast_signed() as f32 * (std::f32::consts::FRAC_1_SQRT_2 / 2_147_483_648.0)
    }
}

/// Mantissas that were coded together with earlier ones of the same block and wait for their turn. Groups run on across
/// channels, but not across blocks (A/52:2018 §7.3.5).
#[derive(Debug, Default)]
pub(crate) struct Groups {
    bap_1: Pending,
    bap_2: Pending,
    bap_4: Pending,
}

#[derive(Debug, Default)]
struct Pending {
    mantissas: [f32; 2],
    count: usize,
}

impl Pending {
    /// The next mantissa of this kind: one that waits, or the first of the group that `read` gives.
    #[inline(always)]
    fn next<const GROUP: usize>(&mut self, read: impl FnOnce() -> &'static [f32; GROUP]) -> f32 {
        if self.count > 0 {
            self.count -= 1;
            // The last to come is the first stored, so that the count says where the next one is.
            return self.mantissas[self.count & 1];
        }
        let group = read();
        for (slot, mantissa) in self.mantissas.iter_mut().zip(group[1..].iter().rev()) {
            *slot = *mantissa;
        }
        self.count = GROUP - 1;
        group[0]
    }
}

impl Groups {
    /// Reads the mantissas of a channel's bins and makes coefficients of them. `bap`, `exponents` and `coefficients` are
    /// of the same bins. Without `dither`, mantissas of no bits are zero.
    pub(crate) fn read(
        &mut self,
        bits: &mut BitReader,
        scales: &Scales,
        mut dither: Option<&mut Dither>,
        bap: &[u8],
        exponents: &[u8],
        coefficients: &mut [f32],
    ) {
        for ((coefficient, &bap), &exponent) in coefficients.iter_mut().zip(bap).zip(exponents) {
            let mantissa = match bap {
                0 => dither.as_mut().map_or(0.0, |dither| dither.next()),
                1 => self.bap_1.next(|| &BAP_1[bits.take(5) as usize]),
                2 => self.bap_2.next(|| &BAP_2[bits.take(7) as usize]),
                3 => BAP_3[bits.take(3) as usize],
                4 => self.bap_4.next(|| &BAP_4[bits.take(7) as usize]),
                5 => BAP_5[bits.take(4) as usize],
                _ => {
                    // Two's complement with the point after the sign (A/52:2018 §7.3.3): shifted to the top of 32 bits
                    // its weight is the same whatever its length.
                    let length = u32::from(MANTISSA_BITS[usize::from(bap & 15)]);
                    (bits.take_signed(length) << (32 - length)) as f32 * (1.0 / 2_147_483_648.0)
                }
            };
            *coefficient = mantissa * scales.of(exponent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_run_on_across_channels() {
        // bap 1: code 5 is -2/3, 0, 2/3; bap 4: code 11 * 3 + 7; bap 3: code 6; bap 15: 0x4000, a half.
        let fields = [(5u64, 5), (33 + 7, 7), (6, 3), (0x4000, 16)];
        let packed = fields.iter().fold(0u64, |packed, &(value, bits)| packed << bits | value) << (64 - 31);
        let mut bits = BitReader::new();
        bits.load(&packed.to_be_bytes());
        let (mut groups, scales) = (Groups::default(), Scales::new(1.0));
        let mut first = [9.0; 3];
        groups.read(&mut bits, &scales, None, &[1, 4, 0], &[0, 1, 0], &mut first);
        let mut second = [9.0; 5];
        groups.read(&mut bits, &scales, None, &[1, 3, 4, 1, 15], &[0, 0, 0, 3, 2], &mut second);
        assert_eq!(first, [-2.0 / 3.0, -4.0 / 11.0 / 2.0, 0.0]);
        assert_eq!(second, [0.0, 6.0 / 7.0, 4.0 / 11.0, 2.0 / 3.0 / 8.0, 0.5 / 4.0]);
        assert_eq!(bits.position(), 31);
    }

    #[test]
    fn asymmetric_mantissas_reach_minus_one() {
        for (bap, length) in MANTISSA_BITS.iter().enumerate().skip(6) {
            let mut bits = BitReader::new();
            bits.load(&[0x80, 0, 0, 0]);
            let mut coefficient = [0.0];
            Groups::default().read(&mut bits, &Scales::new(1.0), None, &[bap as u8], &[0], &mut coefficient);
            assert_eq!((coefficient[0], bits.position()), (-1.0, usize::from(*length)));
        }
    }

    #[test]
    fn dither_is_even_and_has_no_offset() {
        let mut dither = Dither::new();
        let values: Vec<f64> = (0..100_000).map(|_| f64::from(dither.next())).collect();
        let limit = f64::from(std::f32::consts::FRAC_1_SQRT_2);
        assert!(values.iter().all(|value| value.abs() <= limit));
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        // An even distribution over ±a has the power a²/3.
        let power = values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64;
        assert!(mean.abs() < 0.005 && (power - 0.5 / 3.0).abs() < 0.002, "mean {mean}, power {power}");
        let next = values.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / values.len() as f64;
        assert!(next.abs() < 0.002, "neighbours correlate: {next}");
    }
}
