//! The frame's checksum, ISO/IEC 11172-3:1993 §2.4.3.1: `G(X) = X^16 + X^15 + X^2 + 1`, register all ones at first.
//!
//! It covers the last 16 bits of the header and then, as each layer's §2.4.3 says, Layer I's bit allocation, Layer II's bit
//! allocation and `scfsi`, Layer III's side information. The samples themselves are not protected.

use super::header::{HEADER_BYTES, Header, Layer, Mode, Version};
use super::tables::{NBAL_A, NBAL_B, NBAL_C, NBAL_D, NBAL_LSF};

const CRC_BYTES: usize = 2;

/// Whether the checksum of a whole frame fits; `None` when the frame has none.
pub(super) fn fits(header: &Header, frame: &[u8]) -> Option<bool> {
    if !header.protected {
        return None;
    }
    let (head, data) = frame.split_at_checked(HEADER_BYTES + CRC_BYTES)?;
    let Some(bits) = protected_bits(header, data) else {
        // Fewer bytes than the allocation needs: no such frame was ever checked by its encoder.
        return Some(false);
    };
    let crc = update(update(0xffff, &head[2..HEADER_BYTES], 16), data, bits);
    Some(crc.to_be_bytes() == head[HEADER_BYTES..])
}

/// Bit by bit, because the protected part ends anywhere in a byte; at 400 bits a frame a table would save nothing.
fn update(crc: u16, bytes: &[u8], bits: usize) -> u16 {
    (0..bits).fold(crc, |crc, at| {
        let bit = u16::from(bytes[at / 8] >> (7 - at % 8) & 1);
        if crc >> 15 ^ bit == 1 { crc << 1 ^ 0x8005 } else { crc << 1 }
    })
}

/// How many bits of `data`, what follows the checksum, are protected; `None` when `data` is shorter.
fn protected_bits(header: &Header, data: &[u8]) -> Option<usize> {
    let stereo = header.channels() == 2;
    let bits = match header.layer {
        Layer::One => {
            let bound = header.bound(32);
            4 * (header.channels() * bound + (32 - bound))
        }
        Layer::Two => layer2_bits(header, data)?,
        Layer::Three => {
            8 * match (header.version, stereo) {
                (Version::Mpeg1, true) => 32,
                (Version::Mpeg1, false) | (_, true) => 17,
                (_, false) => 9,
            }
        }
    };
    (bits <= 8 * data.len()).then_some(bits)
}

/// Layer II: the allocation itself, and 2 bits of `scfsi` for each channel of each subband that has one (§2.4.1.6).
fn layer2_bits(header: &Header, data: &[u8]) -> Option<usize> {
    let runs = allocation_table(header);
    let sblimit = runs.iter().map(|(subbands, _)| subbands).sum();
    let bound = header.bound(sblimit);
    let channels = header.channels();
    let mut at = 0;
    let mut allocated = 0;
    let nbals = runs.iter().flat_map(|&(subbands, nbal)| std::iter::repeat_n(nbal, subbands));
    for (sb, nbal) in nbals.enumerate() {
        // At and above the bound one allocation serves both channels, each with its own scfsi.
        let (coded, served) = if sb < bound { (channels, 1) } else { (1, channels) };
        for _ in 0..coded {
            if read(data, at, nbal)? != 0 {
                allocated += served;
            }
            at += nbal;
        }
    }
    Some(at + 2 * allocated)
}

/// Which allocation table a Layer II frame uses (ISO/IEC 11172-3 Table B.2, ISO/IEC 13818-3 Table B.1).
fn allocation_table(header: &Header) -> &'static [(usize, usize)] {
    let channel_bitrate = header.bitrate / header.channels() as u32;
    match (header.version, channel_bitrate, header.sample_rate) {
        (Version::Mpeg2 | Version::Mpeg25, _, _) => NBAL_LSF,
        (_, ..=48_000, 32_000) => NBAL_D,
        (_, ..=48_000, _) => NBAL_C,
        (_, ..=80_000, _) | (_, _, 48_000) => NBAL_A,
        _ => NBAL_B,
    }
}

/// `bits` bits of `data` from bit `at`; `None` past its end.
fn read(data: &[u8], at: usize, bits: usize) -> Option<u32> {
    (at..at + bits).try_fold(0, |value, at| Some(value << 1 | u32::from(*data.get(at / 8)? >> (7 - at % 8) & 1)))
}

impl Header {
    /// The first subband that both channels share, of `sblimit`; `sblimit` where none is.
    fn bound(&self, sblimit: usize) -> usize {
        match self.mode {
            Mode::JointStereo { bound } => bound.min(sblimit),
            _ => sblimit,
        }
    }
}
