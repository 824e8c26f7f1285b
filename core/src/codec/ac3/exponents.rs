//! Exponents: how they are shared among blocks and bins, and their differences (A/52:2018 §7.1).

use super::bits::BitReader;
use crate::codec::FrameError;

/// The greatest exponent (A/52:2018 §7.1.1).
pub(crate) const MAX_EXPONENT: u8 = 24;

/// `chexpstr`, `cplexpstr`, `lfeexpstr`: how a block's exponents come (A/52:2018 Tables 7.4 and 7.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExponentStrategy {
    /// The previous block's hold on.
    Reuse,
    /// An exponent for every bin.
    D15,
    /// An exponent for every 2 bins.
    D25,
    /// An exponent for every 4 bins.
    D45,
}

impl ExponentStrategy {
    /// The strategy by its two bits.
    pub(crate) fn from_code(code: u32) -> Self {
        match code & 3 {
            0 => Self::Reuse,
            1 => Self::D15,
            2 => Self::D25,
            _ => Self::D45,
        }
    }

    /// Bins that share an exponent; 0 for reuse.
    fn bins(self) -> usize {
        match self {
            Self::Reuse => 0,
            Self::D15 => 1,
            Self::D25 => 2,
            Self::D45 => 4,
        }
    }
}

/// The five differences that a coded difference 0 to 4 stands for are −2 to 2 (A/52:2018 Table 7.1).
const DIFFERENCE_BIAS: i32 = 2;

/// Reads the exponents of a full-bandwidth or low-frequency channel up to bin `end`: the first as it is, the others as
/// differences. For reuse nothing is read.
///
/// # Errors
/// [`FrameError::Malformed`] when an exponent leaves its range.
pub(crate) fn read_channel(
    bits: &mut BitReader,
    strategy: ExponentStrategy,
    end: usize,
    exponents: &mut [u8; 256],
) -> Result<(), FrameError> {
    if strategy == ExponentStrategy::Reuse {
        return Ok(());
    }
    let absolute = bits.take(4);
    exponents[0] = absolute as u8;
    // Bin 0 has its own; the groups cover the others, the last one perhaps beyond `end` (A/52:2018 §7.1.3, nchgrps).
    let groups = (end - 1).div_ceil(3 * strategy.bins());
    read_groups(bits, strategy, groups, absolute as i32, &mut exponents[1..])
}

/// Reads the exponents of the coupling channel from bin `start` up to bin `end`. The absolute exponent is no bin's: it
/// only starts the differences, and is coded at half its value. For reuse nothing is read.
///
/// # Errors
/// [`FrameError::Malformed`] when an exponent leaves its range.
pub(crate) fn read_coupling(
    bits: &mut BitReader,
    strategy: ExponentStrategy,
    start: usize,
    end: usize,
    exponents: &mut [u8; 256],
) -> Result<(), FrameError> {
    if strategy == ExponentStrategy::Reuse {
        return Ok(());
    }
    let absolute = bits.take(4) << 1;
    let groups = (end - start) / (3 * strategy.bins());
    read_groups(bits, strategy, groups, absolute as i32, &mut exponents[start..])
}

/// Reads `groups` groups of three differences each, and gives each exponent to as many bins as share it.
fn read_groups(
    bits: &mut BitReader,
    strategy: ExponentStrategy,
    groups: usize,
    absolute: i32,
    exponents: &mut [u8],
) -> Result<(), FrameError> {
    let bins = strategy.bins();
    let mut exponent = absolute;
    for group in exponents.chunks_mut(3 * bins).take(groups) {
        let code = bits.take(7) as i32;
        if code > 124 {
            return Err(FrameError::Malformed("an exponent group is above 124"));
        }
        let differences = [code / 25, code / 5 % 5, code % 5];
        for (shared, difference) in group.chunks_mut(bins).zip(differences) {
            exponent += difference - DIFFERENCE_BIAS;
            if !(0..=i32::from(MAX_EXPONENT)).contains(&exponent) {
                return Err(FrameError::Malformed("an exponent is outside 0 to 24"));
            }
            shared.fill(exponent as u8);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(fields: &[(u32, u32)]) -> BitReader {
        let mut text: String =
            fields.iter().map(|&(value, bits)| format!("{value:0bits$b}", bits = bits as usize)).collect();
        while !text.len().is_multiple_of(8) {
            text.push('0');
        }
        let bytes: Vec<u8> =
            text.as_bytes().chunks(8).map(|byte| byte.iter().fold(0, |value, bit| value << 1 | (bit - b'0'))).collect();
        let mut bits = BitReader::new();
        bits.load(&bytes);
        bits
    }

    /// Three differences as one group.
    fn group(differences: [i32; 3]) -> (u32, u32) {
        let [a, b, c] = differences.map(|difference| (difference + 2) as u32);
        (25 * a + 5 * b + c, 7)
    }

    #[test]
    fn d15_gives_each_bin_its_own() {
        let mut bits = reader(&[(5, 4), group([1, -2, 0]), group([2, 2, -1])]);
        let mut exponents = [0; 256];
        read_channel(&mut bits, ExponentStrategy::D15, 7, &mut exponents).unwrap();
        assert_eq!(exponents[..8], [5, 6, 4, 4, 6, 8, 7, 0]);
        assert_eq!(bits.position(), 4 + 14);
    }

    #[test]
    fn d25_and_d45_share() {
        let mut bits = reader(&[(5, 4), group([1, -2, 0])]);
        let mut exponents = [0; 256];
        read_channel(&mut bits, ExponentStrategy::D25, 7, &mut exponents).unwrap();
        assert_eq!(exponents[..8], [5, 6, 6, 4, 4, 4, 4, 0]);
        let mut bits = reader(&[(5, 4), group([1, -2, 0])]);
        read_channel(&mut bits, ExponentStrategy::D45, 13, &mut exponents).unwrap();
        assert_eq!(exponents[..14], [5, 6, 6, 6, 6, 4, 4, 4, 4, 4, 4, 4, 4, 0]);
    }

    #[test]
    fn group_counts_are_the_standards() {
        // nchgrps of A/52:2018 §5.4.3.29 by its own formula, for every end that chbwcod or coupling can make.
        for end in (73..=253).step_by(3).chain((37..=253).step_by(12)) {
            for (strategy, nchgrps) in [
                (ExponentStrategy::D15, (end - 1) / 3),
                (ExponentStrategy::D25, (end - 1 + 3) / 6),
                (ExponentStrategy::D45, (end - 1 + 9) / 12),
            ] {
                let mut bits = reader(&[(12, 4)]);
                let zeros = vec![group([0; 3]); nchgrps];
                let mut filled = reader(&[vec![(12, 4)], zeros].concat());
                let mut exponents = [99; 256];
                read_channel(&mut filled, strategy, end, &mut exponents).unwrap();
                assert_eq!(filled.position(), 4 + 7 * nchgrps, "{strategy:?} to {end}");
                assert!(exponents[..end].iter().all(|&exponent| exponent == 12));
                let _ = bits.take(1);
            }
        }
    }

    #[test]
    fn coupling_starts_from_twice_the_coded_value() {
        let mut bits = reader(&[(6, 4), group([1, 0, -1]), group([0, 0, 0]), group([0, 0, 0]), group([0, 0, 0])]);
        let mut exponents = [0; 256];
        read_coupling(&mut bits, ExponentStrategy::D15, 37, 49, &mut exponents).unwrap();
        assert_eq!(exponents[36..41], [0, 13, 13, 12, 12]);
        assert_eq!(exponents[48..50], [12, 0]);
    }

    #[test]
    fn what_leaves_the_range_is_malformed() {
        let mut exponents = [0; 256];
        for differences in [[-2, 0, 0], [2, 2, 2]] {
            let absolute = if differences[0] < 0 { 1 } else { 15 };
            let mut bits = reader(&[vec![(absolute, 4)], vec![group(differences); 2]].concat());
            assert!(read_channel(&mut bits, ExponentStrategy::D15, 7, &mut exponents).is_err());
        }
        let mut bits = reader(&[(5, 4), (125, 7)]);
        assert!(read_channel(&mut bits, ExponentStrategy::D15, 4, &mut exponents).is_err());
    }
}
