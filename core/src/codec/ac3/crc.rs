//! The two checksums of a frame (A/52:2018 §6.1.7.2, §7.10.1).

use crate::codec::FrameError;
use crc::{Algorithm, Crc, Table};

/// x^16 + x^15 + x^2 + 1, from a register of zeros. Over data with its own checksum in it the register ends at zero.
const ALGORITHM: Algorithm<u16> =
    Algorithm { width: 16, poly: 0x8005, init: 0, refin: false, refout: false, xorout: 0, check: 0xFEE8, residue: 0 };

static CRC: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&ALGORITHM);

/// Bytes of the first five eighths of a frame, counted in whole words (A/52:2018 §7.10.1).
pub(crate) fn five_eighths(frame_bytes: usize) -> usize {
    let words = frame_bytes / 2;
    2 * ((words >> 1) + (words >> 3))
}

/// Checks `crc1`, over the first five eighths of `frame`, and `crc2`, over the rest; neither covers the syncword.
///
/// # Errors
/// [`FrameError::Malformed`] naming the one that fails.
pub(crate) fn check(frame: &[u8]) -> Result<(), FrameError> {
    let (first, rest) = frame.split_at(five_eighths(frame.len()));
    if CRC.checksum(first.get(2..).unwrap_or_default()) != 0 {
        return Err(FrameError::Malformed("crc1 does not match"));
    }
    if CRC.checksum(rest) != 0 {
        return Err(FrameError::Malformed("crc2 does not match"));
    }
    Ok(())
}

/// Checks the one checksum of a frame of Annex E, `crc2` over all of it but the syncword (A/52:2018 §E.2.3.1.2).
///
/// # Errors
/// [`FrameError::Malformed`] when it fails.
pub(crate) fn check_whole(frame: &[u8]) -> Result<(), FrameError> {
    if CRC.checksum(frame.get(2..).unwrap_or_default()) != 0 {
        return Err(FrameError::Malformed("crc2 does not match"));
    }
    Ok(())
}

/// Puts the checksum of a frame of Annex E right.
#[cfg(test)]
pub(crate) fn seal_whole(frame: &mut [u8]) {
    let end = frame.len() - 2;
    let crc2 = CRC.checksum(&frame[2..end]);
    frame[end..].copy_from_slice(&crc2.to_be_bytes());
}

/// Puts both checksums right: `crc2` into the last two bytes, `crc1` into the two after the syncword.
#[cfg(test)]
pub(crate) fn seal(frame: &mut [u8]) {
    let split = five_eighths(frame.len());
    let end = frame.len() - 2;
    let crc2 = CRC.checksum(&frame[split..end]);
    frame[end..].copy_from_slice(&crc2.to_be_bytes());
    // crc1 stands before the data that it covers, so it is whatever makes the register end at zero. The register's end
    // is linear in crc1: try its bits one by one and solve for them.
    frame[2..4].fill(0);
    let mut wanted = CRC.checksum(&frame[2..split]);
    let mut columns: Vec<(u16, u16)> = (0..16)
        .map(|bit| {
            let mut alone = vec![0; split - 2];
            alone[..2].copy_from_slice(&(1u16 << bit).to_be_bytes());
            (CRC.checksum(&alone), 1 << bit)
        })
        .collect();
    let mut crc1 = 0;
    for place in (0..16).rev() {
        let pivot = columns.iter().position(|(effect, _)| effect >> place & 1 == 1).expect("crc1 reaches every bit");
        let (effect, bits) = columns.swap_remove(pivot);
        for column in columns.iter_mut().filter(|(other, _)| other >> place & 1 == 1) {
            *column = (column.0 ^ effect, column.1 ^ bits);
        }
        if wanted >> place & 1 == 1 {
            wanted ^= effect;
            crc1 ^= bits;
        }
    }
    frame[2..4].copy_from_slice(&crc1.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_is_noticed() {
        let mut frame: Vec<u8> = (0..128u32).map(|index| (index * 37 + 11) as u8).collect();
        seal(&mut frame);
        assert_eq!(check(&frame), Ok(()));
        let split = five_eighths(frame.len());
        assert_eq!(split, 80);
        for bit in 16..frame.len() * 8 {
            frame[bit / 8] ^= 0x80 >> (bit % 8);
            let field = if bit / 8 < split { "crc1 does not match" } else { "crc2 does not match" };
            assert_eq!(check(&frame), Err(FrameError::Malformed(field)), "bit {bit}");
            frame[bit / 8] ^= 0x80 >> (bit % 8);
        }
        assert_eq!(CRC.checksum(b"123456789"), ALGORITHM.check);
    }
}
