//! Tables of ATSC A/52:2018 Annex E, each with its number.

use crate::codec::ac3::exponents::ExponentStrategy::{self, D15, D25, D45, Reuse};

/// Exponent strategies of a channel's six blocks by `frmchexpstr` (A/52:2018 Table E2.10).
#[rustfmt::skip]
pub(super) const FRAME_EXPONENT_STRATEGIES: [[ExponentStrategy; 6]; 32] = [
    [D15, Reuse, Reuse, Reuse, Reuse, Reuse], [D15, Reuse, Reuse, Reuse, Reuse, D45],
    [D15, Reuse, Reuse, Reuse, D25, Reuse], [D15, Reuse, Reuse, Reuse, D45, D45],
    [D25, Reuse, Reuse, D25, Reuse, Reuse], [D25, Reuse, Reuse, D25, Reuse, D45],
    [D25, Reuse, Reuse, D45, D25, Reuse], [D25, Reuse, Reuse, D45, D45, D45],
    [D25, Reuse, D15, Reuse, Reuse, Reuse], [D25, Reuse, D25, Reuse, Reuse, D45],
    [D25, Reuse, D25, Reuse, D25, Reuse], [D25, Reuse, D25, Reuse, D45, D45],
    [D25, Reuse, D45, D25, Reuse, Reuse], [D25, Reuse, D45, D25, Reuse, D45],
    [D25, Reuse, D45, D45, D25, Reuse], [D25, Reuse, D45, D45, D45, D45],
    [D45, D15, Reuse, Reuse, Reuse, Reuse], [D45, D15, Reuse, Reuse, Reuse, D45],
    [D45, D25, Reuse, Reuse, D25, Reuse], [D45, D25, Reuse, Reuse, D45, D45],
    [D45, D25, Reuse, D25, Reuse, Reuse], [D45, D25, Reuse, D25, Reuse, D45],
    [D45, D25, Reuse, D45, D25, Reuse], [D45, D25, Reuse, D45, D45, D45],
    [D45, D45, D15, Reuse, Reuse, Reuse], [D45, D45, D25, Reuse, Reuse, D45],
    [D45, D45, D25, Reuse, D25, Reuse], [D45, D45, D25, Reuse, D45, D45],
    [D45, D45, D45, D25, Reuse, Reuse], [D45, D45, D45, D25, Reuse, D45],
    [D45, D45, D45, D45, D25, Reuse], [D45, D45, D45, D45, D45, D45],
];

/// `sdcycod` to `floorcod` where a frame carries none (A/52:2018 Table E1.4, `bamode` 0).
pub(super) const DEFAULT_BIT_ALLOCATION: [usize; 5] = [2, 1, 1, 2, 7];

/// `fgaincod` where a block carries none (A/52:2018 Table E1.4).
pub(super) const DEFAULT_FGAINCOD: usize = 4;

/// Which sub-bands of spectral extension join the one below, where no structure is sent (A/52:2018 Table E2.11).
pub(super) const DEFAULT_SPX_STRUCTURE: u32 = structure(&[8, 10, 12, 14, 16]);

/// The same of coupling (A/52:2018 Table E2.12).
pub(super) const DEFAULT_CPL_STRUCTURE: u32 = structure(&[8, 10, 11, 13, 14, 15, 16, 17]);

/// The same of enhanced coupling (A/52:2018 §E.2.3.3.18).
pub(super) const DEFAULT_ECPL_STRUCTURE: u32 = structure(&[9, 11, 13, 15, 16, 17, 19, 20, 21]);

/// A bit for each sub-band that joins the one below.
const fn structure(joined: &[u32]) -> u32 {
    let (mut bits, mut index) = (0, 0);
    while index < joined.len() {
        bits |= 1 << joined[index];
        index += 1;
    }
    bits
}

/// High-efficiency bit allocation pointers, by the address that `baptab` has (`hebaptab`, A/52:2018 Table E3.1).
pub(super) const HEBAP: [u8; 64] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11, 12, 12, 12, 12, 13, 13, 13, 13, 14,
    14, 14, 14, 15, 15, 15, 15, 16, 16, 16, 16, 17, 17, 17, 17, 18, 18, 18, 18, 18, 18, 18, 18, 19, 19, 19, 19, 19, 19,
    19, 19, 19,
];

/// Bits by `hebap`: of a vector's code up to 7, of a mantissa without gain from 8 on (A/52:2018 Table E3.2).
pub(super) const HEBAP_BITS: [u8; 20] = [0, 2, 3, 4, 5, 7, 8, 9, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16];

/// First bin of each sub-band of enhanced coupling and, last, the bin after them (A/52:2018 Table E3.9).
pub(super) const ECPL_SUBBAND_START: [u8; 23] =
    [13, 19, 25, 31, 37, 49, 61, 73, 85, 97, 109, 121, 133, 145, 157, 169, 181, 193, 205, 217, 229, 241, 253];

/// Amplitudes by `ecplamp`: steps of about 1.5 dB down from 1, the last one silence (A/52:2018 Table E3.10: mantissas of
/// 5 fractional bits and exponents).
pub(super) const ECPL_AMPLITUDES: [f32; 32] = {
    const MANTISSAS: [f32; 4] = [27.0, 23.0, 19.0, 16.0];
    let mut amplitudes = [0.0; 32];
    amplitudes[0] = 1.0;
    let mut code = 1;
    while code < 31 {
        amplitudes[code] = MANTISSAS[(code - 1) % 4] / (32u32 << ((code - 1) / 4)) as f32;
        code += 1;
    }
    amplitudes
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_strategies_are_one_tree() {
        // The 32 codes are five binary choices: each code's strategies begin like its neighbour's, every set has new
        // exponents in its first block, and no two sets are the same.
        for (code, strategies) in FRAME_EXPONENT_STRATEGIES.iter().enumerate() {
            assert_ne!(strategies[0], Reuse);
            assert!(FRAME_EXPONENT_STRATEGIES[..code].iter().all(|other| other != strategies), "code {code}");
            assert_eq!(strategies[5] == D45, code % 2 == 1, "code {code}");
        }
    }

    #[test]
    fn hebap_addresses_the_same_steps_as_baptab() {
        use crate::codec::ac3::tables::BAP;
        // Where a scalar mantissa has its bits for a while, the other table has about as many.
        assert!(HEBAP.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1));
        for address in 15..64 {
            let bits = f32::from(HEBAP_BITS[usize::from(HEBAP[address])]);
            let other = f32::from(crate::codec::ac3::tables::MANTISSA_BITS[usize::from(BAP[address])]);
            assert!(other == 0.0 || (bits - other).abs() <= 1.0, "address {address}");
        }
    }

    #[test]
    fn amplitudes_fall_by_a_decibel_and_a_half() {
        assert_eq!((ECPL_AMPLITUDES[4], ECPL_AMPLITUDES[5], ECPL_AMPLITUDES[31]), (0.5, 27.0 / 64.0, 0.0));
        for pair in ECPL_AMPLITUDES[..31].windows(2) {
            let step = 20.0 * (pair[0] / pair[1]).log10();
            assert!((step - 1.5).abs() < 0.25, "{step} dB");
        }
        assert!((20.0 * ECPL_AMPLITUDES[30].log10() + 45.01).abs() < 0.01);
    }
}
