//! Which bit allocation table a Layer II frame follows.

use super::header::{Header, Version};
use super::tables::{NBAL_A, NBAL_B, NBAL_C, NBAL_D, NBAL_LSF};

/// `nbal` of each subband that can be allocated: the bits of its allocation (ISO/IEC 11172-3 Table B.2, which of its parts by the
/// bit rate for a channel; ISO/IEC 13818-3 Table B.1).
pub(super) fn nbals(header: &Header) -> impl Iterator<Item = usize> {
    let channel_bitrate = header.bitrate / header.channels() as u32;
    let runs = match (header.version, channel_bitrate, header.sample_rate) {
        (Version::Mpeg2 | Version::Mpeg25, _, _) => NBAL_LSF,
        (_, ..=48_000, 32_000) => NBAL_D,
        (_, ..=48_000, _) => NBAL_C,
        (_, ..=80_000, _) | (_, _, 48_000) => NBAL_A,
        _ => NBAL_B,
    };
    runs.iter().flat_map(|&(subbands, nbal)| std::iter::repeat_n(nbal, subbands))
}
