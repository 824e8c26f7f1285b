//! Tables of ATSC A/52:2018, each with its number.

/// Sampling frequencies in Hz by `fscod` (A/52:2018 Table 5.6).
pub(super) const SAMPLE_RATES: [u32; 3] = [48_000, 44_100, 32_000];

/// Nominal bitrates in kbit/s by `frmsizecod` without its lowest bit (A/52:2018 Table 5.18).
pub(super) const BITRATES_KBPS: [u32; 19] =
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
