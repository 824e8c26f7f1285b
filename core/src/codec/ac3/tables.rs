//! Tables of ATSC A/52:2018, each with its number.

/// Sampling frequencies in Hz by `fscod` (A/52:2018 Table 5.6).
pub(crate) const SAMPLE_RATES: [u32; 3] = [48_000, 44_100, 32_000];

/// Nominal bitrates in kbit/s by `frmsizecod` without its lowest bit (A/52:2018 Table 5.18).
pub(crate) const BITRATES_KBPS: [u32; 19] =
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

/// Gain of the centre channel into left and right by `cmixlev` (A/52:2018 Table 5.9). The reserved code 3 takes the
/// middle level, as the clause advises.
pub(crate) const CENTER_MIX_LEVELS: [f32; 4] = [0.707, 0.595, 0.5, 0.595];

/// Gain of the surround channels into left and right by `surmixlev` (A/52:2018 Table 5.10). The reserved code 3 takes
/// the middle level, as the clause advises.
pub(crate) const SURROUND_MIX_LEVELS: [f32; 4] = [0.707, 0.5, 0.0, 0.5];

/// The same gains in the finer steps of Annex D by `lorocmixlev` (A/52:2018 Table D2.5).
pub(crate) const LORO_CENTER_MIX_LEVELS: [f32; 8] = [1.414, 1.189, 1.0, 0.841, 0.707, 0.595, 0.5, 0.0];

/// The same by `lorosurmixlev` (A/52:2018 Table D2.6); codes 0 to 2 are reserved and taken as 3.
pub(crate) const LORO_SURROUND_MIX_LEVELS: [f32; 8] = [0.841, 0.841, 0.841, 0.841, 0.707, 0.595, 0.5, 0.0];

/// Slow decay by `sdcycod` (A/52:2018 Table 7.6).
pub(crate) const SLOW_DECAY: [i32; 4] = [0x0F, 0x11, 0x13, 0x15];

/// Fast decay by `fdcycod` (A/52:2018 Table 7.7).
pub(crate) const FAST_DECAY: [i32; 4] = [0x3F, 0x53, 0x67, 0x7B];

/// Slow gain by `sgaincod` (A/52:2018 Table 7.8).
pub(crate) const SLOW_GAIN: [i32; 4] = [0x540, 0x4D8, 0x478, 0x410];

/// dB per bit by `dbpbcod` (A/52:2018 Table 7.9).
pub(crate) const DB_PER_BIT: [i32; 4] = [0x000, 0x700, 0x900, 0xB00];

/// Masking floor by `floorcod` (A/52:2018 Table 7.10; the last is the table's 0xF800 as a signed number).
pub(crate) const FLOOR: [i32; 8] = [0x2F0, 0x2B0, 0x270, 0x230, 0x1F0, 0x170, 0x0F0, -0x800];

/// Fast gain by `fgaincod` (A/52:2018 Table 7.11).
pub(crate) const FAST_GAIN: [i32; 8] = [0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, 0x400];

/// Number of bands of the bit allocation.
pub(crate) const BANDS: usize = 50;

/// First bin of each band and, last, the bin after them all (`bndtab`, A/52:2018 Table 7.12).
pub(crate) const BAND_START: [u8; BANDS + 1] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 34,
    37, 40, 43, 46, 49, 55, 61, 67, 73, 79, 85, 97, 109, 121, 133, 157, 181, 205, 229, 253,
];

/// Band of each bin (`masktab`, A/52:2018 Table 7.13); the bins after the last band do not occur.
pub(crate) const BAND_OF_BIN: [u8; 256] = {
    let mut bands = [0; 256];
    let mut band = 0;
    while band < BANDS {
        let mut bin = BAND_START[band] as usize;
        while bin < BAND_START[band + 1] as usize {
            bands[bin] = band as u8;
            bin += 1;
        }
        band += 1;
    }
    bands
};

/// What adding two powers gains over the greater, by half their distance (`latab`, A/52:2018 Table 7.14).
pub(crate) const LOG_ADD: [u8; 256] = [
    64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 52, 51, 50, 49, 48, 47, 47, 46, 45, 44, 44, 43, 42, 41, 41, 40,
    39, 38, 38, 37, 36, 36, 35, 35, 34, 33, 33, 32, 32, 31, 30, 30, 29, 29, 28, 28, 27, 27, 26, 26, 25, 25, 24, 24, 23,
    23, 22, 22, 21, 21, 21, 20, 20, 19, 19, 19, 18, 18, 18, 17, 17, 17, 16, 16, 16, 15, 15, 15, 14, 14, 14, 13, 13, 13,
    13, 12, 12, 12, 12, 11, 11, 11, 11, 10, 10, 10, 10, 10, 9, 9, 9, 9, 9, 8, 8, 8, 8, 8, 8, 7, 7, 7, 7, 7, 7, 6, 6, 6,
    6, 6, 6, 6, 6, 5, 5, 5, 5, 5, 5, 5, 5, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// Hearing threshold by `fscod` and band (`hth`, A/52:2018 Table 7.15).
pub(crate) const HEARING_THRESHOLD: [[u16; BANDS]; 3] = [
    [
        0x4D0, 0x4D0, 0x440, 0x400, 0x3E0, 0x3C0, 0x3B0, 0x3B0, 0x3A0, 0x3A0, 0x3A0, 0x3A0, 0x3A0, 0x390, 0x390, 0x390,
        0x380, 0x380, 0x370, 0x370, 0x360, 0x360, 0x350, 0x350, 0x340, 0x340, 0x330, 0x320, 0x310, 0x300, 0x2F0, 0x2F0,
        0x2F0, 0x2F0, 0x300, 0x310, 0x340, 0x390, 0x3E0, 0x420, 0x460, 0x490, 0x4A0, 0x460, 0x440, 0x440, 0x520, 0x800,
        0x840, 0x840,
    ],
    [
        0x4F0, 0x4F0, 0x460, 0x410, 0x3E0, 0x3D0, 0x3C0, 0x3B0, 0x3B0, 0x3A0, 0x3A0, 0x3A0, 0x3A0, 0x3A0, 0x390, 0x390,
        0x390, 0x380, 0x380, 0x380, 0x370, 0x370, 0x360, 0x360, 0x350, 0x350, 0x340, 0x340, 0x320, 0x310, 0x300, 0x2F0,
        0x2F0, 0x2F0, 0x2F0, 0x300, 0x320, 0x350, 0x390, 0x3E0, 0x420, 0x450, 0x4A0, 0x490, 0x460, 0x440, 0x480, 0x630,
        0x840, 0x840,
    ],
    [
        0x580, 0x580, 0x4B0, 0x450, 0x420, 0x3F0, 0x3E0, 0x3D0, 0x3C0, 0x3B0, 0x3B0, 0x3B0, 0x3A0, 0x3A0, 0x3A0, 0x3A0,
        0x3A0, 0x3A0, 0x3A0, 0x3A0, 0x390, 0x390, 0x390, 0x390, 0x380, 0x380, 0x380, 0x370, 0x360, 0x350, 0x340, 0x330,
        0x320, 0x310, 0x300, 0x2F0, 0x2F0, 0x2F0, 0x300, 0x310, 0x330, 0x350, 0x3C0, 0x410, 0x470, 0x4A0, 0x460, 0x440,
        0x450, 0x4E0,
    ],
];

/// Bit allocation pointer by how far a bin stands above the mask (`baptab`, A/52:2018 Table 7.16).
pub(crate) const BAP: [u8; 64] = [
    0, 1, 1, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11,
    11, 11, 11, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 14, 14, 14, 14, 15, 15, 15, 15, 15, 15, 15, 15, 15,
];

/// Bits of an asymmetrically quantised mantissa by bap; 0 where the quantiser is symmetric (A/52:2018 Table 7.17).
pub(crate) const MANTISSA_BITS: [u8; 16] = [0, 0, 0, 0, 0, 0, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16];

/// First bins of the rematrixing bands and, last, the bin after them (A/52:2018 Tables 7.25 to 7.28).
pub(crate) const REMATRIX_BAND_START: [u8; 5] = [13, 25, 37, 61, 253];

/// Values of a symmetric quantiser of `LEVELS` levels by code (A/52:2018 Tables 7.19 to 7.23). What no code may say is 0.
const fn symmetric<const LEVELS: usize, const CODES: usize>() -> [f32; CODES] {
    let mut values = [0.0; CODES];
    let mut code = 0;
    while code < LEVELS {
        values[code] = (2.0 * code as f32 - (LEVELS - 1) as f32) / LEVELS as f32;
        code += 1;
    }
    values
}

/// Values of `GROUP` mantissas in one code, the first in the most significant place (A/52:2018 §7.3.5).
const fn grouped<const LEVELS: usize, const GROUP: usize, const CODES: usize>() -> [[f32; GROUP]; CODES] {
    let single = symmetric::<LEVELS, LEVELS>();
    let mut values = [[0.0; GROUP]; CODES];
    let mut code = 0;
    while code < LEVELS.pow(GROUP as u32) {
        let mut rest = code;
        let mut place = GROUP;
        while place > 0 {
            place -= 1;
            values[code][place] = single[rest % LEVELS];
            rest /= LEVELS;
        }
        code += 1;
    }
    values
}

/// bap 1: three mantissas of 3 levels in 5 bits (A/52:2018 Table 7.19).
pub(crate) static BAP_1: [[f32; 3]; 32] = grouped::<3, 3, 32>();
/// bap 2: three mantissas of 5 levels in 7 bits (A/52:2018 Table 7.20).
pub(crate) static BAP_2: [[f32; 3]; 128] = grouped::<5, 3, 128>();
/// bap 3: a mantissa of 7 levels in 3 bits (A/52:2018 Table 7.21).
pub(crate) static BAP_3: [f32; 8] = symmetric::<7, 8>();
/// bap 4: two mantissas of 11 levels in 7 bits (A/52:2018 Table 7.22).
pub(crate) static BAP_4: [[f32; 2]; 128] = grouped::<11, 2, 128>();
/// bap 5: a mantissa of 15 levels in 4 bits (A/52:2018 Table 7.23).
pub(crate) static BAP_5: [f32; 16] = symmetric::<15, 16>();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_tile_the_bins() {
        assert!(BAND_START.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!((BAND_OF_BIN[0], BAND_OF_BIN[27], BAND_OF_BIN[28], BAND_OF_BIN[252]), (0, 27, 28, 49));
        // Every bin is in the band between whose bounds it lies.
        for bin in 0..253u8 {
            let band = usize::from(BAND_OF_BIN[usize::from(bin)]);
            assert!((BAND_START[band]..BAND_START[band + 1]).contains(&bin), "bin {bin}");
        }
    }

    #[test]
    fn log_add_is_what_adding_powers_gains() {
        // 128 is a factor of 4 in power, so that 64 log2(1 + 2^(-distance / 64)) is gained; the address is half the
        // distance. The standard's table cuts the fraction here and there instead of rounding it.
        for (address, &gained) in LOG_ADD.iter().enumerate() {
            let exact = 64.0 * (1.0 + (-(address as f64) / 32.0).exp2()).log2();
            assert!((f64::from(gained) - exact).abs() < 1.0, "latab[{address}] {gained}, by formula {exact}");
        }
        assert!(LOG_ADD.windows(2).all(|pair| pair[0] >= pair[1]));
    }

    #[test]
    fn hearing_thresholds_are_one_curve() {
        // The same ear at three rates: each threshold falls to its lowest, rises and, at 32 kHz, never reaches the cap.
        for (fscod, row) in HEARING_THRESHOLD.iter().enumerate() {
            let (lowest, _) = row.iter().enumerate().min_by_key(|&(_, level)| *level).unwrap();
            assert!(row[..=lowest].windows(2).all(|pair| pair[0] >= pair[1]), "fscod {fscod} falls");
            assert!(row.iter().all(|level| level % 16 == 0 && (0x2F0..=0x840).contains(level)));
        }
        // Three entries at 44.1 kHz that another decoder has wrong.
        assert_eq!([25, 28, 34].map(|band| HEARING_THRESHOLD[1][band]), [0x350, 0x320, 0x2F0]);
    }

    #[test]
    fn table_sums_are_the_standards() {
        // Sums over the tables as two other decoders (libavcodec and liba52) have them, entry by entry the same.
        let sums = HEARING_THRESHOLD.map(|row| row.iter().map(|&level| u32::from(level)).sum::<u32>());
        assert_eq!(sums, [50304, 49776, 47648]);
        assert_eq!(LOG_ADD.iter().map(|&gained| u32::from(gained)).sum::<u32>(), 3414);
        assert_eq!(BAP.iter().map(|&bap| u32::from(bap)).sum::<u32>(), 587);
    }

    #[test]
    fn quantisers_are_symmetric_and_inside_full_scale() {
        let thirds = |code: usize| BAP_1[code].map(|value| (value * 3.0).round() as i32);
        assert_eq!((thirds(0), thirds(5), thirds(26)), ([-2, -2, -2], [-2, 0, 2], [2, 2, 2]));
        assert_eq!(BAP_2[124], [0.8; 3]);
        assert_eq!(BAP_4[11], [-8.0 / 11.0, -10.0 / 11.0]);
        assert_eq!((BAP_3[3], BAP_5[7]), (0.0, 0.0));
        assert!((0..7).all(|code| BAP_3[code] == -BAP_3[6 - code]));
        assert!((0..15).all(|code| BAP_5[code] == -BAP_5[14 - code]));
    }
}
