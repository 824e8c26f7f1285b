//! Rematrixing: bands of a stereo pair coded as sum and difference (A/52:2018 §7.5).

use super::bits::BitReader;
use super::coupling::Coupling;
use super::tables::REMATRIX_BAND_START;

/// `rematflg` of each band, as many as the block that last had them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rematrix {
    flags: [bool; 4],
}

impl Rematrix {
    /// No bands.
    pub(crate) const fn new() -> Self {
        Self { flags: [false; 4] }
    }

    /// Reads the flags after `rematstr`. Where coupling begins low there are fewer (A/52:2018 §5.4.3.20).
    pub(crate) fn read(&mut self, bits: &mut BitReader, coupling: &Coupling) {
        let bands = match coupling.cplbegf {
            0 if coupling.in_use => 2,
            1 | 2 if coupling.in_use => 3,
            _ => 4,
        };
        self.read_bands(bits, bands);
    }

    /// Reads the flags of the first `bands` bands; the others are not rematrixed.
    pub(crate) fn read_bands(&mut self, bits: &mut BitReader, bands: usize) {
        self.flags = [false; 4];
        for flag in self.flags.iter_mut().take(bands) {
            *flag = bits.flag();
        }
    }

    /// Turns sum and difference back into left and right, up to the bin `end` where the first of the two ends.
    pub(crate) fn apply(&self, end: usize, left: &mut [f32], right: &mut [f32]) {
        for (flag, bounds) in self.flags.iter().zip(REMATRIX_BAND_START.windows(2)) {
            let (first, after) = (usize::from(bounds[0]), usize::from(bounds[1]).min(end));
            if !flag || first >= after {
                continue;
            }
            for (left, right) in left[first..after].iter_mut().zip(&mut right[first..after]) {
                (*left, *right) = (*left + *right, *left - *right);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_bands() {
        let mut bits = BitReader::new();
        bits.load(&[0b0101_1111]);
        let mut rematrix = Rematrix::default();
        rematrix.read(&mut bits, &Coupling::default());
        let (mut left, mut right) = ([3.0; 256], [1.0; 256]);
        rematrix.apply(97, &mut left, &mut right);
        let changed: Vec<usize> = (0..256).filter(|&bin| (left[bin], right[bin]) == (4.0, 2.0)).collect();
        assert_eq!(changed, (25..37).chain(61..97).collect::<Vec<_>>());
        assert!((0..256).all(|bin| changed.contains(&bin) || (left[bin], right[bin]) == (3.0, 1.0)));
        for (cplbegf, flags) in [(0, 2), (1, 3), (2, 3), (3, 4)] {
            bits.load(&[0xFF]);
            let mut coupling = Coupling::default();
            (coupling.in_use, coupling.cplbegf) = (true, cplbegf);
            rematrix.read(&mut bits, &coupling);
            assert_eq!(bits.position(), flags, "cplbegf {cplbegf}");
        }
    }
}
