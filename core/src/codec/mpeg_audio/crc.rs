//! The frame's checksum, ISO/IEC 11172-3:1993 §2.4.3.1: `G(X) = X^16 + X^15 + X^2 + 1`, register all ones at first.
//!
//! It covers the last 16 bits of the header and then, as each layer's §2.4.3 says, Layer I's bit allocation, Layer II's bit
//! allocation and `scfsi`, Layer III's side information. The samples themselves are not protected.

use super::allocation::nbals;
use super::header::{CRC_BYTES, HEADER_BYTES, Header, Layer, Mode, Version};

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
    let bound = header.bound(nbals(header).count());
    let channels = header.channels();
    let mut at = 0;
    let mut allocated = 0;
    for (sb, nbal) in nbals(header).enumerate() {
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
