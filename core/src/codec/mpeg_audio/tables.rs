//! Numbers of ISO/IEC 11172-3:1993 and 13818-3:1998.

/// kbit/s by layer and `bitrate_index`, ISO/IEC 11172-3 §2.4.2.3; 0 is free format and index 15 is forbidden.
pub(super) const BITRATE_MPEG1: [[u16; 15]; 3] = [
    [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
];

/// The same for lower sampling frequencies, ISO/IEC 13818-3 §2.4.2.3.
pub(super) const BITRATE_LSF: [[u16; 15]; 3] = [
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// Hz by version and `sampling_frequency`; index 3 is reserved.
pub(super) const SAMPLE_RATE: [[u32; 3]; 3] =
    [[44_100, 48_000, 32_000], [22_050, 24_000, 16_000], [11_025, 12_000, 8_000]];

/// Bits of each subband's allocation (`nbal`) in Layer II as runs of subbands with the same: `(subbands, nbal)`.
/// ISO/IEC 11172-3 Table B.2a: 27 subbands.
pub(super) const NBAL_A: &[(usize, usize)] = &[(11, 4), (12, 3), (4, 2)];
/// Table B.2b: 30 subbands.
pub(super) const NBAL_B: &[(usize, usize)] = &[(11, 4), (12, 3), (7, 2)];
/// Table B.2c: 8 subbands.
pub(super) const NBAL_C: &[(usize, usize)] = &[(2, 4), (6, 3)];
/// Table B.2d: 12 subbands.
pub(super) const NBAL_D: &[(usize, usize)] = &[(2, 4), (10, 3)];
/// ISO/IEC 13818-3 Table B.1, lower sampling frequencies: 30 subbands.
pub(super) const NBAL_LSF: &[(usize, usize)] = &[(4, 4), (7, 3), (19, 2)];
